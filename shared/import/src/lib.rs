//! x
pub mod csv;
pub mod file_name;

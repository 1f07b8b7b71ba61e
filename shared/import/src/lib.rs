//! x
pub mod bunch;
pub mod csv;
pub mod file_name;

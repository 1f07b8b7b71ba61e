//! Magento-format files: bytes in, validated changes and reports out.
//!
//! The way of a file through this library:
//! [`file_name`] reads its name, [`bunch`] decides whether all files of its bunch have arrived, [`csv`] cuts its bytes
//! into rows, an [`Entity`] such as [`entity::product::Products`] turns a row into a typed change and says in
//! [`finding`]s what is wrong with it before anything is written, and [`report`] adds up what became of the rows.
//! [`export`] is the way back: things to files.
//!
//! **Invariant:** nothing here does I/O, reads a clock or knows where files and things are kept.

pub mod across;
pub mod bunch;
pub mod category_path;
pub mod cell;
pub mod configuration;
pub mod content;
pub mod csv;
pub mod date;
pub mod date_format;
pub mod dialect;
pub mod entity;
pub mod errors_file;
pub mod export;
pub mod file_name;
pub mod finding;
pub mod misfit;
pub mod name_key;
pub mod named;
pub mod nearest;
pub mod number;
pub mod operation;
pub mod report;
pub mod shop;
pub mod url_key;

pub use entity::Entity;

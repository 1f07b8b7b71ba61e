//! Magento-format files: bytes in, validated changes and reports out.
//!
//! The way of a file through this library:
//! [`file_name`] reads its name, [`bunch`] decides whether all files of its bunch have arrived, [`csv`] cuts its bytes
//! into rows, [`product`] turns a row into a typed [`product::ProductChange`], [`validate`] says what is wrong with it
//! before anything is written, and [`report`] adds up what became of the rows.
//!
//! **Invariant:** nothing here does I/O, reads a clock or knows where files and products are kept.

pub mod bunch;
pub mod cell;
pub mod csv;
pub mod date;
pub mod dialect;
pub mod file_name;
pub mod number;
pub mod product;
pub mod report;
pub mod url_key;
pub mod validate;

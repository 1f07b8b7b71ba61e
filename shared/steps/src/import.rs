//! Imports: the drop area, the condition that finds complete bunches in it, and the steps from their files to the
//! catalogue, its archive and its report.

pub mod archive;
pub mod arrivals;
pub mod bunch_argument;
pub mod bunch_complete;
mod bunch_files;
pub mod drop_area;
pub mod import_categories;
pub mod import_products;
pub mod move_files;
mod prefixes;
pub mod report;
pub mod validate_products;

pub use drop_area::DROP_PREFIX;

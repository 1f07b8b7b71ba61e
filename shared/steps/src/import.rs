//! The steps of an import: from the files of a bunch to the catalogue, its archive and its report.

pub mod archive;
mod bunch_files;
pub mod import_categories;
pub mod import_products;
pub mod move_files;
pub mod report;
pub mod validate_products;

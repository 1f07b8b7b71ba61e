//! An extension of Systole: suppliers drop price lists, and each gets a pipeline that counts its lines in office hours.
//!
//! Files of brands are imported as well, which are an entity of their own.
//!
//! Nothing in Systole itself is changed. What is added are four traits' worth of code and two definition files, and this
//! composition, which the command line and the functions share.

mod brands;
mod count_lines;
mod office_hours;
mod price_lists;

use engine::Program;

pub use brands::{Brand, Brands};
pub use count_lines::CountLines;

/// Everything that ships, and what this crate adds.
#[must_use]
pub fn program() -> Program {
    steps::shipped()
        .with_executor(CountLines)
        .with_step_condition(office_hours::OfficeHours)
        .with_data_fetcher(price_lists::PriceLists)
        .with_definition("price_list.xml", include_str!("../price_list.xml"))
        .with_executors(steps::import::executors_of::<Brands>())
        .with_definition("brand_import.xml", include_str!("../brand_import.xml"))
}

/// Compiles what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! An extension of Systole: suppliers drop price lists, and each gets a pipeline that counts its lines in office hours.
//!
//! Nothing in Systole itself is changed. What is added are three traits' worth of code and one definition file, and this
//! composition, which the command line and the functions share.

mod count_lines;
mod office_hours;
mod price_lists;

use engine::Program;

pub use count_lines::CountLines;

/// Everything that ships, and what this crate adds.
#[must_use]
pub fn program() -> Program {
    steps::shipped()
        .with_executor(CountLines)
        .with_step_condition(office_hours::OfficeHours)
        .with_data_fetcher(price_lists::PriceLists)
        .with_definition("price_list.xml", include_str!("../price_list.xml"))
}

/// Compiles what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

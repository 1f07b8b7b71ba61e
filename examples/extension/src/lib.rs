//! An extension of Systole: suppliers drop price lists, and each gets a pipeline that counts its lines in office hours.
//!
//! Nothing in Systole itself is changed. What is added are three traits' worth of code and one definition file, and this
//! composition, which both functions share.

mod count_lines;
mod office_hours;
mod price_lists;

use std::sync::Arc;

use engine::conditions::Conditions;
use engine::definitions::SHIPPED;
use engine::initializers::DataFetchers;
use engine::{Context, Executor, Executors, Limits, executors};
use store::Store;
use store::services::Services;

/// Everything that ships, and what this crate adds.
#[must_use]
pub fn context(store: Store, services: Services) -> Context {
    let ours: [Arc<dyn Executor>; 1] = [Arc::new(count_lines::CountLines)];
    let executors = Executors::new(executors::shipped().into_iter().chain(ours));
    let conditions = Conditions::new([], [Arc::new(office_hours::OfficeHours) as _]);
    let fetchers = DataFetchers::new([Arc::new(price_lists::PriceLists) as _]);
    let ours = ("price_list.xml", include_str!("../price_list.xml"));
    let definitions = SHIPPED.into_iter().chain([ours]).map(|(name, xml)| (name.to_owned(), xml.as_bytes().to_vec()));
    Context::new(store, executors, conditions, definitions, Limits::default())
        .with_fetchers(fetchers)
        .with_services(services)
}

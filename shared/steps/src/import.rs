//! Imports: the drop area, the condition that finds complete bunches in it, and the steps from their files to the
//! catalogue, its archive and its report.
//!
//! Every entity has two steps, one that checks its files and one that imports them; [`executors_of`] makes them.

mod across;
pub mod archive;
pub mod arrivals;
pub mod bunch_argument;
pub mod bunch_complete;
mod bunch_files;
pub mod compare;
pub mod configuration;
pub mod create_categories;
pub mod create_options;
mod drafts;
pub mod drop_area;
pub mod drop_file;
mod entity_file;
pub mod export;
mod failures;
mod findings;
mod found_across;
pub mod history;
pub mod image_cache;
pub mod import_rows;
pub mod index_resume;
pub mod index_suspend;
pub mod move_files;
pub mod no_indexing;
mod operation;
mod prefixes;
mod progress;
pub mod publish;
mod published;
mod readable;
pub mod reindex;
pub mod report;
mod targets;
mod told_rows;
pub mod validate;
mod verdict;

use std::sync::Arc;

use engine::Executor;
use import::Entity;
use import::entity::{self, Visitor};

pub use drop_area::DROP_PREFIX;
pub(crate) use failures::of_own;
pub use move_files::CHECK_PREFIX;

use crate::shop::ShopClients;

/// The executors of an entity whose things only the own catalogue keeps.
#[must_use]
pub fn executors_of<E: Entity>() -> Vec<Arc<dyn Executor>> {
    let validate = validate::Validate::of::<E>();
    let import = import_rows::Import::<E>::into_own_catalogue();
    vec![Arc::new(validate), Arc::new(import)]
}

/// The executors of every entity that ships. They write to what the setting `catalog.target` names.
#[must_use]
pub fn executors_of_entities(shops: &Arc<ShopClients>) -> Vec<Arc<dyn Executor>> {
    let mut executors = AllExecutors { shops: shops.clone(), executors: Vec::new() };
    entity::visit_all(&mut executors);
    executors.executors
}

struct AllExecutors {
    shops: Arc<ShopClients>,
    executors: Vec<Arc<dyn Executor>>,
}

impl Visitor for AllExecutors {
    fn visit<E: Entity>(&mut self) {
        let validate = validate::Validate::of::<E>().against_set_targets(self.shops.clone());
        self.executors.push(Arc::new(validate));
        self.executors.push(Arc::new(import_rows::Import::<E>::into_set_targets(self.shops.clone())));
    }
}

use std::collections::BTreeSet;

use import::category_path::CategoryPath;
use import::entity::Thing;
use import::entity::category::Category;
use store::table::Table;

use super::OwnCatalogue;
use super::causes::Cause;
use super::error::Error;
use super::items::{self, Update};

impl OwnCatalogue {
    /// Creates those of the categories that do not exist, parents before children. Returns how many were created.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn create_categories(&self, paths: &BTreeSet<CategoryPath>, mark: &str) -> Result<usize, Error> {
        let layers = self.layers();
        let keys: Vec<String> = paths.iter().map(CategoryPath::key).collect();
        let mut kept = layers.things::<Category>(&keys).await?;
        let mut created = 0;
        for path in paths {
            let before = kept.remove(&path.key());
            // Created by an earlier try of this very step.
            let is_ours = before.as_ref().is_some_and(|before| before.mark.as_deref() == Some(mark));
            if before.as_ref().is_some_and(|before| before.thing.is_some()) {
                created += usize::from(is_ours);
                continue;
            }
            let category = Category::named(path.clone());
            let cause = layers.cause(|| Cause::Named { thing: category.to_json() });
            let update = Update { key: path.key(), before, thing: Some(category), mark: mark.to_owned(), change: None };
            // One after the other: dying in between must leave no child without its parent.
            // Somebody else has created it meanwhile if the write meets a conflict.
            created += usize::from(layers.write(vec![(update, cause)]).await?.is_empty());
        }
        Ok(created)
    }
}

/// Lists the paths of all categories in the order of their keys.
///
/// # Errors
/// The store did not answer.
pub async fn categories(table: &dyn Table) -> Result<Vec<String>, Error> {
    let all = items::all::<Category>(table).await?;
    Ok(all.into_values().map(|category| category.path.to_string()).collect())
}

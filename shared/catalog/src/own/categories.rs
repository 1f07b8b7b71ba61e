use std::collections::BTreeSet;

use import::category_path::CategoryPath;
use import::entity::Thing;
use import::entity::category::{Category, named_beside_others};
use store::table::Table;

use super::OwnCatalogue;
use super::causes::Cause;
use super::error::Error;
use super::items::{self, Update};
use super::shop;

/// What became of categories that rows name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CreatedCategories {
    /// How many are new.
    pub count: usize,
    /// Those of the new ones whose address has a number behind it, because a category beside them has the plain one: paths
    /// and addresses.
    pub numbered: Vec<(CategoryPath, String)>,
}

impl CreatedCategories {
    fn add(&mut self, category: &Category) {
        self.count += 1;
        if let Some(address) = category.values.get("url_key") {
            self.numbered.push((category.path.clone(), address.clone()));
        }
    }
}

impl OwnCatalogue {
    /// Creates those of the categories that do not exist, parents before children.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn create_categories(
        &self,
        paths: &BTreeSet<CategoryPath>,
        mark: &str,
    ) -> Result<CreatedCategories, Error> {
        let layers = self.layers();
        // For the addresses of what is there.
        let mut shop = shop::facts_of(layers).await?;
        let keys: Vec<String> = paths.iter().map(CategoryPath::key).collect();
        let mut kept = layers.things::<Category>(&keys).await?;
        let mut created = CreatedCategories::default();
        for path in paths {
            let before = kept.remove(&path.key());
            if let Some(category) = before.as_ref().and_then(|before| before.thing.as_ref()) {
                // Created by an earlier try of this very step.
                if before.as_ref().is_some_and(|before| before.mark.as_deref() == Some(mark)) {
                    created.add(category);
                }
                continue;
            }
            let category = named_beside_others(&shop, path.clone());
            let cause = layers.cause(|| Cause::Named { thing: category.to_json() });
            let thing = Some(category.clone());
            let update = Update { key: path.key(), before, thing, mark: mark.to_owned(), change: None };
            // One after the other: dying in between must leave no child without its parent.
            // Somebody else has created it meanwhile if the write meets a conflict.
            if layers.write(vec![(update, cause)]).await?.is_empty() {
                created.add(&category);
            }
            shop.categories.insert(path.key(), category);
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

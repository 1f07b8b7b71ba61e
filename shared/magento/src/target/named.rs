//! What rows of products name and the shop does not have yet: options of attributes, and categories.
//!
//! The shop takes the same option twice and a category of the same name below the same one, so it is asked before.

use std::collections::{BTreeMap, BTreeSet};

use catalog::target;
use import::category_path::CategoryPath;
use serde_json::{Value, json};

use super::MagentoTarget;
use super::problem::failed;
use crate::client::{Error, ShopCall, ShopClient};
use crate::facts::{self, ShopKnowledge};

/// The root of all roots, below which those of websites are.
const ROOT: i64 = 1;

/// The labels of options by attribute and by the form in which labels compare.
type Options = BTreeMap<String, BTreeMap<String, String>>;

impl MagentoTarget {
    /// Adds options that attributes do not have, and returns how many. Asking twice adds them once.
    ///
    /// # Errors
    /// The shop cannot be asked, or refuses one of them; those before it are there then.
    pub async fn add_options(&self, options: &Options) -> Result<usize, target::Error> {
        if lacking(options, &*self.known().await?).is_empty() {
            return Ok(0);
        }
        let known = facts::read(&self.client).await.map_err(failed)?;
        let lacking = lacking(options, &known);
        for (code, label) in &lacking {
            let body = json!({ "option": { "label": label } });
            let call = ShopCall::post(&["products", "attributes", code, "options"], &body);
            self.client.call(&call).await.map_err(failed)?;
        }
        Ok(lacking.len())
    }

    /// Makes categories that the shop does not have, parents before children, and returns how many. Asking twice makes
    /// them once.
    ///
    /// # Errors
    /// The shop cannot be asked, or refuses one of them; those before it are there then.
    pub async fn make_categories(&self, paths: &BTreeSet<CategoryPath>) -> Result<usize, target::Error> {
        let known = self.known().await?;
        if paths.iter().all(|path| known.ids.categories.contains_key(&path.key())) {
            return Ok(0);
        }
        let mut numbers = facts::read(&self.client).await.map_err(failed)?.ids.categories;
        let mut made = 0;
        // In the order of the set a parent comes before its children.
        for path in paths {
            if numbers.contains_key(&path.key()) {
                continue;
            }
            let above = path.parent().and_then(|above| numbers.get(&above.key()).copied()).unwrap_or(ROOT);
            let number = make_category(&self.client, above, path).await.map_err(failed)?;
            numbers.insert(path.key(), number);
            made += 1;
        }
        Ok(made)
    }
}

/// The options that a shop does not have: attribute and label of each.
fn lacking(options: &Options, known: &ShopKnowledge) -> Vec<(String, String)> {
    let mut lacking = Vec::new();
    for (code, labels) in options {
        let has = known.ids.options.get(code);
        let new = labels.iter().filter(|(key, _)| has.is_none_or(|has| !has.contains_key(*key)));
        lacking.extend(new.map(|(_, label)| (code.clone(), label.clone())));
    }
    lacking
}

async fn make_category(client: &ShopClient, above: i64, path: &CategoryPath) -> Result<i64, Error> {
    let body =
        json!({ "category": { "parent_id": above, "name": path.name(), "is_active": true, "include_in_menu": true } });
    let answer = client.call(&ShopCall::post(&["categories"], &body)).await?;
    answer["id"].as_i64().ok_or_else(|| Error::Misread {
        what: format!("category `{path}`"),
        problem: format!("the shop has made it and answers {}, where its number was expected", shown(&answer)),
    })
}

fn shown(answer: &Value) -> String {
    answer.to_string().chars().take(100).collect()
}

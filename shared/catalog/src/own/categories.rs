use std::collections::BTreeSet;

use import::category_path::CategoryPath;
use serde_json::json;
use store::table::{Attributes, Change, Condition, Key, Page, Query, Table, Write, Written};

use super::error::Error;

const CATEGORIES: &str = "categories";

/// Creates those of the categories that do not exist, parents before children. Returns how many were created.
///
/// # Errors
/// The store did not answer.
pub async fn create_categories(table: &dyn Table, paths: &BTreeSet<CategoryPath>, mark: &str) -> Result<usize, Error> {
    let mut created = 0;
    for path in paths {
        let attributes = Attributes::from([("name".to_owned(), json!(path.name())), ("mark".to_owned(), json!(mark))]);
        let change = Change::Put { attributes, listing: None, expires_at: None };
        let key = Key::new(CATEGORIES, path.to_string());
        match table.write(Write { key, condition: Condition::Absent, change }).await? {
            Written::Applied(_) => created += 1,
            // Created by an earlier try of this very step.
            Written::Conflict(Some(item)) if item.attributes.get("mark") == Some(&json!(mark)) => created += 1,
            Written::Conflict(_) => {}
        }
    }
    Ok(created)
}

/// Lists the paths of all categories in the order of their text.
///
/// # Errors
/// The store did not answer.
pub async fn categories(table: &dyn Table) -> Result<Vec<String>, Error> {
    let mut paths = Vec::new();
    let mut query = Query::prefix(CATEGORIES, "");
    loop {
        let Page { entries, next } = table.query(&query).await?;
        paths.extend(entries.into_iter().map(|item| item.key.sort));
        if next.is_none() {
            return Ok(paths);
        }
        query.after = next;
    }
}

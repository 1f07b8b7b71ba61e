//! Categories, by the names from the root down.

use std::collections::BTreeMap;

use import::category_path::CategoryPath;
use import::entity::category::Category;
use serde::Deserialize;

use super::ShopKnowledge;
use super::rows::listed;
use crate::client::{Error, ShopCall, ShopClient};

#[derive(Deserialize)]
struct CategoryRow {
    id: i64,
    name: Option<String>,
    /// The numbers from the root of roots down, such as `1/2/4`.
    path: Option<String>,
}

/// The root of all roots, which no file names.
const ROOT: &str = "1";

pub(super) async fn read(client: &ShopClient, known: &mut ShopKnowledge) -> Result<(), Error> {
    let mut rows: Vec<CategoryRow> = listed(client, ShopCall::get(&["categories", "list"]), "id,name,path").await?;
    // Of two with the same place the older one counts.
    rows.sort_by_key(|row| row.id);
    let names: BTreeMap<String, String> =
        rows.iter().filter_map(|row| Some((row.id.to_string(), row.name.clone()?))).collect();
    known.facts.categories.clear();
    for row in rows {
        let Some(numbers) = row.path.as_deref().filter(|path| *path != ROOT) else { continue };
        match path_of(numbers, &names) {
            Ok(path) => take(known, row.id, path),
            Err(problem) => known.notices.push(format!("category {} cannot be named by files: {problem}", row.id)),
        }
    }
    Ok(())
}

fn take(known: &mut ShopKnowledge, id: i64, path: CategoryPath) {
    let key = path.key();
    if let Some(first) = known.ids.categories.get(&key) {
        known.notices.push(format!("category {id} has the same names as {first}, `{path}`; files mean the first one"));
        return;
    }
    known.ids.categories.insert(key.clone(), id);
    known.facts.categories.insert(key, Category::named(path));
}

fn path_of(numbers: &str, names: &BTreeMap<String, String>) -> Result<CategoryPath, String> {
    let mut levels = Vec::new();
    for number in numbers.split('/').filter(|number| *number != ROOT) {
        let name = names.get(number).ok_or_else(|| format!("there is no name of category {number} above it"))?;
        levels.push(quoted(name));
    }
    let text = levels.join("/");
    text.parse().map_err(|error| format!("`{text}` {error}"))
}

/// A name as it stands in a path.
fn quoted(name: &str) -> String {
    match name.contains(['/', '"', '\\']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    }
}

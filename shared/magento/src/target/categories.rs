//! Categories, by their paths: parents before children, one call for each that differs.
//!
//! `values.rs` turns values into the shop's. A category cannot move: files put it elsewhere by another path.

mod values;

use std::collections::{BTreeMap, BTreeSet};

use catalog::target::{self, Block, BlockOutcome, ItemOutcome};
use import::category_path::CategoryPath;
use import::entity::category::{Categories, Category, CategoryChange};
use import::operation::Operation;
use serde_json::{Map, Value, json};

use super::problem::failed;
use super::single::{say, take_away};
use super::tally::RowTally;
use super::{MagentoTarget, refused, target_of};
use crate::client::{Error, SearchCriteria, SearchFilter, ShopCall, ShopClient, ShopScope};
use values::CategoryBody;

target_of!(Categories, import_categories);

/// The root of all roots.
const ROOT: i64 = 1;

/// What the shop has, by scope and number.
type Stored = BTreeMap<(ShopScope, i64), Value>;

async fn import_categories(target: &MagentoTarget, block: Block<Categories>) -> Result<BlockOutcome, target::Error> {
    let mut tally = RowTally::new(&block.file, block.rows.iter().map(|row| row.line).collect());
    let changes: Vec<CategoryChange> = block.rows.into_iter().map(|row| row.if_known.unwrap_or(row.change)).collect();
    let known = target.known().await?;
    let numbers = changes.iter().filter_map(|change| {
        let id = known.ids.categories.get(&change.path.key())?;
        Some((ShopScope::of(change.store_view.as_deref()), *id))
    });
    let mut stored = read(&target.client, numbers.collect()).await.map_err(failed)?;
    for (row, change) in changes.iter().enumerate() {
        let done = match block.operation {
            Operation::AddUpdate => write(target, &mut stored, change).await?,
            Operation::Delete => delete(target, change).await?,
            Operation::Replace => {
                Err("categories of a shop are not replaced: it would give them new numbers, which products and menus \
                     refer to; use `add-update`, and `delete` for what shall be gone"
                    .to_owned())
            }
        };
        match done {
            Ok((outcome, unsent)) => {
                tally.settle(row, outcome);
                unsent.into_iter().for_each(|(column, problem)| tally.note(row, Some(&column), problem));
            }
            Err(problem) => tally.refuse(row, refused(problem)),
        }
    }
    Ok(tally.finish())
}

/// What became of a row, and which of its columns were not sent.
type Done = Result<(ItemOutcome, Vec<(String, String)>), String>;

async fn write(target: &MagentoTarget, stored: &mut Stored, change: &CategoryChange) -> Result<Done, target::Error> {
    let key = change.path.key();
    let scope = ShopScope::of(change.store_view.as_deref());
    let (body, unsent) = match values::body(change) {
        Ok(read) => read,
        Err(problem) => return Ok(Err(problem)),
    };
    let known = target.known().await?;
    let known = if known.ids.categories.contains_key(&key) { known } else { target.refreshed().await? };
    let Some(id) = known.ids.categories.get(&key).copied() else {
        if change.store_view.is_some() {
            let problem = "does not exist in the shop, and a row of a store view makes none; import it first";
            return Ok(Err(format!("category `{}` {problem}", change.path)));
        }
        return Ok(match create(target, &change.path, body).await? {
            Ok(()) => Ok((ItemOutcome::Created, unsent)),
            Err(problem) => Err(problem),
        });
    };
    if !stored.contains_key(&(scope.clone(), id)) {
        stored.extend(read(&target.client, [(scope.clone(), id)].into()).await.map_err(failed)?);
    }
    let before = stored.get(&(scope.clone(), id)).cloned().unwrap_or_default();
    let fields = body.differing(&before);
    if fields.is_empty() {
        return Ok(Ok((ItemOutcome::Unchanged, unsent)));
    }
    let said = change_fields(&target.client, (id, &scope), fields).await.map_err(failed)?;
    // What another row says of it is compared with what this one has made.
    stored.remove(&(scope, id));
    Ok(said.map(|_| (ItemOutcome::Updated, unsent)))
}

async fn change_fields(
    client: &ShopClient,
    (id, scope): (i64, &ShopScope),
    mut fields: Map<String, Value>,
) -> Result<Result<Value, String>, Error> {
    fields.insert("id".to_owned(), json!(id));
    let call = ShopCall::put(&["categories", &id.to_string()], &json!({ "category": fields }));
    say(client, &call.in_scope(scope.clone())).await
}

/// Makes a category; what it is below must be there.
async fn create(
    target: &MagentoTarget,
    path: &CategoryPath,
    body: CategoryBody,
) -> Result<Result<(), String>, target::Error> {
    let known = target.known().await?;
    let parent = match path.parent() {
        None => ROOT,
        Some(parent) => match known.ids.categories.get(&parent.key()) {
            Some(id) => *id,
            None => {
                return Ok(Err(format!("category `{parent}` above it does not exist in the shop; import it first")));
            }
        },
    };
    let position = body.position;
    let mut fields = body.of_new(path.name());
    fields.insert("parent_id".to_owned(), json!(parent));
    let call = ShopCall::post(&["categories"], &json!({ "category": fields }));
    let answer = match say(&target.client, &call).await.map_err(failed)? {
        Ok(answer) => answer,
        Err(problem) => return Ok(Err(problem)),
    };
    let Some(id) = answer["id"].as_i64() else {
        let problem = "the answer to a new category has no number".to_owned();
        return Err(target::Error::permanent(problem));
    };
    target
        .learn(|known| {
            known.ids.categories.insert(path.key(), id);
            known.facts.categories.insert(path.key(), Category::named(path.clone()));
        })
        .await;
    // The shop puts a new category behind the others, whatever it was sent.
    if let Some(position) = position.filter(|wanted| answer["position"].as_i64() != Some(*wanted)) {
        let fields = Map::from_iter([("position".to_owned(), json!(position))]);
        return Ok(change_fields(&target.client, (id, &ShopScope::Global), fields).await.map_err(failed)?.map(|_| ()));
    }
    Ok(Ok(()))
}

async fn delete(target: &MagentoTarget, change: &CategoryChange) -> Result<Done, target::Error> {
    if change.store_view.is_some() {
        let problem = "what one store view shows of a category is not deleted; clear its values with `add-update`";
        return Ok(Err(problem.to_owned()));
    }
    let known = target.refreshed().await?;
    let Some(id) = known.ids.categories.get(&change.path.key()) else {
        return Ok(Err("there is nothing of this to delete".to_owned()));
    };
    let call = ShopCall::delete(&["categories", &id.to_string()]);
    let gone = take_away(&target.client, &call).await.map_err(failed)?;
    let levels: Vec<String> = change.path.levels().iter().map(|level| level.to_lowercase()).collect();
    target
        .learn(|known| {
            // Everything below it has gone with it.
            let is_below = |category: &Category| {
                let own: Vec<String> = category.path.levels().iter().map(|level| level.to_lowercase()).collect();
                own.starts_with(&levels)
            };
            let below: Vec<String> = known
                .facts
                .categories
                .iter()
                .filter(|(_, category)| is_below(category))
                .map(|(key, _)| key.clone())
                .collect();
            for key in below {
                known.facts.categories.remove(&key);
                known.ids.categories.remove(&key);
            }
        })
        .await;
    Ok(match gone {
        Ok(true) => Ok((ItemOutcome::Deleted, Vec::new())),
        Ok(false) => Err("there is nothing of this to delete".to_owned()),
        Err(problem) => Err(problem),
    })
}

async fn read(client: &ShopClient, wanted: BTreeSet<(ShopScope, i64)>) -> Result<Stored, Error> {
    let mut ids: BTreeMap<ShopScope, Vec<String>> = BTreeMap::new();
    for (scope, id) in wanted {
        ids.entry(scope).or_default().push(id.to_string());
    }
    let mut stored = Stored::new();
    for (scope, ids) in ids {
        for group in SearchFilter::any_of("entity_id", ids.iter().map(String::as_str)) {
            let call = ShopCall::get(&["categories", "list"]).in_scope(scope.clone());
            for category in client.list(call, SearchCriteria::of_group(group)).await? {
                if let Some(id) = category["id"].as_i64() {
                    stored.insert((scope.clone(), id), category);
                }
            }
        }
    }
    Ok(stored)
}

impl MagentoTarget {
    /// Makes those of the categories that the shop does not have, parents before children. Returns how many were made.
    ///
    /// # Errors
    /// The shop cannot be asked, or refuses one of them.
    pub async fn make_categories(&self, paths: &BTreeSet<CategoryPath>) -> Result<usize, target::Error> {
        let mut created = 0;
        for path in paths {
            let key = path.key();
            if self.known().await?.ids.categories.contains_key(&key)
                || self.refreshed().await?.ids.categories.contains_key(&key)
            {
                continue;
            }
            match create(self, path, CategoryBody::default()).await? {
                Ok(()) => created += 1,
                Err(problem) => return Err(target::Error::permanent(format!("category `{path}`: {problem}"))),
            }
        }
        Ok(created)
    }
}

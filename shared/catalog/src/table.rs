//! The own catalogue: products and categories as items of the one table.
//!
//! | item | partition | sort |
//! |---|---|---|
//! | product | `catalog/<00-63>`, by a hash of its key | `product/<sku without regard to case>` |
//! | category | `categories` | its path |
//!
//! A product is written under the version that was read, so two imports that meet at one product both count: the later
//! one reads again and applies its rows to what the earlier one left.
//!
//! **Invariant:** a product that no row changes is not written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use import::entity::product::CategoryPath;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::table::{Attributes, Change, Condition, Item, Key, Page, Query, Relist, Table, Write, Written};

use crate::entity::product::{JsonError, Product};

/// Over how many partitions the products are spread: one takes about 1,000 writes a second.
const PARTITIONS: u8 = 64;

/// How many writes are under way at the same time. The embedded store makes one commit of them.
const PARALLEL_WRITES: usize = 64;

const CATEGORIES: &str = "categories";

/// Why the catalogue cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A stored product cannot be understood.
    #[error("failed to read product `{key}` of the catalogue")]
    Product {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: JsonError,
    },
}

/// A product as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The product.
    pub product: Product,
    /// Names the write that made it so; lets a repeated import recognise its own work.
    pub mark: Option<String>,
    version: u64,
}

/// A product to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// What was read, if there was anything.
    pub before: Option<Stored>,
    /// The product as it shall be.
    pub product: Product,
    /// Names this write.
    pub mark: String,
}

/// What became of the updates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// How many were written.
    pub written: usize,
    /// The keys of products that somebody else wrote since they were read: read and apply again.
    pub conflicts: Vec<String>,
}

/// Reads products by their keys ([`Product::key`]); absent ones are left out.
///
/// # Errors
/// The store did not answer, or an item cannot be understood.
pub async fn products(table: &dyn Table, keys: &[String]) -> Result<HashMap<String, Stored>, Error> {
    let items = table.batch_get(&keys.iter().map(|key| product_key(key)).collect::<Vec<_>>()).await?;
    items.iter().map(|item| Ok((key_of(item), stored(item)?))).collect()
}

/// Writes products, each only if nobody wrote it since it was read.
///
/// # Errors
/// The store did not answer; any of the writes may have happened.
pub async fn write_products(table: &dyn Table, updates: &[Update]) -> Result<Outcome, Error> {
    // Collected first: a stream that maps over references is not `Send` in the eyes of today's compiler.
    let writes: Vec<_> = updates.iter().map(|update| write_product(table, update)).collect();
    let results: Vec<Option<String>> = stream::iter(writes).buffer_unordered(PARALLEL_WRITES).try_collect().await?;
    let conflicts: Vec<String> = results.into_iter().flatten().collect();
    Ok(Outcome { written: updates.len() - conflicts.len(), conflicts })
}

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

/// Reads the whole catalogue, partition by partition; within one the products come in the order of their keys.
///
/// # Errors
/// The store did not answer, or an item cannot be understood.
pub async fn each_product(table: &dyn Table, mut visit: impl FnMut(Product)) -> Result<(), Error> {
    for partition in 0..PARTITIONS {
        let mut query = Query::prefix(partition_name(partition), "product/");
        loop {
            let Page { entries, next } = table.query(&query).await?;
            for item in &entries {
                visit(stored(item)?.product);
            }
            if next.is_none() {
                break;
            }
            query.after = next;
        }
    }
    Ok(())
}

/// Reads the whole catalogue into memory by key; for tests and small catalogues.
///
/// # Errors
/// The store did not answer, or an item cannot be understood.
pub async fn all_products(table: &dyn Table) -> Result<BTreeMap<String, Product>, Error> {
    let mut all = BTreeMap::new();
    each_product(table, |product| {
        all.insert(Product::key(&product.sku), product);
    })
    .await?;
    Ok(all)
}

/// Writes one product; its key if somebody else wrote it since it was read.
async fn write_product(table: &dyn Table, update: &Update) -> Result<Option<String>, Error> {
    let key = Product::key(&update.product.sku);
    match table.write(write(&key, update)).await? {
        Written::Applied(_) => Ok(None),
        // The reply to this very write got lost: the item has our mark.
        Written::Conflict(Some(item)) if mark(&item).as_deref() == Some(&update.mark) => Ok(None),
        Written::Conflict(_) => Ok(Some(key)),
    }
}

fn write(key: &str, update: &Update) -> Write {
    let attributes = Attributes::from([
        ("product".to_owned(), json!(update.product.to_json())),
        ("mark".to_owned(), json!(update.mark)),
    ]);
    let (condition, change) = match &update.before {
        Some(before) => (Condition::Version(before.version), Change::Patch { attributes, listing: Relist::Keep }),
        None => (Condition::Absent, Change::Put { attributes, listing: None, expires_at: None }),
    };
    Write { key: product_key(key), condition, change }
}

fn product_key(key: &str) -> Key {
    let partition = Sha256::digest(key)[0] % PARTITIONS;
    Key::new(partition_name(partition), format!("product/{key}"))
}

fn partition_name(partition: u8) -> String {
    format!("catalog/{partition:02}")
}

fn key_of(item: &Item) -> String {
    item.key.sort.strip_prefix("product/").unwrap_or(&item.key.sort).to_owned()
}

fn mark(item: &Item) -> Option<String> {
    item.attributes.get("mark").and_then(Value::as_str).map(str::to_owned)
}

fn stored(item: &Item) -> Result<Stored, Error> {
    let json = item.attributes.get("product").and_then(Value::as_str).unwrap_or_default();
    let product = Product::from_json(json).map_err(|source| Error::Product { key: key_of(item), source })?;
    Ok(Stored { product, mark: mark(item), version: item.version })
}

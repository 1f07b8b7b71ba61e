//! What readers see: products under something, page by page, and categories.

use std::collections::{BTreeMap, HashMap};

use import::entity::category::Category;
use import::entity::product::Product;
use import::entity::{ListedUnder, Thing};
use import::shop::ShopFacts;
use store::table::{Page, Query, Table};

use super::super::error::Error;
use super::super::items::{self, KeptThing};
use super::super::pages::{ThingCursor, page};
use super::entries::{self, entry, product_of};
use super::seen::Seen;
use super::sight::Sight;
use super::write::before_key;

/// Most products of one page. Their items must fit what a function may answer.
pub const PAGE_LIMIT: usize = 200;

/// How often a page asks for more, because what was suggested is not so any more.
const ROUNDS: usize = 5;

/// Which products to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListingQuery {
    /// All of them.
    All,
    /// Those of an attribute set, by its key.
    AttributeSet(String),
    /// Those of a category, by its key; not those of the categories below it.
    Category(String),
    /// Those with an address in a store view, or for everybody.
    UrlKey {
        /// Code of the store view.
        store_view: Option<String>,
        /// The part of the address.
        url_key: String,
    },
}

/// A product that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its key.
    pub key: String,
    /// As readers see it.
    pub product: Product,
}

/// Some of the products.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductPage {
    /// In the order of their skus, within a category in that of their positions. All products come in an order of their own.
    pub products: Vec<Found>,
    /// Where to go on; none behind the last product. A page may be short all the same.
    pub next: Option<String>,
}

/// Lists products, at most `limit` behind a cursor.
///
/// # Errors
/// The store did not answer, or something kept cannot be understood.
pub async fn products(
    table: &dyn Table,
    sight: Sight,
    query: &ListingQuery,
    (limit, after): (usize, Option<&str>),
) -> Result<ProductPage, Error> {
    let limit = limit.clamp(1, PAGE_LIMIT);
    if *query == ListingQuery::All {
        return all(table, sight, limit, after).await;
    }
    let mut page = ProductPage { products: Vec::new(), next: after.map(str::to_owned) };
    for _ in 0..ROUNDS {
        let left = limit - page.products.len();
        let suggested = suggested(table, query, left, page.next.as_deref()).await?;
        let keys: Vec<String> = suggested.entries.iter().map(|(_, product)| product.clone()).collect();
        let mut seen = seen_products(table, sight, &keys).await?;
        for (sort, key) in suggested.entries {
            if let Some(product) = seen.remove(&key)
                && is_so(query, &sort, &product)
            {
                page.products.push(Found { key, product });
            }
        }
        page.next = suggested.next;
        if page.next.is_none() || page.products.len() >= limit {
            break;
        }
    }
    Ok(page)
}

/// What entries suggest.
struct Suggested {
    /// Sort keys of entries, and the products that they are of.
    entries: Vec<(String, String)>,
    next: Option<String>,
}

/// Reads entries of all partitions of a list, in the order of their sort keys.
async fn suggested(
    table: &dyn Table,
    query: &ListingQuery,
    limit: usize,
    after: Option<&str>,
) -> Result<Suggested, Error> {
    let (partitions, prefix) = places(query);
    let mut entries = Vec::new();
    // Behind this one, a partition that was not read to its end may have more.
    let mut known_up_to: Option<String> = None;
    for partition in partitions {
        let after = after.map(str::to_owned);
        let query = Query { after, limit: Some(limit), ..Query::prefix(partition, prefix.clone()) };
        let Page { entries: found, next } = table.query(&query).await?;
        if next.is_some() {
            // A page may be empty and go on; then nothing is known behind where it began.
            let last =
                found.last().map_or_else(|| query.after.clone().unwrap_or_default(), |item| item.key.sort.clone());
            known_up_to = Some(known_up_to.map_or(last.clone(), |known| known.min(last)));
        }
        entries.extend(found.into_iter().map(|item| (item.key.sort.clone(), product_of(&item.key).to_owned())));
    }
    entries.sort();
    entries.dedup();
    if let Some(known) = &known_up_to {
        entries.retain(|(sort, _)| sort <= known);
    }
    let has_more = entries.len() > limit || known_up_to.is_some();
    entries.truncate(limit);
    let next = entries.last().map(|(sort, _)| sort.clone()).or(known_up_to).filter(|_| has_more);
    Ok(Suggested { entries, next })
}

fn places(query: &ListingQuery) -> (Vec<String>, String) {
    match query {
        ListingQuery::All => (Vec::new(), String::new()),
        ListingQuery::AttributeSet(set) => (entries::partitions_of_set(set), String::new()),
        ListingQuery::Category(category) => (entries::partitions_of_category(category), String::new()),
        ListingQuery::UrlKey { store_view, url_key } => {
            let mut partitions = vec![entries::of_url_key(None, url_key)];
            if store_view.is_some() {
                partitions.push(entries::of_url_key(store_view.as_deref(), url_key));
            }
            (partitions, entries::url_prefix(url_key))
        }
    }
}

/// Whether a product says the same as an entry that suggests it.
fn is_so(query: &ListingQuery, sort: &str, product: &Product) -> bool {
    if let ListingQuery::UrlKey { store_view, url_key } = query {
        return address(product, store_view.as_deref()) == Some(url_key);
    }
    let key = Product::key(&product.sku);
    let is_of_query = |under: &ListedUnder| match (under, query) {
        (ListedUnder::AttributeSet { set }, ListingQuery::AttributeSet(asked)) => set == asked,
        (ListedUnder::Category { category, .. }, ListingQuery::Category(asked)) => category == asked,
        _ => false,
    };
    product.listed_under().iter().filter(|under| is_of_query(under)).any(|under| entry(under, &key).sort == sort)
}

/// The part of the address that names a product in a store view.
fn address<'p>(product: &'p Product, store_view: Option<&str>) -> Option<&'p String> {
    match product.value("url_key", store_view) {
        Some(import::entity::product::ProductValue::Text(key)) => Some(key),
        Some(import::entity::product::ProductValue::List(_)) | None => None,
    }
}

/// Lists all products, partition by partition; the cursor is `<partition>/<key>`.
async fn all(table: &dyn Table, sight: Sight, limit: usize, after: Option<&str>) -> Result<ProductPage, Error> {
    let mut cursor = after.and_then(cursor_of).unwrap_or_default();
    let mut products = Vec::new();
    // Most partitions of a small catalogue hold little, and all of them are looked at.
    for _ in 0..items::partitions::<Product>().len() {
        let read = page::<Product>(table, &cursor, limit - products.len()).await?;
        let keys: Vec<String> = read.things.iter().map(|(key, _)| key.clone()).collect();
        let kept: HashMap<String, KeptThing<Product>> = read.things.into_iter().collect();
        let mut seen = as_seen(table, sight, kept).await?;
        products.extend(keys.into_iter().filter_map(|key| seen.remove(&key).map(|product| Found { key, product })));
        let Some(next) = read.next else { return Ok(ProductPage { products, next: None }) };
        cursor = next;
        if products.len() >= limit {
            break;
        }
    }
    let next = format!("{}/{}", cursor.partition, cursor.after.unwrap_or_default());
    Ok(ProductPage { products, next: Some(next) })
}

fn cursor_of(text: &str) -> Option<ThingCursor> {
    let (partition, after) = text.split_once('/')?;
    Some(ThingCursor {
        partition: partition.parse().ok()?,
        after: Some(after.to_owned()).filter(|key| !key.is_empty()),
    })
}

/// Reads products by their keys as readers see them; those that they do not see are left out.
///
/// # Errors
/// The store did not answer, or something kept cannot be understood.
pub async fn seen_products(
    table: &dyn Table,
    sight: Sight,
    keys: &[String],
) -> Result<HashMap<String, Product>, Error> {
    as_seen(table, sight, items::things::<Product>(table, keys).await?).await
}

/// Returns what readers see of some things.
async fn as_seen<T: Thing>(
    table: &dyn Table,
    sight: Sight,
    kept: HashMap<String, KeptThing<T>>,
) -> Result<HashMap<String, T>, Error> {
    let mut seen = HashMap::new();
    let mut before = Vec::new();
    for (key, kept) in kept {
        match (sight, kept.seen) {
            (Sight::Before(generation), Some(Seen::Nothing(since))) if since == generation => {}
            (Sight::Before(generation), Some(Seen::KeptBefore(since))) if since == generation => before.push(key),
            _ => drop(kept.thing.map(|thing| seen.insert(key, thing))),
        }
    }
    if !before.is_empty() {
        let keys: Vec<_> = before.iter().map(|key| before_key::<T>(key)).collect();
        for item in table.batch_get(&keys).await? {
            let prefix = super::write::before_prefix::<T>();
            let key = item.key.sort.strip_prefix(&prefix).unwrap_or(&item.key.sort).to_owned();
            if let Some(thing) = items::kept::<T>(&item)?.thing {
                seen.insert(key, thing);
            }
        }
    }
    Ok(seen)
}

/// Reads all categories as readers see them, by key: those that every shop has, and those that were imported.
///
/// # Errors
/// The store did not answer, or something kept cannot be understood.
pub async fn seen_categories(table: &dyn Table, sight: Sight) -> Result<BTreeMap<String, Category>, Error> {
    let mut categories = ShopFacts::plain().categories;
    let mut kept = HashMap::new();
    items::each_kept::<Category>(table, &items::sort_prefix::<Category>(), |key, thing| {
        kept.insert(key.to_owned(), thing);
    })
    .await?;
    for key in kept.keys() {
        categories.remove(key);
    }
    categories.extend(as_seen(table, sight, kept).await?);
    Ok(categories)
}

//! The keys of entries, and the way back to the thing.

use import::entity::ListedUnder;
use sha2::{Digest, Sha256};
use store::table::Key;

/// Over how many partitions the products of a set or a category are spread: one takes about 1,000 writes a second.
pub(super) const SHARDS: u8 = 8;

/// Over how many partitions the addresses of a store view are spread.
const URL_SHARDS: u8 = 16;

/// The key of the entry by which a product is found under something.
pub(super) fn entry(under: &ListedUnder, product: &str) -> Key {
    let shard = shard(product, SHARDS);
    match under {
        ListedUnder::AttributeSet { set } => Key::new(of_set(set, shard), product),
        ListedUnder::Category { category, position } => {
            Key::new(of_category(category, shard), format!("{position:010}/{product}"))
        }
        ListedUnder::UrlKey { store_view, url_key } => {
            Key::new(of_url_key(store_view.as_deref(), url_key), format!("{}{product}", url_prefix(url_key)))
        }
    }
}

/// The product that an entry is of.
pub(in crate::own) fn product_of(entry: &Key) -> &str {
    let is_bare = entry.partition.starts_with("listing/set/");
    let behind = entry.sort.split_once('/').map(|(_, product)| product);
    if is_bare { &entry.sort } else { behind.unwrap_or(&entry.sort) }
}

/// The partition with the entries of an address, and what their sort keys begin with.
pub(in crate::own) fn place_of_address(under: &ListedUnder) -> Option<(String, String)> {
    let ListedUnder::UrlKey { store_view, url_key } = under else { return None };
    Some((of_url_key(store_view.as_deref(), url_key), url_prefix(url_key)))
}

/// The partitions with the products of an attribute set.
pub(super) fn partitions_of_set(set: &str) -> Vec<String> {
    (0..SHARDS).map(|shard| of_set(set, shard)).collect()
}

/// The partitions with the products of a category.
pub(super) fn partitions_of_category(category: &str) -> Vec<String> {
    (0..SHARDS).map(|shard| of_category(category, shard)).collect()
}

/// The partition with everything that has an address in a store view.
pub(super) fn of_url_key(store_view: Option<&str>, url_key: &str) -> String {
    format!("listing/url/{}/{:02}", store_view.unwrap_or_default(), shard(url_key, URL_SHARDS))
}

/// What the sort keys of everything with an address begin with.
pub(super) fn url_prefix(url_key: &str) -> String {
    format!("{url_key}/")
}

fn of_set(set: &str, shard: u8) -> String {
    format!("listing/set/{set}/{shard}")
}

fn of_category(category: &str, shard: u8) -> String {
    format!("listing/category/{category}/{shard}")
}

fn shard(text: &str, shards: u8) -> u8 {
    // The first byte says in which partition the thing is.
    Sha256::digest(text)[1] % shards
}

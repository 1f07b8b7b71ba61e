//! The keys of things in the table.

use import::entity::Thing;
use sha2::{Digest, Sha256};
use store::table::{Item, Key};

/// Over how many partitions the things are spread: one takes about 1,000 writes a second.
const PARTITIONS: u8 = 64;

/// The partition of the shop facts.
const FACTS: &str = "shop";

pub(super) fn item_key<T: Thing>(key: &str) -> Key {
    let partition = match T::IS_FACT {
        true => FACTS.to_owned(),
        false => partition_name(Sha256::digest(key)[0] % PARTITIONS),
    };
    Key::new(partition, format!("{}{key}", sort_prefix::<T>()))
}

/// The partitions that things of a kind are in.
pub(super) fn partitions<T: Thing>() -> Vec<String> {
    match T::IS_FACT {
        true => vec![FACTS.to_owned()],
        false => (0..PARTITIONS).map(partition_name).collect(),
    }
}

fn partition_name(partition: u8) -> String {
    format!("catalog/{partition:02}")
}

pub(super) fn sort_prefix<T: Thing>() -> String {
    format!("{}/", T::NAME)
}

pub(super) fn key_of<T: Thing>(item: &Item) -> &str {
    let key = item.key.sort.strip_prefix(T::NAME).and_then(|key| key.strip_prefix('/'));
    key.unwrap_or(&item.key.sort)
}

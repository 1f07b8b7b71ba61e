//! Addresses of categories: among the categories below one, each has its own.

use super::thing::Category;
use crate::category_path::CategoryPath;
use crate::shop::ShopFacts;
use crate::url_key;

/// Finds another category below the same one that has an address already.
///
/// The children of a category stand in the map among everything below it, all of which is looked at; few shops have more
/// than some thousand categories.
pub(super) fn taken_by<'s>(
    shop: &'s ShopFacts,
    path: &CategoryPath,
    store_view: Option<&str>,
    url_key: &str,
) -> Option<&'s CategoryPath> {
    let key = path.key();
    let above = path.parent().map_or_else(String::new, |above| format!("{}/", above.key()));
    let below = shop.categories.range(above.clone()..).take_while(|(key, _)| key.starts_with(&above));
    let mut others = below.filter(|(other, _)| **other != key).map(|(_, category)| category);
    let has_it = others.find(|other| {
        let is_sibling = other.path.levels().len() == path.levels().len();
        is_sibling && other.url_key(store_view) == url_key
    });
    has_it.map(|other| &other.path)
}

/// Makes an address that no category beside this one has, by a running number behind it.
pub(super) fn free(shop: &ShopFacts, path: &CategoryPath, url_key: &str) -> String {
    let mut key = url_key.to_owned();
    let mut number = 0;
    // There are fewer numbers in use than categories.
    while number <= shop.categories.len() && taken_by(shop, path, None, &key).is_some() {
        number += 1;
        key = format!("{url_key}-{number}");
    }
    key
}

/// A category of which only its place is known, with an address that no category beside it has: with a number behind it if
/// need be.
#[must_use]
pub fn named_beside_others(shop: &ShopFacts, path: CategoryPath) -> Category {
    let plain = url_key::from_text(path.name());
    let address = free(shop, &path, &plain);
    let mut category = Category::named(path);
    if !plain.is_empty() && address != plain {
        category.values.insert("url_key".to_owned(), address);
    }
    category
}

/// Says whether an address is another one with a running number behind it.
pub(super) fn is_numbered(url_key: &str, of: &str) -> bool {
    let number = url_key.strip_prefix(of).and_then(|rest| rest.strip_prefix('-'));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

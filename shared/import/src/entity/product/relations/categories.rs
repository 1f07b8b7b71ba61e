//! The categories of a product.

use std::collections::BTreeSet;

use super::RelationError;
use super::positions::positions_in;
use crate::category_path::CategoryPath;
use crate::cell;
use crate::dialect::Dialect;
use crate::entity::product::parts::CategoryLink;
use crate::name_key::name_key;
use crate::shop::ShopFacts;

/// Characters of a category path; a shop makes an address of it that has no more.
pub(super) const MAX_PATH_CHARS: usize = 255;

pub(super) fn categories(
    text: &str,
    positions: &str,
    (dialect, shop): (&Dialect, &ShopFacts),
) -> Result<Vec<CategoryLink>, RelationError> {
    let positions = positions_in(positions, dialect)?;
    let mut seen = BTreeSet::new();
    let mut links = Vec::new();
    for (index, path) in cell::paths(text, dialect)?.into_iter().enumerate() {
        let path = known_spelling(CategoryPath::parse(&path, dialect.level_separator)?, shop);
        if path.to_string().chars().count() > MAX_PATH_CHARS {
            return Err(RelationError::LongPath);
        }
        check_is_one_category(&path, dialect, shop)?;
        if seen.insert(path.key()) {
            let position = positions.get(index).copied().flatten();
            links.push(CategoryLink { path, position });
        }
    }
    Ok(links)
}

/// Spells a path as the shop spells it, as far down as the shop has it.
fn known_spelling(path: CategoryPath, shop: &ShopFacts) -> CategoryPath {
    let mut above = Some(path.clone());
    while let Some(place) = above {
        if let Some(known) = shop.categories.get(&place.key()) {
            return path.spelled_like(&known.path);
        }
        above = place.parent();
    }
    path
}

/// Refuses a path in which another one begins behind a character that separates lists elsewhere.
fn check_is_one_category(path: &CategoryPath, dialect: &Dialect, shop: &ShopFacts) -> Result<(), RelationError> {
    let root = name_key(&path.levels()[0]);
    for level in path.levels() {
        for (index, found) in level.match_indices([';', '|']) {
            let rest = name_key(&level[index + found.len()..]);
            if rest == root || root.starts_with(&format!("{rest}{found}")) || shop.categories.contains_key(&rest) {
                let text = found.chars().next().unwrap_or_default();
                return Err(RelationError::ForeignSeparator { text, separator: dialect.field_separator });
            }
        }
    }
    Ok(())
}

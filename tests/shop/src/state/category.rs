//! Categories: a tree by parent, values by store view.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::php::stamp;

/// A category.
#[derive(Debug, Clone)]
pub(crate) struct Category {
    pub id: i64,
    pub parent: i64,
    pub position: i64,
    /// Values of attributes by code and store view.
    pub values: BTreeMap<(String, u32), String>,
    pub created_at: String,
    pub updated_at: String,
}

/// All of them.
#[derive(Debug, Clone)]
pub(crate) struct Categories {
    pub list: BTreeMap<i64, Category>,
    pub next: i64,
}

/// The root of all roots, which nobody sees.
pub(crate) const TREE_ROOT: i64 = 1;
/// The root of the default store.
pub(crate) const DEFAULT_ROOT: i64 = 2;

impl Category {
    /// A value as a store view sees it.
    pub(crate) fn value(&self, code: &str, store: u32) -> Option<&str> {
        let at = |store| self.values.get(&(code.to_owned(), store)).map(String::as_str);
        at(store).or_else(|| at(0))
    }

    pub(crate) fn set(&mut self, code: &str, store: u32, value: impl Into<String>) {
        self.values.insert((code.to_owned(), store), value.into());
    }
}

impl Categories {
    pub(crate) fn installed(now: DateTime<Utc>) -> Self {
        let category = |id, parent, name: &str| {
            let values = [("name", name), ("is_active", "1"), ("include_in_menu", "1")];
            let values = values.map(|(code, value)| ((code.to_owned(), 0), value.to_owned())).into();
            Category { id, parent, position: parent, values, created_at: stamp(now), updated_at: stamp(now) }
        };
        let list = [category(TREE_ROOT, 0, "Root Catalog"), category(DEFAULT_ROOT, TREE_ROOT, "Default Category")];
        Self { list: list.into_iter().map(|category| (category.id, category)).collect(), next: 3 }
    }

    /// Ids from the root of all roots down to a category.
    pub(crate) fn path(&self, id: i64) -> Vec<i64> {
        let mut path = vec![id];
        while let Some(category) = self.list.get(&path[0]).filter(|category| category.parent != 0) {
            path.insert(0, category.parent);
        }
        path
    }

    /// Ids directly below, by position.
    pub(crate) fn children(&self, id: i64) -> Vec<i64> {
        let mut children: Vec<_> =
            self.list.values().filter(|category| category.parent == id).map(|one| (one.position, one.id)).collect();
        children.sort_unstable();
        children.into_iter().map(|(_, id)| id).collect()
    }

    /// Ids of everything below.
    pub(crate) fn below(&self, id: i64) -> Vec<i64> {
        self.children(id).into_iter().flat_map(|child| std::iter::once(child).chain(self.below(child))).collect()
    }
}

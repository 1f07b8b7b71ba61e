//! Categories by path, in the order in which they can be created.

use std::collections::BTreeSet;

use import::product::CategoryPath;

/// Returns the paths and everything above them, each once: parents before children, then by name.
#[must_use]
pub fn paths_with_parents<'a>(paths: impl IntoIterator<Item = &'a CategoryPath>) -> Vec<CategoryPath> {
    let mut all = BTreeSet::new();
    for path in paths {
        let mut next = Some(path.clone());
        // Whoever has a path already has everything above it.
        while let Some(path) = next.filter(|path| !all.contains(path)) {
            next = path.parent();
            all.insert(path);
        }
    }
    let mut ordered: Vec<CategoryPath> = all.into_iter().collect();
    ordered.sort_by_key(|path| path.levels().len());
    ordered
}

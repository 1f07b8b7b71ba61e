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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(paths: &[&str]) -> Vec<String> {
        let paths: Vec<CategoryPath> = paths.iter().map(|path| path.parse().unwrap()).collect();
        paths_with_parents(&paths).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn parents_are_added_and_come_first() {
        assert_eq!(texts(&["Root/B/C", "Root/A"]), ["Root", "Root/A", "Root/B", "Root/B/C"]);
        assert_eq!(texts(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_name_with_a_slash_is_one_level() {
        assert_eq!(texts(&["Root/\"B/C\""]), ["Root", "Root/\"B/C\""]);
    }

    proptest! {
        #[test]
        fn every_path_comes_once_behind_its_parent(paths in prop::collection::vec("[a-c](/[a-c]){0,3}", 0..10)) {
            let paths: Vec<CategoryPath> = paths.iter().map(|path| path.parse().unwrap()).collect();
            let ordered = paths_with_parents(&paths);
            for (index, path) in ordered.iter().enumerate() {
                prop_assert!(!ordered[index + 1..].contains(path));
                prop_assert!(path.parent().is_none_or(|parent| ordered[..index].contains(&parent)));
            }
            prop_assert!(paths.iter().all(|path| ordered.contains(path)));
            let mut turned = paths;
            turned.reverse();
            prop_assert_eq!(paths_with_parents(&turned), ordered);
        }
    }
}

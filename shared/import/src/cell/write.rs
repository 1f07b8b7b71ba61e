//! The way back: texts to cells that are read as these texts again.

use std::borrow::Cow;

use super::Pairs;
use crate::dialect::Dialect;

/// Encloses a text in quotes, doubled where it has some itself.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Quotes a text if it would be read otherwise without: because it is empty, has blanks around it, is the word that clears
/// a cell, or has one of some characters.
fn part<'t>(text: &'t str, special: &[char], dialect: &Dialect) -> Cow<'t, str> {
    let is_blank_around = text.trim() != text || text.is_empty();
    match is_blank_around || text == dialect.empty_value || text.contains('"') || text.contains(special) {
        true => Cow::Owned(quoted(text)),
        false => Cow::Borrowed(text),
    }
}

/// Writes a text that may stand among pairs, lists and values alike.
#[must_use]
pub fn value<'t>(text: &'t str, dialect: &Dialect) -> Cow<'t, str> {
    part(text, &[dialect.field_separator, dialect.value_separator, '='], dialect)
}

/// Writes a list for [`super::list`] and [`super::paths`].
#[must_use]
pub fn list<'t>(entries: impl IntoIterator<Item = &'t str>, dialect: &Dialect) -> String {
    let entries: Vec<_> = entries.into_iter().map(|entry| part(entry, &[dialect.field_separator], dialect)).collect();
    entries.join(&dialect.field_separator.to_string())
}

/// Writes a list for [`super::places`]; an empty entry holds its place.
#[must_use]
pub fn places<'t>(entries: impl IntoIterator<Item = &'t str>, dialect: &Dialect) -> String {
    let entries: Vec<_> = entries
        .into_iter()
        .map(
            |entry| if entry.is_empty() { Cow::Borrowed("") } else { part(entry, &[dialect.field_separator], dialect) },
        )
        .collect();
    // One empty entry must not look like an empty cell.
    if entries.len() == 1 && entries[0].is_empty() {
        return quoted("");
    }
    entries.join(&dialect.field_separator.to_string())
}

/// Writes category paths for [`super::paths`]; quotes of their levels are part of them.
#[must_use]
pub fn paths<'t>(paths: impl IntoIterator<Item = &'t str>, dialect: &Dialect) -> String {
    let entry = |path: &'t str| match path.starts_with('"') || path.contains(dialect.field_separator) {
        true => Cow::Owned(quoted(path)),
        false => part_of_path(path, dialect),
    };
    let entries: Vec<_> = paths.into_iter().map(entry).collect();
    entries.join(&dialect.field_separator.to_string())
}

/// Quotes behind the start of a path are those of its levels and stay as they are.
fn part_of_path<'t>(path: &'t str, dialect: &Dialect) -> Cow<'t, str> {
    if path == dialect.empty_value { Cow::Owned(quoted(path)) } else { Cow::Borrowed(path) }
}

/// Writes a pair whose value is written already.
#[must_use]
pub fn raw_pair(code: &str, value: &str, dialect: &Dialect) -> String {
    let pair = format!("{code}={value}");
    // Only the value of a pair can have quotes of its own.
    let is_plain = !code.contains(['"', dialect.field_separator, dialect.value_separator]);
    if is_plain { pair } else { quoted(&pair) }
}

/// Writes pairs for [`super::pairs`] in the order of their codes, but some first.
#[must_use]
pub fn pairs(pairs: &Pairs, first: &[&str], dialect: &Dialect) -> String {
    let rest = pairs.keys().map(String::as_str).filter(|code| !first.contains(code));
    let codes = first.iter().copied().filter(|code| pairs.contains_key(*code)).chain(rest);
    let written: Vec<String> = codes.map(|code| pair(code, &pairs[code], dialect)).collect();
    written.join(&dialect.field_separator.to_string())
}

fn pair(code: &str, text: &str, dialect: &Dialect) -> String {
    let text = if text.is_empty() { Cow::Borrowed("") } else { value(text, dialect) };
    raw_pair(code, &text, dialect)
}

/// Writes lists of pairs for [`super::entries`], some codes first.
#[must_use]
pub fn entries<'p>(entries: impl IntoIterator<Item = &'p Pairs>, first: &[&str], dialect: &Dialect) -> String {
    let written: Vec<String> = entries.into_iter().map(|entry| pairs(entry, first, dialect)).collect();
    written.join(&dialect.value_separator.to_string())
}

/// Writes the values of an attribute for [`super::values`].
#[must_use]
pub fn values<'t>(values: impl IntoIterator<Item = &'t str>, dialect: &Dialect) -> String {
    let written: Vec<_> = values.into_iter().map(|text| value(text, dialect)).collect();
    written.join(&dialect.value_separator.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super as cell;
    use super::*;

    fn awkward() -> impl Strategy<Value = String> {
        prop_oneof!["[a-c\",|=/;\\\\ \n\r\tßé]{1,8}", Just("__EMPTY__VALUE__".to_owned()), "\\PC{1,8}",]
    }

    fn code() -> impl Strategy<Value = String> {
        "[a-c\",|/ ß]{1,6}".prop_map(|code| format!("c{}", code.trim()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn lists_are_read_back(texts in prop::collection::vec(awkward(), 1..4)) {
            let dialect = Dialect::m2if();
            let written = list(texts.iter().map(String::as_str), &dialect);
            prop_assert_ne!(written.trim(), &dialect.empty_value);
            prop_assert_eq!(cell::list(&written, &dialect), Ok(texts));
        }

        #[test]
        fn places_are_read_back(texts in prop::collection::vec(prop_oneof![awkward(), Just(String::new())], 1..4)) {
            let dialect = Dialect::m2if();
            let written = places(texts.iter().map(String::as_str), &dialect);
            prop_assert!(!written.trim().is_empty());
            prop_assert_eq!(cell::places(&written, &dialect), Ok(texts));
        }

        #[test]
        fn values_are_read_back(texts in prop::collection::vec(awkward(), 1..4)) {
            let dialect = Dialect::m2if();
            let written = values(texts.iter().map(String::as_str), &dialect);
            prop_assert_eq!(cell::values(&written, &dialect), Ok(texts));
        }

        #[test]
        fn lists_of_pairs_are_read_back(
            list in prop::collection::vec(prop::collection::btree_map(code(), prop_oneof![awkward(), Just(String::new())], 1..4), 1..4),
        ) {
            let dialect = Dialect::m2if();
            let written = entries(&list, &["ca"], &dialect);
            prop_assert_eq!(cell::entries(&written, &dialect), Ok(list.clone()), "{}", written);
            let alone = pairs(&list[0], &[], &dialect);
            prop_assert_eq!(cell::pairs(&alone, &dialect), Ok(list[0].clone()), "{}", alone);
        }

        #[test]
        fn paths_are_read_back(levels in prop::collection::vec(prop::collection::vec(awkward(), 1..3), 1..3)) {
            let dialect = Dialect::m2if();
            let levels = levels.into_iter().map(|levels| levels.join("/"));
            let parsed = levels.filter_map(|path| path.parse::<crate::category_path::CategoryPath>().ok());
            let texts: Vec<String> = parsed.map(|path| path.to_string()).collect();
            prop_assume!(!texts.is_empty());
            let written = paths(texts.iter().map(String::as_str), &dialect);
            prop_assert_eq!(cell::paths(&written, &dialect), Ok(texts), "{}", written);
        }
    }
}

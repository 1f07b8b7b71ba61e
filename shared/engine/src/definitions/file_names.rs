//! Which files of the overlay are definition files, by their names.

use super::OVERLAY_PREFIX;

/// Whether a file of the overlay is read, by its name: `a.xml`, and `a.XML` as some systems spell it.
#[must_use]
pub fn is_definition_file(name: &str) -> bool {
    suffix(name).is_some_and(|suffix| suffix.eq_ignore_ascii_case(SUFFIX))
}

/// The place that a file takes: `a.XML` takes that of the shipped `a.xml`, since both would define the same pipelines.
#[must_use]
pub fn place_of(name: &str) -> String {
    match suffix(name) {
        Some(found) if is_definition_file(name) => format!("{}{SUFFIX}", &name[..name.len() - found.len()]),
        _ => name.to_owned(),
    }
}

/// What to say of a file that is not read, if its name looks as if somebody meant it to be.
#[must_use]
pub fn why_unread(name: &str) -> Option<String> {
    let looks_meant = name.to_ascii_lowercase().contains(SUFFIX) && !is_definition_file(name);
    looks_meant.then(|| format!("{name}: the file is not read (the name of a definition file ends with `{SUFFIX}`)"))
}

/// The end of the name of a definition file.
const SUFFIX: &str = ".xml";

fn suffix(name: &str) -> Option<&str> {
    name.get(name.len().checked_sub(SUFFIX.len())?..)
}

/// The name that the file of a key has in the overlay.
pub(super) fn overlay_name(key: &str) -> &str {
    key.strip_prefix(OVERLAY_PREFIX).unwrap_or(key)
}

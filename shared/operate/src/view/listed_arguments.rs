//! Arguments as a list shows them.

use pipeline::Arguments;

/// Most characters of a value: a bunch of many files is told in its details.
const CHARACTERS: usize = 100;

/// The arguments with the beginnings of their values.
pub(super) fn shortened(arguments: &Arguments) -> Arguments {
    arguments.iter().map(|(key, value)| (key.clone(), beginning(value))).collect()
}

fn beginning(value: &str) -> String {
    match value.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

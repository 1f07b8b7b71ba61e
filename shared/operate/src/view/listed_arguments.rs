//! Arguments as a list shows them.

use pipeline::Arguments;

/// Most characters of a value: a bunch of many files is told in its details.
const CHARACTERS: usize = 100;

/// How a document begins that has an id, such as a bunch.
const WITH_ID: &str = r#"{"id":""#;

/// The arguments with the beginnings of their values, and of documents their ids.
pub(super) fn shortened(arguments: &Arguments) -> Arguments {
    arguments.iter().map(|(key, value)| (key.clone(), id_of(value).unwrap_or_else(|| beginning(value)))).collect()
}

/// A person at a list wants to know which bunch it is; its files are told in the details.
fn id_of(value: &str) -> Option<String> {
    let (id, _) = value.strip_prefix(WITH_ID)?.split_once('"')?;
    (!id.is_empty() && id.chars().count() <= CHARACTERS && !id.contains('\\')).then(|| id.to_owned())
}

fn beginning(value: &str) -> String {
    match value.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_told_by_its_id_and_a_long_text_by_its_beginning() {
        let long = "x".repeat(CHARACTERS + 1);
        for (value, expected) in [
            (r#"{"id":"spring-0123456789ab","files":[]}"#, "spring-0123456789ab"),
            (r#"{"id":"a\"b"}"#, r#"{"id":"a\"b"}"#),
            (r#"{"id":""}"#, r#"{"id":""}"#),
            ("plain", "plain"),
            (long.as_str(), &format!("{}…", &long[1..])),
        ] {
            let arguments = Arguments::from([("key".to_owned(), value.to_owned())]);
            assert_eq!(shortened(&arguments)["key"], expected);
        }
    }
}

//! Cells that hold more than one value: lists, pairs, lists of pairs, each part possibly quoted once more.
//!
//! A quote has a meaning only at the start of a part (`size="5, 6"`); in the middle it is a character (`size=5" disc`).
//! Inside of quotes separators are characters, and two quotes stand for one. [`mod@write`] is the way back.

pub mod write;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::dialect::Dialect;

/// Keys and values of one entry, such as a selection of a bundle.
pub type Pairs = BTreeMap<String, String>;

/// Why a cell cannot be taken apart; reads as the end of a sentence that starts with the cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A quoted part goes on to the end of the cell.
    #[error("has a quote that is never closed")]
    OpenQuote,
    /// The first part of a list of pairs is none.
    #[error("does not start with a pair (example: `code=value`)")]
    NoPair,
}

/// Cuts a text at a separator, but not within quotes, which may open at the start of a part or behind an opener.
///
/// # Errors
/// Fails if a quote is never closed.
pub fn split<'a>(text: &'a str, separator: char, openers: &[char]) -> Result<Vec<&'a str>, Error> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut is_quoted = false;
    let mut may_open = true;
    let mut characters = text.char_indices().peekable();
    while let Some((index, character)) = characters.next() {
        if is_quoted {
            let is_doubled = character == '"' && characters.next_if(|next| next.1 == '"').is_some();
            is_quoted = character != '"' || is_doubled;
        } else if character == '"' && may_open {
            is_quoted = true;
        } else if character == separator {
            parts.push(&text[start..index]);
            start = index + character.len_utf8();
        }
        let opens = character == separator || openers.contains(&character);
        may_open = opens || (may_open && character == ' ');
    }
    if is_quoted {
        return Err(Error::OpenQuote);
    }
    parts.push(&text[start..]);
    Ok(parts)
}

/// Takes the quotes off a part: `"5"" disc"` is `5" disc`, and `"A/B" and C` is `A/B and C`.
#[must_use]
pub fn unquote(part: &str) -> Cow<'_, str> {
    let part = part.trim();
    let Some(quoted) = part.strip_prefix('"') else {
        return Cow::Borrowed(part);
    };
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '"' {
            text.push(character);
        } else if characters.next_if_eq(&'"').is_some() {
            text.push('"');
        } else {
            text.extend(characters);
            break;
        }
    }
    Cow::Owned(text)
}

/// Takes the quotes off a part if they enclose all of it, and leaves it alone otherwise.
#[must_use]
pub fn unquote_whole(part: &str) -> Cow<'_, str> {
    let part = part.trim();
    let is_whole = part.len() >= 2 && part.starts_with('"') && part.ends_with('"');
    // The quote that closes the first one must be the last character.
    let inner = part.get(1..part.len().saturating_sub(1)).unwrap_or_default();
    match is_whole && inner.replace("\"\"", "").find('"').is_none() {
        true => unquote(part),
        false => Cow::Borrowed(part),
    }
}

/// Reads a list such as `base,second`; empty entries are left out.
///
/// # Errors
/// Fails if a quote is never closed.
pub fn list(text: &str, dialect: &Dialect) -> Result<Vec<String>, Error> {
    let parts = split(text, dialect.field_separator, &[])?;
    let entries = parts.into_iter().map(unquote).filter(|entry| !entry.is_empty());
    Ok(entries.map(Cow::into_owned).collect())
}

/// Reads a list whose entries stand for something by their place, such as positions; empty entries stay.
///
/// # Errors
/// Fails if a quote is never closed.
pub fn places(text: &str, dialect: &Dialect) -> Result<Vec<String>, Error> {
    let parts = split(text, dialect.field_separator, &[])?;
    Ok(parts.into_iter().map(|part| unquote(part).into_owned()).collect())
}

/// Reads a list of paths, whose levels may be quoted in turn; the entries keep the quotes of their levels.
///
/// A quote at the start of an entry belongs to the entry, as in M2IF, not to its first level.
///
/// # Errors
/// Fails if a quote is never closed.
pub fn paths(text: &str, dialect: &Dialect) -> Result<Vec<String>, Error> {
    let parts = split(text, dialect.field_separator, &[dialect.level_separator])?;
    let entries = parts.into_iter().map(unquote).filter(|entry| !entry.is_empty());
    Ok(entries.map(Cow::into_owned).collect())
}

/// Reads `code=value,code=value` in order; values keep their quotes, for they may be lists.
///
/// A part without `=` belongs to the value before it, so that an unquoted comma in a value does no harm.
///
/// # Errors
/// Fails if a quote is never closed, or if the first part is no pair.
pub fn raw_pairs(text: &str, dialect: &Dialect) -> Result<Vec<(String, String)>, Error> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in split(text, dialect.field_separator, &['=', dialect.value_separator])? {
        if part.trim().is_empty() {
            continue;
        }
        let pair = match unquote_whole(part) {
            Cow::Owned(unquoted) => Cow::Owned(unquoted),
            // A blank at the end is part of the value.
            Cow::Borrowed(_) => Cow::Borrowed(part.trim_start()),
        };
        match (pair.split_once('='), pairs.last_mut()) {
            (Some((code, value)), _) => pairs.push((code.trim().to_owned(), value.to_owned())),
            (None, Some((_, value))) => {
                value.push(dialect.field_separator);
                value.push_str(part);
            }
            (None, None) => return Err(Error::NoPair),
        }
    }
    Ok(pairs)
}

/// Reads the pairs of one entry.
///
/// # Errors
/// As [`raw_pairs`].
pub fn pairs(text: &str, dialect: &Dialect) -> Result<Pairs, Error> {
    let pairs = raw_pairs(text, dialect)?.into_iter();
    Ok(pairs.map(|(code, value)| (code, unquote(&value).into_owned())).collect())
}

/// Reads a list whose entries are made of pairs: `sku=a,size=S|sku=b,size=M`; empty entries are left out.
///
/// # Errors
/// As [`raw_pairs`].
pub fn entries(text: &str, dialect: &Dialect) -> Result<Vec<Pairs>, Error> {
    let parts = split(text, dialect.value_separator, &['=', dialect.field_separator])?;
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| pairs(part, dialect)).collect()
}

/// Reads the values of an attribute: `Men|Women`, or `"a|b"` for one value with a separator in it.
///
/// # Errors
/// Fails if a quote is never closed.
pub fn values(text: &str, dialect: &Dialect) -> Result<Vec<String>, Error> {
    let parts = split(text, dialect.value_separator, &[])?;
    Ok(parts.into_iter().map(|part| unquote(part).into_owned()).collect())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn shown<T: std::fmt::Debug>(read: Result<T, Error>) -> String {
        match read {
            Ok(value) => format!("{value:?}").replace('"', "'"),
            Err(error) => format!("the cell {error}"),
        }
    }

    fn m2if() -> Dialect {
        Dialect::m2if()
    }

    #[test]
    fn a_list_may_quote_its_entries() {
        assert_snapshot!(shown(list("base, second,,\"third, fourth\"", &m2if())), @"['base', 'second', 'third, fourth']");
        assert_snapshot!(shown(places("1,,3", &m2if())), @"['1', '', '3']");
        assert_snapshot!(shown(list("base,\"second", &m2if())), @"the cell has a quote that is never closed");
    }

    #[test]
    fn a_quote_in_the_middle_is_a_character() {
        assert_snapshot!(shown(pairs("size=5\" disc,color=Red", &m2if())), @r"{'color': 'Red', 'size': '5\' disc'}");
        assert_snapshot!(shown(pairs("size=\"5\"\" disc, red\",color=Red", &m2if())), @r"{'color': 'Red', 'size': '5\' disc, red'}");
    }

    #[test]
    fn a_pair_may_be_quoted_as_a_whole() {
        assert_snapshot!(shown(pairs("a=1,\"b=2, 3\",c=4", &m2if())), @"{'a': '1', 'b': '2, 3', 'c': '4'}");
        assert_snapshot!(shown(pairs("\"a=say \"\"hi\"\"\",b=2", &m2if())), @r"{'a': 'say \'hi\'', 'b': '2'}");
    }

    #[test]
    fn a_part_without_equals_sign_belongs_to_the_value_before() {
        assert_snapshot!(shown(pairs("a=red, green,b=2", &m2if())), @"{'a': 'red, green', 'b': '2'}");
        assert_snapshot!(shown(pairs("red,b=2", &m2if())), @"the cell does not start with a pair (example: `code=value`)");
    }

    #[test]
    fn entries_are_lists_of_pairs() {
        assert_snapshot!(shown(entries("sku=a,size=S|sku=b,size=\"M|L\"|", &m2if())), @"[{'size': 'S', 'sku': 'a'}, {'size': 'M|L', 'sku': 'b'}]");
        assert_snapshot!(shown(values("Men|\"a|b\"|Women", &m2if())), @"['Men', 'a|b', 'Women']");
    }

    #[test]
    fn paths_keep_the_quotes_of_their_levels() {
        assert_snapshot!(shown(paths("A/\"B,C/D\",\"A/E, F\",A/\"G\" H", &m2if())), @r"['A/\'B,C/D\'', 'A/E, F', 'A/\'G\' H']");
    }

    proptest! {
        #[test]
        fn quoted_values_are_read_back(values in prop::collection::vec(".{1,8}", 1..5)) {
            prop_assume!(values.iter().all(|value| !value.contains('\u{0}')));
            let quoted: Vec<String> = values.iter().map(|v| format!("\"{}\"", v.replace('"', "\"\""))).collect();
            prop_assert_eq!(places(&quoted.join(","), &m2if()), Ok(values));
        }

        #[test]
        fn no_cell_makes_the_reader_panic(text in "[a\",|=/ \\\\ß]{0,30}") {
            let _ = (entries(&text, &m2if()), paths(&text, &m2if()), values(&text, &m2if()));
        }
    }
}

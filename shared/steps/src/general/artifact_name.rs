//! What a step may call a file that it leaves.

use engine::accepts::{BadArgument, Parsed};

/// The kind of an argument that says it: a name without a way out of its folder.
pub(crate) const FILE_NAME: Parsed<String> =
    Parsed { kind: "file name of letters, digits, `.`, `_` and `-`", example: "tax-rates_2.json", read: plain };

/// Why a text is no such name.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{}` is not a file name of letters, digits, `.`, `_` and `-` (example: `tax-rates_2.json`)",
    pipeline::visible::visible(found)
)]
struct BadFileName {
    found: String,
}

/// Most characters of a name.
const LENGTH: usize = 100;

fn plain(name: &str) -> Result<String, BadArgument> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let is_name = (1..=LENGTH).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with('.');
    if is_name { Ok(name.to_owned()) } else { Err(BadFileName { found: name.to_owned() })? }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_way_out_of_its_folder() {
        assert_eq!(plain("tax-rates_2.json").unwrap(), "tax-rates_2.json");
        for bad in ["", ".", "..", ".hidden", "a/b", "../a", "a b", "ä", &"x".repeat(101)] {
            assert!(plain(bad).is_err(), "{bad}");
        }
    }
}

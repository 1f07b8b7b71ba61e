//! What a step may call a file that it leaves.

use engine::ExecutorError;

/// Most characters of a name.
const LENGTH: usize = 100;

/// A name without a way out of its folder: `tax-rates_2.json`.
///
/// # Errors
/// Permanent; names the argument that has it and what is expected.
pub(crate) fn plain(argument: &str, name: &str) -> Result<String, ExecutorError> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let is_name = (1..=LENGTH).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with('.');
    if is_name {
        return Ok(name.to_owned());
    }
    let found = pipeline::visible::visible(name);
    let message = format!("argument `{argument}`: `{found}` is not a file name of letters, digits, `.`, `_` and `-`");
    Err(ExecutorError::permanent(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_way_out_of_its_folder() {
        assert_eq!(plain("save_as", "tax-rates_2.json").unwrap(), "tax-rates_2.json");
        for bad in ["", ".", "..", ".hidden", "a/b", "../a", "a b", "ä", &"x".repeat(101)] {
            assert!(plain("save_as", bad).is_err(), "{bad}");
        }
    }
}

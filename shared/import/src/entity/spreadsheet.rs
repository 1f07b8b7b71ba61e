//! What spreadsheet programs leave in cells, and nobody means.

/// What is said of a cell that holds an error.
pub(super) const ERROR: &str = "is what a spreadsheet program shows for a formula that it cannot work out";

/// What such programs show, in English and in German.
const ERRORS: [&str; 12] = [
    "#NAME?", "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#SPILL!",
];

/// Says whether a cell holds an error instead of a value.
pub(super) fn is_error(text: &str) -> bool {
    ERRORS.contains(&text.trim())
}

/// Says what is odd about the key of a thing that can be meant all the same.
pub(super) fn doubt(key: &str) -> Option<&'static str> {
    if is_rounded(key) {
        return Some(
            "looks like a long number that a spreadsheet program has rounded; there, make the column text and enter it again",
        );
    }
    let is_formula = key.starts_with("=\"") && key.ends_with('"');
    let is_marked = key.strip_prefix('\'').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    (is_formula || is_marked).then_some(
        "has signs around it by which spreadsheet programs keep zeros in front; they are taken as part of it",
    )
}

/// Such as `1.23457E+12`: programs write two digits of the exponent, and its sign.
fn is_rounded(key: &str) -> bool {
    let Some((number, exponent)) = key.split_once("E+") else { return false };
    let Some((whole, rest)) = number.split_once(['.', ',']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    whole.len() == 1 && is_number(whole) && is_number(rest) && exponent.len() == 2 && is_number(exponent)
}

/// Says whether a character takes no room, so that two keys look the same.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// What is said of a text in which letters became several signs.
pub(super) const GARBLED: &str = "looks as if it was saved with one character set and opened with another (`Ã¼` instead of \
                                  `ü`); export it again, and open it as UTF-8";

/// Says whether a text was UTF-8 that somebody has read as Windows-1252: `SchÃ¶ne TÃ¼te`.
pub(super) fn is_garbled(text: &str) -> bool {
    let mut before = ' ';
    for character in text.chars() {
        let goes_on = matches!(character, '\u{80}'..='\u{bf}') || WINDOWS.contains(character);
        if before == 'Ã' && goes_on {
            return true;
        }
        before = character;
    }
    text.contains("â€") || text.contains("â‚¬")
}

/// The signs that Windows-1252 has where other sets have control characters.
const WINDOWS: &str = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_a_spreadsheet_program_has_spoilt_are_doubted() {
        for key in ["1.23457E+12", "4,00612E+12", "=\"00124\"", "'00123"] {
            assert!(doubt(key).is_some(), "{key}");
        }
        for key in ["1E3", "A-1.5E+12", "1.5E+1", "12.5E+12", "'tis", "=A1", "1.E+12", "24-MB01"] {
            assert_eq!(doubt(key), None, "{key}");
        }
    }

    #[test]
    fn texts_that_were_opened_with_another_character_set_are_known() {
        for text in ["SchÃ¶ne TÃ¼te", "GrÃ¶ÃŸe", "Ã„rmel", "FÃ¼r 5 â‚¬", "Menâ€™s"] {
            assert!(is_garbled(text), "{text}");
        }
        for text in ["Schöne Tüte", "NÃO", "SÃO PAULO", "Ã la carte", "château", ""] {
            assert!(!is_garbled(text), "{text}");
        }
    }

    #[test]
    fn errors_are_known_by_their_whole_text() {
        assert!(is_error("#N/A") && is_error(" #WERT! "));
        assert!(!is_error("#1") && !is_error("see #N/A") && !is_error(""));
    }
}

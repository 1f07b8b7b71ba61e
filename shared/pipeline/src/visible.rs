//! Text from outside, shown so that a person sees what is in it and a terminal obeys none of it.
//!
//! Control characters move the cursor and colour the screen, and the marks that turn the direction of writing let a text
//! read as another one. Both become something to look at; nothing is left out.

use std::borrow::Cow;

/// The text in one line: what is hidden or would be obeyed becomes a picture (`␛`) or its number (`<U+202E>`).
///
/// A tab stays. Line ends become pictures, so that what was one line stays one.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    shown(text, |c| c == '\t')
}

/// The same for a text of several lines: their ends stay.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    shown(text, |c| matches!(c, '\t' | '\n'))
}

/// JSON that a terminal obeys nothing of: what is hidden in its strings is written as `\u202e`. It means the same.
#[must_use]
pub fn visible_json(json: &str) -> Cow<'_, str> {
    // JSON itself escapes the control characters of ASCII, so a line end is one between two values.
    let is_hidden = |c: char| is_hidden(c) && !c.is_ascii();
    if !json.contains(is_hidden) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_hidden(c) {
            // JSON has no escape for what is beyond 16 bits, but for its two halves.
            for unit in c.encode_utf16(&mut [0; 2]) {
                shown += &format!("\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn shown(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_hidden = |c: char| is_hidden(c) && !stays(c);
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            _ if !is_hidden(c) => shown.push(c),
            '\0'..='\u{1f}' => shown.push(picture(c)),
            '\u{7f}' => shown.push('␡'),
            _ => shown += &format!("<U+{:04X}>", u32::from(c)),
        }
    }
    Cow::Owned(shown)
}

/// The picture of a control character: Unicode has them in the same order, from U+2400 on.
fn picture(c: char) -> char {
    char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')
}

/// Whether a character is obeyed or cannot be seen. The joiners U+200C and U+200D are not among them: scripts and emoji
/// are written with them.
fn is_hidden(c: char) -> bool {
    let turns_direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks_line = matches!(c, '\u{2028}' | '\u{2029}');
    let has_no_width = matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || turns_direction || breaks_line || has_no_width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_becomes_visible() {
        assert_eq!(visible("\u{1b}[31mred\u{7f}\0"), "␛[31mred␡␀");
        assert_eq!(visible("a\r\nb\tc"), "a␍␊b\tc");
        assert_eq!(visible("\u{9b}2J"), "<U+009B>2J");
    }

    #[test]
    fn what_turns_the_direction_or_has_no_width_becomes_visible() {
        assert_eq!(visible("abc\u{202e}fdp.exe"), "abc<U+202E>fdp.exe");
        assert_eq!(visible("\u{2066}a\u{2069}\u{200f}"), "<U+2066>a<U+2069><U+200F>");
        assert_eq!(visible("a\u{200b}b\u{feff}\u{2028}"), "a<U+200B>b<U+FEFF><U+2028>");
    }

    #[test]
    fn json_means_the_same_and_hides_nothing() {
        assert_eq!(
            visible_json("{\n  \"a\": \"b\u{202e}\u{9b}\u{e0041}\"\n}"),
            "{\n  \"a\": \"b\\u202e\\u009b\\udb40\\udc41\"\n}"
        );
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in ["", "größe 5 €", "👩\u{200d}🔧", "שלום", "a\tb"] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text}");
        }
        assert_eq!(visible_lines("a\nb\r\n"), "a\nb␍\n");
    }
}

//! Texts that are longer than their place.

use unicode_segmentation::UnicodeSegmentation;

/// A part of a text that goes through several elements, the first is 1, and what comes behind it. All parts, one behind the
/// other, are the text again.
pub(super) fn part(text: &str, index: usize, length: usize) -> (&str, &str) {
    let mut rest = text;
    for _ in 1..index {
        rest = &rest[cut(rest, length).len()..];
    }
    let part = cut(rest, length);
    (part, &rest[part.len()..])
}

/// The beginning of a text, cut between two characters that people see as such.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    let mut characters = 0;
    let whole = text.grapheme_indices(true).take_while(|(_, grapheme)| {
        characters += grapheme.chars().count();
        characters <= limit
    });
    let end = whole.last().map_or(0, |(start, grapheme)| start + grapheme.len());
    &text[..end]
}

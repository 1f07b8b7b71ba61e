//! What the first bytes of a file tell: whether it is packed, in which characters it is written, whether it is CSV at all.

use crate::csv::{CsvFormat, CsvPosition};

/// How many bytes of a file are looked at.
pub const FIRST_BYTES: usize = 64 * 1024;

const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a file holds, as far as its first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text,
    /// Text in UTF-16, with its byte order mark.
    Utf16,
    /// Something packed by gzip.
    Gzip,
    /// A zip archive.
    Zip,
    /// Something that no import reads, with what it is and how a person makes a CSV file of it.
    Other(&'static str),
}

/// Tells what a file holds by its first bytes.
#[must_use]
pub fn recognise(first: &[u8]) -> Content {
    let text = first.strip_prefix(UTF_8_MARK).unwrap_or(first).trim_ascii_start();
    let starts_with = |word: &[u8]| text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word);
    match first {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Content::Utf16,
        [0x1f, 0x8b, ..] => Content::Gzip,
        [b'P', b'K', 3, 4, ..] if is_workbook(first) => Content::Other(WORKBOOK),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Content::Zip,
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Content::Other(WORKBOOK),
        [b'%', b'P', b'D', b'F', ..] => Content::Other("is a PDF document and no CSV file"),
        _ if starts_with(b"<!doctype") || starts_with(b"<html") => {
            Content::Other("is a web page and no CSV file; was the download refused?")
        }
        _ if starts_with(b"<?xml") => Content::Other("is an XML document and no CSV file"),
        _ if first.iter().take(1_000).any(|byte| *byte == 0) => {
            Content::Other("holds zero bytes, as a text in UTF-16 without its mark does; save it as `CSV UTF-8`")
        }
        _ => Content::Text,
    }
}

const WORKBOOK: &str = "is a workbook of a spreadsheet program and no CSV file; open it there and save it as `CSV UTF-8 (comma delimited)`";

/// The first entry of a workbook has one of these names.
fn is_workbook(zip: &[u8]) -> bool {
    let name = zip.get(30..).unwrap_or_default();
    [&b"[Content_Types].xml"[..], b"xl/", b"_rels/", b"docProps/", b"mimetype"]
        .iter()
        .any(|known| name.starts_with(known))
}

/// How the cells of a file are separated, and where its header starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognisedFormat {
    /// The format to read the file with.
    pub format: CsvFormat,
    /// Where the header starts.
    pub header: CsvPosition,
    /// What a person should know of it, if it is not as usual: a sentence.
    pub notice: Option<String>,
}

/// Tells how the cells of a text file are separated: as its `sep=` line says, or as its header shows.
///
/// Only a header of a single cell is taken for one of another delimiter, so a file that can be read as usual always is.
#[must_use]
pub fn recognise_format(first: &[u8], usual: CsvFormat) -> RecognisedFormat {
    // Spreadsheet programs write the line `sep=` for each other and never tell readers; it counts more than the header.
    let mark = if first.starts_with(UTF_8_MARK) { UTF_8_MARK.len() } else { 0 };
    let line = first_line(&first[mark..]);
    if let Some(&[delimiter]) = line.strip_prefix(b"sep=") {
        let length = mark + line.len() + line_break(&first[mark + line.len()..]);
        let header = CsvPosition { byte_offset: length as u64, line: 2 };
        let notice = format!("its first line says that cells are separated by {}", in_words(delimiter));
        return RecognisedFormat { format: CsvFormat { delimiter, ..usual }, header, notice: Some(notice) };
    }
    let as_usual = RecognisedFormat { format: usual, header: CsvPosition::START, notice: None };
    if line.contains(&usual.delimiter) {
        return as_usual;
    }
    let other = [b';', b'\t', b','].into_iter().find(|delimiter| line.contains(delimiter));
    match other {
        None => as_usual,
        Some(delimiter) => RecognisedFormat {
            format: CsvFormat { delimiter, ..usual },
            notice: Some(format!("its cells are separated by {}, as its header shows", in_words(delimiter))),
            ..as_usual
        },
    }
}

fn first_line(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(text.len());
    &text[..end]
}

fn line_break(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

fn in_words(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "tabs".to_owned(),
        other => format!("`{}`", char::from(other).escape_default()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        let zip = |name: &[u8]| [&b"PK\x03\x04"[..], &[0; 26], name].concat();
        let cases: [(&[u8], Content); 8] = [
            (b"sku,name\n", Content::Text),
            (b"\xef\xbb\xbfsku", Content::Text),
            (b"\xff\xfes\0k\0", Content::Utf16),
            (b"\x1f\x8b\x08", Content::Gzip),
            (&zip(b"product-import.csv"), Content::Zip),
            (&zip(b"[Content_Types].xml"), Content::Other(WORKBOOK)),
            (b"\n <!DOCTYPE html>", Content::Other("is a web page and no CSV file; was the download refused?")),
            (b"", Content::Text),
        ];
        for (first, expected) in cases {
            assert_eq!(recognise(first), expected, "{}", first.escape_ascii());
        }
    }

    #[test]
    fn the_delimiter_is_told_by_a_line_or_by_the_header() {
        let told = |first: &[u8]| {
            let found = recognise_format(first, CsvFormat::RFC_4180);
            let CsvPosition { byte_offset, line } = found.header;
            format!("{} at {byte_offset}:{line}, {:?}", char::from(found.format.delimiter), found.notice)
        };
        insta::assert_snapshot!(told(b"sku,name\n"), @", at 0:1, None");
        insta::assert_snapshot!(told(b"sku;name;price,net\n"), @", at 0:1, None");
        insta::assert_snapshot!(told(b"sku;name\n"), @r#"; at 0:1, Some("its cells are separated by `;`, as its header shows")"#);
        insta::assert_snapshot!(told(b"\xef\xbb\xbfsep=;\r\nsku;name\n"), @r#"; at 10:2, Some("its first line says that cells are separated by `;`")"#);
        insta::assert_snapshot!(told(b"sku\n"), @", at 0:1, None");
    }

    proptest! {
        #[test]
        fn no_first_bytes_make_it_panic(first in prop::collection::vec(prop::num::u8::ANY, 0..60)) {
            let _ = (recognise(&first), recognise_format(&first, CsvFormat::RFC_4180));
        }
    }
}

//! What import files are made of: rows, cells, names.

use import::bunch::BunchId;
use import::category_path::CategoryPath;
use import::csv::{CsvFormat, CsvPosition, CsvRow, Header, ReadRow, RowReader};
use import::dialect::Dialect;
use import::file_name::FileName;
use import::{cell, date, number, url_key};
use store::files::check_key;

use super::assert_kept;
use crate::fresh_engine::{self, wait_for};

/// How the bytes of an input are cut, beside in one piece.
const PIECES: [usize; 3] = [1, 7, 4096];

/// Inputs that are longer are not read byte by byte.
const SHORT: usize = 20_000;

/// A file as it was read: its rows, and the error that ended it.
#[derive(Debug, PartialEq)]
struct Read {
    header: Option<Header>,
    rows: Vec<ReadRow>,
    error: Option<import::csv::Error>,
}

pub(crate) fn csv(data: &[u8]) {
    for format in [CsvFormat::RFC_4180, CsvFormat { delimiter: b';', quote: b'\'', escape: Some(b'\\') }] {
        let whole = read(RowReader::new(format), data, usize::MAX);
        assert_in_order(&whole, data);
        for piece in PIECES {
            if piece > 1 || data.len() <= SHORT {
                assert_eq!(read(RowReader::new(format), data, piece), whole, "cut into pieces of {piece} bytes");
            }
        }
        assert_resumes(&whole, format, data);
    }
}

/// Reads a file that comes in pieces.
fn read(mut reader: RowReader, data: &[u8], piece: usize) -> Read {
    let (mut rows, mut error) = (Vec::new(), None);
    let mut pieces = data.chunks(piece.min(data.len().max(1)));
    loop {
        match reader.next_row() {
            Ok(ReadRow::NeedsInput) => match pieces.next() {
                Some(bytes) => reader.feed(bytes),
                None => reader.finish(),
            },
            Ok(ReadRow::End) => break,
            Ok(row) => rows.push(row),
            Err(found) => {
                error = Some(found);
                break;
            }
        }
    }
    Read { header: reader.header().cloned(), rows, error }
}

fn place(row: &ReadRow) -> (CsvPosition, CsvPosition) {
    match row {
        ReadRow::Row(row) => (row.position, row.next),
        ReadRow::Bad(row) => (row.position, row.next),
        ReadRow::NeedsInput | ReadRow::End => unreachable!("these are no rows"),
    }
}

fn assert_in_order(read: &Read, data: &[u8]) {
    let lines = 1 + data.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64;
    let mut before = CsvPosition::START;
    for row in &read.rows {
        let (position, next) = place(row);
        assert!(before.byte_offset <= position.byte_offset && position.byte_offset < next.byte_offset, "{row:?}");
        assert!(before.line <= position.line && position.line <= next.line && next.line <= lines, "{row:?}");
        before = next;
    }
    assert!(before.byte_offset <= data.len() as u64);
    if let Some(error) = &read.error {
        assert!((1..=lines).contains(&error.line), "{error} of {lines} lines");
    }
}

/// Reading that stops in the middle and carries on gives the same rows.
fn assert_resumes(whole: &Read, format: CsvFormat, data: &[u8]) {
    let (Some(header), Some(middle)) = (&whole.header, whole.rows.get(whole.rows.len() / 2)) else { return };
    let (_, next) = place(middle);
    let rest = usize::try_from(next.byte_offset).expect("an input fits into memory");
    let resumed = read(RowReader::resume(format, header.clone(), next), &data[rest..], 64);
    assert_eq!(resumed.rows, whole.rows[whole.rows.len() / 2 + 1..], "resumed at {next:?}");
    assert_eq!(resumed.error, whole.error);
}

/// The rows of a file that can be used, with its header.
pub(super) fn rows(data: &[u8], format: CsvFormat) -> Option<(Header, Vec<CsvRow>)> {
    let read = read(RowReader::new(format), data, usize::MAX);
    let usable = |row| if let ReadRow::Row(row) = row { Some(row) } else { None };
    Some((read.header?, read.rows.into_iter().filter_map(usable).collect()))
}

pub(crate) fn cells(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for dialect in [Dialect::m2if(), Dialect::magento('|')] {
        let _ = cell::list(&text, &dialect);
        let _ = cell::places(&text, &dialect);
        let _ = cell::paths(&text, &dialect);
        let _ = cell::raw_pairs(&text, &dialect);
        let _ = cell::pairs(&text, &dialect);
        let _ = cell::entries(&text, &dialect);
        let _ = cell::values(&text, &dialect);
        let _ = dialect.numbers.canonical(&text);
    }
    if let Ok(path) = text.parse::<CategoryPath>() {
        assert_kept(&path);
        assert_eq!(path.to_string().parse().as_ref(), Ok(&path), "`{path}` is read as another path");
    }
    let key = url_key::from_text(&text);
    assert_eq!(url_key::from_text(&key), key, "a key is a key of itself");
    if let Some(found) = date::canonical(&text) {
        assert_eq!(date::canonical(&found).as_ref(), Some(&found));
    }
    let mut numbers = text.lines().filter_map(number::canonical);
    if let Some(one) = numbers.next() {
        assert_eq!(number::canonical(&one).as_ref(), Some(&one));
        let other = numbers.next().unwrap_or_else(|| one.clone());
        let sum = number::sum(&one, &other);
        assert_eq!(sum, number::sum(&other, &one), "`{one}` and `{other}`");
        assert!(sum.is_none_or(|sum| number::canonical(&sum).as_ref() == Some(&sum)), "`{one}` and `{other}`");
    }
}

pub(crate) fn file_names(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match text.parse::<FileName>() {
        Ok(name) => {
            assert_kept(&name);
            assert_eq!(name.to_string(), *text);
            let _ = name.number();
            assert!(check_key(&format!("incoming/{name}")).is_ok() || text.len() > 1000, "{name}");
        }
        Err(error) => assert!(!error.to_string().contains('\n') || text.contains('\n')),
    }
    if let Ok(id) = text.parse::<BunchId>() {
        assert_kept(&id);
        assert_eq!(id.to_string(), *text);
    }
    if check_key(&text).is_ok() {
        let parts = std::path::Path::new(&*text).components();
        assert!(
            parts.into_iter().all(|part| matches!(part, std::path::Component::Normal(_))),
            "{text} leaves its folder"
        );
    }
    // What is offered for upload lands under the key of its name, or nowhere.
    let context = fresh_engine::context();
    wait_for(async {
        let ticket =
            operate::upload::ticket(&context, &text, 3, operate::AuditStamp { by: "an input", at: fresh_engine::NOW })
                .await;
        if let Ok(ticket) = ticket {
            assert_eq!(ticket.key, format!("incoming/{text}"));
            assert!(!text.contains('/'));
        }
    });
}

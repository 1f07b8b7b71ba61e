//! CSV of the orders, read back as RFC 4180 says.

use orders::document::{DocumentSettings, Group};
use orders::format::{CsvSettings, DecimalMark, Formulas, LineFeeds};
use orders::line_number::{self, LineOrdinals, NumberRules};
use orders::money::MoneyRules;

use crate::sample::reported;

fn document(file: &str) -> Group {
    let order = reported(file);
    let mut ordinals = LineOrdinals::new();
    line_number::number(&order, &mut ordinals);
    MoneyRules::default().document(&order, (&ordinals, &NumberRules::default()), &DocumentSettings::default())
}

fn settings() -> CsvSettings {
    let columns = "order_id,lastname,company,street,postcode,city,phone,sku,name,qty,price,discount";
    CsvSettings {
        columns: columns.split(',').map(Into::into).collect(),
        charset: "windows-1252".into(),
        decimal: DecimalMark::Comma,
        ..CsvSettings::default()
    }
}

/// The records of a file, the header among them.
fn records(settings: &CsvSettings, file: &str) -> Vec<Vec<String>> {
    let bytes = settings.write(&document(file)).unwrap().bytes;
    assert!(bytes.ends_with(b"\r\n"));
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let mut reader =
        csv::ReaderBuilder::new().delimiter(settings.delimiter).has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

const REPORT: &str = "csv-line-breaks-and-zeros/order.json";

#[test]
fn fields_keep_their_zeros_quotes_and_separators() {
    let records = records(&settings(), REPORT);
    assert_eq!(records.len(), 3);
    let street = records[1][3].clone();
    assert!(!street.contains('\n') && street == records[2][3], "{street}");
    let company = "=1+1 Handel GmbH";
    let begin = ["000005114", "O\"Brien; jun.", company, &street, "01067", "Dresden", "+49 351 000000"];
    let first = ["+49-HOSE", "=Hose; 1/2\" \"blue\"", "2", "6,00", "1,50"];
    assert_eq!(records[1], [&begin[..], &first].concat());
    assert_eq!(records[2], [&begin[..], &["00012", "Seal", "1", "3,00", "0,00"]].concat());
}

#[test]
fn a_decimal_comma_is_quoted_where_it_separates() {
    let settings = CsvSettings { delimiter: b',', ..settings() };
    assert_eq!(records(&settings, REPORT)[1][10], "6,00");
    let bytes = settings.write(&document(REPORT)).unwrap().bytes;
    assert!(String::from_utf8_lossy(&bytes).contains("\"6,00\""));
}

#[test]
fn the_guard_touches_texts_and_never_numbers() {
    let guarded = CsvSettings { formulas: Formulas::Guarded, line_feeds: LineFeeds::Kept, ..settings() };
    let records = records(&guarded, REPORT);
    assert_eq!(records.len(), 3, "a line feed within a field begins no record");
    assert!(records[1][3].contains('\n'), "{}", records[1][3]);
    assert_eq!([&records[1][2], &records[1][7]], ["'=1+1 Handel GmbH", "'+49-HOSE"]);
    assert_eq!([&records[1][10], &records[1][11]], ["6,00", "1,50"]);
}

#[test]
fn what_is_not_there_is_told() {
    let told = |settings: CsvSettings| settings.write(&document(REPORT)).unwrap_err().to_string();
    let misspelt = told(CsvSettings { columns: vec!["ordr".into()], ..settings() });
    assert!(misspelt.starts_with("there is no column `ordr` (there are order_id, created_at, "), "{misspelt}");
    let unknown = CsvSettings { charset: "latin-17".into(), ..settings() };
    assert_eq!(told(unknown), "there is no character set `latin-17` (example: `windows-1252`)");
    let notes = settings().write(&document("edifact-escapes-and-lengths/order.json")).unwrap().notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
}

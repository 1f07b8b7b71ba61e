use insta::assert_snapshot;
use patience::wait;
use proptest::prelude::*;

use super::*;

/// Reads a file in chunks of the given size, from the given place on; one line of text per answer.
fn read_from(reader: RowReader, bytes: &[u8], chunk_bytes: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for answer in answers(reader, bytes, chunk_bytes) {
        lines.push(match answer {
            Ok(ReadRow::Row(row)) => {
                let cells: Vec<&str> = row.iter().collect();
                format!("{}: {}", row.position.line, cells.join(" | ").escape_debug())
            }
            Ok(ReadRow::Bad(bad)) => bad.to_string(),
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("error: {error}"),
        });
    }
    lines
}

fn answers(mut reader: RowReader, bytes: &[u8], chunk_bytes: usize) -> Vec<Result<ReadRow, Error>> {
    let mut answers = Vec::new();
    let mut chunks = bytes.chunks(chunk_bytes.max(1));
    let wait = wait("the reader comes to the end of the file");
    loop {
        wait.go_on();
        match reader.next_row() {
            Ok(ReadRow::NeedsInput) => match chunks.next() {
                Some(chunk) => reader.feed(chunk),
                None => reader.finish(),
            },
            Ok(ReadRow::End) => return answers,
            Err(error) => {
                answers.push(Err(error));
                return answers;
            }
            row => answers.push(row),
        }
    }
}

fn read(text: &str) -> String {
    read_from(RowReader::new(CsvFormat::RFC_4180), text.as_bytes(), 7).join("\n")
}

#[test]
fn a_row_knows_the_line_on_which_it_starts() {
    assert_snapshot!(read("a,b\n1,2\n\"x\ny\",z\n\n3,4"), @r"
    2: 1 | 2
    3: x\ny | z
    6: 3 | 4
    ");
}

#[test]
fn every_kind_of_line_end_counts_as_one_line() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "1,2", "\"x", "y\",z", "", "3,4", ""].join(end);
        let lines: Vec<u64> = rows(&text).iter().map(|row| row.position.line).collect();
        assert_eq!(lines, [2, 3, 6], "line end {end:?}");
    }
}

/// The header of a file that comes in chunks of the given size, and the first row behind it.
fn header_and_first_row(file: &[u8], chunk_bytes: usize) -> (Vec<String>, CsvRow) {
    let mut reader = RowReader::new(CsvFormat::RFC_4180);
    let mut chunks = file.chunks(chunk_bytes);
    loop {
        match reader.next_row().unwrap() {
            ReadRow::NeedsInput => match chunks.next() {
                Some(chunk) => reader.feed(chunk),
                None => reader.finish(),
            },
            ReadRow::Row(row) => return (reader.header().unwrap().names().to_vec(), row),
            other @ (ReadRow::Bad(_) | ReadRow::End) => panic!("{other:?} instead of the first row"),
        }
    }
}

#[test]
fn a_byte_order_mark_belongs_to_no_name_and_no_cell() {
    for file in ["\u{feff}sku,b\n1,2\n", "\u{feff}\"sku\",b\r\n1,2", "\u{feff}\n\nsku,b\n1,2\n"] {
        for chunk_bytes in 1..=file.len() {
            let (header, row) = header_and_first_row(file.as_bytes(), chunk_bytes);
            assert_eq!(header, ["sku", "b"], "{file:?} in chunks of {chunk_bytes}");
            assert_eq!(row.iter().collect::<Vec<_>>(), ["1", "2"], "{file:?} in chunks of {chunk_bytes}");
            // Its bytes count: reading resumes at a byte of the file.
            assert_eq!(row.next.byte_offset, file.len() as u64, "{file:?} in chunks of {chunk_bytes}");
        }
    }
}

#[test]
fn a_byte_order_mark_in_the_middle_of_a_file_stays() {
    let file = "a,b\n\u{feff}1,2\n";
    assert_eq!(header_and_first_row(file.as_bytes(), 3).1.get(0), Some("\u{feff}1"));
    let header = header_and_first_row(file.as_bytes(), 3).0;
    assert_eq!(header, ["a", "b"]);
    // A reader that resumes there has a first byte, too.
    let mut first = RowReader::new(CsvFormat::RFC_4180);
    first.feed(b"a,b\n1,2\n");
    first.next_row().unwrap();
    let header = first.header().unwrap().clone();
    let resumed = RowReader::resume(CsvFormat::RFC_4180, header, CsvPosition { byte_offset: 4, line: 2 });
    assert_eq!(read_from(resumed, "\u{feff}1,2\n".as_bytes(), 4), ["2: \\u{feff}1 | 2"]);
}

#[test]
fn a_quote_stands_for_itself_doubled_or_escaped() {
    assert_snapshot!(read("a,b\n\"5\"\" disc\",x\n"), @r#"2: 5\" disc | x"#);
    let format = CsvFormat { escape: Some(b'\\'), ..CsvFormat::RFC_4180 };
    let lines = read_from(RowReader::new(format), b"a,b\n\"5\\\" disc\",x\n", 3);
    assert_snapshot!(lines.join("\n"), @r#"2: 5\" disc | x"#);
}

#[test]
fn a_ragged_row_is_an_error_of_its_own_and_reading_goes_on() {
    assert_snapshot!(read("a,b\n1,2\n3\n4,5,6\n7,8\n"), @r"
    2: 1 | 2
    line 3: expected 2 columns, found 1
    line 4: expected 2 columns, found 3; is a quote inside of a quoted cell not doubled?
    5: 7 | 8
    ");
}

#[test]
fn curly_quotes_are_named_as_the_cause_of_a_ragged_row() {
    assert_snapshot!(read("a,b\n“1,2”,3\n"), @r#"line 2: expected 2 columns, found 3; the row holds curly quotes (`“`, `”`) where CSV needs straight ones (`"`)"#);
    assert_snapshot!(read("a,b\n“1”,3\n"), @"2: “1” | 3");
}

#[test]
fn a_cell_that_is_not_utf_8_is_named_by_column_and_byte() {
    let reader = RowReader::new(CsvFormat::RFC_4180);
    let lines = read_from(reader, b"a,b\n1,gr\xfc\xdfe\n\xc3,\xa4\n2,3\n", 4);
    assert_snapshot!(lines.join("\n"), @"
    line 2: character 3 of the cell in column `b` is not UTF-8; the file seems to be saved in an older character set such as Windows-1252: save it as `CSV UTF-8`, or set `from-charset` to it in the configuration, such as `windows-1252`
    line 3: character 1 of the cell in column `a` is not UTF-8; the file seems to be saved in an older character set such as Windows-1252: save it as `CSV UTF-8`, or set `from-charset` to it in the configuration, such as `windows-1252`
    4: 2 | 3
    ");
}

#[test]
fn a_header_must_name_every_column_once() {
    assert_snapshot!(read(""), @"error: line 1: the file is empty, but a header row was expected");
    assert_snapshot!(read("\n\n"), @"error: line 3: the file is empty, but a header row was expected");
    assert_snapshot!(read("sku,,qty\n"), @"error: line 1: column 2 of the header has no name; the first line must name all columns, without a title above them");
    // Separators behind the last name and the last cell are no columns.
    assert_snapshot!(read("sku,qty,, \n1,2,,\n3,4\n5,6,,x\n"), @"
    2: 1 | 2
    3: 3 | 4
    line 4: expected 2 columns, found 4; is a quote inside of a quoted cell not doubled?
    ");
    assert_snapshot!(read("sku,qty,sku\n"), @"error: line 1: column 3 of the header repeats `sku`, which is column 1");
    let reader = RowReader::new(CsvFormat::RFC_4180);
    assert_snapshot!(read_from(reader, b"a\xff,b\n", 9).join("\n"), @"error: line 1: the header cannot be read: character 2 of the cell in column 1 is not UTF-8; the file seems to be saved in an older character set such as Windows-1252: save it as `CSV UTF-8`, or set `from-charset` to it in the configuration, such as `windows-1252`");
}

#[test]
fn a_missing_column_comes_with_a_guess_at_the_delimiter() {
    let missing = |text: &str| {
        let mut reader = RowReader::new(CsvFormat::RFC_4180);
        reader.feed(text.as_bytes());
        reader.finish();
        reader.next_row().unwrap();
        reader.header().unwrap().require("sku").unwrap_err().to_string()
    };
    assert_snapshot!(missing("name,qty\n"), @"line 1: the header has no column `sku`; the first line must name the columns, and it holds `name`, `qty`");
    assert_snapshot!(missing("sku;qty\n"), @"line 1: the header has no column `sku`; is the delimiter of this file `;`?");
    assert_snapshot!(missing("sku\tqty\n"), @"line 1: the header has no column `sku`; is the delimiter of this file a tab?");
}

#[test]
fn a_header_knows_its_line_and_a_missing_column_names_it() {
    let mut reader = RowReader::new(CsvFormat { delimiter: b';', ..CsvFormat::RFC_4180 });
    reader.feed(b"\r\n\n\nsku,qty\n");
    reader.finish();
    reader.next_row().unwrap();
    let header = reader.header().unwrap();
    assert_eq!(header.line(), 4);
    let missing = header.require("sku").unwrap_err().to_string();
    assert_snapshot!(missing, @"line 4: the header has no column `sku`; is the delimiter of this file `,`, or are its lines in quotes as a whole?");
}

#[test]
fn cells_may_be_as_large_as_the_limit_each() {
    let cell = "x".repeat(MAX_CELL_BYTES);
    let answers = answers(RowReader::new(CsvFormat::RFC_4180), format!("a,b\n{cell},{cell}\n").as_bytes(), 1 << 16);
    let rows: Vec<_> = answers.iter().filter(|answer| matches!(answer, Ok(ReadRow::Row(_)))).collect();
    assert_eq!(rows.len(), 1);
    assert_snapshot!(read(&format!("a,b\n1,{cell}x\n")), @"error: line 2: a cell starts here that is larger than 1048576 bytes; is its closing quote missing?");
}

#[test]
fn an_open_quote_is_an_error_on_the_line_where_it_opened() {
    assert_snapshot!(read("a,b\n1,2\n3,\"x\n4,5\n"), @r"
    2: 1 | 2
    error: line 3: a quoted cell starts here and never ends
    ");
    let swallowed = format!("a,b\n1,\"x\n{}", "y,z\n".repeat(MAX_CELL_BYTES));
    assert_snapshot!(read(&swallowed), @"error: line 2: a cell starts here that is larger than 1048576 bytes; is its closing quote missing?");
}

#[test]
fn a_row_with_absurdly_many_cells_is_an_error() {
    assert_snapshot!(read(&format!("a,b\n{}\n", ",".repeat(MAX_COLUMNS))), @"error: line 2: the row has more than 2000 cells");
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let mut reader = RowReader::new(CsvFormat::RFC_4180);
    reader.feed(b"a,b\n");
    let wait = wait("the reader asks for more");
    for _ in 0..5_000 {
        reader.feed(b"1,\"two\nlines\"\n");
        while reader.next_row().unwrap() != ReadRow::NeedsInput {
            wait.go_on();
        }
    }
    assert!(reader.held_bytes() < 64 * 1024);
}

fn rows(text: &str) -> Vec<CsvRow> {
    let answers = answers(RowReader::new(CsvFormat::RFC_4180), text.as_bytes(), 5);
    answers
        .into_iter()
        .filter_map(|answer| match answer {
            Ok(ReadRow::Row(row)) => Some(row),
            _ => None,
        })
        .collect()
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    let cell = "[a-zß€\u{feff}\",\r\n ]{0,6}";
    (1..5usize).prop_flat_map(move |width| prop::collection::vec(prop::collection::vec(cell, width), 0..8))
}

fn written(table: &[Vec<String>], terminator: csv::Terminator) -> Vec<u8> {
    let width = table.first().map_or(1, Vec::len);
    let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
    writer.write_record((0..width).map(|n| format!("column_{n}"))).unwrap();
    for row in table {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

fn terminator() -> impl Strategy<Value = csv::Terminator> {
    prop_oneof![Just(csv::Terminator::CRLF), Just(csv::Terminator::Any(b'\n')), Just(csv::Terminator::Any(b'\r'))]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(table in table(), terminator in terminator(), chunk_bytes in 1..64usize) {
        let bytes = written(&table, terminator);
        let read: Vec<Vec<String>> = answers(RowReader::new(CsvFormat::RFC_4180), &bytes, chunk_bytes)
            .into_iter()
            .map(|answer| match answer {
                Ok(ReadRow::Row(row)) => row.iter().map(str::to_owned).collect(),
                other => panic!("{other:?}"),
            })
            .collect();
        // A row without any text is passed over.
        let table: Vec<Vec<String>> = table.into_iter().filter(|row| !row.concat().trim().is_empty()).collect();
        prop_assert_eq!(read, table);
    }

    #[test]
    fn chunks_do_not_change_what_is_read(
        bytes in prop::collection::vec(prop::sample::select(b"ab,\"\n\r\xc3\xa4\xef\xbb\xbf".to_vec()), 0..60),
        chunk_bytes in 1..20usize,
    ) {
        let whole = answers(RowReader::new(CsvFormat::RFC_4180), &bytes, bytes.len());
        let pieces = answers(RowReader::new(CsvFormat::RFC_4180), &bytes, chunk_bytes);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn reading_resumes_behind_any_row(
        bytes in prop::collection::vec(prop::sample::select(b"ab,\"\n\r\xc3\xa4\xef\xbb\xbf".to_vec()), 0..60),
        chunk_bytes in 1..20usize,
        mark in prop_oneof![Just(""), Just("\u{feff}")],
    ) {
        let mut file = format!("{mark}a,b\r\n").into_bytes();
        file.extend(bytes);
        let whole = answers(RowReader::new(CsvFormat::RFC_4180), &file, chunk_bytes);
        let header = || {
            let mut reader = RowReader::new(CsvFormat::RFC_4180);
            reader.feed(b"a,b\r\n");
            reader.next_row().unwrap();
            reader.header().unwrap().clone()
        };
        for (index, answer) in whole.iter().enumerate() {
            let next = match answer {
                Ok(ReadRow::Row(row)) => row.next,
                Ok(ReadRow::Bad(bad)) => bad.next,
                _ => continue,
            };
            let reader = RowReader::resume(CsvFormat::RFC_4180, header(), next);
            let rest = answers(reader, &file[usize::try_from(next.byte_offset).unwrap()..], chunk_bytes);
            prop_assert_eq!(&whole[index + 1..], rest.as_slice());
        }
    }
}

#[test]
fn a_cell_that_is_a_little_too_large_is_refused_however_it_comes() {
    let file = format!("sku\n{}\n", "x".repeat(MAX_CELL_BYTES + 1));
    for piece in [7, 4096, file.len()] {
        let mut reader = RowReader::new(CsvFormat::RFC_4180);
        let mut pieces = file.as_bytes().chunks(piece);
        let error = loop {
            match reader.next_row() {
                Ok(ReadRow::NeedsInput) => reader.feed(pieces.next().unwrap()),
                Ok(_) => panic!("a row of pieces of {piece} bytes"),
                Err(error) => break error,
            }
        };
        assert_eq!((error.line, error.kind), (2, ErrorKind::CellTooLarge), "{piece}");
    }
}

#[test]
fn a_quote_that_ends_a_cell_too_early_is_an_error_and_never_mended() {
    assert_snapshot!(read("a,b\n\"C\" clamp,x\n1,2\n"), @r#"
    line 2: the quoted cell in column `a` goes on behind its closing quote; is a quote inside of the cell not doubled (`""`)?
    3: 1 | 2
    "#);
    // The missing quote of the first row is made up for by the next one, which is swallowed.
    assert_snapshot!(read("a,b\n1,\"text without an end\n2,x\n3,\"another\"\n4,y\n"), @"
    line 2: the quoted cell in column `b` goes on behind its closing quote on line 4; is the closing quote of a cell before that line missing, so that the rows from line 2 on became one?
    5: 4 | y
    ");
    // In a cell without quotes around it, a quote is a character.
    assert_snapshot!(read("a,b\n28\" wheel,x\n"), @r#"2: 28\" wheel | x"#);
}

//! Reads whole files through the push reader, for tests that look at files as an import does.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use import::Entity;
use import::csv::{ReadRow, RowReader};
use import::entity::product::{ProductChange, Products};
use import::entity::{Columns, EntityRow, ReadingRules, UnknownNames};
use import::finding::Finding;
use patience::wait;

/// What reading a product file gave.
pub(crate) struct ProductFile {
    pub(crate) columns: Vec<String>,
    pub(crate) unknown_columns: Vec<String>,
    pub(crate) rows: Vec<EntityRow<ProductChange>>,
    /// Findings about rows, in order, those about unreadable rows among them.
    pub(crate) findings: Vec<Finding>,
    /// Rows of the file, readable or not, without the header.
    pub(crate) row_count: usize,
}

impl ProductFile {
    pub(crate) fn read(path: &Path, rules: &ReadingRules) -> Result<Self, Finding> {
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut reader = RowReader::new(rules.dialect.format);
        let mut bytes = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut chunk = vec![0; 10_007];
        let mut columns: Option<Columns<_>> = None;
        let mut file = Self {
            columns: Vec::new(),
            unknown_columns: Vec::new(),
            rows: Vec::new(),
            findings: Vec::new(),
            row_count: 0,
        };
        let wait = wait(format!("the reader comes to the end of {name}"));
        loop {
            wait.go_on();
            let answer = reader.next_row().map_err(|error| Finding::unreadable(name, &error))?;
            if let (None, Some(header)) = (&columns, reader.header()) {
                let found = Products::columns(name, header, rules.clone());
                let found = found.map_err(|error| Finding::unreadable(name, &error))?;
                file.columns = header.names().to_vec();
                file.unknown_columns = found.unknown().to_vec();
                columns = Some(found);
            }
            match answer {
                ReadRow::Row(row) => {
                    let mut row = Products::read(columns.as_ref().unwrap(), &row);
                    file.row_count += 1;
                    file.findings.append(&mut row.findings);
                    file.rows.push(row);
                }
                ReadRow::Bad(bad) => {
                    file.row_count += 1;
                    file.findings.push(Finding::bad_row(name, &bad));
                }
                ReadRow::NeedsInput => match bytes.read(&mut chunk).unwrap() {
                    0 => reader.finish(),
                    length => reader.feed(&chunk[..length]),
                },
                ReadRow::End => return Ok(file),
            }
        }
    }
}

/// Rules for files whose shop nobody knows.
pub(crate) fn any_shop() -> ReadingRules {
    ReadingRules { unknown_names: UnknownNames::Taken, ..ReadingRules::default() }
}

/// The sample files of other systems, which lie beside the project because of their licences.
pub(crate) fn samples() -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/imports");
    let root = PathBuf::from(root);
    assert!(root.is_dir(), "the sample files are expected in {}", root.display());
    root
}

//! One file imported in memory, row by row, and what the referee made of the same rows.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use import::Entity;
use import::across::{Across, Judging, RowPlace};
use import::csv::{ReadRow, RowReader};
use import::dialect::Dialect;
use import::entity::ReadingRules;
use import::entity::product::{Product, ProductChange, Products};
use import::finding::{Finding, Severity, Strictness};
use import::operation::Operation;
use patience::wait;
use serde_json::Value;

use super::facts::Referee;

/// What became of a row, or of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All of it was taken.
    Taken,
    /// It, or a value of it, cannot be used.
    Refused,
}

impl Verdict {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
        }
    }
}

/// What we made of a row.
pub(super) struct OurRow {
    pub(super) key: String,
    pub(super) verdict: Verdict,
    pub(super) problem: String,
}

/// What we made of a file.
pub(super) struct Imported {
    /// By their number, from 1, blank lines counted.
    pub(super) rows: BTreeMap<usize, OurRow>,
    pub(super) products: BTreeMap<String, Product>,
    /// Why the file cannot be read at all.
    pub(super) problem: Option<String>,
}

/// What the referee made of a file.
pub(super) struct Verdicts {
    pub(super) file: Verdict,
    /// Those that it refused, by number.
    pub(super) rows: BTreeMap<usize, Verdict>,
}

/// The codes of errors that refuse a file as a whole.
const FILE_ERRORS: [&str; 5] =
    ["columnNameInvalid", "columnNotFound", "columnEmptyHeader", "systemException", "columnsNumber"];

pub(super) fn verdicts(run: &Value) -> Verdicts {
    let errors = || run["validate"]["errors"].as_array().into_iter().flatten();
    let is_of_file = |error: &Value| FILE_ERRORS.iter().any(|code| error["code"] == *code);
    let is_unreadable = run["validate"]["source_error"].is_string();
    let is_refused = is_unreadable || errors().any(is_of_file);
    let rows = errors().filter_map(|error| usize::try_from(error["row"].as_u64()?).ok());
    Verdicts {
        file: if is_refused { Verdict::Refused } else { Verdict::Taken },
        rows: rows.map(|number| (number, Verdict::Refused)).collect(),
    }
}

/// Imports a file, leaving out rows and values that cannot be used.
pub(super) fn import(path: &Path, run: &Value, referee: &Referee) -> Imported {
    let mut importing = Importing {
        file: path.file_name().unwrap().to_str().unwrap().to_owned(),
        rules: rules(run, referee),
        imported: Imported { rows: BTreeMap::new(), products: referee.products.clone(), problem: None },
        across: Across::new(Strictness::Skip),
    };
    importing.across.begin_file(&importing.file);
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if let Err(problem) = importing.read(&bytes) {
        importing.imported.problem = Some(problem);
    }
    importing.imported
}

fn rules(run: &Value, referee: &Referee) -> ReadingRules {
    let separator = |name: &str| run[name].as_str().and_then(|text| text.chars().next());
    let mut dialect = Dialect::magento(separator("multi").unwrap_or(','));
    dialect.format.delimiter = separator("sep").and_then(|found| u8::try_from(found).ok()).unwrap_or(b',');
    ReadingRules { dialect, shop: referee.shop.clone(), ..ReadingRules::default() }
}

impl Imported {
    pub(super) fn file_verdict(&self) -> Verdict {
        if self.problem.is_some() { Verdict::Refused } else { Verdict::Taken }
    }
}

struct Importing {
    file: String,
    rules: ReadingRules,
    imported: Imported,
    across: Across,
}

impl Importing {
    fn read(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut reader = RowReader::new(self.rules.dialect.format);
        reader.feed(bytes);
        reader.finish();
        let mut columns = None;
        let mut number = 0;
        let mut end = 0;
        let wait = wait(format!("the reader comes to the end of {}", self.file));
        loop {
            wait.go_on();
            let answer = reader.next_row().map_err(|error| error.to_string())?;
            if let (None, Some(header)) = (&columns, reader.header()) {
                let found = Products::columns(&self.file, header, self.rules.clone());
                columns = Some(found.map_err(|error| error.to_string())?);
            }
            let (start, next) = match &answer {
                ReadRow::Row(row) => (row.position, row.next),
                ReadRow::Bad(bad) => (bad.position, bad.next),
                ReadRow::NeedsInput | ReadRow::End => return Ok(()),
            };
            let gap = &bytes[end as usize..start.byte_offset as usize];
            let blank_lines = if end == 0 { 0 } else { gap.iter().filter(|byte| **byte == b'\n').count() };
            number += 1 + blank_lines;
            end = next.byte_offset;
            match answer {
                ReadRow::Row(row) => self.take(number, &Products::read(columns.as_ref().unwrap(), &row)),
                ReadRow::Bad(bad) => self.note(number, String::new(), Some(Finding::bad_row(&self.file, &bad))),
                ReadRow::NeedsInput | ReadRow::End => unreachable!("both have returned"),
            }
        }
    }

    fn take(&mut self, number: usize, row: &import::entity::EntityRow<ProductChange>) {
        let blocking = row.findings.iter().find(|finding| finding.severity > Severity::Notice).cloned();
        let Some(change) = &row.change else {
            return self.note(number, String::new(), blocking);
        };
        let key = Products::key(change);
        if let Some(refusal) = self.judge(&key, row.line, change) {
            return self.note(number, key, blocking.or(Some(refusal)));
        }
        let refusal = self.apply(&key, change);
        let refusal = refusal.map(|problem| Finding::about(&self.file, row.line, problem, Severity::Row));
        self.note(number, key, blocking.or(refusal));
    }

    /// Why a row cannot be used as the rows before it stand, if so.
    fn judge(&mut self, key: &str, line: u64, change: &ProductChange) -> Option<Finding> {
        let existing = self.imported.products.get(key).map(|_| key.to_owned()).into_iter().collect();
        let judging = Judging { operation: Operation::AddUpdate, shop: &self.rules.shop, existing: &existing };
        let judged = self.across.judge::<Products>(RowPlace { file: &self.file, line }, change, judging);
        judged.found_here.into_iter().find(|finding| finding.severity >= Severity::Row)
    }

    fn apply(&mut self, key: &str, change: &ProductChange) -> Option<String> {
        let products = &mut self.imported.products;
        if let Some(product) = products.get_mut(key) {
            return Products::apply(product, change).err().map(|refusal| refusal.problem);
        }
        if let Some(missing) = Products::missing_if_new(change).into_iter().next() {
            return Some(format!("{}: {}", missing.column.unwrap_or_default(), missing.problem));
        }
        match Products::create(change) {
            Ok(product) => {
                products.insert(key.to_owned(), product);
                None
            }
            Err(refusal) => Some(refusal.problem),
        }
    }

    fn note(&mut self, number: usize, key: String, finding: Option<Finding>) {
        let verdict = if finding.is_some() { Verdict::Refused } else { Verdict::Taken };
        let problem = finding.map(|finding| finding.to_string()).unwrap_or_default();
        self.imported.rows.insert(number, OurRow { key, verdict, problem });
    }
}

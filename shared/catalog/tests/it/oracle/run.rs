//! One file imported in memory, row by row, and what the referee made of the same rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use import::Entity;
use import::across::{Across, Holders, Judging, RowPlace};
use import::csv::{ReadRow, RowReader};
use import::dialect::Dialect;
use import::entity::product::{Product, ProductChange, Products};
use import::entity::{ListedUnder, ReadingRules, Removal, Thing};
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

/// Products by key.
pub(super) type Stored = BTreeMap<String, Product>;

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

/// What a run did with its rows.
fn operation(run: &Value) -> Operation {
    match run["behavior"].as_str().unwrap_or("append") {
        "append" => Operation::AddUpdate,
        "replace" => Operation::Replace,
        "delete" => Operation::Delete,
        other => panic!("`{other}` is nothing that is done with rows"),
    }
}

/// Imports a file over what was there, leaving out rows and values that cannot be used.
pub(super) fn import(path: &Path, run: &Value, (referee, before): (&Referee, &Stored)) -> Imported {
    let mut importing = Importing {
        file: path.file_name().unwrap().to_str().unwrap().to_owned(),
        rules: rules(run, referee),
        imported: Imported { rows: BTreeMap::new(), products: before.clone(), problem: None },
        judged: Vec::new(),
        replaced: BTreeSet::new(),
        deleted: BTreeSet::new(),
        across: Across::new(Strictness::Skip),
    };
    importing.across.begin_file(&importing.file);
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if let Err(problem) = importing.read(&bytes) {
        importing.imported.problem = Some(problem);
    }
    importing.apply_all();
    importing.imported
}

fn rules(run: &Value, referee: &Referee) -> ReadingRules {
    let separator = |name: &str| run[name].as_str().and_then(|text| text.chars().next());
    let mut dialect = Dialect::magento(separator("multi").unwrap_or(','));
    dialect.format.delimiter = separator("sep").and_then(|found| u8::try_from(found).ok()).unwrap_or(b',');
    ReadingRules { dialect, shop: referee.shop.clone(), operation: operation(run), ..ReadingRules::default() }
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
    /// All rows are judged before the first one is applied.
    judged: Vec<JudgedRow>,
    /// The products that a row has made anew.
    replaced: BTreeSet<String>,
    /// Those that a row has taken away.
    deleted: BTreeSet<String>,
    across: Across,
}

struct JudgedRow {
    number: usize,
    line: u64,
    key: String,
    change: ProductChange,
    /// What it says of a product that is there, if that is something else.
    if_known: Option<ProductChange>,
    /// A value that cannot be used, though the row can.
    blocking: Option<Finding>,
    refusal: Option<Finding>,
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
        let (refusal, address) = self.judge(row.line, change);
        let addressed = address.and_then(|address| Products::with_address(change, &address));
        let if_known = addressed.as_ref().map(|_| change.clone());
        let change = addressed.unwrap_or_else(|| change.clone());
        self.judged.push(JudgedRow { number, line: row.line, key, change, if_known, blocking, refusal });
    }

    /// Why a row cannot be used as the rows before it stand, if so; and the address that its product gets.
    fn judge(&mut self, line: u64, change: &ProductChange) -> (Option<Finding>, Option<String>) {
        let products = &self.imported.products;
        let existing = products.get(&Products::key(change)).map(|_| Products::key(change)).into_iter().collect();
        let mut holders = Holders::new();
        let wait = wait(format!("all is known that is needed to judge line {line} of {}", self.file));
        loop {
            wait.go_on();
            let judging = Judging {
                operation: self.rules.operation,
                shop: &self.rules.shop,
                existing: &existing,
                holders: &holders,
            };
            let wanted = self.across.wanted::<Products>(change, judging);
            if wanted.is_empty() {
                let judged = self.across.judge::<Products>(RowPlace { file: &self.file, line }, change, judging);
                let mut found = judged.found_again.into_iter().chain(judged.found_here);
                return (found.find(|finding| finding.severity >= Severity::Row), judged.address);
            }
            holders.extend(wanted.into_iter().map(|under| (under.clone(), self.holders_of(&under))));
        }
    }

    fn holders_of(&self, under: &ListedUnder) -> Vec<String> {
        let holders = self.imported.products.iter().filter(|(_, product)| product.holds(under));
        holders.map(|(key, _)| key.clone()).collect()
    }

    fn apply_all(&mut self) {
        for finding in self.across.settle_claims::<Products>() {
            let row = self.judged.iter_mut().find(|row| row.line == finding.line).unwrap();
            row.refusal = Some(finding);
        }
        for row in std::mem::take(&mut self.judged) {
            let refusal = row.refusal.clone().or_else(|| {
                let problem = self.apply(&row)?;
                Some(Finding::about(&self.file, row.line, problem, Severity::Row))
            });
            self.note(row.number, row.key, row.blocking.or(refusal));
        }
    }

    fn apply(&mut self, row: &JudgedRow) -> Option<String> {
        let JudgedRow { key, change, if_known, .. } = row;
        let products = &mut self.imported.products;
        match self.rules.operation {
            Operation::Delete => return self.delete(key, change),
            Operation::Replace if self.replaced.insert(key.clone()) => drop(products.remove(key)),
            Operation::Replace | Operation::AddUpdate => {}
        }
        if let Some(product) = products.get_mut(key) {
            let change = if_known.as_ref().unwrap_or(change);
            return Products::apply(product, change).err().map(|refusal| refusal.problem);
        }
        if let Some(missing) = Products::missing_if_new(change).into_iter().next() {
            return Some(format!("{}: {}", missing.column.unwrap_or_default(), missing.problem));
        }
        match Products::create(change) {
            Ok(product) => {
                products.insert(key.clone(), product);
                None
            }
            Err(refusal) => Some(refusal.problem),
        }
    }

    fn delete(&mut self, key: &str, change: &ProductChange) -> Option<String> {
        let products = &mut self.imported.products;
        if self.deleted.contains(key) {
            return None;
        }
        let removal = products.get_mut(key).map_or(Removal::Nothing, |product| Products::remove(product, change));
        match removal {
            Removal::Whole => {
                products.remove(key);
                self.deleted.insert(key.to_owned());
            }
            Removal::Part => {}
            Removal::Nothing => return Some("there is nothing of this to delete".to_owned()),
        }
        None
    }

    fn note(&mut self, number: usize, key: String, finding: Option<Finding>) {
        let verdict = if finding.is_some() { Verdict::Refused } else { Verdict::Taken };
        let problem = finding.map(|finding| finding.to_string()).unwrap_or_default();
        self.imported.rows.insert(number, OurRow { key, verdict, problem });
    }
}

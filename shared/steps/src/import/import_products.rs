//! `import_products`: merges the rows of the bunch into the catalogue.
//!
//! Rows are taken in blocks. The products of a block are read at once, the rows applied in their order, and what changed is
//! written under the version that was read. A checkpoint follows every block, so a repetition begins with the block that
//! was interrupted, cuts it alike, and recognises by its mark what it wrote already: the counts are those of an
//! undisturbed run.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use catalog::product::{Applied, Product, ProductChange};
use catalog::table::{self, Stored, Update};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::bunch::Bunch;
use import::csv::Position;
use import::report::RowOutcome;
use import::validate::{Issue, Severity, missing_if_new};
use serde_json::json;
use store::table::Table;

use super::bunch_files::{
    BYTES_PER_CHECKPOINT, Checkpoint, Findings, NextRow, Output, Place, ProductFile, ROWS_PER_CHECKPOINT, bunch,
    checkpoint, count,
};
use super::import_categories::of_catalog;

/// The executor.
pub struct ImportProducts;

/// How often a product is read again because somebody else keeps writing it.
const RACES: usize = 10;

#[async_trait]
impl Executor for ImportProducts {
    fn name(&self) -> &'static str {
        "import_products"
    }

    fn description(&self) -> &'static str {
        "merges the rows of the product files into the catalogue"
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let bunch = bunch(work)?;
        let (mut place, mut findings) = Checkpoint::read(work).await?;
        while place.file < bunch.files.len() {
            if let Some(outcome) = import_file(work, &bunch, &mut place, &mut findings).await? {
                return Ok(outcome);
            }
        }
        let totals = findings.report.totals();
        work.info(&format!(
            "{} rows: {} created, {} updated, {} unchanged, {} skipped",
            totals.rows, totals.created, totals.updated, totals.unchanged, totals.skipped
        ));
        let key = findings.write(work, "import.json").await?;
        work.set_output(json!(Output { findings: key }));
        if totals.skipped > 0 {
            let message = match totals.skipped {
                1 => format!("1 of {} was skipped; the report names it", count(totals.rows, "row")),
                several => format!("{several} of {} rows were skipped; the report names them", totals.rows),
            };
            return Err(ExecutorError::InvalidData { message });
        }
        Ok(Outcome::Done)
    }
}

/// Imports one file to its end, or until time runs short.
async fn import_file(
    work: &mut Work<'_>,
    bunch: &Bunch,
    place: &mut Place,
    findings: &mut Findings,
) -> Result<Option<Outcome>, ExecutorError> {
    let files = work.store.files.clone();
    let directory = work.working_directory()?;
    let mut file =
        ProductFile::open(files.as_ref(), &directory, bunch, &bunch.files[place.file], place.position).await?;
    let name = file.name().to_owned();
    loop {
        let start = place.position.map_or(0, |position: Position| position.byte_offset);
        let block = read_block(&mut file, place, findings).await?;
        let mark = format!("{}/{name}@{start}", bunch.id);
        import_block(work.store.table.as_ref(), &name, &mark, block.changes, findings).await?;
        if block.is_last {
            findings.report.file(&name).unknown_columns.extend(file.unknown_columns());
            *place = Place { file: place.file + 1, position: None };
        }
        if place.file == bunch.files.len() {
            return Ok(None);
        }
        let outcome = checkpoint(work, *place, findings, "imported").await?;
        if outcome.is_some() || block.is_last {
            return Ok(outcome);
        }
    }
}

/// Some rows in a row.
#[derive(Default)]
struct Block {
    changes: Vec<RowChange>,
    rows: u64,
    is_last: bool,
}

/// A row that says something about a product.
struct RowChange {
    line: u64,
    change: ProductChange,
}

/// Reads the next rows. Those that cannot be used are counted here; those that can, when they are applied.
async fn read_block(
    file: &mut ProductFile<'_>,
    place: &mut Place,
    findings: &mut Findings,
) -> Result<Block, ExecutorError> {
    let mut block = Block::default();
    let name = file.name().to_owned();
    let offset = |place: &Place| place.position.map_or(0, |position: Position| position.byte_offset);
    let start = offset(place);
    while block.rows < ROWS_PER_CHECKPOINT && offset(place).saturating_sub(start) < BYTES_PER_CHECKPOINT {
        match file.next().await? {
            NextRow::Row(row) => {
                place.position = Some(row.next);
                let report = findings.report.file(&name);
                row.issues.into_iter().for_each(|issue| report.note(issue));
                match row.change {
                    Some(change) => block.changes.push(RowChange { line: row.line, change }),
                    None => report.count(RowOutcome::Skipped),
                }
            }
            NextRow::Bad { issue, next } => {
                place.position = Some(next);
                findings.skip(&name, issue);
            }
            // Validation refuses such a file, so it became unreadable since.
            NextRow::Broken(issue) => return Err(ExecutorError::permanent(issue.to_string())),
            NextRow::End => {
                block.is_last = true;
                break;
            }
        }
        block.rows += 1;
    }
    Ok(block)
}

/// Applies a block of rows to the catalogue, however often others write to the same products.
async fn import_block(
    table: &dyn Table,
    file: &str,
    mark: &str,
    changes: Vec<RowChange>,
    findings: &mut Findings,
) -> Result<(), ExecutorError> {
    let mut by_key: BTreeMap<String, Vec<RowChange>> = BTreeMap::new();
    for row in changes {
        by_key.entry(Product::key(&row.change.sku)).or_default().push(row);
    }
    for _ in 0..RACES {
        if by_key.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = by_key.keys().cloned().collect();
        let mut stored = table::products(table, &keys).await.map_err(of_catalog)?;
        let mut outcomes = HashMap::new();
        let mut updates = Vec::new();
        for (key, rows) in &by_key {
            let merged = merge(file, mark, stored.remove(key), rows);
            updates.extend(merged.update);
            outcomes.insert(key.clone(), merged.outcomes);
        }
        let written = table::write_products(table, &updates).await.map_err(of_catalog)?;
        for (key, outcomes) in outcomes {
            if !written.conflicts.contains(&key) {
                by_key.remove(&key);
                count_all(file, outcomes, findings);
            }
        }
    }
    let keys: Vec<String> = by_key.into_keys().collect();
    Err(ExecutorError::retryable(format!("others keep writing to products {}", keys.join(", "))))
}

/// What the rows of one product come to.
struct Merged {
    update: Option<Update>,
    outcomes: Vec<Result<RowOutcome, Issue>>,
}

fn merge(file: &str, mark: &str, before: Option<Stored>, rows: &[RowChange]) -> Merged {
    if let Some(outcomes) = before.as_ref().and_then(|before| own_outcomes(before, mark)) {
        // An earlier try of this block wrote the product and died before its checkpoint.
        let creation = outcomes.iter().position(|outcome| *outcome == RowOutcome::Created);
        let again = |(place, (outcome, row)): (usize, (&RowOutcome, &RowChange))| match outcome {
            RowOutcome::Skipped => {
                let existed = creation.is_none_or(|creation| creation < place);
                let mut copy = before.as_ref().filter(|_| existed).map(|before| before.product.clone());
                apply(file, row, &mut copy).and(Ok(RowOutcome::Skipped))
            }
            RowOutcome::Created | RowOutcome::Updated | RowOutcome::Unchanged => Ok(*outcome),
        };
        let outcomes = outcomes.iter().zip(rows).enumerate().map(again).collect();
        return Merged { outcomes, update: None };
    }
    let mut product = before.as_ref().map(|before| before.product.clone());
    let outcomes: Vec<_> = rows.iter().map(|row| apply(file, row, &mut product)).collect();
    let is_changed = product.as_ref() != before.as_ref().map(|before| &before.product);
    let update = product.filter(|_| is_changed).map(|product| Update {
        before,
        product,
        mark: format!("{mark} {}", outcomes.iter().map(letter).collect::<String>()),
    });
    Merged { update, outcomes }
}

fn apply(file: &str, row: &RowChange, product: &mut Option<Product>) -> Result<RowOutcome, Issue> {
    let issue = |problem: String| Issue::about(file, row.line, problem, Severity::Row);
    if let Some(product) = product {
        return match product.apply(&row.change) {
            Ok(Applied::Changed) => Ok(RowOutcome::Updated),
            Ok(Applied::Unchanged) => Ok(RowOutcome::Unchanged),
            Err(error) => Err(issue(error.to_string())),
        };
    }
    if row.change.store_view.is_none()
        && let Some(missing) = missing_if_new(file, row.line, &row.change).into_iter().next()
    {
        return Err(missing);
    }
    match Product::create(&row.change) {
        Ok(created) => {
            *product = Some(created);
            Ok(RowOutcome::Created)
        }
        Err(error) => Err(issue(error.to_string())),
    }
}

fn count_all(file: &str, outcomes: Vec<Result<RowOutcome, Issue>>, findings: &mut Findings) {
    for outcome in outcomes {
        match outcome {
            Ok(outcome) => findings.report.file(file).count(outcome),
            Err(issue) => findings.skip(file, issue),
        }
    }
}

/// The outcomes that a product's mark tells, if this very block wrote it.
fn own_outcomes(stored: &Stored, mark: &str) -> Option<Vec<RowOutcome>> {
    let letters = stored.mark.as_deref()?.strip_prefix(mark)?.strip_prefix(' ')?;
    letters.chars().map(|letter| OUTCOMES.iter().find(|(_, own)| *own == letter).map(|(outcome, _)| *outcome)).collect()
}

fn letter(outcome: &Result<RowOutcome, Issue>) -> char {
    let outcome = outcome.as_ref().copied().unwrap_or(RowOutcome::Skipped);
    OUTCOMES.iter().find(|(other, _)| *other == outcome).map_or('?', |(_, letter)| *letter)
}

const OUTCOMES: [(RowOutcome, char); 4] =
    [(RowOutcome::Created, 'c'), (RowOutcome::Updated, 'u'), (RowOutcome::Unchanged, '='), (RowOutcome::Skipped, '-')];

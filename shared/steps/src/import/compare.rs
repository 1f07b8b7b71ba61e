//! `compare_shop`: compares files with what a shop has, and changes nothing.
//!
//! Each row goes the way of an import up to the request that would be sent. What an import would leave out is equal; what
//! it would send is told: by row, by field, as the file says it and as the shop has it.

mod shop_values;

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use catalog::target::{Block, BlockSource, ItemOutcome, RowChange, Target};
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Work};
use import::Entity;
use import::bunch::Bunch;
use import::entity::{UnknownNames, Visitor, visit_all};
use import::finding::Finding;
use import::operation::Operation;
use magento::target::MagentoTarget;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::archive;
use super::bunch_files::{BUNCH, TAKES, bunch};
use super::configuration::CONFIGURATION;
use super::entity_file::{EntityFile, FileRules, NextRow};
use super::failures::of_target;
use super::progress::{ROWS_PER_CHECKPOINT, RowPlace};
use crate::shop::{Pretending, SHOP, ShopAge, ShopClients, WouldSend, known, rows_into, set_shop, set_shops};
use shop_values::shop_values;

/// Most differences that the step's log repeats; the file has all.
const LOGGED: usize = 20;

/// The executor.
pub struct CompareShop {
    /// Where shops are spoken to.
    pub shops: Arc<ShopClients>,
}

/// What a comparison has found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The shop.
    pub shop: String,
    /// Rows that were compared.
    pub rows: u64,
    /// Rows of which the shop has all that they say.
    pub equal: u64,
    /// What differs.
    pub differences: Vec<Difference>,
    /// Rows that no import could send.
    pub refused: Vec<Finding>,
}

/// A value that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// What it is a value of: a sku, most often.
    pub thing: String,
    /// The field, as the shop calls it.
    pub field: String,
    /// What the file says: the value that an import would send.
    pub file: Value,
    /// What the shop has, set there or by somebody else; nothing if it has none or does not tell.
    pub shop: Value,
    /// Where the file says so, as `file:line`.
    pub said_by: String,
}

#[async_trait]
impl Executor for CompareShop {
    fn name(&self) -> &'static str {
        "compare_shop"
    }

    fn description(&self) -> &'static str {
        "compares the rows of the bunch with what a shop has, tells each value that differs, and changes nothing"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&SHOP, &TAKES, &CONFIGURATION, &BUNCH])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let bunch = bunch(work)?;
        let settings = work.settings().await?;
        let named = work.optional_argument(&SHOP)?.or_else(|| set_shops(&settings).into_iter().next());
        let Some(name) = named else {
            return Ok(Outcome::Skipped { reason: "no setting names a shop; set `shop.url`".to_owned() });
        };
        let shop = set_shop(&settings, &name)?;
        let (client, pretending) = self.shops.pretending(work, &shop).await?;
        let known = known(work, (&shop, &client), ShopAge::Fresh).await?;
        let facts = known.facts.clone();
        let target = Arc::new(MagentoTarget::knowing(client.clone(), known));
        let rules = FileRules::new(work, facts, Operation::AddUpdate, UnknownNames::Refused).await?;
        let mut compared =
            Compared { target, pretending, bunch, rules, found: Comparison { shop: name, ..Comparison::default() } };
        for file in 0..compared.bunch.files.len() {
            let prefix = compared.bunch.files[file].name.prefix().to_owned();
            let entity = entities().into_iter().find(|entity| entity.prefixes().contains(&prefix.as_str()));
            if let Some(entity) = entity {
                entity.compare(work, &mut compared, file).await?;
            }
        }
        shop_values(&client, &mut compared.found.differences).await?;
        end(work, &compared.found).await
    }
}

/// A comparison while it goes through the files of a bunch.
struct Compared {
    target: Arc<MagentoTarget>,
    pretending: Arc<Pretending>,
    bunch: Bunch,
    rules: FileRules,
    found: Comparison,
}

/// An entity without its types, as far as its files are compared.
#[async_trait]
trait CompareFiles: Send + Sync {
    /// Starts of the names of its files.
    fn prefixes(&self) -> Vec<&'static str>;

    /// Compares a file.
    async fn compare(&self, work: &Work<'_>, compared: &mut Compared, file: usize) -> Result<(), ExecutorError>;
}

struct FilesOf<E>(PhantomData<E>);

fn entities() -> Vec<Box<dyn CompareFiles>> {
    struct All(Vec<Box<dyn CompareFiles>>);
    impl Visitor for All {
        fn visit<E: Entity>(&mut self) {
            self.0.push(Box::new(FilesOf::<E>(PhantomData)));
        }
    }
    let mut all = All(Vec::new());
    visit_all(&mut all);
    all.0
}

#[async_trait]
impl<E: Entity> CompareFiles for FilesOf<E> {
    fn prefixes(&self) -> Vec<&'static str> {
        E::prefixes()
    }

    async fn compare(&self, work: &Work<'_>, compared: &mut Compared, file: usize) -> Result<(), ExecutorError> {
        let Some(target) = rows_into::<E>(&compared.target) else { return Ok(()) };
        let place = RowPlace { file, ..RowPlace::default() };
        let mut rows = EntityFile::<E>::open(work, &compared.bunch, place, compared.rules.clone()).await?;
        let mut block = Vec::new();
        loop {
            let next = rows.next().await?;
            let is_last = matches!(next, NextRow::End | NextRow::Broken(_));
            match next {
                NextRow::Row(row) => {
                    compared.found.rows += 1;
                    match row.change {
                        Some(change) => block.push(RowChange { line: row.line, change, if_known: row.if_known }),
                        None => compared.found.refused.extend(row.findings),
                    }
                }
                NextRow::Bad { finding, .. } => {
                    compared.found.rows += 1;
                    compared.found.refused.push(finding);
                }
                NextRow::Broken(finding) => compared.found.refused.push(finding),
                NextRow::Notice(_) | NextRow::End => {}
            }
            if is_last || block.len() as u64 >= ROWS_PER_CHECKPOINT {
                compare_block(work, compared, (target.as_ref(), rows.name()), std::mem::take(&mut block)).await?;
            }
            if is_last {
                compared.rules.shop = rows.into_shop();
                return Ok(());
            }
        }
    }
}

/// Gives a block to the target, whose requests go nowhere.
async fn compare_block<E: Entity>(
    work: &Work<'_>,
    compared: &mut Compared,
    (target, file): (&dyn Target<E>, &str),
    rows: Vec<RowChange<E::EntityChange>>,
) -> Result<(), ExecutorError> {
    if rows.is_empty() {
        return Ok(());
    }
    let lines: BTreeMap<String, u64> = rows.iter().map(|row| (E::key(&row.change), row.line)).collect();
    let source = BlockSource { pipeline: work.pipeline_id().clone(), at: work.now() };
    let import = format!("{}/{}", compared.bunch.id, E::ABOUT.name);
    let (mark, operation) = (format!("{import}/{file}@{}", rows[0].line), Operation::AddUpdate);
    let block = Block { source, file: file.to_owned(), mark, import, operation, rows };
    let outcome = target.import(block).await.map_err(of_target)?;
    for item in outcome.items {
        match item {
            ItemOutcome::Unchanged => compared.found.equal += 1,
            ItemOutcome::Refused(finding) => compared.found.refused.push(finding),
            ItemOutcome::Created | ItemOutcome::Updated | ItemOutcome::Deleted => {}
        }
    }
    for WouldSend { thing, fields } in compared.pretending.take() {
        let line = lines.get(&thing.trim().to_lowercase()).or(lines.get(&thing));
        let said_by = line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"));
        for (field, value) in fields {
            let (thing, said_by) = (thing.clone(), said_by.clone());
            compared.found.differences.push(Difference { thing, field, file: value, shop: Value::Null, said_by });
        }
    }
    Ok(())
}

async fn end(work: &mut Work<'_>, found: &Comparison) -> Result<Outcome, ExecutorError> {
    let (differ, refused) = (found.differences.len(), found.refused.len());
    for difference in found.differences.iter().take(LOGGED) {
        work.warn(&difference.to_string());
    }
    for finding in found.refused.iter().take(LOGGED) {
        work.warn(&finding.to_string());
    }
    // In the archive, where people may read it who started this.
    let key = format!("{}comparison.json", archive::prefix(work.pipeline_id()));
    let bytes = serde_json::to_vec(found).expect("a comparison has text keys only");
    work.store.files.put(&key, bytes.into()).await?;
    work.set_output(json!({ "file": key, "rows": found.rows, "differences": differ, "refused": refused }));
    if differ == 0 && refused == 0 {
        work.info(&format!("{} rows: the shop `{}` has all that they say", found.rows, found.shop));
        return Ok(Outcome::Done);
    }
    let message = format!(
        "{} rows: {} equal, {differ} values differ in shop `{}`, {refused} rows cannot be sent",
        found.rows, found.equal, found.shop
    );
    Err(ExecutorError::InvalidData { message })
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { thing, field, file, shop, said_by } = self;
        write!(f, "{thing}: {field}: {said_by} says {file}, the shop has {shop}")
    }
}

//! Targets other than the own catalogue, and entities other than products: what an import promises to them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use catalog::target::{Block, BlockOutcome, Error, ItemOutcome, Pending, Target};
use engine::Program;
use import::entity::product::Products;
use import::entity::{self, Description};
use import::finding::{ChangeRefusal, Finding};
use import::shop::ShopFacts;
use insta::assert_snapshot;
use pipeline::PipelineId;
use steps::import::import_rows::Import;

use super::shop::{APPLE, PEAR, Shop};
use workshop::{Fault, Workshop};

const PLUM: &str = "Z-1,Default,simple,base,Plum,3.00,5,Default Category/Fruit";

/// A shop that takes the rows of a block at once, tells of the first of them, and knows of the others a minute later.
///
/// It refuses what is named in `refuses`.
#[derive(Default)]
struct SlowShop {
    refuses: &'static str,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The skus that a block brought, by its mark.
    blocks: BTreeMap<String, Vec<String>>,
    /// How often a token was asked for.
    asked: BTreeMap<String, u32>,
}

#[async_trait]
impl Target<Products> for SlowShop {
    fn name(&self) -> &'static str {
        "slow"
    }

    async fn shop_facts(&self) -> Result<ShopFacts, Error> {
        Ok(ShopFacts::plain())
    }

    async fn import(&self, block: Block<Products>) -> Result<BlockOutcome, Error> {
        let mut seen = self.seen.lock().unwrap();
        let skus: Vec<String> = block.rows.iter().map(|row| row.change.sku.clone()).collect();
        if let Some(before) = seen.blocks.insert(block.mark.clone(), skus.clone()) {
            assert_eq!(before, skus, "block {} was cut in another way", block.mark);
        }
        let mut lines: Vec<u64> = block.rows.iter().map(|row| row.line).collect();
        if lines.is_empty() {
            return Ok(BlockOutcome::default());
        }
        lines.remove(0);
        let pending = Pending { file: block.file, lines, token: block.mark, ask_after_seconds: 60 };
        Ok(BlockOutcome { items: vec![ItemOutcome::Created], pending: vec![pending], ..BlockOutcome::default() })
    }

    async fn ask(&self, pending: Pending) -> Result<BlockOutcome, Error> {
        let mut seen = self.seen.lock().unwrap();
        let asked = seen.asked.entry(pending.token.clone()).or_default();
        *asked += 1;
        // A shop answers in parts: the last row comes when it is asked for the second time.
        if *asked == 1 && pending.lines.len() > 1 {
            let (last, others) = pending.lines.split_last().unwrap();
            let items = others.iter().map(|_| ItemOutcome::Updated).collect();
            return Ok(BlockOutcome {
                items,
                pending: vec![Pending { lines: vec![*last], ..pending }],
                ..BlockOutcome::default()
            });
        }
        let skus = &seen.blocks[&pending.token];
        let items = pending.lines.iter().map(|line| {
            // The header is on line 1.
            let sku = &skus[usize::try_from(*line).unwrap() - 2];
            let refusal = || ChangeRefusal::of_column("price", format!("is too high for `{sku}`"));
            match sku == self.refuses {
                true => ItemOutcome::Refused(Finding::refused(&pending.file, *line, refusal())),
                false => ItemOutcome::Unchanged,
            }
        });
        Ok(BlockOutcome { items: items.collect(), ..BlockOutcome::default() })
    }
}

/// What ships, but with imports into another target.
fn into(target: Arc<impl Target<Products> + 'static>) -> Program {
    steps::shipped().with_executor(Import::<Products>::into_target(move |_| target.clone()))
}

impl Shop {
    fn importing_into(target: Arc<impl Target<Products> + 'static>) -> Self {
        Self { workshop: Workshop::running(into(target)) }
    }

    async fn drop_three(&self) {
        self.drop_rows("product-import_20260801-120000_01.csv", &[APPLE, PEAR, PLUM]).await;
        self.drop_file("product-import_20260801-120000.ok", "").await;
    }

    /// Runs whatever is enqueued, minute by minute, until the pipeline has ended; how many times a minute passed.
    async fn run_by_the_minute(&self, id: &PipelineId) -> u32 {
        for minutes in 0..20 {
            self.workshop.run_all().await;
            if !self.workshop.pipeline(id).await.status.is_open() {
                return minutes;
            }
            self.workshop.wait(1);
            self.workshop.beat().await;
        }
        panic!("{}", self.workshop.shown(id).await);
    }
}

#[tokio::test]
async fn rows_of_which_a_target_learns_later_are_counted_then() {
    let target = Arc::new(SlowShop { refuses: "Z-1", ..SlowShop::default() });
    let shop = Shop::importing_into(target.clone());
    shop.drop_three().await;
    let id = shop.spawn().await;
    assert_eq!(shop.run_by_the_minute(&id).await, 2, "no runner waits, and nobody asks before the time");
    assert_eq!(target.seen.lock().unwrap().asked.values().copied().collect::<Vec<_>>(), [2]);
    assert_snapshot!(shop.totals(&id).await, @"1 created, 0 deleted, 3 rows, 1 skipped, 0 unchanged, 1 updated");
    let report = shop.report(&id).await;
    let findings = &report["files"]["product-import_20260801-120000_01.csv"]["findings"];
    let file = "product-import_20260801-120000_01.csv";
    let expected = serde_json::json!([{
        "file": file, "line": 4, "column": "price", "problem": "is too high for `Z-1`", "severity": "row",
    }]);
    assert_eq!(*findings, expected);
    let attempts = shop.workshop.step(&id, "import_products").await.record.attempt;
    assert_eq!(attempts, 1, "waiting uses up no attempt");
}

#[tokio::test]
async fn a_death_at_any_write_loses_no_row_that_a_target_has_taken() {
    let undisturbed = {
        let shop = Shop::importing_into(Arc::new(SlowShop::default()));
        shop.drop_three().await;
        let id = shop.spawn().await;
        shop.run_by_the_minute(&id).await;
        shop.totals(&id).await
    };
    assert_snapshot!(undisturbed, @"1 created, 0 deleted, 3 rows, 0 skipped, 1 unchanged, 1 updated");
    let mut faults = 0;
    for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::ReplyLost] {
        for after in workshop::every_write() {
            let target = Arc::new(SlowShop::default());
            let shop = Shop::importing_into(target.clone());
            shop.drop_three().await;
            let id = shop.spawn().await;
            shop.workshop.table.arm(fault, "import_products", after);
            shop.run_with_deaths(&id).await;
            // If the answer of the first asking was lost, the second asking brings what is left, in another way.
            let totals = shop.report(&id).await["totals"].clone();
            assert_eq!((totals["rows"].as_u64(), totals["skipped"].as_u64()), (Some(3), Some(0)), "{fault:?} {after}");
            assert_eq!(target.seen.lock().unwrap().blocks.len(), 1, "{fault:?} at write {after}");
            if !shop.workshop.table.is_spent() {
                break;
            }
            faults += 1;
        }
    }
    assert!(faults >= 9, "only {faults} faults happened");
}

/// A target with a mistake: it says nothing of the last row.
struct Forgetful;

#[async_trait]
impl Target<Products> for Forgetful {
    fn name(&self) -> &'static str {
        "forgetful"
    }

    async fn shop_facts(&self) -> Result<ShopFacts, Error> {
        Ok(ShopFacts::plain())
    }

    async fn import(&self, block: Block<Products>) -> Result<BlockOutcome, Error> {
        let items = block.rows.iter().skip(1).map(|_| ItemOutcome::Created).collect();
        Ok(BlockOutcome { items, ..BlockOutcome::default() })
    }
}

#[tokio::test]
async fn a_target_that_says_nothing_of_a_row_is_found_out() {
    let shop = Shop::importing_into(Arc::new(Forgetful));
    shop.drop_three().await;
    let id = shop.import().await;
    let record = shop.workshop.step(&id, "import_products").await.record;
    assert_snapshot!(format!("{:?}", record.message), @r#"Some("target `forgetful` was given 3 rows of `product-import_20260801-120000_01.csv` and told of 2; that is a mistake of the target")"#);
    assert!(record.is_permanent);
}

#[tokio::test]
async fn every_entity_has_its_executors_in_what_ships() {
    let shipped = steps::shipped().executors();
    for entity in entity::all() {
        for about in [entity.about.validate, entity.about.import] {
            let executor = shipped.get(about.name).unwrap_or_else(|| panic!("no executor `{}`", about.name));
            assert_eq!(executor.description(), about.description);
        }
    }
}

#[test]
fn every_prefix_that_a_shipped_definition_takes_is_that_of_an_entity() {
    let prefixes = |entity: Description| [&[entity.about.prefix], entity.other_prefixes].concat();
    let known: Vec<&str> = entity::all().into_iter().flat_map(prefixes).collect();
    let mut taken = 0;
    for (name, xml) in steps::DEFINITIONS {
        for (_, rest) in xml.match_indices("key=\"prefixes\" value=\"").map(|(at, key)| xml.split_at(at + key.len())) {
            let prefixes = rest.split('"').next().unwrap();
            for prefix in prefixes.split(' ') {
                assert!(
                    known.contains(&prefix),
                    "{name} takes files named `{prefix}_…`, which are of no entity: {known:?}"
                );
                taken += 1;
            }
        }
    }
    assert!(taken > 0, "no definition takes files");
}

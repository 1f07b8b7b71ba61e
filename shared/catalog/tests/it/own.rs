//! What an import may rely on when it writes to the own catalogue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use catalog::own::{self, OwnCatalogue};
use catalog::target::{Block, BlockOutcome, BlockSource, Error, ItemOutcome, Pending, RowChange, Target};
use import::Entity;
use import::csv::{ReadRow, RowReader};
use import::entity::ReadingRules;
use import::entity::product::{Product, ProductChange, Products};
use import::operation::Operation;
use insta::assert_snapshot;
use patience::wait;
use serde_json::json;
use store::Result;
use store::table::{
    Attributes, Change, Condition, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Relist, Table, Write,
    Written,
};
use store_embedded::Options;
use tempfile::TempDir;

const HEADER: &str = "sku,attribute_set_code,product_type,name,price,qty,qty_relative";

/// The own catalogue over a table in which others write, as often as they are told, right after it was read.
struct Shelf {
    table: Arc<Busy>,
    catalogue: OwnCatalogue,
    _folder: TempDir,
}

struct Busy {
    table: Arc<dyn Table>,
    /// How many more reads somebody else writes behind.
    intruders: AtomicUsize,
    writes: AtomicUsize,
}

impl Shelf {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store_embedded::open(folder.path(), Options::default()).unwrap();
        let table = Busy { table: store.table, intruders: AtomicUsize::new(0), writes: AtomicUsize::new(0) };
        let table = Arc::new(table);
        Self { catalogue: OwnCatalogue::new(table.clone()), table, _folder: folder }
    }

    async fn try_import(&self, mark: &str, lines: &[&str]) -> std::result::Result<BlockOutcome, Error> {
        self.try_import_from(SPRING, mark, lines).await
    }

    async fn try_import_from(
        &self,
        source: (&str, &str),
        mark: &str,
        lines: &[&str],
    ) -> std::result::Result<BlockOutcome, Error> {
        self.operate(Operation::AddUpdate, source, mark, lines).await
    }

    async fn operate(
        &self,
        operation: Operation,
        (pipeline, at): (&str, &str),
        mark: &str,
        lines: &[&str],
    ) -> std::result::Result<BlockOutcome, Error> {
        let block = Block::<Products> {
            source: BlockSource { pipeline: pipeline.parse().unwrap(), at: at.parse().unwrap() },
            file: "a.csv".to_owned(),
            mark: mark.to_owned(),
            import: mark.split(['/', '@']).next().unwrap().to_owned(),
            operation,
            rows: rows(lines),
        };
        self.catalogue.import(block).await
    }

    /// What is noted of the last change of a product.
    async fn last_change(&self, key: &str) -> String {
        let things = own::things::<Product>(self.table.as_ref(), &[key.to_owned()]).await.unwrap();
        things[key].last_change().unwrap().map_or_else(|| "nothing".to_owned(), |change| change.to_string())
    }

    /// What became of the rows, one a line; the findings last, for outcomes come in any order.
    async fn import(&self, mark: &str, lines: &[&str]) -> String {
        let outcome = self.try_import(mark, lines).await.unwrap();
        assert_eq!(outcome.rows(), lines.len());
        let mut told: Vec<String> = outcome.items.iter().map(told).collect();
        told.sort_by_key(|text| text.starts_with("refused"));
        told.join("\n")
    }

    async fn product(&self, key: &str) -> Option<Product> {
        let mut things = own::things(self.table.as_ref(), &[key.to_owned()]).await.unwrap();
        things.remove(key).and_then(|kept| kept.thing)
    }

    fn writes(&self) -> usize {
        self.table.writes.load(Ordering::SeqCst)
    }
}

fn told(item: &ItemOutcome) -> String {
    match item {
        ItemOutcome::Created => "created".to_owned(),
        ItemOutcome::Updated => "updated".to_owned(),
        ItemOutcome::Unchanged => "unchanged".to_owned(),
        ItemOutcome::Deleted => "deleted".to_owned(),
        ItemOutcome::Refused(finding) => format!("refused: {finding}"),
    }
}

fn rows(lines: &[&str]) -> Vec<RowChange<ProductChange>> {
    let mut reader = RowReader::new(ReadingRules::default().dialect.format);
    reader.feed(format!("{HEADER}\n{}\n", lines.join("\n")).as_bytes());
    reader.finish();
    let mut rows = Vec::new();
    let wait = wait("the reader comes to the end of the rows");
    while let ReadRow::Row(row) = reader.next_row().unwrap() {
        wait.go_on();
        let columns = Products::columns("a.csv", reader.header().unwrap(), ReadingRules::default()).unwrap();
        let read = Products::read(&columns, &row);
        rows.push(RowChange { line: read.line, change: read.change.unwrap(), if_known: None });
    }
    rows
}

/// Pipelines and times of theirs.
const SPRING: (&str, &str) = ("01m804t3nd0zrr36at44", "2026-08-01T12:00:00Z");
const SUMMER: (&str, &str) = ("01m8j8xd9gywg5x14cpy", "2026-08-08T12:00:00Z");

const APPLE: &str = "A-1,Default,simple,Apple,1.50,5,";
const DEARER: &str = "a-1,,,,1.75,,";
const BUNDLE: &str = "A-1,,bundle,,,,";
const NAMELESS: &str = "B-1,Default,simple,,1.00,,";

#[tokio::test]
async fn rows_of_one_thing_count_in_their_order() {
    let shelf = Shelf::new();
    assert_snapshot!(shelf.import("x@0", &[APPLE, DEARER, DEARER, BUNDLE, NAMELESS]).await, @r"
    created
    updated
    unchanged
    refused: a.csv:5: product `A-1` is simple and cannot become bundle
    refused: a.csv:6: column `name`: is needed because product `B-1` is new
    ");
    assert_eq!(shelf.writes(), 1);
    let product = shelf.product("a-1").await.unwrap();
    assert_eq!((product.sku.as_str(), product.stock["qty"].as_str()), ("A-1", "5"));
    assert_eq!(shelf.product("b-1").await, None);
}

#[tokio::test]
async fn a_repeated_block_writes_nothing_and_tells_the_same() {
    let shelf = Shelf::new();
    let lines = [BUNDLE, APPLE, DEARER, "A-1,,,,,2,1", BUNDLE, NAMELESS];
    let first = shelf.import("x@0", &lines).await;
    let (writes, product) = (shelf.writes(), shelf.product("a-1").await);
    assert_eq!(shelf.import("x@0", &lines).await, first);
    assert_eq!((shelf.writes(), shelf.product("a-1").await), (writes, product));
    // The same rows in another block are rows like any others.
    let others = shelf.import("x@500", &[APPLE]).await;
    assert_eq!(others, "updated");
}

#[tokio::test]
async fn the_last_row_that_changed_a_thing_is_noted_with_it() {
    let shelf = Shelf::new();
    shelf.import("x@0", &[APPLE, DEARER, DEARER, BUNDLE]).await;
    assert_eq!(shelf.last_change("a-1").await, "2026-08-01T12:00:00Z 01m804t3nd0zrr36at44 3 a.csv");
    let writes = shelf.writes();
    // Says nothing new, so it is not written, and the note stays.
    shelf.try_import_from(SUMMER, "y@0", &[DEARER]).await.unwrap();
    assert_eq!(shelf.writes(), writes);
    assert_eq!(shelf.last_change("a-1").await, "2026-08-01T12:00:00Z 01m804t3nd0zrr36at44 3 a.csv");
    shelf.try_import_from(SUMMER, "y@500", &[DEARER, APPLE]).await.unwrap();
    assert_eq!(shelf.last_change("a-1").await, "2026-08-08T12:00:00Z 01m8j8xd9gywg5x14cpy 3 a.csv");
}

#[tokio::test]
async fn a_block_that_comes_again_later_leaves_the_notes_of_its_first_try() {
    let shelf = Shelf::new();
    let later = (SPRING.0, "2026-08-01T12:07:00Z");
    let pear = "P-1,Default,simple,Pear,1.50,5,";
    // The first try has come as far as the first product.
    shelf.import("x@0", &[APPLE]).await;
    shelf.try_import_from(later, "x@0", &[APPLE, pear]).await.unwrap();
    assert_eq!(shelf.last_change("a-1").await, "2026-08-01T12:00:00Z 01m804t3nd0zrr36at44 2 a.csv");
    assert_eq!(shelf.last_change("p-1").await, "2026-08-01T12:07:00Z 01m804t3nd0zrr36at44 3 a.csv");
}

#[tokio::test]
async fn what_deletes_a_thing_is_noted_and_what_replaces_it_by_its_like_is_not() {
    let shelf = Shelf::new();
    shelf.import("x@0", &[APPLE]).await;
    let writes = shelf.writes();
    shelf.operate(Operation::Replace, SUMMER, "y@0", &[APPLE]).await.unwrap();
    assert_eq!(shelf.writes(), writes + 1, "its mark is written");
    assert_eq!(shelf.last_change("a-1").await, "2026-08-01T12:00:00Z 01m804t3nd0zrr36at44 2 a.csv");
    shelf.operate(Operation::Delete, SUMMER, "z@0", &[NAMELESS, "A-1,,,,,,"]).await.unwrap();
    assert_eq!(shelf.product("a-1").await, None);
    assert_eq!(shelf.last_change("a-1").await, "2026-08-08T12:00:00Z 01m8j8xd9gywg5x14cpy 3 a.csv");
}

#[tokio::test]
async fn what_an_import_has_deleted_is_no_mistake_of_its_later_rows() {
    let shelf = Shelf::new();
    shelf.import("x/a@0", &[APPLE]).await;
    let delete = async |mark: &str, lines: &[&str]| {
        let outcome = shelf.operate(Operation::Delete, SUMMER, mark, lines).await.unwrap();
        outcome.items.iter().map(told).collect::<Vec<_>>().join(", ")
    };
    let lines = ["A-1,,,,,,", "a-1,,,,,,", "B-1,,,,,,"];
    let first = delete("y/a@0", &lines).await;
    assert_snapshot!(first, @"deleted, unchanged, refused: a.csv:4: there is nothing of this to delete");
    assert_eq!(delete("y/a@0", &lines).await, first, "a repetition tells the same");
    assert_snapshot!(delete("y/a@9", &["A-1,,,,,,"]).await, @"unchanged");
    // To another import it is gone.
    assert_snapshot!(delete("z/a@0", &["A-1,,,,,,"]).await, @"refused: a.csv:2: there is nothing of this to delete");
}

#[tokio::test]
async fn a_thing_from_before_notes_has_none_and_a_broken_note_is_told() {
    let shelf = Shelf::new();
    shelf.import("x@0", &[APPLE]).await;
    shelf.table.note("a-1", json!(null)).await;
    assert_eq!(shelf.last_change("a-1").await, "nothing");
    shelf.table.note("a-1", json!("yesterday")).await;
    let things = own::things::<Product>(shelf.table.as_ref(), &["a-1".to_owned()]).await.unwrap();
    let problem = things["a-1"].last_change().unwrap_err().to_string();
    assert!(problem.starts_with("`yesterday` is no note of a change"), "{problem}");
}

/// Another version of the program may cut a file into other blocks.
#[tokio::test]
async fn rows_that_an_earlier_try_of_the_block_did_not_have_are_applied() {
    let shelf = Shelf::new();
    shelf.import("x@0", &[APPLE]).await;
    assert_eq!(shelf.import("x@0", &[APPLE, DEARER]).await, "unchanged\nupdated");
    let product = serde_json::to_value(shelf.product("a-1").await.unwrap()).unwrap();
    assert_eq!(product["default"]["values"]["price"], json!("1.75"));
}

#[tokio::test]
async fn a_repeated_block_tells_of_a_row_that_only_an_earlier_state_refused() {
    let shelf = Shelf::new();
    let huge = format!("A-1,,,,,{},", "9".repeat(40));
    let lines = [APPLE, &huge, "A-1,,,,,9,1", "A-1,,,,,1,"];
    let first = shelf.import("x@0", &lines).await;
    assert_snapshot!(first, @r"
    created
    updated
    updated
    refused: a.csv:4: quantity `9` cannot be added to that of product `A-1`
    ");
    assert_snapshot!(shelf.import("x@0", &lines).await, @r"
    created
    updated
    updated
    refused: a.csv:4: was refused when an earlier try of this step applied it
    ");
}

#[tokio::test]
async fn what_somebody_else_wrote_meanwhile_stays() {
    let shelf = Shelf::new();
    shelf.import("x@0", &[APPLE]).await;
    shelf.table.intruders.store(3, Ordering::SeqCst);
    assert_eq!(shelf.import("x@500", &[DEARER]).await, "updated");
    let product = shelf.product("a-1").await.unwrap();
    assert_eq!(product.value("price", None), Some(&import::entity::product::ProductValue::Text("1.75".to_owned())));
    assert_eq!(product.websites, ["seen-1", "seen-2", "seen-3"]);
}

#[tokio::test]
async fn a_thing_that_others_never_stop_writing_is_tried_again_later() {
    let shelf = Shelf::new();
    shelf.import("x@0", &[APPLE]).await;
    shelf.table.intruders.store(usize::MAX, Ordering::SeqCst);
    let error = shelf.try_import("x@500", &[DEARER]).await.unwrap_err();
    assert!(matches!(error, Error::Retryable { .. }));
    assert_snapshot!(error, @"others keep writing to products a-1");
}

#[tokio::test]
async fn the_last_try_counts_as_well() {
    let shelf = Shelf::new();
    shelf.import("x@0", &[APPLE]).await;
    shelf.table.intruders.store(9, Ordering::SeqCst);
    assert_eq!(shelf.import("x@500", &[DEARER]).await, "updated");
}

#[tokio::test]
async fn a_stored_thing_that_cannot_be_read_is_named() {
    let shelf = Shelf::new();
    shelf.import("x@0", &[APPLE]).await;
    shelf.table.intrude("a-1", |_| json!("{\"schema\":2}")).await;
    let error = shelf.try_import("x@500", &[DEARER]).await.unwrap_err();
    let Error::Permanent { source: Some(source), .. } = &error else { panic!("{error:?}") };
    assert_snapshot!(error, @"the catalogue holds something that cannot be read");
    assert_snapshot!(source, @"failed to read product `a-1` of the catalogue");
    let schema = source.source().unwrap();
    assert_snapshot!(schema, @"schema 2 of a stored product is unknown (expected 1)");
}

#[tokio::test]
async fn the_own_catalogue_leaves_nothing_pending() {
    let shelf = Shelf::new();
    let pending = Pending { file: "a.csv".to_owned(), lines: vec![2], token: "t-1".to_owned(), ask_after_seconds: 1 };
    let error = Target::<Products>::ask(&shelf.catalogue, pending).await.unwrap_err();
    assert_snapshot!(error, @"target `own` answers at once and has left no rows of `a.csv` as `t-1`");
}

impl Busy {
    /// Changes what is stored of a product, as somebody else would.
    async fn intrude(&self, key: &str, change: impl Fn(&str) -> serde_json::Value) {
        let item = self.item(key).await;
        let stored = item.attributes["product"].as_str().unwrap();
        let attributes =
            Attributes::from([("product".to_owned(), change(stored)), ("mark".to_owned(), json!("somebody else"))]);
        self.patch(item.key.clone(), attributes).await;
    }

    /// Replaces what is noted of the last change of a product.
    async fn note(&self, key: &str, note: serde_json::Value) {
        let key = self.item(key).await.key;
        self.patch(key, Attributes::from([("changed".to_owned(), note)])).await;
    }

    async fn item(&self, key: &str) -> Item {
        let items = self.table.query(&Query::prefix(partition_of(self, key).await, "product/")).await.unwrap().entries;
        items.into_iter().find(|item| item.key.sort == format!("product/{key}")).unwrap()
    }

    async fn patch(&self, key: Key, attributes: Attributes) {
        let change = Change::Patch { attributes, listing: Relist::Keep };
        self.table.write(Write { key, condition: Condition::Any, change }).await.unwrap();
    }
}

async fn partition_of(busy: &Busy, key: &str) -> String {
    for number in 0..64 {
        let partition = format!("catalog/{number:02}");
        let page = busy.table.query(&Query::prefix(&partition, format!("product/{key}"))).await.unwrap();
        if !page.entries.is_empty() {
            return partition;
        }
    }
    panic!("product `{key}` is not stored");
}

#[async_trait]
impl Table for Busy {
    async fn get(&self, key: &Key) -> Result<Option<Item>> {
        self.table.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>> {
        let items = self.table.batch_get(keys).await?;
        let more = self.intruders.load(Ordering::SeqCst);
        if more > 0 && !items.is_empty() {
            self.intruders.store(more - 1, Ordering::SeqCst);
            let add_website = |stored: &str| {
                let mut product: serde_json::Value = serde_json::from_str(stored).unwrap();
                let websites = product["websites"].as_array().cloned().unwrap_or_default();
                let seen = json!(format!("seen-{}", websites.len() + 1));
                product["websites"] = websites.into_iter().chain([seen]).collect();
                json!(product.to_string())
            };
            self.intrude(items[0].key.sort.strip_prefix("product/").unwrap(), add_website).await;
        }
        Ok(items)
    }

    async fn query(&self, query: &Query) -> Result<Page<Item, String>> {
        self.table.query(query).await
    }

    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        self.table.listing(query).await
    }

    async fn write(&self, write: Write) -> Result<Written> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.table.write(write).await
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.table.write_group(writes).await
    }

    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<()> {
        self.table.batch_put(items).await
    }
}

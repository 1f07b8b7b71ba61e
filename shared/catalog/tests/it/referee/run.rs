use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::own::{self, OwnCatalogue, Update};
use catalog::target::{Block, BlockSource, ItemOutcome, RowChange, Target};
use import::Entity;
use import::csv::{ReadRow, RowReader};
use import::entity::customer::Customer;
use import::entity::product::Product;
use import::entity::{ReadingRules, Thing};
use import::finding::Severity;
use import::operation::Operation;
use import::shop::{ShopFacts, Source, StoreView, Website};
use patience::wait;
use serde_json::Value;
use store::table::Table;
use store_embedded::Options;

use super::{Refused, folder, json};

/// A shop of the referee, as a catalogue of ours knows it.
pub(super) struct Shop {
    pub(super) json: Value,
    facts: Arc<ShopFacts>,
}

impl Shop {
    pub(super) fn named(name: &str) -> Self {
        Self::of(json(folder().join(format!("shop-{name}.json"))))
    }

    pub(super) fn of(json: Value) -> Self {
        let mut facts = ShopFacts::plain();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = |name: &str| json[name].as_array().unwrap();
        let basics = &mut facts.basics;
        basics.currency = text(&json["currency"]);
        basics.websites =
            list("websites").iter().map(|one| Website { code: text(&one["code"]), root_category: None }).collect();
        basics.store_views = list("store views")
            .iter()
            .map(|one| StoreView { code: text(&one["code"]), website: text(&one["website"]) })
            .collect();
        basics.sources =
            list("sources").iter().map(|one| Source { code: text(&one["source_code"]), is_enabled: true }).collect();
        basics.customer_groups = list("customer groups").iter().map(text).collect();
        Self { json, facts: Arc::new(facts) }
    }

    fn products(&self) -> Vec<(String, Product)> {
        let products = self.json["products"].as_object().unwrap().iter();
        products.map(|(sku, product)| (sku.to_lowercase(), product_of(sku, product))).collect()
    }
}

fn product_of(sku: &str, json: &Value) -> Product {
    let start = serde_json::json!({
        "schema": 1, "sku": sku, "product_type": json["type"], "attribute_set": "Default", "websites": json["websites"],
    });
    let mut product = Product::from_json(&start.to_string()).unwrap();
    let number = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    product.stock.insert("qty".to_owned(), number(&json["stock"]["qty"]));
    product.stock.insert("is_in_stock".to_owned(), number(&json["stock"]["is_in_stock"]));
    for (code, item) in json["sources"].as_object().into_iter().flatten() {
        let item =
            serde_json::json!({ "source": code, "quantity": number(&item["qty"]), "status": number(&item["status"]) });
        product.source_items.push(serde_json::from_value(item).unwrap());
    }
    for price in json["tier_prices"].as_array().into_iter().flatten() {
        let is_percent = price["percent"].is_string();
        let price = serde_json::json!({
            "quantity": price["qty"], "website": "All Websites", "customer_group": price["group"],
            "price": if is_percent { &price["percent"] } else { &price["value"] },
            "value_type": if is_percent { "Discount" } else { "Fixed" },
        });
        product.tier_prices.push(serde_json::from_value(price).unwrap());
    }
    product
}

/// Whether the rows of a file were imported before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IsKnown {
    Yes,
    No,
}

/// What our import of a file came to.
pub(super) struct Ours {
    pub(super) rows: usize,
    pub(super) refused: Refused,
    pub(super) products: BTreeMap<String, Product>,
    pub(super) customers: BTreeMap<String, Customer>,
}

async fn put<T: Thing>(table: &dyn Table, things: Vec<(String, T)>) {
    let update =
        |(key, thing)| Update { key, before: None, thing: Some(thing), mark: "before".to_owned(), change: None };
    let updates: Vec<Update<T>> = things.into_iter().map(update).collect();
    assert_eq!(own::write_things(table, &updates).await.unwrap(), Vec::<String>::new());
}

/// Imports a file into a catalogue of the referee's shop, which may know the file already.
pub(super) async fn import<E: Entity>(bytes: &[u8], operation: Operation, shop: &Shop, is_known: IsKnown) -> Ours {
    let folder = tempfile::tempdir().unwrap();
    let table = store_embedded::open(folder.path(), Options::default()).unwrap().table;
    put(table.as_ref(), shop.products()).await;
    let known = r#"{"schema":1,"email":"known@example.com","website":"base","group":"General",
        "values":{"firstname":"Known","lastname":"Tester","gender":"Male","dob":"1990-01-02T00:00:00"}}"#;
    put(table.as_ref(), vec![("base/known@example.com".to_owned(), Customer::from_json(known).unwrap())]).await;

    if is_known == IsKnown::Yes {
        let (_, rows, _) = read::<E>(bytes, shop);
        OwnCatalogue::new(table.clone()).import(block::<E>("w", Operation::AddUpdate, rows)).await.unwrap();
    }
    let (numbers, rows, mut refused) = read::<E>(bytes, shop);
    for item in OwnCatalogue::new(table.clone()).import(block::<E>("x", operation, rows)).await.unwrap().items {
        if let ItemOutcome::Refused(finding) = item {
            refused.insert(numbers[&finding.line]);
        }
    }
    Ours {
        rows: numbers.len(),
        refused,
        products: own::all(table.as_ref()).await.unwrap(),
        customers: own::all(table.as_ref()).await.unwrap(),
    }
}

fn block<E: Entity>(import: &str, operation: Operation, rows: Vec<RowChange<E::EntityChange>>) -> Block<E> {
    let mark = format!("{import}/a.csv@0");
    let source =
        BlockSource { pipeline: "01m804t3nd0zrr36at44".parse().unwrap(), at: "2026-08-01T12:00:00Z".parse().unwrap() };
    Block { source, file: "a.csv".to_owned(), mark, import: import.to_owned(), operation, rows }
}

/// The number of each line, the usable rows, and the numbers of those that cannot be used, or not in full.
fn read<E: Entity>(bytes: &[u8], shop: &Shop) -> (BTreeMap<u64, usize>, Vec<RowChange<E::EntityChange>>, Refused) {
    let mut reader = RowReader::new(ReadingRules::default().dialect.format);
    reader.feed(bytes);
    reader.finish();
    let (mut numbers, mut rows, mut refused) = (BTreeMap::new(), Vec::new(), Refused::new());
    let wait = wait("the reader comes to the end of the file");
    loop {
        wait.go_on();
        let row = match reader.next_row().unwrap() {
            ReadRow::Row(row) => row,
            ReadRow::Bad(bad) => {
                let number = numbers.len() + 1;
                numbers.insert(bad.position.line, number);
                refused.insert(number);
                continue;
            }
            ReadRow::NeedsInput | ReadRow::End => return (numbers, rows, refused),
        };
        let number = numbers.len() + 1;
        numbers.insert(row.position.line, number);
        let rules = ReadingRules { shop: shop.facts.clone(), ..ReadingRules::default() };
        // A file that lacks a column of the key is refused as a whole.
        let Ok(columns) = E::columns("a.csv", reader.header().unwrap(), rules) else {
            refused.insert(number);
            continue;
        };
        let row = E::read(&columns, &row);
        if row.change.is_none() || row.findings.iter().any(|finding| finding.severity > Severity::Notice) {
            refused.insert(number);
        }
        rows.extend(row.change.map(|change| RowChange { line: row.line, change, if_known: None }));
    }
}

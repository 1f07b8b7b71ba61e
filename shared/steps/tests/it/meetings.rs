//! Two who write to one product: whoever loses the race applies its rows again to what the other left.

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use catalog::own::{self, KeptThing, LastChange, Update};
use import::entity::Thing;
use import::entity::product::{Product, ProductValue};
use pipeline::{PipelineId, StepStatus};
use store::table::Table;
use tokio::time::timeout;

use super::shop::{APPLE, PEAR, Shop};
use workshop::Fault;

/// A shop with apples and pears, and an import that makes both dearer.
async fn dearer_fruit() -> (Shop, PipelineId) {
    let shop = Shop::new();
    shop.drop_fruit().await;
    shop.import().await;
    shop.workshop.wait(60);
    shop.drop_file("product-import_20260801-130000_01.csv", "sku,price\nA-1,1.75\nP-1,2.25\n").await;
    shop.drop_file("product-import_20260801-130000.ok", "").await;
    let id = shop.spawn().await;
    (shop, id)
}

async fn stored(table: &dyn Table, key: &str) -> Option<KeptThing<Product>> {
    own::things(table, &[key.to_owned()]).await.unwrap().remove(key)
}

fn text(product: &Product, attribute: &str) -> String {
    match product.default.values.get(attribute) {
        Some(ProductValue::Text(text)) => text.clone(),
        other => format!("{other:?}"),
    }
}

/// What the import says of a product and what somebody else does.
fn seen(product: &Product) -> String {
    format!("{} {} {}", product.sku, text(product, "price"), text(product, "name"))
}

/// Runs what is enqueued, and does something each time a write of a product is under way, as often as told.
async fn meet(shop: &Shop, key: &str, times: usize, somebody: impl AsyncFn()) {
    for _ in 0..times {
        shop.workshop.table.arm(Fault::Late, &format!("product/{key}"), 0);
    }
    let others = async {
        for _ in 0..times {
            shop.workshop.table.late.notified().await;
            somebody().await;
            shop.workshop.table.go_on.notify_one();
        }
    };
    let both = async {
        let mut run = pin!(shop.workshop.run_all());
        tokio::select! {
            biased;
            () = others => {}
            _ = &mut run => panic!("the import ended before it had written `{key}` {times} times"),
        }
        run.await;
    };
    timeout(Duration::from_secs(30), both).await.expect("the import ends");
}

fn by_somebody() -> LastChange {
    "2026-08-01T12:00:00Z 01m804t3nd0zrr36at44 2 somebody.csv".parse().unwrap()
}

/// Renames a product, as a second import would.
async fn rename(shop: &Shop, key: &str, name: &str) {
    let table = shop.workshop.table.unfailing();
    let before = stored(table.as_ref(), key).await.unwrap();
    let mut thing = before.thing.clone();
    thing.as_mut().unwrap().default.values.insert("name".to_owned(), ProductValue::Text(name.to_owned()));
    let change = Some(by_somebody());
    let update = Update { key: key.to_owned(), before: Some(before), thing, mark: "somebody".to_owned(), change };
    let conflicts = own::write_things(table.as_ref(), &[update]).await.unwrap();
    assert_eq!(conflicts, Vec::<String>::new());
}

#[tokio::test]
async fn a_write_that_lost_a_race_is_applied_again_to_what_the_other_left() {
    let (shop, id) = dearer_fruit().await;
    meet(&shop, "a-1", 1, async || rename(&shop, "a-1", "Golden Apple").await).await;
    let products = shop.left(&id).await.products;
    assert_eq!(seen(&products["a-1"]), "A-1 1.75 Golden Apple", "both changes are in it");
    assert_eq!(seen(&products["p-1"]), "P-1 2.25 Pear");
    assert_eq!(shop.totals(&id).await, "0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated");
}

#[tokio::test]
async fn a_product_that_somebody_creates_in_between_is_updated() {
    let shop = Shop::new();
    shop.drop_rows("product-import_20260801-120000_01.csv", &[APPLE, PEAR]).await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shop.spawn().await;
    let create = async || {
        let table = shop.workshop.table.unfailing();
        let product = r#"{"schema":1,"sku":"A-1","product_type":"simple","attribute_set":"Default","websites":["base"],
            "default":{"values":{"color":"red"}}}"#;
        let thing = Product::from_json(product).unwrap();
        let (thing, change) = (Some(thing), Some(by_somebody()));
        let update = Update { key: "a-1".to_owned(), before: None, thing, mark: "somebody".to_owned(), change };
        let conflicts = own::write_things(table.as_ref(), &[update]).await.unwrap();
        assert_eq!(conflicts, Vec::<String>::new());
    };
    meet(&shop, "a-1", 1, create).await;
    let products = shop.left(&id).await.products;
    assert_eq!(text(&products["a-1"], "color"), "red", "what the other wrote is gone");
    assert_eq!(seen(&products["a-1"]), "A-1 1.5 Apple");
    assert_eq!(shop.totals(&id).await, "1 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 1 updated");
}

#[tokio::test]
async fn a_product_that_others_keep_writing_waits_for_the_next_attempt() {
    let (shop, id) = dearer_fruit().await;
    let renamed = AtomicU32::new(0);
    let rename = async || {
        let number = renamed.fetch_add(1, Ordering::Relaxed) + 1;
        rename(&shop, "a-1", &format!("Apple {number}")).await;
    };
    meet(&shop, "a-1", 10, rename).await;
    let record = shop.workshop.step(&id, "import_products").await.record;
    assert_eq!(record.status, StepStatus::Error);
    assert_eq!(record.message.as_deref(), Some("others keep writing to products a-1"));
    assert!(!record.is_permanent, "the next attempt may find them done");
    while shop.workshop.pipeline(&id).await.status.is_open() {
        shop.workshop.wait(3);
        shop.workshop.beat().await;
        shop.workshop.run_all().await;
    }
    let products = shop.left(&id).await.products;
    assert_eq!(seen(&products["a-1"]), "A-1 1.75 Apple 10");
    assert_eq!(seen(&products["p-1"]), "P-1 2.25 Pear");
    assert_eq!(shop.totals(&id).await, "0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated");
}

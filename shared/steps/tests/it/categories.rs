//! Categories are created parents first: wherever the writer dies, no child is without its parent.

use catalog::own;
use import::category_path::CategoryPath;
use insta::assert_snapshot;
use pipeline::PipelineId;
use serde_json::json;
use store::table::{Item, Query};

use super::shop::{APPLE, PEAR, Shop};
use workshop::Fault;
use workshop::runner;

/// All paths of the three rows, with everything above them.
const ALL: [&str; 6] = [
    "Default Category",
    "Default Category/Fruit",
    "Default Category/Fruit/Stone",
    "Default Category/Fruit/Stone/Cherries",
    "Default Category/New",
    "Second Root",
];

/// A shop whose rows name categories down to the fourth level, the deepest first.
async fn shop() -> (Shop, PipelineId) {
    let shop = Shop::new();
    let cherry = "C-1,Default,simple,base,Cherry,3.00,7,\"Second Root,Default Category/Fruit/Stone/Cherries\"";
    shop.drop_rows("product-import_20260801-120000_01.csv", &[cherry, PEAR, APPLE]).await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shop.spawn().await;
    (shop, id)
}

async fn categories(shop: &Shop) -> Vec<String> {
    own::categories(shop.workshop.store().table.as_ref()).await.unwrap()
}

async fn items(shop: &Shop) -> Vec<Item> {
    shop.workshop.store().table.query(&Query::prefix("shop", "category/")).await.unwrap().entries
}

/// The categories whose parent is not there.
fn orphans(categories: &[String]) -> Vec<&String> {
    let has_parent = |path: &str| {
        let parent = path.parse::<CategoryPath>().unwrap().parent();
        parent.is_none_or(|parent| categories.contains(&parent.to_string()))
    };
    categories.iter().filter(|path| !has_parent(path)).collect()
}

#[tokio::test]
async fn a_writer_of_categories_that_dies_leaves_no_child_without_a_parent() {
    for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::Refused, Fault::ReplyLost, Fault::Repeated] {
        // All but the last one, whose name begins otherwise.
        for after in 0..ALL.len() - 1 {
            let (shop, id) = shop().await;
            shop.workshop.table.arm(fault, "shop category/default", after);
            while !shop.workshop.table.is_spent() {
                let body = shop.next_message(&id).await.expect("a category is written before the pipeline has ended");
                let invocation = shop.workshop.invocation();
                tokio::select! {
                    biased;
                    () = shop.workshop.table.dead.notified() => {}
                    _ = runner::run(&shop.workshop.context, &body, &invocation) => {}
                }
            }
            let left = categories(&shop).await;
            assert_eq!(orphans(&left), [""; 0], "{fault:?} at write {after} left {left:?}");
            shop.run_with_deaths(&id).await;
            assert_eq!(categories(&shop).await, ALL, "{fault:?} at write {after}, in the end");
            // Those of the earlier try count as created.
            let output = shop.workshop.step(&id, "create_categories").await.record.output;
            assert_eq!(output, Some(json!({ "created": 6, "existed": 0 })), "{fault:?} at write {after}");
        }
    }
}

#[tokio::test]
async fn categories_that_exist_are_not_written_again() {
    let (shop, id) = shop().await;
    shop.run_with_deaths(&id).await;
    let before = items(&shop).await;
    shop.workshop.wait(60);
    let plum = "S-1,Default,simple,base,Plum,4.00,1,\"Default Category/Fruit/Stone/Plums,Default Category/New\"";
    shop.drop_rows("product-import_20260801-130000_01.csv", &[plum]).await;
    shop.drop_file("product-import_20260801-130000.ok", "").await;
    let id = shop.import().await;
    let output = shop.workshop.step(&id, "create_categories").await.record.output;
    assert_eq!(output, Some(json!({ "created": 1, "existed": 4 })));
    let after: Vec<Item> = items(&shop).await.into_iter().filter(|item| before.contains(item)).collect();
    assert_eq!((after, categories(&shop).await.len()), (before, ALL.len() + 1));
}

#[tokio::test]
async fn of_two_named_categories_with_one_address_the_later_one_gets_a_number_for_good() {
    let shop = Shop::new();
    let paths =
        "Default Category/Foo Bar,Default Category/foo-bar,Default Category/Foo Bar/Men,Default Category/foo-bar/Men";
    let row = format!("C-1,Default,simple,base,Cherry,3.00,7,\"{paths}\"");
    let mut seen = Vec::new();
    for day in 1..=2 {
        shop.drop_rows(&format!("product-import_2026080{day}-120000_01.csv"), &[&row]).await;
        shop.drop_file(&format!("product-import_2026080{day}-120000.ok"), "").await;
        let id = shop.import().await;
        let facts = own::shop_facts(shop.workshop.store().table.as_ref()).await.unwrap();
        let addresses = facts.categories.into_values();
        let addresses = addresses.map(|category| format!("{} {}", category.path, category.url_key(None)));
        let log = shop.workshop.step(&id, "create_categories").await.record.log;
        let told = log.lines().filter_map(|line| Some(line[line.find("category `")?..].to_owned()));
        seen.push(addresses.chain(told).collect::<Vec<_>>().join("\n"));
    }
    assert_snapshot!(seen.join("\n\n"), @"
    Default Category default-category
    Default Category/Foo Bar foo-bar
    Default Category/Foo Bar/Men men
    Default Category/foo-bar foo-bar-1
    Default Category/foo-bar/Men men
    category `Default Category/foo-bar` gets the address `foo-bar-1`, because one beside it has the address made of its name

    Default Category default-category
    Default Category/Foo Bar foo-bar
    Default Category/Foo Bar/Men men
    Default Category/foo-bar foo-bar-1
    Default Category/foo-bar/Men men
    ");
}

//! Categories by path: parents before children, one call for each that differs.

use std::collections::BTreeSet;

use import::entity::category::Categories;
use import::operation::Operation;
use insta::assert_snapshot;
use magento::client::ShopCall;
use serde_json::{Value, json};

use crate::importing::Shop;

const FILE: &str = "\
path,store_view_code,name,is_active,url_key,description,display_mode,position
Default Category/Gear,,,1,gear,<p>All</p>,Products only,4
\"Default Category/Gear/\"\"Bags/Cases\"\"\",,,0,bags,,,
Default Category/Gear,de_DE,Zeug,,,,,
";

async fn named(shop: &Shop, name: &str) -> Value {
    let list =
        shop.client.list(ShopCall::get(&["categories", "list"]), magento::client::SearchCriteria::default()).await;
    list.unwrap().into_iter().find(|category| category["name"] == name).unwrap()
}

#[tokio::test]
async fn categories_arrive_and_a_second_import_sends_no_write() {
    let shop = Shop::start().await;
    assert_snapshot!(shop.import::<Categories>(FILE).await, @"
    2 created
    1 updated
    ");
    let gear = named(&shop, "Gear").await;
    assert_eq!((&gear["position"], &gear["is_active"]), (&json!(4), &json!(true)));
    let bags = named(&shop, "Bags/Cases").await;
    assert_eq!((&bags["parent_id"], &bags["is_active"]), (&gear["id"], &json!(false)));
    let id = gear["id"].to_string();
    let call = ShopCall::get(&["categories", &id]).in_scope(magento::client::ShopScope::View("de_DE".to_owned()));
    assert_eq!(shop.client.call(&call).await.unwrap()["name"], "Zeug");
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Categories>(FILE).await, @"3 unchanged");
    assert_eq!(shop.sent(), Vec::<Value>::new());
    assert_snapshot!(shop.import::<Categories>(&FILE.replace("<p>All</p>", "<p>More</p>")).await, @"
    1 updated
    2 unchanged
    ");
    assert_eq!(shop.writes(), ["PUT /V1/categories/:id 1"]);
}

#[tokio::test]
async fn what_cannot_be_made_or_taken_away_is_told() {
    let shop = Shop::start().await;
    let file = "path,is_active\nDefault Category/None/Below,1\nNew Root,1\n";
    assert_snapshot!(shop.import::<Categories>(file).await, @"
    1 created
    a.csv:2: category `Default Category/None` above it does not exist in the shop; import it first
    ");
    assert_snapshot!(shop.import::<Categories>("path,store_view_code,name\nDefault Category/None,de_DE,Nichts\n").await, @"a.csv:2: category `Default Category/None` does not exist in the shop, and a row of a store view makes none; import it first");
    shop.import::<Categories>(FILE).await;
    let gone = "path\nDefault Category/Gear\nDefault Category/Gear\n";
    assert_snapshot!(shop.operate::<Categories>(Operation::Delete, gone).await, @"
    1 deleted
    a.csv:3: there is nothing of this to delete
    ");
    assert_snapshot!(shop.operate::<Categories>(Operation::Replace, "path\nNew Root\n").await, @"a.csv:2: categories of a shop are not replaced: it would give them new numbers, which products and menus refer to; use `add-update`, and `delete` for what shall be gone");
}

#[tokio::test]
async fn categories_that_products_name_are_made_with_what_is_above_them() {
    let shop = Shop::start().await;
    let mut named = import::named::Named::default();
    named.add_category(&"Default Category/A/B".parse().unwrap());
    named.add_category(&"Default Category/A/C".parse().unwrap());
    let paths: BTreeSet<_> = named.categories;
    assert_eq!(shop.target().make_categories(&paths).await.unwrap(), 3);
    assert_eq!(shop.target().make_categories(&paths).await.unwrap(), 0);
}

//! Products by lists: they arrive as the rows say, a second time nothing is sent.

use import::entity::product::Products;
use import::operation::Operation;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::importing::Shop;

const FILE: &str = "\
sku,attribute_set_code,product_type,name,price,weight,product_online,visibility,tax_class_name,url_key,qty,product_websites
JACKET-1,Default,simple,Jacket,19.90,1.5,1,\"Catalog, Search\",Taxable Goods,jacket-one,7,base
JACKET-2,Default,simple,Other jacket,25,2,2,Catalog,None,jacket-two,0,\"base,b2b\"
SERVICE,Default,virtual,Service,100,,1,Search,Taxable Goods,service,,base
";

fn attribute<'p>(product: &'p Value, code: &str) -> &'p Value {
    let attributes = product["custom_attributes"].as_array().unwrap();
    attributes.iter().find(|one| one["attribute_code"] == code).map_or(&Value::Null, |one| &one["value"])
}

#[tokio::test]
async fn new_products_arrive_as_the_rows_say_and_a_second_import_sends_no_write() {
    let shop = Shop::start().await;
    assert_snapshot!(shop.import::<Products>(FILE).await, @"3 created");
    let jacket = shop.product("JACKET-1").await;
    let shown = json!([jacket["name"], jacket["price"], jacket["weight"], jacket["status"], jacket["visibility"]]);
    assert_eq!(shown, json!(["Jacket", 19.9, 1.5, 1, 4]));
    assert_eq!(jacket["extension_attributes"]["website_ids"], json!([1]));
    assert_eq!(jacket["extension_attributes"]["stock_item"]["qty"], json!(7));
    assert_eq!(
        (attribute(&jacket, "url_key"), attribute(&jacket, "tax_class_id")),
        (&json!("jacket-one"), &json!("2"))
    );
    assert_eq!(shop.product("JACKET-2").await["extension_attributes"]["website_ids"], json!([1, 2]));
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Products>(FILE).await, @"3 unchanged");
    assert_eq!(shop.sent(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn one_changed_value_sends_one_item_with_this_value() {
    let shop = Shop::start().await;
    shop.import::<Products>(FILE).await;
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Products>(&FILE.replace("19.90", "18")).await, @"
    1 updated
    2 unchanged
    ");
    assert_eq!(shop.sent(), [json!([{"product": {"sku": "JACKET-1", "price": 18}}])]);
    assert_eq!(shop.product("JACKET-1").await["price"], json!(18));
}

#[tokio::test]
async fn a_row_of_a_store_view_speaks_for_it_alone() {
    let shop = Shop::start().await;
    shop.import::<Products>(FILE).await;
    let german = "sku,store_view_code,name\nJACKET-1,de_DE,Jacke\n";
    assert_snapshot!(shop.import::<Products>(german).await, @"1 updated");
    assert_eq!(shop.product("JACKET-1").await["name"], "Jacket");
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Products>(german).await, @"1 unchanged");
    assert_eq!(shop.sent(), Vec::<serde_json::Value>::new());
    // What is cleared for it is that of everybody again.
    assert_snapshot!(shop.import::<Products>("sku,store_view_code,description\nJACKET-1,de_DE,__EMPTY__VALUE__\n").await, @"1 updated");
}

#[tokio::test]
async fn a_product_and_its_store_view_may_be_new_in_one_file() {
    let shop = Shop::start().await;
    let file = "\
sku,store_view_code,attribute_set_code,product_type,name,price,url_key
NEW,de_DE,,,Neu,,
NEW,,Default,simple,New,5,new
NEW,de_DE,,,Neu,,
";
    assert_snapshot!(shop.import::<Products>(file).await, @"
    1 created
    1 updated
    a.csv:2: product `NEW` does not exist in the shop, and a row of a store view makes none; import it first
    ");
    assert_eq!(shop.product("NEW").await["name"], "New");
}

#[tokio::test]
async fn a_cleared_special_price_does_not_sell_for_nothing() {
    let shop = Shop::start().await;
    shop.import::<Products>(FILE).await;
    shop.import::<Products>("sku,special_price\nJACKET-1,9.90\n").await;
    assert_eq!(attribute(&shop.product("JACKET-1").await, "special_price"), &json!("9.900000"));
    assert_snapshot!(shop.import::<Products>("sku,special_price\nJACKET-1,__EMPTY__VALUE__\n").await, @"1 updated");
    assert_eq!(attribute(&shop.product("JACKET-1").await, "special_price"), &Value::Null);
}

#[tokio::test]
async fn a_refused_row_tells_the_words_of_the_shop_and_the_others_go_on() {
    let shop = Shop::start().await;
    let file = format!("{FILE}TWICE,Default,simple,Twice,1,,1,Search,None,jacket-one,,base\n");
    assert_snapshot!(shop.import::<Products>(&file).await, @"
    3 created
    a.csv:5: URL key for specified store already exists.
    ");
    // What cannot be made is told before it is sent.
    let bad =
        "sku,attribute_set_code,product_type,name,price\nBAD,Default,simple,,\nOTHER,,,Other,1\nJACKET-1,,virtual,,\n";
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Products>(bad).await, @"
    a.csv:2: column `price`: is needed because product `BAD` is new
    a.csv:3: column `product_type`: is needed because product `OTHER` is new
    a.csv:4: product `JACKET-1` is simple and cannot become virtual
    ");
    assert_eq!(shop.sent(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn deleting_takes_products_away_and_tells_what_was_not_there() {
    let shop = Shop::start().await;
    shop.import::<Products>(FILE).await;
    let gone = "sku\njacket-1\nNOPE\n";
    assert_snapshot!(shop.operate::<Products>(Operation::Delete, gone).await, @"
    1 deleted
    a.csv:3: there is nothing of this to delete
    ");
    assert_snapshot!(shop.operate::<Products>(Operation::Replace, "sku\nJACKET-2\n").await, @"a.csv:2: products of a shop are not replaced: it would give them new numbers, which orders and links refer to; use `add-update`, and `delete` for what shall be gone");
}

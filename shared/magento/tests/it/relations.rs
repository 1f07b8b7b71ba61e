//! What products have to do with others: links, groups, bundles. All of it arrives, whatever the order of the rows.

use import::entity::link::Links;
use import::entity::product::Products;
use import::operation::Operation;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::importing::Shop;

const FILE: &str = "\
sku,attribute_set_code,product_type,name,price,visibility,product_websites,url_key,related_skus,upsell_skus,associated_skus,bundle_values,bundle_price_type
SET,Default,grouped,Set,,Catalog,base,set,,,\"A=2,B=1\",,
KIT,Default,bundle,Kit,,Catalog,base,kit,,,,\"name=Main,type=radio,required=1,sku=A,default=1,default_qty=2,can_change_qty=0|name=Main,type=radio,sku=B|name=More,type=checkbox,required=0,sku=C\",dynamic
A,Default,simple,A,10,Search,base,a,\"B,C\",KIT,,,
B,Default,simple,B,20,Search,base,b,,,,,
C,Default,virtual,C,30,Search,base,c,,,,,
";

async fn links(shop: &Shop, sku: &str) -> Vec<String> {
    let product = shop.product(sku).await;
    let text = |link: &Value, name: &str| link[name].as_str().unwrap().to_owned();
    let one = |link: &Value| format!("{} {}", text(link, "link_type"), text(link, "linked_product_sku"));
    product["product_links"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn links_groups_and_bundles_arrive_and_a_second_import_sends_no_write() {
    let shop = Shop::start().await;
    assert_snapshot!(shop.import::<Products>(FILE).await, @"5 created");
    assert_eq!(links(&shop, "A").await, ["related B", "related C", "upsell KIT"]);
    let set = shop.product("SET").await["product_links"].clone();
    let member = |place: usize| json!([set[place]["linked_product_sku"], set[place]["extension_attributes"]["qty"]]);
    assert_eq!([member(0), member(1)], [json!(["A", 2]), json!(["B", 1])]);
    let options = shop.get(&["bundle-products", "KIT", "options", "all"]).await;
    let shown = |place: usize| json!([options[place]["title"], options[place]["type"], options[place]["required"]]);
    assert_eq!([shown(0), shown(1)], [json!(["Main", "radio", true]), json!(["More", "checkbox", false])]);
    let main = &options[0]["product_links"];
    assert_eq!((&main[0]["sku"], &main[0]["qty"], &main[0]["is_default"]), (&json!("A"), &json!(2), &json!(true)));
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Products>(FILE).await, @"5 unchanged");
    assert_eq!(shop.sent(), Vec::<Value>::new());
}

#[tokio::test]
async fn links_of_types_that_a_row_does_not_speak_of_stay_and_others_go() {
    let shop = Shop::start().await;
    shop.import::<Products>(FILE).await;
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Links>("sku,related_skus\nA,C\n").await, @"1 updated");
    assert_eq!(shop.writes(), ["PUT /V1/products/:sku 1"]);
    assert_eq!(links(&shop, "A").await, ["related C", "upsell KIT"]);
    assert_snapshot!(shop.operate::<Links>(Operation::Delete, "sku\nA\n").await, @"1 updated");
    assert_eq!(links(&shop, "A").await, Vec::<String>::new());
    assert_snapshot!(shop.import::<Links>("sku,related_skus\nNOPE,C\n").await, @"a.csv:2: product `NOPE` does not exist in the shop, and this kind of file makes none; import it first");
}

#[tokio::test]
async fn a_link_to_nothing_is_told_and_a_part_that_is_missing_costs_the_row() {
    let shop = Shop::start().await;
    shop.import::<Products>(FILE).await;
    let file = "sku,related_skus,associated_skus\nA,\"B,NOPE\",\nSET,,\"A=1,NOPE=1\"\n";
    assert_snapshot!(shop.import::<Links>(file).await, @"
    1 updated
    a.csv:2: product `NOPE` is not in the shop, so the link to it was left out
    a.csv:3: the product is there, but its part `NOPE` is not; import it, then this again
    ");
    assert_eq!(links(&shop, "A").await, ["related B", "upsell KIT"]);
    shop.local.forget_exchanges();
    shop.import::<Links>("sku,related_skus\nA,\"B,NOPE\"\n").await;
    assert_eq!(shop.sent(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_changed_option_of_a_bundle_keeps_its_number() {
    let shop = Shop::start().await;
    shop.import::<Products>(FILE).await;
    let numbers = async || {
        let options = shop.get(&["bundle-products", "KIT", "options", "all"]).await;
        let number = |option: &Value| (option["option_id"].clone(), option["product_links"][0]["id"].clone());
        options.as_array().unwrap().iter().map(number).collect::<Vec<_>>()
    };
    let before = numbers().await;
    assert_snapshot!(shop.import::<Products>(&FILE.replace("default_qty=2", "default_qty=3")).await, @"
    1 updated
    4 unchanged
    ");
    assert_eq!(numbers().await, before);
}

//! Stock by calls that take hundreds of rows, all or nothing.

use import::entity::product::Products;
use import::entity::source_item::SourceItems;
use import::entity::stock::Stock;
use import::operation::Operation;
use insta::assert_snapshot;
use serde_json::json;

use crate::importing::Shop;

const PRODUCTS: &str = "\
sku,attribute_set_code,product_type,name,price,url_key,product_websites
A,Default,simple,A,10,a,base
B,Default,simple,B,20,b,base
C,Default,configurable,C,,c,base
";

async fn shop() -> Shop {
    let shop = Shop::start().await;
    shop.import::<Products>(PRODUCTS).await;
    shop.local.forget_exchanges();
    shop
}

#[tokio::test]
async fn stock_by_source_goes_in_one_call_and_what_the_shop_would_keep_of_nothing_is_refused() {
    let shop = shop().await;
    let file = "sku,source_code,quantity,status\nA,default,5,\nB,default,0,\nC,default,1,\nNOPE,default,3,1\n";
    assert_snapshot!(shop.import::<SourceItems>(file).await, @"
    2 created
    a.csv:4: product `C` is configurable and has no stock of its own; name the products that it is made of
    a.csv:5: product `NOPE` does not exist in the shop, and this kind of file makes none; import it first
    ");
    assert_eq!(shop.writes(), ["POST /V1/inventory/source-items 2"]);
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<SourceItems>("sku,source_code,quantity\na,default,5.0\nB,default,0\n").await, @"2 unchanged");
    assert_eq!(shop.sent(), Vec::<serde_json::Value>::new());
    assert_snapshot!(shop.import::<SourceItems>("sku,source_code,quantity,relative\nA,default,5,1\n").await, @"a.csv:2: a quantity cannot be added in a shop, which does not remember what was added already and would add it twice; state what is there");
    let gone = "sku,source_code\nA,default\n";
    assert_snapshot!(shop.operate::<SourceItems>(Operation::Delete, gone).await, @"1 deleted");
    assert_snapshot!(shop.operate::<SourceItems>(Operation::Delete, gone).await, @"a.csv:2: there is nothing of this to delete");
}

#[tokio::test]
async fn classic_quantities_go_to_the_default_source_and_settings_with_the_product() {
    let shop = shop().await;
    assert_snapshot!(shop.import::<Stock>("sku,qty,is_in_stock\nA,12,\nB,0,1\nNOPE,1,\n").await, @"
    2 updated
    a.csv:4: product `NOPE` does not exist in the shop, and this kind of file makes none; import it first
    ");
    assert_eq!(shop.writes(), ["POST /V1/inventory/source-items 2"]);
    assert_eq!(shop.product("A").await["extension_attributes"]["stock_item"]["qty"], json!(12));
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Stock>("sku,qty,max_cart_qty\nA,12,3\n").await, @"1 updated");
    assert_eq!(shop.writes(), ["PUT /V1/products/:sku 1"]);
    assert_eq!(shop.product("A").await["extension_attributes"]["stock_item"]["max_sale_qty"], json!(3));
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Stock>("sku,qty,max_cart_qty\nA,12,3\n").await, @"1 unchanged");
    assert_eq!(shop.sent(), Vec::<serde_json::Value>::new());
}

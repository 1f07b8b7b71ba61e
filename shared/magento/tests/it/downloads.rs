//! Files that are sold, what a customer may enter, and stock by source of products.

use import::entity::custom_option::CustomOptions;
use import::entity::product::Products;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::importing::Shop;

const FILE: &str = "\
sku,attribute_set_code,product_type,name,price,product_websites,url_key,downloadable_links,downloadable_samples,custom_options
MAP,Default,downloadable,Map,9,base,map,\"group_title=Files,title=Track,price=0,downloads=unlimited,file=/tours/närrehede.gpx|title=Print,price=1.50,downloads=5,shareable=0,file=/tours/print.pdf,sample=/tours/part.pdf\",\"title=Look,file=/tours/look.gpx\",
RING,Default,simple,Ring,90,base,ring,,,\"name=Engraving,type=field,price=5,max_characters=20|name=Size,type=drop_down,required=1,option_title=52,price=0|name=Size,type=drop_down,required=1,option_title=54,price=2,price_type=percent,sku=R54\"
";

#[tokio::test]
async fn files_and_custom_options_arrive_and_a_second_import_sends_no_write() {
    let shop = Shop::start().await;
    assert_snapshot!(shop.import::<Products>(FILE).await, @"2 created");
    let links = shop.product("MAP").await["extension_attributes"]["downloadable_product_links"].clone();
    let shown = |link: &Value| json!([link["title"], link["price"], link["number_of_downloads"], link["link_type"]]);
    assert_eq!(
        [shown(&links[0]), shown(&links[1])],
        [json!(["Track", 0, 0, "file"]), json!(["Print", 1.5, 5, "file"])]
    );
    let options = shop.product("RING").await["options"].clone();
    assert_eq!((&options[0]["max_characters"], &options[0]["is_require"]), (&json!(20), &json!(false)));
    assert_eq!((&options[1]["type"], &options[1]["values"][1]["price_type"]), (&json!("drop_down"), &json!("percent")));
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Products>(FILE).await, @"2 unchanged");
    assert_eq!(shop.sent(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_file_that_is_not_there_costs_its_row() {
    let shop = Shop::start().await;
    assert_snapshot!(shop.import::<Products>(&FILE.replace("print.pdf", "missing.pdf")).await, @"
    1 created
    a.csv:2: column `downloadable_links`: `/tours/missing.pdf` is not in the bucket
    ");
}

#[tokio::test]
async fn a_changed_option_replaces_all_of_them() {
    let shop = Shop::start().await;
    shop.import::<Products>(FILE).await;
    let file = "sku,custom_options\nRING,\"name=Engraving,type=area,price=7\"\n";
    assert_snapshot!(shop.import::<CustomOptions>(file).await, @"1 updated");
    let options = shop.product("RING").await["options"].clone();
    assert_eq!((options.as_array().unwrap().len(), &options[0]["type"]), (1, &json!("area")));
    assert_snapshot!(shop.import::<CustomOptions>(file).await, @"1 unchanged");
}

#[tokio::test]
async fn stock_by_source_of_products_arrives_and_what_is_not_named_goes() {
    let shop = Shop::start().await;
    for code in ["north", "south"] {
        let source = json!({"source": {"source_code": code, "name": code, "country_id": "DE", "postcode": "1", "enabled": true}});
        shop.client.call(&magento::client::ShopCall::post(&["inventory", "sources"], &source)).await.unwrap();
    }
    let file = "\
sku,attribute_set_code,product_type,name,price,product_websites,url_key,inventory_source_items
A,Default,simple,A,9,base,a,\"source_code=north,quantity=5,status=1|source_code=south,quantity=0,status=0\"
";
    assert_snapshot!(shop.import::<Products>(file).await, @"1 created");
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Products>(file).await, @"1 unchanged");
    assert_eq!(shop.sent(), Vec::<Value>::new());
    let fewer = "sku,inventory_source_items\nA,\"source_code=north,quantity=7,status=1\"\n";
    assert_snapshot!(shop.import::<Products>(fewer).await, @"1 updated");
    assert_eq!(shop.writes(), ["POST /V1/inventory/source-items 1", "POST /V1/inventory/source-items-delete 1"]);
    assert_snapshot!(shop.import::<Products>("sku,inventory_source_items\nA,\"source_code=nope,quantity=7\"\n").await, @"a.csv:2: column `inventory_source_items`: `nope` is not a source of the shop (known: `default`, `north`, `south`)");
}

//! Configurable products: what they are a choice of comes first, whatever the order of the rows.

use import::entity::product::Products;
use insta::assert_snapshot;
use magento::client::{SearchCriteria, ShopCall};
use serde_json::{Value, json};

use crate::importing::Shop;

const FILE: &str = "\
sku,attribute_set_code,product_type,name,price,color,visibility,product_websites,url_key,configurable_variations
SHIRT,Default,configurable,Shirt,,,\"Catalog, Search\",base,shirt,\"sku=SHIRT-RED,color=Red|sku=SHIRT-BLUE,color=Blue\"
SHIRT-RED,Default,simple,Shirt red,10,Red,Not Visible Individually,base,shirt-red,
SHIRT-BLUE,Default,simple,Shirt blue,10,Blue,Not Visible Individually,base,shirt-blue,
SHIRT-GREEN,Default,simple,Shirt green,10,Green,Not Visible Individually,base,shirt-green,
";

async fn shop() -> Shop {
    let shop = Shop::start().await;
    for label in ["Red", "Blue", "Green"] {
        let option = json!({"option": {"label": label}});
        shop.client.call(&ShopCall::post(&["products", "attributes", "color", "options"], &option)).await.unwrap();
    }
    let groups =
        shop.client.list(ShopCall::get(&["products", "attribute-sets", "groups", "list"]), SearchCriteria::default());
    let groups = groups.await.unwrap();
    let group = groups.iter().find(|group| group["attribute_set_id"] == 4).unwrap()["attribute_group_id"].clone();
    let place = json!({"attributeSetId": 4, "attributeGroupId": group, "attributeCode": "color", "sortOrder": 99});
    shop.client.call(&ShopCall::post(&["products", "attribute-sets", "attributes"], &place)).await.unwrap();
    shop
}

async fn children(shop: &Shop) -> Vec<String> {
    let children = shop.get(&["configurable-products", "SHIRT", "children"]).await;
    let children = children.as_array().unwrap().iter();
    let mut skus: Vec<String> = children.map(|child| child["sku"].as_str().unwrap().to_owned()).collect();
    skus.sort();
    skus
}

#[tokio::test]
async fn variations_are_attached_once_they_are_there_and_a_second_import_sends_no_write() {
    let shop = shop().await;
    assert_snapshot!(shop.import::<Products>(FILE).await, @"4 created");
    assert_eq!(children(&shop).await, ["SHIRT-BLUE", "SHIRT-RED"]);
    let options = shop.get(&["configurable-products", "SHIRT", "options", "all"]).await;
    assert_eq!((options[0]["label"].clone(), options[0]["values"].as_array().unwrap().len()), (json!("Color"), 2));
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Products>(FILE).await, @"4 unchanged");
    assert_eq!(shop.sent(), Vec::<Value>::new());
}

#[tokio::test]
async fn variations_that_are_not_named_any_more_are_taken_away() {
    let shop = shop().await;
    shop.import::<Products>(FILE).await;
    shop.local.forget_exchanges();
    let file = FILE.replace("sku=SHIRT-RED,color=Red", "sku=SHIRT-GREEN,color=Green");
    assert_snapshot!(shop.import::<Products>(&file).await, @"
    1 updated
    3 unchanged
    ");
    assert_eq!(shop.writes(), ["PUT /V1/products/:sku 1"]);
    assert_eq!(children(&shop).await, ["SHIRT-BLUE", "SHIRT-GREEN"]);
}

#[tokio::test]
async fn a_variation_that_the_shop_does_not_have_costs_the_row_of_its_product() {
    let shop = shop().await;
    let missing = "sku,configurable_variations\nSHIRT,\"sku=NOPE,color=Red\"\n";
    shop.import::<Products>(FILE).await;
    assert_snapshot!(shop.import::<Products>(missing).await, @"a.csv:2: the product is there, but its variation `NOPE` is not; import it, then this again");
    assert_eq!(children(&shop).await, ["SHIRT-BLUE", "SHIRT-RED"]);
}

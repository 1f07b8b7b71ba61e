//! Attribute sets and attributes: what products need is made before them.

use import::entity::attribute::Attributes;
use import::entity::attribute_set::AttributeSets;
use import::entity::product::Products;
use import::operation::Operation;
use insta::assert_snapshot;
use magento::target::MagentoTarget;
use serde_json::{Value, json};

use crate::importing::{Shop, give_rows, rows_of, told};

const SETS: &str = "\
attribute_set_name,based_on,attribute_group_name
Shoes,Default,Fit
Shoes,,Care
";

const ATTRIBUTES: &str = "\
attribute_code,store_view_code,attribute_set_name,attribute_group_name,frontend_input,frontend_label,is_global,attribute_option_values,is_searchable,is_filterable,position
width,,Shoes,Fit,select,Width,1,\"Narrow,Wide\",1,1,7
width,de_DE,,,,Breite,,\"Schmal,Weit\",,,
washable,,Shoes,Care,boolean,Washable,0,,,,
";

#[tokio::test]
async fn sets_and_attributes_arrive_and_a_second_import_sends_no_write() {
    let shop = Shop::start().await;
    assert_snapshot!(shop.import::<AttributeSets>(SETS).await, @"
    1 created
    1 updated
    ");
    assert_snapshot!(shop.import::<Attributes>(ATTRIBUTES).await, @"
    2 created
    1 updated
    ");
    let width = shop.get(&["products", "attributes", "width"]).await;
    let shown = json!([
        width["frontend_input"],
        width["scope"],
        width["is_searchable"],
        width["is_filterable"],
        width["position"]
    ]);
    assert_eq!(shown, json!(["select", "global", "1", true, 7]));
    assert_eq!(width["frontend_labels"], json!([{"store_id": 2, "label": "Breite"}]));
    let product = "sku,attribute_set_code,product_type,name,price,url_key,additional_attributes\nBOOT,Shoes,simple,Boot,90,boot,\"width=Wide,washable=Yes\"\n";
    assert_snapshot!(shop.import::<Products>(product).await, @"1 created");
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<AttributeSets>(SETS).await, @"2 unchanged");
    assert_snapshot!(shop.import::<Attributes>(ATTRIBUTES).await, @"3 unchanged");
    assert_eq!(shop.sent(), Vec::<Value>::new());
}

#[tokio::test]
async fn options_are_added_and_never_removed() {
    let shop = Shop::start().await;
    shop.import::<AttributeSets>(SETS).await;
    shop.import::<Attributes>(ATTRIBUTES).await;
    shop.local.forget_exchanges();
    let file = "attribute_code,attribute_option_values\nwidth,\"wide,Extra wide\"\n";
    assert_snapshot!(shop.import::<Attributes>(file).await, @"1 updated");
    assert_eq!(shop.writes(), ["POST /V1/products/attributes/:attributeCode/options 1"]);
    let options = shop.get(&["products", "attributes", "width", "options"]).await;
    let labels: Vec<&str> = options.as_array().unwrap().iter().filter_map(|option| option["label"].as_str()).collect();
    assert_eq!(labels, [" ", "Narrow", "Wide", "Extra wide"]);
}

#[tokio::test]
async fn what_a_shop_does_not_take_of_attributes_is_told() {
    let shop = Shop::start().await;
    assert_snapshot!(shop.import::<Attributes>("attribute_code,frontend_input,frontend_label,search_weight\nfoot,text,Foot,5\ncolor,text,Color,\n").await, @"
    1 created
    a.csv:2: column `search_weight`: is not known to the REST interface of the shop
    a.csv:3: attribute `color` is entered as select and cannot become text
    ");
    assert_snapshot!(shop.operate::<Attributes>(Operation::Delete, "attribute_code\nfoot\nfoot\n").await, @"
    1 deleted
    a.csv:3: there is nothing of this to delete
    ");
    assert_snapshot!(shop.operate::<AttributeSets>(Operation::Delete, "attribute_set_name\nDefault\n").await, @"a.csv:2: attribute sets of a shop are not deleted or replaced: products would be left without one");
    assert_snapshot!(shop.import::<AttributeSets>("attribute_set_name,entity_type_code\nX,customer\n").await, @"a.csv:2: the shop has calls for attribute sets of products only");
}

#[tokio::test]
async fn what_an_earlier_file_made_is_asked_for_when_it_is_named() {
    let shop = Shop::start().await;
    let kept = magento::facts::read(&shop.client).await.unwrap();
    shop.import::<AttributeSets>(SETS).await;
    shop.import::<Attributes>(ATTRIBUTES).await;
    // The step of the products has facts that are older than the sets.
    let target = MagentoTarget::knowing(shop.client.clone(), kept);
    let target_facts = target.knowledge().await.unwrap();
    assert!(!target_facts.ids.attribute_sets.contains_key("shoes"));
    let file = "sku,attribute_set_code,product_type,name,price,url_key\nBOOT,Shoes,simple,Boot,90,boot\n";
    let rows = rows_of::<Products>(&shop, file).await;
    let outcome = give_rows::<Products>(&target, Operation::AddUpdate, rows).await.unwrap();
    assert_snapshot!(told(shop.settle::<Products>(&target, outcome).await), @"1 created");
}

//! What rows become in the shop's words, and what is left out because the shop has it.

use std::collections::BTreeMap;

use import::entity::Stated;
use import::entity::product::{CategoryLink, ProductChange, ProductType, ProductValue, TierPrice, Variation};
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::body::ProductBody;
use super::compare;
use crate::testing::recorded_shop::knowledge;
use crate::testing::recording;

fn text(text: &str) -> Stated<ProductValue> {
    Stated::Set(ProductValue::Text(text.to_owned()))
}

fn values(values: &[(&str, Stated<ProductValue>)]) -> ProductChange {
    let values = values.iter().map(|(code, stated)| ((*code).to_owned(), stated.clone())).collect();
    ProductChange { sku: "RIG-3".to_owned(), values, ..ProductChange::default() }
}

/// The item that rows of one product make, or why not.
async fn item(changes: &[ProductChange]) -> String {
    let known = knowledge().await;
    let mut body = ProductBody::default();
    let mut told = Vec::new();
    for change in changes {
        match body.take(&known, change, (Some("Rig Set"), change.product_type)) {
            Ok(unsent) => told.extend(unsent.into_iter().map(|(column, problem)| format!("\n{column} {problem}"))),
            Err(refusal) => return format!("{}: {}", refusal.column.unwrap_or_default(), refusal.problem),
        }
    }
    format!("{}{}", sorted(&body.into_item("RIG-3")["product"]), told.concat())
}

/// A value with its fields in the order of their names. Whether objects keep another one is decided by what else is built.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&String, Value> = fields.iter().map(|(name, value)| (name, sorted(value))).collect();
            fields.into_iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        Value::Array(values) => values.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[tokio::test]
async fn values_go_where_the_shop_takes_them() {
    let list = Stated::Set(ProductValue::List(vec!["Warm".to_owned(), "dry".to_owned()]));
    let change = ProductChange {
        attribute_set: Some("Rig Set".to_owned()),
        product_type: Some(ProductType::Simple),
        ..values(&[
            ("name", text("Jacket")),
            ("price", text("19.9")),
            ("weight", text("2")),
            ("product_online", text("2")),
            ("visibility", text("Catalog, Search")),
            ("tax_class_name", text("Taxable Goods")),
            ("rig_size", text("M")),
            ("rig_features", list),
            ("rig_date", text("2026-08-01T12:00:00")),
            ("rig_flag", text("1")),
            ("url_key", text("jacket")),
            ("created_at", text("2026-08-01T12:00:00")),
        ])
    };
    assert_snapshot!(item(&[change]).await, @r#"{"attribute_set_id":9,"custom_attributes":[{"attribute_code":"rig_date","value":"2026-08-01 12:00:00"},{"attribute_code":"rig_features","value":"10,11"},{"attribute_code":"rig_flag","value":"1"},{"attribute_code":"rig_size","value":"8"},{"attribute_code":"tax_class_id","value":"2"},{"attribute_code":"url_key","value":"jacket"}],"name":"Jacket","price":19.9,"sku":"RIG-3","status":2,"type_id":"simple","visibility":4,"weight":2}"#);
}

#[tokio::test]
async fn what_shall_be_gone_is_nothing_and_never_an_empty_text() {
    let cleared = ["special_price", "special_price_from_date", "rig_size", "rig_features", "rig_note", "weight"];
    let cleared: Vec<_> = cleared.iter().map(|code| (*code, Stated::Clear)).collect();
    let item = item(&[values(&cleared)]).await;
    assert!(!item.contains("\"\""), "{item}");
    assert_snapshot!(item, @r#"{"custom_attributes":[{"attribute_code":"rig_features","value":null},{"attribute_code":"rig_note","value":null},{"attribute_code":"rig_size","value":null},{"attribute_code":"special_from_date","value":null},{"attribute_code":"special_price","value":null}],"sku":"RIG-3","weight":null}"#);
}

#[tokio::test]
async fn what_the_shop_would_drop_or_bend_without_a_word_is_refused() {
    assert_snapshot!(item(&[values(&[("no_such", text("x"))])]).await, @"no_such: the shop has no attribute `no_such`, and would drop the value without a word");
    assert_snapshot!(item(&[values(&[("elsewhere", text("x"))])]).await, @"elsewhere: attribute `elsewhere` is not in attribute set `Rig Set`, and the shop would drop the value without a word");
    assert_snapshot!(item(&[values(&[("rig_size", text("XXL"))])]).await, @"rig_size: `XXL` is no option of attribute `rig_size` in the shop");
    assert_snapshot!(item(&[values(&[("tax_class_name", text("Books"))])]).await, @"tax_class_name: `Books` is no tax class of the shop");
    assert_snapshot!(item(&[values(&[("price", Stated::Clear)])]).await, @"price: cannot be removed, because every product of the shop has it");
    let link = CategoryLink { path: "Default Category/Nowhere".parse().unwrap(), position: None };
    let change = ProductChange { categories: Some(Stated::Set(vec![link])), ..values(&[]) };
    assert_snapshot!(item(&[change]).await, @"categories: `Default Category/Nowhere` is no category of the shop; import it first");
    let change = ProductChange { websites: Some(Stated::Set(vec!["nope".to_owned()])), ..values(&[]) };
    assert_snapshot!(item(&[change]).await, @"product_websites: `nope` is no website of the shop");
}

#[tokio::test]
async fn relations_are_sent_by_number() {
    let link = |path: &str, position| CategoryLink { path: path.parse().unwrap(), position };
    let links = vec![link("default category/gentlemen", Some(3)), link("Default Category", None)];
    let price = |group: &str, value_type: &str| TierPrice {
        quantity: "5".to_owned(),
        price: "7.5".to_owned(),
        value_type: value_type.to_owned(),
        website: "All Websites".to_owned(),
        customer_group: group.to_owned(),
    };
    let change = ProductChange {
        websites: Some(Stated::Set(vec!["base".to_owned(), "b2b".to_owned()])),
        categories: Some(Stated::Set(links)),
        tier_prices: Some(Stated::Set(vec![price("ALL GROUPS", "Fixed"), price("Wholesale", "Discount")])),
        stock: BTreeMap::from([
            ("qty".to_owned(), Stated::Set("12.5".to_owned())),
            ("manage_stock".to_owned(), Stated::Set("use_config".to_owned())),
            ("use_config_manage_stock".to_owned(), Stated::Set("1".to_owned())),
            ("website_id".to_owned(), Stated::Set("0".to_owned())),
        ]),
        ..values(&[])
    };
    assert_snapshot!(item(&[change]).await, @r#"
    {"extension_attributes":{"category_links":[{"category_id":"2","position":0},{"category_id":"3","position":3}],"stock_item":{"qty":12.5,"use_config_manage_stock":true},"website_ids":[1,2]},"sku":"RIG-3","tier_prices":[{"customer_group_id":32000,"extension_attributes":{"website_id":0},"qty":5,"value":7.5},{"customer_group_id":2,"extension_attributes":{"percentage_value":7.5,"website_id":0},"qty":5}]}
    website_id is not known to the REST interface of the shop
    "#);
}

#[tokio::test]
async fn variations_that_would_break_the_shop_are_refused() {
    let variation = |sku: &str, code: &str, label: &str| {
        let options = BTreeMap::from([(code.to_owned(), label.to_owned())]);
        Variation { sku: sku.to_owned(), options }
    };
    let told = async |variations: &[Variation]| {
        let variations = Some(Stated::Set(variations.to_vec()));
        item(&[ProductChange { variations, ..values(&[]) }]).await
    };
    let red = variation("A-RED", "color", "Red");
    assert_snapshot!(told(&[red.clone(), variation("A-BLUE", "color", "blue")]).await, @r#"{"extension_attributes":{"configurable_product_options":[{"attribute_id":"93","label":"Color","position":0,"values":[{"value_index":4},{"value_index":5}]}]},"sku":"RIG-3"}"#);
    assert_snapshot!(told(&[red.clone(), variation("A-2", "color", "red")]).await, @r#"
    {"extension_attributes":{"configurable_product_options":[{"attribute_id":"93","label":"Color","position":0,"values":[{"value_index":4}]}]},"sku":"RIG-3"}
    configurable_variations tells `A-RED` and `A-2` apart by nothing; the shop keeps both, and sells one
    "#);
    assert_snapshot!(told(&[variation("A", "no_such", "Red")]).await, @"configurable_variations: the shop has no attribute `no_such`, and its pages would break");
    assert_snapshot!(told(&[variation("A", "color", "Pink")]).await, @"configurable_variations: `Pink` is no option of attribute `color` in the shop");
}

#[tokio::test]
async fn the_latest_of_several_rows_counts() {
    let rows = [values(&[("name", text("One")), ("rig_note", text("a"))]), values(&[("name", text("Two"))])];
    assert_snapshot!(item(&rows).await, @r#"{"custom_attributes":[{"attribute_code":"rig_note","value":"a"}],"name":"Two","sku":"RIG-3"}"#);
}

#[tokio::test]
async fn parts_that_are_not_sent_are_told() {
    let change = ProductChange {
        variations: Some(Stated::Set(Vec::new())),
        custom_options: Some(Stated::Clear),
        ..values(&[("url_path", text("jacket.html"))])
    };
    assert_snapshot!(item(&[change]).await, @r#"
    {"options":[],"sku":"RIG-3"}
    configurable_variations and what belongs to it is not sent to the shop yet
    url_path is made by the shop from `url_key`, and is not sent
    "#);
}

/// A body with these fields and attributes.
fn body(fields: &Value, attributes: &Value) -> ProductBody {
    let attributes = attributes.as_object().unwrap().iter().map(|(code, value)| (code.clone(), value.clone()));
    ProductBody {
        fields: fields.as_object().unwrap().clone(),
        attributes: attributes.collect(),
        ..ProductBody::default()
    }
}

#[test]
fn what_a_real_shop_has_is_left_out_however_it_writes_it() {
    // The product as it was read back after everything in it had been sent.
    let stored = recording("products/060").body;
    let attribute = |code: &str| {
        let attributes = stored["custom_attributes"].as_array().unwrap();
        attributes.iter().find(|one| one["attribute_code"] == code).map(|one| one["value"].clone()).unwrap()
    };
    let same = body(
        &json!({"price": stored["price"], "name": stored["name"], "status": stored["status"], "weight": 0.50}),
        &json!({"rig_price": "12", "url_key": attribute("url_key"), "save_rewrites_history": "1", "meta_title": null}),
    );
    let mut left = same.clone();
    assert_eq!(compare::leave_out(&mut left, &stored), Vec::<i64>::new());
    assert!(left.is_empty(), "{left:?}");
    let mut other = same;
    other.fields.insert("price".to_owned(), json!(12.345));
    other.attributes.insert("url_key".to_owned(), json!("another"));
    compare::leave_out(&mut other, &stored);
    assert_eq!(
        other.into_item("X")["product"],
        json!({"sku": "X", "price": 12.345, "custom_attributes": [
        {"attribute_code": "save_rewrites_history", "value": "1"}, {"attribute_code": "url_key", "value": "another"}]})
    );
}

#[test]
fn categories_are_compared_because_the_shop_only_adds_to_them() {
    let stored = recording("products/019").body;
    let with = |categories: &[(i64, Option<i64>)]| {
        let categories = Some(categories.iter().copied().collect());
        let mut body = ProductBody { categories, ..ProductBody::default() };
        let removed = compare::leave_out(&mut body, &stored);
        (body.categories.map(|left| left.into_keys().collect::<Vec<i64>>()), removed)
    };
    // It is in 3 at place 3 and in 5 at place 1.
    assert_eq!(with(&[(3, Some(3)), (5, None)]), (None, vec![]));
    assert_eq!(with(&[(3, Some(4)), (5, None), (7, None)]), (Some(vec![3, 7]), vec![]));
    assert_eq!(with(&[(3, Some(3))]), (None, vec![5]));
    assert_eq!(with(&[]), (Some(vec![]), vec![]));
}

#[test]
fn a_store_view_keeps_what_it_shows_on_its_own_account() {
    let shown = json!({"name": "Jacke", "custom_attributes": [{"attribute_code": "rig_note", "value": "gleich"}]});
    let for_all = json!({"name": "Jacket", "custom_attributes": [{"attribute_code": "rig_note", "value": "gleich"}]});
    let mut left = body(&json!({"name": "Jacke"}), &json!({"rig_note": "gleich"}));
    compare::leave_out_of_view(&mut left, &shown, &for_all);
    // The note may be that of everybody, who may have another one tomorrow.
    assert_eq!(left, body(&json!({}), &json!({"rig_note": "gleich"})));
}

#[test]
fn texts_that_look_like_numbers_stay_texts() {
    let stored = json!({"custom_attributes": [{"attribute_code": "ean", "value": "0012"}]});
    let mut left = body(&json!({}), &json!({"ean": "12"}));
    compare::leave_out(&mut left, &stored);
    assert!(!left.is_empty());
}

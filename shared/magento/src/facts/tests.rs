//! What is made of the answers of a real shop; where the recordings have none, of answers in the form that is documented.

use std::collections::BTreeMap;

use import::entity::attribute::AttributeScope;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::*;
use crate::client::RefusalReason;
use crate::testing::{Heard, Says, TestWire, recording};

/// Says what the shop of the recordings says; pages end at once.
fn shop(heard: &Heard) -> Says {
    let path = heard.url.split('?').next().unwrap();
    let recorded = |name: &str| Says::Json(200, recording(name).body);
    let list = |items: Value| {
        let total = items.as_array().unwrap().len();
        Says::Json(200, json!({"items": items, "search_criteria": {}, "total_count": total}))
    };
    match path.trim_start_matches("/rest/all/V1/") {
        "store/websites" => recorded("auth/002"),
        "store/storeViews" => recorded("auth/016"),
        "store/storeGroups" => Says::Json(
            200,
            json!([
            {"id": 0, "website_id": 0, "root_category_id": 0, "default_store_id": 0, "name": "Default", "code": "default"},
            {"id": 1, "website_id": 1, "root_category_id": 2, "default_store_id": 1, "name": "Main", "code": "main"},
            {"id": 2, "website_id": 2, "root_category_id": 2, "default_store_id": 3, "name": "B2B", "code": "b2b"}]),
        ),
        "store/storeConfigs" => Says::Json(
            200,
            json!([
            {"id": 1, "code": "default", "website_id": 1, "base_currency_code": "EUR"},
            {"id": 3, "code": "b2b_en", "website_id": 2, "base_currency_code": "USD"}]),
        ),
        "customerGroups/search" => recorded("customers/019"),
        "taxClasses/search" => list(json!([
            {"class_id": 2, "class_name": "Taxable Goods", "class_type": "PRODUCT"},
            {"class_id": 3, "class_name": "Retail Customer", "class_type": "CUSTOMER"}])),
        "inventory/sources" => recorded("inventory/013"),
        "inventory/stocks" => recorded("inventory/016"),
        "inventory/stock-source-links" => list(json!([
            {"stock_id": 2, "source_code": "wh2", "priority": 2}, {"stock_id": 1, "source_code": "default", "priority": 1},
            {"stock_id": 2, "source_code": "default", "priority": 1}])),
        "products/attribute-sets/sets/list" => list(json!([
            {"attribute_set_id": 4, "attribute_set_name": "Default", "sort_order": 1, "entity_type_id": 4},
            {"attribute_set_id": 9, "attribute_set_name": "Rig Set", "sort_order": 2, "entity_type_id": 4}])),
        "products/attribute-sets/groups/list" => recorded("attributes/033"),
        "products/attribute-sets/9/attributes" => recorded("attributes/048"),
        "products/attribute-sets/4/attributes" => Says::Json(200, json!([{"attribute_code": "color"}])),
        "categories/list" => list(json!([
            {"id": 1, "name": "Root Catalog", "path": "1"}, {"id": 2, "name": "Default Category", "path": "1/2"},
            {"id": 4, "name": "Shirts/Blouses", "path": "1/2/4"}, {"id": 3, "name": "Gentlemen", "path": "1/2/3"},
            {"id": 9, "name": "gentlemen", "path": "1/2/9"}, {"id": 10, "name": "Lost", "path": "1/77/10"}])),
        "products/attributes" => {
            list(json!([color("attributes/010"), recording("attributes/025").body, price("website")]))
        }
        "/rest/de_DE/V1/products/attributes" => list(json!([color("attributes/011")])),
        "/rest/default/V1/products/attributes" | "/rest/b2b_en/V1/products/attributes" => {
            list(json!([color("attributes/010")]))
        }
        _ => panic!("{}", heard.url),
    }
}

/// The attribute of the recordings with its options as they were recorded later.
fn color(options: &str) -> Value {
    let mut attribute = recording("attributes/001").body;
    attribute["options"] = recording(options).body;
    attribute
}

fn price(scope: &str) -> Value {
    json!({"attribute_id": 77, "attribute_code": "price", "frontend_input": "price", "scope": scope, "is_unique": "0",
        "is_required": true, "backend_type": "decimal", "default_frontend_label": "Price"})
}

async fn known() -> ShopKnowledge {
    read(&TestWire::to(shop).client()).await.unwrap()
}

#[tokio::test]
async fn stores_are_those_that_customers_see_the_default_ones_first() {
    let known = known().await;
    let basics = &known.facts.basics;
    let told =
        |website: &import::shop::Website| format!("{} {}", website.code, website.root_category.as_deref().unwrap());
    let websites: Vec<String> = basics.websites.iter().map(told).collect();
    assert_eq!(websites, ["base Default Category", "b2b Default Category"]);
    let views: Vec<String> = basics.store_views.iter().map(|view| format!("{} {}", view.code, view.website)).collect();
    assert_eq!(views, ["default base", "de_DE base", "b2b_en b2b"]);
    assert_eq!(known.ids.store_views["de_DE"], 2);
    assert_eq!((known.ids.websites["b2b"], basics.currency.as_str()), (2, "EUR"));
    assert!(known.facts.is_told);
}

#[tokio::test]
async fn groups_tax_classes_sources_and_stocks_are_known_by_name_and_number() {
    let known = known().await;
    let basics = &known.facts.basics;
    assert_eq!(basics.customer_groups, ["NOT LOGGED IN", "General", "Wholesale", "Retailer"]);
    assert_eq!((known.ids.customer_groups["Wholesale"], known.ids.product_tax_classes["taxable goods"]), (2, 2));
    assert_eq!(basics.product_tax_class("taxable goods").unwrap(), "Taxable Goods");
    assert!(basics.product_tax_class("Retail Customer").is_err());
    assert!(basics.source("wh2").unwrap().is_enabled);
    assert_eq!(basics.stocks[1].sources, ["default", "wh2"]);
}

#[tokio::test]
async fn sets_have_their_groups_and_attributes() {
    let known = known().await;
    let set = known.facts.attribute_set("rig set").unwrap();
    let size = known.facts.attribute("rig_size").unwrap();
    assert!(known.facts.has_attribute(set, size));
    assert!(!known.facts.has_attribute(known.facts.attribute_set("Default").unwrap(), size));
    assert!(set.groups["Product Details"].is_default);
    assert_eq!((known.ids.attribute_sets["rig set"], known.ids.attribute_groups[&9]["Product Details"]), (9, 30));
}

#[tokio::test]
async fn attributes_have_their_options_by_label_for_everybody_and_by_store_view() {
    let known = known().await;
    let size = known.facts.attribute("rig_size").unwrap();
    let labels: Vec<&str> = size.options.iter().map(|option| option.label.as_str()).collect();
    assert_eq!((labels, size.input.as_str()), (vec!["S", "M", "L"], "select"));
    assert_eq!(size.store_labels, BTreeMap::from([("de_DE".to_owned(), "Groesse".to_owned())]));
    assert_eq!((size.scope, size.settings["backend_type"].as_str()), (AttributeScope::Global, "int"));
    let red = known.facts.attribute("color").unwrap().option("red").unwrap();
    assert_eq!(red.store_labels, BTreeMap::from([("de_DE".to_owned(), "Rot".to_owned())]));
    assert_eq!(known.ids.options["color"]["red"], "4");
    assert!(known.facts.basics.has_website_prices);
}

#[tokio::test]
async fn categories_are_known_by_the_names_from_the_root_down() {
    let known = known().await;
    let paths: Vec<String> = known.facts.categories.values().map(|category| category.path.to_string()).collect();
    assert_eq!(paths, ["Default Category", "Default Category/\"Shirts/Blouses\"", "Default Category/Gentlemen"]);
    assert_eq!(known.ids.categories["default category/gentlemen"], 3);
    assert_snapshot!(known.notices.join("\n"), @"
    category 9 has the same names as 3, `Default Category/gentlemen`; files mean the first one
    category 10 cannot be named by files: there is no name of category 77 above it
    ");
}

#[tokio::test]
async fn what_was_kept_as_text_is_the_same_afterwards() {
    let known = known().await;
    let text = serde_json::to_string(&known).unwrap();
    assert_eq!(serde_json::from_str::<ShopKnowledge>(&text).unwrap().told(), known);
}

#[tokio::test]
async fn a_shop_without_inventory_modules_has_one_source() {
    let wire = TestWire::to(|heard| match heard.url.contains("/inventory/") {
        true => Says::Json(404, recording("auth/017").body),
        false => shop(heard),
    });
    let known = read(&wire.client()).await.unwrap();
    assert!(known.facts.basics.source("default").is_ok());
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let wire = TestWire::to(|heard| match heard.url.contains("customerGroups") {
        true => Says::Json(401, recording("auth/012").body),
        false => shop(heard),
    });
    let error = read(&wire.client()).await.unwrap_err();
    let right = Some("Magento_Sales::actions_view".to_owned());
    assert_eq!(error.refusal().unwrap().reason, RefusalReason::Rights { right });
}

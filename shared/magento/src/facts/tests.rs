//! What is made of the answers of a real shop; where the recordings have none, of answers in the form that is documented.

use std::collections::BTreeMap;

use import::entity::attribute::AttributeScope;
use insta::assert_snapshot;

use super::*;
use crate::client::RefusalReason;
use crate::testing::recorded_shop::shop;
use crate::testing::{Says, TestWire, recording};

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

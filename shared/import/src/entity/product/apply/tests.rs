use insta::assert_snapshot;
use patience::wait;
use proptest::prelude::*;

use super::*;
use crate::csv::{CsvFormat, ReadRow, RowReader};
use crate::entity::product::{AdditionalImage, CategoryLink, Link, LinkType, ProductValue, Products};
use crate::entity::{Entity, Thing};
use crate::entity::{ReadingRules, UnknownNames};

/// Rules for files whose shop nobody knows.
fn any_shop() -> ReadingRules {
    ReadingRules { unknown_names: UnknownNames::Taken, ..ReadingRules::default() }
}

/// Reads the changes of a small file.
fn changes(text: &str) -> Vec<ProductChange> {
    let mut reader = RowReader::new(CsvFormat::RFC_4180);
    reader.feed(text.as_bytes());
    reader.finish();
    let mut changes = Vec::new();
    let wait = wait("the reader comes to the end of the file");
    while let ReadRow::Row(row) = reader.next_row().unwrap() {
        wait.go_on();
        let columns = Products::columns("product-import_x_01.csv", reader.header().unwrap(), any_shop()).unwrap();
        changes.push(Products::read(&columns, &row).change.unwrap());
    }
    changes
}

fn change(header: &str, line: &str) -> ProductChange {
    changes(&format!("{header}\n{line}\n")).remove(0)
}

fn bike() -> Product {
    let change = change(
        "sku,product_type,attribute_set_code,name,price,qty,categories,product_websites,base_image,base_image_label",
        "Bike-1,simple,Bikes,Tourer,999.00,5,\"Root/Bikes,Root/Sale\",\"shop_de,shop_at\",/b/1.jpg,Front",
    );
    Product::create(&change).unwrap()
}

#[test]
fn a_new_product_holds_what_its_row_states() {
    assert_snapshot!(bike().to_json(), @r#"{"schema":1,"sku":"Bike-1","product_type":"simple","attribute_set":"Bikes","websites":["shop_at","shop_de"],"categories":[{"path":"Root/Bikes"},{"path":"Root/Sale"}],"default":{"values":{"name":"Tourer","price":"999","url_key":"tourer"},"images":{"base_image":{"path":"/b/1.jpg","label":"Front"}}},"stock":{"is_in_stock":"1","qty":"5"}}"#);
}

#[test]
fn an_empty_cell_leaves_what_is_stored() {
    let mut product = bike();
    let before = product.clone();
    let applied = product.apply(&change("sku,name,price,categories,base_image", "bike-1,,,,"));
    assert_eq!((applied, product), (Ok(ChangeEffect::Unchanged), before));
}

#[test]
fn the_same_value_written_otherwise_is_no_change() {
    let mut product = bike();
    let applied = product.apply(&change("sku,price,product_websites", "BIKE-1,999.0000,\"shop_at,shop_de\""));
    assert_eq!(applied, Ok(ChangeEffect::Unchanged));
    assert_eq!(product.sku, "Bike-1");
}

#[test]
fn a_stated_list_replaces_the_stored_one() {
    let mut product = bike();
    let applied = product.apply(&change("sku,categories", "Bike-1,Root/Bikes/Touring"));
    assert_eq!(applied, Ok(ChangeEffect::Changed));
    let paths: Vec<String> = product.categories.iter().map(|link| link.path.to_string()).collect();
    assert_eq!(paths, ["Root/Bikes/Touring"]);
}

#[test]
fn the_empty_value_removes() {
    let mut product = bike();
    let empty = "__EMPTY__VALUE__";
    assert_eq!(product.apply(&change("sku,special_price", "Bike-1,5")), Ok(ChangeEffect::Changed));
    let row = change("sku,special_price,categories,base_image", &format!("Bike-1,{empty},{empty},{empty}"));
    assert_eq!(product.apply(&row), Ok(ChangeEffect::Changed));
    assert_eq!(product.value("special_price", None), None);
    assert!(product.categories.is_empty() && product.default.images.is_empty());
}

#[test]
fn a_store_view_shows_its_own_value_or_the_default() {
    let mut product = bike();
    let german = change("sku,store_view_code,name", "Bike-1,de_DE,Reiserad");
    assert_eq!(product.apply(&german), Ok(ChangeEffect::Changed));
    assert_eq!(product.apply(&german), Ok(ChangeEffect::Unchanged));
    let text = |product: &Product, code, store_view| product.value(code, store_view).cloned();
    assert_eq!(text(&product, "name", Some("de_DE")), Some(ProductValue::Text("Reiserad".to_owned())));
    assert_eq!(text(&product, "name", Some("fr_FR")), Some(ProductValue::Text("Tourer".to_owned())));
    assert_eq!(text(&product, "price", Some("de_DE")), Some(ProductValue::Text("999".to_owned())));
    let cleared = change("sku,store_view_code,name", "Bike-1,de_DE,__EMPTY__VALUE__");
    assert_eq!(product.apply(&cleared), Ok(ChangeEffect::Changed));
    assert!(product.store_views.is_empty());
}

#[test]
fn a_store_view_row_leaves_type_and_attribute_set_alone() {
    let mut product = bike();
    let row = change("sku,store_view_code,product_type,attribute_set_code", "Bike-1,de_DE,bundle,Other");
    assert_eq!(product.apply(&row), Ok(ChangeEffect::Unchanged));
}

#[test]
fn a_product_stays_of_its_type() {
    let mut product = bike();
    let before = product.clone();
    let error = product.apply(&change("sku,product_type,name", "Bike-1,bundle,Set")).unwrap_err();
    assert_snapshot!(error, @"product `Bike-1` is simple and cannot become bundle");
    assert_eq!(product, before);
}

#[test]
fn what_is_missing_for_a_new_product_is_named() {
    let error = |header, line| Product::create(&change(header, line)).unwrap_err().to_string();
    assert_snapshot!(error("sku,name", "Bike-2,New"), @"product `Bike-2` is new, but the row has no `product_type`");
    assert_snapshot!(error("sku,product_type", "Bike-2,simple"), @"product `Bike-2` is new, but the row has no `attribute_set_code`");
    assert_snapshot!(error("sku,store_view_code,name", "Bike-2,de_DE,Neu"), @"product `Bike-2` does not exist; a row for store view `de_DE` cannot create it");
}

#[test]
fn a_relative_quantity_counts_once() {
    let mut product = bike();
    let delivery = change("sku,qty,qty_relative", "Bike-1,2.5,1");
    assert_eq!(product.apply(&delivery), Ok(ChangeEffect::Changed));
    assert_eq!(product.stock["qty"], "7.5");
    assert_eq!(product.apply(&delivery), Ok(ChangeEffect::Unchanged));
    let another = ProductChange {
        quantity_change: Some(QuantityChange { add: "-10".to_owned(), id: "another".to_owned() }),
        ..delivery
    };
    assert_eq!(product.apply(&another), Ok(ChangeEffect::Changed));
    assert_eq!(product.stock["qty"], "-2.5");
}

#[test]
fn a_stored_product_of_another_schema_is_refused() {
    let json = bike().to_json().replacen("\"schema\":1", "\"schema\":2", 1);
    assert_snapshot!(Product::from_json(&json).unwrap_err(), @"schema 2 of a stored product is unknown (expected 1)");
    assert_snapshot!(Product::from_json("{}").unwrap_err(), @"stored product is malformed");
}

#[test]
fn skus_are_compared_without_regard_to_case() {
    assert_eq!(Product::key("Rad-ÄÖ-1"), Product::key("RAD-äö-1"));
}

fn stated<T: std::fmt::Debug + Clone>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Stated<T>> {
    prop_oneof![4 => value.prop_map(Stated::Set), 1 => Just(Stated::Clear)]
}

fn maybe<T: std::fmt::Debug + Clone>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Option<Stated<T>>> {
    prop::option::of(stated(value))
}

fn image() -> impl Strategy<Value = ImageChange> {
    (maybe("/[ab]"), maybe("[xy]"), prop::option::of(0..3u32)).prop_map(|(path, label, position)| ImageChange {
        path,
        label,
        position,
    })
}

fn any_change() -> impl Strategy<Value = ProductChange> {
    let value = prop_oneof![
        "[ab]{0,2}".prop_map(ProductValue::Text),
        prop::collection::vec("[ab]", 2..3).prop_map(ProductValue::List)
    ];
    let category = prop_oneof![Just("Root/A"), Just("Root/B")]
        .prop_map(|path| CategoryLink { path: path.parse().unwrap(), position: None });
    let link = ("[ab]", 1..3u32).prop_map(|(sku, position)| Link { sku, position });
    let link_type = prop::sample::select(vec![LinkType::Related, LinkType::Upsell]);
    let picture = ("/[ab]", any::<bool>()).prop_map(|(path, is_disabled)| AdditionalImage {
        path,
        label: String::new(),
        position: None,
        is_disabled,
    });
    let quantity = ("[1-9]", "[ab]").prop_map(|(add, id)| QuantityChange { add, id });
    let shown = (
        prop::collection::btree_map("[ab]", stated(value), 0..3),
        prop::collection::btree_map("[ab]", image(), 0..2),
        maybe(prop::collection::vec(picture, 0..2)),
    );
    let shared = (
        maybe(prop::collection::vec("[ab]", 0..3)),
        maybe(prop::collection::vec(category, 0..2)),
        prop::collection::btree_map("[ab]", stated("[0-9]".boxed()), 0..2),
        prop::option::of(quantity),
        prop::collection::btree_map(link_type, stated(prop::collection::vec(link, 0..2)), 0..2),
    );
    (prop::option::of("(de|fr)"), shown, shared).prop_map(|(store_view, shown, shared)| ProductChange {
        sku: "Bike-1".to_owned(),
        store_view,
        attribute_set: Some("Bikes".to_owned()),
        product_type: Some(ProductType::Simple),
        values: shown.0,
        images: shown.1,
        additional_images: shown.2,
        websites: shared.0,
        categories: shared.1,
        stock: shared.2,
        quantity_change: shared.3,
        links: shared.4,
        ..ProductChange::default()
    })
}

proptest! {
    #[test]
    fn a_change_applied_again_changes_nothing(before in prop::collection::vec(any_change(), 0..4), change in any_change()) {
        let mut product = bike();
        for earlier in before {
            let _ = product.apply(&earlier).unwrap();
        }
        let _ = product.apply(&change).unwrap();
        let once = product.clone();
        prop_assert_eq!(product.apply(&change), Ok(ChangeEffect::Unchanged));
        prop_assert_eq!(product, once);
    }

    #[test]
    fn changed_means_that_the_stored_text_differs(before in any_change(), change in any_change()) {
        let mut product = bike();
        let _ = product.apply(&before).unwrap();
        let json = product.to_json();
        let applied = product.apply(&change).unwrap();
        prop_assert_eq!(applied == ChangeEffect::Changed, product.to_json() != json);
    }

    #[test]
    fn a_product_is_read_back_from_its_text(changes in prop::collection::vec(any_change(), 0..4)) {
        let mut product = bike();
        for change in changes {
            let _ = product.apply(&change).unwrap();
        }
        prop_assert_eq!(Product::from_json(&product.to_json()).unwrap(), product);
    }

    #[test]
    fn creating_and_applying_agree(change in any_change()) {
        prop_assume!(change.store_view.is_none());
        let mut product = Product::create(&change).unwrap();
        prop_assert_eq!(product.apply(&change), Ok(ChangeEffect::Unchanged));
    }
}

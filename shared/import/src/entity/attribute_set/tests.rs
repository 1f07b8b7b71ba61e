use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::entity::EntityType;
use crate::entity::ReadingRules;
use crate::entity::Thing;
use crate::entity::tests::{read_all, said};
use crate::operation::Operation;
use crate::shop::ShopFacts;

const HEADER: &str = "attribute_set_name,based_on,entity_type_code,sort_order,attribute_group_name,attribute_group_code,\
                      attribute_group_tab_group_code,attribute_group_sort_order,default_id";

/// What rows say, a line each, and what is wrong with them.
fn rows(lines: &str) -> String {
    said::<AttributeSets>(&format!("{HEADER}\n{lines}"), ReadingRules::default())
}

/// What a shop has after rows were imported, each read with what those above it made.
fn shop(lines: &str) -> ShopFacts {
    let mut shop = ShopFacts::plain();
    for line in lines.lines() {
        let rules = ReadingRules { shop: shop.clone().into(), ..ReadingRules::default() };
        for row in read_all::<AttributeSets>(&format!("{HEADER}\n{line}\n"), rules) {
            shop.learn::<AttributeSets>(&row.change.unwrap()).unwrap();
        }
    }
    shop
}

#[test]
fn a_row_says_what_a_set_is_and_what_one_of_its_groups_is() {
    assert_snapshot!(rows("Bag,default,catalog_product,2,,,,,"), @r#"based_on: "Default", entity_type: "catalog_product", name: "Bag", sort_order: {"set":2}"#);
    assert_snapshot!(rows("Bag,,,,Measures,sizes,Basic,20,1"), @r#"entity_type: "catalog_product", group: {"code":{"set":"sizes"},"is_default":true,"name":"Measures","sort_order":{"set":20},"tab":{"set":"basic"}}, name: "Bag""#);
    assert_snapshot!(rows("Bag,,,__EMPTY__VALUE__,Measures,__EMPTY__VALUE__,__EMPTY__VALUE__,__EMPTY__VALUE__,__EMPTY__VALUE__"), @r#"entity_type: "catalog_product", group: {"code":"clear","is_default":null,"name":"Measures","sort_order":"clear","tab":"clear"}, name: "Bag", sort_order: "clear""#);
}

#[test]
fn what_a_row_cannot_say_is_told() {
    assert_snapshot!(rows(",Default,,,,,,,\n Bag,,,,,,,,"), @"
    a.csv:2: column `attribute_set_name`: is empty (Row)
    a.csv:3: column `attribute_set_name`: ` Bag` starts or ends with a blank (Row)
    ");
    assert_snapshot!(rows("Bag,Defualt,,,,,,,"), @"a.csv:2: column `based_on`: `Defualt` is not an attribute set of the shop (did you mean `Default`?) (Row)");
    assert_snapshot!(rows("Bag,Bag,,,,,,,"), @"a.csv:2: column `based_on`: `Bag` is the set itself, which does not exist yet (Row)");
    assert_snapshot!(rows("Default,Defualt,,,,,,,"), @r#"
    a.csv:2: column `based_on`: `Defualt` is not an attribute set of the shop (did you mean `Default`?) (Value)
    entity_type: "catalog_product", name: "Default"
    "#);
    assert_snapshot!(rows("Bag,,catalog_produkt,,,,,,"), @"a.csv:2: column `entity_type_code`: `catalog_produkt` is not an entity type of the shop (did you mean `catalog_product`?) (Row)");
    assert_snapshot!(rows("Bag,,,first,Measures,,middle,-1,maybe"), @r#"
    a.csv:2: column `sort_order`: `first` is not a place (expected a whole number, 0 or more) (Value)
    a.csv:2: column `attribute_group_tab_group_code`: `middle` is neither `basic` nor `advanced` (Value)
    a.csv:2: column `attribute_group_sort_order`: `-1` is not a place (expected a whole number, 0 or more) (Value)
    a.csv:2: column `default_id`: `maybe` is not a flag (expected `1` or `0`) (Value)
    entity_type: "catalog_product", group: {"code":null,"is_default":null,"name":"Measures","sort_order":null,"tab":null}, name: "Bag"
    "#);
    assert_snapshot!(rows("Bag,,,,,sizes,,,"), @r#"
    a.csv:2: column `attribute_group_code`: `sizes` belongs to a group, but `attribute_group_name` is empty (Value)
    entity_type: "catalog_product", name: "Bag"
    "#);
}

#[test]
fn a_set_has_the_groups_of_several_rows_and_one_that_takes_the_rest() {
    let shop = shop(
        "Bag,Default,,2,,,,,\nbag,,,,Measures,,basic,20,1\nBag,,,,Care,how-to-care,,,\nBag,,,,MEASURES,,,30,\nBag,,,,Care,,,,1",
    );
    assert_snapshot!(serde_json::to_string(&shop.attribute_sets["bag"]).unwrap(), @r#"{"name":"Bag","based_on":"Default","sort_order":2,"groups":{"Care":{"code":"how-to-care","is_default":true},"Measures":{"code":"measures","tab":"basic","sort_order":30}}}"#);
}

#[test]
fn a_set_has_the_groups_and_attributes_of_those_it_is_based_on() {
    let shop = shop("Bag,Default,,,Measures,,,,\nSatchel,,,,Straps,,,,\n");
    let mut shop = shop;
    let change = AttributeSetChange {
        name: "Satchel bag".to_owned(),
        entity_type: EntityType::Product,
        based_on: Some("BAG".to_owned()),
        sort_order: None,
        group: None,
    };
    shop.learn::<AttributeSets>(&change).unwrap();
    let set = shop.attribute_set("satchel bag").unwrap();
    let groups: Vec<&str> = shop.groups(set).collect();
    assert_eq!((groups[0], groups.len()), ("Measures", 11));
    assert!(shop.has_attribute(set, shop.attribute("color").unwrap()));
    assert!(!shop.has_attribute(shop.attribute_set("Satchel").unwrap(), shop.attribute("color").unwrap()));
}

#[test]
fn a_set_that_exists_stays_based_on_what_it_was() {
    let shop = shop("Bag,Default,,,,,,,\nTop,Default,,,,,,,\nBag,Top,,7,,,,,");
    let bag = &shop.attribute_sets["bag"];
    assert_eq!((bag.based_on.as_deref(), bag.sort_order), (Some("Default"), Some(7)));
}

#[test]
fn sets_of_other_things_are_not_those_of_products() {
    let shop = shop("Default,,customer,3,,,,,");
    assert_eq!(shop.attribute_sets["default"].sort_order, None);
    assert_eq!(shop.attribute_set_of(EntityType::Customer, "default").unwrap().sort_order, Some(3));
    assert!(shop.attribute_set_of(EntityType::Customer, "Bag").is_err());
}

#[test]
fn a_set_that_others_are_based_on_is_not_deleted() {
    let rules = ReadingRules {
        operation: Operation::Delete,
        shop: shop("Bag,Default,,,,,,,").into(),
        ..ReadingRules::default()
    };
    assert_snapshot!(said::<AttributeSets>("attribute_set_name,based_on\nDefault,\nBag,nonsense\n", rules), @r#"
    a.csv:2: column `attribute_set_name`: `Default` cannot go, because set `Bag` is based on it (Row)
    entity_type: "catalog_product", name: "Bag"
    "#);
}

fn change() -> impl Strategy<Value = AttributeSetChange> {
    let order = || prop::option::of(prop_oneof![Just(Stated::Clear), (0..3u32).prop_map(Stated::Set)]);
    let text = || prop::option::of(prop_oneof![Just(Stated::Clear), "[ab]".prop_map(Stated::Set)]);
    let group = ("[abA]", text(), text(), order(), any::<Option<bool>>());
    let group = group.prop_map(|(name, code, tab, sort_order, is_default)| GroupChange {
        name,
        code,
        tab,
        sort_order,
        is_default,
    });
    (prop::option::of("[xy]"), order(), prop::option::of(group)).prop_map(|(based_on, sort_order, group)| {
        AttributeSetChange { name: "Bag".to_owned(), entity_type: EntityType::Product, based_on, sort_order, group }
    })
}

proptest! {
    #[test]
    fn the_same_change_twice_is_as_good_as_once(changes in prop::collection::vec(change(), 1..5)) {
        let mut set = AttributeSets::create(&changes[0]).unwrap();
        for change in &changes {
            let _ = AttributeSets::apply(&mut set, change).unwrap();
            let once = set.clone();
            prop_assert_eq!(AttributeSets::apply(&mut set, change).unwrap(), ChangeEffect::Unchanged);
            prop_assert_eq!(&set, &once);
        }
        prop_assert_eq!(AttributeSet::from_json(&set.to_json()).unwrap(), set);
    }
}

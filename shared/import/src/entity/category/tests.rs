use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::entity::ReadingRules;
use crate::entity::Thing;
use crate::entity::tests::{read_all, said};
use crate::operation::Operation;
use crate::shop::ShopFacts;

fn file(cells: &[(&str, &str)]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let names: Vec<String> = cells.iter().map(|cell| quoted(cell.0)).collect();
    let texts: Vec<String> = cells.iter().map(|cell| quoted(cell.1)).collect();
    format!("{}\n{}\n", names.join(","), texts.join(","))
}

/// What a row says, for a category `Default Category/Gear` unless it names another.
fn row(cells: &[(&str, &str)]) -> String {
    let mut cells = cells.to_vec();
    if !cells.iter().any(|cell| cell.0 == "path") {
        cells.push(("path", "Default Category/Gear"));
    }
    said::<Categories>(&file(&cells), ReadingRules::default())
}

/// What a shop has after the rows of a file were imported, each read with what those above it made; and what was wrong.
fn shop(text: &str) -> (ShopFacts, String) {
    let mut shop = ShopFacts::plain();
    let mut findings = Vec::new();
    let (header, rows) = text.split_once('\n').unwrap();
    for line in rows.lines() {
        let rules = ReadingRules { shop: shop.clone().into(), ..ReadingRules::default() };
        for row in read_all::<Categories>(&format!("{header}\n{line}\n"), rules) {
            findings.extend(row.findings.iter().map(|finding| format!("{finding} ({:?})", finding.severity)));
            if let Some(change) = &row.change {
                let refused = shop.learn::<Categories>(change).err();
                findings.extend(refused.map(|refusal| format!("refused: {}", refusal.problem)));
            }
        }
    }
    (shop, findings.join("\n"))
}

#[test]
fn a_row_says_what_the_shop_shows_of_a_category() {
    assert_snapshot!(row(&[("attribute_set_code", "default"), ("name", "Gear & more"), ("is_active", "1"), ("is_anchor", "no"), ("display_mode", "PAGE"), ("page_layout", "1column"), ("image_path", "/g.jpg")]), @r#"attribute_set: "Default", path: "Default Category/Gear", values: {"display_mode":{"set":"Static block only"},"image_path":{"set":"/g.jpg"},"is_active":{"set":"1"},"is_anchor":{"set":"0"},"name":{"set":"Gear & more"},"page_layout":{"set":"1 column"},"url_key":{"set":"gear-and-more"}}"#);
    assert_snapshot!(row(&[("url_key", "Our Gear"), ("position", "3"), ("custom_design_from", "2026-08-01"), ("created_at", "8/1/26, 12:00 PM"), ("filter_price_range", "10.00"), ("path_in_store", "x"), ("original_data", "y")]), @r#"path: "Default Category/Gear", values: {"created_at":{"set":"2026-08-01T12:00:00"},"custom_design_from":{"set":"2026-08-01T00:00:00"},"filter_price_range":{"set":"10"},"position":{"set":"3"},"url_key":{"set":"our-gear"}}"#);
    assert_snapshot!(row(&[("available_sort_by", "position|Price|Color"), ("default_sort_by", "name"), ("additional_attributes", "custom_layout_update_file=\"a, b\"")]), @r#"path: "Default Category/Gear", values: {"available_sort_by":{"set":"Position,Price,color"},"custom_layout_update_file":{"set":"a, b"},"default_sort_by":{"set":"Product Name"},"url_key":{"set":"gear"}}"#);
    assert_snapshot!(row(&[("description", "__EMPTY__VALUE__"), ("display_mode", "__EMPTY__VALUE__"), ("position", "__EMPTY__VALUE__"), ("available_sort_by", "__EMPTY__VALUE__"), ("attribute_set_code", "__EMPTY__VALUE__")]), @r#"path: "Default Category/Gear", values: {"available_sort_by":"clear","description":"clear","display_mode":"clear","position":"clear","url_key":{"set":"gear"}}"#);
}

#[test]
fn a_row_of_a_store_view_speaks_for_what_the_view_shows() {
    assert_snapshot!(row(&[("store_view_code", "default"), ("attribute_set_code", "Default"), ("name", "Ausrüstung"), ("url_key", "ausruestung"), ("position", "3"), ("is_active", "0"), ("created_at", "2026-08-01")]), @r#"path: "Default Category/Gear", store_view: "default", values: {"is_active":{"set":"0"},"name":{"set":"Ausrüstung"},"url_key":{"set":"ausruestung"}}"#);
    assert_snapshot!(row(&[("store_view_code", "default"), ("name", "__EMPTY__VALUE__"), ("url_key", "__EMPTY__VALUE__")]), @r#"path: "Default Category/Gear", store_view: "default", values: {"name":"clear","url_key":"clear"}"#);
}

#[test]
fn what_a_row_cannot_say_is_told() {
    assert_snapshot!(row(&[("path", " "), ("name", "x")]), @"a.csv:2: column `path`: is empty (Row)");
    assert_snapshot!(row(&[("path", "Default Category//Gear")]), @"a.csv:2: column `path`: `Default Category//Gear` has an empty level (example: `Default Category/Bikes/Touring`) (Row)");
    assert_snapshot!(row(&[("store_view_code", "defualt")]), @"a.csv:2: column `store_view_code`: `defualt` is not a store view of the shop (did you mean `default`?) (Row)");
    assert_snapshot!(row(&[("attribute_set_code", "Bag")]), @r#"
    a.csv:2: column `attribute_set_code`: `Bag` is not an attribute set of the shop (known: `Default`) (Value)
    path: "Default Category/Gear", values: {"url_key":{"set":"gear"}}
    "#);
    assert_snapshot!(row(&[("name", "__EMPTY__VALUE__")]), @r#"
    a.csv:2: column `name`: cannot be cleared: a category has a name (Value)
    path: "Default Category/Gear", values: {"url_key":{"set":"gear"}}
    "#);
    assert_snapshot!(row(&[("is_active", "maybe"), ("position", "first"), ("custom_design_from", "1.8.2026"), ("filter_price_range", "-1")]), @r#"
    a.csv:2: column `is_active`: `maybe` is not a flag (expected `1` or `0`) (Value)
    a.csv:2: column `position`: `first` is not a place (expected a whole number, 0 or more) (Value)
    a.csv:2: column `custom_design_from`: `1.8.2026` is not a date (examples: `2026-08-01 12:00:00`, `8/1/26, 12:00 PM`) (Value)
    a.csv:2: column `filter_price_range`: `-1` is negative (Value)
    path: "Default Category/Gear", values: {"url_key":{"set":"gear"}}
    "#);
    assert_snapshot!(row(&[("display_mode", "Products")]), @r#"path: "Default Category/Gear", values: {"display_mode":{"set":"Products only"},"url_key":{"set":"gear"}}"#);
    assert_snapshot!(row(&[("display_mode", "Everything")]), @r#"
    a.csv:2: column `display_mode`: `Everything` is not a display mode (expected `Products only`, `Static block only`, `Static block and products`) (Value)
    path: "Default Category/Gear", values: {"url_key":{"set":"gear"}}
    "#);
    assert_snapshot!(row(&[("page_layout", "4 columns")]), @r#"
    a.csv:2: column `page_layout`: `4 columns` is not a page layout (expected `No layout updates`, `Empty`, `1 column`, `2 columns with left bar`, `2 columns with right bar`, `3 columns`, `Page -- Full Width`, `Category -- Full Width`, `Product -- Full Width`) (Value)
    path: "Default Category/Gear", values: {"url_key":{"set":"gear"}}
    "#);
    assert_snapshot!(row(&[("available_sort_by", "Position|shoe_size")]), @r#"
    a.csv:2: column `available_sort_by`: `Position|shoe_size` names `shoe_size`, which is not an order of products (expected `Position`, `Product Name`, `Price` or the code of an attribute) (Value)
    path: "Default Category/Gear", values: {"url_key":{"set":"gear"}}
    "#);
    assert_snapshot!(row(&[("default_sort_by", "Position|Price")]), @r#"
    a.csv:2: column `default_sort_by`: `Position|Price` names several orders (expected one) (Value)
    path: "Default Category/Gear", values: {"url_key":{"set":"gear"}}
    "#);
    assert_snapshot!(row(&[("custom_design_from", "2026-08-02"), ("custom_design_to", "2026-08-01")]), @r#"
    a.csv:2: column `custom_design_to`: `2026-08-01` is before `custom_design_from` (Value)
    path: "Default Category/Gear", values: {"custom_design_from":{"set":"2026-08-02T00:00:00"},"url_key":{"set":"gear"}}
    "#);
    assert_snapshot!(row(&[("additional_attributes", "url_key=x,shoe_size=3")]), @r#"
    a.csv:2: column `additional_attributes`: `url_key` is written into column `url_key` (Value)
    a.csv:2: column `additional_attributes`: `shoe_size` is not an attribute of categories of the shop (Value)
    path: "Default Category/Gear", values: {"url_key":{"set":"gear"}}
    "#);
    assert_snapshot!(row(&[("additional_attributes", "nothing")]), @r#"
    a.csv:2: column `additional_attributes`: `nothing` does not start with a pair (example: `code=value`) (Value)
    path: "Default Category/Gear", values: {"url_key":{"set":"gear"}}
    "#);
    assert_snapshot!(row(&[("url_key", "–")]), @r#"
    a.csv:2: column `url_key`: `–` has no letter or digit that an address can hold (Value)
    path: "Default Category/Gear"
    "#);
    assert_snapshot!(row(&[("path", "Default Category/Снаряжение")]), @r#"
    a.csv:2: column `name`: `Снаряжение` has no letter or digit that an address can hold (Notice)
    path: "Default Category/Снаряжение"
    "#);
}

#[test]
fn an_address_is_made_of_the_name_unless_there_is_one() {
    let (shop, findings) = shop(
        "path,name,url_key\n\
         Default Category/Gear,,\n\
         Default Category/Women,Für Sie,\n\
         Default Category/Men,Herren,for-him\n\
         Default Category/men,Für ihn,\n",
    );
    assert_eq!(findings, "");
    let key = |path: &str| shop.categories[path].values["url_key"].clone();
    assert_eq!(key("default category/gear"), "gear");
    assert_eq!(key("default category/women"), "fur-sie");
    assert_eq!(key("default category/men"), "for-him");
    assert_eq!(shop.categories["default category/men"].name(), "Für ihn");
}

#[test]
fn categories_beside_each_other_have_addresses_of_their_own() {
    let (shop, findings) = shop(
        "store_view_code,path,url_key\n\
         ,Default Category/Gear,\n\
         ,Default Category/Gear/Gear,gear\n\
         ,Default Category/Equipment,gear\n\
         ,Default Category/Gear!,\n\
         ,Default Category/Fitness,\n\
         ,Default Category/Fitness,GEAR\n\
         default,Default Category/Fitness,gear\n\
         default,Default Category/Fitness,fit\n\
         default,Default Category/Gear,fit\n\
         ,DEFAULT CATEGORY/GEAR,gear\n",
    );
    assert_snapshot!(findings, @"
    refused: `gear` is the address of category `Default Category/Gear` beside it; give it one of its own
    a.csv:2: column `name`: `Gear!` makes the address `gear`, which category `Default Category/Gear` beside it has; it gets `gear-1` (Notice)
    a.csv:2: column `url_key`: `GEAR` is the address of category `Default Category/Gear` beside it; give it one of its own (Value)
    a.csv:2: column `url_key`: `gear` is the address of category `Default Category/Gear` beside it; give it one of its own (Value)
    a.csv:2: column `url_key`: `fit` is the address of category `Default Category/Fitness` beside it; give it one of its own (Value)
    ");
    let paths: Vec<&str> = shop.categories.keys().map(String::as_str).collect();
    assert_snapshot!(paths.join("\n"), @"
    default category
    default category/fitness
    default category/gear
    default category/gear!
    default category/gear/gear
    ");
    assert_eq!(shop.categories["default category/fitness"].values["url_key"], "fitness");
    assert_eq!(shop.categories["default category/fitness"].url_key(Some("default")), "fit");
}

#[test]
fn a_category_is_below_those_of_its_path() {
    let change = CategoryChange::of("A/\"B/C\"/D".parse().unwrap());
    let above: Vec<String> = Categories::above(&change).into_iter().map(|above| above.name).collect();
    assert_eq!(above, ["A", "A/\"B/C\""]);
    for above in Categories::above(&change) {
        assert!(Categories::key(&change).starts_with(&format!("{}/", Categories::key(&above.change))));
    }
}

#[test]
fn a_row_of_a_store_view_makes_no_category() {
    let change = CategoryChange { store_view: Some("de".to_owned()), ..CategoryChange::of("A/B".parse().unwrap()) };
    assert_snapshot!(Categories::create(&change).unwrap_err().problem, @"category `A/B` does not exist; a row for store view `de` cannot create it");
}

#[test]
fn the_root_category_of_a_website_is_not_deleted() {
    let rules = ReadingRules { operation: Operation::Delete, ..ReadingRules::default() };
    let text = "store_view_code,path,is_active\n,Default category,\n,Default Category/Gear,nonsense\ndefault,Default Category,\n";
    assert_snapshot!(said::<Categories>(text, rules), @r#"
    a.csv:2: column `path`: `Default category` is the root category of website `base` and cannot be deleted (Row)
    path: "Default Category/Gear"
    path: "Default Category", store_view: "default"
    "#);
}

#[test]
fn a_shop_forgets_a_category_with_what_is_below_it() {
    let (mut shop, _) = shop("path\nDefault Category/Gear\nDefault Category/Gear/Bags\nDefault Category/Gears\n");
    shop.forget::<Categories>(&CategoryChange::of("Default Category/GEAR".parse().unwrap()));
    assert_eq!(shop.categories.keys().collect::<Vec<_>>(), ["default category", "default category/gears"]);
}

fn change() -> impl Strategy<Value = CategoryChange> {
    let value = prop_oneof![Just(Stated::Clear), "[01]".prop_map(Stated::Set)];
    (prop::option::of("de|fr"), prop::option::of("[st]"), prop::collection::btree_map("[nui]", value, 0..3)).prop_map(
        |(store_view, attribute_set, values)| CategoryChange {
            path: "A/B".parse().unwrap(),
            store_view,
            attribute_set,
            values,
            refusal: None,
        },
    )
}

proptest! {
    #[test]
    fn the_same_change_twice_is_as_good_as_once(changes in prop::collection::vec(change(), 1..6)) {
        let mut category = Category::named("A/B".parse().unwrap());
        for change in &changes {
            let _ = Categories::apply(&mut category, change).unwrap();
            let once = category.clone();
            prop_assert_eq!(Categories::apply(&mut category, change).unwrap(), ChangeEffect::Unchanged);
            prop_assert_eq!(&category, &once);
        }
        prop_assert_eq!(Category::from_json(&category.to_json()).unwrap(), category);
    }

    #[test]
    fn no_cell_makes_a_row_unreadable(column in prop::sample::select(columns::COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>()), cell in "[a-c0-9,|=/\":. _-]{0,24}") {
        prop_assume!(column != "path");
        let rows = read_all::<Categories>(&file(&[("path", "Default Category/Gear"), (column, &cell)]), ReadingRules::default());
        prop_assert_eq!(rows.len(), 1);
        prop_assert!(column == "store_view_code" || rows[0].change.is_some());
    }
}

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::entity::EntityType;
use crate::entity::Thing;
use crate::entity::tests::{read_all, said};
use crate::entity::{ReadingRules, Stated};
use crate::operation::Operation;
use crate::shop::ShopFacts;

/// What a row of pairs of column and cell says, for an attribute `size` unless it names another.
fn row(cells: &[(&str, &str)]) -> String {
    let mut cells = cells.to_vec();
    if !cells.iter().any(|cell| cell.0 == "attribute_code") {
        cells.push(("attribute_code", "size"));
    }
    said::<Attributes>(&file(&cells), ReadingRules::default())
}

fn file(cells: &[(&str, &str)]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let names: Vec<String> = cells.iter().map(|cell| quoted(cell.0)).collect();
    let texts: Vec<String> = cells.iter().map(|cell| quoted(cell.1)).collect();
    format!("{}\n{}\n", names.join(","), texts.join(","))
}

/// What a shop has after the rows of a file were imported, each read with what those above it made; and what was wrong.
fn shop(text: &str) -> (ShopFacts, Vec<String>) {
    let mut shop = ShopFacts::plain();
    let mut findings = Vec::new();
    let (header, rows) = text.split_once('\n').unwrap();
    for line in rows.lines() {
        let rules = ReadingRules { shop: shop.clone().into(), ..ReadingRules::default() };
        for row in read_all::<Attributes>(&format!("{header}\n{line}\n"), rules) {
            findings.extend(row.findings.iter().map(ToString::to_string));
            let Some(change) = &row.change else { continue };
            findings.extend(shop.learn::<Attributes>(change).err().map(|refusal| refusal.problem));
        }
    }
    (shop, findings)
}

#[test]
fn a_row_says_what_an_attribute_is() {
    assert_snapshot!(row(&[("frontend_input", "Select"), ("frontend_label", "Size"), ("is_global", "0"), ("is_required", "yes"), ("is_unique", "0"), ("is_user_defined", "1")]), @r#"code: "size", entity_type: "catalog_product", input: "select", is_required: true, is_unique: false, is_user_defined: true, label: {"set":"Size"}, scope: {"set":"store_view"}"#);
    assert_snapshot!(row(&[("backend_type", "int"), ("frontend_input", "select"), ("is_filterable", "2"), ("position", "3.0"), ("is_searchable", "1"), ("note", "As worn")]), @r#"code: "size", entity_type: "catalog_product", input: "select", settings: {"backend_type":{"set":"int"},"is_filterable":{"set":"2"},"is_searchable":{"set":"1"},"note":{"set":"As worn"},"position":{"set":"3"}}"#);
    assert_snapshot!(row(&[("apply_to", "Simple,virtual"), ("search_weigh", "5"), ("additional_data", "swatch_input_type=visual,update_product_preview_image=1")]), @r#"apply_to: {"set":["simple","virtual"]}, code: "size", entity_type: "catalog_product", settings: {"additional_data":{"set":"swatch_input_type=visual,update_product_preview_image=1"},"search_weight":{"set":"5"}}"#);
    assert_snapshot!(row(&[("frontend_label", "__EMPTY__VALUE__"), ("is_global", "__EMPTY__VALUE__"), ("apply_to", "__EMPTY__VALUE__"), ("note", "__EMPTY__VALUE__"), ("attribute_option_values", "__EMPTY__VALUE__"), ("is_required", "__EMPTY__VALUE__"), ("frontend_input", "__EMPTY__VALUE__")]), @r#"apply_to: "clear", code: "size", entity_type: "catalog_product", label: "clear", options: "clear", scope: "clear", settings: {"note":"clear"}"#);
    assert_snapshot!(row(&[("attribute_set_name", "default"), ("attribute_group_name", "Content"), ("sort_order", "7")]), @r#"code: "size", entity_type: "catalog_product", sets: [{"group":"Content","set":"Default","sort_order":7}]"#);
    assert_snapshot!(row(&[("entity_type_code", "customer"), ("frontend_input", "text"), ("attribute_set_name", "Default")]), @r#"code: "size", entity_type: "customer", input: "text", sets: [{"set":"Default"}]"#);
}

#[test]
fn options_have_swatches_and_places() {
    let input = ("frontend_input", "select");
    assert_snapshot!(row(&[input, ("attribute_option_values", "S,\"M, slim\",L"), ("attribute_option_sort_order", "3,,1")]), @r#"code: "size", entity_type: "catalog_product", input: "select", options: {"set":[{"label":"S","sort_order":3,"swatch":null},{"label":"M, slim","sort_order":null,"swatch":null},{"label":"L","sort_order":1,"swatch":null}]}"#);
    assert_snapshot!(row(&[input, ("attribute_option_values", "S,M,L,XL"), ("attribute_option_swatch", "type=0,value=s|type=1,value=#FF8800|type=2,value=/l.png|type=3")]), @r##"code: "size", entity_type: "catalog_product", input: "select", options: {"set":[{"label":"S","sort_order":null,"swatch":{"text":"s"}},{"label":"M","sort_order":null,"swatch":{"color":"#ff8800"}},{"label":"L","sort_order":null,"swatch":{"image":"/l.png"}},{"label":"XL","sort_order":null,"swatch":null}]}"##);
    assert_snapshot!(row(&[input, ("attribute_option_values", "S"), ("attribute_option_swatch", "type=2,value=#000000")]), @r##"
    a.csv:2: column `attribute_option_swatch`: `type=2,value=#000000` has `#000000` as an image; it is taken as the colour that it is (type 1) (Notice)
    code: "size", entity_type: "catalog_product", input: "select", options: {"set":[{"label":"S","sort_order":null,"swatch":{"color":"#000000"}}]}
    "##);
}

#[test]
fn what_a_row_cannot_say_is_told() {
    let select = ("frontend_input", "select");
    assert_snapshot!(row(&[("attribute_code", ""), ("note", "x")]), @"a.csv:2: column `attribute_code`: is empty (Row)");
    assert_snapshot!(row(&[("attribute_code", "2nd size")]), @"a.csv:2: column `attribute_code`: `2nd size` is not an attribute code (expected ASCII letters, digits and `_`, a letter first) (Row)");
    assert_snapshot!(row(&[("entity_type_code", "catalog_prodcut")]), @"a.csv:2: column `entity_type_code`: `catalog_prodcut` is not an entity type of the shop (did you mean `catalog_product`?) (Row)");
    assert_snapshot!(row(&[("store_view_code", "de_DE")]), @"a.csv:2: column `store_view_code`: `de_DE` is not a store view of the shop (known: `default`) (Row)");
    assert_snapshot!(row(&[("frontend_input", "dropdown")]), @r#"
    a.csv:2: column `frontend_input`: `dropdown` is not a way to enter an attribute (expected `boolean`, `date`, `datetime`, `file`, `gallery`, `hidden`, `image`, `media_image`, `multiline`, `multiselect`, `price`, `select`, `swatch_text`, `swatch_visual`, `text`, `textarea`, `weee`, `weight`) (Value)
    code: "size", entity_type: "catalog_product"
    "#);
    assert_snapshot!(row(&[("backend_type", "blob")]), @r#"
    a.csv:2: column `backend_type`: `blob` is not a type of values (expected `datetime`, `decimal`, `int`, `static`, `text`, `varchar`) (Value)
    code: "size", entity_type: "catalog_product"
    "#);
    assert_snapshot!(row(&[select, ("backend_type", "decimal")]), @r#"
    a.csv:2: column `backend_type`: `decimal` cannot hold what is entered as select (expected `varchar` or `int`) (Value)
    code: "size", entity_type: "catalog_product", input: "select"
    "#);
    assert_snapshot!(row(&[("attribute_code", "color"), ("backend_type", "text")]), @r#"
    a.csv:2: column `backend_type`: `text` cannot hold what is entered as select (expected `varchar` or `int`) (Value)
    code: "color", entity_type: "catalog_product"
    "#);
    assert_snapshot!(row(&[("is_global", "3"), ("is_filterable", "3"), ("is_required", "maybe"), ("position", "-1"), ("search_weight", "high")]), @r#"
    a.csv:2: column `is_global`: `3` is not a scope (expected `0` for store view, `1` for global or `2` for website) (Value)
    a.csv:2: column `is_required`: `maybe` is not a flag (expected `1` or `0`) (Value)
    a.csv:2: column `is_filterable`: `3` is not a way to filter (expected `0` for none, `1` with results only or `2` for all) (Value)
    a.csv:2: column `position`: `-1` is negative (Value)
    a.csv:2: column `search_weight`: `high` is not a number (expected digits with a decimal point, such as `1019.99`) (Value)
    code: "size", entity_type: "catalog_product"
    "#);
    assert_snapshot!(row(&[("apply_to", "simple,gift")]), @r#"
    a.csv:2: column `apply_to`: `simple,gift` names `gift`, which is not a product type (expected `simple`, `virtual`, `configurable`, `bundle`, `grouped`, `downloadable` or `giftcard`) (Value)
    code: "size", entity_type: "catalog_product"
    "#);
    assert_snapshot!(row(&[("attribute_set_name", "Defualt,Default")]), @r#"
    a.csv:2: column `attribute_set_name`: `Defualt` is not an attribute set of the shop (did you mean `Default`?); the attribute does not get into it (Value)
    code: "size", entity_type: "catalog_product", sets: [{"set":"Default"}]
    "#);
    assert_snapshot!(row(&[("attribute_set_name", "Default"), ("attribute_group_name", "Contents")]), @r#"
    a.csv:2: column `attribute_group_name`: `Contents` is a new group of attribute set `Default` (did you mean `Content`?) (Notice)
    code: "size", entity_type: "catalog_product", sets: [{"group":"Contents","set":"Default"}]
    "#);
    assert_snapshot!(row(&[("attribute_set_name", "Default"), ("attribute_group_name", "Content,Design")]), @r#"
    a.csv:2: column `attribute_group_name`: `Content,Design` lists 2, but `attribute_set_name` lists 1; they go together by their place (Value)
    code: "size", entity_type: "catalog_product", sets: [{"set":"Default"}]
    "#);
    assert_snapshot!(row(&[("additional_data", "visual")]), @r#"
    a.csv:2: column `additional_data`: `visual` does not start with a pair (example: `code=value`) (Value)
    code: "size", entity_type: "catalog_product"
    "#);
}

#[test]
fn options_that_a_row_cannot_have_are_told() {
    let select = ("frontend_input", "select");
    let options = ("attribute_option_values", "S,M");
    assert_snapshot!(row(&[("frontend_input", "text"), options]), @r#"
    a.csv:2: column `attribute_option_values`: `S,M` are options, but attribute `size` is entered as text (options have select, multiselect and boolean) (Value)
    code: "size", entity_type: "catalog_product", input: "text"
    "#);
    assert_snapshot!(row(&[select, ("attribute_option_values", "S,s")]), @r#"
    a.csv:2: column `attribute_option_values`: `S,s` names option `s` twice (Value)
    code: "size", entity_type: "catalog_product", input: "select"
    "#);
    assert_snapshot!(row(&[select, ("attribute_option_values", "S,,M")]), @r#"
    a.csv:2: column `attribute_option_values`: `S,,M` has no label at place 2 (Value)
    code: "size", entity_type: "catalog_product", input: "select"
    "#);
    assert_snapshot!(row(&[select, ("attribute_option_values", "S,\"M")]), @r#"
    a.csv:2: column `attribute_option_values`: `S,"M` has a quote that is never closed (Value)
    code: "size", entity_type: "catalog_product", input: "select"
    "#);
    assert_snapshot!(row(&[select, options, ("attribute_option_sort_order", "1")]), @r#"
    a.csv:2: column `attribute_option_sort_order`: `1` lists 1, but `attribute_option_values` lists 2; they go together by their place (Value)
    code: "size", entity_type: "catalog_product", input: "select", options: {"set":[{"label":"S","sort_order":null,"swatch":null},{"label":"M","sort_order":null,"swatch":null}]}
    "#);
    assert_snapshot!(row(&[select, options, ("attribute_option_sort_order", "1,x")]), @r#"
    a.csv:2: column `attribute_option_sort_order`: `1,x` has `x`, which is not a place (Value)
    code: "size", entity_type: "catalog_product", input: "select", options: {"set":[{"label":"S","sort_order":null,"swatch":null},{"label":"M","sort_order":null,"swatch":null}]}
    "#);
    assert_snapshot!(row(&[select, options, ("attribute_option_swatch", "type=0,value=s")]), @r#"
    a.csv:2: column `attribute_option_swatch`: `type=0,value=s` lists 1, but `attribute_option_values` lists 2; they go together by their place (Value)
    code: "size", entity_type: "catalog_product", input: "select", options: {"set":[{"label":"S","sort_order":null,"swatch":null},{"label":"M","sort_order":null,"swatch":null}]}
    "#);
    assert_snapshot!(row(&[select, options, ("attribute_option_swatch", "type=0,value=s|type=4,value=m")]), @r#"
    a.csv:2: column `attribute_option_swatch`: `type=0,value=s|type=4,value=m` has `4` as `type` of a swatch (expected `0` for a text, `1` for a colour, `2` for an image, `3` for none) (Value)
    code: "size", entity_type: "catalog_product", input: "select", options: {"set":[{"label":"S","sort_order":null,"swatch":null},{"label":"M","sort_order":null,"swatch":null}]}
    "#);
    assert_snapshot!(row(&[select, options, ("attribute_option_swatch", "type=0|value=m")]), @r#"
    a.csv:2: column `attribute_option_swatch`: `type=0|value=m` has a swatch without `value` (Value)
    code: "size", entity_type: "catalog_product", input: "select", options: {"set":[{"label":"S","sort_order":null,"swatch":null},{"label":"M","sort_order":null,"swatch":null}]}
    "#);
    assert_snapshot!(row(&[select, options, ("attribute_option_swatch", "type=1,value=red|type=3")]), @r#"
    a.csv:2: column `attribute_option_swatch`: `type=1,value=red|type=3` has `red` as a colour (example: `#ff8800`) (Value)
    code: "size", entity_type: "catalog_product", input: "select", options: {"set":[{"label":"S","sort_order":null,"swatch":null},{"label":"M","sort_order":null,"swatch":null}]}
    "#);
    assert_snapshot!(row(&[select, ("attribute_option_swatch", "type=3"), ("attribute_option_sort_order", "1")]), @r#"
    a.csv:2: column `attribute_option_swatch`: `type=3` goes with the options of `attribute_option_values`, which is empty (Value)
    a.csv:2: column `attribute_option_sort_order`: `1` goes with the options of `attribute_option_values`, which is empty (Value)
    code: "size", entity_type: "catalog_product", input: "select"
    "#);
}

#[test]
fn a_row_of_a_store_view_speaks_for_what_the_view_shows() {
    assert_snapshot!(row(&[("store_view_code", "default"), ("frontend_label", "Größe"), ("frontend_input", "select"), ("attribute_set_name", "Default"), ("is_global", "1"), ("note", "x")]), @r#"
    a.csv:2: column `is_global`: counts only on the row without store view code and is left out here (also: `note`) (Notice)
    code: "size", entity_type: "catalog_product", label: {"set":"Größe"}, store_view: "default"
    "#);
}

#[test]
fn labels_of_store_views_go_to_the_options_at_their_place() {
    let (shop, findings) = shop(
        "store_view_code,attribute_code,frontend_input,frontend_label,attribute_option_values,attribute_option_swatch\n\
         ,size,select,Size,\"S,M\",\"type=0,value=s|type=0,value=m\"\n\
         default,size,select,Größe,\"klein,\",\"type=0,value=k|type=3\"\n\
         ,size,,,\"M,L\",\n\
         default,SIZE,,,\"mittel,groß\",\n\
         default,size,,,\"a,b,c\",\n\
         ,color,,,\"Red,Blue\",\n",
    );
    assert_snapshot!(findings.join("\n"), @"a.csv:2: column `attribute_option_values`: `a,b,c` lists 3, but the row without store view code lists 2; they go together by their place");
    assert_snapshot!(serde_json::to_string_pretty(&shop.attributes["size"]).unwrap(), @r#"
    {
      "code": "size",
      "input": "select",
      "scope": "global",
      "is_user_defined": true,
      "label": "Size",
      "store_labels": {
        "default": "Größe"
      },
      "options": [
        {
          "label": "M",
          "store_labels": {
            "default": "mittel"
          },
          "swatch": {
            "text": "m"
          }
        },
        {
          "label": "L",
          "store_labels": {
            "default": "groß"
          }
        },
        {
          "label": "S",
          "store_labels": {
            "default": "klein"
          },
          "swatch": {
            "text": "s"
          },
          "store_swatches": {
            "default": {
              "text": "k"
            }
          }
        }
      ],
      "listed": 2
    }
    "#);
    assert_eq!(shop.attributes["color"].options.len(), 2);
}

#[test]
fn options_that_products_brought_do_not_move_the_labels_of_store_views() {
    let mut size = Attribute { input: "select".to_owned(), ..Attribute::default() };
    assert_eq!(size.add_options(["S", "s", "M"]), 2);
    assert_eq!((size.listed(), size.add_options(["m"])), (0, 0));
    let listing = |labels: [&str; 2]| {
        let option = |label: &str| OptionChange { label: Some(label.to_owned()), ..OptionChange::default() };
        AttributeChange { options: Some(Stated::Set(labels.map(option).to_vec())), ..AttributeChange::default() }
    };
    size.apply(&listing(["L", "M"])).map(drop).unwrap();
    let view = AttributeChange { store_view: Some("de".to_owned()), ..listing(["groß", "mittel"]) };
    size.apply(&view).map(drop).unwrap();
    assert_eq!(size.add_options(["XL"]), 1);
    let shown = size.options.iter().map(|option| format!("{} {:?}", option.label, option.store_labels.get("de")));
    assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r#"
    L Some("groß")
    M Some("mittel")
    S None
    XL None
    "#);
    assert_eq!(size.listed(), 2);
}

#[test]
fn an_attribute_is_made_by_a_row_that_says_how_it_is_entered() {
    let (shop, findings) = shop(
        "store_view_code,attribute_code,frontend_input,entity_type_code,is_user_defined\n\
         ,size,,,\n\
         default,weight_class,text,,\n\
         ,gender,select,customer,0\n\
         ,gender,multiselect,,\n\
         ,Brand,text,,\n",
    );
    assert_snapshot!(findings.join("\n"), @"
    is needed because attribute `size` is new
    attribute `weight_class` does not exist; a row for store view `default` cannot create it
    ");
    let of = |entity_type, code| {
        let attribute = shop.attribute_of(entity_type, code).unwrap();
        format!("{} {}", attribute.input, attribute.is_user_defined)
    };
    assert_eq!(of(EntityType::Customer, "gender"), "select false");
    assert_eq!(of(EntityType::Product, "Gender"), "multiselect true");
    assert_eq!(of(EntityType::Product, "brand"), "text true");
}

#[test]
fn an_attribute_stays_entered_as_it_is() {
    let mut color = ShopFacts::plain().attributes["color"].clone();
    let to = |input: &str| AttributeChange {
        code: "color".to_owned(),
        input: Some(input.to_owned()),
        ..AttributeChange::default()
    };
    assert_snapshot!(color.apply(&to("text")).unwrap_err().problem, @"attribute `color` is entered as select and cannot become text");
    assert_eq!(color.apply(&to("swatch_visual")), Ok(ChangeEffect::Unchanged));
}

#[test]
fn what_the_shop_comes_with_is_not_deleted() {
    let rules = ReadingRules { operation: Operation::Delete, ..ReadingRules::default() };
    let text = "store_view_code,attribute_code,frontend_input\n,price,\n,color,nonsense\ndefault,price,\n";
    assert_snapshot!(said::<Attributes>(text, rules), @r#"
    a.csv:2: column `attribute_code`: `price` comes with the shop and cannot be deleted (Row)
    code: "color", entity_type: "catalog_product"
    code: "price", entity_type: "catalog_product", store_view: "default"
    "#);
}

#[test]
fn deleting_for_a_store_view_takes_its_labels_only() {
    let mut attribute =
        Attribute { store_labels: [("de".to_owned(), "Farbe".to_owned())].into(), ..Attribute::default() };
    let change =
        |view: Option<&str>| AttributeChange { store_view: view.map(str::to_owned), ..AttributeChange::default() };
    assert_eq!(Attributes::remove(&mut attribute, &change(Some("de"))), Removal::Part);
    assert_eq!(attribute.store_labels.len(), 0);
    assert_eq!(Attributes::remove(&mut attribute, &change(Some("de"))), Removal::Nothing);
    assert_eq!(Attributes::remove(&mut attribute, &change(None)), Removal::Whole);
}

fn option() -> impl Strategy<Value = OptionChange> {
    let swatch = prop::option::of("[xy]".prop_map(Swatch::Text));
    (prop::option::of("[a-d]"), prop::option::of(0..3u32), swatch)
        .prop_map(|(label, sort_order, swatch)| OptionChange { label, sort_order, swatch })
}

fn change() -> impl Strategy<Value = AttributeChange> {
    let text = || prop::option::of(prop_oneof![Just(Stated::Clear), "[ab]".prop_map(Stated::Set)]);
    // A row names each option once.
    let distinct = |mut options: Vec<OptionChange>| {
        let mut seen = std::collections::BTreeSet::new();
        options.retain(|option| option.label.as_ref().is_none_or(|label| seen.insert(label.clone())));
        Stated::Set(options)
    };
    let options = prop::collection::vec(option(), 0..4).prop_map(distinct);
    let options = prop::option::of(prop_oneof![1 => Just(Stated::Clear), 5 => options]);
    let place = ("[st]", "[gh]?", prop::option::of(0..3u32));
    let place = place.prop_map(|(set, group, sort_order)| SetPlace { set, group, sort_order });
    let settings =
        prop::collection::btree_map("[np]", prop_oneof![Just(Stated::Clear), "[01]".prop_map(Stated::Set)], 0..2);
    let flags = (any::<Option<bool>>(), any::<Option<bool>>(), any::<Option<bool>>());
    (prop::option::of("de|fr"), text(), options, prop::collection::vec(place, 0..2), settings, flags).prop_map(
        |(store_view, label, options, sets, settings, (is_required, is_unique, is_user_defined))| AttributeChange {
            code: "size".to_owned(),
            store_view,
            label,
            options,
            sets,
            settings,
            is_required,
            is_unique,
            is_user_defined,
            ..AttributeChange::default()
        },
    )
}

proptest! {
    #[test]
    fn the_same_change_twice_is_as_good_as_once(changes in prop::collection::vec(change(), 1..6)) {
        let mut attribute = Attribute { code: "size".to_owned(), ..Attribute::default() };
        for change in &changes {
            let _ = Attributes::apply(&mut attribute, change).unwrap();
            let once = attribute.clone();
            prop_assert_eq!(Attributes::apply(&mut attribute, change).unwrap(), ChangeEffect::Unchanged);
            prop_assert_eq!(&attribute, &once);
            prop_assert!(attribute.listed() <= attribute.options.len());
        }
        prop_assert_eq!(Attribute::from_json(&attribute.to_json()).unwrap(), attribute);
    }

    #[test]
    fn no_cell_makes_a_row_unreadable(column in prop::sample::select(columns::COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>()), cell in "[a-c0-9,|=/\":. _#-]{0,24}") {
        prop_assume!(column != "attribute_code");
        let rows = read_all::<Attributes>(&file(&[("attribute_code", "size"), (column, &cell)]), ReadingRules::default());
        prop_assert_eq!(rows.len(), 1);
        let is_costly = column == "store_view_code" || column == "entity_type_code";
        prop_assert!(is_costly || rows[0].change.is_some());
    }
}

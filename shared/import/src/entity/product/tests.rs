use insta::assert_snapshot;
use patience::wait;
use proptest::prelude::*;

use super::*;
use crate::csv::{CsvFormat, ReadRow, RowReader};
use crate::entity::EntityRow;
use crate::entity::{ReadingRules, UnknownNames};
use crate::finding::{Finding, Severity};

/// Rules for files whose shop nobody knows.
fn any_shop() -> ReadingRules {
    ReadingRules { unknown_names: UnknownNames::Taken, ..ReadingRules::default() }
}

/// Reads the rows of a small file.
fn rows(text: &str) -> Vec<EntityRow<ProductChange>> {
    let mut reader = RowReader::new(CsvFormat::RFC_4180);
    reader.feed(text.as_bytes());
    reader.finish();
    let mut rows = Vec::new();
    let wait = wait("the reader comes to the end of the file");
    loop {
        wait.go_on();
        match reader.next_row().unwrap() {
            ReadRow::Row(row) => {
                let header = reader.header().unwrap();
                let columns = Products::columns("product-import_x_01.csv", header, any_shop()).unwrap();
                rows.push(Products::read(&columns, &row));
            }
            ReadRow::Bad(bad) => panic!("{bad}"),
            ReadRow::NeedsInput | ReadRow::End => return rows,
        }
    }
}

/// Reads a row of pairs of column and cell.
fn row(cells: &[(&str, &str)]) -> EntityRow<ProductChange> {
    let line = |texts: Vec<&str>| {
        let quoted: Vec<String> = texts.iter().map(|text| format!("\"{}\"", text.replace('"', "\"\""))).collect();
        quoted.join(",")
    };
    let header = line(std::iter::once("sku").chain(cells.iter().map(|cell| cell.0)).collect());
    let texts = line(std::iter::once("B-1").chain(cells.iter().map(|cell| cell.1)).collect());
    rows(&format!("{header}\n{texts}\n")).remove(0)
}

/// What one cell states, without what a change has anyway.
fn stated(column: &str, cell: &str) -> String {
    let row = row(&[(column, cell)]);
    let mut lines: Vec<String> =
        row.findings.iter().map(|finding| format!("{finding} ({:?})", finding.severity)).collect();
    let mut json = serde_json::to_value(row.change.unwrap()).unwrap();
    // Other packages of the workspace make JSON objects keep the order of their fields.
    json.sort_all_objects();
    for (part, value) in json.as_object().unwrap() {
        let is_empty = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
        if part != "sku" && !is_empty {
            lines.push(format!("{part}: {value}"));
        }
    }
    lines.join("\n")
}

#[test]
fn an_empty_cell_states_nothing() {
    for column in ["name", "price", "qty", "categories", "related_skus", "additional_attributes", "product_type"] {
        assert_eq!(stated(column, ""), "", "{column}");
        assert_eq!(stated(column, "  "), "", "{column}");
    }
}

#[test]
fn the_empty_value_clears() {
    assert_snapshot!(stated("special_price", "__EMPTY__VALUE__"), @r#"values: {"special_price":"clear"}"#);
    assert_snapshot!(stated("upsell_skus", "__EMPTY__VALUE__"), @r#"links: {"upsell":"clear"}"#);
    assert_snapshot!(stated("base_image", "__EMPTY__VALUE__"), @r#"images: {"base_image":{"label":null,"path":"clear","position":null}}"#);
    assert_snapshot!(stated("additional_attributes", "color=__EMPTY__VALUE__,size="), @r#"values: {"color":"clear"}"#);
}

#[test]
fn values_have_one_way_to_be_written() {
    assert_snapshot!(stated("price", "10.5000"), @r#"values: {"price":{"set":"10.5"}}"#);
    assert_snapshot!(stated("special_price_from_date", "8/1/26, 12:00 PM"), @r#"values: {"special_price_from_date":{"set":"2026-08-01T12:00:00"}}"#);
    assert_snapshot!(stated("visibility", "catalog, search"), @r#"values: {"visibility":{"set":"Catalog, Search"}}"#);
    assert_snapshot!(stated("product_online", "0"), @r#"values: {"product_online":{"set":"2"}}"#);
    assert_snapshot!(stated("tax_class_name", "none"), @r#"values: {"tax_class_name":{"set":"None"}}"#);
    assert_snapshot!(stated("url_key", "Größe XL"), @r#"values: {"url_key":{"set":"grosse-xl"}}"#);
    assert_snapshot!(stated("gift_message_available", "Use config"), @r#"values: {"gift_message_available":{"set":"use_config"}}"#);
    assert_snapshot!(stated("manage_stock", "1.0"), @r#"stock: {"manage_stock":{"set":"1"},"use_config_manage_stock":{"set":"0"}}"#);
}

#[test]
fn what_a_spreadsheet_program_has_spoilt_is_said() {
    assert_snapshot!(stated("name", "#NAME?"), @"product-import_x_01.csv:2: column `name`: `#NAME?` is what a spreadsheet program shows for a formula that it cannot work out (Value)");
    assert_snapshot!(stated("categories", "#WERT!"), @"product-import_x_01.csv:2: column `categories`: `#WERT!` is what a spreadsheet program shows for a formula that it cannot work out (Value)");
    assert_snapshot!(stated("description", "SchÃ¶ne TÃ¼te"), @r#"
    product-import_x_01.csv:2: column `description`: `SchÃ¶ne TÃ¼te` looks as if it was saved with one character set and opened with another (`Ã¼` instead of `ü`); export it again, and open it as UTF-8 (Notice)
    values: {"description":{"set":"SchÃ¶ne TÃ¼te"}}
    "#);
    assert_snapshot!(stated("price", "1.299"), @r#"
    product-import_x_01.csv:2: column `price`: `1.299` is read with three digits behind the decimal point; if the point separates thousands, say so with `number-converter` in the configuration (Notice)
    values: {"price":{"set":"1.299"}}
    "#);
    assert_snapshot!(stated("weight", "1.250"), @r#"values: {"weight":{"set":"1.25"}}"#);
    for (sku, said) in
        [("1.23457E+12", "(Notice)"), ("=\"007\"", "(Notice)"), ("A\u{200b}1", "(U+200B) (Row)"), ("#N/A", "(Row)")]
    {
        let quoted = sku.replace('"', "\"\"");
        let row = rows(&format!("sku,price\n\"{quoted}\",1\n")).remove(0);
        let told: Vec<String> =
            row.findings.iter().map(|finding| format!("{finding} ({:?})", finding.severity)).collect();
        assert!(told.len() == 1 && told[0].ends_with(said), "{sku}: {told:?}");
    }
}

#[test]
fn texts_stay_as_they_are() {
    assert_snapshot!(stated("description", " <p>a,\nb</p> "), @r#"values: {"description":{"set":" <p>a,\nb</p> "}}"#);
}

#[test]
fn a_wrong_value_is_named_and_left_out() {
    assert_snapshot!(stated("qty", "1,5"), @"product-import_x_01.csv:2: column `qty`: `1,5` is not a number (expected digits with a decimal point, such as `1019.99`) (Value)");
    assert_snapshot!(stated("price", "-1"), @"product-import_x_01.csv:2: column `price`: `-1` is negative (Value)");
    assert_snapshot!(stated("created_at", "1.8.2026"), @"product-import_x_01.csv:2: column `created_at`: `1.8.2026` is not a date (examples: `2026-08-01 12:00:00`, `8/1/26, 12:00 PM`) (Notice)");
    assert_snapshot!(stated("visibility", "everywhere"), @"product-import_x_01.csv:2: column `visibility`: `everywhere` is not a visibility (expected `Not Visible Individually`, `Catalog`, `Search` or `Catalog, Search`) (Value)");
    assert_snapshot!(stated("product_online", "3"), @"product-import_x_01.csv:2: column `product_online`: `3` is not a status (expected `1` for enabled or `2` for disabled) (Value)");
    assert_snapshot!(stated("is_in_stock", "perhaps"), @"product-import_x_01.csv:2: column `is_in_stock`: `perhaps` is not a flag (expected `1` or `0`) (Value)");
    assert_snapshot!(stated("map_enabled", "perhaps"), @"product-import_x_01.csv:2: column `map_enabled`: `perhaps` is not a flag (expected `1`, `0` or `Use config`) (Value)");
    assert_snapshot!(stated("allow_backorders", "3"), @"product-import_x_01.csv:2: column `allow_backorders`: `3` is not a way to handle backorders (expected `0`, `1` or `2`) (Value)");
    assert_snapshot!(stated("url_key", "–"), @"product-import_x_01.csv:2: column `url_key`: `–` has no letter or digit that an address can hold (Value)");
    assert_snapshot!(stated("product_type", "gift"), @"product-import_x_01.csv:2: column `product_type`: `gift` is not a product type (expected `simple`, `virtual`, `configurable`, `bundle`, `grouped`, `downloadable` or `giftcard`) (Value)");
    assert_snapshot!(stated("bundle_price_type", "cheap"), @"product-import_x_01.csv:2: column `bundle_price_type`: `cheap` is neither `dynamic` nor `fixed` (Value)");
    assert_snapshot!(stated("bundle_shipment_type", "Together"), @r#"values: {"bundle_shipment_type":{"set":"together"}}"#);
    assert_snapshot!(stated("base_image_position", "first"), @r#"
    product-import_x_01.csv:2: column `base_image_position`: `first` is not a position (Value)
    images: {"base_image":{"label":null,"path":null,"position":null}}
    "#);
}

#[test]
fn a_sku_must_be_fit_to_be_a_key() {
    let long = "x".repeat(65);
    let findings: Vec<String> = rows(&format!("sku,name\n,a\n\" b\",b\n{long},c\n"))
        .into_iter()
        .inspect(|row| assert_eq!(row.change, None))
        .map(|row| format!("{} ({:?})", row.findings[0], row.findings[0].severity))
        .collect();
    assert_snapshot!(findings.join("\n"), @r"
    product-import_x_01.csv:2: column `sku`: is empty (Row)
    product-import_x_01.csv:3: column `sku`: ` b` starts or ends with a blank (Row)
    product-import_x_01.csv:4: column `sku`: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` is longer than 64 characters (Row)
    ");
}

#[test]
fn categories_are_paths_with_positions() {
    let row = row(&[("categories", r#"Root/A,Root/"B/C",Root/A"#), ("categories_position", "5")]);
    assert_snapshot!(serde_json::to_string(&row.change.unwrap().categories).unwrap(), @r#"{"set":[{"path":"Root/A","position":5},{"path":"Root/\"B/C\""}]}"#);
    assert_snapshot!(stated("categories", "Root//A"), @"product-import_x_01.csv:2: column `categories`: `Root//A` has an empty level (example: `Default Category/Bikes/Touring`) (Value)");
    assert_snapshot!(stated("categories", &"x".repeat(256)), @"product-import_x_01.csv:2: column `categories`: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` has a level of more than 255 characters (Value)");
    let misnumbered = self::row(&[("categories", "Root/A"), ("categories_position", "first")]);
    assert_snapshot!(misnumbered.findings[0], @"product-import_x_01.csv:2: column `categories`: `Root/A` goes with positions of which `first` is none");
    assert_snapshot!(stated("categories", "\"Root/A"), @r#"product-import_x_01.csv:2: column `categories`: `"Root/A` has a quote that is never closed (Value)"#);
}

#[test]
fn additional_attributes_are_values_like_others() {
    assert_snapshot!(stated("additional_attributes", r#"color=Red,gender=Men|Women,note="a, b",a=b, c,"#), @r#"values: {"a":{"set":"b, c"},"color":{"set":"Red"},"gender":{"set":["Men","Women"]},"note":{"set":"a, b"}}"#);
    assert_snapshot!(stated("additional_attributes", "no pair"), @"product-import_x_01.csv:2: column `additional_attributes`: `no pair` does not start with a pair (example: `code=value`) (Value)");
    assert_snapshot!(stated("additional_attributes", "frame size=54,color=Red"), @r#"
    product-import_x_01.csv:2: column `additional_attributes`: `frame size` is not an attribute code (Value)
    values: {"color":{"set":"Red"}}
    "#);
}

#[test]
fn links_are_numbered_if_their_positions_are_missing() {
    let row = row(&[("related_skus", "B-2,B-3,B-4"), ("related_position", "7,,"), ("upsell_skus", "B-5")]);
    assert_snapshot!(serde_json::to_string(&row.change.unwrap().links).unwrap(), @r#"{"related":{"set":[{"sku":"B-2","position":7},{"sku":"B-3","position":2},{"sku":"B-4","position":3}]},"upsell":{"set":[{"sku":"B-5","position":1}]}}"#);
}

#[test]
fn images_have_labels_and_positions() {
    let row = row(&[
        ("base_image", "/b/1.jpg"),
        ("base_image_label", "Front, left"),
        ("base_image_position", "2"),
        ("additional_images", "/b/2.jpg,/b/3.jpg"),
        ("additional_image_labels", ",\"Back, right\""),
        ("additional_image_positions", "4,5"),
        ("disabled_images", "/b/3.jpg"),
        ("hide_from_product_page", "/b/2.jpg"),
    ]);
    let change = row.change.unwrap();
    assert_snapshot!(serde_json::to_string(&change.images).unwrap(), @r#"{"base_image":{"path":{"set":"/b/1.jpg"},"label":{"set":"Front, left"},"position":2}}"#);
    assert_snapshot!(serde_json::to_string(&change.additional_images).unwrap(), @r#"{"set":[{"path":"/b/2.jpg","position":4},{"path":"/b/3.jpg","label":"Back, right","position":5,"is_disabled":true}]}"#);
    assert_snapshot!(serde_json::to_string(&change.hidden_images).unwrap(), @r#"{"set":["/b/2.jpg"]}"#);
}

#[test]
fn videos_are_addresses_with_an_image_that_stands_for_them() {
    assert_snapshot!(stated("videos", "url=https://vimeo.com/1,title=\"In use, outside\",image=/v/1.jpg,position=3,hidden=1|url=http://a.b/c"), @r#"videos: {"set":[{"image":"/v/1.jpg","is_hidden":true,"position":3,"title":"In use, outside","url":"https://vimeo.com/1"},{"url":"http://a.b/c"}]}"#);
    assert_snapshot!(stated("videos", "title=In use"), @"product-import_x_01.csv:2: column `videos`: `title=In use` has no `url` in entry 1 (Value)");
    assert_snapshot!(stated("videos", "url=javascript:alert(1)"), @"product-import_x_01.csv:2: column `videos`: `url=javascript:alert(1)` has `javascript:alert(1)` as `url` in entry 1 (expected an address that begins with `https://`) (Value)");
    assert_snapshot!(stated("videos", "url=https://vimeo.com/1,image=/../1.jpg"), @"product-import_x_01.csv:2: column `videos`: `url=https://vimeo.com/1,image=/../1.jpg` holds `/../1.jpg`, which leads out of the media directory (Value)");
    assert_snapshot!(stated("videos", "url=https://vimeo.com/1,position=first"), @"product-import_x_01.csv:2: column `videos`: `url=https://vimeo.com/1,position=first` has `first` as `position` in entry 1 (expected a whole number) (Value)");
    assert_snapshot!(stated("videos", "url=https://vimeo.com/1,hidden=maybe"), @"product-import_x_01.csv:2: column `videos`: `url=https://vimeo.com/1,hidden=maybe` has `maybe` as `hidden` in entry 1 (expected `1` or `0`) (Value)");
    assert_snapshot!(stated("videos", "url=https://vimeo.com/1,autoplay=1"), @"product-import_x_01.csv:2: column `videos`: `url=https://vimeo.com/1,autoplay=1` has `autoplay` in entry 1 (known are `url`, `title`, `description`, `image`, `position` and `hidden`) (Value)");
    assert_snapshot!(stated("videos", "__EMPTY__VALUE__"), @r#"videos: "clear""#);
}

#[test]
fn variations_are_told_apart_by_the_same_attributes() {
    assert_snapshot!(stated("configurable_variations", "sku=B-2,color=Red,size=S|sku=B-3,color=Red,size=M"), @r#"variations: {"set":[{"options":{"color":"Red","size":"S"},"sku":"B-2"},{"options":{"color":"Red","size":"M"},"sku":"B-3"}]}"#);
    assert_snapshot!(stated("configurable_variations", "sku=B-2,size=S|sku=B-3,size=S"), @r#"
    product-import_x_01.csv:2: column `configurable_variations`: variations `B-2` and `B-3` have the same options (Notice)
    variations: {"set":[{"options":{"size":"S"},"sku":"B-2"},{"options":{"size":"S"},"sku":"B-3"}]}
    "#);
    assert_snapshot!(stated("configurable_variations", "sku=B-2,size=S|sku=B-3,color=Red"), @"product-import_x_01.csv:2: column `configurable_variations`: `sku=B-2,size=S|sku=B-3,color=Red` gives variations `B-2` and `B-3` different attributes (Value)");
    assert_snapshot!(stated("configurable_variations", "size=S"), @"product-import_x_01.csv:2: column `configurable_variations`: `size=S` has no `sku` in entry 1 (Value)");
    assert_snapshot!(stated("configurable_variations", "sku=B-2"), @"product-import_x_01.csv:2: column `configurable_variations`: `sku=B-2` has no attribute that tells variation `B-2` apart (Value)");
    assert_snapshot!(stated("configurable_variation_labels", "color=Colour,size=Size"), @r#"variation_labels: {"set":{"color":"Colour","size":"Size"}}"#);
    assert_snapshot!(stated("configurable_variations_position", "color=1,size=2"), @r#"variation_positions: {"set":{"color":"1","size":"2"}}"#);
}

#[test]
fn the_parts_of_a_product_are_lists_of_pairs() {
    assert_snapshot!(stated("associated_skus", "B-2=2.0000,B-3"), @r#"associated: {"set":[{"position":1,"quantity":"2","sku":"B-2"},{"position":2,"quantity":"0","sku":"B-3"}]}"#);
    assert_snapshot!(stated("bundle_values", "name=Wheel,type=radio,required=1,sku=B-2,price=0.0000,default=1"), @r#"bundle_values: {"set":[{"default":"1","name":"Wheel","price":"0","required":"1","sku":"B-2","type":"radio"}]}"#);
    assert_snapshot!(stated("bundle_values", "name=Wheel,type=radio"), @"product-import_x_01.csv:2: column `bundle_values`: `name=Wheel,type=radio` has no `sku` in entry 1 (Value)");
    assert_snapshot!(stated("bundle_values_position", "Wheel=1"), @r#"bundle_positions: {"set":{"Wheel":"1"}}"#);
    assert_snapshot!(stated("downloadable_links", "title=Map,price=5,downloads=unlimited,file=/m/map.gpx"), @r#"downloadable_links: {"set":[{"downloads":"unlimited","file":"/m/map.gpx","price":"5","title":"Map"}]}"#);
    assert_snapshot!(stated("downloadable_samples", "file=/m/map.gpx"), @"product-import_x_01.csv:2: column `downloadable_samples`: `file=/m/map.gpx` has no `title` in entry 1 (Value)");
    assert_snapshot!(stated("custom_options", "name=Engraving,type=field,max_characters=20"), @r#"custom_options: {"set":[{"max_characters":"20","name":"Engraving","type":"field"}]}"#);
    assert_snapshot!(stated("custom_options", "name=Engraving"), @"product-import_x_01.csv:2: column `custom_options`: `name=Engraving` has no `type` in entry 1 (Value)");
}

#[test]
fn tier_prices_and_source_items_are_typed() {
    assert_snapshot!(stated("tier_prices", "qty=10,price=20.00,value_type=discount,website=base"), @r#"tier_prices: {"set":[{"customer_group":"ALL GROUPS","price":"20","quantity":"10","value_type":"Discount","website":"base"}]}"#);
    assert_snapshot!(stated("tier_prices", "qty=10"), @"product-import_x_01.csv:2: column `tier_prices`: `qty=10` has no `price` in entry 1 (Value)");
    assert_snapshot!(stated("tier_prices", "qty=10,price=x"), @"product-import_x_01.csv:2: column `tier_prices`: `qty=10,price=x` holds `x`, which is not a number (Value)");
    assert_snapshot!(stated("tier_prices", "qty=10,price=1,value_type=gift"), @"product-import_x_01.csv:2: column `tier_prices`: `qty=10,price=1,value_type=gift` has neither `Fixed` nor `Discount` as `value_type` in entry 1 (Value)");
    assert_snapshot!(stated("inventory_source_items", "source_code=north,quantity=5.0,status=1|source_code=south,quantity=0"), @r#"source_items: {"set":[{"quantity":"5","source":"north","status":"1"},{"quantity":"0","source":"south","status":"1"}]}"#);
    assert_snapshot!(stated("inventory_source_items", "source_code=north,quantity=5,status=2"), @"product-import_x_01.csv:2: column `inventory_source_items`: `source_code=north,quantity=5,status=2` has neither `1` nor `0` as `status` in entry 1 (Value)");
    assert_snapshot!(stated("inventory_source_items", "quantity=5"), @"product-import_x_01.csv:2: column `inventory_source_items`: `quantity=5` has no `source_code` in entry 1 (Value)");
}

#[test]
fn a_relative_quantity_is_an_addition_with_an_id() {
    let row = row(&[("qty", "-2"), ("qty_relative", "1")]);
    let change = row.change.unwrap();
    assert!(change.stock.is_empty());
    assert_snapshot!(serde_json::to_string(&change.quantity_change).unwrap(), @r#"{"add":"-2","id":"product-import_x_01.csv:2"}"#);
}

#[test]
fn an_end_before_its_start_is_left_out() {
    let row = row(&[("new_from_date", "2026-08-02"), ("new_to_date", "2026-08-01")]);
    assert_snapshot!(row.findings[0], @"product-import_x_01.csv:2: column `new_to_date`: `2026-08-01` is before `new_from_date`");
    assert!(!row.change.unwrap().values.contains_key("new_to_date"));
}

#[test]
fn a_row_of_a_store_view_speaks_for_what_the_view_shows() {
    let row = row(&[
        ("store_view_code", "de_DE"),
        ("name", "Rad"),
        ("base_image_label", "Vorne"),
        ("qty", "5"),
        ("categories", "Root/A"),
        ("related_skus", "B-2"),
        ("configurable_variations", "sku=B-2,size=S"),
    ]);
    let lines: Vec<String> = row.findings.iter().map(|finding| format!("{finding} ({:?})", finding.severity)).collect();
    assert_snapshot!(lines.join("\n"), @r"
    product-import_x_01.csv:2: column `configurable_variations`: variations belong on the row without store view code (Value)
    product-import_x_01.csv:2: column `qty`: counts only on the row without store view code and is left out here; so are 2 other columns (Notice)
    ");
    let change = row.change.unwrap();
    assert_eq!(change.store_view.as_deref(), Some("de_DE"));
    assert!(change.stock.is_empty() && change.categories.is_none() && change.links.is_empty());
    assert_eq!((change.values.len(), change.images.len()), (1, 1));
}

#[test]
fn a_new_product_needs_what_an_update_need_not_repeat() {
    let missing = |product_type| {
        let change = ProductChange { sku: "B-1".to_owned(), product_type, ..ProductChange::default() };
        let findings = Products::missing_if_new(&change).into_iter();
        let findings = findings.map(|refusal| Finding::refused("product-import_x_01.csv", 7, refusal));
        findings.map(|finding| finding.to_string()).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(missing(Some(ProductType::Simple)), @r"
    product-import_x_01.csv:7: column `name`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `attribute_set_code`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `price`: is needed because product `B-1` is new
    ");
    assert_snapshot!(missing(Some(ProductType::Configurable)), @r"
    product-import_x_01.csv:7: column `name`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `attribute_set_code`: is needed because product `B-1` is new
    ");
    assert_snapshot!(missing(Some(ProductType::Downloadable)), @r"
    product-import_x_01.csv:7: column `name`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `attribute_set_code`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `price`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `downloadable_links`: is needed because product `B-1` is new
    ");
    assert_snapshot!(missing(None), @r"
    product-import_x_01.csv:7: column `name`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `attribute_set_code`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `product_type`: is needed because product `B-1` is new
    ");
}

#[test]
fn a_row_of_a_store_view_is_not_asked_for_what_it_cannot_create() {
    let change = ProductChange { store_view: Some("de".to_owned()), ..ProductChange::default() };
    assert_eq!(Products::missing_if_new(&change), []);
}

#[test]
fn unknown_columns_are_listed_and_left_out() {
    let mut reader = RowReader::new(CsvFormat::RFC_4180);
    reader.feed(b"sku,warehouse_note,name,Colour\n");
    reader.next_row().unwrap();
    let columns = Products::columns("x.csv", reader.header().unwrap(), any_shop()).unwrap();
    assert_eq!(columns.unknown(), ["warehouse_note", "Colour"]);
}

#[test]
fn every_known_column_is_named_once() {
    let names: std::collections::BTreeSet<&str> = columns::COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(names.len(), columns::COLUMNS.len());
}

proptest! {
    #[test]
    fn no_cell_makes_a_row_unreadable(column in prop::sample::select(columns::COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>()), cell in "[a-c0-9,|=/\":. _-]{0,24}") {
        prop_assume!(column != "sku" && column != "store_view_code");
        let row = row(&[(column, &cell)]);
        prop_assert!(row.change.is_some());
        prop_assert!(row.findings.iter().all(|finding| finding.severity < Severity::Row));
    }
}

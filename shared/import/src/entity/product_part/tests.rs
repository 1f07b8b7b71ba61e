use std::fmt::Write;

use insta::assert_snapshot;

use crate::entity::custom_option::CustomOptions;
use crate::entity::link::Links;
use crate::entity::media::Media;
use crate::entity::price::Prices;
use crate::entity::product::{Product, Products};
use crate::entity::stock::Stock;
use crate::entity::tests::read;
use crate::entity::tier_price::TierPrices;
use crate::entity::url_rewrite::UrlRewrites;
use crate::entity::variant::Variants;
use crate::entity::{ChangeEffect, Entity, Removal, Thing};

/// A product as a row of a product file makes it.
fn product(cells: &[(&str, &str)]) -> Product {
    let start = [("sku", "B-1"), ("attribute_set_code", "Default"), ("product_type", "simple"), ("name", "Bag")];
    let mut product = Products::create(&read::<Products>(&start).change.unwrap()).unwrap();
    let _ = Products::apply(&mut product, &read::<Products>(&with_sku(cells)).change.unwrap()).unwrap();
    product
}

fn with_sku<'a>(cells: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    std::iter::once(("sku", "B-1")).chain(cells.iter().copied()).collect()
}

fn apply<P: Entity<Thing = Product>>(product: &mut Product, cells: &[(&str, &str)]) {
    let _ = effect::<P>(product, cells);
}

/// Applies a row of a part twice, and returns what it did.
fn effect<P: Entity<Thing = Product>>(product: &mut Product, cells: &[(&str, &str)]) -> ChangeEffect {
    let row = read::<P>(&with_sku(cells));
    assert_eq!(row.findings, []);
    let change = row.change.unwrap();
    let effect = P::apply(product, &change).unwrap();
    assert_eq!(P::apply(product, &change), Ok(ChangeEffect::Unchanged), "{cells:?} made twice is more than made once");
    effect
}

/// A part of a product as it is stored.
fn stored(product: &Product, part: &str) -> String {
    let mut json: serde_json::Value = serde_json::from_str(&product.to_json()).unwrap();
    // Other packages of the workspace make JSON objects keep the order of their fields.
    json.sort_all_objects();
    part.split('/').fold(&json, |json, part| &json[part]).to_string()
}

fn remove<P: Entity<Thing = Product>>(product: &mut Product, cells: &[(&str, &str)]) -> Removal {
    P::remove(product, &read::<P>(&with_sku(cells)).change.unwrap())
}

fn renew<P: Entity<Thing = Product>>(product: &Product, cells: &[(&str, &str)]) -> Product {
    P::renew(Some(product), &read::<P>(&with_sku(cells)).change.unwrap()).unwrap()
}

#[test]
fn a_part_of_a_product_that_is_not_there_is_refused() {
    fn refusal<P: Entity<Thing = Product>>() -> [String; 2] {
        let mut cells = vec![("sku", "NOPE")];
        let needed = P::COLUMNS.iter().filter(|column| P::ABOUT.key.contains(&column.name) && column.name != "sku");
        cells.extend(needed.map(|column| (column.name, column.example)));
        let change = read::<P>(&cells).change.unwrap();
        [P::create(&change).unwrap_err().problem, P::renew(None, &change).unwrap_err().problem]
    }
    let refusals = [
        refusal::<Prices>(),
        refusal::<TierPrices>(),
        refusal::<Stock>(),
        refusal::<crate::entity::source_item::SourceItems>(),
        refusal::<Media>(),
        refusal::<Links>(),
        refusal::<Variants>(),
        refusal::<CustomOptions>(),
        refusal::<UrlRewrites>(),
    ];
    for refusal in refusals.concat() {
        assert_eq!(refusal, "product `NOPE` does not exist, and this kind of file makes none; import it first");
    }
}

#[test]
fn columns_of_a_part_are_those_of_products() {
    let names: Vec<&str> = Prices::COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(names[..4], ["sku", "store_view_code", "price", "special_price"]);
    for column in Stock::COLUMNS {
        let of_products = Products::COLUMNS.iter().find(|known| known.name == column.name).unwrap();
        assert_eq!((column.kind, column.example), (of_products.kind, of_products.example));
    }
}

#[test]
fn prices_change_prices_and_nothing_else() {
    let mut bag = product(&[("price", "10"), ("qty", "5")]);
    let before = bag.clone();
    assert_eq!(effect::<Prices>(&mut bag, &[("price", "49.95"), ("special_price", "29.9500")]), ChangeEffect::Changed);
    assert_snapshot!(stored(&bag, "default/values"), @r#"{"name":"Bag","price":"49.95","special_price":"29.95","url_key":"bag"}"#);
    apply::<Prices>(&mut bag, &[("store_view_code", "default"), ("price", "48.00")]);
    assert_snapshot!(stored(&bag, "store_views"), @r#"{"default":{"values":{"price":"48"}}}"#);
    assert_eq!(effect::<Prices>(&mut bag, &[("price", "")]), ChangeEffect::Unchanged);
    assert_eq!((bag.stock, bag.attribute_set), (before.stock, before.attribute_set));
    let unknown = read::<Prices>(&with_sku(&[("price", "1,5")]));
    assert_snapshot!(unknown.findings[0], @"a.csv:2: column `price`: `1,5` is not a number (expected digits with a decimal point, such as `1019.99`)");
}

/// Gives a product a stock, applies a row, and tells what comes of it.
fn told(given: &[(&str, &str)], row: &[(&str, &str)]) -> String {
    let mut bag = product(given);
    apply::<Stock>(&mut bag, row);
    let shown = |cells: &[(&str, &str)]| cells.iter().map(|(name, cell)| format!("{name} {cell}")).collect::<Vec<_>>();
    format!("{} + {} = {}", shown(given).join(", "), shown(row).join(", "), stored(&bag, "stock"))
}

#[test]
fn stock_flags_follow_quantities_both_ways() {
    let mut table = String::new();
    for (given, row) in [
        (&[("qty", "5"), ("is_in_stock", "1")][..], &[("qty", "0")][..]),
        (&[("qty", "0"), ("is_in_stock", "0")], &[("qty", "9")]),
        (&[("qty", "0"), ("is_in_stock", "0")], &[("qty", "9"), ("is_in_stock", "0")]),
        (&[("qty", "5"), ("is_in_stock", "1")], &[("qty", "0"), ("is_in_stock", "1")]),
        (&[("qty", "5"), ("is_in_stock", "1")], &[("qty", "-5"), ("allow_backorders", "1")]),
        (&[("out_of_stock_qty", "3")], &[("qty", "3")]),
        (&[("out_of_stock_qty", "3"), ("use_config_min_qty", "1")], &[("qty", "3")]),
        (&[("out_of_stock_qty", "-3")], &[("qty", "-2.5")]),
        (&[("manage_stock", "0"), ("is_in_stock", "1")], &[("qty", "0")]),
        (&[("is_in_stock", "1")], &[("min_cart_qty", "2")]),
        (&[], &[("qty", "")]),
    ] {
        writeln!(table, "{}", told(given, row)).unwrap();
    }
    assert_snapshot!(table, @r#"
    qty 5, is_in_stock 1 + qty 0 = {"is_in_stock":"0","qty":"0"}
    qty 0, is_in_stock 0 + qty 9 = {"is_in_stock":"1","qty":"9"}
    qty 0, is_in_stock 0 + qty 9, is_in_stock 0 = {"is_in_stock":"0","qty":"9"}
    qty 5, is_in_stock 1 + qty 0, is_in_stock 1 = {"is_in_stock":"0","qty":"0"}
    qty 5, is_in_stock 1 + qty -5, allow_backorders 1 = {"allow_backorders":"1","is_in_stock":"1","qty":"-5","use_config_backorders":"0"}
    out_of_stock_qty 3 + qty 3 = {"is_in_stock":"0","out_of_stock_qty":"3","qty":"3","use_config_min_qty":"0"}
    out_of_stock_qty 3, use_config_min_qty 1 + qty 3 = {"is_in_stock":"1","out_of_stock_qty":"3","qty":"3","use_config_min_qty":"1"}
    out_of_stock_qty -3 + qty -2.5 = {"is_in_stock":"1","out_of_stock_qty":"-3","qty":"-2.5","use_config_min_qty":"0"}
    manage_stock 0, is_in_stock 1 + qty 0 = {"is_in_stock":"1","manage_stock":"0","qty":"0","use_config_manage_stock":"0"}
    is_in_stock 1 + min_cart_qty 2 = {"is_in_stock":"1","min_cart_qty":"2","use_config_min_sale_qty":"0"}
     + qty  = null
    "#);
}

#[test]
fn a_stock_setting_with_a_value_is_used_instead_of_the_shops() {
    let mut table = String::new();
    for row in [
        &[("manage_stock", "0")][..],
        &[("manage_stock", "0"), ("use_config_manage_stock", "1")],
        &[("manage_stock", "Use config")],
        &[("allow_backorders", "2")],
        &[("max_cart_qty", "10")],
    ] {
        writeln!(table, "{}", told(&[], row)).unwrap();
    }
    assert_snapshot!(table, @r#"
    + manage_stock 0 = {"manage_stock":"0","use_config_manage_stock":"0"}
    + manage_stock 0, use_config_manage_stock 1 = {"manage_stock":"0","use_config_manage_stock":"1"}
    + manage_stock Use config = {"manage_stock":"use_config","use_config_manage_stock":"1"}
    + allow_backorders 2 = {"allow_backorders":"2","use_config_backorders":"0"}
    + max_cart_qty 10 = {"max_cart_qty":"10","use_config_max_sale_qty":"0"}
    "#);
}

#[test]
fn an_added_quantity_puts_a_product_back_into_stock_once() {
    let mut bag = product(&[("qty", "0"), ("is_in_stock", "0")]);
    apply::<Stock>(&mut bag, &[("qty", "5"), ("qty_relative", "1")]);
    assert_snapshot!(stored(&bag, "stock"), @r#"{"is_in_stock":"1","qty":"5"}"#);
    let addition = read::<Stock>(&with_sku(&[("qty", "5"), ("qty_relative", "1")])).change.unwrap();
    apply::<Stock>(&mut bag, &[("is_in_stock", "0")]);
    // The addition was made already, so what was said since counts.
    assert_eq!(Stock::apply(&mut bag, &addition), Ok(ChangeEffect::Unchanged));
}

#[test]
fn the_quantity_is_that_of_the_default_source() {
    let mut bag = product(&[("inventory_source_items", "source_code=default,quantity=3|source_code=wh2,quantity=4")]);
    apply::<Stock>(&mut bag, &[("qty", "0")]);
    assert_snapshot!(stored(&bag, "source_items"), @r#"[{"quantity":"0","source":"default","status":"0"},{"quantity":"4","source":"wh2","status":"1"}]"#);
}

#[test]
fn a_product_that_is_made_of_others_is_not_sold_out_by_its_own_quantity() {
    let start = [("sku", "B-1"), ("attribute_set_code", "Default"), ("product_type", "configurable"), ("name", "Bag")];
    let mut bag = Products::create(&read::<Products>(&start).change.unwrap()).unwrap();
    apply::<Stock>(&mut bag, &[("is_in_stock", "1")]);
    apply::<Stock>(&mut bag, &[("qty", "0")]);
    assert_snapshot!(stored(&bag, "stock"), @r#"{"is_in_stock":"1","qty":"0"}"#);
}

#[test]
fn media_can_be_added_replaced_and_deleted() {
    let row = [
        ("base_image", "/b/1.jpg"),
        ("base_image_label", "Front"),
        ("additional_images", "/b/2.jpg,/b/3.jpg"),
        ("additional_image_labels", "Back,Side"),
        ("hide_from_product_page", "/b/3.jpg"),
    ];
    let mut bag = product(&[]);
    apply::<Media>(&mut bag, &row);
    apply::<Media>(&mut bag, &[("store_view_code", "default"), ("base_image_label", "Vorne")]);
    apply::<Media>(&mut bag, &[("videos", "url=https://vimeo.com/1,title=In use")]);
    apply::<Media>(&mut bag, &[("store_view_code", "default"), ("videos", "url=https://vimeo.com/2")]);
    assert_snapshot!(stored(&bag, "default/videos"), @r#"[{"title":"In use","url":"https://vimeo.com/1"}]"#);
    assert_snapshot!(stored(&bag, "store_views/default/videos"), @r#"[{"url":"https://vimeo.com/2"}]"#);
    assert_snapshot!(stored(&bag, "default"), @r#"{"additional_images":[{"label":"Back","path":"/b/2.jpg"},{"label":"Side","path":"/b/3.jpg"}],"hidden_images":["/b/3.jpg"],"images":{"base_image":{"label":"Front","path":"/b/1.jpg"}},"values":{"name":"Bag","url_key":"bag"},"videos":[{"title":"In use","url":"https://vimeo.com/1"}]}"#);
    assert_snapshot!(stored(&bag, "store_views"), @r#"{"default":{"images":{"base_image":{"label":"Vorne"}},"videos":[{"url":"https://vimeo.com/2"}]}}"#);
    let renewed = renew::<Media>(&bag, &[("small_image", "/s/1.jpg")]);
    assert_snapshot!(format!("{} {}", stored(&renewed, "default"), stored(&renewed, "store_views/default")), @r#"{"images":{"small_image":{"path":"/s/1.jpg"}},"values":{"name":"Bag","url_key":"bag"}} null"#);
    assert_eq!(remove::<Media>(&mut bag, &[("store_view_code", "default")]), Removal::Part);
    assert!(bag.store_views.is_empty() && !bag.default.images.is_empty());
    assert_eq!(remove::<Media>(&mut bag, &[]), Removal::Part);
    assert_eq!(bag, product(&[]));
    assert_eq!(remove::<Media>(&mut bag, &[]), Removal::Nothing);
}

#[test]
fn links_and_variants_leave_each_other_alone() {
    let mut bag = product(&[]);
    apply::<Links>(&mut bag, &[("related_skus", "A-1,C-1"), ("upsell_skus", "D-1")]);
    apply::<Variants>(&mut bag, &[("configurable_variations", "sku=B-1-S,size=S|sku=B-1-M,size=M")]);
    assert_snapshot!(stored(&bag, "links"), @r#"{"related":[{"position":1,"sku":"A-1"},{"position":2,"sku":"C-1"}],"upsell":[{"position":1,"sku":"D-1"}]}"#);
    assert_snapshot!(stored(&bag, "variations"), @r#"[{"options":{"size":"S"},"sku":"B-1-S"},{"options":{"size":"M"},"sku":"B-1-M"}]"#);
    assert_eq!(remove::<Links>(&mut bag, &[]), Removal::Part);
    assert!(bag.links.is_empty() && bag.variations.len() == 2);
    let renewed = renew::<Variants>(&bag, &[("configurable_variations", "sku=B-1-L,size=L")]);
    assert_eq!(renewed.variations.len(), 1);
}

#[test]
fn custom_options_belong_to_a_store_view_or_to_all() {
    let mut bag = product(&[]);
    apply::<CustomOptions>(&mut bag, &[("custom_options", "name=Gravur,type=field,price=3")]);
    apply::<CustomOptions>(
        &mut bag,
        &[("store_view_code", "default"), ("custom_options", "name=Engraving,type=field")],
    );
    assert_snapshot!(stored(&bag, "default/custom_options"), @r#"[{"name":"Gravur","price":"3","type":"field"}]"#);
    assert_eq!(remove::<CustomOptions>(&mut bag, &[]), Removal::Part);
    assert_eq!(bag, product(&[]));
}

#[test]
fn an_address_that_is_replaced_still_leads_to_its_product() {
    let mut bag = product(&[("url_key", "bag")]);
    let row =
        |key| [("store_view_code", "default"), ("url_key", key), ("categories", "Nowhere"), ("visibility", "Catalog")];
    apply::<UrlRewrites>(&mut bag, &row("bag"));
    apply::<UrlRewrites>(&mut bag, &row("joust-bag"));
    apply::<UrlRewrites>(&mut bag, &row("duffle"));
    assert_snapshot!(stored(&bag, "store_views/default"), @r#"{"old_url_keys":["bag","joust-bag"],"values":{"url_key":"duffle","visibility":"Catalog"}}"#);
    // Back at an earlier address.
    apply::<UrlRewrites>(&mut bag, &row("bag"));
    assert_snapshot!(stored(&bag, "store_views/default/old_url_keys"), @r#"["joust-bag","duffle"]"#);
    assert!(bag.categories.is_empty(), "the categories are those of the product");
    let renewed = renew::<UrlRewrites>(&bag, &row("fresh"));
    assert_snapshot!(stored(&renewed, "store_views/default"), @r#"{"values":{"url_key":"fresh","visibility":"Catalog"}}"#);
    assert_eq!(remove::<UrlRewrites>(&mut bag, &[("store_view_code", "default")]), Removal::Part);
    assert_snapshot!(stored(&bag, "store_views/default"), @r#"{"values":{"visibility":"Catalog"}}"#);
}

//! The order in which the recordings were made, and what happened between them without a recording.

use std::ops::RangeInclusive;

use local_shop::{Fault, Ids, Limits, LocalShop, NewItem, NewOrder, Rule};
use serde_json::json;

/// A part of the script.
pub(crate) enum Step {
    /// Recordings of a group, one after the other.
    Play(&'static str, RangeInclusive<u32>),
    /// Recordings of a group, all at once.
    AtOnce(&'static str, RangeInclusive<u32>),
    /// Something that happened to the shop.
    Do(fn(&LocalShop)),
    /// A request that was not recorded: method, path and body.
    Send(&'static str, &'static str, String),
}

use Step::{AtOnce, Do, Play, Send};

impl Step {
    /// Names of the recordings.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Play(group, numbers) | AtOnce(group, numbers) => {
                numbers.clone().map(|number| format!("{group}/{number:03}")).collect()
            }
            Do(..) | Send(..) => Vec::new(),
        }
    }
}

fn consume(shop: &LocalShop) {
    shop.consume_all();
}

fn restart_and_consume(shop: &LocalShop) {
    shop.restart_consumer();
    shop.consume_all();
}

fn product(sku: &str, name: &str, more: serde_json::Value) -> String {
    let mut product = json!({
        "sku": sku, "name": name, "attribute_set_id": 9, "price": 10, "status": 1, "visibility": 4, "type_id": "simple", "weight": 1,
        "extension_attributes": {"website_ids": [1], "stock_item": {"qty": 5, "is_in_stock": true}},
    });
    for (field, value) in more.as_object().unwrap() {
        product[field] = value.clone();
    }
    json!({"product": product}).to_string()
}

/// The whole script.
pub(crate) fn steps() -> Vec<Step> {
    let mut steps = vec![
        Play("auth", 1..=40),
        // The default of a fresh shop.
        Do(LocalShop::forbid_bearer),
        Play("auth", 41..=41),
        // What the recording shop had.
        Do(LocalShop::allow_bearer),
        Play("auth", 42..=42),
        // The second to the fifth wrong password.
        Play("auth", 42..=42),
        Play("auth", 42..=42),
        Play("auth", 42..=42),
        Play("auth", 42..=42),
        Play("auth", 43..=47),
        Play("attributes", 1..=59),
        Play("categories", 1..=28),
        Play("products", 1..=158),
    ];
    steps.extend([
        Play("products", 159..=174),
        // A product that was not recorded.
        Do(|shop| shop.continue_at(Ids { product: Some(36), ..Ids::default() })),
        Play("product-types", 1..=36),
        // Failed creates used up ids.
        Do(|shop| shop.continue_at(Ids { product: Some(47), ..Ids::default() })),
        Play("product-types", 37..=39),
        Play("product-links", 1..=9),
        Play("tier-prices", 1..=7),
        Play("images", 1..=21),
        Play("search", 1..=14),
        Play("url-rewrites", 1..=2),
        Play("async-bulk", 1..=8),
        // The consumer.
        Do(consume),
        Play("async-bulk", 9..=46),
        // The consumer, which dies of the first operation.
        Do(consume),
        // The consumer again, which dies of the fourth.
        Do(restart_and_consume),
        Play("async-bulk", 47..=81),
        // The consumer a third time.
        Do(restart_and_consume),
        Play("async-bulk", 82..=117),
        // The consumer.
        Do(consume),
        Play("async-bulk", 118..=125),
        // The consumer.
        Do(consume),
        Play("async-bulk", 126..=129),
        // The consumer.
        Do(consume),
        Play("async-bulk", 130..=131),
        // Messages that were dropped from the queue.
        Do(LocalShop::lose_messages),
        Play("async-bulk", 132..=132),
    ]);
    steps.extend(orders());
    steps.extend(prices_and_stock());
    steps.extend(later());
    steps
}

/// Orders of products with a price and of some without one.
fn orders() -> Vec<Step> {
    let priced = |price: f64| json!({"price": price, "extension_attributes": {"website_ids": [1], "stock_item": {"qty": 50, "is_in_stock": true}}});
    vec![
        Play("inventory", 1..=2),
        // The index.
        Do(LocalShop::run_index),
        Play("inventory", 3..=4),
        // Carts that became orders.
        Do(|shop| {
            order(shop, &[("RIG-3", 2.0)]);
            order(shop, &[("VIRT-1", 1.0)]);
            place(shop, "erika@example.com", vec![NewItem::of("RIG-3", 1.0)], Some("RIG10"));
            order(shop, &[("RIG-3", 1.0)]);
            order(shop, &[("RIG-3", 1.0)]);
            order(shop, &[("RIG-3", 2.0)]);
            order(shop, &[("CONF-1-Red-S", 3.0), ("VIRT-1", 2.0)]);
        }),
        Play("orders", 1..=96),
        // Products that were not recorded.
        Do(|shop| shop.continue_at(Ids { product: Some(59), ..Ids::default() })),
        Send("POST", "/rest/all/V1/products", product("ORD-A", "Order item ORD-A", priced(24.9))),
        Send("POST", "/rest/all/V1/products", product("ORD-B", "Order item ORD-B", priced(9.99))),
        Do(LocalShop::run_index),
        // More carts.
        Do(|shop| {
            order(shop, &[("ORD-A", 2.0), ("ORD-B", 1.0)]);
            place(shop, "max@example.com", vec![NewItem::of("ORD-A", 2.0)], Some("RIG10"));
            order(shop, &[("VIRT-1", 1.0)]);
            order(shop, &[("ORD-A", 3.0), ("VIRT-1", 1.0)]);
        }),
        Play("orders", 97..=100),
        Play("inventory", 5..=6),
        Play("orders", 101..=106),
        Play("inventory", 7..=8),
        Play("orders", 107..=108),
        Play("inventory", 9..=9),
        Play("orders", 109..=116),
    ]
}

fn order(shop: &LocalShop, items: &[(&str, f64)]) {
    let items = items.iter().map(|(sku, qty)| NewItem::of(sku, *qty)).collect();
    place(shop, "erika@example.com", items, None);
}

fn place(shop: &LocalShop, email: &str, items: Vec<NewItem>, coupon: Option<&str>) {
    let order = NewOrder { email: email.to_owned(), items, coupon: coupon.map(str::to_owned) };
    shop.place_order(&order).unwrap();
}

fn prices_and_stock() -> Vec<Step> {
    vec![
        // Products that were not recorded.
        Do(|shop| shop.continue_at(Ids { product: Some(61), ..Ids::default() })),
        Send("POST", "/rest/all/V1/products", product("PR-1", "Price 1", json!({}))),
        Send("POST", "/rest/all/V1/products", product("PR-2", "Price 2", json!({}))),
        Play("prices", 1..=29),
        Play("inventory", 10..=33),
        // The index.
        Do(LocalShop::run_index),
        Play("inventory", 34..=44),
        Play("customers", 1..=8),
        // The refused customer used up an id.
        Do(|shop| shop.continue_at(Ids { customer: Some(5), ..Ids::default() })),
        Play("customers", 9..=21),
    ]
}

/// What was recorded half an hour after the rest.
fn later() -> Vec<Step> {
    let child = |color: &str| json!({"price": 30, "visibility": 1, "custom_attributes": [{"attribute_code": "color", "value": color}]});
    vec![
        Send("POST", "/rest/all/V1/products", product("CONF-3-R", "Order item CONF-3-R", child("4"))),
        Send("POST", "/rest/all/V1/products", product("CONF-3-B", "Order item CONF-3-B", child("5"))),
        Play("product-types", 40..=40),
        // A cart with a variant.
        Do(|shop| {
            let item = NewItem { variant: Some("CONF-3-R".to_owned()), ..NewItem::of("CONF-3", 2.0) };
            place(shop, "erika@example.com", vec![item], None);
        }),
        Play("orders", 117..=148),
        // A lock of the database.
        Do(|shop| shop.fail(Rule::once("POST", "/V1/products", Fault::LockConflict))),
        Play("concurrency", 1..=3),
        // A measurement.
        Do(|shop| shop.continue_at(Ids { product: Some(973), ..Ids::default() })),
        Play("concurrency", 4..=4),
        // More of it.
        Do(|shop| shop.continue_at(Ids { product: Some(1156), ..Ids::default() })),
        Play("scope", 1..=10),
        Play("products", 175..=187),
        Play("async-bulk", 133..=137),
        // Ids that a measurement used up.
        Do(|shop| shop.continue_at(Ids { product: Some(1215), ..Ids::default() })),
        // The consumer.
        Do(consume),
        Play("async-bulk", 138..=149),
        AtOnce("concurrency", 5..=8),
        Play("concurrency", 9..=14),
        // Maintenance.
        Do(|shop| shop.faults(|faults| faults.maintenance = true)),
        Play("server-state", 1..=3),
        // Maintenance is over.
        Do(|shop| shop.faults(|faults| faults.maintenance = false)),
        Play("server-state", 4..=7),
        // More ids.
        Do(|shop| shop.continue_at(Ids { product: Some(1220), ..Ids::default() })),
        Play("server-state", 8..=11),
        // Limits on.
        Do(|shop| shop.limit(Some(Limits { items: 20, page_size: 300, default_page_size: 20 }))),
        Play("server-state", 12..=16),
        // Limits off.
        Do(|shop| shop.limit(None)),
        // The consumer.
        Do(consume),
        Play("async-bulk", 150..=151),
        // The consumer.
        Do(consume),
        Play("async-bulk", 152..=154),
        // Two consumers.
        Do(consume),
        Play("async-bulk", 156..=156),
        Play("search", 15..=19),
        Play("search", 21..=21),
        Play("product-links", 10..=11),
        // The row of the unknown attribute is deleted in the database.
        Do(LocalShop::repair_variant_options),
        Play("product-links", 12..=15),
    ]
}

/// Bodies that the recordings only tell the length of.
pub(crate) fn body(name: &str) -> Option<Vec<u8>> {
    match name {
        "products/148" => {
            let description = "x".repeat(10 * 1024 * 1024);
            let product = json!({
                "sku": "BIG-1", "name": "Product BIG-1", "attribute_set_id": 9, "price": 19.9, "status": 1, "visibility": 4,
                "type_id": "simple", "weight": 0.5, "custom_attributes": [{"attribute_code": "description", "value": description}],
            });
            Some(json!({"product": product}).to_string().into_bytes())
        }
        "async-bulk/131" => {
            let item = |number: u32| {
                json!({"product": {
                    "sku": format!("BLKBIG-{number:04}"), "name": format!("Bulk BLKBIG-{number:04}"), "attribute_set_id": 9,
                    "price": 9.5, "status": 1, "visibility": 4, "type_id": "simple", "weight": 0.5,
                }})
            };
            Some((0..1500).map(item).collect::<serde_json::Value>().to_string().into_bytes())
        }
        _ => None,
    }
}

/// Recordings of which only the status can be compared: one holds only the beginning of an answer, the other names the one
/// of four parallel requests that happened to be first.
pub(crate) fn is_only_a_shape(name: &str) -> bool {
    ["products/148", "concurrency/009"].contains(&name)
}

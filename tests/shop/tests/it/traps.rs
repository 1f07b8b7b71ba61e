//! What the shop refuses or bends where no recording shows it: told by its own sources and by people who met it.

use local_shop::{LocalShop, Setup, Start};
use serde_json::{Value, json};

fn save(shop: &LocalShop, product: Value) -> (u16, Value) {
    shop.ask("POST", "/rest/all/V1/products", &json!({"product": product}))
}

fn simple(sku: &str, more: Value) -> Value {
    let mut product =
        json!({"sku": sku, "name": format!("Lamp {sku}"), "attribute_set_id": 9, "price": 10, "type_id": "simple"});
    for (name, value) in more.as_object().unwrap() {
        product[name] = value.clone();
    }
    product
}

fn colored(sku: &str, color: &str) -> Value {
    simple(sku, json!({"custom_attributes": [{"attribute_code": "color", "value": color}]}))
}

async fn shop() -> LocalShop {
    LocalShop::start(Setup { start: Start::Recorded, ..Setup::default() }).await.unwrap()
}

fn configurable(ids: &[i64]) -> Value {
    let options = json!([{"attribute_id": "93", "label": "Color", "values": [{"value_index": 4}, {"value_index": 5}]}]);
    json!({
        "sku": "P", "name": "Parent", "attribute_set_id": 9, "type_id": "configurable",
        "extension_attributes": {"configurable_product_options": options, "configurable_product_links": ids},
    })
}

#[tokio::test]
async fn variants_that_come_with_their_options_are_checked() {
    let shop = shop().await;
    for (sku, color) in [("A", "4"), ("B", "4"), ("C", "5")] {
        assert_eq!(save(&shop, colored(sku, color)).0, 200);
    }
    assert_eq!(save(&shop, simple("D", json!({}))).0, 200);
    let (status, body) = save(&shop, configurable(&[1, 2]));
    let same = json!({"message": "Products \"%1\" and \"%2\" have the same set of attribute values.", "parameters": ["2", "1"]});
    assert_eq!((status, body), (400, same));
    let (status, body) = save(&shop, configurable(&[1, 4]));
    let missing = json!({"message": "Product with id \"%1\" does not contain required attribute \"%2\".", "parameters": ["4", "color"]});
    assert_eq!((status, body), (400, missing));
    assert_eq!(save(&shop, configurable(&[1, 3])).0, 200);
}

#[tokio::test]
async fn a_link_to_nothing_in_a_product_refuses_the_product() {
    let shop = shop().await;
    let links = json!([{"sku": "A", "link_type": "related", "linked_product_sku": "NOPE", "position": 1}]);
    let (status, body) = save(&shop, simple("A", json!({"product_links": links})));
    let unknown = json!({"message": "The Product with the \"%1\" SKU doesn't exist.", "parameters": ["NOPE"]});
    assert_eq!((status, body), (404, unknown));
    assert_eq!(shop.ask("GET", "/rest/all/V1/products/A", &Value::Null).0, 404);
}

#[tokio::test]
async fn good_tier_prices_are_written_beside_bad_ones() {
    let shop = shop().await;
    assert_eq!(save(&shop, simple("A", json!({}))).0, 200);
    let row = |group: &str, quantity: i64| json!({"sku": "A", "price": 8, "price_type": "fixed", "website_id": 0, "customer_group": group, "quantity": quantity});
    let rows = json!({"prices": [row("No such group", 2), row("General", 0), row("General", 3)]});
    let (status, errors) = shop.ask("POST", "/rest/V1/products/tier-prices", &rows);
    assert_eq!((status, errors.as_array().unwrap().len()), (200, 2), "{errors}");
    let (_, written) = shop.ask("POST", "/rest/V1/products/tier-prices-information", &json!({"skus": ["A"]}));
    assert_eq!(written.as_array().unwrap().len(), 1, "{written}");
    assert_eq!(written[0]["quantity"], json!(3));
}

#[tokio::test]
async fn custom_options_are_added_by_each_call() {
    let shop = shop().await;
    assert_eq!(save(&shop, simple("A", json!({}))).0, 200);
    let option =
        json!({"option": {"product_sku": "A", "title": "Engraving", "type": "field", "is_require": false, "price": 2}});
    for expected in 1..=2 {
        assert_eq!(shop.ask("POST", "/rest/V1/products/options", &option).1["option_id"], json!(expected));
    }
    let (_, options) = shop.ask("GET", "/rest/V1/products/A/options", &Value::Null);
    assert_eq!(options.as_array().unwrap().len(), 2);
    assert_eq!(shop.ask("DELETE", "/rest/V1/products/A/options/1", &Value::Null), (200, json!(true)));
    assert_eq!(shop.ask("DELETE", "/rest/V1/products/A/options/1", &Value::Null).0, 404);
}

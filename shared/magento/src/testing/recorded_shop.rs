//! What the shop of the recordings has, put together of what it said when it was asked for each part. Where the recordings
//! have none, the answer has the form that is documented.

use serde_json::{Value, json};

use super::{Heard, Says, TestWire, recording};
use crate::facts::{self, ShopKnowledge};

/// What is known of it.
pub(crate) async fn knowledge() -> ShopKnowledge {
    facts::read(&TestWire::to(shop).client()).await.unwrap()
}

/// Says what the shop of the recordings says; pages end at once.
pub(crate) fn shop(heard: &Heard) -> Says {
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
            let mut attributes = vec![color("attributes/010"), recording("attributes/025").body, price("website")];
            attributes.extend(others());
            list(Value::Array(attributes))
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

/// Attributes of which the recordings tell the values only.
fn others() -> Vec<Value> {
    let options =
        json!([{"label": " ", "value": ""}, {"label": "Warm", "value": "10"}, {"label": "Dry", "value": "11"}]);
    let attribute = |id: i64, code: &str, input: &str, options: &Value| {
        json!({"attribute_id": id, "attribute_code": code, "frontend_input": input, "scope": "store", "is_unique": "0",
            "backend_type": "varchar", "is_user_defined": true, "options": options})
    };
    let none = json!([]);
    vec![
        attribute(138, "rig_features", "multiselect", &options),
        attribute(139, "rig_note", "text", &none),
        attribute(141, "rig_date", "date", &none),
        attribute(142, "rig_flag", "boolean", &none),
        attribute(78, "special_price", "price", &none),
        attribute(79, "special_from_date", "date", &none),
        attribute(119, "url_key", "text", &none),
        attribute(134, "tax_class_id", "select", &none),
        attribute(150, "elsewhere", "text", &none),
    ]
}

//! A connection that asks a shop and never changes it: what would be sent is kept instead.
//!
//! So a comparison is an import up to the last moment: whatever an import would leave out is equal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_client::Request;
use magento::client::{Wire, WireAnswer};
use serde_json::{Value, json};

/// A connection that asks and never changes.
pub(crate) struct Pretending {
    wire: Arc<dyn Wire>,
    kept: Mutex<Vec<WouldSend>>,
}

/// Something that an import would send.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WouldSend {
    /// What it is about: the sku, if it has one.
    pub(crate) thing: String,
    /// What it says, by field.
    pub(crate) fields: BTreeMap<String, Value>,
}

impl Pretending {
    pub(crate) fn over(wire: Arc<dyn Wire>) -> Arc<Self> {
        Arc::new(Self { wire, kept: Mutex::default() })
    }

    /// What would have been sent since the last time.
    pub(crate) fn take(&self) -> Vec<WouldSend> {
        std::mem::take(&mut *self.kept.lock().expect("nothing panics while it is held"))
    }

    fn keep(&self, request: &Request) -> Value {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let items = items_of(&body);
        let is_list = body.is_array();
        let path = request.url.path();
        let would = items.iter().map(|item| would_send(path, item));
        self.kept.lock().expect("nothing panics while it is held").extend(would);
        if is_list {
            let entries: Vec<Value> = (0..items.len()).map(|id| json!({ "id": id, "status": "accepted" })).collect();
            return json!({ "bulk_uuid": "comparison", "request_items": entries, "errors": false });
        }
        // Calls with many rows answer with what they did not take, all others with what they made.
        if body.as_object().is_some_and(|body| body.values().all(Value::is_array)) { json!([]) } else { json!(true) }
    }
}

#[async_trait]
impl Wire for Pretending {
    async fn send(&self, request: Request) -> Result<WireAnswer, http_client::Error> {
        let path = request.url.path();
        // Questions that are too long for an address, and tokens, are asked for by POST.
        let asks = request.method == Method::GET || path.ends_with("-information") || !path.contains("/V1/");
        if asks || path.contains("/integration/") {
            return self.wire.send(request).await;
        }
        let body = Bytes::from(self.keep(&request).to_string());
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Ok(WireAnswer { status: StatusCode::OK, headers, body })
    }

    async fn wait(&self, time: Duration) {
        self.wire.wait(time).await;
    }

    fn now(&self) -> DateTime<Utc> {
        self.wire.now()
    }

    fn random(&self) -> u64 {
        self.wire.random()
    }
}

/// The items of a body: of a list for later, of a call with many rows, or the body itself.
fn items_of(body: &Value) -> Vec<Value> {
    match body {
        Value::Array(items) => items.clone(),
        Value::Object(fields) => match fields.values().next() {
            Some(Value::Array(items)) if fields.len() == 1 => items.clone(),
            _ => vec![body.clone()],
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![body.clone()],
    }
}

fn would_send(path: &str, item: &Value) -> WouldSend {
    let about = item.get("product").or_else(|| item.get("entity")).unwrap_or(item);
    let place = path.split("/V1/").nth(1).unwrap_or(path);
    let sku = about["sku"].as_str().or_else(|| item["sku"].as_str());
    let mut fields = BTreeMap::new();
    for (name, value) in about.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("sku", _) => {}
            ("custom_attributes", Value::Array(attributes)) => {
                let named =
                    |value: &Value| Some((value["attribute_code"].as_str()?.to_owned(), value["value"].clone()));
                fields.extend(attributes.iter().filter_map(named));
            }
            ("extension_attributes", Value::Object(parts)) => fields.extend(parts.clone()),
            _ => drop(fields.insert(name.clone(), value.clone())),
        }
    }
    WouldSend { thing: sku.unwrap_or(place).to_owned(), fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(path: &str, body: &Value) -> String {
        let would = items_of(body).iter().map(|item| would_send(path, item)).collect::<Vec<_>>();
        let shown = |one: &WouldSend| format!("{} {}", one.thing, json!(one.fields));
        would.iter().map(shown).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_would_be_sent_is_told_by_thing_and_field() {
        let product = json!([{ "product": {
            "sku": "A-1", "price": 2, "custom_attributes": [{ "attribute_code": "color", "value": "4" }],
            "extension_attributes": { "website_ids": [1] },
        } }]);
        insta::assert_snapshot!(sent("/rest/all/async/bulk/V1/products", &product), @r#"A-1 {"color":"4","price":2,"website_ids":[1]}"#);
        let prices = json!({ "prices": [{ "sku": "A-1", "price": 2, "store_id": 0 }] });
        insta::assert_snapshot!(sent("/rest/all/V1/products/base-prices", &prices), @r#"A-1 {"price":2,"store_id":0}"#);
        insta::assert_snapshot!(sent("/rest/all/V1/categories/4/products/A-1", &Value::Null), @"categories/4/products/A-1 {}");
    }
}

//! What the parts of a save share.

use serde_json::{Map, Value};

use crate::call::text_of;
use crate::refusal::Refusal;

/// Whether a product is new.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Save {
    Create,
    Update,
}

/// The catch-all of the shop for what the database refuses.
pub(super) fn unable() -> Refusal {
    Refusal::bad("The product was unable to be saved. Please try again.")
}

/// The custom attributes of a request by code.
pub(super) fn custom_attributes(sent: &Map<String, Value>) -> Vec<(String, Value)> {
    let list = sent.get("custom_attributes").and_then(Value::as_array).cloned().unwrap_or_default();
    let code =
        |item: &Value| text_of(item, "attribute_code").or_else(|| text_of(item, "attributeCode")).unwrap_or_default();
    list.iter().map(|item| (code(item), item.get("value").cloned().unwrap_or_default())).collect()
}

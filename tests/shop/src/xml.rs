//! The answer as XML, which nobody wants but a request may ask for.

use serde_json::Value;

use crate::shape::text;

/// An answer under one root.
pub(crate) fn document(answer: &Value) -> String {
    format!("<?xml version=\"1.0\"?>\n<response>{}</response>\n", inside(answer))
}

fn inside(value: &Value) -> String {
    match value {
        Value::Array(list) => list.iter().map(|item| element("item", item)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| element(name, value)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text(value).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
        }
    }
}

fn element(name: &str, value: &Value) -> String {
    format!("<{name}>{}</{name}>", inside(value))
}

//! What the shop was asked, for tests that count.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

/// A request and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    /// When it was answered.
    pub at: DateTime<Utc>,
    /// Method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Raw query.
    pub query: String,
    /// The route that answered, with `:name` for parameters; none if no route was reached.
    pub route: Option<String>,
    /// Status of the answer.
    pub status: u16,
    /// Items of a batch or bulk, else 1.
    pub items: usize,
    /// The body, if the shop keeps bodies.
    pub body: Option<Value>,
    /// Whether the reply was sent; one that was lost was done all the same.
    pub is_answered: bool,
}

impl Exchange {
    /// Whether the request was meant to change something. Signing in and asking for prices do not.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.method != "GET" && !self.path.ends_with("-information") && !self.path.contains("/integration/")
    }
}

/// How many items a body holds.
pub(crate) fn items(body: &Value) -> usize {
    const BATCHES: [&str; 5] = ["prices", "sourceItems", "links", "items", "skus"];
    match body {
        Value::Array(list) => list.len(),
        Value::Object(fields) => {
            BATCHES.iter().find_map(|name| fields.get(*name).and_then(Value::as_array)).map_or(1, Vec::len)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

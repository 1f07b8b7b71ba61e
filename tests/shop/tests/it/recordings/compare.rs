//! Compares two bodies: the same fields, the same types, and the same values but for what a clock or chance makes.

use serde_json::{Map, Value};

/// Fields whose values differ from run to run; their types do not.
const BY_CHANCE: [&str; 12] = [
    "protect_code",
    "quote_id",
    "quote_item_id",
    "created_at",
    "updated_at",
    "start_time",
    "low_stock_date",
    "data_hash",
    "item_id",
    "Report ID",
    "bulk_uuid",
    "bulk_id",
];

/// Lists whose order says nothing, and what their items are told apart by.
const UNORDERED: [(&str, &str); 3] =
    [("custom_attributes", "attribute_code"), ("category_links", "category_id"), ("errors", "message")];

/// Tells where two bodies differ. The order of a list counts if the request asked for one.
pub(crate) fn differences(recorded: &Value, answered: &Value, request: &str) -> Vec<String> {
    let mut told = Vec::new();
    Comparison { told: &mut told, is_sorted: request.contains("sortOrders") }.values("", recorded, answered);
    told
}

struct Comparison<'a> {
    told: &'a mut Vec<String>,
    /// Whether the request asked for an order.
    is_sorted: bool,
}

impl Comparison<'_> {
    fn values(&mut self, path: &str, recorded: &Value, answered: &Value) {
        match (recorded, answered) {
            (Value::Object(one), Value::Object(other)) => self.objects(path, one, other),
            (Value::Array(one), Value::Array(other)) => self.lists(path, one, other),
            (Value::String(one), Value::String(other)) => self.texts(path, one, other),
            (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
            (one, other) if kind(one) == kind(other) && is_by_chance(path) => {}
            // A time that may be missing is the same kind of answer.
            (Value::Null | Value::String(_), Value::Null | Value::String(_)) if path.ends_with("/low_stock_date") => {}
            (one, other) if one == other => {}
            (one, other) => self.told.push(format!("{path}: recorded {}, answered {}", short(one), short(other))),
        }
    }

    fn objects(&mut self, path: &str, recorded: &Map<String, Value>, answered: &Map<String, Value>) {
        for (name, value) in recorded {
            match answered.get(name) {
                Some(other) => self.values(&format!("{path}/{name}"), value, other),
                None => self.told.push(format!("{path}/{name}: recorded {}, missing in the answer", short(value))),
            }
        }
        for (name, value) in answered.iter().filter(|(name, _)| !recorded.contains_key(*name)) {
            self.told.push(format!("{path}/{name}: answered {}, not in the recording", short(value)));
        }
    }

    fn lists(&mut self, path: &str, recorded: &[Value], answered: &[Value]) {
        let (recorded, answered) = (self.ordered(path, recorded), self.ordered(path, answered));
        if recorded.len() != answered.len() {
            let names = |list: &[Value]| list.iter().map(short).collect::<Vec<_>>().join(" ");
            self.told.push(format!(
                "{path}: recorded {} items, answered {}\n      recorded {}\n      answered {}",
                recorded.len(),
                answered.len(),
                names(&recorded),
                names(&answered)
            ));
            return;
        }
        for (at, (one, other)) in recorded.iter().zip(&answered).enumerate() {
            self.values(&format!("{path}/{at}"), one, other);
        }
    }

    /// The items in an order that both lists can have.
    fn ordered(&self, path: &str, list: &[Value]) -> Vec<Value> {
        let mut list = list.to_vec();
        let name = path.rsplit('/').next().unwrap_or_default();
        if let Some((_, key)) = UNORDERED.iter().find(|(known, _)| *known == name) {
            list.sort_by_key(|item| item[*key].to_string());
        } else if !self.is_sorted && (path.is_empty() || name == "items") {
            list.sort_by_key(identity);
        }
        list
    }

    fn texts(&mut self, path: &str, recorded: &str, answered: &str) {
        if is_by_chance(path) || (recorded.contains("Report ID: webapi-") && answered.contains("Report ID: webapi-")) {
            return;
        }
        let inner =
            |text: &str| serde_json::from_str::<Value>(text).ok().filter(|value| value.is_object() || value.is_array());
        match (inner(recorded), inner(answered)) {
            (Some(one), Some(other)) => self.values(path, &one, &other),
            _ if recorded == answered => {}
            _ => self.told.push(format!("{path}: recorded {recorded:?}, answered {answered:?}")),
        }
    }
}

fn identity(item: &Value) -> String {
    let names = [
        "attribute_group_id",
        "attribute_id",
        "entity_id",
        "id",
        "sku",
        "quantity",
        "linked_product_sku",
        "value",
        "source_code",
    ];
    let mut parts: Vec<String> = names.iter().filter_map(|name| item.get(*name)).map(ToString::to_string).collect();
    if parts.is_empty() {
        parts.push(item.to_string());
    }
    parts.join(" ")
}

fn is_by_chance(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    BY_CHANCE.contains(&name) || path.contains("special_from_date")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 160 { format!("{}…", text.chars().take(160).collect::<String>()) } else { text }
}

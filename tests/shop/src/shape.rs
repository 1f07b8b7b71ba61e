//! Checks a body before any service sees it: unknown fields and wrong types are refused, nothing else is.
//!
//! A bulk goes through the same check item by item before anything is queued, and one wrong item refuses all of them.

use serde_json::{Map, Value, json};

use crate::php::{camel, snake};
use crate::refusal::{Refusal, plain};

/// What a field may hold. Null fits everywhere.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Any scalar.
    Text,
    /// A whole number, also as text.
    Int,
    /// A number, also as text.
    Float,
    /// True, false, 0 or 1.
    Flag,
    /// Whatever it is.
    Any,
    /// Fields.
    Object(&'static Shape),
    /// Any number of one kind.
    List(&'static Kind),
    /// Values of attributes, whose types the attribute knows.
    CustomAttributes,
}

/// The fields of an object.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The interface, as messages about limits name it.
    pub name: &'static str,
    /// Names and kinds.
    pub fields: &'static [(&'static str, Kind)],
}

/// A parameter of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    /// Name.
    pub name: &'static str,
    /// Kind.
    pub kind: Kind,
    /// Whether the call is refused without it.
    pub required: bool,
}

/// A parameter that has to be there.
pub(crate) const fn required(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, required: true }
}

/// A parameter that may be missing.
pub(crate) const fn optional(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, required: false }
}

/// What a check needs to know of the shop.
pub(crate) struct Rules<'a> {
    /// Whether the values of an attribute are whole numbers.
    pub is_whole: &'a dyn Fn(&str) -> bool,
    /// Most items of a list inside a request, where the shop limits them.
    pub most_items: Option<usize>,
}

/// Checks the parameters of a call and gives them back in the interface's own spelling.
pub(crate) fn decoded(
    body: &Map<String, Value>,
    parameters: &[Parameter],
    rules: &Rules<'_>,
) -> Result<Map<String, Value>, Refusal> {
    let mut found = Map::new();
    for parameter in parameters {
        let value = body
            .get(parameter.name)
            .or_else(|| body.iter().find(|(name, _)| snake(name) == snake(parameter.name)).map(|(_, value)| value));
        match value {
            None | Some(Value::Null) if parameter.required => return Err(Refusal::required(parameter.name)),
            None => {}
            Some(value) => {
                found.insert(
                    parameter.name.to_owned(),
                    checked(&Field { name: parameter.name, is_named: false }, value, parameter.kind, rules)?,
                );
            }
        }
    }
    Ok(found)
}

/// A field that is walked through.
struct Field<'a> {
    name: &'a str,
    /// Whether a refusal of what is inside names it: parameters and items of lists are not named.
    is_named: bool,
}

fn checked(field: &Field<'_>, value: &Value, kind: Kind, rules: &Rules<'_>) -> Result<Value, Refusal> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let scalar = |expected: &str| Err(wrong_type(field.name, value, expected));
    match kind {
        Kind::Any => Ok(value.clone()),
        Kind::Text if value.is_array() || value.is_object() => scalar("string"),
        Kind::Text => Ok(Value::String(text(value))),
        Kind::Int => whole(value).map_or_else(|| scalar("int"), |number| Ok(json!(number))),
        Kind::Float => decimal(value).map_or_else(|| scalar("float"), |number| Ok(json!(number))),
        Kind::Flag => flag(value).map_or_else(|| scalar("bool"), |flag| Ok(json!(flag))),
        Kind::Object(shape) => within(field, object(value, shape, rules)),
        Kind::List(kind) => within(field, list(value, *kind, rules)),
        Kind::CustomAttributes => custom_attributes(value, rules),
    }
}

fn object(value: &Value, shape: &Shape, rules: &Rules<'_>) -> Result<Value, Refusal> {
    let fields = match value {
        Value::Object(fields) => fields.clone(),
        // A list where an object is wanted has the fields 0, 1, ….
        Value::Array(list) => list.iter().enumerate().map(|(at, item)| (at.to_string(), item.clone())).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(Refusal::TypeError),
    };
    let mut found = Map::new();
    for (name, value) in &fields {
        let name = snake(name);
        let Some((_, kind)) = shape.fields.iter().find(|(known, _)| *known == name) else {
            return Err(unsupported(&name));
        };
        found.insert(name.clone(), checked(&Field { name: &name, is_named: true }, value, *kind, rules)?);
    }
    Ok(Value::Object(found))
}

fn list(value: &Value, kind: Kind, rules: &Rules<'_>) -> Result<Value, Refusal> {
    let items = match value {
        Value::Array(items) => items.clone(),
        // A single object or an object with names is walked through like a list.
        Value::Object(named) => named.values().cloned().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(Refusal::TypeError),
    };
    if let (Some(most), Kind::Object(shape)) = (rules.most_items, kind)
        && items.len() > most
    {
        let parameters = json!({"type": shape.name, "max": most});
        return Err(Refusal::bad_with("Maximum items of type \"%type\" is %max", parameters));
    }
    // The refusal names the field inside of an item at once.
    let item = Field { name: "", is_named: false };
    items.iter().map(|one| checked(&item, one, kind, rules)).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn custom_attributes(value: &Value, rules: &Rules<'_>) -> Result<Value, Refusal> {
    let Value::Array(list) = value else { return Err(Refusal::TypeError) };
    for item in list {
        let Some(code) = item.get("attribute_code").or_else(|| item.get("attributeCode")).and_then(Value::as_str)
        else {
            return Err(Refusal::TypeError);
        };
        let value = item.get("value").unwrap_or(&Value::Null);
        let expected = if (rules.is_whole)(code) { "int" } else { "string" };
        let is_wrong = match value {
            Value::Null => false,
            Value::Array(_) | Value::Object(_) => !TAKES_LISTS.contains(&code),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => expected == "int" && whole(value).is_none(),
        };
        if is_wrong {
            return Err(Refusal::bad(format!(
                "Error occurred during \"custom_attributes\" processing. Attribute \"{code}\" has invalid value. The \"{}\" value's type is invalid. The \"{expected}\" type was expected. Verify and try again.",
                shown(value)
            )));
        }
    }
    Ok(value.clone())
}

/// Attributes whose value is a list in the interface.
const TAKES_LISTS: [&str; 1] = ["category_ids"];

fn within(field: &Field<'_>, result: Result<Value, Refusal>) -> Result<Value, Refusal> {
    let Field { name, is_named } = field;
    result.map_err(|refusal| match refusal {
        Refusal::Told { status, message, parameters, errors }
            if *is_named && message.starts_with("Error occurred during") =>
        {
            Refusal::Told {
                status,
                message: format!("Error occurred during \"{name}\" processing. {message}"),
                parameters,
                errors,
            }
        }
        Refusal::Told { .. } | Refusal::TypeError | Refusal::Internal | Refusal::Page { .. } => refusal,
    })
}

fn unsupported(name: &str) -> Refusal {
    Refusal::bad_with(
        "\"%fieldName\" is not supported. Correct the field name and try again.",
        json!({"fieldName": camel(name)}),
    )
}

fn wrong_type(name: &str, value: &Value, expected: &str) -> Refusal {
    let reason = format!(
        "The \"{}\" value's type is invalid. The \"{expected}\" type was expected. Verify and try again.",
        shown(value)
    );
    Refusal::bad(if name.is_empty() {
        reason
    } else {
        format!("Error occurred during \"{name}\" processing. {reason}")
    })
}

fn shown(value: &Value) -> String {
    if value.is_array() || value.is_object() { "array".to_owned() } else { text(value) }
}

/// A scalar as text.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Bool(true) => "1".to_owned(),
        Value::Bool(false) => String::new(),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => plain(value),
    }
}

/// A whole number, also out of text.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    match value {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        Value::Number(number) => number.as_i64().or_else(|| {
            number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15).map(|number| number as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A number, also out of text.
pub(crate) fn decimal(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Yes or no.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_i64().filter(|number| (0..=1).contains(number)).map(|number| number == 1),
        Value::String(text) => match text.as_str() {
            "1" | "true" => Some(true),
            "0" | "false" | "" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

//! JSON values as DynamoDB attribute values, and back.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Number, Value};

/// Why a value cannot be stored, or a stored one cannot be read.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum StoredValueError {
    /// DynamoDB would keep it as a decimal and give back another one.
    #[error("`{number}` is a floating point number; use an integer of a smaller unit or a string")]
    FloatingPoint { number: Number },
    /// DynamoDB keeps no field without a name.
    #[error("a field of an object has an empty name")]
    UnnamedField,
    /// We write none such.
    #[error("`{digits}` is no 64-bit integer")]
    NoInteger { digits: String },
    /// Somebody else wrote it.
    #[error("`{stored:?}` is of a kind that is never written here")]
    ForeignKind { stored: AttributeValue },
}

/// Converts one JSON value. A `null` within an array or object is kept.
///
/// # Errors
/// A floating point number: DynamoDB would keep it as a decimal and give back another one. A field without a name: it
/// keeps none.
pub(crate) fn to_stored(value: &Value) -> Result<AttributeValue, StoredValueError> {
    Ok(match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(yes) => AttributeValue::Bool(*yes),
        Value::Number(number) if number.is_f64() => {
            return Err(StoredValueError::FloatingPoint { number: number.clone() });
        }
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(to_stored).collect::<Result<_, _>>()?),
        Value::Object(fields) if fields.contains_key("") => {
            return Err(StoredValueError::UnnamedField);
        }
        Value::Object(fields) => {
            let stored = fields.iter().map(|(name, value)| Ok((name.clone(), to_stored(value)?)));
            AttributeValue::M(stored.collect::<Result<_, StoredValueError>>()?)
        }
    })
}

/// Converts one stored value back.
///
/// # Errors
/// A kind that [`to_stored`] never writes, or a number that is no 64-bit integer.
#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK may add kinds, and we write six")]
pub(crate) fn from_stored(stored: AttributeValue) -> Result<Value, StoredValueError> {
    Ok(match stored {
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::Bool(yes) => Value::Bool(yes),
        AttributeValue::N(digits) => Value::Number(integer(&digits)?),
        AttributeValue::S(text) => Value::String(text),
        AttributeValue::L(values) => Value::Array(values.into_iter().map(from_stored).collect::<Result<_, _>>()?),
        AttributeValue::M(fields) => {
            let values = fields.into_iter().map(|(name, stored)| Ok((name, from_stored(stored)?)));
            Value::Object(values.collect::<Result<_, StoredValueError>>()?)
        }
        other => return Err(StoredValueError::ForeignKind { stored: other }),
    })
}

/// Most bytes that DynamoDB counts for a value. Its rule for numbers is only approximate, so this errs upwards.
#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK may add kinds, and we write six")]
pub(crate) fn stored_size(stored: &AttributeValue) -> usize {
    match stored {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 2,
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + stored_size(value)).sum::<usize>(),
        AttributeValue::M(fields) => {
            3 + fields.iter().map(|(name, value)| 1 + name.len() + stored_size(value)).sum::<usize>()
        }
        // Null and booleans; other kinds are never written here.
        _ => 1,
    }
}

fn integer(digits: &str) -> Result<Number, StoredValueError> {
    if let Ok(signed) = digits.parse::<i64>() {
        return Ok(signed.into());
    }
    match digits.parse::<u64>() {
        Ok(unsigned) => Ok(unsigned.into()),
        Err(_) => Err(StoredValueError::NoInteger { digits: digits.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_come_back_as_they_were() {
        for value in [
            json!(null),
            json!(true),
            json!(""),
            json!("größer 🦀"),
            json!(0),
            json!(-1),
            json!(i64::MIN),
            json!(u64::MAX),
            json!([]),
            json!({}),
            json!([1, null, "a", [false], {"b": {"a b.c": "c"}}]),
        ] {
            assert_eq!(from_stored(to_stored(&value).unwrap()), Ok(value));
        }
    }

    #[test]
    fn floating_point_is_refused_wherever_it_hides() {
        for value in [json!(0.5), json!([1, 2.0]), json!({"a": {"b": 1e300}})] {
            let error = to_stored(&value).unwrap_err().to_string();
            assert!(error.contains("is a floating point number"), "{error}");
        }
    }

    #[test]
    fn a_field_without_a_name_is_refused() {
        assert_eq!(to_stored(&json!([{"": 1}])).unwrap_err().to_string(), "a field of an object has an empty name");
    }

    #[test]
    fn foreign_kinds_and_numbers_are_refused() {
        for (stored, expected) in [
            (AttributeValue::N("1.5".into()), "`1.5` is no 64-bit integer"),
            (AttributeValue::N("18446744073709551616".into()), "`18446744073709551616` is no 64-bit integer"),
            (AttributeValue::Ss(vec!["a".into()]), "`Ss([\"a\"])` is of a kind that is never written here"),
        ] {
            assert_eq!(from_stored(stored).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn sizes_follow_the_rules_of_dynamodb() {
        for (value, size) in [
            (json!("abc"), 3),
            (json!("ü"), 2),
            (json!(true), 1),
            (json!(12345), 5),
            (json!([]), 3),
            (json!(["ab", "c"]), 8),
            (json!({"name": "ab"}), 10),
        ] {
            assert_eq!(stored_size(&to_stored(&value).unwrap()), size, "{value}");
        }
    }
}

//! What the shop answers instead of a result: three different bodies for three kinds of failure.

use serde_json::{Map, Value, json};

/// An answer that is not the wished one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// The shop's own sentence, as JSON. The template in it is left unfilled.
    Told {
        /// HTTP status.
        status: u16,
        /// Template.
        message: String,
        /// A list for `%1`, an object for `%name`, or null for a sentence without any.
        parameters: Value,
        /// Messages of single fields, of the stock calls only.
        errors: Option<Box<Value>>,
    },
    /// A PHP type error: 500 and plain text. In a consumer it ends the process.
    TypeError,
    /// An error that the shop only logs: 500 with the number of a report, which the answer gets when it is written.
    Internal,
    /// A page of the web server or of the shop's error handler.
    Page {
        /// HTTP status.
        status: u16,
        /// Title of the page.
        title: &'static str,
    },
}

impl Refusal {
    /// 400 with a finished sentence.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::told(400, message, Value::Null)
    }

    /// 400 with a template and its parameters.
    pub(crate) fn bad_with(message: &str, parameters: Value) -> Self {
        Self::told(400, message, parameters)
    }

    /// 404 with a finished sentence.
    pub(crate) fn missing(message: &str) -> Self {
        Self::told(404, message, Value::Null)
    }

    /// 404 with a template and its parameters.
    pub(crate) fn missing_with(message: &str, parameters: Value) -> Self {
        Self::told(404, message, parameters)
    }

    /// 404 of a service that names the field by which it looked.
    pub(crate) fn no_entity(field: &str, value: impl Into<Value>) -> Self {
        let parameters = json!({"fieldName": field, "fieldValue": value.into()});
        Self::missing_with("No such entity with %fieldName = %fieldValue", parameters)
    }

    /// 400 for an argument or attribute that is missing.
    pub(crate) fn required(field: &str) -> Self {
        Self::bad_with("\"%fieldName\" is required. Enter and try again.", json!({"fieldName": field}))
    }

    /// The answer of an internal error.
    pub(crate) fn reported(report: u64) -> Self {
        let message =
            format!("Internal Error. Details are available in Magento log file. Report ID: webapi-{report:013x}");
        Self::told(500, message, Value::Null)
    }

    pub(crate) fn told(status: u16, message: impl Into<String>, parameters: Value) -> Self {
        Self::Told { status, message: message.into(), parameters, errors: None }
    }

    /// HTTP status.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Told { status, .. } | Self::Page { status, .. } => *status,
            Self::TypeError | Self::Internal => 500,
        }
    }

    /// The JSON body.
    pub(crate) fn json(&self) -> Value {
        let Self::Told { message, parameters, errors, .. } = self else { return Value::Null };
        let mut body = Map::new();
        body.insert("message".to_owned(), json!(message));
        if let Some(errors) = errors {
            body.insert("errors".to_owned(), Value::clone(errors));
        }
        if !parameters.is_null() {
            body.insert("parameters".to_owned(), parameters.clone());
        }
        Value::Object(body)
    }

    /// The sentence with its parameters put in, as operations of a bulk tell it.
    pub(crate) fn filled(&self) -> String {
        let Self::Told { message, parameters, .. } = self else { return "An error has happened".to_owned() };
        match parameters {
            Value::Array(list) => list
                .iter()
                .enumerate()
                .fold(message.clone(), |text, (at, value)| text.replace(&format!("%{}", at + 1), &plain(value))),
            Value::Object(named) => named
                .iter()
                .fold(message.clone(), |text, (name, value)| text.replace(&format!("%{name}"), &plain(value))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => message.clone(),
        }
    }
}

/// A parameter as it stands in a sentence.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

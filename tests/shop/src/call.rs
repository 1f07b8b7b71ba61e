//! One call of a service: the shop it works on and what was sent.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::php::stamp;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::shape::{decimal, text, whole};
use crate::state::State;
use crate::state::product::Product;

/// Who calls: the answer of a request and that of a consumer differ in small things.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Origin {
    /// A request waits for the answer.
    Request,
    /// A consumer takes it out of the queue.
    Consumer,
}

/// What a service works with.
pub(crate) struct Call<'a> {
    /// The shop.
    pub state: &'a mut State,
    /// The store view of the path, 0 for `all`.
    pub store: u32,
    /// Body and path parameters.
    pub sent: Map<String, Value>,
    /// Whether the body named the object as the path does, by itself.
    pub names_itself: bool,
    /// Query of the address.
    pub query: Query,
    /// Who calls.
    pub origin: Origin,
    /// Whether the SKU of the request was unknown when it arrived. Parallel creates of one SKU all find it unknown, and all
    /// of them create.
    pub was_new: bool,
    /// When.
    pub now: DateTime<Utc>,
}

impl Call<'_> {
    /// A parameter, null if it was not sent.
    pub(crate) fn value(&self, name: &str) -> &Value {
        self.sent.get(name).unwrap_or(&Value::Null)
    }

    /// A parameter as text.
    pub(crate) fn text(&self, name: &str) -> String {
        text(self.value(name))
    }

    /// A parameter as a number; what is none is 0.
    pub(crate) fn whole(&self, name: &str) -> i64 {
        whole(self.value(name)).unwrap_or(0)
    }

    /// An object that was sent.
    ///
    /// # Errors
    /// If it was not sent.
    pub(crate) fn object(&self, name: &str) -> Result<Map<String, Value>, Refusal> {
        self.value(name).as_object().cloned().ok_or_else(|| Refusal::required(name))
    }

    /// The items of a list that was sent, none if there was none.
    pub(crate) fn list(&self, name: &str) -> Vec<Value> {
        self.value(name).as_array().cloned().unwrap_or_default()
    }

    /// Whether another request has created the same SKU since this one arrived.
    pub(crate) fn was_new_twice(&self, product: &Product) -> bool {
        self.was_new && self.state.products.id_of(&product.sku).is_some()
    }

    /// The time of the call as the shop writes it.
    pub(crate) fn stamp(&self) -> String {
        stamp(self.now)
    }
}

/// A field of an object as text, if it is there and not null.
pub(crate) fn text_of(fields: &Value, name: &str) -> Option<String> {
    fields.get(name).filter(|value| !value.is_null()).map(text)
}

/// A field of an object as a whole number.
pub(crate) fn whole_of(fields: &Value, name: &str) -> Option<i64> {
    fields.get(name).and_then(whole)
}

/// A field of an object as a number.
pub(crate) fn decimal_of(fields: &Value, name: &str) -> Option<f64> {
    fields.get(name).and_then(decimal)
}

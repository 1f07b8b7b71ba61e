use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::entity::{Form, Stated};

/// What a cell says about an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressColumn {
    /// A part of it by name, such as `city`.
    Value(&'static str, Form),
    /// The number that another system knows it by.
    IncrementId,
    /// The number that another shop knows it by.
    EntityId,
    /// Whether bills go there.
    DefaultBilling,
    /// Whether goods go there.
    DefaultShipping,
}

/// An address of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// The number that another system knows it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub increment_id: Option<String>,
    /// The number that another shop knows it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    /// Its parts by name, such as `city`.
    pub values: BTreeMap<String, String>,
    /// Whether bills go there. At most one address of a customer has this.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_default_billing: bool,
    /// Whether goods go there. At most one address of a customer has this.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_default_shipping: bool,
}

/// What a row says about an address.
///
/// It is the address of the same number, or else the one that has all that the row says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AddressChange {
    /// The number that another system knows it by.
    pub increment_id: Option<String>,
    /// The number that another shop knows it by.
    pub entity_id: Option<String>,
    /// Its parts by name.
    pub values: BTreeMap<String, Stated<String>>,
    /// Whether bills go there.
    pub is_default_billing: Option<bool>,
    /// Whether goods go there.
    pub is_default_shipping: Option<bool>,
}

/// Without these nothing can be sent anywhere.
pub(super) const NEEDED: [&str; 5] = ["firstname", "lastname", "street", "city", "country_id"];

impl AddressChange {
    /// Whether the row says nothing about an address.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // Flags alone say nothing: there is no telling which address they are about.
        self.increment_id.is_none() && self.entity_id.is_none() && self.values.is_empty()
    }

    pub(super) fn is_about(&self, address: &Address) -> bool {
        if self.increment_id.is_some() {
            return address.increment_id == self.increment_id;
        }
        if self.entity_id.is_some() {
            return address.entity_id == self.entity_id;
        }
        let has = |(name, stated): (&String, &Stated<String>)| match stated {
            Stated::Set(value) => address.values.get(name) == Some(value),
            Stated::Clear => !address.values.contains_key(name),
        };
        !self.values.is_empty() && self.values.iter().all(has)
    }
}

impl Address {
    pub(super) fn apply(&mut self, change: &AddressChange) {
        self.increment_id = change.increment_id.clone().or(self.increment_id.take());
        self.entity_id = change.entity_id.clone().or(self.entity_id.take());
        for (name, stated) in &change.values {
            match stated {
                Stated::Set(value) => self.values.insert(name.clone(), value.clone()),
                Stated::Clear => self.values.remove(name),
            };
        }
        self.is_default_billing = change.is_default_billing.unwrap_or(self.is_default_billing);
        self.is_default_shipping = change.is_default_shipping.unwrap_or(self.is_default_shipping);
    }
}

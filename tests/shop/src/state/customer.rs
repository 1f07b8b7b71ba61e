//! Customers with their addresses.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A customer.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub id: i64,
    pub group: i64,
    pub website: u32,
    pub store: u32,
    pub email: String,
    pub created_at: String,
    pub updated_at: String,
    pub addresses: Vec<Map<String, Value>>,
    pub default_billing: Option<i64>,
    pub default_shipping: Option<i64>,
    /// First name and whatever else was sent.
    pub more: Map<String, Value>,
}

/// All of them.
#[derive(Debug, Clone)]
pub(crate) struct Customers {
    pub list: BTreeMap<i64, Customer>,
    pub next: i64,
    pub next_address: i64,
}

impl Default for Customers {
    fn default() -> Self {
        Self { list: BTreeMap::new(), next: 1, next_address: 1 }
    }
}

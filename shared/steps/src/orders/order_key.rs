//! What names an order: its store, and the number that people use, which is unique within a store only.

use std::fmt;
use std::str::FromStr;

/// Names an order for ever: `1-000000041`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    /// The store view.
    pub store: u64,
    /// The number that people use. It may contain anything, `-1` at its end, too.
    pub number: Box<str>,
}

/// A text that names no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no order (expected store and number, as in `1-000000041`)")]
pub struct BadOrderKey(String);

impl OrderKey {
    /// Names an order.
    #[must_use]
    pub fn of(order: &orders::order::Order) -> Self {
        OrderKey { store: order.store, number: order.number.clone() }
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.store, self.number)
    }
}

impl FromStr for OrderKey {
    type Err = BadOrderKey;

    fn from_str(text: &str) -> Result<Self, BadOrderKey> {
        // The first one divides; those behind it belong to the number.
        let parts = text.split_once('-').filter(|(_, number)| !number.is_empty());
        let key =
            parts.and_then(|(store, number)| Some(OrderKey { store: store.parse().ok()?, number: number.into() }));
        key.ok_or_else(|| BadOrderKey(text.chars().take(60).collect()))
    }
}

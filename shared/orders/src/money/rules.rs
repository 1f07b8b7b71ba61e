//! What settings decide about the money of an order.

use crate::order::{Item, ItemAmounts, Order, Totals};

use super::Fee;

/// What settings decide about the money of an order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MoneyRules {
    /// In which of its two currencies.
    pub currency: OrderCurrency,
    /// Where the amount of a bundle stands whose price is that of its parts.
    pub bundles: BundleAmounts,
    /// What is paid beside goods and shipping, which each shop has in fields of its own.
    pub fees: Vec<FeeRule>,
}

/// An order has every amount in two currencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderCurrency {
    /// The one that the customer saw.
    #[default]
    Order,
    /// The one that the shop counts in.
    Base,
}

/// Where the amount of a bundle stands whose price is that of its parts. A bundle with a price of its own has it on its line
/// in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BundleAmounts {
    /// On the line of the bundle; its parts stand below it without any.
    #[default]
    Bundle,
    /// On lines of the parts.
    Parts,
}

/// Where an order has a fee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeRule {
    /// What it is, for documents.
    pub name: Box<str>,
    /// Where its amount without tax is, as a JSON pointer (RFC 6901).
    pub amount: Box<str>,
    /// Where its tax is, if it has any.
    pub tax: Option<Box<str>>,
}

impl OrderCurrency {
    pub(super) fn totals(self, order: &Order) -> &Totals {
        match self {
            Self::Order => &order.totals,
            Self::Base => &order.base_totals,
        }
    }

    pub(super) fn amounts(self, item: &Item) -> &ItemAmounts {
        match self {
            Self::Order => &item.amounts,
            Self::Base => &item.base_amounts,
        }
    }
}

impl MoneyRules {
    /// The fees that an order has; one of 0 is none.
    pub(super) fn fees_of(&self, order: &Order) -> Vec<Fee> {
        let amount_at = |pointer: &str| order.json.at(pointer).and_then(|value| value.as_decimal()).unwrap_or_default();
        let fees = self.fees.iter().map(|rule| Fee {
            name: rule.name.clone(),
            amount: amount_at(&rule.amount),
            tax: rule.tax.as_deref().map(amount_at).unwrap_or_default(),
        });
        fees.filter(|fee| !fee.amount.is_zero() || !fee.tax.is_zero()).collect()
    }
}

//! Taxes by rate.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

/// What is taxed with one rate, and its tax as it was charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxOfRate {
    /// The rate in per cent as the order states it; nothing if the order does not tell.
    pub percent: Option<Decimal>,
    /// What is taxed, after discounts.
    pub net: Decimal,
    /// The tax. It may differ by cents from the rate of the whole, because a shop rounds by line.
    pub tax: Decimal,
}

/// Adds up what has the same rate; the lowest rate comes first, an unknown one before all.
pub(super) fn merged(taxes: impl Iterator<Item = TaxOfRate>) -> Vec<TaxOfRate> {
    let mut by_percent: BTreeMap<Option<Decimal>, (Decimal, Decimal)> = BTreeMap::new();
    for TaxOfRate { percent, net, tax } in taxes {
        let sums = by_percent.entry(percent).or_default();
        sums.0 += net;
        sums.1 += tax;
    }
    by_percent.into_iter().map(|(percent, (net, tax))| TaxOfRate { percent, net, tax }).collect()
}

//! What is paid for the sending of an order.

use rust_decimal::Decimal;

use super::Line;
use super::rules::MoneyRules;
use crate::currency::Currency;
use crate::exact::ExactJson;
use crate::order::Order;

/// What is paid for the sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipping {
    /// Before discount and tax.
    pub amount: Decimal,
    /// Discount without tax, 0 or more.
    pub discount: Decimal,
    /// Its tax.
    pub tax: Decimal,
    /// Its rate in per cent, if the order says it or one of the lines' rates comes to its tax.
    pub tax_percent: Option<Decimal>,
}

impl Shipping {
    pub(super) fn of(order: &Order, rules: &MoneyRules, lines: &[Line]) -> Option<Self> {
        let totals = rules.currency.totals(order);
        let (amount, tax) = (totals.shipping, totals.shipping_tax);
        if amount.is_zero() && tax.is_zero() {
            return None;
        }
        let discount = totals.shipping_discount - totals.shipping_discount_tax_compensation;
        let found = stated_percent(&order.json);
        let tax_percent = found.or_else(|| percent_of_lines(&totals.currency, amount - discount, tax, lines));
        Some(Self { amount, discount, tax, tax_percent })
    }

    /// Returns what it costs after the discount, without tax.
    #[must_use]
    pub fn net(&self) -> Decimal {
        self.amount - self.discount
    }
}

/// The rate that the order states among the taxes that were applied; with several they have no rate together.
fn stated_percent(order: &ExactJson) -> Option<Decimal> {
    let ExactJson::List(all) = order.at("/extension_attributes/item_applied_taxes")? else { return None };
    let is_of_shipping =
        |tax: &&ExactJson| matches!(tax.get("type"), Some(ExactJson::Text(kind)) if &**kind == "shipping");
    let ExactJson::List(applied) = all.iter().find(is_of_shipping)?.get("applied_taxes")? else { return None };
    let [only] = applied.as_slice() else { return None };
    only.get("percent")?.as_decimal().map(|percent| percent.normalize())
}

/// The rate of the lines that comes to the tax of the shipping, the highest of several; 0 if there is no tax.
fn percent_of_lines(currency: &Currency, net: Decimal, tax: Decimal, lines: &[Line]) -> Option<Decimal> {
    if tax.is_zero() {
        return Some(Decimal::ZERO);
    }
    let percents = lines.iter().flat_map(|line| &line.taxes).filter_map(|tax| tax.percent);
    let comes_to_it = |percent: &Decimal| {
        let computed = currency.round(net * percent / Decimal::ONE_HUNDRED);
        // A shop that computes from the price with tax may be off by one.
        (computed - tax).abs() <= currency.unit()
    };
    percents.filter(comes_to_it).max()
}

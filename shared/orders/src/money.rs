//! What an order costs, computed once for all formats.
//!
//! Everything is computed from price × quantity and the discounts of the items. `row_total` only checks that, and settles the
//! last digit: a shop gives it net of the discount in one answer and gross in another, and cuts negative ones to 0.
//!
//! ```text
//! sum of lines (each: amount − discount) + shipping (amount − discount) + fees + tax  =  total
//! total − gift cards − store credit − reward points                                   =  payable
//! ```
//!
//! All amounts of lines, shipping and fees are without tax. Where prices include tax, the shop's discount has tax in it, too;
//! its *discount tax compensation* is that tax, so the discount here is one minus the other.
//!
//! **Invariants:** what a bundle or a configurable product costs is in exactly one place. Amounts of two currencies never
//! meet. What does not add up is a [`Difference`] and never spread over anything.

mod line;
mod rules;
mod shipping;
mod tax;

use rust_decimal::Decimal;

pub use line::{Component, Line};
pub use rules::{BundleAmounts, FeeRule, MoneyRules, OrderCurrency};
pub use shipping::Shipping;
pub use tax::TaxOfRate;

use crate::currency::Currency;
use crate::order::{Order, Totals};

/// What an order costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderMoney {
    /// The currency of every amount.
    pub currency: Currency,
    /// What is written as lines, in the order of the items.
    pub lines: Vec<Line>,
    /// Sum of the lines before discount.
    pub goods: Decimal,
    /// Sum of the lines' discounts, 0 or more.
    pub discount: Decimal,
    /// What is paid for the sending; nothing if nothing is.
    pub shipping: Option<Shipping>,
    /// What is paid beside.
    pub fees: Vec<Fee>,
    /// Taxes by rate, the lowest first. Their tax is what was charged, and not computed again.
    pub taxes: Vec<TaxOfRate>,
    /// All taxes, as charged.
    pub tax: Decimal,
    /// Everything with tax, before gift cards and the like.
    pub total: Decimal,
    /// What was paid by other means than money. These are payments, no discounts: they change no tax.
    pub paid_otherwise: Vec<OtherPayment>,
    /// What is left to pay.
    pub payable: Decimal,
    /// What does not add up. An order without any is right to the cent.
    pub differences: Vec<Difference>,
}

/// Something that is paid beside goods and shipping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// What it is, from the settings.
    pub name: Box<str>,
    /// Without tax.
    pub amount: Decimal,
    /// Its tax, which is part of the order's.
    pub tax: Decimal,
}

/// A payment by other means than money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherPayment {
    /// By which.
    pub kind: OtherPaymentKind,
    /// How much.
    pub amount: Decimal,
}

/// Other means than money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherPaymentKind {
    /// Gift cards.
    GiftCards,
    /// The customer's credit with the shop.
    StoreCredit,
    /// Reward points.
    RewardPoints,
}

/// Two figures of an order that should be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: the order says {said}, its parts come to {computed}")]
pub struct Difference {
    /// What is meant: `the row total of item 801`.
    pub what: String,
    /// The figure of the order.
    pub said: Decimal,
    /// The figure that follows from its parts.
    pub computed: Decimal,
}

impl OrderMoney {
    /// Computes what an order costs.
    #[must_use]
    pub fn of(order: &Order, rules: &MoneyRules) -> Self {
        let totals = rules.currency.totals(order);
        let currency = totals.currency.clone();
        let mut differences = Vec::new();
        let lines = line::lines(order, rules, &mut differences);
        let shipping = Shipping::of(order, rules, &lines);
        let fees = rules.fees_of(order);
        let paid_otherwise = other_payments(totals);
        let paid: Decimal = paid_otherwise.iter().map(|payment| payment.amount).sum();
        let money = Self {
            goods: lines.iter().map(|line| line.amount).sum(),
            discount: lines.iter().map(|line| line.discount).sum(),
            taxes: taxes_of(&lines, shipping.as_ref(), &fees),
            tax: totals.tax,
            total: totals.grand_total + paid,
            payable: totals.grand_total,
            currency,
            lines,
            shipping,
            fees,
            paid_otherwise,
            differences,
        };
        money.compared_with(totals)
    }

    /// Returns the sum of everything without tax.
    #[must_use]
    pub fn net(&self) -> Decimal {
        let shipping = self.shipping.as_ref().map(Shipping::net).unwrap_or_default();
        let fees: Decimal = self.fees.iter().map(|fee| fee.amount).sum();
        self.goods - self.discount + shipping + fees
    }

    /// Notes where the sums of the order are others than those of its parts.
    fn compared_with(mut self, totals: &Totals) -> Self {
        let shipping_discount = totals.shipping_discount - totals.shipping_discount_tax_compensation;
        let all_discounts =
            -totals.discount - totals.discount_tax_compensation - totals.shipping_discount_tax_compensation;
        let taxes: Decimal = self.taxes.iter().map(|tax| tax.tax).sum();
        self.compare("the sum of lines (`subtotal`)", totals.subtotal, self.goods);
        self.compare("the discount without tax", all_discounts, self.discount + shipping_discount);
        self.compare("the tax (`tax_amount`)", totals.tax, taxes);
        self.compare("what is to be paid", self.total, self.net() + self.tax);
        self
    }

    fn compare(&mut self, what: &str, said: Decimal, computed: Decimal) {
        if said != computed {
            self.differences.push(Difference { what: what.to_owned(), said, computed });
        }
    }
}

fn other_payments(totals: &Totals) -> Vec<OtherPayment> {
    let all = [
        (OtherPaymentKind::GiftCards, totals.gift_cards),
        (OtherPaymentKind::StoreCredit, totals.store_credit),
        (OtherPaymentKind::RewardPoints, totals.reward_points),
    ];
    let made = all.into_iter().filter(|(_, amount)| !amount.is_zero());
    made.map(|(kind, amount)| OtherPayment { kind, amount }).collect()
}

/// The taxes of everything in an order.
fn taxes_of(lines: &[Line], shipping: Option<&Shipping>, fees: &[Fee]) -> Vec<TaxOfRate> {
    let of_lines = lines.iter().flat_map(|line| line.taxes.iter().cloned());
    let of_shipping =
        shipping.map(|shipping| TaxOfRate { percent: shipping.tax_percent, net: shipping.net(), tax: shipping.tax });
    let of_fees = fees.iter().map(|fee| {
        let percent = fee.tax.is_zero().then_some(Decimal::ZERO);
        TaxOfRate { percent, net: fee.amount, tax: fee.tax }
    });
    tax::merged(of_lines.chain(of_shipping).chain(of_fees))
}

//! The lines of a document: which items are one, and what each costs.

use rust_decimal::Decimal;

use super::rules::{BundleAmounts, MoneyRules};
use super::{Difference, TaxOfRate};
use crate::currency::Currency;
use crate::order::{Item, ItemAmounts, Order};

/// Half of the last digit of a price of a shop that rounds to cents, and of one that keeps four decimals.
const HALF_OF_CENTS: Decimal = Decimal::from_parts(5, 0, 0, false, 3);
const HALF_OF_FOUR: Decimal = Decimal::from_parts(5, 0, 0, false, 5);

/// Decimals of a price that is made of an amount and a quantity.
const DIGITS_OF_MADE_PRICE: u32 = 6;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The item that it is about.
    pub item: u64,
    /// SKU.
    pub sku: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// How many.
    pub quantity: Decimal,
    /// Whether the product is sold by fractions.
    pub has_decimals: bool,
    /// Whether there is nothing to send.
    pub is_virtual: bool,
    /// Of one, before discount and tax. Times the quantity it is `amount`, to the smallest coin.
    pub price: Decimal,
    /// Of all, before discount and tax.
    pub amount: Decimal,
    /// Discount of all without tax, 0 or more.
    pub discount: Decimal,
    /// Taxes by rate; a bundle may have several.
    pub taxes: Vec<TaxOfRate>,
    /// What it is made of and the warehouse picks.
    pub components: Vec<Component>,
}

/// A part of a line that has no amount of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The item that it is about.
    pub item: u64,
    /// SKU.
    pub sku: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// How many in all.
    pub quantity: Decimal,
}

impl Line {
    /// Returns what it costs after the discount, without tax.
    #[must_use]
    pub fn net(&self) -> Decimal {
        self.amount - self.discount
    }

    /// Returns its tax.
    #[must_use]
    pub fn tax(&self) -> Decimal {
        self.taxes.iter().map(|tax| tax.tax).sum()
    }

    /// Returns its rate in per cent, if it has only one.
    #[must_use]
    pub fn tax_percent(&self) -> Option<Decimal> {
        let [tax] = self.taxes.as_slice() else { return None };
        tax.percent
    }

    /// Returns the discount in per cent of the amount, if it comes to the discount again. Several rules that follow each
    /// other have no percentage together.
    #[must_use]
    pub fn discount_percent(&self, currency: &Currency) -> Option<Decimal> {
        let percent = self.discount.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(self.amount)?.round_dp(2);
        let again = currency.round(self.amount * percent / Decimal::ONE_HUNDRED);
        (again == self.discount).then(|| percent.normalize())
    }
}

/// The lines of an order, in the order of its items.
pub(super) fn lines(order: &Order, rules: &MoneyRules, differences: &mut Vec<Difference>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut making = LineMaking { currency: &rules.currency.totals(order).currency, rules, differences };
    for item in order.items.iter().filter(|item| parent_of(order, item).is_none()) {
        let parts: Vec<&Item> = order.items.iter().filter(|part| part.parent == Some(item.id)).collect();
        making.lines_of(item, &parts, &mut lines);
    }
    lines
}

/// The item that another one is a part of. One whose parent is not in the order stands for itself.
fn parent_of<'o>(order: &'o Order, item: &Item) -> Option<&'o Item> {
    let parent = item.parent?;
    order.items.iter().find(|other| other.id == parent && other.id != item.id)
}

/// What is needed to make lines of items.
struct LineMaking<'a> {
    currency: &'a Currency,
    rules: &'a MoneyRules,
    differences: &'a mut Vec<Difference>,
}

impl LineMaking<'_> {
    fn lines_of(&mut self, item: &Item, parts: &[&Item], lines: &mut Vec<Line>) {
        let is_bundle = &*item.product_type == "bundle";
        // The one part of a configurable product is its variant, which the item already names by its SKU.
        if !is_bundle || parts.is_empty() {
            return lines.push(self.own_line(item));
        }
        let costs_what_parts_do = parts.iter().any(|part| !self.amounts(part).price.is_zero());
        if !costs_what_parts_do {
            return lines.push(Line { components: components(parts), ..self.own_line(item) });
        }
        let of_parts: Vec<Line> = parts.iter().map(|part| self.own_line(part)).collect();
        match self.rules.bundles {
            BundleAmounts::Parts => lines.extend(of_parts),
            BundleAmounts::Bundle => lines.push(self.bundle_line(item, parts, &of_parts)),
        }
    }

    fn amounts<'i>(&self, item: &'i Item) -> &'i ItemAmounts {
        self.rules.currency.amounts(item)
    }

    /// A line that costs what its item does.
    fn own_line(&mut self, item: &Item) -> Line {
        let amounts = *self.amounts(item);
        let amount = self.amount(item, &amounts);
        let discount = amounts.net_discount();
        let net = amount - discount;
        let tax = TaxOfRate { percent: Some(item.tax_percent.normalize()), net, tax: amounts.tax };
        Line {
            amount,
            discount,
            taxes: vec![tax],
            price: self.price(amounts.price, amount, item.quantity),
            ..named(item)
        }
    }

    /// A line of a bundle with the amounts of its parts.
    fn bundle_line(&self, item: &Item, parts: &[&Item], of_parts: &[Line]) -> Line {
        let amount = of_parts.iter().map(|part| part.amount).sum();
        let own = self.amounts(item);
        let of_all_parts: Decimal = of_parts.iter().map(|part| part.discount).sum();
        // Some shops have the discount of a bundle on the bundle itself.
        let discount = if of_all_parts.is_zero() { own.net_discount() } else { of_all_parts };
        let taxes = super::tax::merged(of_parts.iter().flat_map(|part| &part.taxes).cloned());
        let components = components(parts);
        Line { amount, discount, taxes, components, price: self.price(own.price, amount, item.quantity), ..named(item) }
    }

    /// What all of an item cost before the discount: price × quantity, and `row_total` where that differs by rounding only.
    fn amount(&mut self, item: &Item, amounts: &ItemAmounts) -> Decimal {
        let computed = self.currency.round(amounts.price * item.quantity);
        // A shop that rounds the price of one and multiplies the exact one is off by half a digit for each.
        let has_cents = amounts.price.normalize().scale() <= 2;
        let half = if has_cents { HALF_OF_CENTS } else { HALF_OF_FOUR };
        let bearable = item.quantity.abs() * half + self.currency.unit() / Decimal::TWO;
        let gross =
            [amounts.row_total, amounts.row_total + amounts.discount, amounts.row_total + amounts.net_discount()];
        let nearest = gross.into_iter().min_by_key(|gross| (gross - computed).abs()).unwrap_or(computed);
        if (nearest - computed).abs() <= bearable {
            return nearest;
        }
        let is_cut = amounts.row_total.is_zero() && computed < amounts.discount;
        if !is_cut {
            let what = format!("the row total of item {} (`{}`)", item.id, item.sku);
            self.differences.push(Difference { what, said: amounts.row_total, computed });
        }
        computed
    }

    /// The price of one as it was written, or a finer one if that does not come to the amount.
    fn price(&self, written: Decimal, amount: Decimal, quantity: Decimal) -> Decimal {
        if self.currency.round(written * quantity) == amount {
            return written;
        }
        amount.checked_div(quantity).map_or(written, |price| price.round_dp(DIGITS_OF_MADE_PRICE).normalize())
    }
}

/// A line without amounts.
fn named(item: &Item) -> Line {
    Line {
        item: item.id,
        sku: item.sku.clone(),
        name: item.name.clone(),
        quantity: item.quantity.normalize(),
        has_decimals: item.has_decimals,
        is_virtual: item.is_virtual,
        price: Decimal::ZERO,
        amount: Decimal::ZERO,
        discount: Decimal::ZERO,
        taxes: Vec::new(),
        components: Vec::new(),
    }
}

fn components(parts: &[&Item]) -> Vec<Component> {
    let component = |part: &&Item| Component {
        item: part.id,
        sku: part.sku.clone(),
        name: part.name.clone(),
        quantity: part.quantity.normalize(),
    };
    parts.iter().map(component).collect()
}

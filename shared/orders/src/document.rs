//! What a document says of an order, whatever its format: one tree of texts that tables of formats name.
//!
//! Amounts have the decimals of their currency, times the zone of the website. What an order does not say is not in the tree,
//! so no format has an empty element for it or invents a text.

mod party;
mod settings;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

pub use settings::{DocumentSettings, Lookup, Seller, ShippingPlace, UnitCodes};

use crate::line_number::{LineOrdinals, NumberRules};
use crate::money::{Line, MoneyRules, OrderMoney, OtherPaymentKind, Shipping};
use crate::order::Order;

/// A group of a document: names and what they hold.
pub type Group = BTreeMap<&'static str, Node>;

/// What a name in a document holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A text, never an empty one.
    Text(String),
    /// Names below a name: `billing.city`.
    Group(Group),
    /// Several groups of a kind: `lines`.
    List(Vec<Group>),
}

/// What goes into a document.
#[derive(Debug, Clone, Copy)]
pub struct DocumentSource<'a> {
    /// The order.
    pub order: &'a Order,
    /// What it costs.
    pub money: &'a OrderMoney,
    /// The places of its items.
    pub ordinals: &'a LineOrdinals,
    /// How their numbers are written.
    pub numbers: &'a NumberRules,
    /// What the settings of its website say.
    pub settings: &'a DocumentSettings,
}

/// Makes the tree of an order.
#[must_use]
pub fn document(source: &DocumentSource<'_>) -> Group {
    let DocumentSource { order, money, settings, .. } = *source;
    let mut group = Group::new();
    put(&mut group, "number", Some(&order.number));
    put(&mut group, "id", Some(order.id.0.to_string()));
    put(&mut group, "purchase_order", order.purchase_order.as_deref());
    put(&mut group, "currency", Some(money.currency.code()));
    put(&mut group, "status", Some(&order.status));
    put(
        &mut group,
        "payment_method",
        order.payment_method.as_deref().map(|method| settings.payment_methods.named(method)),
    );
    put(&mut group, "coupon", order.json.get("coupon_code").and_then(|coupon| coupon.as_text()));
    put(&mut group, "note", order.json.get("customer_note").and_then(|note| note.as_text()));
    group.insert("issued", Node::Group(issued(source)));
    party::put_parties(&mut group, order, settings);
    let mut lines: Vec<Group> = money.lines.iter().map(|line| line_group(source, line)).collect();
    if let Some(shipping) = &money.shipping {
        match &settings.shipping {
            ShippingPlace::Charge => {
                group.insert("shipping", Node::Group(shipping_group(source, shipping)));
            }
            ShippingPlace::Line { sku } => lines.push(shipping_line(source, shipping, sku)),
        }
    }
    let position_count = number_positions(&mut lines);
    let mut totals = totals(source, &lines);
    put(&mut totals, "position_count", Some(position_count.to_string()));
    group.insert("totals", Node::Group(totals));
    group.insert("lines", Node::List(lines));
    group.insert(
        "fees",
        Node::List(
            money
                .fees
                .iter()
                .map(|fee| {
                    let mut group = Group::new();
                    put(&mut group, "name", Some(&fee.name));
                    put(&mut group, "amount", Some(money.currency.written(fee.amount)));
                    group
                })
                .collect(),
        ),
    );
    group.insert("taxes", Node::List(taxes(source)));
    group
}

impl MoneyRules {
    /// Makes the tree of an order with these rules, for who needs the money for nothing else.
    #[must_use]
    pub fn document(
        &self,
        order: &Order,
        numbers: (&LineOrdinals, &NumberRules),
        settings: &DocumentSettings,
    ) -> Group {
        let money = OrderMoney::of(order, self);
        document(&DocumentSource { order, money: &money, ordinals: numbers.0, numbers: numbers.1, settings })
    }
}

/// Puts a text under a name, unless there is none or only blanks.
fn put(group: &mut Group, name: &'static str, text: Option<impl AsRef<str>>) {
    if let Some(text) = text.as_ref().map(AsRef::as_ref).filter(|text| !text.trim().is_empty()) {
        group.insert(name, Node::Text(text.to_owned()));
    }
}

/// When the order was placed, in the forms that formats take, all of them in the zone of the website.
fn issued(source: &DocumentSource<'_>) -> Group {
    let time = source.order.created_at.with_timezone(&source.settings.zone);
    let written = |format: &str| Some(time.format(format).to_string());
    let mut group = Group::new();
    put(&mut group, "date", written("%Y-%m-%d"));
    put(&mut group, "time", written("%H:%M:%S%:z"));
    put(&mut group, "moment", written("%Y-%m-%dT%H:%M:%S%:z"));
    put(&mut group, "day", written("%Y%m%d"));
    put(&mut group, "minute", written("%Y%m%d%H%M"));
    put(&mut group, "short_day", written("%y%m%d"));
    put(&mut group, "short_time", written("%H%M"));
    group
}

fn line_group(source: &DocumentSource<'_>, line: &Line) -> Group {
    let DocumentSource { money, settings, ordinals, numbers, .. } = *source;
    let currency = &money.currency;
    let mut group = Group::new();
    let number = |item: u64| ordinals.get(&item).map(|ordinal| numbers.written(*ordinal));
    put(&mut group, "number", number(line.item));
    put(&mut group, "sku", Some(settings.skus.named(&line.sku)));
    put(&mut group, "name", Some(&line.name));
    put(&mut group, "quantity", Some(line.quantity.to_string()));
    put(&mut group, "unit", Some(settings.units.of(line.has_decimals)));
    put(&mut group, "price", Some(currency.written(line.price)));
    put(&mut group, "amount", Some(currency.written(line.amount)));
    put(&mut group, "net", Some(currency.written(line.net())));
    put(&mut group, "tax", Some(currency.written(line.tax())));
    put_rate(&mut group, source, line.tax_percent());
    // The one for who must write something, the other for who writes a discount only if there is any.
    put(&mut group, "allowance", Some(currency.written(line.discount)));
    if !line.discount.is_zero() {
        put(&mut group, "discount", Some(currency.written(line.discount)));
        put(&mut group, "discount_percent", line.discount_percent(currency).map(|percent| percent.to_string()));
    }
    let components = line.components.iter().map(|component| {
        let mut group = Group::new();
        put(&mut group, "number", number(component.item));
        put(&mut group, "sku", Some(settings.skus.named(&component.sku)));
        put(&mut group, "name", Some(&component.name));
        put(&mut group, "quantity", Some(component.quantity.to_string()));
        put(&mut group, "unit", Some(settings.units.of(false)));
        group
    });
    group.insert("components", Node::List(components.collect()));
    group
}

/// Counts what is written, parts of bundles behind their bundle. Returns how many there are.
fn number_positions(lines: &mut [Group]) -> usize {
    let mut count = 0;
    let mut next = |group: &mut Group| {
        count += 1;
        put(group, "position", Some(count.to_string()));
    };
    for line in lines {
        next(line);
        if let Some(Node::List(components)) = line.get_mut("components") {
            components.iter_mut().for_each(&mut next);
        }
    }
    count
}

/// The rate of something: in per cent, as a fraction, and the letter of its category if that is known.
fn put_rate(group: &mut Group, source: &DocumentSource<'_>, percent: Option<Decimal>) {
    let Some(percent) = percent else { return };
    put(group, "percent", Some(percent.normalize().to_string()));
    put(group, "rate", Some((percent / Decimal::ONE_HUNDRED).normalize().to_string()));
    let country = source.order.shipping.as_ref().or(source.order.billing.as_ref()).and_then(|to| to.country.as_deref());
    put(group, "category", source.settings.tax_category(percent, country));
}

fn shipping_group(source: &DocumentSource<'_>, shipping: &Shipping) -> Group {
    let currency = &source.money.currency;
    let mut group = Group::new();
    put(&mut group, "name", Some(shipping_name(source)));
    put(&mut group, "net", Some(currency.written(shipping.net())));
    put(&mut group, "tax", Some(currency.written(shipping.tax)));
    put_rate(&mut group, source, shipping.tax_percent);
    group
}

/// Shipping as a line, for formats that have no other place for it. Its number can be that of no item.
fn shipping_line(source: &DocumentSource<'_>, shipping: &Shipping, sku: &str) -> Group {
    let currency = &source.money.currency;
    let mut group = shipping_group(source, shipping);
    put(&mut group, "number", Some("SHIPPING"));
    put(&mut group, "sku", Some(sku));
    put(&mut group, "quantity", Some("1"));
    put(&mut group, "unit", Some(source.settings.units.of(false)));
    for name in ["price", "amount"] {
        put(&mut group, name, Some(currency.written(shipping.amount)));
    }
    put(&mut group, "allowance", Some(currency.written(shipping.discount)));
    if !shipping.discount.is_zero() {
        put(&mut group, "discount", Some(currency.written(shipping.discount)));
    }
    group.insert("components", Node::List(Vec::new()));
    group
}

fn shipping_name(source: &DocumentSource<'_>) -> String {
    let described = source.order.json.get("shipping_description").and_then(|text| text.as_text());
    described.map_or_else(|| "Shipping".to_owned(), |described| source.settings.carriers.named(described).to_owned())
}

fn taxes(source: &DocumentSource<'_>) -> Vec<Group> {
    let money = source.money;
    let rates = money.taxes.iter().map(|tax| {
        let mut group = Group::new();
        put(&mut group, "net", Some(money.currency.written(tax.net)));
        put(&mut group, "tax", Some(money.currency.written(tax.tax)));
        put_rate(&mut group, source, tax.percent);
        group
    });
    rates.collect()
}

/// Sums, so that lines + charges = net, and net + tax = total = prepaid + payable.
fn totals(source: &DocumentSource<'_>, lines: &[Group]) -> Group {
    let money = source.money;
    let written = |amount: Decimal| Some(money.currency.written(amount));
    let shipping = money.shipping.as_ref().map(Shipping::net).unwrap_or_default();
    let fees: Decimal = money.fees.iter().map(|fee| fee.amount).sum();
    let is_line = matches!(source.settings.shipping, ShippingPlace::Line { .. });
    let of_lines = money.goods - money.discount + if is_line { shipping } else { Decimal::ZERO };
    let charges = fees + if is_line { Decimal::ZERO } else { shipping };
    let prepaid: Decimal = money.paid_otherwise.iter().map(|payment| payment.amount).sum();
    let mut group = Group::new();
    put(&mut group, "line_count", Some(lines.len().to_string()));
    put(&mut group, "lines", written(of_lines));
    put(&mut group, "shipping", written(shipping));
    put(&mut group, "net", written(money.net()));
    put(&mut group, "tax", written(money.tax));
    put(&mut group, "total", written(money.net() + money.tax));
    put(&mut group, "payable", written(money.payable));
    if !charges.is_zero() {
        put(&mut group, "charges", written(charges));
    }
    if !prepaid.is_zero() {
        put(&mut group, "prepaid", written(prepaid));
    }
    // What the customer pays is what the shop says, also where its sums are off by a cent.
    let rounding = money.total - money.net() - money.tax;
    if !rounding.is_zero() {
        put(&mut group, "rounding", written(rounding));
    }
    let gift_cards = money.paid_otherwise.iter().find(|payment| payment.kind == OtherPaymentKind::GiftCards);
    put(&mut group, "gift_cards", gift_cards.map(|payment| money.currency.written(payment.amount)));
    let parts =
        [(of_lines, "lines"), (charges, "charges"), (money.tax, "tax"), (rounding, "rounding"), (-prepaid, "prepaid")];
    let parts = parts.iter().filter(|(amount, _)| !amount.is_zero());
    let parts: Vec<String> =
        parts.map(|(amount, name)| format!("{name} {}", money.currency.written(*amount))).collect();
    if parts.len() > 1 {
        put(
            &mut group,
            "explained",
            Some(format!("{} = {}", money.currency.written(money.payable), parts.join(" + "))),
        );
    }
    group
}

//! What the orders of the reports cost. Each report says in EXPECTED.md what must come out.

use std::fmt::Write;

use insta::assert_snapshot;
use orders::money::{BundleAmounts, MoneyRules, OrderMoney};
use orders::order::Order;
use orders::read;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::sample::reported;

proptest! {
    #[test]
    fn whatever_an_order_says_is_added_up_or_told(items in prop::collection::vec(item(), 1..6), totals in totals()) {
        let order = order_of(&items, &totals);
        for bundles in [BundleAmounts::Bundle, BundleAmounts::Parts] {
            let money = OrderMoney::of(&order, &MoneyRules { bundles, ..MoneyRules::default() });
            let lines: Decimal = money.lines.iter().map(|line| line.net()).sum();
            let shipping = money.shipping.as_ref().map(|shipping| shipping.net()).unwrap_or_default();
            prop_assert_eq!(money.net(), lines + shipping);
            let adds_up = money.net() + money.tax == money.total;
            prop_assert!(adds_up || money.differences.iter().any(|it| it.what == "what is to be paid"));
            let taxed: Decimal = money.taxes.iter().map(|tax| tax.net).sum();
            prop_assert_eq!(taxed, money.net(), "everything has its rate");
        }
    }

    #[test]
    fn a_shop_that_adds_up_has_no_differences(items in prop::collection::vec(small_item(), 1..6), shipping in 0..5_000_i64) {
        let net = |item: &SmallItem| item.cents * item.quantity - item.discount;
        let (goods, discount) = items.iter().fold((0, 0), |(goods, discount), item| {
            (goods + item.cents * item.quantity, discount + item.discount)
        });
        let tax: i64 = items.iter().map(|item| net(item) / 5).sum();
        let json = json!({
            "subtotal": amount(goods), "discount_amount": amount(-discount), "shipping_amount": amount(shipping),
            "tax_amount": amount(tax), "grand_total": amount(goods - discount + shipping + tax),
        });
        let items: Vec<Value> = items.iter().enumerate().map(|(index, item)| {
            let row_total = if index % 2 == 0 { net(item) } else { item.cents * item.quantity };
            json!({
                "item_id": index + 1, "sku": "A", "qty_ordered": item.quantity, "price": amount(item.cents),
                "row_total": amount(row_total), "discount_amount": amount(item.discount), "tax_percent": 20,
                "tax_amount": amount(net(item) / 5),
            })
        }).collect();
        let money = OrderMoney::of(&order_of(&items, &json), &MoneyRules::default());
        prop_assert_eq!(money.differences, vec![]);
    }
}

#[derive(Debug, Clone)]
struct SmallItem {
    cents: i64,
    quantity: i64,
    discount: i64,
}

fn small_item() -> impl Strategy<Value = SmallItem> {
    (0..100_000_i64, 1..20_i64, 0..100_i64).prop_map(|(cents, quantity, percent)| SmallItem {
        cents,
        quantity,
        discount: cents * quantity * percent / 100,
    })
}

/// Cents as a JSON number.
fn amount(cents: i64) -> Value {
    serde_json::from_str(&Decimal::new(cents, 2).to_string()).unwrap()
}

/// A number with more decimals than are read, negative or not.
fn any_number() -> impl Strategy<Value = Value> {
    number_below(1_000_000_000_000)
}

fn number_below(limit: i64) -> impl Strategy<Value = Value> {
    (1 - limit..limit, 0..12_u32)
        .prop_map(|(digits, scale)| serde_json::from_str(&Decimal::new(digits, scale).to_string()).unwrap())
}

fn item() -> impl Strategy<Value = Value> {
    let kinds = prop::sample::select(vec!["simple", "bundle", "configurable"]);
    (
        kinds,
        prop::option::of(1..6_u64),
        prop::collection::vec(any_number(), 5),
        prop::collection::vec(number_below(1 << 24), 2),
    )
        .prop_map(|(kind, parent, numbers, one)| {
            json!({
                "sku": "A", "product_type": kind, "parent_item_id": parent, "qty_ordered": one[0], "price": one[1],
                "row_total": numbers[0], "discount_amount": numbers[1], "discount_tax_compensation_amount": numbers[2],
                "tax_amount": numbers[3], "tax_percent": numbers[4],
            })
        })
}

fn totals() -> impl Strategy<Value = Value> {
    prop::collection::vec(any_number(), 8).prop_map(|numbers| {
        json!({
            "subtotal": numbers[0], "discount_amount": numbers[1], "tax_amount": numbers[2], "grand_total": numbers[3],
            "shipping_amount": numbers[4], "shipping_discount_amount": numbers[5], "shipping_tax_amount": numbers[6],
            "shipping_discount_tax_compensation_amount": numbers[7],
        })
    })
}

/// An order with these items and sums.
fn order_of(items: &[Value], totals: &Value) -> Order {
    let mut order = json!({
        "entity_id": 1, "increment_id": "1", "store_id": 1, "status": "pending", "created_at": "2027-02-03 09:15:00",
        "updated_at": "2027-02-03 09:15:00", "customer_email": "kim@example.com", "order_currency_code": "EUR",
        "base_currency_code": "EUR", "base_grand_total": 1,
    });
    for (name, amount) in totals.as_object().unwrap() {
        order[name] = amount.clone();
    }
    let numbered = items.iter().enumerate().map(|(index, item)| {
        let mut item = item.clone();
        item["item_id"] = json!(index + 1);
        item
    });
    order["items"] = numbered.collect();
    read::orders(&order.to_string()).unwrap().remove(0).unwrap()
}

/// A line of text for each line of the order, and one for each sum that is not 0.
fn shown(order: &Order, rules: &MoneyRules) -> String {
    let money = OrderMoney::of(order, rules);
    let written = |amount: Decimal| money.currency.written(amount);
    let percent = |percent: Option<Decimal>| percent.map_or("?".to_owned(), |percent| format!("{percent}%"));
    let mut text = String::new();
    for line in &money.lines {
        write!(text, "{} {} x {} = {}", line.sku, line.quantity, line.price, written(line.amount)).unwrap();
        if !line.discount.is_zero() {
            write!(text, " - {} = {}", written(line.discount), written(line.net())).unwrap();
        }
        write!(text, ", tax {} at {}", written(line.tax()), percent(line.tax_percent())).unwrap();
        for part in &line.components {
            write!(text, " + {} {}", part.quantity, part.sku).unwrap();
        }
        text.push('\n');
    }
    if let Some(shipping) = &money.shipping {
        let (amount, tax) = (written(shipping.net()), written(shipping.tax));
        writeln!(text, "shipping {amount}, tax {tax} at {}", percent(shipping.tax_percent)).unwrap();
    }
    for tax in money.taxes.iter().filter(|tax| !tax.tax.is_zero()) {
        writeln!(text, "{} of {}: {}", percent(tax.percent), written(tax.net), written(tax.tax)).unwrap();
    }
    let (net, tax, payable) = (written(money.net()), written(money.tax), written(money.payable));
    writeln!(text, "{net} + tax {tax} = {payable} {}", money.currency).unwrap();
    for difference in &money.differences {
        writeln!(text, "! {difference}").unwrap();
    }
    text
}

fn of_report(file: &str) -> String {
    shown(&reported(file), &MoneyRules::default())
}

#[test]
fn goods_for_nothing_are_still_goods() {
    assert_snapshot!(of_report("all-free-order/order.json"), @"
    BAG-1 1 x 17.23 = 17.23 - 17.23 = 0.00, tax 0.00 at 19%
    GIFT-PEN 1 x 0 = 0.00, tax 0.00 at 0%
    0.00 + tax 0.00 = 0.00 EUR
    ");
}

#[test]
fn a_bundle_costs_once_wherever_its_amount_stands() {
    let order = reported("bundles-counted-once/order.json");
    assert_snapshot!(shown(&order, &MoneyRules::default()), @"
    SET-DYN-A-B 2 x 30 = 60.00, tax 0.00 at 0% + 2 PART-A + 4 PART-B
    SET-FIX-C-D 1 x 50 = 50.00, tax 0.00 at 0% + 1 PART-C + 3 PART-D
    110.00 + tax 0.00 = 110.00 EUR
    ");
    let parts = MoneyRules { bundles: BundleAmounts::Parts, ..MoneyRules::default() };
    assert_snapshot!(shown(&order, &parts), @"
    PART-A 2 x 10 = 20.00, tax 0.00 at 0%
    PART-B 4 x 10 = 40.00, tax 0.00 at 0%
    SET-FIX-C-D 1 x 50 = 50.00, tax 0.00 at 0% + 1 PART-C + 3 PART-D
    110.00 + tax 0.00 = 110.00 EUR
    ");
}

#[test]
fn amounts_have_the_decimals_of_their_currency() {
    assert_snapshot!(of_report("currency-minor-units/order-jpy.json"), @"
    FAN-1 1 x 1127 = 1127, tax 113 at 10%
    10% of 1127: 113
    1127 + tax 113 = 1240 JPY
    ");
    assert_snapshot!(of_report("currency-minor-units/order-kwd.json"), @"
    OIL-3 3 x 4.125 = 12.375, tax 0.000 at 0%
    shipping 1.250, tax 0.000 at 0%
    13.625 + tax 0.000 = 13.625 KWD
    ");
}

#[test]
fn a_row_total_with_and_without_the_discount_is_the_same_purchase() {
    let net = of_report("row-total-net-of-discount/order-rest.json");
    assert_eq!(net, of_report("row-total-net-of-discount/order-gross.json"));
    assert_snapshot!(net, @"
    KETTLE-2 3 x 17.5 = 52.50 - 5.25 = 47.25, tax 0.00 at 0%
    shipping 6.90, tax 0.00 at 0%
    54.15 + tax 0.00 = 54.15 EUR
    ");
}

#[test]
fn shipping_has_a_tax_of_its_own() {
    assert_snapshot!(of_report("shipping-and-its-tax/order.json"), @"
    DESK-1 1 x 40 = 40.00, tax 7.60 at 19%
    BOOK-7 1 x 10 = 10.00, tax 0.70 at 7%
    shipping 4.20, tax 0.80 at 19%
    7% of 10.00: 0.70
    19% of 44.20: 8.40
    54.20 + tax 9.10 = 63.30 EUR
    ");
}

#[test]
fn a_discount_on_prices_with_tax_is_without_tax_in_the_document() {
    assert_snapshot!(of_report("tax-inclusive-coupon/order.json"), @"
    MUG-1 1 x 10 = 10.00 - 1.00 = 9.00, tax 1.71 at 19%
    19% of 9.00: 1.71
    9.00 + tax 1.71 = 10.71 EUR
    ");
}

#[test]
fn tax_is_what_was_charged_line_by_line() {
    assert_snapshot!(of_report("tax-per-line-and-total/order.json"), @"
    CUP-1 1 x 8.39 = 8.39, tax 1.60 at 19%
    CUP-2 1 x 8.39 = 8.39, tax 1.60 at 19%
    CUP-3 1 x 8.39 = 8.39, tax 1.60 at 19%
    CLIP-4 1 x 4.33 = 4.33, tax 0.82 at 19%
    19% of 29.50: 5.62
    29.50 + tax 5.62 = 35.12 EUR
    ");
}

#[test]
fn two_rules_in_a_row_have_no_percentage_together() {
    let order = reported("two-percent-rules/order.json");
    let money = OrderMoney::of(&order, &MoneyRules::default());
    assert_snapshot!(shown(&order, &MoneyRules::default()), @"
    TAPE-9 1 x 12 = 12.00 - 1.52 = 10.48, tax 0.00 at 0%
    10.48 + tax 0.00 = 10.48 EUR
    ");
    assert_eq!(
        money.lines[0].discount_percent(&money.currency).map(|percent| percent.to_string()).as_deref(),
        Some("12.67")
    );
}

#[test]
fn nothing_is_sent_and_nothing_is_invented() {
    let order = reported("virtual-no-delivery/order.json");
    assert_eq!(order.shipping, None);
    assert_snapshot!(shown(&order, &MoneyRules::default()), @"
    EBOOK-1 1 x 9 = 9.00, tax 0.00 at 0%
    9.00 + tax 0.00 = 9.00 EUR
    ");
}

#[test]
fn fractions_of_things_and_of_cents_are_exact() {
    assert_snapshot!(of_report("decimal-quantity-and-price/order.json"), @"
    CHEESE-KG 0.45 x 25.4 = 11.43, tax 0.00 at 0%
    ROPE-M 2.125 x 3.2 = 6.80, tax 0.00 at 0%
    SCREW-4X40 1000 x 0.0715 = 71.50, tax 0.00 at 0%
    89.73 + tax 0.00 = 89.73 EUR
    ");
}

#[test]
fn an_order_without_tax_says_so() {
    let order = reported("zero-rate-and-purchase-order/order.json");
    assert_eq!(order.purchase_order.as_deref(), Some("PO-4500/77"));
    assert_eq!(order.billing.as_ref().and_then(|address| address.postcode.as_deref()), Some("01000"));
    assert_snapshot!(shown(&order, &MoneyRules::default()), @"
    VALVE-2 1 x 100 = 100.00, tax 0.00 at 0%
    100.00 + tax 0.00 = 100.00 EUR
    ");
}

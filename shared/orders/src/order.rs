//! An order as the shop tells it (`sales-data-order-interface` of Magento's REST), with exact amounts.
//!
//! Only what decides about an export or goes into a document has a field here. The whole of it is kept beside, so that
//! templates reach what this module does not know.

mod address;
mod item;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

pub use address::Address;
pub use item::{Item, ItemAmounts};

use crate::currency::Currency;
use crate::exact::ExactJson;
use crate::field::{FieldProblems, Fields, Notes};

/// Most items of an order: with them no sum of amounts overflows, and no document is larger than its reader bears.
pub const MAX_ITEMS: usize = 10_000;

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id, unique within a shop.
    pub id: OrderId,
    /// The number that people use, unique within a store only: `000000041-1`.
    pub number: Box<str>,
    /// The store view that it was placed in.
    pub store: u64,
    /// Where it stands, in the words of the shop: `processing`.
    pub status: Box<str>,
    /// The state behind the status: `new`.
    pub state: Option<Box<str>>,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// When anybody last changed it.
    pub updated_at: DateTime<Utc>,
    /// Who ordered.
    pub customer: Customer,
    /// Where the invoice goes.
    pub billing: Option<Address>,
    /// Where the goods go; nothing for an order without goods to send.
    pub shipping: Option<Address>,
    /// How it is paid: `checkmo`.
    pub payment_method: Option<Box<str>>,
    /// The customer's own number of it.
    pub purchase_order: Option<Box<str>>,
    /// What is ordered, children of bundles and configurable products among it.
    pub items: Vec<Item>,
    /// What the customer pays, in the currency that the customer saw.
    pub totals: Totals,
    /// The same in the currency that the shop counts in.
    pub base_totals: Totals,
    /// All of it, as it came.
    pub json: ExactJson,
}

/// The id of an order within its shop (`entity_id`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

/// Who ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The number of the account; guests have none.
    pub id: Option<u64>,
    /// Where mails go.
    pub email: Box<str>,
    /// First and last name, if the order has them beside the addresses.
    pub name: Option<Box<str>>,
    /// The number for value added tax.
    pub vat_id: Option<Box<str>>,
}

/// Sums of an order in one currency. Discounts of the order are negative, as the shop writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// The currency.
    pub currency: Currency,
    /// What is to be paid after everything, gift cards and store credit included.
    pub grand_total: Decimal,
    /// Lines before discount and tax.
    pub subtotal: Decimal,
    /// All discounts, that of the shipping included; 0 or less.
    pub discount: Decimal,
    /// The part of the lines' discount that is tax, where prices include it.
    pub discount_tax_compensation: Decimal,
    /// All taxes, that of the shipping included.
    pub tax: Decimal,
    /// Shipping before discount and tax.
    pub shipping: Decimal,
    /// Discount on the shipping; 0 or more, and part of `discount`.
    pub shipping_discount: Decimal,
    /// The part of the shipping's discount that is tax.
    pub shipping_discount_tax_compensation: Decimal,
    /// Tax of the shipping.
    pub shipping_tax: Decimal,
    /// Paid by gift cards.
    pub gift_cards: Decimal,
    /// Paid from the customer's credit.
    pub store_credit: Decimal,
    /// Paid with reward points.
    pub reward_points: Decimal,
}

/// An order that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problems}", named(number.as_deref()))]
pub struct Unreadable {
    /// The number that people use, if it can be read.
    pub number: Option<Box<str>>,
    /// What is wrong with it.
    pub problems: FieldProblems,
}

fn named(number: Option<&str>) -> String {
    number.map_or_else(|| "an order without a number".to_owned(), |number| format!("order {number}"))
}

impl Order {
    /// Reads an order.
    ///
    /// # Errors
    /// Names every field that is missing or of another kind.
    pub fn read(json: ExactJson) -> Result<Self, Unreadable> {
        let notes = Notes::default();
        let read = Fields::of(&json, &notes).and_then(|fields| order(&fields));
        let problems = notes.into_problems();
        let number = json.get("increment_id").and_then(ExactJson::as_text).map(Into::into);
        match read {
            Some(order) if problems.told.is_empty() => Ok(Self { json, ..order }),
            _ => Err(Unreadable { number, problems }),
        }
    }
}

/// Reads every field before it gives up, so that all problems are noted.
fn order(fields: &Fields<'_>) -> Option<Order> {
    let (id, number, store) =
        (fields.needed_whole("entity_id"), fields.needed_text("increment_id"), fields.needed_whole("store_id"));
    let (status, state) = (fields.needed_text("status"), fields.text("state"));
    let (created_at, updated_at) = (fields.needed_time("created_at"), fields.needed_time("updated_at"));
    let customer = customer(fields);
    let billing = fields.object("billing_address").map(|address| Address::read(&address));
    let payment = fields.object("payment");
    let (totals, base_totals) = (totals(fields, ""), totals(fields, "base_"));
    let items = items(fields);
    Some(Order {
        id: OrderId(id?),
        number: number?.into(),
        store: store?,
        status: status?.into(),
        state: state.map(Into::into),
        created_at: created_at?,
        updated_at: updated_at?,
        customer: customer?,
        billing,
        shipping: shipping_address(fields),
        payment_method: payment.as_ref().and_then(|payment| payment.text("method")).map(Into::into),
        purchase_order: payment.as_ref().and_then(|payment| payment.text("po_number")).map(Into::into),
        items: items?,
        totals: totals?,
        base_totals: base_totals?,
        json: ExactJson::Null,
    })
}

fn customer(fields: &Fields<'_>) -> Option<Customer> {
    let names = [fields.text("customer_firstname"), fields.text("customer_lastname")];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(Customer {
        id: fields.whole("customer_id").filter(|id| *id > 0),
        name: if name.trim().is_empty() { None } else { Some(name.into()) },
        vat_id: fields.text("customer_taxvat").map(Into::into),
        email: fields.needed_text("customer_email")?.into(),
    })
}

/// An order without goods to send has an assignment, too, but no address in it.
fn shipping_address(fields: &Fields<'_>) -> Option<Address> {
    let extension = fields.object("extension_attributes")?;
    let first = extension.objects("shipping_assignments").into_iter().next()?;
    first.object("shipping")?.object("address").map(|address| Address::read(&address))
}

fn items(fields: &Fields<'_>) -> Option<Vec<Item>> {
    let objects = fields.objects("items");
    if objects.len() > MAX_ITEMS {
        fields.note("items", format!("has {} items; expected at most {MAX_ITEMS}", objects.len()));
        return None;
    }
    let items: Vec<Option<Item>> = objects.iter().map(Item::read).collect();
    if items.is_empty() {
        fields.note("items", "is missing or empty; expected a list of what is ordered".to_owned());
        return None;
    }
    let items = items.into_iter().collect::<Option<Vec<Item>>>()?;
    let mut ids: Vec<u64> = items.iter().map(|item| item.id).collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        fields.note("items", format!("has item {} twice; expected each `item_id` once", twice[0]));
        return None;
    }
    Some(items)
}

/// Reads the sums of one currency; `prefix` is empty or `base_`.
fn totals(fields: &Fields<'_>, prefix: &str) -> Option<Totals> {
    let named = |name: &str| format!("{prefix}{name}");
    let code_field = if prefix.is_empty() { "order_currency_code" } else { "base_currency_code" };
    let currency = fields
        .needed_text(code_field)
        .and_then(|code| Currency::of(code).map_err(|unknown| fields.note(code_field, format!("says {unknown}"))).ok());
    let amount = |name: &str| fields.amount(&named(name));
    // Cut off by the shop's length for names of columns.
    let shipping_compensation = if prefix.is_empty() {
        "shipping_discount_tax_compensation_amount"
    } else {
        "shipping_discount_tax_compensation_amnt"
    };
    let extension = fields.object("extension_attributes");
    let extra = |name: &str| extension.as_ref().map(|fields| fields.amount(&named(name))).unwrap_or_default();
    let grand_total = fields.needed_decimal(&named("grand_total"));
    Some(Totals {
        subtotal: amount("subtotal"),
        discount: amount("discount_amount"),
        discount_tax_compensation: amount("discount_tax_compensation_amount"),
        tax: amount("tax_amount"),
        shipping: amount("shipping_amount"),
        shipping_discount: amount("shipping_discount_amount"),
        shipping_discount_tax_compensation: amount(shipping_compensation),
        shipping_tax: amount("shipping_tax_amount"),
        gift_cards: extra("gift_cards_amount"),
        store_credit: extra("customer_balance_amount"),
        reward_points: extra("reward_currency_amount"),
        currency: currency?,
        grand_total: grand_total?,
    })
}

//! Puts orders into the shop, as a customer would.

use crate::php::stamp;
use crate::state::State;
use crate::state::order::{Line, Order, cents, count};
use crate::state::product::Product;

use chrono::{DateTime, Utc};

/// What somebody orders.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// SKU; of a configurable product the SKU of the chosen variant stands in `variant`.
    pub sku: String,
    /// The chosen variant.
    pub variant: Option<String>,
    /// Pieces.
    pub qty: f64,
}

impl NewItem {
    /// Some pieces of a product.
    #[must_use]
    pub fn of(sku: &str, qty: f64) -> Self {
        Self { sku: sku.to_owned(), variant: None, qty }
    }
}

/// An order to put into the shop. It is paid by check, and shipping costs 5.00 a piece.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// E-mail address of the customer.
    pub email: String,
    /// What is ordered.
    pub items: Vec<NewItem>,
    /// A coupon that takes off ten percent.
    pub coupon: Option<String>,
}

/// Percent that a coupon takes off.
const COUPON: f64 = 10.0;
/// Shipping of a piece.
const FLAT_RATE: f64 = 5.0;

/// Places an order and gives its id, or the SKU that the shop does not have.
pub(crate) fn place(state: &mut State, new: &NewOrder, now: DateTime<Utc>) -> Result<i64, String> {
    let id = state.orders.list.last_key_value().map_or(1, |(id, _)| id + 1);
    let mut order = Order {
        id,
        increment_id: format!("{id:09}"),
        store: 1,
        created_at: stamp(now),
        updated_at: stamp(now),
        email: new.email.clone(),
        coupon: new.coupon.clone(),
        ..Order::default()
    };
    order.put_state("new");
    for item in &new.items {
        add(state, &mut order, item)?;
    }
    if order.lines.iter().any(|line| !line.is_virtual()) {
        order.shipping_address = Some(count(&mut state.orders.last_address));
    }
    order.billing_address = count(&mut state.orders.last_address);
    let pieces = order.named_lines().filter(|line| !line.is_virtual()).map(|line| line.ordered);
    order.shipping = FLAT_RATE * pieces.sum::<f64>();
    for line in order.lines.iter().filter(|line| line.kind != "configurable") {
        state.inventory.reserve(&line.sku, 0.0 - line.ordered);
    }
    state.orders.list.insert(id, order);
    Ok(id)
}

fn find(state: &State, sku: &str) -> Result<Product, String> {
    state.products.by_sku(sku).cloned().ok_or_else(|| format!("the shop has no product `{sku}` that could be ordered"))
}

fn add(state: &mut State, order: &mut Order, item: &NewItem) -> Result<(), String> {
    let product = find(state, &item.sku)?;
    let Some(variant) = &item.variant else {
        let line = line(&product, item.qty, count(&mut state.orders.last_line));
        order.lines.push(discounted(line, order.coupon.as_deref()));
        return Ok(());
    };
    let variant = find(state, variant)?;
    let mut parent = line(&variant, item.qty, count(&mut state.orders.last_line));
    parent.chosen = chosen(state, &product, &variant);
    parent.product = product.id;
    parent.kind.clone_from(&product.kind);
    product.value("name", 1).unwrap_or_default().clone_into(&mut parent.name);
    let mut child = line(&variant, item.qty, count(&mut state.orders.last_line));
    child.parent = Some(parent.id);
    child.price = 0.0;
    child.original_price = 0.0;
    order.lines.push(discounted(parent, order.coupon.as_deref()));
    order.lines.push(child);
    Ok(())
}

fn chosen(state: &State, product: &Product, variant: &Product) -> Vec<(i64, i64)> {
    let value = |attribute: i64| {
        let code = &state.attributes.by_id(attribute)?.code;
        Some((attribute, variant.value(code, 0)?.parse().ok()?))
    };
    product.variant_options.iter().filter_map(|option| value(option.attribute)).collect()
}

/// A special price counts from the moment it is there: one of 0.00 sells for nothing.
fn line(product: &Product, qty: f64, id: i64) -> Line {
    let original = product.decimal("price", 1).unwrap_or(0.0);
    let special = product.decimal("special_price", 1);
    Line {
        id,
        product: product.id,
        kind: product.kind.clone(),
        sku: product.sku.clone(),
        name: product.value("name", 1).unwrap_or_default().to_owned(),
        price: special.map_or(original, |special| special.min(original)),
        original_price: original,
        weight: product.decimal("weight", 1),
        ordered: qty,
        ..Line::default()
    }
}

fn discounted(mut line: Line, coupon: Option<&str>) -> Line {
    if coupon.is_some() {
        line.discount_percent = COUPON;
        line.discount = cents(line.price * line.ordered * COUPON / 100.0);
    }
    line
}

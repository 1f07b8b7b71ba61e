//! `order/:orderId/refund`, `invoice/:invoiceId/refund`, `creditmemo` and `creditmemos`.

use serde_json::{Value, json};

use super::document::{self, APPEND_COMMENT, COMMENT_OF, ITEMS, NOTIFY};
use super::{change, order, unknown_entity};
use crate::call::{Call, decimal_of};
use crate::php::number;
use crate::refusal::{Refusal, plain};
use crate::route::{Answer, Route, get, post};
use crate::shape::{Kind, Parameter, optional, whole};
use crate::state::order::{Document, History, Order, cents, count};

const RIGHT: &str = "Magento_Sales::sales_creditmemo";
const BODY: &[Parameter] = &[ITEMS, NOTIFY, APPEND_COMMENT, COMMENT_OF, optional("arguments", Kind::Any)];
const INVOICE_BODY: &[Parameter] =
    &[ITEMS, optional("isOnline", Kind::Flag), NOTIFY, APPEND_COMMENT, COMMENT_OF, optional("arguments", Kind::Any)];

pub(super) const ROUTES: &[Route] = &[
    post("/V1/order/:orderId/refund", "Magento_Sales::creditmemo", BODY, create)
        .named("Magento\\Sales\\Model\\RefundOrder::execute", "magento.sales.api.refundorderinterface.execute"),
    post("/V1/invoice/:invoiceId/refund", "Magento_Sales::sales_invoice", INVOICE_BODY, refund_invoice)
        .on("magento.sales.api.refundinvoiceinterface.execute"),
    get("/V1/creditmemos", RIGHT, list),
    get("/V1/creditmemo/:id", RIGHT, read),
];

/// The lines to refund: everything that was paid, or those that are named.
fn lines(order: &Order, wanted: Option<Vec<(i64, f64)>>) -> Result<Vec<(i64, f64)>, Refusal> {
    let Some(wanted) = wanted else {
        return Ok(order.named_lines().map(|line| (line.id, line.to_refund())).filter(|(_, qty)| *qty > 0.0).collect());
    };
    let mut found = Vec::new();
    for (id, qty) in wanted {
        let Some(line) = order.named_lines().find(|line| line.id == id) else { continue };
        if qty > line.to_refund() {
            return Err(Refusal::bad_with("We found an invalid quantity to refund item \"%1\".", json!([line.name])));
        }
        found.push((id, qty));
    }
    Ok(found)
}

fn create(call: &mut Call<'_>) -> Answer {
    let id = call.whole("orderId");
    let order = order(call, id)?;
    let lines = lines(order, document::wanted(call))?;
    let arguments = call.value("arguments").clone();
    let money = |name: &str| decimal_of(&arguments, name);
    let shipping = money("shipping_amount").unwrap_or(order.sums.shipping_invoiced - order.sums.shipping_refunded);
    let (plus, minus) = (money("adjustment_positive").unwrap_or(0.0), money("adjustment_negative").unwrap_or(0.0));
    let goods: f64 = lines.iter().filter_map(|(id, qty)| order.line(*id).map(|line| line.price * qty)).sum();
    let discount: f64 = lines.iter().filter_map(|(id, qty)| order.line(*id).map(|line| line.discount_of(*qty))).sum();
    let total = cents(goods - discount + shipping + plus - minus);
    refuse(order, &lines, total)?;
    let mut documents = std::mem::take(&mut call.state.orders.creditmemos);
    let mut made = document::document(call, &mut documents, id, &lines);
    made.shipping = shipping;
    made.discount = cents(discount);
    made.adjustment = arguments.is_object().then_some((plus, minus));
    let number = made.id;
    book(call, id, &made, total);
    documents.list.insert(number, made);
    call.state.orders.creditmemos = documents;
    return_to_stock(call, id, &lines, &arguments);
    Ok(json!(number.to_string()))
}

fn refuse(order: &Order, lines: &[(i64, f64)], total: f64) -> Result<(), Refusal> {
    let mut reasons = Vec::new();
    let most = cents(order.sums.invoiced.unwrap_or(0.0) - order.sums.refunded.unwrap_or(0.0));
    if order.state == "closed" {
        reasons.push(closed());
    } else if order.sums.invoiced.is_none() {
        reasons.push("The order does not allow a creditmemo to be created.".to_owned());
    }
    if lines.is_empty() && total <= 0.0 {
        reasons.push("You can't create a creditmemo without products.".to_owned());
    }
    if reasons.is_empty() && total > most + 0.0001 {
        reasons.push(format!("The most money available to refund is {}.", plain(&number(most))));
    }
    document::refuse("Creditmemo", &reasons)
}

fn closed() -> String {
    "A creditmemo can not be created when an order has a status of closed".to_owned()
}

fn book(call: &mut Call<'_>, id: i64, made: &Document, total: f64) {
    let entry = count(&mut call.state.orders.last_history);
    let stamp = call.stamp();
    change(call, id, |order| {
        let mut goods = 0.0;
        for part in &made.parts {
            for line in order.lines.iter_mut().filter(|line| line.id == part.line || line.parent == Some(part.line)) {
                line.refunded += part.qty;
                goods += line.price * part.qty;
            }
        }
        let sums = &mut order.sums;
        let (plus, minus) = made.adjustment.unwrap_or_default();
        sums.subtotal_refunded = cents(sums.subtotal_refunded + goods);
        sums.discount_refunded = cents(sums.discount_refunded + made.discount);
        sums.shipping_refunded = cents(sums.shipping_refunded + made.shipping);
        sums.adjustment_positive = cents(sums.adjustment_positive + plus);
        sums.adjustment_negative = cents(sums.adjustment_negative + minus);
        sums.refunded = Some(cents(sums.refunded.unwrap_or(0.0) + total));
        order.has_quiet_documents = true;
        order.settle();
        order.histories.push(History {
            id: entry,
            comment: Some(format!("We refunded €{total:.2} offline.")),
            created_at: stamp,
            entity: Some("creditmemo".to_owned()),
            is_customer_notified: 0,
            is_visible_on_front: 0,
            status: order.status.clone(),
        });
    });
}

/// Puts back what the request says.
fn return_to_stock(call: &mut Call<'_>, id: i64, lines: &[(i64, f64)], arguments: &Value) {
    let named = arguments.pointer("/extension_attributes/return_to_stock_items").and_then(Value::as_array);
    let named: Vec<i64> = named.into_iter().flatten().filter_map(whole).collect();
    let Some(order) = call.state.orders.list.get(&id) else { return };
    let back: Vec<(String, f64)> = lines
        .iter()
        .filter(|(line, _)| named.contains(line))
        .filter_map(|(line, qty)| Some((order.line(*line)?.sku.clone(), *qty)))
        .collect();
    for (sku, qty) in back {
        call.state.inventory.take(&sku, 0.0 - qty);
    }
}

/// What is paid by check cannot be refunded through its invoice.
fn refund_invoice(call: &mut Call<'_>) -> Answer {
    let invoice = call.state.orders.invoices.list.get(&call.whole("invoiceId")).ok_or_else(unknown_entity)?;
    let order = order(call, invoice.order)?;
    let mut reasons = Vec::new();
    if order.state == "closed" {
        reasons.push(closed());
    }
    reasons.push("We can't create creditmemo for the invoice.".to_owned());
    document::refuse("Creditmemo", &reasons)?;
    Ok(Value::Null)
}

fn show(document: &Document, order: &Order) -> Value {
    let mut fields = document::head(document, order);
    document::put_money(&mut fields, document, order);
    let (plus, minus) = document.adjustment.unwrap_or_default();
    for name in ["adjustment", "base_adjustment"] {
        fields[name] = number(plus - minus);
    }
    if document.adjustment.is_some() {
        for (name, value) in [("adjustment_positive", plus), ("adjustment_negative", minus)] {
            fields[name] = number(value);
            fields[format!("base_{name}")] = number(value);
        }
    }
    let mut items = document::money_items(document, order);
    for item in &mut items {
        item["base_cost"] = Value::Null;
        item["weee_tax_applied"] = json!("[]");
        for name in ["base_weee_tax_row_disposition", "weee_tax_applied_row_amount", "weee_tax_row_disposition"] {
            item[name] = json!(0);
        }
    }
    fields["items"] = json!(items);
    fields
}

fn read(call: &mut Call<'_>) -> Answer {
    document::read(call.state, &call.state.orders.creditmemos, call.whole("id"), show)
}

fn list(call: &mut Call<'_>) -> Answer {
    document::search(call, &call.state.orders.creditmemos, show)
}

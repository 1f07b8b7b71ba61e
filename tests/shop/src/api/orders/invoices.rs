//! `order/:orderId/invoice` and `invoices`.

use serde_json::{Value, json};

use super::document::{self, APPEND_COMMENT, COMMENT_OF, ITEMS, NOTIFY};
use super::{change, order};
use crate::call::Call;
use crate::php::number;
use crate::refusal::Refusal;
use crate::route::{Answer, Route, get, post};
use crate::shape::{Kind, Parameter, optional};
use crate::state::order::{Document, Order, cents};

const RIGHT: &str = "Magento_Sales::sales_invoice";
const BODY: &[Parameter] =
    &[optional("capture", Kind::Flag), ITEMS, NOTIFY, APPEND_COMMENT, COMMENT_OF, optional("arguments", Kind::Any)];

pub(super) const ROUTES: &[Route] = &[
    post("/V1/order/:orderId/invoice", "Magento_Sales::invoice", BODY, create)
        .named("Magento\\Sales\\Model\\InvoiceOrder::execute", "magento.sales.api.invoiceorderinterface.execute"),
    get("/V1/invoices", RIGHT, list),
    get("/V1/invoices/:id", RIGHT, read),
    post("/V1/invoices/:id/capture", RIGHT, &[], capture).on("magento.sales.api.invoicemanagementinterface.setcapture"),
];

/// The lines to invoice: all that are open, or those that are named as far as documents may name them.
fn lines(order: &Order, wanted: Option<Vec<(i64, f64)>>) -> Result<Vec<(i64, f64)>, Refusal> {
    let Some(wanted) = wanted else {
        return Ok(order
            .named_lines()
            .map(|line| (line.id, line.to_invoice()))
            .filter(|(_, qty)| *qty > 0.0)
            .collect());
    };
    let mut found = Vec::new();
    for (id, qty) in wanted {
        let Some(line) = order.named_lines().find(|line| line.id == id) else { continue };
        if qty > line.to_invoice() {
            return Err(Refusal::bad_with("We found an invalid quantity to invoice item \"%1\".", json!([line.name])));
        }
        if qty > 0.0 {
            found.push((id, qty));
        }
    }
    Ok(found)
}

fn create(call: &mut Call<'_>) -> Answer {
    let id = call.whole("orderId");
    let order = order(call, id)?;
    let lines = lines(order, document::wanted(call))?;
    let mut reasons = Vec::new();
    if lines.is_empty() {
        reasons.push("The invoice can't be created without products. Add products and try again.".to_owned());
    }
    if ["canceled", "holded"].contains(&order.state.as_str()) {
        reasons.push(format!("An invoice cannot be created when an order has a status of {}", order.status));
    } else if !order.can_invoice() {
        reasons.push("The order does not allow an invoice to be created.".to_owned());
    }
    document::refuse("Invoice", &reasons)?;
    // The first invoice carries the whole shipping.
    let shipping = if order.sums.invoiced.is_none() { order.shipping } else { 0.0 };
    let discount: f64 = lines.iter().filter_map(|(id, qty)| order.line(*id).map(|line| line.discount_of(*qty))).sum();
    let taken: Vec<(String, f64)> = lines
        .iter()
        .filter_map(|(id, qty)| order.line(*id).filter(|line| line.is_virtual()).map(|line| (line.sku.clone(), *qty)))
        .collect();
    let mut documents = std::mem::take(&mut call.state.orders.invoices);
    let mut made = document::document(call, &mut documents, id, &lines);
    made.shipping = shipping;
    made.discount = cents(discount);
    let number = made.id;
    change(call, id, |order| book(order, &lines, &made));
    documents.list.insert(number, made);
    call.state.orders.invoices = documents;
    // What is not shipped leaves the source when it is paid.
    for (sku, qty) in taken {
        call.state.inventory.reserve(&sku, qty);
        call.state.inventory.take(&sku, qty);
    }
    Ok(json!(number.to_string()))
}

fn book(order: &mut Order, lines: &[(i64, f64)], made: &Document) {
    let mut subtotal = 0.0;
    for line in &mut order.lines {
        let named = line.parent.unwrap_or(line.id);
        let Some((_, qty)) = lines.iter().find(|(id, _)| *id == named) else { continue };
        line.invoiced += qty;
        subtotal += line.price * qty;
    }
    let sums = &mut order.sums;
    sums.subtotal_invoiced = cents(sums.subtotal_invoiced + subtotal);
    sums.discount_invoiced = cents(sums.discount_invoiced + made.discount);
    sums.shipping_invoiced = cents(sums.shipping_invoiced + made.shipping);
    sums.invoiced = Some(cents(sums.invoiced.unwrap_or(0.0) + subtotal - made.discount + made.shipping));
    order.settle();
}

fn show(document: &Document, order: &Order) -> Value {
    let mut fields = document::head(document, order);
    document::put_money(&mut fields, document, order);
    fields["can_void_flag"] = json!(0);
    fields["total_qty"] = number(document.parts.iter().map(|part| part.qty).sum());
    for name in ["base_shipping_discount_tax_compensation_amnt", "shipping_discount_tax_compensation_amount"] {
        fields[name] = json!(0);
    }
    fields["items"] = json!(document::money_items(document, order));
    fields
}

fn read(call: &mut Call<'_>) -> Answer {
    document::read(call.state, &call.state.orders.invoices, call.whole("id"), show)
}

fn list(call: &mut Call<'_>) -> Answer {
    document::search(call, &call.state.orders.invoices, show)
}

/// What is paid by check is captured with its invoice.
fn capture(call: &mut Call<'_>) -> Answer {
    read(call)?;
    Err(Refusal::bad("The capture action is not available."))
}

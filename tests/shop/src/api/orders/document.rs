//! What invoices, shipments and credit memos have in common.

use serde_json::{Value, json};

use crate::call::{Call, decimal_of, text_of, whole_of};
use crate::php::number;
use crate::refusal::Refusal;
use crate::route::Answer;
use crate::search::Criteria;
use crate::shape::{Kind, Parameter, Shape, optional};
use crate::state::State;
use crate::state::order::{Comment, Document, Documents, Order, Part, count};

const ITEM: Shape = Shape {
    name: "\\Magento\\Sales\\Api\\Data\\LineItemInterface",
    fields: &[("order_item_id", Kind::Int), ("qty", Kind::Float), ("extension_attributes", Kind::Any)],
};
const COMMENT: Shape = Shape {
    name: "\\Magento\\Sales\\Api\\Data\\CommentInterface",
    fields: &[("comment", Kind::Text), ("is_visible_on_front", Kind::Int), ("extension_attributes", Kind::Any)],
};

/// Lines of a document.
pub(super) const ITEMS: Parameter = optional("items", Kind::List(&Kind::Object(&ITEM)));
/// Whether the customer is told.
pub(super) const NOTIFY: Parameter = optional("notify", Kind::Flag);
/// Whether the comment is told to the customer.
pub(super) const APPEND_COMMENT: Parameter = optional("appendComment", Kind::Flag);
/// A comment.
pub(super) const COMMENT_OF: Parameter = optional("comment", Kind::Object(&COMMENT));

/// Line and quantity as they were sent; none if the request names no lines.
pub(super) fn wanted(call: &Call<'_>) -> Option<Vec<(i64, f64)>> {
    let list = call.list("items");
    let pair = |item: &Value| (whole_of(item, "order_item_id").unwrap_or(0), decimal_of(item, "qty").unwrap_or(0.0));
    (!list.is_empty()).then(|| list.iter().map(pair).collect())
}

/// Refuses a document for all its reasons at once.
pub(super) fn refuse(kind: &str, reasons: &[String]) -> Result<(), Refusal> {
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Refusal::bad(format!("{kind} Document Validation Error(s):\n{}", reasons.join("\n"))))
}

/// A new document without sums.
pub(super) fn document(call: &Call<'_>, documents: &mut Documents, order: i64, lines: &[(i64, f64)]) -> Document {
    let id = documents.list.last_key_value().map_or(1, |(id, _)| id + 1);
    let part = |(line, qty): &(i64, f64)| Part { id: count(&mut documents.last_part), line: *line, qty: *qty };
    let parts = lines.iter().map(part).collect();
    let sent = call.value("comment");
    let comment = |text| Comment {
        id: count(&mut documents.last_comment),
        text,
        is_visible_on_front: whole_of(sent, "is_visible_on_front").unwrap_or(0),
        created_at: call.stamp(),
    };
    let comments = text_of(sent, "comment").map(comment).into_iter().collect();
    Document {
        id,
        order,
        created_at: call.stamp(),
        parts,
        shipping: 0.0,
        discount: 0.0,
        adjustment: None,
        comments,
        tracks: Vec::new(),
    }
}

/// The fields that all documents show.
pub(super) fn head(document: &Document, order: &Order) -> Value {
    let mut fields = json!({
        "billing_address_id": order.billing_address, "created_at": document.created_at, "entity_id": document.id,
        "increment_id": format!("{:09}", document.id), "order_id": order.id, "store_id": order.store,
        "updated_at": document.created_at, "comments": comments(document),
    });
    if let Some(address) = order.shipping_address {
        fields["shipping_address_id"] = json!(address);
    }
    fields
}

fn comments(document: &Document) -> Vec<Value> {
    let shown = |comment: &Comment| {
        json!({
            "is_customer_notified": 0, "parent_id": document.id, "comment": comment.text,
            "is_visible_on_front": comment.is_visible_on_front, "created_at": comment.created_at, "entity_id": comment.id,
        })
    };
    document.comments.iter().map(shown).collect()
}

/// Sums of a document about money.
pub(super) fn put_money(fields: &mut Value, document: &Document, order: &Order) {
    let price = |part: &Part| order.line(part.line).map_or(0.0, |line| line.price * part.qty);
    let subtotal: f64 = crate::state::order::cents(document.parts.iter().map(price).sum());
    let (plus, minus) = document.adjustment.unwrap_or_default();
    let total = crate::state::order::cents(subtotal - document.discount + document.shipping + plus - minus);
    let sums = [
        ("discount_amount", 0.0 - document.discount),
        ("grand_total", total),
        ("discount_tax_compensation_amount", 0.0),
        ("shipping_amount", document.shipping),
        ("shipping_incl_tax", document.shipping),
        ("shipping_tax_amount", 0.0),
        ("subtotal", subtotal),
        ("subtotal_incl_tax", subtotal),
        ("tax_amount", 0.0),
    ];
    for (name, value) in sums {
        fields[name] = number(value);
        fields[format!("base_{name}")] = number(value);
    }
    for (name, value) in [
        ("base_to_global_rate", 1),
        ("base_to_order_rate", 1),
        ("store_to_base_rate", 0),
        ("store_to_order_rate", 0),
        ("state", 2),
    ] {
        fields[name] = json!(value);
    }
    for name in ["base_currency_code", "global_currency_code", "order_currency_code", "store_currency_code"] {
        fields[name] = json!("EUR");
    }
}

/// Lines of a document about money.
pub(super) fn money_items(document: &Document, order: &Order) -> Vec<Value> {
    let shown = |part: &Part| {
        let line = order.line(part.line)?;
        let row = crate::state::order::cents(line.price * part.qty);
        let mut fields = json!({
            "entity_id": part.id, "name": line.name, "parent_id": document.id, "product_id": line.product, "sku": line.sku,
            "order_item_id": line.id, "qty": number(part.qty),
        });
        let sums = [
            ("discount_tax_compensation_amount", 0.0),
            ("price", line.price),
            ("price_incl_tax", line.price),
            ("row_total", row),
            ("row_total_incl_tax", row),
            ("tax_amount", 0.0),
        ];
        for (name, value) in sums {
            fields[name] = number(value);
            fields[format!("base_{name}")] = number(value);
        }
        Some(fields)
    };
    document.parts.iter().filter_map(shown).collect()
}

/// How a document is shown.
pub(super) type Show = fn(&Document, &Order) -> Value;

/// A single document.
pub(super) fn read(state: &State, documents: &Documents, id: i64, show: Show) -> Answer {
    let document = documents.list.get(&id).ok_or_else(super::unknown_entity)?;
    let order = state.orders.list.get(&document.order).ok_or_else(super::unknown_entity)?;
    Ok(show(document, order))
}

/// A list of documents.
pub(super) fn search(call: &Call<'_>, documents: &Documents, show: Show) -> Answer {
    let criteria = Criteria::read(&call.query)?;
    let all = documents
        .list
        .values()
        .filter_map(|document| Some(show(document, call.state.orders.list.get(&document.order)?)));
    let found: Vec<Value> = all.filter(|one| criteria.holds(|name| text_of(one, name))).collect();
    Ok(criteria.answer(found, text_of, Value::clone))
}

//! An order as it is answered. Sums appear only once they are set.

use serde_json::{Map, Value, json};

use crate::php::number;
use crate::state::order::{History, Line, Order, cents};

/// The address of every customer of the local shop.
fn address(order: &Order, kind: &str, id: i64) -> Value {
    json!({
        "address_type": kind, "city": "Musterstadt", "country_id": "DE", "email": order.email, "entity_id": id,
        "firstname": "Erika", "lastname": "Beispiel", "parent_id": order.id, "postcode": "80331", "region": "Bayern",
        "region_code": "BAY", "region_id": 81, "street": ["Musterweg 1", "2. OG"], "telephone": "0000 000000",
    })
}

/// A whole order.
pub(super) fn order(order: &Order) -> Value {
    let shipped: Vec<&Line> = order.named_lines().collect();
    let weight: f64 = shipped.iter().map(|line| line.weight.unwrap_or(0.0) * line.ordered).sum();
    let ordered: f64 = shipped.iter().map(|line| line.ordered).sum();
    let mut fields = json!({
        "base_currency_code": "EUR", "base_to_global_rate": 1, "base_to_order_rate": 1, "global_currency_code": "EUR",
        "order_currency_code": "EUR", "store_currency_code": "EUR", "store_to_base_rate": 0, "store_to_order_rate": 0,
        "billing_address_id": order.billing_address, "created_at": order.created_at, "customer_email": order.email,
        "customer_firstname": "Erika", "customer_lastname": "Beispiel", "customer_group_id": 0, "customer_is_guest": 1,
        "customer_note_notify": i64::from(!order.has_quiet_documents), "entity_id": order.id, "increment_id": order.increment_id,
        "is_virtual": i64::from(order.is_virtual()), "protect_code": "0".repeat(32), "quote_id": order.id,
        "remote_ip": "127.0.0.1", "state": order.state, "status": order.status, "store_id": order.store,
        "store_name": "Main Website\nMain Website Store\nDefault Store View", "total_item_count": shipped.len(),
        "total_qty_ordered": number(ordered), "updated_at": order.updated_at, "weight": number(weight), "items": items(order),
        "billing_address": address(order, "billing", order.billing_address), "payment": payment(order),
        "status_histories": order.histories.iter().rev().map(|one| history(order, one)).collect::<Vec<_>>(),
        "base_total_due": number(order.total_due()), "total_due": number(order.total_due()),
    });
    if !order.is_virtual() {
        fields["shipping_description"] = json!("Flat Rate - Fixed");
    }
    for (name, value) in
        [("ext_order_id", &order.ext_order_id), ("coupon_code", &order.coupon), ("discount_description", &order.coupon)]
    {
        if let Some(value) = value {
            fields[name] = json!(value);
        }
    }
    if order.coupon.is_some() {
        fields["applied_rule_ids"] = json!("1");
    }
    put_sums(&mut fields, order);
    fields["extension_attributes"] = extension(order);
    fields
}

/// Puts a sum in both currencies, which are the same here.
fn put(fields: &mut Value, name: &str, value: f64) {
    fields[name] = number(value);
    fields[format!("base_{name}")] = number(value);
}

fn put_sums(fields: &mut Value, order: &Order) {
    put(fields, "discount_amount", 0.0 - order.discount());
    put(fields, "grand_total", order.grand_total());
    put(fields, "subtotal", order.subtotal());
    put(fields, "subtotal_incl_tax", order.subtotal());
    put(fields, "tax_amount", 0.0);
    put(fields, "discount_tax_compensation_amount", 0.0);
    for (name, value) in shipping_sums(order) {
        fields[name] = value;
    }
    let sums = &order.sums;
    if let Some(invoiced) = sums.invoiced {
        for name in ["total_invoiced", "total_paid"] {
            put(fields, name, invoiced);
        }
        put(fields, "subtotal_invoiced", sums.subtotal_invoiced);
        put(fields, "discount_invoiced", 0.0 - sums.discount_invoiced);
        put(fields, "tax_invoiced", 0.0);
        put(fields, "discount_tax_compensation_invoiced", 0.0);
        fields["base_total_invoiced_cost"] = json!(0);
    }
    if let Some(refunded) = sums.refunded {
        for name in ["total_refunded", "total_offline_refunded"] {
            put(fields, name, refunded);
        }
        put(fields, "subtotal_refunded", sums.subtotal_refunded);
        put(fields, "discount_refunded", 0.0 - sums.discount_refunded);
        put(fields, "adjustment_positive", sums.adjustment_positive);
        put(fields, "adjustment_negative", sums.adjustment_negative);
        for name in ["tax_refunded", "discount_tax_compensation_refunded"] {
            put(fields, name, 0.0);
        }
    }
    if order.is_canceled {
        let canceled = order.lines.iter().map(|line| line.canceled * line.price).sum();
        put(fields, "subtotal_canceled", cents(canceled));
        put(fields, "total_canceled", cents(canceled));
        for name in ["discount_canceled", "shipping_canceled", "tax_canceled"] {
            put(fields, name, 0.0);
        }
    }
}

/// What shipping costs, as it stands in the order and again in its extension.
fn shipping_sums(order: &Order) -> Map<String, Value> {
    let shipping = number(order.shipping);
    let mut fields = json!({
        "base_shipping_amount": shipping, "base_shipping_discount_amount": 0, "base_shipping_discount_tax_compensation_amnt": 0,
        "base_shipping_incl_tax": shipping, "base_shipping_tax_amount": 0, "shipping_amount": shipping,
        "shipping_discount_amount": 0, "shipping_discount_tax_compensation_amount": 0, "shipping_incl_tax": shipping,
        "shipping_tax_amount": 0,
    });
    if order.sums.invoiced.is_some() {
        put(&mut fields, "shipping_invoiced", order.sums.shipping_invoiced);
    }
    if order.sums.refunded.is_some() {
        put(&mut fields, "shipping_refunded", order.sums.shipping_refunded);
        put(&mut fields, "shipping_tax_refunded", 0.0);
    }
    fields.as_object().cloned().unwrap_or_default()
}

fn payment(order: &Order) -> Value {
    let mut fields = json!({
        "account_status": null, "additional_information": ["Check / Money order"], "cc_last4": null, "entity_id": order.id,
        "method": "checkmo", "parent_id": order.id,
    });
    put(&mut fields, "amount_ordered", order.grand_total());
    put(&mut fields, "shipping_amount", order.shipping);
    if let Some(invoiced) = order.sums.invoiced {
        put(&mut fields, "amount_paid", invoiced);
        put(&mut fields, "shipping_captured", order.sums.shipping_invoiced);
    }
    if let Some(refunded) = order.sums.refunded {
        put(&mut fields, "amount_refunded", refunded);
        put(&mut fields, "shipping_refunded", order.sums.shipping_refunded);
    }
    fields
}

fn extension(order: &Order) -> Value {
    let mut shipping = json!({"total": shipping_sums(order)});
    if let Some(id) = order.shipping_address {
        shipping["address"] = address(order, "shipping", id);
        shipping["method"] = json!("flatrate_flatrate");
    }
    json!({
        "shipping_assignments": [{"shipping": shipping, "items": items(order)}],
        "payment_additional_info": [{"key": "method_title", "value": "Check / Money order"}], "applied_taxes": [],
        "item_applied_taxes": [], "converting_from_quote": false, "taxes": [], "additional_itemized_taxes": [],
    })
}

/// The lines; that of a variant carries a copy of its configurable one.
pub(super) fn items(order: &Order) -> Vec<Value> {
    let shown = |line: &Line| {
        let mut fields = item(order, line);
        if let Some(parent) = line.parent.and_then(|id| order.line(id)) {
            fields["parent_item_id"] = json!(parent.id);
            fields["parent_item"] = item(order, parent);
        }
        fields
    };
    order.lines.iter().map(shown).collect()
}

/// A line without what only whole orders show.
pub(super) fn without_extension(item: &Value) -> Value {
    let mut fields = item.clone();
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("extension_attributes");
    }
    if let Some(parent) = fields.get_mut("parent_item").and_then(Value::as_object_mut) {
        parent.remove("extension_attributes");
    }
    fields
}

fn item(order: &Order, line: &Line) -> Value {
    let mut fields = json!({
        "created_at": order.created_at, "updated_at": order.created_at, "discount_percent": number(line.discount_percent),
        "free_shipping": 0, "is_qty_decimal": 0, "is_virtual": i64::from(line.is_virtual()), "item_id": line.id,
        "name": line.name, "no_discount": 0, "order_id": order.id, "original_price": number(line.original_price),
        "product_id": line.product, "product_type": line.kind, "qty_canceled": number(line.canceled),
        "qty_invoiced": number(line.invoiced), "qty_ordered": number(line.ordered), "qty_refunded": number(line.refunded),
        "qty_shipped": number(line.shipped), "quote_item_id": line.id, "sku": line.sku, "store_id": order.store,
        "tax_percent": 0, "row_weight": number(line.weight.unwrap_or(0.0) * line.ordered),
        "extension_attributes": {"itemized_taxes": []},
    });
    if let Some(weight) = line.weight {
        fields["weight"] = number(weight);
    }
    if order.coupon.is_some() {
        fields["applied_rule_ids"] = json!("1");
    }
    let row = cents(line.price * line.ordered - line.discount);
    for (name, value) in [("amount_refunded", cents(line.price * line.refunded)), ("discount_amount", line.discount)] {
        put(&mut fields, name, value);
    }
    put(&mut fields, "discount_invoiced", if line.invoiced > 0.0 { line.discount_of(line.invoiced) } else { 0.0 });
    put(&mut fields, "row_invoiced", cents(line.price * line.invoiced));
    for (name, value) in [
        ("price", line.price),
        ("row_total", row),
        ("row_total_incl_tax", row),
        ("tax_amount", 0.0),
        ("tax_invoiced", 0.0),
    ] {
        put(&mut fields, name, value);
    }
    if line.parent.is_some() {
        fields["row_weight"] = json!(0);
    } else {
        put(&mut fields, "price_incl_tax", line.price);
        put(&mut fields, "discount_tax_compensation_amount", 0.0);
        fields["base_original_price"] = number(line.original_price);
    }
    put_refunded(&mut fields, line);
    if !line.chosen.is_empty() {
        let chosen = |(option, value): &(i64, i64)| json!({"option_id": option.to_string(), "option_value": value});
        let chosen: Vec<Value> = line.chosen.iter().map(chosen).collect();
        fields["product_option"] = json!({"extension_attributes": {"configurable_item_options": chosen}});
    }
    fields
}

/// What a line has once some of it was refunded.
fn put_refunded(fields: &mut Value, line: &Line) {
    if line.invoiced > 0.0 && line.parent.is_none() {
        put(fields, "discount_tax_compensation_invoiced", 0.0);
        fields["weee_tax_applied"] = json!("[]");
    }
    if line.refunded > 0.0 {
        put(fields, "discount_refunded", line.discount_of(line.refunded));
        for name in ["discount_tax_compensation_refunded", "tax_refunded"] {
            put(fields, name, 0.0);
        }
    }
}

/// An entry of the history.
pub(super) fn history(order: &Order, history: &History) -> Value {
    let mut fields = json!({
        "comment": history.comment, "created_at": history.created_at, "entity_id": history.id,
        "is_customer_notified": history.is_customer_notified, "is_visible_on_front": history.is_visible_on_front,
        "parent_id": order.id, "status": history.status,
    });
    if let Some(entity) = &history.entity {
        fields["entity_name"] = json!(entity);
    }
    fields
}

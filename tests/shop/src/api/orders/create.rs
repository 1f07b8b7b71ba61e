//! `orders/create` and `POST orders`: with an id they write the given fields and check nothing.

use serde_json::{Value, json};

use super::body::ORDER;
use super::{change, order, view};
use crate::call::{Call, text_of, whole_of};
use crate::refusal::Refusal;
use crate::route::{Answer, Route, post, put};
use crate::shape::{Kind, Parameter, required};

const RIGHT: &str = "Magento_Sales::create";
const BODY: &[Parameter] = &[required("entity", Kind::Object(&ORDER))];

pub(super) const ROUTES: &[Route] = &[
    put("/V1/orders/create", RIGHT, BODY, save).on("magento.sales.api.orderrepositoryinterface.save"),
    post("/V1/orders", RIGHT, BODY, save).on("magento.sales.api.orderrepositoryinterface.save"),
];

fn save(call: &mut Call<'_>) -> Answer {
    let sent = call.value("entity").clone();
    let Some(id) = whole_of(&sent, "entity_id") else {
        return Err(Refusal::bad("Please provide payment for the order."));
    };
    order(call, id)?;
    let number = text_of(&sent, "increment_id");
    let is_taken =
        call.state.orders.list.values().any(|other| other.id != id && Some(&other.increment_id) == number.as_ref());
    if is_taken {
        return Err(Refusal::bad("Unique constraint violation found"));
    }
    change(call, id, |order| {
        for (name, place) in
            [("state", &mut order.state), ("status", &mut order.status), ("customer_email", &mut order.email)]
        {
            if let Some(value) = text_of(&sent, name) {
                *place = value;
            }
        }
        if let Some(value) = text_of(&sent, "ext_order_id") {
            order.ext_order_id = Some(value);
        }
    });
    let saved = view::order(order(call, id)?);
    Ok(answer(&saved, &sent))
}

/// The answer knows only what was sent: sums are null or 0 although those of the order are intact.
fn answer(saved: &Value, sent: &Value) -> Value {
    let mut fields = json!({"base_grand_total": null, "base_total_due": 0, "customer_email": null, "grand_total": null, "total_due": 0});
    for name in [
        "billing_address_id",
        "created_at",
        "entity_id",
        "updated_at",
        "billing_address",
        "payment",
        "status_histories",
    ] {
        fields[name] = saved[name].clone();
    }
    fields["items"] = saved["items"].as_array().into_iter().flatten().map(view::without_extension).collect();
    for (name, value) in sent.as_object().into_iter().flatten() {
        fields[name] = value.clone();
    }
    // What was sent once stays visible in later answers.
    if let (Some(number), None) = (saved.get("ext_order_id"), sent.get("ext_order_id")) {
        fields["ext_order_id"] = number.clone();
    }
    fields
}

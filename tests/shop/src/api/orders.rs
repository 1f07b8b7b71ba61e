//! `orders`: read, search, cancel, hold, comment, and the call that writes fields without any check.

mod body;
mod create;
mod creditmemos;
mod document;
mod invoices;
mod placing;
mod shipments;
mod view;

use serde_json::{Value, json};

use crate::call::{Call, text_of, whole_of};
use crate::refusal::Refusal;
use crate::route::{Answer, Route, get, post};
use crate::search::Criteria;
use crate::shape::{Kind, Shape, required};
use crate::state::order::{History, Order, count};

pub(crate) use placing::place;
pub use placing::{NewItem, NewOrder};

const VIEW: &str = "Magento_Sales::actions_view";

const HISTORY: Shape = Shape {
    name: "\\Magento\\Sales\\Api\\Data\\OrderStatusHistoryInterface",
    fields: &[
        ("comment", Kind::Text),
        ("created_at", Kind::Text),
        ("entity_id", Kind::Int),
        ("entity_name", Kind::Text),
        ("is_customer_notified", Kind::Int),
        ("is_visible_on_front", Kind::Int),
        ("parent_id", Kind::Int),
        ("status", Kind::Text),
        ("extension_attributes", Kind::Any),
    ],
};

/// The routes of orders themselves.
pub(crate) const ROUTES: &[Route] = &[
    get("/V1/orders", VIEW, search),
    get("/V1/orders/:id", VIEW, read),
    get("/V1/orders/items", VIEW, items),
    get("/V1/orders/:id/statuses", VIEW, status),
    get("/V1/orders/:id/comments", VIEW, comments),
    post(
        "/V1/orders/:id/comments",
        "Magento_Sales::comment",
        &[required("statusHistory", Kind::Object(&HISTORY))],
        comment,
    )
    .on("magento.sales.api.ordermanagementinterface.addcomment"),
    post("/V1/orders/:id/cancel", "Magento_Sales::cancel", &[], cancel)
        .on("magento.sales.api.ordermanagementinterface.cancel"),
    post("/V1/orders/:id/hold", "Magento_Sales::hold", &[], hold).on("magento.sales.api.ordermanagementinterface.hold"),
    post("/V1/orders/:id/unhold", "Magento_Sales::unhold", &[], unhold)
        .on("magento.sales.api.ordermanagementinterface.unhold"),
    post("/V1/orders/:id/emails", "Magento_Sales::emails", &[], emails)
        .on("magento.sales.api.ordermanagementinterface.notify"),
];

/// The routes of everything around orders.
pub(crate) const AREAS: &[&[Route]] = &[create::ROUTES, invoices::ROUTES, shipments::ROUTES, creditmemos::ROUTES];

/// What the shop says of an order or document it does not have.
fn unknown_entity() -> Refusal {
    Refusal::missing("The entity that was requested doesn't exist. Verify the entity and try again.")
}

fn order<'a>(call: &'a Call<'_>, id: i64) -> Result<&'a Order, Refusal> {
    call.state.orders.list.get(&id).ok_or_else(unknown_entity)
}

fn read(call: &mut Call<'_>) -> Answer {
    order(call, call.whole("id")).map(view::order)
}

/// A field that no order has is an error of the database, to filter by as well as to sort by.
fn search(call: &mut Call<'_>) -> Answer {
    let mut criteria = Criteria::read(&call.query)?;
    if let Some(limits) = call.state.limits {
        criteria.limit(limits.page_size, limits.default_page_size)?;
    }
    let is_known = |field: &str| body::ORDER.fields.iter().any(|(known, _)| *known == field);
    let sorted = criteria.orders.iter().map(|(field, _)| field.as_str());
    if criteria.fields().chain(sorted).any(|field| !is_known(field)) {
        return Err(Refusal::Internal);
    }
    let field = |one: &&Order, name: &str| text_of(&view::order(one), name);
    let found: Vec<&Order> =
        call.state.orders.list.values().filter(|one| criteria.holds(|name| field(one, name))).collect();
    Ok(criteria.answer(found, field, |one| view::order(one)))
}

fn items(call: &mut Call<'_>) -> Answer {
    let criteria = Criteria::read(&call.query)?;
    let all = call.state.orders.list.values().flat_map(view::items);
    let found: Vec<Value> = all.filter(|item| criteria.holds(|name| text_of(item, name))).collect();
    Ok(criteria.answer(found, text_of, view::without_extension))
}

fn status(call: &mut Call<'_>) -> Answer {
    order(call, call.whole("id")).map(|order| json!(order.status))
}

fn comments(call: &mut Call<'_>) -> Answer {
    let order = order(call, call.whole("id"))?;
    let items: Vec<Value> = order.histories.iter().map(|history| view::history(order, history)).collect();
    let filter = json!({"field": "parent_id", "value": order.id.to_string(), "condition_type": "eq"});
    Ok(
        json!({"items": items, "search_criteria": {"filter_groups": [{"filters": [filter]}]}, "total_count": items.len()}),
    )
}

/// Adds a comment. Its status has to be one of the order's state; without one it is the present one.
fn comment(call: &mut Call<'_>) -> Answer {
    let (id, sent, stamp) = (call.whole("id"), call.value("statusHistory").clone(), call.stamp());
    let order = order(call, id)?;
    let status = text_of(&sent, "status").unwrap_or_else(|| order.status.clone());
    let own = if order.state == "new" { "pending" } else { order.state.as_str() };
    if status != own && status != order.status {
        let message =
            "Unable to add comment: The status \"%1\" is not part of the order\n                 status history.";
        return Err(Refusal::bad_with(message, json!([status])));
    }
    let history = History {
        id: count(&mut call.state.orders.last_history),
        comment: text_of(&sent, "comment"),
        created_at: stamp,
        entity: text_of(&sent, "entity_name"),
        is_customer_notified: whole_of(&sent, "is_customer_notified").unwrap_or(0),
        is_visible_on_front: whole_of(&sent, "is_visible_on_front").unwrap_or(0),
        status,
    };
    if let Some(order) = call.state.orders.list.get_mut(&id) {
        order.histories.push(history);
    }
    Ok(true.into())
}

/// Changes an order and says when.
fn change(call: &mut Call<'_>, id: i64, change: impl FnOnce(&mut Order)) {
    let stamp = call.stamp();
    if let Some(order) = call.state.orders.list.get_mut(&id) {
        change(order);
        order.updated_at = stamp;
    }
}

/// Cancels what is open. An order that cannot be cancelled is no error: the answer is just false.
fn cancel(call: &mut Call<'_>) -> Answer {
    let id = call.whole("id");
    let order = order(call, id)?;
    let is_over = ["canceled", "holded", "complete", "closed"].contains(&order.state.as_str());
    if is_over || !order.can_invoice() {
        return Ok(false.into());
    }
    let open: Vec<(String, f64)> = order
        .lines
        .iter()
        .filter(|line| line.kind != "configurable")
        .map(|line| (line.sku.clone(), line.to_cancel()))
        .collect();
    change(call, id, |order| {
        let state = state_after_cancel(order);
        for line in &mut order.lines {
            line.canceled += line.to_cancel();
        }
        order.put_state(state);
        order.is_canceled = true;
    });
    for (sku, qty) in open {
        call.state.inventory.reserve(&sku, qty);
    }
    Ok(true.into())
}

/// What was invoiced stays: the order goes on, or is complete with something due.
fn state_after_cancel(order: &Order) -> &'static str {
    let mut state = "canceled";
    for line in order.named_lines() {
        if state != "processing" && line.to_refund() > 0.0 {
            state = if line.to_ship() > line.to_cancel() { "processing" } else { "complete" };
        }
    }
    state
}

fn hold(call: &mut Call<'_>) -> Answer {
    let id = call.whole("id");
    let order = order(call, id)?;
    if !["new", "processing"].contains(&order.state.as_str()) {
        return Err(Refusal::bad("A hold action is not available."));
    }
    change(call, id, |order| {
        order.before_hold = Some((order.state.clone(), order.status.clone()));
        order.put_state("holded");
    });
    Ok(true.into())
}

fn unhold(call: &mut Call<'_>) -> Answer {
    let id = call.whole("id");
    let Some((state, status)) = order(call, id)?.before_hold.clone() else {
        return Err(Refusal::bad("You cannot remove the hold."));
    };
    change(call, id, |order| {
        order.before_hold = None;
        order.state = state;
        order.status = status;
    });
    Ok(true.into())
}

fn emails(call: &mut Call<'_>) -> Answer {
    order(call, call.whole("id")).map(|_| true.into())
}

//! `order/:orderId/ship`, `shipment` and `shipments`.

use serde_json::{Value, json};

use super::document::{self, APPEND_COMMENT, COMMENT_OF, ITEMS, NOTIFY};
use super::{change, order};
use crate::call::{Call, whole_of};
use crate::php::number;
use crate::refusal::Refusal;
use crate::route::{Answer, Route, get, post};
use crate::shape::{Kind, Parameter, Shape, optional, required};
use crate::state::order::{Document, Order, count};

const RIGHT: &str = "Magento_Sales::shipment";

const TRACK: Shape = Shape {
    name: "\\Magento\\Sales\\Api\\Data\\ShipmentTrackInterface",
    fields: &[
        ("order_id", Kind::Int),
        ("created_at", Kind::Text),
        ("entity_id", Kind::Int),
        ("parent_id", Kind::Int),
        ("updated_at", Kind::Text),
        ("weight", Kind::Float),
        ("qty", Kind::Float),
        ("description", Kind::Text),
        ("track_number", Kind::Text),
        ("title", Kind::Text),
        ("carrier_code", Kind::Text),
        ("extension_attributes", Kind::Any),
    ],
};

const BODY: &[Parameter] = &[
    ITEMS,
    NOTIFY,
    APPEND_COMMENT,
    COMMENT_OF,
    optional("tracks", Kind::List(&Kind::Object(&TRACK))),
    optional("packages", Kind::Any),
    optional("arguments", Kind::Any),
];

pub(super) const ROUTES: &[Route] = &[
    post("/V1/order/:orderId/ship", "Magento_Sales::ship", BODY, create)
        .named("Magento\\Sales\\Model\\ShipOrder::execute", "magento.sales.api.shiporderinterface.execute"),
    get("/V1/shipments", RIGHT, list),
    get("/V1/shipment/:id", RIGHT, read),
    post("/V1/shipment/track", RIGHT, &[required("entity", Kind::Object(&TRACK))], add_track)
        .on("magento.sales.api.shipmenttrackrepositoryinterface.save"),
];

/// The lines to ship. More than is left is no mistake: what is left is shipped.
fn lines(order: &Order, wanted: Option<Vec<(i64, f64)>>) -> Vec<(i64, f64)> {
    let shipped = order.named_lines().filter(|line| !line.is_virtual());
    let qty = |id: i64, left: f64| match &wanted {
        None => left,
        Some(list) => list.iter().find(|(one, _)| *one == id).map_or(0.0, |(_, qty)| qty.min(left)),
    };
    shipped.map(|line| (line.id, qty(line.id, line.to_ship()))).filter(|(_, qty)| *qty > 0.0).collect()
}

fn create(call: &mut Call<'_>) -> Answer {
    let id = call.whole("orderId");
    let order = order(call, id)?;
    let lines = lines(order, document::wanted(call));
    let mut reasons = Vec::new();
    if ["canceled", "holded"].contains(&order.state.as_str()) || order.is_virtual() {
        reasons.push(format!("A shipment cannot be created when an order has a status of {}", order.status));
    } else if !order.can_ship() {
        reasons.push("The order does not allow a shipment to be created.".to_owned());
    }
    if lines.is_empty() {
        reasons.push("You can't create a shipment without products.".to_owned());
    }
    document::refuse("Shipment", &reasons)?;
    let left = |named: i64| lines.iter().find(|(id, _)| *id == named).map(|(_, qty)| *qty);
    let pieces = order.lines.iter().filter(|line| line.kind != "configurable");
    let taken: Vec<(String, f64)> =
        pieces.filter_map(|line| Some((line.sku.clone(), left(line.parent.unwrap_or(line.id))?))).collect();
    let mut documents = std::mem::take(&mut call.state.orders.shipments);
    let mut made = document::document(call, &mut documents, id, &lines);
    for sent in call.list("tracks") {
        let track = track(call, &sent, id, made.id);
        made.tracks.push(track);
    }
    let number = made.id;
    documents.list.insert(number, made);
    call.state.orders.shipments = documents;
    change(call, id, |order| book(order, &lines));
    for (sku, qty) in taken {
        call.state.inventory.reserve(&sku, qty);
        call.state.inventory.take(&sku, qty);
    }
    Ok(json!(number.to_string()))
}

/// Only the named line counts as shipped, its variant does not.
fn book(order: &mut Order, lines: &[(i64, f64)]) {
    for line in &mut order.lines {
        if let Some((_, qty)) = lines.iter().find(|(id, _)| *id == line.id) {
            line.shipped += qty;
        }
    }
    if order.state == "new" {
        order.put_state("processing");
    }
    order.settle();
}

fn track(call: &mut Call<'_>, sent: &Value, order: i64, shipment: i64) -> serde_json::Map<String, Value> {
    let part = |name: &str| sent.get(name).cloned().unwrap_or_default();
    let described =
        part("description").as_str().filter(|text| !text.is_empty()).map_or(Value::Null, |text| json!(text));
    let float = |name: &str| part(name).as_f64().map_or(Value::Null, number);
    let fields = json!({
        "order_id": order, "created_at": call.stamp(), "entity_id": count(&mut call.state.orders.last_track),
        "parent_id": shipment, "updated_at": call.stamp(), "weight": float("weight"), "qty": float("qty"),
        "description": described, "track_number": part("track_number"), "title": part("title"),
        "carrier_code": part("carrier_code"),
    });
    fields.as_object().cloned().unwrap_or_default()
}

fn show(document: &Document, order: &Order) -> Value {
    let mut fields = document::head(document, order);
    let items: Vec<Value> = document
        .parts
        .iter()
        .filter_map(|part| {
            let line = order.line(part.line)?;
            let mut item = json!({
                "entity_id": part.id, "name": line.name, "parent_id": document.id, "price": number(line.price),
                "product_id": line.product, "sku": line.sku, "order_item_id": line.id, "qty": number(part.qty),
            });
            if let Some(weight) = line.weight {
                item["weight"] = number(weight);
            }
            Some(item)
        })
        .collect();
    fields["items"] = json!(items);
    fields["packages"] = json!([]);
    fields["total_qty"] = number(document.parts.iter().map(|part| part.qty).sum());
    fields["tracks"] = json!(document.tracks);
    fields["extension_attributes"] = json!({"source_code": "default"});
    fields
}

fn read(call: &mut Call<'_>) -> Answer {
    document::read(call.state, &call.state.orders.shipments, call.whole("id"), show)
}

fn list(call: &mut Call<'_>) -> Answer {
    document::search(call, &call.state.orders.shipments, show)
}

fn add_track(call: &mut Call<'_>) -> Answer {
    let sent = call.value("entity").clone();
    let shipment = whole_of(&sent, "parent_id").unwrap_or(0);
    if !call.state.orders.shipments.list.contains_key(&shipment) {
        return Err(Refusal::bad("Could not save the shipment tracking."));
    }
    let mut made = track(call, &sent, whole_of(&sent, "order_id").unwrap_or(0), shipment);
    if let Some(document) = call.state.orders.shipments.list.get_mut(&shipment) {
        document.tracks.push(made.clone());
    }
    // The answer gives an empty text back as it came, though it is stored as nothing.
    if let Some(description) = sent.get("description") {
        made.insert("description".to_owned(), description.clone());
    }
    Ok(Value::Object(made))
}

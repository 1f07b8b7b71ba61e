//! `bulk`: how far the operations of a bulk are. There is no status of the bulk as a whole.

use serde_json::{Value, json};

use crate::call::{Call, text_of};
use crate::php::escaped;
use crate::refusal::Refusal;
use crate::route::{Answer, Route, get};
use crate::search::Criteria;
use crate::state::bulk::{Bulk, Operation, Stage};

const RIGHT: &str = "Magento_Logging::system_magento_logging_bulk_operations";

pub(super) const ROUTES: &[Route] = &[
    get("/V1/bulk", RIGHT, search),
    get("/V1/bulk/:bulkUuid/status", RIGHT, status),
    get("/V1/bulk/:bulkUuid/detailed-status", RIGHT, detailed_status),
    get("/V1/bulk/:bulkUuid/operation-status/:status", RIGHT, count),
];

fn bulk<'a>(call: &'a Call<'_>) -> Result<&'a Bulk, Refusal> {
    let uuid = call.text("bulkUuid");
    let unknown = || Refusal::missing_with("Bulk uuid %bulkUuid not exist", json!({"bulkUuid": uuid}));
    call.state.bulks.by_uuid(&uuid).ok_or_else(unknown)
}

fn status(call: &mut Call<'_>) -> Answer {
    let bulk = bulk(call)?;
    Ok(view(bulk, ordered(bulk).into_iter().map(short).collect()))
}

fn detailed_status(call: &mut Call<'_>) -> Answer {
    let bulk = bulk(call)?;
    Ok(view(bulk, ordered(bulk).into_iter().map(|operation| detailed(bulk, operation)).collect()))
}

/// How many operations have a status. An unknown bulk and an unknown status have none.
fn count(call: &mut Call<'_>) -> Answer {
    let number = call.whole("status");
    let operations = call.state.bulks.by_uuid(&call.text("bulkUuid")).map(|bulk| &bulk.operations);
    let count = operations.into_iter().flatten().filter(|operation| operation.stage.number() == number).count();
    Ok(json!(count))
}

/// The order of the list is mostly that of the ids; where the first operation failed and another did not, it came last.
fn ordered(bulk: &Bulk) -> Vec<&Operation> {
    let mut operations: Vec<&Operation> = bulk.operations.iter().collect();
    let first_failed = operations.first().is_some_and(|first| first.stage == Stage::Failed);
    if first_failed && operations.iter().any(|operation| operation.stage == Stage::Done) {
        operations.rotate_left(1);
    }
    operations
}

fn view(bulk: &Bulk, operations: Vec<Value>) -> Value {
    json!({
        "operations_list": operations, "user_type": 1, "bulk_id": bulk.uuid, "description": format!("Topic {}", bulk.topic),
        "start_time": bulk.start_time, "user_id": bulk.user_id, "operation_count": bulk.operations.len(),
    })
}

fn short(operation: &Operation) -> Value {
    json!({
        "id": operation.id, "status": operation.stage.number(), "result_message": operation.message,
        "error_code": operation.error_code,
    })
}

/// What was sent is kept for open and failed operations only, what came of it for those that are done.
fn detailed(bulk: &Bulk, operation: &Operation) -> Value {
    let sent = || {
        let inner = escaped(&Value::Object(operation.sent.clone()));
        escaped(
            &json!({"entity_id": null, "entity_link": "", "meta_information": inner, "store_id": operation.store.to_string()}),
        )
    };
    let serialized = (operation.stage != Stage::Done).then(sent);
    let mut fields = short(operation);
    fields["bulk_uuid"] = json!(bulk.uuid);
    fields["topic_name"] = json!(bulk.topic);
    fields["serialized_data"] = json!(serialized);
    fields["result_serialized_data"] = json!(operation.result.as_ref().map(escaped));
    fields
}

/// Searches operations over all bulks.
fn search(call: &mut Call<'_>) -> Answer {
    let criteria = Criteria::read(&call.query)?;
    // The id of an order is the row, which grows with time: the place in the list stands for it.
    let rows: Vec<(usize, &Bulk, &Operation)> = call
        .state
        .bulks
        .list
        .iter()
        .flat_map(|bulk| bulk.operations.iter().map(move |one| (bulk, one)))
        .enumerate()
        .map(|(row, (bulk, one))| (row, bulk, one))
        .collect();
    let field = |(row, bulk, operation): &(usize, &Bulk, &Operation), name: &str| match name {
        "row" => Some(row.to_string()),
        "start_time" => Some(bulk.start_time.clone()),
        "bulk_uuid" => Some(bulk.uuid.clone()),
        "topic_name" => Some(bulk.topic.clone()),
        name => text_of(&short(operation), name),
    };
    let found: Vec<_> = rows.into_iter().filter(|one| criteria.holds(|name| field(one, name))).collect();
    let sorted_by_row =
        |one: &(usize, &Bulk, &Operation), name: &str| field(one, if name == "id" { "row" } else { name });
    Ok(criteria.answer(found, sorted_by_row, |(_, bulk, operation)| {
        let mut fields = detailed(bulk, operation);
        fields["extension_attributes"] = json!({"start_time": bulk.start_time});
        fields
    }))
}

//! The queue in front of asynchronous calls: what goes in, and the consumer that takes it out.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::call::{Call, Origin};
use crate::faults::{Faults, OperationFault};
use crate::php::stamp;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::route::Route;
use crate::state::State;
use crate::state::bulk::{Bulk, Operation, Stage};

/// What goes into the queue together.
pub(crate) struct Items {
    /// The uuid of the bulk.
    pub uuid: String,
    /// Place of the route in the list of routes.
    pub route: usize,
    pub store: u32,
    pub list: Vec<Map<String, Value>>,
}

/// Puts items into the queue and gives the answer of the request.
pub(crate) fn schedule(state: &mut State, routes: &[Route], items: Items, now: DateTime<Utc>) -> Value {
    let topic = routes[items.route].topic();
    let hash = |item: &Map<String, Value>| hex(&Sha256::digest(format!("{topic}{}", Value::Object(item.clone()))));
    let accepted: Vec<Value> = items
        .list
        .iter()
        .enumerate()
        .map(|(id, item)| json!({"id": id, "data_hash": hash(item), "status": "accepted"}))
        .collect();
    let place = state.bulks.list.len();
    let uuid = items.uuid;
    let operation = |(id, sent): (usize, Map<String, Value>)| Operation {
        id,
        stage: Stage::Open,
        store: items.store,
        sent,
        result: None,
        message: None,
        error_code: None,
    };
    let operations: Vec<Operation> = items.list.into_iter().enumerate().map(operation).collect();
    state.bulks.queue.extend((0..operations.len()).map(|id| (place, id)));
    state.bulks.list.push(Bulk {
        uuid: uuid.clone(),
        topic,
        route: items.route,
        start_time: stamp(now),
        user_id: 1,
        operations,
    });
    json!({"bulk_uuid": uuid, "request_items": accepted, "errors": false})
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Consumed {
    /// The operation is done or failed.
    One,
    /// Nothing waits.
    Nothing,
    /// The operation ended the process with a PHP type error. It stays open for good, and the rest waits for the next start.
    Died,
}

/// Takes one message out of the queue.
pub(crate) fn consume(state: &mut State, routes: &[Route], faults: &mut Faults, now: DateTime<Utc>) -> Consumed {
    if state.bulks.is_dead {
        return Consumed::Died;
    }
    let Some((bulk, id)) = state.bulks.queue.pop_front() else { return Consumed::Nothing };
    if let Some(fault) = faults.take_operation() {
        return failed(state, bulk, id, fault);
    }
    let route = &routes[state.bulks.list[bulk].route];
    let operation = &state.bulks.list[bulk].operations[id];
    let (store, sent) = (operation.store, operation.sent.clone());
    let mut call = Call {
        state,
        store,
        sent,
        names_itself: true,
        query: Query::default(),
        origin: Origin::Consumer,
        was_new: false,
        now,
    };
    let answer = (route.run)(&mut call);
    if answer == Err(Refusal::TypeError) {
        state.bulks.is_dead = true;
        return Consumed::Died;
    }
    let operation = &mut state.bulks.list[bulk].operations[id];
    match answer {
        Ok(result) => {
            operation.stage = Stage::Done;
            operation.message = Some(format!("Service execution success {}", route.service));
            operation.result = Some(result).filter(|result| !result.is_null());
        }
        Err(refusal) => {
            operation.stage = Stage::Failed;
            operation.message = Some(refusal.filled());
            operation.error_code = Some(0);
        }
    }
    Consumed::One
}

/// Lets a fault happen to an operation.
fn failed(state: &mut State, bulk: usize, id: usize, fault: OperationFault) -> Consumed {
    let operation = &mut state.bulks.list[bulk].operations[id];
    match fault {
        OperationFault::Lost => {}
        OperationFault::Dies => {
            state.bulks.is_dead = true;
            return Consumed::Died;
        }
        OperationFault::Deadlock => {
            operation.stage = Stage::Failed;
            operation.message = Some("Database deadlock found when trying to get lock".to_owned());
            operation.error_code = Some(1213);
        }
        OperationFault::Retriable => {
            operation.stage = Stage::Retriable;
            operation.message = Some("Database lock wait timeout exceeded".to_owned());
            operation.error_code = Some(1205);
        }
    }
    Consumed::One
}

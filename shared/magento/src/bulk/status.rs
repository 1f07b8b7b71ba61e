//! How far the shop is with a list.
//!
//! There is no status of a list as a whole: it is finished when no entry is open. A done entry may hold errors, for calls
//! that answer with a list of them.

use std::time::Duration;

use serde_json::Value;

use crate::client::{Error, ShopCall, ShopClient, in_one_line, is_lock_conflict, sentence};

/// How far the shop is with a list.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkStatus {
    /// Its entries, by their place in the list.
    pub operations: Vec<BulkOperation>,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkOperation {
    /// What became of it.
    pub state: OperationState,
    /// What was sent, as long as it is not done.
    pub request: Option<Value>,
    /// What the call would have answered at once, if it is done; some shops and long answers have none.
    pub result: Option<Value>,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationState {
    /// Nobody has come to it, or somebody is at it, or a consumer died of it.
    Open,
    /// The call was made.
    Done {
        /// What it says is wrong with parts of it.
        errors: Vec<String>,
    },
    /// The call failed.
    Failed {
        /// Why, in the shop's words.
        message: String,
        /// Whether another try can help.
        kind: FailureKind,
    },
}

/// Whether another try can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// It met a lock, or lost its database: another try will do.
    Passing,
    /// The shop says that one should try again, and says so also of what can never be saved.
    Unclear,
    /// It would fail again.
    Final,
}

/// The number of the state of entries that nobody is through with.
pub(super) const OPEN: &str = "4";

/// The numbers of the other states.
const DONE: u64 = 1;
const FAILED_FOR_NOW: u64 = 2;
const FAILED: u64 = 3;
const REJECTED: u64 = 5;

/// What the database calls a deadlock, a lock that took too long, and a lost connection.
const PASSING_CODES: [u64; 4] = [1_213, 1_205, 2_006, 2_013];

/// What the shop says when it does not know what went wrong.
const UNCLEAR: &str = "unable to be saved. Please try again";

/// The first look at a list, and the longest time between two.
const FIRST_LOOK_SECONDS: u64 = 2;
const LAST_LOOK_SECONDS: u64 = 30;

/// Returns how long to wait before the next look, given the time before the last one.
#[must_use]
pub fn look_after(last: Option<Duration>) -> Duration {
    let seconds = match last {
        None => FIRST_LOOK_SECONDS,
        Some(last) => (last.as_secs() * 3).div_ceil(2).clamp(FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS),
    };
    Duration::from_secs(seconds)
}

/// Asks how many entries of a list are open. It costs the shop little; but of a list that it does not know it says none.
///
/// # Errors
/// The shop cannot be asked.
pub async fn open_operations(client: &ShopClient, uuid: &str) -> Result<u64, Error> {
    let call = ShopCall::get(&["bulk", uuid, "operation-status", OPEN]);
    let answer = client.call(&call).await?;
    answer.as_u64().ok_or_else(|| unreadable(uuid, "a number of open entries"))
}

/// Reads what became of a list; nothing if the shop does not know it.
///
/// # Errors
/// The shop cannot be asked, or says something unknown.
pub async fn read_status(client: &ShopClient, uuid: &str) -> Result<Option<BulkStatus>, Error> {
    let call = ShopCall::get(&["bulk", uuid, "detailed-status"]);
    match client.call(&call).await {
        Ok(answer) => BulkStatus::of(&answer).map(Some).ok_or_else(|| unreadable(uuid, "states that are known")),
        Err(error) if error.is_not_there() => Ok(None),
        Err(error) => Err(error),
    }
}

fn unreadable(uuid: &str, expected: &str) -> Error {
    let problem = format!("the answer is not understood (expected {expected})");
    Error::Misread { what: format!("state of list `{uuid}`"), problem }
}

impl BulkStatus {
    /// Reads the shop's answer; nothing if it has a state that is unknown.
    fn of(answer: &Value) -> Option<Self> {
        let mut numbered = Vec::new();
        for operation in answer["operations_list"].as_array()? {
            numbered.push((operation["id"].as_u64()?, BulkOperation::of(operation)?));
        }
        // They come in any order. Old shops give numbers of their own, but in the order of the list.
        numbered.sort_by_key(|(id, _)| *id);
        Some(Self { operations: numbered.into_iter().map(|(_, operation)| operation).collect() })
    }

    /// Returns how many entries are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.operations.iter().filter(|operation| operation.state == OperationState::Open).count()
    }
}

impl BulkOperation {
    fn of(operation: &Value) -> Option<Self> {
        let message = in_one_line(operation["result_message"].as_str().unwrap_or_default());
        let result = operation["result_serialized_data"].as_str().and_then(|text| serde_json::from_str(text).ok());
        let code = operation["error_code"].as_u64().unwrap_or(0);
        let state = match operation["status"].as_u64()? {
            DONE => OperationState::Done { errors: result.as_ref().map(errors_in).unwrap_or_default() },
            FAILED_FOR_NOW => OperationState::Failed { message, kind: FailureKind::Passing },
            FAILED | REJECTED => {
                let kind = kind_of(&message, code);
                OperationState::Failed { message, kind }
            }
            state if state.to_string() == OPEN => OperationState::Open,
            _ => return None,
        };
        Some(Self { state, request: request_of(operation), result })
    }
}

/// What was sent, out of three layers of JSON; nothing once it is done, and nothing if the shop cut it off.
pub(super) fn request_of(operation: &Value) -> Option<Value> {
    let outer: Value = serde_json::from_str(operation["serialized_data"].as_str()?).ok()?;
    serde_json::from_str(outer["meta_information"].as_str()?).ok()
}

/// The number of the store view for which an entry speaks.
pub(super) fn store_of(operation: &Value) -> Option<i64> {
    let outer: Value = serde_json::from_str(operation["serialized_data"].as_str()?).ok()?;
    outer["store_id"].as_str()?.parse().ok()
}

fn kind_of(message: &str, code: u64) -> FailureKind {
    if PASSING_CODES.contains(&code) || is_lock_conflict(message) {
        FailureKind::Passing
    } else if message.contains(UNCLEAR) {
        FailureKind::Unclear
    } else {
        FailureKind::Final
    }
}

/// The errors in the answer of a call that answers with a list of them.
fn errors_in(result: &Value) -> Vec<String> {
    let Value::Array(items) = result else { return Vec::new() };
    items.iter().filter_map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Says, TestWire, recording, recordings};

    fn status(name: &str) -> BulkStatus {
        BulkStatus::of(&recording(name).body).unwrap()
    }

    #[test]
    fn every_status_that_was_recorded_is_read() {
        let mut count = 0;
        for recorded in recordings("async-bulk").iter().chain(&recordings("timing")) {
            let is_status = recorded.path.ends_with("status") && recorded.status == 200;
            let Some(listed) = recorded.body.get("operations_list").filter(|_| is_status) else { continue };
            count += 1;
            let read = BulkStatus::of(&recorded.body).unwrap_or_else(|| panic!("{}", recorded.name));
            assert_eq!(read.operations.len(), listed.as_array().unwrap().len(), "{}", recorded.name);
            for operation in &read.operations {
                if let OperationState::Failed { message, .. } = &operation.state {
                    assert!(!message.is_empty() && !message.contains("execution success"), "{}", recorded.name);
                }
            }
        }
        assert!(count > 40, "only {count} were found");
    }

    #[test]
    fn the_state_of_an_entry_is_found_by_its_number_whatever_the_order() {
        for name in ["async-bulk/094", "async-bulk/140"] {
            let read = status(name);
            assert!(matches!(read.operations[0].state, OperationState::Failed { .. }), "{name}");
            assert_eq!(read.operations[1].state, OperationState::Done { errors: Vec::new() }, "{name}");
        }
    }

    #[test]
    fn an_entry_of_which_the_consumer_died_is_open_still() {
        let read = status("async-bulk/048");
        let open: Vec<bool> = read.operations.iter().map(|operation| operation.state == OperationState::Open).collect();
        assert_eq!((open, read.open()), (vec![true, false, false, true], 2));
        assert_eq!(read.operations[0].request.as_ref().unwrap()["product"]["name"], "BLK-3 put");
        assert_eq!(read.operations[1].result.as_ref().unwrap()["sku"], "BLK-4");
    }

    #[test]
    fn a_done_entry_may_hold_errors() {
        let errors = vec!["Invalid attribute SKU = NOPE.".to_owned()];
        assert_eq!(status("async-bulk/101").operations[1].state, OperationState::Done { errors });
    }

    #[test]
    fn what_met_a_lock_may_pass_and_what_is_wrong_stays_wrong() {
        assert_eq!(kind_of("Database deadlock found when trying to get lock", 0), FailureKind::Passing);
        assert_eq!(kind_of("Something", 1_213), FailureKind::Passing);
        assert_eq!(kind_of("The product was unable to be saved. Please try again.", 0), FailureKind::Unclear);
        assert_eq!(kind_of("URL key for specified store already exists.", 0), FailureKind::Final);
        let read = status("async-bulk/009");
        let message = "The \"Price\" attribute value is empty. Set the attribute and try again.".to_owned();
        assert_eq!(read.operations[1].state, OperationState::Failed { message, kind: FailureKind::Final });
    }

    #[tokio::test]
    async fn a_list_that_the_shop_does_not_know_is_not_taken_for_finished() {
        let says = |name: &str| Says::Json(recording(name).status, recording(name).body);
        let wire = TestWire::saying([says("async-bulk/044"), says("async-bulk/043")]);
        let client = wire.client();
        assert_eq!(open_operations(&client, "00000000-0000-0000-0000-000000000000").await.unwrap(), 0);
        assert_eq!(read_status(&client, "00000000-0000-0000-0000-000000000000").await.unwrap(), None);
    }

    #[test]
    fn the_shop_is_looked_at_less_and_less_often() {
        let mut last = None;
        let mut looks = Vec::new();
        for _ in 0..10 {
            let next = look_after(last);
            looks.push(next.as_secs());
            last = Some(next);
        }
        assert_eq!(looks, [2, 3, 5, 8, 12, 18, 27, 30, 30, 30]);
    }
}

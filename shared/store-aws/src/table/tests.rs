//! What the emulator cannot be made to answer: throttling, lost replies, items that somebody else wrote.

mod requests;

use std::collections::HashMap;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemOutput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput};
use aws_sdk_dynamodb::types::error::{ConditionalCheckFailedException, TransactionCanceledException};
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, KeysAndAttributes, PutRequest, WriteRequest};
use aws_smithy_http_client::test_util::NeverClient;
use aws_smithy_mocks::{Rule, mock};
use serde_json::json;
use store::table::{Attributes, Change, Condition, Relist};

use super::item::{SdkItem, stored_key};
use super::*;
use crate::test_support::{answers, chain, offline};

const THROTTLED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}"#;
const DENIED: &str = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"not authorized"}"#;

fn table(rules: &[&Rule]) -> DynamoTable {
    let config = aws_sdk_dynamodb::Config::from(&offline()).to_builder().interceptor(answers(rules)).build();
    DynamoTable::new(Client::from_conf(config), "systole".to_owned())
}

fn key() -> Key {
    Key::new("pipeline/1", "meta")
}

fn attributes(status: &str) -> Attributes {
    Attributes::from([("status".to_owned(), json!(status))])
}

/// The item as DynamoDB holds it.
fn held(key: &Key, version: &str, status: &str) -> SdkItem {
    let mut stored = stored_key(key);
    stored.insert("version".to_owned(), AttributeValue::N(version.to_owned()));
    stored.insert("status".to_owned(), AttributeValue::S(status.to_owned()));
    stored
}

fn put(key: Key, condition: Condition) -> Write {
    let change = Change::Put { attributes: attributes("running"), listing: None, expires_at: None };
    Write { key, condition, change }
}

#[tokio::test]
async fn a_throttled_read_goes_through_later() {
    let rule = mock!(Client::get_item)
        .sequence()
        .http_status(400, Some(THROTTLED.to_owned()))
        .times(2)
        .output(|| GetItemOutput::builder().set_item(Some(held(&key(), "3", "running"))).build())
        .build();
    let item = table(&[&rule]).get(&key()).await.unwrap().unwrap();
    assert_eq!((item.version, item.attributes, rule.num_calls()), (3, attributes("running"), 3));
}

#[tokio::test]
async fn throttling_without_end_is_retryable_and_names_the_item() {
    let rule = mock!(Client::get_item).sequence().http_status(400, Some(THROTTLED.to_owned())).repeatedly().build();
    let error = table(&[&rule]).get(&key()).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(
        chain(&error),
        "failed to get item `pipeline/1 meta`, which may go through later: \
         ThrottlingException: slow down (status 400, request unknown)"
    );
}

#[tokio::test]
async fn a_server_that_never_answers_is_retryable() {
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(20)).build();
    let sdk = offline().into_builder().http_client(NeverClient::new()).timeout_config(timeouts).build();
    let table = DynamoTable::new(Client::new(&sdk), "systole".to_owned());
    let error = table.write(put(key(), Condition::Any)).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(
        chain(&error),
        "failed to write item `pipeline/1 meta`, which may go through later: request has timed out: \
         operation timeout (all attempts including retries) occurred after 20ms"
    );
}

#[tokio::test]
async fn a_denied_access_is_permanent() {
    let rule = mock!(Client::get_item).sequence().http_status(400, Some(DENIED.to_owned())).build();
    let error = table(&[&rule]).get(&key()).await.unwrap_err();
    assert_eq!(
        chain(&error),
        "failed to get item `pipeline/1 meta`: AccessDeniedException: not authorized (status 400, request unknown)"
    );
}

#[tokio::test]
async fn a_failed_condition_carries_the_item() {
    let rule = mock!(Client::put_item).then_error(|| {
        let conflict =
            ConditionalCheckFailedException::builder().set_item(Some(held(&key(), "7", "cancelled"))).build();
        PutItemError::ConditionalCheckFailedException(conflict)
    });
    let written = table(&[&rule]).write(put(key(), Condition::Version(6))).await.unwrap();
    let Written::Conflict(Some(item)) = written else { panic!("{written:?}") };
    assert_eq!((item.version, item.attributes), (7, attributes("cancelled")));
}

#[tokio::test]
async fn a_write_whose_reply_was_lost_comes_back_as_a_conflict_with_itself() {
    // The first try was applied although its reply says nothing of the kind; the SDK repeats it and finds its own.
    let rule = mock!(Client::put_item)
        .sequence()
        .http_status(500, None)
        .error(|| {
            let conflict =
                ConditionalCheckFailedException::builder().set_item(Some(held(&key(), "1", "running"))).build();
            PutItemError::ConditionalCheckFailedException(conflict)
        })
        .build();
    let written = table(&[&rule]).write(put(key(), Condition::Absent)).await.unwrap();
    let Written::Conflict(Some(item)) = written else { panic!("{written:?}") };
    assert_eq!((item.attributes, rule.num_calls()), (attributes("running"), 2));
}

#[tokio::test]
async fn a_write_waits_for_another_transaction_to_end() {
    const HELD: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"held"}"#;
    let rule = mock!(Client::put_item)
        .sequence()
        .http_status(400, Some(HELD.to_owned()))
        .times(2)
        .output(|| PutItemOutput::builder().build())
        .build();
    let written = table(&[&rule]).write(put(key(), Condition::Any)).await.unwrap();
    assert!(matches!(written, Written::Applied(Some(item)) if item.version == 1));
}

#[tokio::test]
async fn a_put_over_a_present_item_counts_from_the_version_that_is_there() {
    let read = mock!(Client::get_item)
        .then_output(|| GetItemOutput::builder().set_item(Some(held(&key(), "4", "pending"))).build());
    // Somebody writes in between.
    let missed = mock!(Client::put_item).then_error(|| {
        let conflict = ConditionalCheckFailedException::builder().set_item(Some(held(&key(), "5", "pending"))).build();
        PutItemError::ConditionalCheckFailedException(conflict)
    });
    let hit = mock!(Client::put_item).then_output(|| PutItemOutput::builder().build());
    let written = table(&[&read, &missed, &hit]).write(put(key(), Condition::Present)).await.unwrap();
    assert!(matches!(written, Written::Applied(Some(item)) if item.version == 6));
}

fn reason(code: &str, item: Option<SdkItem>) -> CancellationReason {
    CancellationReason::builder().code(code).message("why").set_item(item).build()
}

fn canceled(reasons: Vec<CancellationReason>) -> TransactWriteItemsError {
    let canceled = TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons)).build();
    TransactWriteItemsError::TransactionCanceledException(canceled)
}

fn group() -> Vec<Write> {
    ["a", "b", "c"].map(|sort| put(Key::new("p", sort), Condition::Absent)).to_vec()
}

#[tokio::test]
async fn a_cancelled_group_tells_who_stood_in_the_way() {
    let rule = mock!(Client::transact_write_items)
        .match_requests(|group| group.client_request_token().is_some())
        .then_error(|| {
            let item = held(&Key::new("p", "b"), "2", "success");
            let conflict = |item| reason("ConditionalCheckFailed", item);
            canceled(vec![reason("None", None), conflict(Some(item)), conflict(None)])
        });
    let written = table(&[&rule]).write_group(group()).await.unwrap();
    let GroupWritten::Conflict(conflicts) = written else { panic!("a failed condition is no conflict: {written:?}") };
    let conflicts: Vec<_> = conflicts.into_iter().map(|(place, item)| (place, item.map(|item| item.version))).collect();
    assert_eq!(conflicts, [(1, Some(2)), (2, None)]);
}

#[tokio::test]
async fn a_contended_group_is_tried_again_with_another_token() {
    let tokens = std::sync::Arc::new(std::sync::Mutex::new(std::collections::HashSet::new()));
    let seen = tokens.clone();
    let rule = mock!(Client::transact_write_items)
        .match_requests(move |group| {
            seen.lock().unwrap().insert(group.client_request_token().map(str::to_owned));
            true
        })
        .sequence()
        .error(|| canceled(vec![reason("None", None), reason("TransactionConflict", None), reason("None", None)]))
        .error(|| canceled(vec![reason("ThrottlingError", None), reason("None", None), reason("None", None)]))
        .error(|| {
            canceled(vec![reason("ProvisionedThroughputExceeded", None), reason("None", None), reason("None", None)])
        })
        .output(|| TransactWriteItemsOutput::builder().build())
        .build();
    assert_eq!(table(&[&rule]).write_group(group()).await.unwrap(), GroupWritten::Applied);
    assert_eq!((rule.num_calls(), tokens.lock().unwrap().len()), (4, 4));
}

#[tokio::test]
async fn a_group_that_is_contended_for_long_is_retryable() {
    let rule = mock!(Client::transact_write_items)
        .sequence()
        .error(|| canceled(vec![reason("TransactionConflict", None)]))
        .repeatedly()
        .build();
    let error = table(&[&rule]).write_group(group()).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(
        chain(&error),
        "failed to write a group of 3 items, the first `p a`, which may go through later: others wrote in between 5 times"
    );
}

#[tokio::test]
async fn a_group_with_an_impossible_write_names_it() {
    let rule = mock!(Client::transact_write_items).then_error(|| {
        // What may pass does not hide what cannot.
        canceled(vec![reason("TransactionConflict", None), reason("ValidationError", None), reason("None", None)])
    });
    let error = table(&[&rule]).write_group(group()).await.unwrap_err();
    assert!(!error.is_retryable());
    assert_eq!(chain(&error), "failed to write a group of 3 items, the first `p a`: item `p b`: ValidationError: why");
}

#[tokio::test]
async fn a_group_of_one_is_a_plain_write() {
    let rule = mock!(Client::put_item).then_output(|| PutItemOutput::builder().build());
    let written = table(&[&rule]).write_group(vec![put(key(), Condition::Absent)]).await.unwrap();
    assert_eq!(written, GroupWritten::Applied);
}

#[tokio::test]
async fn what_dynamodb_would_refuse_is_refused_before() {
    let with = |name: &str, value| {
        let attributes = Attributes::from([(name.to_owned(), value)]);
        Write { change: Change::Put { attributes, listing: None, expires_at: None }, ..put(key(), Condition::Any) }
    };
    let change = Change::Patch { attributes: Attributes::new(), listing: Relist::Keep };
    for (write, why) in [
        (with("price", json!(1.5)), "attribute `price`: `1.5` is a floating point number"),
        (with("version", json!(1)), "attribute `version` belongs to the table itself"),
        (with("log", json!("x".repeat(400_000))), "it has 400031 bytes; at most 399360 fit into an item"),
        (put(Key::new("p", ""), Condition::Any), "the sort key has 0 bytes; 1 to 1024 are allowed"),
        (put(Key::new("p".repeat(2049), "s"), Condition::Any), "the partition key has 2049 bytes; 1 to 2048"),
        (Write { key: key(), condition: Condition::Any, change: Change::Check }, "a check alone changes nothing"),
        (Write { key: key(), condition: Condition::Absent, change }, "there is nothing to patch in an absent item"),
    ] {
        let key = write.key.to_string();
        let error = chain(&table(&[]).write(write).await.unwrap_err());
        assert!(error.starts_with(&format!("failed to write item `{key}`: {why}")), "{error}");
    }
    let twice = vec![put(key(), Condition::Any), put(key(), Condition::Any)];
    let error = chain(&table(&[]).write_group(twice).await.unwrap_err());
    assert!(error.ends_with("item `pipeline/1 meta` is in the group twice"), "{error}");
}

#[tokio::test]
async fn an_item_that_somebody_else_wrote_is_named_with_what_is_wrong() {
    let text = |text: &str| Some(AttributeValue::S(text.to_owned()));
    for (name, value, message) in [
        ("version", None, "attribute `version` is missing; expected a number of at least 0"),
        ("version", text("3"), "attribute `version` is `S(\"3\")`; expected a number of at least 0"),
        ("listing_rank", Some(AttributeValue::Bool(true)), "attribute `listing_rank` is `Bool(true)`; expected a text"),
        ("expires_at", text("soon"), "attribute `expires_at` is `S(\"soon\")`; expected a number of at least 0"),
        ("price", Some(AttributeValue::N("1.5".into())), "attribute `price`: `1.5` is no 64-bit integer"),
    ] {
        let mut stored = held(&key(), "1", "running");
        stored.remove(name);
        stored.extend(value.map(|value| (name.to_owned(), value)));
        let rule = mock!(Client::get_item)
            .then_output(move || GetItemOutput::builder().set_item(Some(stored.clone())).build());
        let error = table(&[&rule]).get(&key()).await.unwrap_err();
        assert!(!error.is_retryable());
        let expected = format!("failed to get item `pipeline/1 meta`: item `pipeline/1 meta`: {message}");
        assert_eq!(chain(&error), expected);
    }
}

fn keys_left(sorts: &[&str]) -> Option<HashMap<String, KeysAndAttributes>> {
    let keys = sorts.iter().map(|sort| stored_key(&Key::new("p", *sort))).collect();
    let keys = KeysAndAttributes::builder().set_keys(Some(keys)).build().unwrap();
    Some(HashMap::from([("systole".to_owned(), keys)]))
}

#[tokio::test]
async fn keys_that_were_left_out_are_asked_for_again() {
    let found = |sort: &str| {
        let items = vec![held(&Key::new("p", sort), "1", "pending")];
        Some(HashMap::from([("systole".to_owned(), items)]))
    };
    let rule = mock!(Client::batch_get_item)
        .sequence()
        .output(move || {
            let output = BatchGetItemOutput::builder().set_responses(found("a"));
            output.set_unprocessed_keys(keys_left(&["b"])).build()
        })
        .output(move || BatchGetItemOutput::builder().set_responses(found("b")).build())
        .build();
    let keys = [Key::new("p", "a"), Key::new("p", "b"), Key::new("p", "a")];
    let items = table(&[&rule]).batch_get(&keys).await.unwrap();
    assert_eq!(items.iter().map(|item| item.key.sort.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test]
async fn items_that_are_never_written_are_counted() {
    let rule = mock!(Client::batch_write_item)
        .sequence()
        .output(|| {
            let put = PutRequest::builder().set_item(Some(held(&Key::new("p", "b"), "1", "pending"))).build().unwrap();
            let left = vec![WriteRequest::builder().put_request(put).build()];
            let left = HashMap::from([("systole".to_owned(), left)]);
            BatchWriteItemOutput::builder().set_unprocessed_items(Some(left)).build()
        })
        .repeatedly()
        .build();
    let items = ["a", "b"].map(|sort| (Key::new("p", sort), attributes("pending"))).to_vec();
    let error = table(&[&rule]).batch_put(items).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(
        chain(&error),
        "failed to put 2 items, which may go through later: 1 items were left unprocessed after 8 requests"
    );
}

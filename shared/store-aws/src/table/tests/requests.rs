//! What the requests say that the emulator would not miss: that reads are consistent, and what a failed condition returns.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use aws_sdk_dynamodb::types::{ReturnValue, TransactWriteItem};

use super::*;

fn patch(sort: &str) -> Write {
    let change = Change::Patch { attributes: attributes("running"), listing: Relist::Keep };
    Write { key: Key::new("p", sort), condition: Condition::Version(1), change }
}

fn delete(sort: &str) -> Write {
    Write { key: Key::new("p", sort), condition: Condition::Version(1), change: Change::Delete }
}

fn check(sort: &str) -> Write {
    Write { key: Key::new("p", sort), condition: Condition::Version(1), change: Change::Check }
}

#[tokio::test]
async fn what_decides_is_read_consistently() {
    let get = mock!(Client::get_item)
        .match_requests(|get| get.consistent_read() == Some(true))
        .then_output(|| GetItemOutput::builder().build());
    assert_eq!(table(&[&get]).get(&key()).await.unwrap(), None);
    let query = mock!(Client::query)
        .match_requests(|query| query.consistent_read() == Some(true))
        .then_output(|| QueryOutput::builder().build());
    assert_eq!(table(&[&query]).query(&store::table::Query::prefix("p", "")).await.unwrap().entries, []);
    // What was left out is read no less consistently.
    let batch = mock!(Client::batch_get_item)
        .match_requests(|batch| batch.request_items().unwrap()["systole"].consistent_read() == Some(true))
        .sequence()
        .output(|| BatchGetItemOutput::builder().set_unprocessed_keys(keys_left(&["a"])).build())
        .output(|| BatchGetItemOutput::builder().build())
        .build();
    assert_eq!(table(&[&batch]).batch_get(&[Key::new("p", "a")]).await.unwrap(), []);
    assert_eq!((get.num_calls(), query.num_calls(), batch.num_calls()), (1, 1, 2));
}

#[tokio::test]
async fn a_write_asks_for_the_item_that_stands_in_its_way() {
    let put_rule = mock!(Client::put_item)
        .match_requests(|put| {
            put.return_values_on_condition_check_failure() == Some(&AllOld)
                && put.condition_expression() == Some("#0 = :0")
        })
        .then_output(|| PutItemOutput::builder().build());
    let patch_rule = mock!(Client::update_item)
        .match_requests(|update| {
            update.return_values_on_condition_check_failure() == Some(&AllOld)
                && update.condition_expression() == Some("#0 = :0")
                && update.return_values() == Some(&ReturnValue::AllNew)
        })
        .then_output(|| UpdateItemOutput::builder().set_attributes(Some(held(&key(), "2", "running"))).build());
    let delete_rule = mock!(Client::delete_item)
        .match_requests(|delete| {
            delete.return_values_on_condition_check_failure() == Some(&AllOld)
                && delete.condition_expression() == Some("#0 = :0")
        })
        .then_output(|| DeleteItemOutput::builder().build());
    for (rule, write) in
        [(&put_rule, put(key(), Condition::Version(1))), (&patch_rule, patch("a")), (&delete_rule, delete("a"))]
    {
        let written = table(&[rule]).write(write.clone()).await.unwrap();
        assert!(matches!(written, Written::Applied(_)), "{write:?}: {written:?}");
        assert_eq!(rule.num_calls(), 1, "{write:?}");
    }
}

/// The condition of one write of a group, and whether it asks for the item that stands in its way.
fn condition(item: &TransactWriteItem) -> (Option<String>, bool) {
    let text = |text: Option<&str>| text.map(str::to_owned);
    if let Some(put) = item.put() {
        return (text(put.condition_expression()), put.return_values_on_condition_check_failure() == Some(&AllOld));
    }
    if let Some(update) = item.update() {
        return (
            text(update.condition_expression()),
            update.return_values_on_condition_check_failure() == Some(&AllOld),
        );
    }
    if let Some(delete) = item.delete() {
        return (
            text(delete.condition_expression()),
            delete.return_values_on_condition_check_failure() == Some(&AllOld),
        );
    }
    let check = item.condition_check().expect("it is one of the four");
    (Some(check.condition_expression().to_owned()), check.return_values_on_condition_check_failure() == Some(&AllOld))
}

#[tokio::test]
async fn every_write_of_a_group_has_its_condition_and_asks_for_what_stands_in_its_way() {
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = told.clone();
    let rule = mock!(Client::transact_write_items)
        .match_requests(move |group| {
            seen.lock().unwrap().extend(group.transact_items().iter().map(condition));
            true
        })
        .then_output(|| TransactWriteItemsOutput::builder().build());
    let writes = vec![put(key(), Condition::Absent), patch("a"), delete("b"), check("c")];
    assert_eq!(table(&[&rule]).write_group(writes).await.unwrap(), GroupWritten::Applied);
    let version = || (Some("#0 = :0".to_owned()), true);
    let absent = (Some("attribute_not_exists(#0)".to_owned()), true);
    assert_eq!(*told.lock().unwrap(), [absent, version(), version(), version()]);
}

#[tokio::test]
async fn a_batch_names_each_key_once_and_is_cut_into_what_dynamodb_takes() {
    let sizes = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let (seen_gets, seen_puts) = (sizes.clone(), sizes.clone());
    let get = mock!(Client::batch_get_item)
        .match_requests(move |batch| {
            seen_gets.lock().unwrap().push(batch.request_items().unwrap()["systole"].keys().len());
            true
        })
        .sequence()
        .output(|| BatchGetItemOutput::builder().build())
        .repeatedly()
        .build();
    let keys: Vec<Key> = (0..150).chain(0..150).map(|number| Key::new("p", number.to_string())).collect();
    table(&[&get]).batch_get(&keys).await.unwrap();
    assert_eq!(std::mem::take(&mut *sizes.lock().unwrap()), [100, 50]);
    let put = mock!(Client::batch_write_item)
        .match_requests(move |batch| {
            seen_puts.lock().unwrap().push(batch.request_items().unwrap()["systole"].len());
            true
        })
        .sequence()
        .output(|| BatchWriteItemOutput::builder().build())
        .repeatedly()
        .build();
    let items = (0..51).map(|number| (Key::new("p", number.to_string()), attributes("pending"))).collect();
    table(&[&put]).batch_put(items).await.unwrap();
    assert_eq!(*sizes.lock().unwrap(), [25, 25, 1]);
}

#[tokio::test]
async fn a_group_that_is_too_large_is_refused_before_it_is_sent() {
    let writes = (0..=store::table::GROUP_LIMIT).map(|number| patch(&number.to_string())).collect();
    let error = table(&[]).write_group(writes).await.unwrap_err();
    assert!(chain(&error).ends_with("at most 100 items fit into a group"), "{}", chain(&error));
}

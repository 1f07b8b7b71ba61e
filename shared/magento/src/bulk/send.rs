//! Hands lists over, and finds the item for which a shop refuses all of a list.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use serde_json::Value;

use super::find::find;
use super::route::{BulkRoute, Poison};
use crate::client::{Error, RefusalReason, ShopClient, ShopLimits, ShopScope};

/// Items of one kind for one scope, in the order in which the shop shall work through them.
#[derive(Debug, Clone)]
pub struct BulkBatch {
    /// The call.
    pub route: BulkRoute,
    /// For whom it speaks.
    pub scope: ShopScope,
    /// The items.
    pub items: Vec<Value>,
}

/// What became of a batch when it was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submission {
    /// The lists that the shop keeps.
    pub accepted: Vec<AcceptedBulk>,
    /// The items that it does not take, or that must not be sent to it.
    pub refused: Vec<RefusedItem>,
}

/// A list that the shop keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedBulk {
    /// What the shop calls it.
    pub uuid: String,
    /// The places of its items in the batch, by the number of their operation.
    pub items: Vec<usize>,
}

/// An item that the shop does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedItem {
    /// Its place in the batch.
    pub item: usize,
    /// Why.
    pub problem: String,
}

/// How long a shop may take to write down what it has taken, before it is asked for that.
const SETTLES_AFTER: Duration = Duration::from_secs(2);

/// Bytes of a list beside its items, and between two of them.
const FRAME_BYTES: usize = 2;

/// Hands a batch over in lists of bearable size.
///
/// A list is refused as a whole for one item, and the shop does not say which. So a refused list is halved until the item
/// is alone; the others go on.
///
/// # Errors
/// The shop cannot be asked. Lists that it has taken before are found by [`find`] when the batch is handed over again.
pub async fn submit(client: &ShopClient, batch: &BulkBatch) -> Result<Submission, Error> {
    let mut submission = Submission::default();
    let mut lists: VecDeque<Vec<usize>> = lists(batch, client.limits(), &mut submission.refused).into();
    while let Some(list) = lists.pop_front() {
        let items: Vec<Value> = list.iter().map(|place| batch.items[*place].clone()).collect();
        match hand_over(client, batch, &items).await {
            Ok(answer) => take(list, &answer, &mut submission)?,
            Err(error) if is_about_an_item(&error) => match list.as_slice() {
                [alone] => {
                    let problem = error.refusal().map_or_else(|| error.told(), |refusal| refusal.sentence.clone());
                    submission.refused.push(RefusedItem { item: *alone, problem });
                }
                several => {
                    let (first, second) = several.split_at(several.len() / 2);
                    // In front of the others, so that the order of the items stays.
                    lists.push_front(second.to_vec());
                    lists.push_front(first.to_vec());
                }
            },
            Err(error) => return Err(error),
        }
    }
    Ok(submission)
}

/// What the shop answered, or what was found of a list whose answer was lost.
enum HandedOver {
    Answer(Value),
    Found(String),
}

async fn hand_over(client: &ShopClient, batch: &BulkBatch, items: &[Value]) -> Result<HandedOver, Error> {
    let call = batch.route.call(items, batch.scope.clone());
    let error = match client.call(&call).await {
        Ok(answer) => return Ok(HandedOver::Answer(answer)),
        Err(error) if error.is_retryable() && error.may_have_arrived() => error,
        Err(error) => return Err(error),
    };
    // A list that came twice is worked through twice, by two consumers even at once. So the shop is asked first.
    client.wire().wait(SETTLES_AFTER).await;
    match find(client, batch.route, items).await {
        Ok(Some(uuid)) => Ok(HandedOver::Found(uuid)),
        Ok(None) => client.call(&call).await.map(HandedOver::Answer),
        // The first failure says more than that of the question.
        Err(_) => Err(error),
    }
}

fn take(list: Vec<usize>, answer: &HandedOver, submission: &mut Submission) -> Result<(), Error> {
    let answer = match answer {
        HandedOver::Found(uuid) => {
            submission.accepted.push(AcceptedBulk { uuid: uuid.clone(), items: list });
            return Ok(());
        }
        HandedOver::Answer(answer) => answer,
    };
    let Some(uuid) = answer["bulk_uuid"].as_str() else {
        let problem = "the answer has no `bulk_uuid`, so nobody can ask for the list".to_owned();
        return Err(Error::Misread { what: format!("list of {} calls", list.len()), problem });
    };
    for item in answer["request_items"].as_array().into_iter().flatten() {
        let place = item["id"].as_u64().and_then(|id| list.get(usize::try_from(id).ok()?));
        if let (Some("rejected"), Some(place)) = (item["status"].as_str(), place) {
            let problem = item["error_message"].as_str().unwrap_or("the shop does not say why").to_owned();
            submission.refused.push(RefusedItem { item: *place, problem });
        }
    }
    submission.accepted.push(AcceptedBulk { uuid: uuid.to_owned(), items: list });
    Ok(())
}

/// Says whether a list may be taken without one of its items, or in smaller parts.
fn is_about_an_item(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| match refusal.reason {
        RefusalReason::Invalid | RefusalReason::Crash | RefusalReason::TooMany { .. } | RefusalReason::TooLarge => true,
        RefusalReason::Rights { .. }
        | RefusalReason::SignIn
        | RefusalReason::Signature
        | RefusalReason::NotThere
        | RefusalReason::NoRoute
        | RefusalReason::NoMeaning
        | RefusalReason::LockConflict
        | RefusalReason::Busy
        | RefusalReason::Maintenance
        | RefusalReason::Gateway
        | RefusalReason::Internal
        | RefusalReason::Moved
        | RefusalReason::Page => false,
    })
}

/// Cuts a batch into lists; items that must not be sent are in none of them.
fn lists(batch: &BulkBatch, limits: &ShopLimits, refused: &mut Vec<RefusedItem>) -> Vec<Vec<usize>> {
    let mut sendable = Vec::new();
    let mut sizes = Vec::new();
    for (place, item) in batch.items.iter().enumerate() {
        let size_bytes = item.to_string().len() + FRAME_BYTES;
        let is_small = size_bytes + FRAME_BYTES <= limits.bulk_bytes;
        let large = Poison::Large { size_bytes, limit_bytes: limits.bulk_bytes };
        match batch.route.check(item).and(if is_small { Ok(()) } else { Err(large) }) {
            Ok(()) => {
                sendable.push(place);
                sizes.push(size_bytes);
            }
            Err(poison) => refused.push(RefusedItem { item: place, problem: poison.to_string() }),
        }
    }
    cut(&sizes, limits).into_iter().map(|range| sendable[range].to_vec()).collect()
}

/// Cuts items of these sizes into lists within the limits.
fn cut(sizes: &[usize], limits: &ShopLimits) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let mut bytes = FRAME_BYTES;
    for (place, size) in sizes.iter().enumerate() {
        let is_full = place - start >= limits.bulk_items.max(1) || bytes + size > limits.bulk_bytes;
        if is_full && place > start {
            ranges.push(start..place);
            (start, bytes) = (place, FRAME_BYTES);
        }
        bytes += size;
    }
    if start < sizes.len() {
        ranges.push(start..sizes.len());
    }
    ranges
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::testing::{Heard, Says, TestWire, recording};

    fn batch(count: usize) -> BulkBatch {
        let item = |number: usize| json!({"product": {"sku": format!("SKU-{number}"), "price": 9.5}});
        BulkBatch { route: BulkRoute::SaveProducts, scope: ShopScope::Global, items: (0..count).map(item).collect() }
    }

    fn accepted(heard: &Heard, uuid: &str) -> Says {
        let items = heard.body.as_array().unwrap().len();
        let items: Vec<Value> =
            (0..items).map(|id| json!({"id": id, "data_hash": "00", "status": "accepted"})).collect();
        Says::Json(202, json!({"bulk_uuid": uuid, "request_items": items, "errors": false}))
    }

    /// A shop that refuses every list with one of these skus.
    fn refusing(skus: &'static [&'static str]) -> Arc<TestWire> {
        let count = AtomicUsize::new(0);
        TestWire::to(move |heard| {
            let text = heard.body.to_string();
            if skus.iter().any(|sku| text.contains(&format!("\"{sku}\""))) {
                return Says::Json(400, recording("async-bulk/026").body);
            }
            accepted(heard, &format!("uuid-{}", count.fetch_add(1, Ordering::Relaxed)))
        })
    }

    #[tokio::test]
    async fn one_bad_item_costs_itself_and_the_others_keep_their_order() {
        let wire = refusing(&["SKU-13"]);
        let submission = submit(&wire.client(), &batch(100)).await.unwrap();
        let [refused] = submission.refused.as_slice() else { panic!("{:?}", submission.refused) };
        assert_eq!(refused.item, 13);
        assert!(refused.problem.starts_with("Error occurred during \"price\" processing."), "{}", refused.problem);
        let sent: Vec<usize> = submission.accepted.iter().flat_map(|bulk| bulk.items.clone()).collect();
        let expected: Vec<usize> = (0..100).filter(|place| *place != 13).collect();
        assert_eq!(sent, expected);
        assert!(wire.requests().len() <= 15, "{} requests", wire.requests().len());
    }

    #[tokio::test]
    async fn items_that_would_end_the_consumer_are_not_sent() {
        let wire = refusing(&[]);
        let mut poisoned = batch(3);
        poisoned.items[1] = json!({"sku": "SKU-1", "product": {"name": "by its outer name"}});
        let submission = submit(&wire.client(), &poisoned).await.unwrap();
        assert_eq!(submission.accepted[0].items, [0, 2]);
        assert_eq!(submission.refused[0].problem, "has no `sku`, and would end the consumer of the shop");
        assert!(!wire.heard()[0].body.to_string().contains("outer"));
    }

    #[tokio::test]
    async fn nothing_is_sent_of_nothing() {
        let wire = TestWire::saying([]);
        assert_eq!(submit(&wire.client(), &batch(0)).await.unwrap(), Submission::default());
    }

    #[tokio::test]
    async fn an_item_that_the_shop_rejects_when_it_takes_the_list_is_refused() {
        let answer = json!({"bulk_uuid": "u", "errors": true, "request_items": [
            {"id": 0, "data_hash": "00", "status": "accepted"},
            {"id": 1, "status": "rejected", "error_message": "text of the exception", "error_code": 0}]});
        let wire = TestWire::saying([Says::Json(202, answer)]);
        let submission = submit(&wire.client(), &batch(2)).await.unwrap();
        assert_eq!(submission.refused, [RefusedItem { item: 1, problem: "text of the exception".to_owned() }]);
    }

    /// An entry of the queue as the shop lists it.
    fn operation(uuid: &str, id: usize, item: &Value) -> Value {
        let serialized =
            json!({"entity_id": null, "entity_link": "", "meta_information": item.to_string(), "store_id": "0"});
        json!({"id": id, "bulk_uuid": uuid, "status": 4, "serialized_data": serialized.to_string(),
            "result_serialized_data": null, "extension_attributes": {"start_time": "2026-11-28 17:54:39"}})
    }

    #[tokio::test]
    async fn a_list_whose_answer_was_lost_is_looked_for_and_not_sent_again() {
        let batch = batch(2);
        let listed = [operation("u", 1, &batch.items[1]), operation("u", 0, &batch.items[0])];
        let listed = json!({"items": listed, "total_count": 2});
        let wire = TestWire::saying([Says::Lost, Says::Json(200, listed)]);
        let submission = submit(&wire.client(), &batch).await.unwrap();
        assert_eq!(submission.accepted, [AcceptedBulk { uuid: "u".to_owned(), items: vec![0, 1] }]);
        assert_eq!(wire.waited(), [SETTLES_AFTER]);
    }

    #[tokio::test]
    async fn a_list_that_did_not_arrive_is_sent_again() {
        let batch = batch(1);
        let others = [operation("other", 0, &json!({"product": {"sku": "SKU-0", "price": 7}}))];
        let mut turn = 0;
        let wire = TestWire::to(move |heard| {
            turn += 1;
            match turn {
                1 => Says::Lost,
                2 => Says::Json(200, json!({"items": others, "total_count": 1})),
                _ => accepted(heard, "second"),
            }
        });
        let submission = submit(&wire.client(), &batch).await.unwrap();
        assert_eq!(submission.accepted[0].uuid, "second");
    }

    proptest! {
        #[test]
        fn every_item_is_in_one_list_and_no_list_is_too_large(
            sizes in prop::collection::vec(1_usize..200, 0..60),
            bulk_items in 1_usize..20,
        ) {
            let limits = ShopLimits { bulk_items, bulk_bytes: 400, ..ShopLimits::default() };
            let ranges = cut(&sizes, &limits);
            let places: Vec<usize> = ranges.iter().cloned().flatten().collect();
            prop_assert_eq!(places, (0..sizes.len()).collect::<Vec<_>>());
            for range in ranges {
                prop_assert!(range.len() <= bulk_items);
                prop_assert!(sizes[range].iter().sum::<usize>() + FRAME_BYTES <= 400);
            }
        }
    }
}

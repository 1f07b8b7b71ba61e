//! Looks for a list that the shop may have taken although its answer was lost, or although the step that sent it died.

use std::collections::BTreeMap;

use serde_json::Value;

use super::route::BulkRoute;
use super::status::{OPEN, request_of, store_of};
use crate::client::{Error, SearchCriteria, SearchFilter, ShopCall, ShopClient, SortDirection};

/// An entry of the shop's queue that nobody has come to yet, or that somebody is at.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRequest {
    /// The list that it is in.
    pub uuid: String,
    /// Its place in that list.
    pub place: usize,
    /// The number of the store view for which it speaks; 0 for everybody.
    pub store_id: Option<i64>,
    /// What was sent.
    pub request: Value,
}

/// Pages of the shop's queue that are looked through: what is older than that has been asked for long ago.
const PAGES: usize = 20;

/// The entries of a list that were found.
#[derive(Default)]
struct Candidate {
    /// How many of them are like the items.
    alike: usize,
    /// How many of these can be compared as a whole.
    compared: usize,
    /// Whether one is something else.
    is_other: bool,
}

/// Returns the name of a list with these items that the shop is still at.
///
/// The shop keeps the request of an entry until it is done. So a list that is all done is not found: sending it again then
/// changes nothing, and nobody else is at it.
///
/// # Errors
/// The shop cannot be asked.
pub async fn find(client: &ShopClient, route: BulkRoute, items: &[Value]) -> Result<Option<String>, Error> {
    let criteria = SearchCriteria {
        groups: vec![vec![SearchFilter::is("topic_name", route.topic())]],
        sort: Some(("id".to_owned(), SortDirection::Descending)),
        item_fields: String::new(),
    };
    let mut pages = client.pages(ShopCall::get(&["bulk"]), criteria);
    let mut candidates: BTreeMap<String, Candidate> = BTreeMap::new();
    for _ in 0..PAGES {
        let Some(page) = pages.next().await? else { break };
        for operation in &page {
            let Some(uuid) = operation["bulk_uuid"].as_str() else { continue };
            candidates.entry(uuid.to_owned()).or_default().judge(route, items, operation);
        }
        if let Some(uuid) = whole(&candidates, items.len()) {
            return Ok(Some(uuid));
        }
    }
    Ok(None)
}

/// Returns the entries of a call that are open, the latest first.
///
/// # Errors
/// The shop cannot be asked.
pub async fn open_requests(client: &ShopClient, route: BulkRoute) -> Result<Vec<OpenRequest>, Error> {
    let is_open = vec![SearchFilter::is("status", OPEN)];
    let criteria = SearchCriteria {
        groups: vec![vec![SearchFilter::is("topic_name", route.topic())], is_open],
        sort: Some(("id".to_owned(), SortDirection::Descending)),
        item_fields: String::new(),
    };
    let mut pages = client.pages(ShopCall::get(&["bulk"]), criteria);
    let mut open = Vec::new();
    for _ in 0..PAGES {
        let Some(page) = pages.next().await? else { break };
        open.extend(page.iter().filter_map(OpenRequest::of));
    }
    Ok(open)
}

impl OpenRequest {
    fn of(operation: &Value) -> Option<Self> {
        Some(Self {
            uuid: operation["bulk_uuid"].as_str()?.to_owned(),
            place: usize::try_from(operation["id"].as_u64()?).ok()?,
            store_id: store_of(operation),
            request: request_of(operation)?,
        })
    }

    /// Says whether it is what an item asks for.
    #[must_use]
    pub fn is_for(&self, item: &Value) -> bool {
        is_same(&self.request, item)
    }
}

impl Candidate {
    fn judge(&mut self, route: BulkRoute, items: &[Value], operation: &Value) {
        let id = operation["id"].as_u64().and_then(|id| usize::try_from(id).ok());
        let Some(item) = id.and_then(|id| items.get(id)) else {
            self.is_other = true;
            return;
        };
        if let Some(request) = request_of(operation) {
            self.compared += 1;
            self.is_other |= !is_same(&request, item);
        } else {
            self.is_other |= done_sku(operation) != route.sku(item);
        }
        self.alike += 1;
    }
}

/// The sku of what an entry that is done has written.
fn done_sku(operation: &Value) -> Option<String> {
    let result: Value = serde_json::from_str(operation["result_serialized_data"].as_str()?).ok()?;
    Some(crate::client::sku_key(result["sku"].as_str()?))
}

fn whole(candidates: &BTreeMap<String, Candidate>, items: usize) -> Option<String> {
    let is_whole = |candidate: &Candidate| !candidate.is_other && candidate.compared > 0 && candidate.alike == items;
    candidates.iter().find(|(_, candidate)| is_whole(candidate)).map(|(uuid, _)| uuid.clone())
}

/// Compares what was sent with what the shop keeps of it: it writes numbers in its own way.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_alike =
                |(name, value): (&String, &Value)| other.get(name).is_some_and(|other| is_same(value, other));
            one.len() == other.len() && one.iter().all(is_alike)
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Says, TestWire, recording};

    #[tokio::test]
    async fn the_list_of_a_real_shop_is_searched_by_call_and_from_the_latest_on() {
        let recorded = recording("async-bulk/046").body;
        let item = json!({"product": {"sku": "BLK-1", "name": "BLK-1 deutsch", "attribute_set_id": 9, "price": 9.50,
            "status": 1, "visibility": 4, "type_id": "simple", "weight": 0.5}});
        let listed = || json!({"items": recorded["items"], "total_count": 3});
        let wire = TestWire::saying([Says::Json(200, listed()), Says::Json(200, listed())]);
        let found = find(&wire.client(), BulkRoute::SaveProducts, std::slice::from_ref(&item)).await.unwrap();
        assert_eq!(found.as_deref(), Some("13e44395-b989-4e79-9350-fe860fd013a2"));
        let mut other = item;
        other["product"]["price"] = json!(9.51);
        assert_eq!(find(&wire.client(), BulkRoute::SaveProducts, &[other]).await.unwrap(), None);
        assert!(wire.requests()[0].contains("topic_name") && wire.requests()[0].contains("[direction]=DESC"));
    }

    #[tokio::test]
    async fn open_entries_are_asked_for_by_call_and_state() {
        let body = json!({"items": recording("async-bulk/046").body["items"], "total_count": 3});
        let wire = TestWire::saying([Says::Json(200, body)]);
        let open = open_requests(&wire.client(), BulkRoute::SaveProducts).await.unwrap();
        let first = &open[0];
        assert_eq!(
            (first.uuid.as_str(), first.place, first.store_id),
            ("13e44395-b989-4e79-9350-fe860fd013a2", 0, Some(2))
        );
        assert!(first.is_for(&first.request) && !first.is_for(&json!({"product": {"sku": "BLK-1"}})));
        let asked = &wire.requests()[0];
        assert!(
            asked.contains("[1][filters][0][field]=status") && asked.contains("[1][filters][0][value]=4"),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn a_list_that_is_all_done_is_not_taken_for_ours() {
        let done = json!({"id": 0, "bulk_uuid": "u", "status": 1, "serialized_data": null,
            "result_serialized_data": "{\"sku\":\"A\",\"price\":7}"});
        let wire = TestWire::saying([Says::Json(200, json!({"items": [done], "total_count": 1}))]);
        let item = json!({"product": {"sku": "A", "price": 9.5}});
        assert_eq!(find(&wire.client(), BulkRoute::SaveProducts, &[item]).await.unwrap(), None);
    }
}

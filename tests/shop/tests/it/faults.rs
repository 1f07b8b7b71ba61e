//! What a test can let go wrong, seen from outside.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::client::{Answer, Sender, Sent};
use local_shop::{CATALOG_TOKEN, Consumer, Fault, LocalShop, OperationFault, OperationRule, Rule, Setup, Start, TOKEN};
use patience::wait;
use serde_json::{Value, json};

fn sent(method: &str, path: &str, token: &str, body: &Value) -> Sent {
    let headers = [("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
    let headers: BTreeMap<String, String> = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Sent { method: method.to_owned(), path: path.to_owned(), headers, body }
}

struct Desk {
    shop: LocalShop,
    sender: Sender,
}

impl Desk {
    async fn open(setup: Setup) -> Self {
        let shop = LocalShop::start(setup).await.unwrap();
        let sender = Sender::to(shop.url());
        Self { shop, sender }
    }

    async fn get(&self, path: &str) -> Answer {
        self.sender.send(sent("GET", path, TOKEN, &Value::Null)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.sender.send(sent("POST", path, TOKEN, body)).await
    }
}

fn product(sku: &str) -> Value {
    json!({"product": {"sku": sku, "name": format!("Lamp {sku}"), "attribute_set_id": 4, "price": 10, "type_id": "simple"}})
}

const PRODUCTS: &str = "/rest/all/V1/products";

#[tokio::test]
async fn a_lost_reply_leaves_what_the_shop_has_done() {
    let desk = Desk::open(Setup::default()).await;
    desk.shop.fail(Rule::once("POST", "/V1/products", Fault::LoseReply));
    let lost = desk.sender.try_send(sent("POST", PRODUCTS, TOKEN, &product("A-1"))).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(desk.get("/rest/all/V1/products/A-1").await.status, 200);
    let writes = desk.shop.writes();
    assert_eq!((writes.len(), writes[0].status, writes[0].is_answered), (1, 200, false));
}

#[tokio::test]
async fn a_lost_request_leaves_nothing() {
    let desk = Desk::open(Setup::default()).await;
    desk.shop.fail(Rule { after: 1, ..Rule::once("POST", "/V1/products", Fault::LoseRequest) });
    assert_eq!(desk.post(PRODUCTS, &product("A-1")).await.status, 200);
    assert!(desk.sender.try_send(sent("POST", PRODUCTS, TOKEN, &product("A-2"))).await.is_err());
    assert_eq!(desk.get("/rest/all/V1/products/A-2").await.status, 404);
}

#[tokio::test]
async fn a_cut_reply_ends_in_the_middle() {
    let desk = Desk::open(Setup::default()).await;
    desk.shop.fail(Rule::once("GET", "/V1/store/websites", Fault::CutReply));
    assert!(desk.sender.try_send(sent("GET", "/rest/V1/store/websites", TOKEN, &Value::Null)).await.is_err());
    assert_eq!(desk.get("/rest/V1/store/websites").await.status, 200);
}

#[tokio::test]
async fn too_many_requests_say_when_to_come_back() {
    let desk = Desk::open(Setup::default()).await;
    desk.shop.fail(Rule::once("", "", Fault::TooManyRequests { retry_after: Some(7) }));
    let answer = desk.get("/rest/V1/store/websites").await;
    assert_eq!((answer.status, answer.retry_after.as_deref()), (429, Some("7")));
    assert_eq!(desk.get("/rest/V1/store/websites").await.status, 200);
}

#[tokio::test]
async fn a_firewall_and_a_wrong_address_answer_with_pages() {
    let desk = Desk::open(Setup::default()).await;
    let wrong = desk.get("/shop/rest/V1/store/websites").await;
    assert_eq!((wrong.status, wrong.content_type.as_str()), (404, "text/html; charset=UTF-8"));
    desk.shop.faults(|faults| faults.firewall = true);
    let refused = desk.get("/rest/V1/store/websites").await;
    assert_eq!((refused.status, refused.content_type.as_str()), (403, "text/html; charset=UTF-8"));
}

#[tokio::test]
async fn locks_refuse_their_share_of_saves_and_leave_nothing() {
    let desk = Desk::open(Setup::default()).await;
    desk.shop.faults(|faults| faults.lock_conflicts = 0.2);
    let mut refused = 0;
    for number in 0..200 {
        let sku = format!("A-{number}");
        let answer = desk.post(PRODUCTS, &product(&sku)).await;
        if answer.status == 400 {
            refused += 1;
            assert_eq!(answer.body, json!({"message": "Could not save Source Item Configuration"}));
            assert_eq!(desk.get(&format!("/rest/all/V1/products/{sku}")).await.status, 404);
        }
    }
    assert!((20..=60).contains(&refused), "{refused} of 200 were refused, expected about 40");
}

#[tokio::test]
async fn a_revoked_token_and_one_for_the_catalogue_only_are_told_alike() {
    let desk = Desk::open(Setup::default()).await;
    let limited = desk.sender.send(sent("GET", "/rest/V1/store/websites", CATALOG_TOKEN, &Value::Null)).await;
    desk.shop.integrations(|list| list[0].is_revoked = true);
    let revoked = desk.get("/rest/V1/store/websites").await;
    assert_eq!(limited.status, 401);
    assert_eq!((limited.status, limited.body), (revoked.status, revoked.body));
}

#[tokio::test]
async fn requests_are_counted_by_route_with_their_items() {
    let desk = Desk::open(Setup::default()).await;
    let prices = json!({"prices": [{"sku": "A", "price": 1, "store_id": 0}, {"sku": "B", "price": 1, "store_id": 0}]});
    desk.post("/rest/V1/products/base-prices", &prices).await;
    desk.get("/rest/V1/store/websites").await;
    assert_eq!(desk.shop.count("POST", "/V1/products/base-prices"), 1);
    let writes = desk.shop.writes();
    assert_eq!(writes.iter().map(|write| write.items).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn every_request_takes_the_time_that_was_set() {
    let desk = Desk::open(Setup::default()).await;
    desk.shop.faults(|faults| faults.latency_ms = 50);
    let begun = Instant::now();
    desk.get("/rest/V1/store/websites").await;
    assert!(begun.elapsed() >= Duration::from_millis(50), "{:?}", begun.elapsed());
}

const BULK: &str = "/rest/all/async/bulk/V1/products";

async fn open_operations(desk: &Desk, uuid: &str) -> i64 {
    desk.get(&format!("/rest/V1/bulk/{uuid}/operation-status/4")).await.body.as_i64().unwrap()
}

#[tokio::test]
async fn a_poisoned_operation_ends_the_consumer_until_it_is_started_again() {
    let desk = Desk::open(Setup::default()).await;
    let poison = json!([product("A-1"), {"product": {"name": "no sku"}}, product("A-2")]);
    let answer = desk.sender.send(sent("PUT", "/rest/all/async/bulk/V1/products/bySku", TOKEN, &poison)).await;
    let uuid = answer.body["bulk_uuid"].as_str().unwrap().to_owned();
    assert!(desk.shop.consume_all().died);
    assert_eq!((desk.shop.waiting(), open_operations(&desk, &uuid).await), (1, 2));
    assert_eq!(desk.shop.consume_all().operations, 0);
    desk.shop.restart_consumer();
    assert_eq!(desk.shop.consume_all().operations, 1);
    assert_eq!(open_operations(&desk, &uuid).await, 1, "the poisoned operation stays open for good");
}

#[tokio::test]
async fn a_running_consumer_can_be_paused_and_goes_on() {
    let consumer = Consumer::Running { per_second: 1000.0, restarts_after: None };
    let desk = Desk::open(Setup { consumer, ..Setup::default() }).await;
    desk.shop.pause_consumer();
    let bulk: Vec<Value> = (0..20).map(|number| product(&format!("A-{number}"))).collect();
    let answer = desk.post(BULK, &json!(bulk)).await;
    let uuid = answer.body["bulk_uuid"].as_str().unwrap().to_owned();
    assert_eq!(open_operations(&desk, &uuid).await, 20);
    desk.shop.restart_consumer();
    wait("the consumer takes all operations")
        .ask(async || if desk.shop.waiting() == 0 { Ok(()) } else { Err(desk.shop.waiting()) })
        .await;
    assert_eq!(open_operations(&desk, &uuid).await, 0);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_uuids() {
    let mut uuids = Vec::new();
    for _ in 0..2 {
        let desk = Desk::open(Setup { seed: 42, ..Setup::default() }).await;
        uuids.push(desk.post(BULK, &json!([product("A-1")])).await.body["bulk_uuid"].clone());
    }
    assert_eq!(uuids[0], uuids[1]);
}

async fn statuses(desk: &Desk, uuid: &str) -> Vec<(i64, i64, Option<i64>)> {
    let answer = desk.get(&format!("/rest/V1/bulk/{uuid}/status")).await.body;
    let one = |operation: &Value| {
        let number = |name: &str| operation[name].as_i64();
        (number("id").unwrap(), number("status").unwrap(), number("error_code"))
    };
    let mut found: Vec<_> = answer["operations_list"].as_array().unwrap().iter().map(one).collect();
    found.sort_unstable();
    found
}

#[tokio::test]
async fn operations_can_be_lost_or_meet_locks() {
    let desk = Desk::open(Setup::default()).await;
    for (after, fault) in [(1, OperationFault::Lost), (0, OperationFault::Deadlock), (0, OperationFault::Retriable)] {
        desk.shop.fail_operations(OperationRule { after, times: 1, fault });
    }
    let bulk: Vec<Value> = (0..4).map(|number| product(&format!("A-{number}"))).collect();
    let answer = desk.post(BULK, &json!(bulk)).await;
    let uuid = answer.body["bulk_uuid"].as_str().unwrap().to_owned();
    desk.shop.consume_all();
    let expected = [(0, 3, Some(1213)), (1, 4, None), (2, 2, Some(1205)), (3, 1, None)];
    assert_eq!(statuses(&desk, &uuid).await, expected);
}

#[tokio::test]
async fn the_start_state_is_that_of_the_recorded_shop() {
    let desk = Desk::open(Setup { start: Start::Recorded, ..Setup::default() }).await;
    let sent = json!({"product": {
        "sku": "RIG-1", "name": "Rig", "attribute_set_id": 9, "price": 1, "type_id": "simple",
        "custom_attributes": [{"attribute_code": "rig_size", "value": "8"}, {"attribute_code": "category_ids", "value": ["3", "5"]}],
    }});
    assert_eq!(desk.post(PRODUCTS, &sent).await.status, 200);
    let size = desk.get("/rest/V1/products/attributes/rig_size?fields=attribute_id,options").await.body;
    assert_eq!(size["attribute_id"], json!(137));
    assert_eq!(size["options"][2], json!({"label": "M", "value": "8"}));
    let german = desk.get("/rest/de_DE/V1/products/attributes/color/options").await.body;
    assert_eq!(german[1], json!({"label": "Rot", "value": "4"}));
    assert!(desk.shop.writes().len() == 1, "the start state is not part of the log");
}

#[tokio::test]
async fn what_a_test_asks_directly_needs_no_token_and_leaves_no_trace() {
    let desk = Desk::open(Setup::default()).await;
    desk.shop.faults(|faults| faults.maintenance = true);
    let (status, body) = desk.shop.ask("POST", PRODUCTS, &product("A-1"));
    assert_eq!((status, &body["sku"]), (200, &json!("A-1")));
    assert_eq!(
        desk.shop.ask("GET", "/rest/all/V1/products/A-1?fields=sku", &Value::Null),
        (200, json!({"sku": "A-1"}))
    );
    assert!(desk.shop.exchanges().is_empty());
}

#[tokio::test]
async fn a_new_product_can_be_sold_once_the_index_has_run() {
    let salable = "/rest/V1/inventory/get-product-salable-quantity/A-1/1";
    for (indexes_at_once, expected) in [(false, 0), (true, 5)] {
        let desk = Desk::open(Setup { indexes_at_once, ..Setup::default() }).await;
        let mut sent = product("A-1");
        sent["product"]["extension_attributes"] = json!({"stock_item": {"qty": 5, "is_in_stock": true}});
        desk.post(PRODUCTS, &sent).await;
        assert_eq!(desk.get(salable).await.body, json!(expected));
        desk.shop.run_index();
        assert_eq!(desk.get(salable).await.body, json!(5));
    }
}

#[tokio::test]
async fn a_person_controls_the_shop_by_its_own_paths() {
    let desk = Desk::open(Setup::default()).await;
    let put = desk.sender.send(sent("PUT", "/__shop/faults", "", &json!({"maintenance": true}))).await;
    assert_eq!((put.status, &put.body["maintenance"]), (200, &json!(true)));
    assert_eq!(desk.get("/rest/V1/store/websites").await.status, 503);
    let wrong = desk.sender.send(sent("PUT", "/__shop/faults", "", &json!({"maintenance": "yes"}))).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body["message"].as_str().unwrap().contains("expected a boolean"), "{}", wrong.body);
    let log = desk.get("/__shop/exchanges").await.body;
    assert_eq!((log.as_array().unwrap().len(), &log[0]["status"]), (1, &json!(503)));
}

/// Imports two products in an order, with whatever goes wrong on the way.
async fn arrive(desk: &Desk, skus: &[&str]) {
    for sku in skus {
        let mut sent = product(sku);
        sent["product"]["extension_attributes"] =
            json!({"stock_item": {"qty": 5, "is_in_stock": true}, "website_ids": [1]});
        assert_eq!(desk.post(PRODUCTS, &sent).await.status, 200);
    }
    let link = json!({"items": [{"sku": "A-1", "link_type": "related", "linked_product_sku": "A-2", "linked_product_type": "simple", "position": 1}]});
    assert_eq!(desk.post("/rest/all/V1/products/A-1/links", &link).await.status, 200);
}

#[tokio::test]
async fn contents_tell_what_came_and_not_how() {
    let one = Desk::open(Setup::default()).await;
    arrive(&one, &["A-1", "A-2"]).await;
    let other = Desk::open(Setup::default()).await;
    assert_eq!(other.post(PRODUCTS, &product("A-3")).await.status, 200);
    assert_eq!(other.sender.send(sent("DELETE", "/rest/all/V1/products/A-3", TOKEN, &Value::Null)).await.status, 200);
    arrive(&other, &["A-2", "A-1"]).await;
    assert_eq!(one.shop.contents(), other.shop.contents());
    let price = json!({"prices": [{"sku": "A-1", "price": 11, "store_id": 0}]});
    assert_eq!(other.post("/rest/V1/products/base-prices", &price).await.status, 200);
    assert_ne!(one.shop.contents(), other.shop.contents());
    assert_eq!(other.shop.contents()["products"]["A-1"][0]["values"]["price admin"], json!("11.000000"));
}

#[tokio::test]
async fn two_products_of_one_sku_are_to_be_seen_in_the_contents() {
    let desk = Desk::open(Setup::default()).await;
    desk.shop.faults(|faults| faults.latency_ms = 100);
    let (one, other) = (product("A-1"), product("A-1"));
    let (one, other) = tokio::join!(desk.post(PRODUCTS, &one), desk.post(PRODUCTS, &other));
    assert_eq!((one.status, other.status), (200, 200));
    assert_eq!(desk.shop.contents()["products"]["A-1"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_address_can_have_moved() {
    let desk = Desk::open(Setup::default()).await;
    let to = "https://shop.example.com/rest/V1/store/websites".to_owned();
    desk.shop.fail(Rule::once("GET", "", Fault::Redirect { to }));
    assert_eq!(desk.get("/rest/V1/store/websites").await.status, 301);
}

//! Documents to a web server: what a repetition is known by, and what an outage costs.

use http_client::testing::{Server, answer};
use insta::assert_snapshot;
use orders::export::ExportStatus;
use steps::entity_export::reset::Doubt;

use super::shop::{ALL, Shop, json, numbered};
use crate::outside::services;

fn settings(url: &str, more: &str) -> String {
    let transport = format!(r#""transport":{{"kind":"http","url":"{url}","timeout":"1 second"{more}}},"format""#);
    ALL.replace(r#""format""#, &transport)
}

/// The header and the body by which a server knows a repetition.
fn key_and_body(request: &str) -> (&str, &str) {
    let key = request.split("idempotency-key: ").nth(1).unwrap().split("\r\n").next().unwrap();
    (key, request.split("\r\n\r\n").nth(1).unwrap())
}

#[tokio::test]
async fn row_12_and_18_an_answer_at_once_brings_the_number_of_the_other_side() {
    let server = Server::with(&[&answer("201 Created", "", r#"{"order":{"id":"0090077"}}"#)]).await;
    let more = r#","external_id":"/order/id","headers":{"Authorization":"secret:ERP"}"#;
    let shop = Shop::calling(&settings(&server.url("/orders"), more), services(&server.entry())).await;
    shop.arrive(&json(&[])).await;
    shop.minutes(2).await;
    let record = shop.record("1-000000041").await;
    assert_eq!((record.export.status, record.external_id.as_deref()), (ExportStatus::Exported, Some("0090077")));
    let request = &server.requests()[0];
    assert!(
        request.contains("authorization: Bearer hush-hush\r\n") && request.contains("application/json"),
        "{request}"
    );
    assert_eq!(key_and_body(request).0, "order_export/1-000000041/1");
}

#[tokio::test]
async fn a_try_without_an_answer_is_repeated_under_the_same_key_with_the_same_bytes() {
    let server = Server::with(&["".to_owned(), answer("201 Created", "", r#"{"id":"ERP-501"}"#)]).await;
    let more = r#","external_id":"/id""#;
    let shop = Shop::calling(&settings(&server.url("/orders"), more), services(&server.entry())).await;
    shop.arrive(&json(&[])).await;
    shop.minutes(4).await;
    let record = shop.record("1-000000041").await;
    assert_eq!((record.export.status, record.export.error_count), (ExportStatus::Error, 1));
    assert!(record.frozen.unwrap().may_be_received);
    assert_snapshot!(shop.reset("1-000000041", Doubt::Respected).await.unwrap_err(), @"the document of version 2026-08-01T10:15:00Z (processing) was sent as `order_export/1-000000041/1` and may have been received; look there first, since a reset sends a new one under another key");
    // The order changes meanwhile; what may have been received does not.
    shop.arrive(&json(&[("10:15:00", "11:15:00"), ("Kim", "Kira")])).await;
    shop.minutes(62).await;
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(key_and_body(&requests[0]), key_and_body(&requests[1]));
    let record = shop.record("1-000000041").await;
    assert_eq!((record.export.status, record.external_id.as_deref()), (ExportStatus::Exported, Some("ERP-501")));
    assert_eq!((record.export.error_count, record.frozen), (0, None));
    assert!(shop.story("1-000000041").await.contains("no answer, may have been received"));
}

#[tokio::test]
async fn a_refusal_says_what_the_target_said_and_the_next_try_is_a_fresh_document() {
    let server = Server::with(&[&answer("409 Conflict", "", "there"), &answer("200 OK", "", "")]).await;
    let shop = Shop::calling(&settings(&server.url("/orders"), ""), services(&server.entry())).await;
    shop.arrive(&json(&[])).await;
    shop.minutes(3).await;
    let story = shop.story("1-000000041").await;
    assert!(story.contains("status 409: the target may have it already"), "{story}");
    assert_eq!(shop.record("1-000000041").await.frozen, None);
    // A server that says so of what it took is believed, if the settings say that it does.
    let more = r#","already":["409"]"#;
    let server = Server::with(&[&answer("409 Conflict", "", "there")]).await;
    let shop = Shop::calling(&settings(&server.url("/orders"), more), services(&server.entry())).await;
    shop.arrive(&json(&[])).await;
    shop.minutes(2).await;
    assert_eq!(shop.record("1-000000041").await.export.status, ExportStatus::Exported);
}

#[tokio::test]
async fn an_outage_is_one_state_of_the_target_and_costs_no_order_an_attempt() {
    let server = Server::with(&["".to_owned()]).await;
    let (url, entry) = (server.url("/orders"), server.entry());
    drop(server);
    let shop = Shop::calling(&settings(&url, ""), services(&entry)).await;
    let orders: Vec<String> = (1..=20).map(numbered).collect();
    shop.arrive(&format!("[{}]", orders.join(","))).await;
    shop.minutes(30).await;
    for number in 1..=20 {
        let record = shop.record(&format!("1-{:09}", 40 + number)).await;
        assert_eq!((record.export.status, record.export.error_count), (ExportStatus::Pending, 0), "{number}");
        assert!(record.frozen.is_none(), "nothing was received, so a fresh document goes later");
    }
    let states = steps::orders::website::state::load(shop.workshop.store()).await.unwrap();
    let outage = states["base"].outage.as_ref().unwrap();
    assert_eq!(outage.since.format("%H:%M").to_string(), "12:01", "{outage:?}");
    let rounds: u32 = {
        let mut sum = 0;
        for number in 1..=20 {
            sum += shop.record(&format!("1-{:09}", 40 + number)).await.export.rounds;
        }
        sum
    };
    // All of them once, and then one probe every five minutes.
    assert!((20..=20 + 8).contains(&rounds), "{rounds}");
    let again = Server::with(&[&answer("200 OK", "", "")]).await;
    let mut shop = shop;
    shop.workshop.context.services = services(&again.entry());
    shop.set("base", &settings(&again.url("/orders"), "")).await;
    shop.minutes(12).await;
    assert_eq!(again.requests().len(), 20);
    assert_eq!(shop.record("1-000000060").await.export.status, ExportStatus::Exported);
}

#[tokio::test]
async fn a_target_that_is_not_listed_is_named_and_nothing_is_sent() {
    let server = Server::with(&[&answer("200 OK", "", "")]).await;
    let shop = Shop::calling(&settings(&server.url("/orders"), ""), services("erp.example.com")).await;
    shop.arrive(&json(&[])).await;
    shop.minutes(4).await;
    let story = shop.story("1-000000041").await;
    assert!(story.contains("is not among the hosts that may be called"), "{story}");
    assert_eq!((server.requests().len(), shop.record("1-000000041").await.export.error_count), (0, 1));
}

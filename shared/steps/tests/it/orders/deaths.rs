//! Orders whose beats and runners die, lose replies or are refused at any write: each leaves once, and none is lost.

use http_client::testing::{Server, answer};
use orders::export::ExportStatus;
use workshop::{Fault, every_write};

use super::shop::{ALL, Shop, json};
use crate::outside::services;

/// How many minutes an order may take however badly it fares: a failed try rests for an hour.
const MINUTES: u64 = 420;

/// Lets a fault happen at one write on the way of an order, and lives on until it has left. Whether it happened.
async fn disturbed(shop: &Shop, fault: Fault, write: usize) -> bool {
    shop.arrive(&json(&[])).await;
    shop.workshop.table.arm(fault, "", write);
    for _ in 0..MINUTES {
        shop.workshop.wait(1);
        shop.workshop.try_beat().await;
        while shop.workshop.try_run_one().await {}
        if shop.record("1-000000041").await.export.status == ExportStatus::Exported {
            break;
        }
    }
    let has_happened = shop.workshop.table.is_spent();
    shop.workshop.table.disarm();
    has_happened
}

const FAULTS: [Fault; 4] = [Fault::DeadBefore, Fault::DeadAfter, Fault::ReplyLost, Fault::Refused];

#[tokio::test(flavor = "multi_thread")]
async fn an_order_leaves_as_one_file_whoever_dies_at_which_write() {
    for fault in FAULTS {
        for write in every_write() {
            let shop = Shop::with(ALL).await;
            let has_happened = disturbed(&shop, fault, write).await;
            let when = format!("{fault:?} at write {write}\n{}", shop.story("1-000000041").await);
            assert_eq!(shop.outgoing().await, ["outgoing/base/000000041.json"], "{when}");
            assert_eq!(shop.record("1-000000041").await.export.status, ExportStatus::Exported, "{when}");
            if !has_happened {
                assert!(write > 10, "the way of an order has more than {write} writes");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_knows_keys_gets_an_order_once_whoever_dies_at_which_write() {
    for fault in FAULTS {
        for write in every_write() {
            let server = Server::with(&[&answer("200 OK", "", "")]).await;
            let transport = format!(r#""transport":{{"kind":"http","url":"{}"}},"format""#, server.url("/"));
            let shop = Shop::calling(&ALL.replace(r#""format""#, &transport), services(&server.entry())).await;
            let has_happened = disturbed(&shop, fault, write).await;
            let when = format!("{fault:?} at write {write}\n{}", shop.story("1-000000041").await);
            let requests = server.requests();
            let tail = |request: &String| {
                let key = request.split("idempotency-key: ").nth(1).unwrap();
                (key.split("\r\n").next().unwrap().to_owned(), request.split("\r\n\r\n").nth(1).unwrap().to_owned())
            };
            let mut different: Vec<_> = requests.iter().map(tail).collect();
            different.sort();
            different.dedup();
            assert_eq!(different.len(), 1, "one key and one document, however often: {when}\n{requests:?}");
            assert_eq!(shop.record("1-000000041").await.export.status, ExportStatus::Exported, "{when}");
            if !has_happened {
                break;
            }
        }
    }
}

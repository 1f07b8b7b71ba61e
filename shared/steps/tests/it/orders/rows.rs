//! Rows of the original's checklist that this half of orders covers, each a test named after it.

use insta::assert_snapshot;
use orders::export::{Chain, ExportStatus};
use steps::entity_export::reset::Doubt;

use super::shop::{ALL, Shop, json, numbered, sample};

/// What is written of one website into another order of the shop.
fn of_store(store: u64, number: u64) -> String {
    numbered(number).replace(r#""store_id":1"#, &format!(r#""store_id":{store}"#))
}

/// A website whose transport finds another file under the name of each order, and so fails.
async fn failing() -> Shop {
    let shop = Shop::with(ALL).await;
    shop.workshop.store().files.put("outgoing/base/000000041.json", "taken".into()).await.unwrap();
    shop
}

#[tokio::test]
async fn row_1_orders_leave_only_of_a_website_that_is_on() {
    let shop = Shop::with(ALL).await;
    shop.set("b2b", r#"{"stores":[2],"format":"json"}"#).await;
    for store in [1, 2, 3] {
        shop.arrive(&of_store(store, store)).await;
    }
    shop.minutes(2).await;
    assert_eq!(shop.outgoing().await, ["outgoing/base/000000041.json"]);
    assert_snapshot!(shop.why("2-000000042", Chain::Schedule).await, @"exports are off for website `b2b`");
    assert_snapshot!(shop.why("3-000000043", Chain::Schedule).await, @"store 3 belongs to no website; name it in `stores` of the settings of one");
    // What was held back goes by itself once it may; what was placed before exports began never does.
    let b2b = r#"{"stores":[2,3],"format":"json","export":{"enabled":true,"go_live_at":"2026-01-01T00:00:00Z"}}"#;
    shop.set("b2b", b2b).await;
    shop.minutes(2).await;
    assert_eq!(shop.outgoing().await.len(), 3);
}

#[tokio::test]
async fn row_2_an_order_leaves_if_a_row_of_payment_and_status_matches() {
    let rules = r#""rules":[{"payment":"checkmo","status":"complete"},{"payment":"any","status":"processing"}],"#;
    let shop = Shop::with(&ALL.replace(r#""enabled""#, &format!(r#"{rules}"enabled""#))).await;
    let pending = numbered(2).replace(r#""status":"processing""#, r#""status":"pending""#);
    let complete = numbered(3).replace(r#""status":"processing""#, r#""status":"complete""#);
    let other_payment = complete.replace("checkmo", "invoice").replace("000000043", "000000044").replace("503", "504");
    for order in [&json(&[]), &pending, &complete, &other_payment] {
        shop.arrive(order).await;
    }
    shop.minutes(2).await;
    assert_eq!(shop.outgoing().await, ["outgoing/base/000000041.json", "outgoing/base/000000043.json"]);
    assert_snapshot!(shop.story("1-000000042").await, @"
    12:00 arrived with version 2026-08-01T10:15:00Z (pending)
    12:01 not exported: payment `checkmo` × status `pending` matches no rule of website `base` (payment `checkmo` × status `complete`; status `processing`)
    ");
}

#[tokio::test]
async fn row_3_an_order_that_is_too_old_stays() {
    let limit = |age: &str| ALL.replace(r#""enabled""#, &format!(r#""age_limit":"{age}","enabled""#));
    // It was placed at 9:15, and the first beat is at 12:01.
    for (age, leaves) in [("167 minutes", true), ("165 minutes", false)] {
        let shop = Shop::with(&limit(age)).await;
        shop.arrive(&json(&[])).await;
        shop.workshop.wait(1);
        shop.workshop.beat().await;
        let is_scheduled = shop.record("1-000000041").await.export.status == ExportStatus::Scheduled;
        assert_eq!(is_scheduled, leaves, "{age}: {}", shop.story("1-000000041").await);
    }
}

#[tokio::test]
async fn row_4_an_order_of_before_the_exports_began_is_never_scheduled() {
    let shop = Shop::with(&ALL.replace(r#","go_live_at":"2020-01-01T00:00:00Z""#, "")).await;
    shop.arrive(&json(&[])).await;
    shop.minutes(2).await;
    assert_snapshot!(shop.record("1-000000041").await.waits_for.unwrap(), @"it is of 2026-08-01T09:15:00Z, and exports of website `base` began at 2026-08-01T12:00:00Z");
    // The moment is written once: neither an omission nor another one changes it.
    shop.set("base", &ALL.replace(r#","go_live_at":"2020-01-01T00:00:00Z""#, r#","attempts":4"#)).await;
    let store = shop.workshop.store();
    let refused = steps::orders::website::set(store, "base", ALL, "kim", shop.workshop.now()).await.unwrap_err();
    assert_snapshot!(refused, @"the settings of website `base` cannot be used: `export.go_live_at` is 2020-01-01T00:00:00+00:00, and exports began at 2026-08-01T12:00:00+00:00; that is written once and stays");
    shop.minutes(2).await;
    assert!(shop.outgoing().await.is_empty());
}

#[tokio::test]
async fn row_5_however_many_beats_race_an_order_gets_one_pipeline() {
    let shop = Shop::with(ALL).await;
    let all: Vec<String> = (1..=60).map(numbered).collect();
    shop.arrive(&format!("[{}]", all.join(","))).await;
    shop.workshop.wait(1);
    let beats = (0..4).map(|_| async {
        let context = shop.workshop.restarted();
        // The heartbeat's own lease would let one of them work; fetchers must not need it.
        let question = engine::data_fetchers::FetchQuestion {
            store: &context.store,
            settings: &context.store.settings().await.unwrap(),
            now: shop.workshop.now(),
        };
        let mut asked = Vec::new();
        for fetcher in context.fetchers.iter() {
            asked.extend(fetcher.fetch(&question).await.unwrap());
        }
        asked
    });
    let asked: usize = futures::future::join_all(beats).await.iter().map(Vec::len).sum();
    assert_eq!(asked, 60, "each is asked for by who marked it");
    shop.minutes(5).await;
    assert_eq!(shop.outgoing().await.len(), 60);
    let ended = shop.workshop.store().ended_pipelines(1_000, 1, shop.workshop.now()).await.unwrap();
    assert_eq!(ended.len(), 60);
}

#[tokio::test]
async fn row_7_a_template_of_the_merchant_makes_the_document() {
    let shop = Shop::with(&ALL.replace(r#""format":"json""#, r#""format":"template""#)).await;
    shop.publish("base", "{{ order.increment_id }};{{ document.totals.payable }}").await;
    shop.arrive(&json(&[])).await;
    shop.minutes(2).await;
    assert_eq!(shop.file("outgoing/base/000000041.txt").await, "000000041;11.90");
}

#[tokio::test]
async fn a_template_that_cannot_be_used_stops_its_website_and_nothing_else() {
    let template = ALL.replace(r#""format":"json""#, r#""format":"template","template":{"strict":true}"#);
    let shop = Shop::with(&template).await;
    shop.set("b2b", &ALL.replace(r#""stores":[1]"#, r#""stores":[2]"#)).await;
    shop.publish("base", "{{ order.increment_id }}\n{{ order.payment.extension_attributes.vault_payment_token.type }}")
        .await;
    for order in [numbered(1), numbered(2), of_store(2, 3)] {
        shop.arrive(&order).await;
    }
    shop.minutes(3).await;
    assert_eq!(shop.outgoing().await, ["outgoing/b2b/000000043.json"]);
    for id in ["1-000000041", "1-000000042"] {
        let record = shop.record(id).await;
        assert_eq!((record.export.status, record.export.error_count), (ExportStatus::Pending, 0), "{id}");
    }
    // What comes later waits as well, and says why.
    shop.arrive(&numbered(4)).await;
    shop.minutes(1).await;
    let waits_for = shop.record("1-000000044").await.waits_for.unwrap();
    // Either of the two may have been the first to find it out.
    assert_snapshot!(waits_for.replace("000000042", "000000041"), @"website `base` is stopped: order 000000041: the template: line 2, column 17: `order.payment.extension_attributes.vault_payment_token` is not there in this order");
    shop.publish("base", "{{ order.increment_id }}").await;
    shop.minutes(3).await;
    assert_eq!(shop.outgoing().await.len(), 4);
}

#[tokio::test]
async fn row_8_a_built_in_format_makes_the_document() {
    let shop = Shop::with(&ALL.replace("json", "opentrans")).await;
    shop.arrive(&json(&[])).await;
    shop.minutes(2).await;
    let xml = shop.file("outgoing/base/000000041.xml").await;
    assert!(xml.contains("<ORDER_ID>000000041</ORDER_ID>"), "{xml}");
}

#[tokio::test]
async fn row_10_the_document_is_an_artifact_and_its_pointer_an_output() {
    let shop = Shop::with(ALL).await;
    shop.arrive(&json(&[])).await;
    shop.minutes(1).await;
    let pipeline = shop.record("1-000000041").await.export.pipeline.unwrap();
    let step = shop.workshop.step(&pipeline.parse().unwrap(), "transform").await;
    let output = step.record.output.unwrap();
    let file = output["file"].as_str().unwrap();
    assert!(file.starts_with(&format!("work/{pipeline}/transform/1-")), "{file}");
    assert_eq!(shop.file(file).await, shop.file("outgoing/base/000000041.json").await);
}

#[tokio::test]
async fn row_11_a_file_is_written_once_and_never_over_another_one() {
    let shop = failing().await;
    shop.arrive(&json(&[])).await;
    shop.minutes(4).await;
    assert_eq!(shop.file("outgoing/base/000000041.json").await, "taken");
    let record = shop.record("1-000000041").await;
    assert_eq!((record.export.status, record.export.error_count), (ExportStatus::Error, 1));
    let numbering = ALL.replace(r#""format""#, r#""transport":{"when_there":"number"},"format""#);
    shop.set("base", &numbering).await;
    shop.minutes(62).await;
    // Not `-2`, which could be the number of an edited order.
    assert_eq!(shop.outgoing().await, ["outgoing/base/000000041.json", "outgoing/base/000000041~2.json"]);
}

#[tokio::test]
async fn row_19_a_failed_export_is_tried_again_after_an_hour_and_row_20_a_raised_limit_revives_it() {
    let shop = failing().await;
    shop.arrive(&json(&[])).await;
    shop.workshop.wait(1);
    shop.beat().await;
    let rounds = async || shop.record("1-000000041").await.export.rounds;
    shop.minutes(3).await;
    let failed_at = shop.record("1-000000041").await.export.last_error_at.unwrap();
    assert_eq!(failed_at.format("%H:%M").to_string(), "12:01", "when its pipeline ended, not when somebody looked");
    shop.minutes(56).await;
    assert_eq!((shop.workshop.now().format("%H:%M").to_string(), rounds().await), ("13:00".to_owned(), 1));
    shop.minutes(2).await;
    assert_eq!(rounds().await, 2);
    shop.minutes(200).await;
    let record = shop.record("1-000000041").await;
    assert_eq!((record.export.rounds, record.export.error_count), (3, 3), "three attempts in all");
    assert_snapshot!(record.waits_for.unwrap(), @"it failed 3 times, and 3 attempts are made; a reset begins anew");
    shop.set("base", &ALL.replace(r#""enabled""#, r#""attempts":5,"enabled""#)).await;
    shop.minutes(200).await;
    assert_eq!(rounds().await, 5);
}

#[tokio::test]
async fn row_21_a_reset_begins_anew_and_is_refused_for_what_has_left_or_is_on_its_way() {
    let shop = failing().await;
    shop.arrive(&json(&[])).await;
    shop.workshop.wait(1);
    shop.workshop.beat().await;
    let on_its_way = shop.reset("1-000000041", Doubt::Respected).await.unwrap_err().to_string();
    assert!(on_its_way.ends_with("wait until its pipeline has ended, or cancel it"), "{on_its_way}");
    shop.workshop.run_all().await;
    shop.minutes(3).await;
    shop.workshop.store().files.delete("outgoing/base/000000041.json").await.unwrap();
    let reset = shop.reset("1-000000041", Doubt::Respected).await.unwrap();
    assert_eq!((reset.export.status, reset.export.error_count, reset.generation), (ExportStatus::Pending, 0, 2));
    shop.minutes(2).await;
    assert_eq!(shop.outgoing().await, ["outgoing/base/000000041.json"]);
    let left = shop.reset("1-000000041", Doubt::Cleared).await.unwrap_err().to_string();
    assert!(left.ends_with("a second document would be a second order for who gets it"), "{left}");
}

#[tokio::test]
async fn row_22_the_reset_pipeline_takes_those_without_an_attempt_left_and_no_others() {
    let shop = failing().await;
    shop.arrive(&json(&[])).await;
    shop.minutes(250).await;
    // Another one has failed once, and has attempts left.
    shop.workshop.store().files.put("outgoing/base/000000042.json", "taken".into()).await.unwrap();
    shop.arrive(&numbered(2)).await;
    shop.minutes(4).await;
    let id = shop.workshop.init("reset_order_export").await;
    shop.workshop.run_all().await;
    assert_snapshot!(shop.workshop.shown(&id).await, @"success: reset success");
    let (given_up, once) = (shop.record("1-000000041").await, shop.record("1-000000042").await);
    assert_eq!((given_up.export.status, given_up.export.error_count), (ExportStatus::Pending, 0));
    assert_eq!((once.export.status, once.export.error_count), (ExportStatus::Error, 1));
}

#[tokio::test]
async fn an_order_that_is_cancelled_before_its_transport_does_not_leave() {
    let folder = "reports/orders/cancelled-before-transport";
    for second in ["canceled", "holded"] {
        let settings = ALL.replace(r#""enabled""#, r#""rules":[{"status":"pending"}],"enabled""#);
        let shop = Shop::with(&settings).await;
        let first = sample(&format!("{folder}/version-1.json"));
        shop.arrive(&first).await;
        shop.workshop.wait(1);
        shop.workshop.beat().await;
        shop.arrive(&sample(&format!("{folder}/version-2-{second}.json"))).await;
        shop.workshop.run_all().await;
        shop.minutes(3).await;
        assert!(shop.outgoing().await.is_empty(), "{second}");
        let id = shop.only().await;
        let record = shop.record(&id).await;
        assert_eq!((record.export.status, record.export.error_count), (ExportStatus::Pending, 0), "{second}");
        assert!(record.waits_for.unwrap().contains("matches no rule of website `base`"), "{second}");
    }
}

#[tokio::test]
async fn an_order_that_is_cancelled_behind_its_export_needs_a_person_once() {
    let folder = "reports/orders/cancelled-after-acceptance";
    let shop = Shop::with(&ALL.replace(r#""stores":[1]"#, r#""stores":[0,1,2,3]"#)).await;
    shop.arrive(&sample(&format!("{folder}/version-1.json"))).await;
    shop.minutes(2).await;
    let id = shop.only().await;
    assert_eq!(shop.record(&id).await.export.status, ExportStatus::Exported, "{}", shop.story(&id).await);
    for _ in 0..2 {
        shop.arrive(&sample(&format!("{folder}/version-2.json"))).await;
        shop.minutes(2).await;
    }
    let record = shop.record(&id).await;
    assert_eq!((record.export.status, record.export.rounds), (ExportStatus::Exported, 1));
    assert_snapshot!(record.attention.unwrap(), @"it is canceled in the shop since 2027-02-04T07:30:00Z, and its document has left");
    assert_eq!(shop.story(&id).await.matches("a person should see to it").count(), 1);
}

#[tokio::test]
async fn a_suffix_is_no_version_and_each_order_has_a_file_of_its_own() {
    let folder = "reports/orders/suffix-1-is-not-a-version";
    let rules = r#""rules":[{"payment":"any","status":"pending"},{"payment":"any","status":"complete"}],"enabled""#;
    let shop = Shop::with(&ALL.replace(r#""enabled""#, rules).replace("json", "opentrans")).await;
    shop.drop("search.json", &sample(&format!("{folder}/orders-search-result.json"))).await;
    shop.minutes(3).await;
    let files = ["000000041-1.xml", "000000041.xml", "000000043-1.xml"].map(|name| format!("outgoing/base/{name}"));
    assert_eq!(shop.outgoing().await, files);
    assert!(shop.why("1-000000043", Chain::Schedule).await.contains("status `canceled` matches no rule"));
}

#[tokio::test]
async fn one_number_of_two_stores_is_two_orders_and_the_second_file_does_not_replace_the_first() {
    let folder = "reports/orders/one-number-two-orders";
    let same_folder = |stores: &str| {
        ALL.replace(r#""stores":[1]"#, stores).replace(r#""format""#, r#""transport":{"folder":"erp"},"format""#)
    };
    let shop = Shop::with(&same_folder(r#""stores":[1]"#)).await;
    shop.set("b2b", &same_folder(r#""stores":[10]"#)).await;
    for order in ["order-501.json", "order-907.json"] {
        shop.arrive(&sample(&format!("{folder}/{order}"))).await;
    }
    shop.minutes(4).await;
    assert_eq!(shop.outgoing().await, ["outgoing/erp/10000001.json"]);
    let found = steps::orders::kept::with_number(shop.workshop.store(), "10000001").await.unwrap();
    let mut records = Vec::new();
    for kept in &found {
        records.push(shop.record(&steps::orders::order_key::OrderKey::of(&kept.order).to_string()).await);
    }
    let mut stands: Vec<ExportStatus> = records.iter().map(|record| record.export.status).collect();
    stands.sort_by_key(ToString::to_string);
    assert_eq!(stands, [ExportStatus::Error, ExportStatus::Exported]);
    assert_ne!(records[0].idempotency_key(), records[1].idempotency_key());
}

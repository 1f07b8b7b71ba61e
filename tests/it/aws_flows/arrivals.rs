//! What the intake makes of the events of S3.

use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::{Value, json};

use super::{Functions, event, invoked};

/// The event of `file-arrived.json` for another key, which is given as S3 writes it into events.
pub(super) fn arrival_of(encoded_key: &str) -> SqsEvent {
    let mut outer: Value = event("file-arrived");
    let body = &mut outer["Records"][0]["body"];
    let mut inner: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
    inner["Records"][0]["s3"]["object"]["key"] = json!(encoded_key);
    *body = json!(inner.to_string());
    serde_json::from_value(outer).unwrap()
}

async fn keys(functions: &Functions) -> Vec<String> {
    steps::import::arrivals::all(&functions.storage).await.unwrap().into_iter().map(|arrival| arrival.key).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrived_file_is_noted_as_the_bucket_has_it() {
    let functions = Functions::new().await;
    functions.drop_file("product-import_20260801-120000_01.csv", "sku\nA\n").await;
    intake::handle(&functions.context, invoked(event("file-arrived"))).await.unwrap();
    let [arrival] = steps::import::arrivals::all(&functions.storage).await.unwrap().try_into().unwrap();
    assert_eq!(arrival.key, "incoming/product-import_20260801-120000_01.csv");
    assert_eq!(arrival.size_bytes, 6, "the event says something else");
    assert_eq!((arrival.waits_for, arrival.pipeline), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_noted_as_it_is_and_not_as_the_event_writes_it() {
    let functions = Functions::new().await;
    let name = "product-import_größe 1+2 & 100%_01.csv";
    functions.drop_file(name, "sku\n").await;
    let encoded = "incoming/product-import_gr%C3%B6%C3%9Fe+1%2B2+%26+100%25_01.csv";
    intake::handle(&functions.context, invoked(arrival_of(encoded))).await.unwrap();
    assert_eq!(keys(&functions).await, [format!("incoming/{name}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_again_does_not_undo_what_a_beat_noted() {
    let functions = Functions::new().await;
    functions.drop_file("product-import_20260801-120000_01.csv", "sku\nA\n").await;
    intake::handle(&functions.context, invoked(event("file-arrived"))).await.unwrap();
    functions.beat().await;
    let noted = steps::import::arrivals::all(&functions.storage).await.unwrap();
    assert!(noted[0].waits_for.is_some(), "{noted:?}");
    intake::handle(&functions.context, invoked(event("file-arrived"))).await.unwrap();
    assert_eq!(steps::import::arrivals::all(&functions.storage).await.unwrap(), noted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_of_the_drop_area_is_not_noted() {
    let functions = Functions::new().await;
    // The fixture names a file that is not there: deleted, or moved by a beat that was faster.
    intake::handle(&functions.context, invoked(event("file-arrived"))).await.unwrap();
    intake::handle(&functions.context, invoked(event("s3-test-event"))).await.unwrap();
    for key in ["work/p/files/a.csv", "incoming/p/a.csv"] {
        functions.storage.files.put(key, "sku\n".into()).await.unwrap();
        intake::handle(&functions.context, invoked(arrival_of(key))).await.unwrap();
    }
    for key in ["incoming/", "incoming/folder/", "incoming/p//a.csv"] {
        intake::handle(&functions.context, invoked(arrival_of(key))).await.unwrap();
    }
    assert_eq!(keys(&functions).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_event_of_s3_is_left_to_the_dead_letters() {
    let functions = Functions::new().await;
    let error = intake::handle(&functions.context, invoked(event("bad-message"))).await.unwrap_err();
    assert!(format!("{error:#}").contains("the body is not JSON"), "{error:#}");
}

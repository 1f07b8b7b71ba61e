//! A request arrives, its reply does not, and the SDK repeats it: what was done must not look like somebody else's work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use bytes::Bytes;
use pipeline::Priority;
use serde_json::json;
use store::files::PutOutcome;
use store::queue::Outgoing;
use store::table::{Attributes, Change, Condition, GroupWritten, Key, Write, Written};
use tests::{Provided, aws_over};

/// Loses the first reply to a kind of request.
#[derive(Debug, Clone)]
struct LosesReply {
    is_meant: fn(&HttpRequest) -> bool,
    is_lost: Arc<AtomicBool>,
    client: SharedHttpClient,
}

#[derive(Debug)]
struct Connector {
    loses: LosesReply,
    inner: SharedHttpConnector,
}

impl HttpClient for LosesReply {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.client.http_connector(settings, components);
        SharedHttpConnector::new(Connector { loses: self.clone(), inner })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let is_lost = (self.loses.is_meant)(&request) && !self.loses.is_lost.swap(true, Ordering::SeqCst);
        let reply = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let reply = reply.await?;
            if is_lost { Err(ConnectorError::io("the reply is lost".into())) } else { Ok(reply) }
        })
    }
}

/// A store that loses the first reply, and what tells whether it has.
async fn losing(is_meant: fn(&HttpRequest) -> bool) -> (Provided, Arc<AtomicBool>) {
    let is_lost = Arc::new(AtomicBool::new(false));
    let client = LosesReply { is_meant, is_lost: is_lost.clone(), client: store_aws::http_client() };
    (aws_over(client).await, is_lost)
}

fn is_call(request: &HttpRequest, name: &str) -> bool {
    request.headers().get("x-amz-target").is_some_and(|target| target.ends_with(name))
}

fn put(sort: &str) -> Write {
    let attributes = Attributes::from([("token".to_owned(), json!("mine"))]);
    let change = Change::Put { attributes, listing: None, expires_at: None };
    Write { key: Key::new("p", sort), condition: Condition::Absent, change }
}

/// The typed layer above the seam looks for its own token in the item.
#[tokio::test(flavor = "multi_thread")]
async fn a_conditional_write_conflicts_with_itself() {
    let (store, is_lost) = losing(|request| is_call(request, ".PutItem")).await;
    let written = store.table.write(put("s")).await.unwrap();
    let Written::Conflict(Some(item)) = written else { panic!("{written:?}") };
    assert_eq!((item.version, &item.attributes["token"]), (1, &json!("mine")));
    assert!(is_lost.load(Ordering::SeqCst));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_applied_once() {
    let (store, is_lost) = losing(|request| is_call(request, ".TransactWriteItems")).await;
    let written = store.table.write_group(vec![put("s"), put("t")]).await.unwrap();
    assert_eq!(written, GroupWritten::Applied);
    assert_eq!(store.table.get(&Key::new("p", "t")).await.unwrap().unwrap().version, 1);
    assert!(is_lost.load(Ordering::SeqCst));
}

/// The second one loses its claim.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_there_twice() {
    let (store, is_lost) = losing(|request| is_call(request, ".SendMessageBatch")).await;
    let message = Outgoing { body: "hello".to_owned(), delay: std::time::Duration::ZERO };
    store.queue.send(Priority::Normal, vec![message]).await.unwrap();
    assert_eq!(store.queue.depth(Priority::Normal).await.unwrap().waiting, 2);
    assert!(is_lost.load(Ordering::SeqCst));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_put_if_absent_is_known_again() {
    let (store, is_lost) = losing(|request| request.method() == "PUT").await;
    let put = store.files.put_if_absent("file", Bytes::from_static(b"mine")).await.unwrap();
    assert_eq!(put, PutOutcome::Written);
    assert!(is_lost.load(Ordering::SeqCst));
    assert_eq!(store.files.put_if_absent("file", Bytes::new()).await.unwrap(), PutOutcome::Existed);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_completed_is_known_again() {
    let is_completion = |request: &HttpRequest| request.method() == "POST" && request.uri().contains("uploadId=");
    let (store, is_lost) = losing(is_completion).await;
    let mut upload = store.files.upload("file").await.unwrap();
    upload.write(Bytes::from(vec![1; 9 * 1024 * 1024])).await.unwrap();
    upload.finish().await.unwrap();
    assert!(is_lost.load(Ordering::SeqCst));
    assert_eq!(store.files.info("file").await.unwrap().unwrap().size_bytes, 9 * 1024 * 1024);
}

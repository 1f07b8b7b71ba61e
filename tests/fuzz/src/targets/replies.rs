//! What DynamoDB, SQS and S3 answer, or whoever answers in their place.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_types::SdkConfig;
use aws_types::region::Region;
use bytes::Bytes;
use pipeline::Priority;
use serde_json::json;
use store::Store;
use store::queue::{Outgoing, Receipt};
use store::table::{Attributes, Change, Condition, Key, ListingQuery, Query, SortDirection, Write};
use store_aws::Config;
use store_aws::config::StepQueueUrls;

use crate::fresh_engine::wait_for;

/// The longest wait between two tries; whatever is longer is a time limit, which never comes.
const LONGEST_BACKOFF: Duration = Duration::from_millis(4_500);

/// What every request is answered with.
#[derive(Debug, Clone, Default)]
struct Reply {
    status: u16,
    body: Bytes,
}

/// Answers in the place of AWS.
#[derive(Debug, Clone, Default)]
struct Answering(Arc<Mutex<Reply>>);

/// Waits for no try, and for no time limit to pass.
#[derive(Debug)]
struct Impatient;

thread_local! {
    /// More than one part of an upload.
    static LARGE: Bytes = Bytes::from(vec![b'a'; 9 << 20]);
    static AWS: (Store, Answering) = connected();
}

/// The first line is the call and the status of the reply, the rest its body.
pub(crate) fn replies(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let line = String::from_utf8_lossy(&data[..end]).into_owned();
    let (call, status) = line.split_once(' ').unwrap_or((&line, "200"));
    let status = status.trim().parse().ok().filter(|status| (200..600).contains(status)).unwrap_or(200);
    let body = Bytes::copy_from_slice(data.get(end + 1..).unwrap_or_default());
    AWS.with(|(store, answering)| {
        if let Ok(mut reply) = answering.0.lock() {
            *reply = Reply { status, body };
        }
        wait_for(make(call, store));
    });
}

async fn make(call: &str, store: &Store) {
    let key = Key::new("p", "s");
    let write = || {
        let attributes = Attributes::from([("a".to_owned(), json!(1))]);
        let change = Change::Put { attributes, listing: None, expires_at: None };
        Write { key: key.clone(), condition: Condition::Absent, change }
    };
    match call {
        "get" => match store.table.get(&key).await {
            Ok(item) => assert!(item.is_none_or(|item| !item.attributes.contains_key("pk"))),
            Err(error) => assert!(!error.to_string().is_empty()),
        },
        "batch_get" => drop(store.table.batch_get(std::slice::from_ref(&key)).await),
        "batch_put" => drop(store.table.batch_put(vec![(key, Attributes::new())]).await),
        "query" => drop(store.table.query(&Query { limit: Some(2), ..Query::prefix("p", "s") }).await),
        "listing" => {
            let query =
                ListingQuery { shard: "s".to_owned(), after: None, order: SortDirection::Ascending, limit: Some(2) };
            drop(store.table.listing(&query).await);
        }
        "write" => drop(store.table.write(write()).await),
        "write_group" => drop(store.table.write_group(vec![write()]).await),
        "pipelines" => drop(store.open_pipelines(5).await),
        "send" => {
            let message = Outgoing { body: "{}".to_owned(), delay: Duration::ZERO };
            drop(store.queue.send(Priority::Normal, vec![message]).await);
        }
        "receive" => {
            let received = store.queue.receive(10, Duration::ZERO).await.unwrap_or_default();
            assert!(received.iter().all(|message| message.receive_count > 0), "{received:?}");
        }
        "delete" => {
            drop(store.queue.delete(&Receipt { priority: Priority::Normal, handle: "h".to_owned() }).await);
        }
        "depth" => drop(store.queue.depth(Priority::Normal).await),
        "count_dead_letters" => drop(store.queue.count_dead_letters().await),
        "peek_dead_letters" => drop(store.queue.peek_dead_letters(3).await),
        "redrive_dead_letters" => drop(store.queue.redrive_dead_letters().await),
        "info" => drop(store.files.info("a/b").await),
        "file" => drop(store.files.get("a/b", None).await),
        "list" => {
            let found = store.files.list("a/", None, 3).await.unwrap_or_default();
            assert!(found.len() <= 3, "{found:?}");
        }
        "copy" => drop(store.files.copy("a/b", "a/c").await),
        "upload" => upload(store).await,
        "put" => drop(store.files.put_if_absent("a/b", Bytes::new()).await),
        _ => {}
    }
}

/// Uploads a file that is too large for one request.
async fn upload(store: &Store) {
    let Ok(mut upload) = store.files.upload("a/b").await else { return };
    let written = upload.write(LARGE.with(Bytes::clone)).await;
    drop(if written.is_ok() { upload.finish().await } else { upload.abort().await });
}

fn connected() -> (Store, Answering) {
    let answering = Answering::default();
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
        .http_client(SharedHttpClient::new(answering.clone()))
        .sleep_impl(SharedAsyncSleep::new(Impatient))
        .build();
    let url = || "https://sqs.eu-central-1.amazonaws.com/000000000000/q".to_owned();
    let config = Config {
        table_name: "systole".to_owned(),
        bucket_name: "systole".to_owned(),
        step_queue_urls: StepQueueUrls { high: url(), normal: url(), low: url() },
        step_dead_letters_url: Some(url()),
    };
    (store_aws::store(&config, &sdk), answering)
}

impl HttpClient for Answering {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Answering {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let reply = self.0.lock().map(|reply| reply.clone()).unwrap_or_default();
        let status = StatusCode::try_from(reply.status).expect("it was checked to be one");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, reply.body.into())))
    }
}

impl AsyncSleep for Impatient {
    fn sleep(&self, duration: Duration) -> Sleep {
        if duration <= LONGEST_BACKOFF {
            Sleep::new(std::future::ready(()))
        } else {
            Sleep::new(std::future::pending())
        }
    }
}

//! Events, put on the default bus of EventBridge.

use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use serde_json::json;
use store::services::{Event, Events};
use store::{Error, Result};

use crate::backoff::before_retry;
use crate::sdk_error::During;

/// The default bus of the account. All stages of the account share it, so each event says which one it is from.
pub(super) struct DefaultBus {
    stage: String,
    client: Client,
}

/// Most entries of one request.
const ENTRIES: usize = 10;

/// Tries of entries that were not taken.
const TRIES: u32 = 3;

/// Entries that were not taken, and why the first of them was not.
#[derive(Default)]
struct NotTaken {
    entries: Vec<PutEventsRequestEntry>,
    why: String,
}

impl DefaultBus {
    pub(super) fn new(stage: String, client: Client) -> Self {
        DefaultBus { stage, client }
    }

    /// Puts one request full of entries.
    async fn put_once(&self, entries: &[PutEventsRequestEntry]) -> Result<NotTaken> {
        let operation = format!("put {} events", entries.len());
        let sent = self.client.put_events().set_entries(Some(entries.to_vec())).send().await;
        let reply = sent.during(&operation)?;
        let count = reply.failed_entry_count();
        if count == 0 {
            return Ok(NotTaken::default());
        }
        let mut failed = Vec::new();
        for (entry, result) in entries.iter().zip(reply.entries()) {
            if result.error_code().is_some() {
                failed.push(entry.clone());
            }
        }
        if usize::try_from(count) != Ok(failed.len()) {
            // Nobody could tell which to put again.
            let why = format!("{count} were not taken, and the reply names {} of them", failed.len());
            return Err(Error::retryable(operation, why));
        }
        let why = reply.entries().iter().find_map(why).unwrap_or_default();
        Ok(NotTaken { entries: failed, why })
    }
}

#[async_trait]
impl Events for DefaultBus {
    async fn put(&self, events: Vec<Event>) -> Result<()> {
        let entries: Vec<PutEventsRequestEntry> = events.iter().map(|event| entry(event, &self.stage)).collect();
        for part in entries.chunks(ENTRIES) {
            let mut left = part.to_vec();
            for tried in 1.. {
                let not_taken = self.put_once(&left).await?;
                if not_taken.entries.is_empty() {
                    break;
                }
                if tried == TRIES {
                    let operation = format!("put {} of {} events", not_taken.entries.len(), events.len());
                    return Err(Error::retryable(operation, not_taken.why));
                }
                left = not_taken.entries;
                before_retry(tried).await;
            }
        }
        Ok(())
    }
}

fn why(result: &PutEventsResultEntry) -> Option<String> {
    let message = result.error_message().unwrap_or_default();
    result.error_code().map(|code| format!("{code}: {message}"))
}

fn entry(event: &Event, stage: &str) -> PutEventsRequestEntry {
    let mut detail = event.detail.clone();
    detail["stage"] = json!(stage);
    PutEventsRequestEntry::builder()
        .source(event.source)
        .detail_type(event.detail_type)
        .detail(detail.to_string())
        .time(DateTime::from_secs(event.at.timestamp()))
        .build()
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::primitives::SdkBody;
    use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
    use serde_json::Value;

    use super::*;
    use crate::test_support::{chain, offline};

    fn bus(replies: &[&str]) -> (DefaultBus, StaticReplayClient) {
        let events = replies.iter().map(|body| {
            let response = http::Response::builder().status(200).body(SdkBody::from(*body)).unwrap();
            ReplayEvent::new(http::Request::new(SdkBody::empty()), response)
        });
        let client = StaticReplayClient::new(events.collect());
        let sdk = offline().into_builder().http_client(client.clone()).build();
        (DefaultBus::new("dev".to_owned(), Client::new(&sdk)), client)
    }

    fn events(count: usize) -> Vec<Event> {
        let event = |number| Event {
            source: "systole",
            detail_type: "Pipeline Status Changed",
            detail: json!({ "number": number }),
            at: "2026-08-01T12:00:00Z".parse().unwrap(),
        };
        (0..count).map(event).collect()
    }

    /// The numbers of the events of each request.
    fn numbers(client: &StaticReplayClient) -> Vec<Vec<u64>> {
        let of_request = |body: &[u8]| {
            let body: Value = serde_json::from_slice(body).unwrap();
            let number = |entry: &Value| {
                let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
                detail["number"].as_u64().unwrap()
            };
            body["Entries"].as_array().unwrap().iter().map(number).collect()
        };
        client.actual_requests().map(|request| of_request(request.body().bytes().unwrap())).collect()
    }

    #[tokio::test]
    async fn events_are_put_ten_at_a_time() {
        let (bus, client) = bus(&[r#"{"FailedEntryCount":0}"#; 3]);
        bus.put(events(23)).await.unwrap();
        assert_eq!(numbers(&client).iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 3]);
        let request = client.actual_requests().next().unwrap();
        assert_eq!(request.uri(), "https://events.eu-central-1.amazonaws.com/");
        assert_eq!(request.headers().get("x-amz-target"), Some("AWSEvents.PutEvents"));
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let expected = json!({
            "Source": "systole",
            "DetailType": "Pipeline Status Changed",
            "Time": 1_785_585_600,
        });
        let mut entry = body["Entries"][0].clone();
        let detail = entry.as_object_mut().unwrap().remove("Detail").unwrap();
        assert_eq!(entry, expected);
        let detail: Value = serde_json::from_str(detail.as_str().unwrap()).unwrap();
        assert_eq!(detail, json!({ "number": 0, "stage": "dev" }));
    }

    #[tokio::test]
    async fn only_what_was_not_taken_is_put_again() {
        let half =
            r#"{"FailedEntryCount":1,"Entries":[{"EventId":"a"},{"ErrorCode":"Throttling","ErrorMessage":"slow"}]}"#;
        let (bus, client) = bus(&[half, r#"{"FailedEntryCount":0,"Entries":[{"EventId":"b"}]}"#]);
        bus.put(events(2)).await.unwrap();
        assert_eq!(numbers(&client), [vec![0, 1], vec![1]]);
    }

    #[tokio::test]
    async fn what_is_never_taken_is_an_error_that_says_why() {
        let none = r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure","ErrorMessage":"oops"}]}"#;
        let (bus, _) = bus(&[none; 3]);
        let error = bus.put(events(1)).await.unwrap_err();
        let expected = "failed to put 1 of 1 events, which may go through later: InternalFailure: oops";
        assert_eq!((error.is_retryable(), chain(&error).as_str()), (true, expected));
    }

    #[tokio::test]
    async fn a_reply_that_does_not_say_which_were_not_taken_is_an_error() {
        let (bus, _) = bus(&[r#"{"FailedEntryCount":1,"Entries":[{"EventId":"a"}]}"#]);
        let error = bus.put(events(2)).await.unwrap_err();
        let expected =
            "failed to put 2 events, which may go through later: 1 were not taken, and the reply names 0 of them";
        assert_eq!((error.is_retryable(), chain(&error).as_str()), (true, expected));
    }

    #[tokio::test]
    async fn without_events_nothing_is_sent() {
        let (bus, client) = bus(&[]);
        bus.put(Vec::new()).await.unwrap();
        assert_eq!(client.actual_requests().count(), 0);
    }
}

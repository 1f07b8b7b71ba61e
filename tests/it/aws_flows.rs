//! The functions' handlers, called in process over the emulated AWS with the events that Lambda hands them.

mod arrivals;
pub(crate) mod events;
mod imports;
mod messages;
mod operators;
mod outside;
mod storms;
mod ticks;

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use engine::heartbeat::BeatReport;
use engine::{Context, Limits};
use lambda_runtime::LambdaEvent;
use patience::wait;
use pipeline::{Pipeline, PipelineId};
use serde_json::{Value, json};
use store::queue::Received;
use tests::{Provided, aws, seen};

use self::events::event;

/// The four functions over storage that nobody else uses.
struct Functions {
    context: Context,
    storage: Provided,
}

impl Functions {
    async fn new() -> Self {
        let storage = aws().await;
        Functions { context: Context::new(storage.store.clone(), steps::shipped(), Limits::default()), storage }
    }

    async fn drop_file(&self, name: &str, content: impl Into<Bytes>) {
        self.storage.files.put(&format!("incoming/{name}"), content.into()).await.unwrap();
    }

    /// Calls the heartbeat with a tick.
    async fn beat(&self) -> BeatReport {
        heartbeat::handle(&self.context, invoked(event("tick"))).await.unwrap()
    }

    /// Calls the runner with a message, as its trigger would, and deletes the message if the runner says so.
    async fn deliver(&self, message: &Received) -> anyhow::Result<()> {
        let outcome = runner::handle(&self.context, invoked(delivered("step-message", message))).await;
        if outcome.is_ok() {
            self.storage.queue.delete(&message.receipt).await.unwrap();
        }
        outcome
    }

    /// Takes the next message, which is there or comes soon.
    async fn receive(&self) -> Received {
        let mut received = self.storage.queue.receive(1, Duration::from_secs(20)).await.unwrap();
        received.pop().expect("a message within the longest wait")
    }

    /// Runs step after step until the pipeline has ended.
    async fn run(&self, id: &PipelineId) -> Pipeline {
        let mut wait = wait(format!("pipeline {id} ends"));
        loop {
            let pipeline = self.pipeline(id).await;
            if !pipeline.status.is_open() {
                return pipeline;
            }
            wait.saw(seen(&pipeline));
            wait.go_on();
            let message = self.receive().await;
            self.deliver(&message).await.unwrap();
        }
    }

    async fn pipeline(&self, id: &PipelineId) -> Pipeline {
        self.storage.pipeline_with_steps(id).await.unwrap().expect("the pipeline exists")
    }

    /// What the step queues hold, received or not.
    async fn queued(&self) -> u64 {
        let mut queued = 0;
        for priority in [pipeline::Priority::High, pipeline::Priority::Normal, pipeline::Priority::Low] {
            let depth = self.storage.queue.depth(priority).await.unwrap();
            queued += depth.waiting + depth.in_flight + depth.delayed;
        }
        queued
    }

    async fn list(&self, prefix: &str) -> Vec<String> {
        let files = self.storage.files.list(prefix, None, 1_000).await.unwrap();
        files.into_iter().map(|file| file.key).collect()
    }
}

/// An event as Lambda hands it over, with a minute left.
pub(crate) fn invoked<T>(payload: T) -> LambdaEvent<T> {
    invoked_until(payload, now() + Duration::from_secs(60))
}

fn invoked_until<T>(payload: T, deadline: DateTime<Utc>) -> LambdaEvent<T> {
    let mut context = lambda_runtime::Context::default();
    context.request_id = uuid::Uuid::new_v4().to_string();
    context.deadline = u64::try_from(deadline.timestamp_millis()).unwrap();
    LambdaEvent::new(payload, context)
}

/// The event of a fixture with a message that was received.
pub(crate) fn delivered<T: serde::de::DeserializeOwned>(fixture: &str, message: &Received) -> T {
    let mut event: Value = event(fixture);
    let record = &mut event["Records"][0];
    record["messageId"] = json!(message.id);
    record["receiptHandle"] = json!(message.receipt.handle);
    record["body"] = json!(message.body);
    record["attributes"]["ApproximateReceiveCount"] = json!(message.receive_count.to_string());
    serde_json::from_value(event).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test stands in for the clock of Lambda")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The only pipeline that a beat spawned.
#[track_caller]
fn only_spawned(report: &BeatReport) -> PipelineId {
    let [spawned] = report.spawned.as_slice() else { panic!("{report:?}") };
    spawned.split_once(' ').unwrap().1.parse().unwrap()
}

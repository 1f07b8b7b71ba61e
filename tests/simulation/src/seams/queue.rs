//! The queue with faults: messages get lost, come twice, late, and in another order.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipeline::Priority;
use store::Result;
use store::message::StepMessage;
use store::queue::{DELAY_LIMIT, DeadLetter, Depth, Outgoing, Queue, Receipt, Received};

use super::{alone, called};
use crate::faults::{Kind, Way};
use crate::history::What;
use crate::stage::{Passage, Stage};

/// The queue with faults.
pub(crate) struct Messages {
    stage: Arc<Stage>,
    inner: Arc<dyn Queue>,
}

/// How long a received message is hidden. As in production longer than any runner lives.
pub(crate) const VISIBILITY: Duration = Duration::from_secs(600);

impl Messages {
    pub(crate) fn new(stage: Arc<Stage>, inner: Arc<dyn Queue>) -> Self {
        Messages { stage, inner }
    }
}

#[async_trait]
impl Queue for Messages {
    async fn send(&self, priority: Priority, messages: Vec<Outgoing>) -> Result<()> {
        let (inner, stage, count) = (self.inner.clone(), self.stage.clone(), messages.len());
        called(
            &self.stage,
            Kind::Writes,
            "send",
            || format!("send {count} messages"),
            move || {
                let posts = Posts::draw(&stage, &messages);
                alone(inner.send(priority, posts.arriving()))?;
                posts.note(&stage, priority, "");
                Ok(())
            },
        )
        .await
    }

    async fn receive(&self, limit: usize, wait: Duration) -> Result<Vec<Received>> {
        let (inner, stage) = (self.inner.clone(), self.stage.clone());
        let label = || "receive messages".to_owned();
        called(&self.stage, Kind::Writes, "receive", label, move || {
            let received = alone(inner.receive(limit, wait))?;
            received.iter().for_each(|message| noted_message(&stage, message));
            Ok(received)
        })
        .await
    }

    async fn next(&self, done: Option<&Receipt>, wait: Duration) -> Result<Option<Received>> {
        let (inner, stage, own) = (self.inner.clone(), self.stage.clone(), done.cloned());
        let label = || match done {
            Some(receipt) => format!("delete message {} and receive the next", receipt.handle),
            None => "receive the next message".to_owned(),
        };
        called(&self.stage, Kind::Writes, "next", label, move || {
            let received = alone(inner.next(own.as_ref(), wait))?;
            received.iter().for_each(|message| noted_message(&stage, message));
            Ok(received)
        })
        .await
    }

    async fn extend(&self, receipt: &Receipt, visibility: Duration) -> Result<()> {
        self.inner.extend(receipt, visibility).await
    }

    async fn delete(&self, receipt: &Receipt) -> Result<()> {
        let (inner, own) = (self.inner.clone(), receipt.clone());
        let label = || format!("delete message {}", receipt.handle);
        called(&self.stage, Kind::Writes, "delete", label, move || alone(inner.delete(&own))).await
    }

    async fn depth(&self, priority: Priority) -> Result<Depth> {
        self.inner.depth(priority).await
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        self.inner.count_dead_letters().await
    }

    async fn peek_dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        self.inner.peek_dead_letters(limit).await
    }

    async fn redrive_dead_letters(&self) -> Result<Option<u64>> {
        self.inner.redrive_dead_letters().await
    }
}

/// Messages that are being sent, and what becomes of each.
pub(super) struct Posts(Vec<(Outgoing, Passage)>);

impl Posts {
    pub(super) fn draw(stage: &Stage, messages: &[Outgoing]) -> Self {
        Posts(messages.iter().map(|message| (message.clone(), stage.passage())).collect())
    }

    /// What arrives of them.
    pub(super) fn arriving(&self) -> Vec<Outgoing> {
        self.0.iter().flat_map(|(message, passage)| arriving(message, passage.way)).collect()
    }

    /// Notes that they were accepted.
    pub(super) fn note(&self, stage: &Stage, priority: Priority, how: &str) {
        for (message, passage) in &self.0 {
            stage.passes(*passage);
            if let Ok(message) = StepMessage::parse(&message.body) {
                let fate = format!("{:?}{how}", passage.way);
                stage.note(What::Sent { message: Box::new(message), priority, fate });
            }
        }
        self.arriving().iter().for_each(|message| stage.message_due(stage.now() + millis(message.delay)));
    }
}

fn arriving(message: &Outgoing, way: Way) -> Vec<Outgoing> {
    let later =
        |by: u64| Outgoing { delay: (message.delay + Duration::from_millis(by)).min(DELAY_LIMIT), ..message.clone() };
    match way {
        Way::Good => vec![message.clone()],
        Way::Lost => Vec::new(),
        Way::Twice(by) => vec![message.clone(), later(by)],
        Way::Late(by) => vec![later(by)],
    }
}

/// Notes that a message was delivered.
pub(super) fn noted_message(stage: &Stage, message: &Received) {
    stage.message_due(stage.now() + millis(VISIBILITY));
    if let Ok(message) = StepMessage::parse(&message.body) {
        stage.note(What::Delivered { message: Box::new(message) });
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

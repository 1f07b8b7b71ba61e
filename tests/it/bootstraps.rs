//! The runner as Lambda runs it, a process of its own, killed at every request that it makes.
//!
//! Its requests go through a proxy that counts them and says when to kill; the product knows nothing of that. What a kill
//! interrupts, the queue delivers again and a later beat repairs. Beats are made in process, with a clock that is set ahead,
//! so that leases and grace times end at once.

mod chains;
mod imports;
mod lambda;
mod proxy;

use std::collections::BTreeSet;
use std::time::Duration;

use engine::heartbeat::{self, BeatReport};
use engine::{Context, Invocation, Limits};
use pipeline::{Pipeline, PipelineId};
use serde_json::Value;
use store::message::StepMessage;
use store::queue::Received;
use tests::{Provided, aws_with_variables};

use self::lambda::{Invoked, Lambda, now};
use self::proxy::Death;
use crate::aws_flows::delivered;

/// A stage whose runner is a process that can be killed.
struct Stage {
    context: Context,
    storage: Provided,
    runner: Lambda,
    /// How far the clock of the beats is set ahead.
    ahead: Duration,
    beats: u32,
    kills: usize,
}

/// Longer than the lease of a killed runner and the grace time.
const LEASES_END: Duration = Duration::from_secs(360);

impl Stage {
    async fn new() -> Self {
        let (storage, variables) = aws_with_variables().await;
        let context = Context::shipped(storage.store.clone(), Limits::default());
        let runner = Lambda::runner(variables).await;
        Stage { context, storage, runner, ahead: Duration::ZERO, beats: 0, kills: 0 }
    }

    fn invocation(&mut self, who: &str) -> Invocation {
        self.beats += 1;
        Invocation::begin(format!("{who}-{}", self.beats), now() + self.ahead, Duration::from_secs(50))
    }

    async fn beat(&mut self) -> BeatReport {
        let invocation = self.invocation("beat");
        heartbeat::beat(&self.context, &invocation).await.unwrap()
    }

    /// Beats when all leases and grace times that began before are over.
    async fn beat_later(&mut self) -> BeatReport {
        self.ahead += LEASES_END;
        self.beat().await
    }

    async fn receive(&self) -> Option<Received> {
        self.storage.queue.receive(1, Duration::ZERO).await.unwrap().pop()
    }

    /// Hands a message to the runner, and deletes it or lets it come again, as its trigger would.
    async fn deliver(&mut self, message: &Received, death: Option<Death>) -> Invoked {
        let invoked = self.runner.invoke(delivered::<Value>("step-message", message), death).await;
        match &invoked {
            Invoked::Ok => self.storage.queue.delete(&message.receipt).await.unwrap(),
            Invoked::Killed => {
                self.kills += 1;
                // As after the visibility time.
                self.storage.queue.extend(&message.receipt, Duration::ZERO).await.unwrap();
            }
            Invoked::Failed(error) => panic!("the runner failed without a fault: {error}\n{}", self.runner.logged()),
        }
        invoked
    }

    /// Runs a pipeline, and what it spawns, to the end. The first delivery of each message ends as `death_of` says; what
    /// kills interrupt is repaired. Returns where kills happened, in words.
    async fn run(&mut self, id: &PipelineId, mut death_of: impl FnMut(&StepMessage) -> Option<Death>) -> Vec<String> {
        let (mut seen, mut places) = (BTreeSet::new(), Vec::new());
        while let Some(received) = self.next_message(id).await {
            let message = StepMessage::parse(&received.body).unwrap();
            let is_first = seen.insert((message.token.0.clone(), message.step.clone()));
            let death = if is_first { death_of(&message) } else { None };
            if self.deliver(&received, death).await == Invoked::Killed {
                let last = self.runner.gate.log().pop().unwrap_or_default();
                places.push(format!("{} {}: {:?} {last}", message.step, message.attempt, death.unwrap()));
            }
        }
        self.drain().await;
        places
    }

    /// The next message; beats until there is one, or until the pipeline has ended.
    async fn next_message(&mut self, id: &PipelineId) -> Option<Received> {
        loop {
            if let Some(message) = self.receive().await {
                return Some(message);
            }
            if !self.pipeline(id).await.status.is_open() {
                return None;
            }
            self.beat_later().await;
        }
    }

    async fn pipeline(&self, id: &PipelineId) -> Pipeline {
        self.storage.pipeline_with_steps(id).await.unwrap().expect("the pipeline exists")
    }

    /// Deals with what is left in the queue until no pipeline is open.
    async fn drain(&mut self) {
        loop {
            while let Some(message) = self.receive().await {
                self.deliver(&message, None).await;
            }
            if self.storage.open_pipelines(1).await.unwrap().is_empty() {
                break;
            }
            self.beat_later().await;
        }
        assert_eq!(self.storage.queue.peek_dead_letters(10).await.unwrap(), []);
    }
}

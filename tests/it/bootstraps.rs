//! The runner as Lambda runs it, a process of its own, killed at every request that it makes.
//!
//! Its requests go through a proxy that counts them and says when to kill; the product knows nothing of that. What a kill
//! interrupts, the queue delivers again and a later beat repairs. Beats are made in process, with a clock that is set ahead,
//! so that leases and grace times end at once.

mod chains;
mod imports;
pub(crate) mod lambda;
pub(crate) mod proxy;
mod turns;

use std::collections::BTreeMap;
use std::time::Duration;

use engine::heartbeat::{self, BeatReport};
use engine::{Context, Invocation, Limits};
use patience::{Wait, wait};
use pipeline::{Pipeline, PipelineId, PipelineStatus, Step};
use serde_json::{Value, json};
use store::message::StepMessage;
use store::queue::Received;
use store::table::{Change, Condition, Relist, Write};
use tests::{Provided, aws_with_variables, seen};

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
    life: Wait,
}

/// What an attempt ends with whose runner was killed.
const KILLED: &str = "the runner gave no sign of life until its lease ended";

/// How many runners may die of one delivery after the other; with one more, the message would be a dead letter.
const DEADLY_DELIVERIES: usize = 4;

/// Longer than all the kills of a test take, and shorter than the limit of these tests in `.config/nextest.toml`.
const PATIENCE: Duration = Duration::from_secs(780);

/// Longer than the lease of a killed runner and the grace time.
const LEASES_END: Duration = Duration::from_secs(360);

impl Stage {
    async fn new() -> Self {
        let (storage, variables) = aws_with_variables().await;
        let context = Context::new(storage.store.clone(), steps::shipped(), Limits::default());
        let runner = Lambda::runner(variables).await;
        let life = wait("the pipelines end in spite of the kills").up_to(PATIENCE);
        Stage { context, storage, runner, ahead: Duration::ZERO, beats: 0, life }
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
        self.life.go_on();
        self.storage.queue.receive(1, Duration::ZERO).await.unwrap().pop()
    }

    /// Hands a message to the runner, and deletes it or lets it come again, as its trigger would.
    async fn deliver(&mut self, message: &Received, death: Option<Death>) -> Invoked {
        let invoked = self.runner.invoke(delivered::<Value>("step-message", message), death).await;
        match &invoked {
            Invoked::Ok => self.storage.queue.delete(&message.receipt).await.unwrap(),
            // As after the visibility time.
            Invoked::Killed => self.storage.queue.extend(&message.receipt, Duration::ZERO).await.unwrap(),
            Invoked::Failed(error) => panic!("the runner failed without a fault: {error}\n{}", self.runner.logged()),
        }
        invoked
    }

    /// Runs a pipeline, and what it spawns, to the end. Each delivery of a message ends as `death_of` says, which is told how
    /// often it was delivered before; what kills interrupt is repaired. Returns where kills happened, in words, one by one.
    async fn run(
        &mut self,
        id: &PipelineId,
        mut death_of: impl FnMut(&StepMessage, usize) -> Option<Death>,
    ) -> Vec<String> {
        let (mut deliveries, mut places) = (BTreeMap::new(), Vec::new());
        while let Some(received) = self.next_message(id).await {
            let message = StepMessage::parse(&received.body).unwrap();
            let before: &mut usize = deliveries.entry((message.token.0.clone(), message.step.clone())).or_default();
            let death = death_of(&message, *before);
            *before += 1;
            if self.deliver(&received, death).await == Invoked::Killed {
                let died_at = self.runner.gate.died_at().unwrap();
                let again = if *before > 1 { " again" } else { "" };
                places.push(format!("{} {}{again}: {died_at}", message.step, message.attempt));
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
            self.forget_interruptions(id).await;
        }
    }

    /// Here it is not the step that kills its runner again and again, and it must not be given up for that.
    async fn forget_interruptions(&self, id: &PipelineId) {
        for step in self.pipeline(id).await.steps.iter().filter(|step| step.record.interruptions > 0) {
            let attributes = [("interruptions".to_owned(), Value::Null)].into_iter().collect();
            let key = store::keys::step(id, step.definition.sort_order, &step.definition.name);
            let (condition, change) = (Condition::Any, Change::Patch { attributes, listing: Relist::Keep });
            self.storage.table.write(Write { key, condition, change }).await.unwrap();
        }
    }

    async fn pipeline(&self, id: &PipelineId) -> Pipeline {
        let pipeline = self.storage.pipeline_with_steps(id).await.unwrap().expect("the pipeline exists");
        if self.life.left().is_zero() {
            let mut life = self.life.clone();
            life.saw(seen(&pipeline));
            life.fail();
        }
        pipeline
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

    /// The pipelines of a name that have ended.
    async fn ended(&self, name: &str) -> Vec<Pipeline> {
        let mut ended = Vec::new();
        for id in self.storage.ended_pipelines(1_000, 1, now() + self.ahead).await.unwrap() {
            let pipeline = self.pipeline(&id).await;
            if pipeline.name().as_str() == name {
                ended.push(pipeline);
            }
        }
        ended
    }

    /// The pipelines `effect` by the argument that says what they are an effect of; nothing has two.
    async fn effects(&self) -> BTreeMap<String, Value> {
        let mut effects = BTreeMap::new();
        for effect in self.ended("effect").await {
            assert_eq!(effect.status, PipelineStatus::Success);
            let doubled = effects.insert(effect.arguments["of"].clone(), json!(effect.id));
            assert_eq!(doubled, None, "a second effect of the same step: {}", seen(&effect));
        }
        effects
    }

    /// Asserts that all attempts of a step before its last one were kept, each once, and ended for one of these reasons;
    /// returns how many ended for each.
    async fn assert_attempts(&self, pipeline: &Pipeline, step: &Step, reasons: &[&str]) -> Vec<usize> {
        let name = &step.definition.name;
        let attempts = self.storage.attempts(&pipeline.id, name).await.unwrap();
        let numbers: Vec<u32> = attempts.iter().map(|attempt| attempt.number).collect();
        assert_eq!(numbers, (1..step.record.attempt).collect::<Vec<_>>(), "{name}");
        let mut counts = vec![0; reasons.len()];
        for attempt in &attempts {
            let message = attempt.message.as_deref().unwrap_or_default();
            let place = reasons.iter().position(|reason| message.contains(reason));
            counts[place.unwrap_or_else(|| panic!("{name}: {attempt:?}"))] += 1;
        }
        counts
    }
}

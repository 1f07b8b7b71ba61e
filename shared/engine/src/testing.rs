//! For the tests of executors: one step in a pipeline of its own, over a store that the test gives, and the proof that the
//! executor may be run twice.
//!
//! ```
//! use engine::accepts::{Accepts, Argument, Presence, Text};
//! use engine::testing::Trial;
//! use engine::{Executor, ExecutorError, Outcome, Work};
//!
//! /// Counts the lines of a file.
//! struct CountLines;
//!
//! const FILE: Argument<Text> = Argument {
//!     name: "file",
//!     kind: Text { example: "lists/a.csv" },
//!     presence: Presence::Required,
//!     meaning: "the key of the file in the bucket",
//! };
//!
//! #[async_trait::async_trait]
//! impl Executor for CountLines {
//!     fn name(&self) -> &'static str {
//!         "count_lines"
//!     }
//!
//!     fn description(&self) -> &'static str {
//!         "counts the lines of a file"
//!     }
//!
//!     fn arguments(&self) -> Accepts {
//!         Accepts::Only(&[&FILE])
//!     }
//!
//!     async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
//!         let key = work.argument(&FILE)?;
//!         let Some(bytes) = work.store.files.get(&key, None).await? else {
//!             return Err(ExecutorError::NotFound { message: format!("there is no file `{key}`") });
//!         };
//!         work.set_output(bytes.split(|byte| *byte == b'\n').count().into());
//!         Ok(Outcome::Done)
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> store::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let store = store_embedded::open(folder.path(), store_embedded::Options::default()).unwrap();
//! store.files.put("lists/a.csv", "one\ntwo".into()).await?;
//! let trial = Trial::new(store, CountLines).with_argument("file", "lists/a.csv");
//! let tried = trial.assert_repeatable().await?;
//! assert_eq!(tried.output, Some(2.into()));
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here is of use in a program that runs; it has no dependency beyond those of the engine.

mod recorded;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use pipeline::Arguments;
use pipeline::definition::Definition;
use pipeline::transition::StepEvent;
use pipeline::{Name, Pipeline, PipelineId, Priority, Step, StepDefinition};
use serde_json::Value;
use store::message::StepMessage;
use store::pipelines::NewPipeline;
use store::services::Services;
use store::steps::{Claim, Claimed, Continuation, EnqueueMark, Enqueued, Finish, StepWritten};
use store::table::Attributes;
use store::{Result, Store};
use tokio::sync::Mutex;

use crate::context::{Context, Invocation, Limits};
use crate::executor::{Additions, Executor, ExecutorError, Level, Outcome, SharedLog, StepLog, Work};
use crate::program::Program;
use recorded::Recorded;

/// One step of an executor, which a test runs.
pub struct Trial {
    context: Context,
    table: Arc<Recorded>,
    executor: Arc<dyn Executor>,
    arguments: Arguments,
    now: DateTime<Utc>,
}

/// How one attempt ended.
#[derive(Debug)]
pub struct Tried {
    /// What the executor answered last.
    pub outcome: std::result::Result<Outcome, ExecutorError>,
    /// What it left for later steps.
    pub output: Option<Value>,
    /// What it logged.
    pub log: String,
    /// How many invocations the attempt took: one more for each [`Outcome::Continue`].
    pub invocations: u32,
}

/// The step of a trial in the store.
struct Standing {
    pipeline: Pipeline,
    definition: Arc<StepDefinition>,
    message: StepMessage,
}

/// What a body leaves behind: files and items, told apart from the attempt that made them.
type Left = BTreeMap<String, String>;

/// Most invocations of one attempt: an executor that goes on for longer than a test is wrong about its checkpoint.
const INVOCATIONS: u32 = 1_000;

/// Longer than any lease of a trial.
const LATER: Duration = Duration::from_secs(3_600);

impl Trial {
    /// A step of an executor over a store, at noon of 1 August 2026.
    #[must_use]
    pub fn new(store: Store, executor: impl Executor + 'static) -> Self {
        let table = Arc::new(Recorded::new(store.table));
        let store = Store::new(table.clone(), store.queue, store.files);
        let executor: Arc<dyn Executor> = Arc::new(executor);
        let program = Program { executors: vec![executor.clone()], ..Program::default() };
        let context = Context::new(store, program, Limits::default());
        let now = DateTime::from_timestamp(1_785_585_600, 0).expect("a time of our century");
        Trial { context, table, executor, arguments: Arguments::new(), now }
    }

    /// The same with an argument of the step.
    #[must_use]
    pub fn with_argument(mut self, key: &str, value: &str) -> Self {
        self.arguments.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The same with what executors may call.
    #[must_use]
    pub fn with_services(mut self, services: Services) -> Self {
        self.context.services = services;
        self
    }

    /// The same at another time; it stands still while the executor works.
    #[must_use]
    pub fn at(mut self, now: DateTime<Utc>) -> Self {
        self.now = now;
        self
    }

    /// Runs one attempt to its end and commits it.
    ///
    /// # Errors
    /// The store did not answer.
    ///
    /// # Panics
    /// If the executor goes on and on.
    pub async fn run(&self) -> Result<Tried> {
        let standing = self.enqueued().await?;
        let (tried, claimed) = self.body(&standing, 1).await?;
        self.commit(&tried, claimed).await?;
        Ok(tried)
    }

    /// Runs the body of the step twice, as if the first runner had died when all was done but its commit, and compares
    /// what it left in the bucket and in the table. Returns how the second attempt ended.
    ///
    /// # Errors
    /// The store did not answer.
    ///
    /// # Panics
    /// If the second body answers otherwise than the first, or leaves another file or item behind; the message names it.
    pub async fn assert_repeatable(&self) -> Result<Tried> {
        let first = self.enqueued().await?;
        let (once, _) = self.body(&first, 1).await?;
        let left_once = self.left(&first.pipeline.id).await?;
        let second = self.enqueued_again(&first).await?;
        let (twice, claimed) = self.body(&second, 2).await?;
        let name = self.executor.name();
        let (answered, again) = (finish_of(&once), finish_of(&twice));
        assert_eq!(answered, again, "executor `{name}` answers otherwise when it is repeated");
        let left_twice = self.left(&first.pipeline.id).await?;
        for key in left_once.keys().chain(left_twice.keys()) {
            let (before, after) = (left_once.get(key), left_twice.get(key));
            assert_eq!(before, after, "executor `{name}` leaves another {key} when it is repeated");
        }
        self.commit(&twice, claimed).await?;
        Ok(twice)
    }

    /// Spawns the pipeline and marks its step enqueued.
    async fn enqueued(&self) -> Result<Standing> {
        let name: Name = "trial".parse().expect("it is a name");
        let mut step = StepDefinition::new(name.clone(), self.executor.name(), 10);
        step.arguments = self.arguments.clone();
        let definition = Definition {
            name: name.clone(),
            description: None,
            uses_working_directory: true,
            expire_in: None,
            priority: Priority::default(),
            conditions: Vec::new(),
            steps: vec![Arc::new(step)],
        };
        let new = NewPipeline {
            id: PipelineId::derive(&name, "a trial", self.now),
            definition: Arc::new(definition),
            arguments: Arguments::new(),
            spawned_by: "a trial".to_owned(),
            found: Vec::new(),
            after: None,
        };
        self.context.store.spawn_pipeline(&new, self.now).await?;
        self.enqueue(&new.id, StepEvent::Enqueue).await
    }

    /// Makes an error of the first attempt, whose runner is dead, and marks the step enqueued for a second one.
    async fn enqueued_again(&self, first: &Standing) -> Result<Standing> {
        let id = &first.pipeline.id;
        let pipeline = self.context.store.pipeline_with_steps(id).await?.expect("the trial's pipeline is there");
        self.context.store.ghost_step(id, &pipeline.steps[0], "it is gone", self.now + LATER).await?;
        self.enqueue(id, StepEvent::Enqueue).await
    }

    async fn enqueue(&self, id: &PipelineId, event: StepEvent) -> Result<Standing> {
        let store = &self.context.store;
        let pipeline = store.pipeline_with_steps(id).await?.expect("the trial's pipeline is there");
        let step = &pipeline.steps[0];
        let invocation = Invocation::begin("a beat", self.now, LATER);
        let token = invocation.token(id, &step.definition.name, step.record.attempt + 1, 0);
        let mark = EnqueueMark { step, event, token: token.clone(), reruns: 0 };
        let Enqueued::Done(record) = store.enqueue_step(id, &mark, self.now).await? else {
            panic!("somebody else works with the trial's pipeline; give each trial a store of its own");
        };
        let step = Step { definition: step.definition.clone(), record: *record };
        let message = StepMessage::new(id, &step, token, 0);
        Ok(Standing { definition: step.definition, message, pipeline })
    }

    /// Runs a body to its end, in as many invocations as it asks for, without a commit.
    async fn body(&self, standing: &Standing, attempt: u32) -> Result<(Tried, Claimed)> {
        let mut message = standing.message.clone();
        for number in 1..=INVOCATIONS {
            let invocation = Invocation::begin(format!("runner {attempt}.{number}"), self.now, LATER);
            let claim = self.context.store.claim_step(&message, &invocation.id, self.now + LATER, self.now).await?;
            let Claim::Won(mut claimed) = claim else { panic!("somebody else has claimed the trial's step") };
            let (outcome, output, log) = self.execute(standing, &mut claimed, &invocation).await;
            let Ok(Outcome::Continue { checkpoint, .. }) = outcome else {
                return Ok((Tried { outcome, output, log, invocations: number }, *claimed));
            };
            let token = invocation.token(&standing.pipeline.id, &standing.definition.name, attempt, number);
            let continuation = Continuation { checkpoint, token: &token, log: &log, delay: Duration::ZERO };
            let written = self.context.store.continue_step(&mut claimed, continuation, self.now);
            assert_eq!(written.await?, StepWritten::Committed, "the trial's step is ours");
            let step = Step { definition: standing.definition.clone(), record: claimed.record };
            message = StepMessage::new(&standing.pipeline.id, &step, token, 0);
        }
        panic!("executor `{}` went on for {INVOCATIONS} invocations", self.executor.name())
    }

    async fn execute(
        &self,
        standing: &Standing,
        claimed: &mut Claimed,
        invocation: &Invocation,
    ) -> (std::result::Result<Outcome, ExecutorError>, Option<Value>, String) {
        let so_far = if claimed.record.continuations > 0 { claimed.record.log.as_str() } else { "" };
        let log = SharedLog::of(StepLog::continued(so_far, Level::Info));
        let claim = Arc::new(Mutex::new(claimed.clone()));
        let mut work = Work {
            store: &self.context.store,
            pipeline: &standing.pipeline,
            step: &standing.definition,
            claim: claim.clone(),
            record: claimed.record.clone(),
            output: None,
            additions: Additions::default(),
            invocation,
            context: &self.context,
            hops: 0,
            log,
        };
        let outcome = self.executor.execute(&mut work).await;
        let (output, log) = (work.output.take(), work.log.lock().text());
        *claimed = claim.lock().await.clone();
        (outcome, output, log)
    }

    /// Commits how an attempt ended, so that the store looks as after a run.
    async fn commit(&self, tried: &Tried, mut claimed: Claimed) -> Result<()> {
        claimed.record.output.clone_from(&tried.output);
        let finish = finish_of(tried);
        let written = self.context.store.finish_step(&mut claimed, &finish, &tried.log, self.now).await?;
        assert_eq!(written, StepWritten::Committed, "the trial's step is ours");
        Ok(())
    }

    /// Every file of the bucket and every item that was written, but those that tell of the step itself.
    async fn left(&self, id: &PipelineId) -> Result<Left> {
        let store = &self.context.store;
        let mut left = Left::new();
        for file in store.files.list("", None, usize::MAX).await? {
            let content: Option<Bytes> = store.files.get(&file.key, None).await?;
            left.insert(format!("file `{}`", without_attempt(&file.key, id)), format!("{content:?}"));
        }
        for key in self.table.written() {
            if key.partition == format!("pipeline/{id}") || key.partition == format!("attempts/{id}") {
                continue;
            }
            let attributes: Option<Attributes> = store.table.get(&key).await?.map(|item| item.attributes);
            left.insert(format!("item `{key}`"), format!("{attributes:?}"));
        }
        Ok(left)
    }
}

/// How the runner records the end of an attempt.
fn finish_of(tried: &Tried) -> Finish {
    match &tried.outcome {
        Ok(Outcome::Skipped { reason }) => Finish::Skipped(reason.clone()),
        Ok(Outcome::Done | Outcome::Continue { .. }) => Finish::Success { warning: None },
        Err(ExecutorError::InvalidData { message }) => Finish::Success { warning: Some(message.clone()) },
        Err(ExecutorError::NotFound { message }) => Finish::Skipped(message.clone()),
        Err(error @ ExecutorError::Retryable { .. }) => Finish::Error { message: error.chain(), is_permanent: false },
        Err(error @ ExecutorError::Permanent { .. }) => Finish::Error { message: error.chain(), is_permanent: true },
    }
}

/// `work/<id>/<step>/<attempt>-<token>/<file>` without attempt and token: two attempts write beside each other.
fn without_attempt(key: &str, id: &PipelineId) -> String {
    let parts: Vec<&str> = key.splitn(5, '/').collect();
    match parts[..] {
        ["work", pipeline, step, _, file] if pipeline == id.as_str() => format!("work/{step}/{file}"),
        _ => key.to_owned(),
    }
}

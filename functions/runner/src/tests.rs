//! Which messages the handler deals with, and which must come again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use engine::accepts::Accepts;
use engine::{Context, Executor, ExecutorError, Limits, Outcome, Program, Work};
use lambda_runtime::LambdaEvent;
use patience::{Bell, wait};
use pipeline::pipeline::{StopRequest, StoppedBy};
use pipeline::{PipelineId, StepRecord, StepStatus};
use serde_json::{Value, json};
use store::table::{
    Attributes, Change, Condition, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Table, Write, Written,
};
use store::{Error, Store, keys};

/// The function over a store in a folder, and a table that can refuse writes.
struct Lambda {
    context: Context,
    table: Arc<RefusingTable>,
    gate: Arc<Gate>,
    id: PipelineId,
    /// Dropped last.
    _folder: tempfile::TempDir,
}

/// The first step of the pipeline is of the executor that the test names, the second one is done at once.
const DEFINITION: &str = r#"<config><pipeline name="work">
    <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
    <step name="first" executorType="EXECUTOR" sortOrder="10"/>
    <step name="second" executorType="done" sortOrder="20">
        <conditions><step_condition type="previous_steps_completed"/></conditions>
    </step>
</pipeline></config>"#;

impl Lambda {
    /// The pipeline is spawned, its first step enqueued.
    async fn with(executor: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store_embedded::open(folder.path(), store_embedded::Options::default()).unwrap();
        let table = Arc::new(RefusingTable { inner: store.table, refused: Mutex::default() });
        // Without shared commits, as on AWS.
        let store = Store::new(table.clone(), store.queue, store.files);
        let [entered, opened] = ["an executor enters the gate", "a test opens the gate"].map(Bell::of);
        let gate = Arc::new(Gate { entered, opened });
        let plain = ["done", "fails", "goes"].map(|name| Arc::new(Plain { name }) as Arc<dyn Executor>);
        let executors = plain.into_iter().chain([gate.clone() as Arc<dyn Executor>]).collect();
        let program = Program { executors, ..Program::default() };
        let program = program.with_definition("work.xml", DEFINITION.replace("EXECUTOR", executor));
        let context = Context::new(store, program, Limits::default());
        let invocation = engine::Invocation::begin("a test", now(), Duration::from_secs(60));
        let id =
            operate::init(&context, "work", [].into(), operate::Operator { name: "a test", invocation: &invocation })
                .await
                .unwrap();
        Lambda { context, table, gate, id, _folder: folder }
    }

    /// The body of the message that waits.
    async fn body(&self) -> String {
        let mut received = self.context.store.queue.receive(1, Duration::ZERO).await.unwrap();
        received.pop().expect("a message waits").body
    }

    /// Hands a message to the handler, as the trigger does.
    async fn hand(&self, body: &str, request: &str) -> anyhow::Result<()> {
        let mut message = SqsMessage::default();
        message.message_id = Some("message 7".to_owned());
        message.body = Some(body.to_owned());
        wait("the handler answers").until(super::handle(&self.context, event(vec![message], request))).await
    }

    /// Hands the message that waits to the handler; what went wrong, in words.
    async fn run(&self) -> Result<(), String> {
        let body = self.body().await;
        self.hand(&body, "a request").await.map_err(|error| format!("{error:#}"))
    }

    async fn first(&self) -> StepRecord {
        self.step("first", 10).await.expect("the step has been enqueued")
    }

    async fn step(&self, name: &str, sort_order: i32) -> Option<StepRecord> {
        self.context.store.step_record(&self.id, sort_order, &name.parse().unwrap()).await.unwrap()
    }

    async fn pipeline(&self) -> pipeline::Pipeline {
        self.context.store.pipeline_with_steps(&self.id).await.unwrap().unwrap()
    }
}

fn event(records: Vec<SqsMessage>, request: &str) -> LambdaEvent<SqsEvent> {
    let mut payload = SqsEvent::default();
    payload.records = records;
    let mut context = lambda_runtime::Context::default();
    context.request_id = request.to_owned();
    context.deadline = u64::try_from((now() + Duration::from_secs(60)).timestamp_millis()).unwrap();
    LambdaEvent::new(payload, context)
}

#[expect(clippy::disallowed_methods, reason = "a test stands in for the clock of Lambda")]
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

struct Plain {
    name: &'static str,
}

#[async_trait]
impl Executor for Plain {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        "does little"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Anything
    }

    async fn execute(&self, _work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        match self.name {
            "done" => Ok(Outcome::Done),
            "goes" => Ok(Outcome::Continue { checkpoint: json!(1), after: Duration::ZERO }),
            _ => Err(ExecutorError::retryable("the shop did not answer")),
        }
    }
}

/// Waits in the middle of its work until a test lets it go on.
struct Gate {
    entered: Bell,
    opened: Bell,
}

#[async_trait]
impl Executor for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn description(&self) -> &'static str {
        "waits in the middle of its work"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Anything
    }

    async fn execute(&self, _work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        self.entered.notify_one();
        self.opened.notified().await;
        Ok(Outcome::Done)
    }
}

/// The embedded table, which refuses writes with a key or a status that a test names.
struct RefusingTable {
    inner: Arc<dyn Table>,
    refused: Mutex<Option<String>>,
}

impl RefusingTable {
    /// From now on, refuses writes such as `first success`.
    fn refuse(&self, what: &str) {
        *self.refused.lock().unwrap() = Some(what.to_owned());
    }

    fn check(&self, write: &Write) -> store::Result<()> {
        let status = match &write.change {
            Change::Put { attributes, .. } | Change::Patch { attributes, .. } => attributes.get("status"),
            Change::Delete | Change::Check => None,
        };
        let described = format!("{} {}", write.key, status.and_then(Value::as_str).unwrap_or_default());
        match self.refused.lock().unwrap().as_ref() {
            Some(what) if described.contains(what) => Err(Error::retryable("write an item", "the table is busy")),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Table for RefusingTable {
    async fn get(&self, key: &Key) -> store::Result<Option<Item>> {
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> store::Result<Vec<Item>> {
        self.inner.batch_get(keys).await
    }

    async fn query(&self, query: &Query) -> store::Result<Page<Item, String>> {
        self.inner.query(query).await
    }

    async fn listing(&self, query: &ListingQuery) -> store::Result<Page<Listed, Listed>> {
        self.inner.listing(query).await
    }

    async fn write(&self, write: Write) -> store::Result<Written> {
        self.check(&write)?;
        self.inner.write(write).await
    }

    async fn write_group(&self, writes: Vec<Write>) -> store::Result<GroupWritten> {
        writes.iter().try_for_each(|write| self.check(write))?;
        self.inner.write_group(writes).await
    }

    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> store::Result<()> {
        self.inner.batch_put(items).await
    }
}

#[tokio::test]
async fn a_message_that_can_never_be_understood_comes_again_until_it_is_a_dead_letter() {
    let lambda = Lambda::with("done").await;
    let newer = lambda.body().await.replace("\"schema\":1", "\"schema\":2");
    for (body, expected) in [
        ("restart everything please", "message `restart everything please` is no step message"),
        ("", "message `` is no step message"),
        ("{}", "message `{}` is no step message"),
        (&newer, "message has schema 2; this version knows 1"),
    ] {
        let error = lambda.hand(body, "a request").await.expect_err(&format!("`{body}` was taken for dealt with"));
        let error = format!("{error:#}");
        assert!(error.starts_with(&format!("failed to deal with message message 7: {expected}")), "{error}");
    }
    let nothing = SqsMessage::default();
    let outcome = super::handle(&lambda.context, event(vec![nothing], "a request")).await;
    outcome.expect_err("a message without a body was taken for dealt with");
    assert_eq!(lambda.first().await.status, StepStatus::Enqueued);
}

#[tokio::test]
async fn a_step_that_ended_is_dealt_with_however_it_ended() {
    for (executor, status) in
        [("done", StepStatus::Success), ("fails", StepStatus::Error), ("goes", StepStatus::Enqueued)]
    {
        let lambda = Lambda::with(executor).await;
        assert_eq!(lambda.run().await, Ok(()), "{executor}");
        assert_eq!(lambda.first().await.status, status, "{executor}");
    }
}

#[tokio::test]
async fn a_message_whose_step_another_runner_has_or_had_is_dealt_with() {
    let lambda = Lambda::with("gate").await;
    let body = lambda.body().await;
    let meanwhile = async {
        lambda.gate.entered.notified().await;
        lambda.hand(&body, "another request").await.expect("a duplicate is dealt with while its step runs");
        lambda.gate.opened.notify_one();
    };
    let (outcome, ()) = tokio::join!(lambda.hand(&body, "a request"), meanwhile);
    outcome.unwrap();
    lambda.hand(&body, "a third request").await.expect("a duplicate is dealt with when its step has ended");
    let record = lambda.first().await;
    assert_eq!((record.status, record.attempt), (StepStatus::Success, 1), "the duplicates have nothing to say in it");
}

#[tokio::test]
async fn a_message_whose_step_was_taken_from_its_runner_is_dealt_with() {
    let lambda = Lambda::with("gate").await;
    let body = lambda.body().await;
    let meanwhile = async {
        lambda.gate.entered.notified().await;
        let pipeline = lambda.pipeline().await;
        assert!(lambda.context.store.ghost_step(&lambda.id, &pipeline.steps[0], "it is gone", now()).await.unwrap());
        lambda.gate.opened.notify_one();
    };
    let (outcome, ()) = tokio::join!(lambda.hand(&body, "a request"), meanwhile);
    outcome.expect("the step is another one's, and nothing is left to record");
    assert_eq!(lambda.first().await.status, StepStatus::Error);
}

#[tokio::test]
async fn a_message_of_a_pipeline_that_is_stopped_or_gone_is_dealt_with() {
    let lambda = Lambda::with("done").await;
    let stop = StopRequest { by: StoppedBy::Cancel, reason: "Ann had enough".to_owned(), at: now() };
    lambda.context.store.stop_pipeline(&lambda.pipeline().await, &stop).await.unwrap();
    assert_eq!(lambda.run().await, Ok(()));
    assert_eq!(lambda.first().await.status, StepStatus::Cancelled);

    let lambda = Lambda::with("done").await;
    for key in [keys::pipeline(&lambda.id), keys::step(&lambda.id, 10, &"first".parse().unwrap())] {
        let delete = Write { key, condition: Condition::Any, change: Change::Delete };
        lambda.context.store.table.write(delete).await.unwrap();
    }
    assert_eq!(lambda.run().await, Ok(()));
}

#[tokio::test]
async fn a_message_whose_outcome_could_not_be_recorded_comes_again() {
    // The claim, the end, the failure, the hand-over to a further invocation.
    for (executor, refused, left) in [
        ("done", "first running", StepStatus::Enqueued),
        ("done", "first success", StepStatus::Running),
        ("fails", "first error", StepStatus::Running),
        ("goes", "first enqueued", StepStatus::Running),
    ] {
        let lambda = Lambda::with(executor).await;
        lambda.table.refuse(refused);
        let error = lambda.run().await.expect_err(&format!("`{refused}` was not written, and the message is gone"));
        let expected = "failed to deal with message message 7: failed to write an item, which may go through later: the table is busy";
        assert_eq!(error, expected, "{refused}");
        assert_eq!(lambda.first().await.status, left, "{refused}");
    }
}

#[tokio::test]
async fn a_message_whose_stop_could_not_be_recorded_comes_again() {
    let lambda = Lambda::with("done").await;
    let stop = StopRequest { by: StoppedBy::Cancel, reason: "Ann had enough".to_owned(), at: now() };
    lambda.context.store.stop_pipeline(&lambda.pipeline().await, &stop).await.unwrap();
    lambda.table.refuse("first cancelled");
    lambda.run().await.expect_err("that the step was dropped was not written, and the message is gone");
    assert_eq!(lambda.first().await.status, StepStatus::Running);
}

/// The heartbeat does what the mini beat could not; a message that came again would find nothing to do.
#[tokio::test]
async fn a_step_that_ended_is_dealt_with_although_its_mini_beat_failed() {
    for executor in ["done", "gate"] {
        let lambda = Lambda::with(executor).await;
        lambda.gate.opened.notify_one();
        lambda.table.refuse("second enqueued");
        let body = lambda.body().await;
        lambda.hand(&body, "a request").await.expect("the step has ended, and that is recorded");
        assert_eq!(lambda.first().await.status, StepStatus::Success);
        assert_eq!(lambda.step("second", 20).await, None, "the mini beat was to fail");
        // A duplicate tries to make up for it, and fails at the same.
        lambda.hand(&body, "another request").await.expect("a duplicate is dealt with");
    }
}

#[tokio::test]
async fn a_step_is_held_by_its_request_until_a_minute_after_the_deadline() {
    let lambda = Lambda::with("gate").await;
    let (body, began) = (lambda.body().await, now());
    let meanwhile = async {
        lambda.gate.entered.notified().await;
        let record = lambda.first().await;
        assert_eq!(record.owner.as_deref(), Some("request 1"));
        // A minute of the invocation and one more, because clocks differ.
        let held = (record.lease_until.unwrap() - began).num_seconds();
        assert!((115..=125).contains(&held), "the step is held for {held} s");
        lambda.gate.opened.notify_one();
    };
    tokio::join!(lambda.hand(&body, "request 1"), meanwhile).0.unwrap();
}

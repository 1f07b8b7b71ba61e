//! A store in a temporary folder, a clock that stands still unless a test moves it, and short words for what happens.
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "only tests call it")]

mod bounded;
mod entity_files;
mod executors;
mod faults;
mod faulty_shared_commits;
mod orders;

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::apply::outgoing;
use engine::{Context, Invocation, Limits, Program};
use patience::{Wait, wait};
use pipeline::Arguments;
use pipeline::pipeline::{StopRequest, StoppedBy};
use pipeline::settings::Scope;
use pipeline::{Name, Pipeline, PipelineId, Step, StepStatus};
use serde_json::json;
use store::message::StepMessage;
use store::pipelines::{NewPipeline, PipelineWritten};
use store::queue::Received;
use store::settings::NewSetting;
use store::steps::Enqueued;
use store::table::{Change, Condition, Relist, Write};
use store::{Store, keys};
use store_embedded::Options;

pub use crate::bounded::{heartbeat, mini_heartbeat, runner};
pub use crate::entity_files::{ENTITY_FILES, EntityFiles};
pub use crate::executors::Gate;
pub use crate::faults::{Counted, Fault, FaultyTable, every_write};
pub use crate::faulty_shared_commits::{CommitFault, FaultySharedCommits};
use crate::heartbeat::BeatReport;
pub use crate::orders::{Mood, Orders, order};
use crate::runner::RunReport;

/// The engine over an embedded store whose table can fail.
pub struct Workshop {
    /// What the engine works with.
    pub context: Context,
    /// The table under the store, which tests let fail.
    pub table: Arc<FaultyTable>,
    /// The shared commits of a workshop [`sharing_commits`](Workshop::sharing_commits), which tests let fail.
    pub commits: Arc<FaultySharedCommits>,
    /// Holds steps whose executor is `gate` in the middle of their work.
    pub gate: Gate,
    now: Arc<Mutex<DateTime<Utc>>>,
    invocations: AtomicU32,
    /// How many messages were taken.
    taken: AtomicUsize,
    /// Ends a test that asks for ever.
    life: Wait,
    /// Dropped last.
    _folder: tempfile::TempDir,
}

/// Most messages that a test takes; the widest stages have a thousand steps.
const MOST_MESSAGES: usize = 10_000;

/// The definition that a test with one pipeline spawns.
pub const NAME: &str = "work";

impl Workshop {
    /// A workshop whose pipeline `work` has these stages; see [`xml`].
    #[track_caller]
    pub fn new(stages: &str) -> Self {
        Workshop::with(&[xml(NAME, "", "no_auto_spawn", stages)])
    }

    /// A workshop with these definitions and the executors of the tests.
    #[track_caller]
    pub fn with(definitions: &[String]) -> Self {
        Workshop::extended(definitions, Program::default())
    }

    /// A workshop with these definitions, the executors of the tests, and what a program has beside them.
    #[track_caller]
    pub fn extended(definitions: &[String], mut program: Program) -> Self {
        let gate = Gate::default();
        program.executors.extend(executors::all(&gate));
        for (number, xml) in definitions.iter().enumerate() {
            program = program.with_definition(&format!("{number}.xml"), xml.clone());
        }
        Workshop::make(gate, program)
    }

    /// A workshop that has what a program has, and nothing else.
    #[track_caller]
    pub fn running(program: Program) -> Self {
        Workshop::make(Gate::default(), program)
    }

    #[track_caller]
    fn make(gate: Gate, program: Program) -> Self {
        // In memory where the system has such a folder: these tests would wait for nothing but the flushes to the disk.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let now: Arc<Mutex<DateTime<Utc>>> = Arc::new(Mutex::new("2026-08-01T12:00:00Z".parse().unwrap()));
        let store = open(folder.path(), now.clone());
        let shared_commits = store.shared_commits.expect("the embedded store has one");
        let commits = Arc::new(FaultySharedCommits::new(shared_commits, store.table.clone()));
        let table = Arc::new(FaultyTable::new(store.table));
        let store = Store::new(table.clone(), store.queue, store.files);
        let context = Context::new(store, program, Limits::default());
        let (invocations, taken) = (AtomicU32::new(0), AtomicUsize::new(0));
        let life = wait("the test is done with its workshop");
        Workshop { context, table, commits, gate, now, invocations, taken, life, _folder: folder }
    }

    /// The same for a test that imports for minutes: it is not stuck before this time is up.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.life = self.life.up_to(time);
        self
    }

    /// The same over a back end whose table and queue share their commits, as the embedded store is. The faults of the table do
    /// not come there, those of `commits` do.
    pub fn sharing_commits(mut self) -> Self {
        self.context.store = self.context.store.with_shared_commits(self.commits.clone());
        self
    }

    /// The context of another process, which has loaded nothing yet.
    pub fn restarted(&self) -> Context {
        Context { definitions: Arc::new(self.context.definitions.restarted()), ..self.context.clone() }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.context.store
    }

    /// The time, as the clock of the test shows it.
    pub fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    /// Moves the clock.
    pub fn wait(&self, minutes: u64) {
        *self.now.lock().unwrap() += Duration::from_secs(60 * minutes);
    }

    /// A fresh invocation that may take a minute.
    pub fn invocation(&self) -> Invocation {
        self.invocation_of(Duration::from_secs(60))
    }

    /// A fresh invocation that may take so long.
    pub fn invocation_of(&self, budget: Duration) -> Invocation {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        Invocation::begin(format!("invocation {number}"), self.now(), budget)
    }

    /// Spawns the pipeline `work` by hand.
    pub async fn spawn(&self) -> PipelineId {
        self.init(NAME).await
    }

    /// Spawns a pipeline of a definition by hand and enqueues its first steps.
    pub async fn init(&self, name: &str) -> PipelineId {
        self.init_in(name, &self.invocation()).await
    }

    /// The same in a given invocation.
    pub async fn init_in(&self, name: &str, invocation: &Invocation) -> PipelineId {
        let id = self.place(name, &invocation.id).await;
        // It is spawned; where this beat fails, the next one does the same.
        let _ = mini_heartbeat::beat(&self.context, &id, 0, invocation).await;
        id
    }

    /// Runs a step again by hand, whatever its conditions say.
    pub async fn process(&self, id: &PipelineId, step: &str) {
        let (pipeline, step, invocation) = (self.pipeline(id).await, self.step(id, step).await, self.invocation());
        let token = invocation.token(id, &step.definition.name, step.record.attempt + 1, 0);
        let enqueued = self.store().enqueue_rerun(&pipeline, &step, &token, invocation.now()).await.unwrap();
        let Enqueued::Done(record) = enqueued else { panic!("somebody else has enqueued it") };
        let step = Step { record: *record, ..step };
        let message = outgoing(&StepMessage::new(id, &step, token, 0));
        self.store().queue.send(pipeline.definition.priority, vec![message]).await.unwrap();
    }

    /// Cancels a pipeline by hand.
    pub async fn cancel(&self, id: &PipelineId, reason: &str) {
        let (now, pipeline) = (self.now(), self.pipeline(id).await);
        let stop = StopRequest { by: StoppedBy::Cancel, reason: reason.to_owned(), at: now };
        assert_eq!(self.store().stop_pipeline(&pipeline, &stop).await.unwrap(), PipelineWritten::Done);
        mini_heartbeat::beat(&self.context, id, 0, &self.invocation()).await.unwrap();
    }

    /// Spawns a pipeline of a definition by a given cause and does nothing more.
    pub async fn place(&self, name: &str, cause: &str) -> PipelineId {
        let new = self.new_pipeline(name, cause).await;
        self.store().spawn_pipeline(&new, self.now()).await.unwrap();
        new.id
    }

    /// What a spawn by a given cause is asked with.
    pub async fn new_pipeline(&self, name: &str, cause: &str) -> NewPipeline {
        let loaded = self.context.definitions.load(self.store().files.as_ref()).await.unwrap();
        let definition = loaded.get(name).unwrap_or_else(|| panic!("{:?}", loaded.problems)).clone();
        NewPipeline {
            id: PipelineId::derive(&definition.name, cause, self.now()),
            definition,
            arguments: Arguments::new(),
            spawned_by: "a test".to_owned(),
            found: Vec::new(),
            after: None,
        }
    }

    /// Makes an item of a pipeline that nobody can read.
    pub async fn spoil(&self, id: &PipelineId) {
        let attributes = [("status".to_owned(), json!("asleep"))].into();
        let change = Change::Patch { attributes, listing: Relist::Keep };
        let write = Write { key: keys::pipeline(id), condition: Condition::Present, change };
        self.store().table.write(write).await.unwrap();
    }

    /// Beats once.
    pub async fn beat(&self) -> BeatReport {
        heartbeat::beat(&self.context, &self.invocation()).await.unwrap()
    }

    /// The names of the pipelines that a beat spawns.
    pub async fn spawned(&self) -> Vec<String> {
        let report = self.beat().await;
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        report.spawned.iter().map(|spawned| spawned.split(' ').next().unwrap().to_owned()).collect()
    }

    /// Takes one message, if there is one.
    pub async fn receive(&self) -> Option<Received> {
        let received = self.store().queue.receive(1, Duration::ZERO).await.unwrap().pop()?;
        let taken = self.taken.fetch_add(1, Ordering::Relaxed);
        assert!(taken < MOST_MESSAGES, "the queue gets never empty: after {taken} messages comes {}", received.body);
        Some(received)
    }

    /// Takes one message and does what a runner function does with it.
    pub async fn run_one(&self) -> Option<Result<RunReport, runner::Error>> {
        let message = self.receive().await?;
        let report = runner::run(&self.context, &message.body, &self.invocation()).await;
        if report.is_ok() {
            self.store().queue.delete(&message.receipt).await.unwrap();
        }
        Some(report)
    }

    /// Runs until the queue is empty.
    pub async fn run_all(&self) -> Vec<RunReport> {
        let mut reports = Vec::new();
        while let Some(report) = self.run_one().await {
            reports.push(report.unwrap());
        }
        reports
    }

    /// Beats and runs, three minutes apart, until no pipeline is open; whoever meets a fault dies or fails there, and
    /// others follow.
    pub async fn live(&self) {
        for _ in 0..50 {
            self.wait(3);
            self.try_beat().await;
            while self.try_run_one().await {}
            if self.store().open_pipelines(10).await.unwrap().is_empty() {
                return;
            }
        }
        panic!("the pipelines have not ended")
    }

    /// What every pipeline was spawned for by [`Orders`], in the order of their keys.
    pub async fn orders(&self) -> Vec<String> {
        let store = self.store();
        let open = store.open_pipelines(1_000).await.unwrap();
        let mut ids: Vec<PipelineId> = open.into_iter().map(|open| open.id).collect();
        ids.extend(store.ended_pipelines(1_000, 1, self.now()).await.unwrap());
        let pipelines = store.pipelines_without_steps(&ids).await.unwrap();
        let order_of = |pipeline: &Pipeline| pipeline.arguments.get("order").cloned();
        let mut orders: Vec<String> = pipelines.iter().filter_map(order_of).collect();
        orders.sort_unstable();
        orders
    }

    /// Beats once; a beat that meets a fault dies or fails there.
    pub async fn try_beat(&self) {
        let invocation = self.invocation();
        tokio::select! {
            biased;
            () = self.table.dead.notified() => {}
            _ = heartbeat::beat(&self.context, &invocation) => {}
        }
    }

    /// Takes one message, if there is one; a runner that meets a fault dies or fails there, and the message comes again.
    pub async fn try_run_one(&self) -> bool {
        let Some(message) = self.receive().await else { return false };
        let invocation = self.invocation();
        let is_dealt_with = tokio::select! {
            biased;
            () = self.table.dead.notified() => false,
            report = runner::run(&self.context, &message.body, &invocation) => report.is_ok(),
        };
        if is_dealt_with {
            self.store().queue.delete(&message.receipt).await.unwrap();
        }
        true
    }

    /// Sets something, as an operator does.
    pub async fn set(&self, name: &str, scope: &str, value: &str) {
        let scope: Scope = scope.parse().unwrap();
        self.store().set_setting(NewSetting { name, scope: &scope, value }, "a test", self.now()).await.unwrap();
        self.context.settings.forget();
    }

    /// Polls a future until a write of it is never answered, and drops it there.
    pub async fn die<F: Future>(&self, future: F) {
        tokio::select! {
            biased;
            () = self.table.dead.notified() => {}
            _ = future => panic!("it was to die, and ended"),
        }
    }

    /// The pipeline with its steps.
    pub async fn pipeline(&self, id: &PipelineId) -> Pipeline {
        let pipeline = self.store().pipeline_with_steps(id).await.unwrap().unwrap();
        if self.life.left().is_zero() {
            let mut life = self.life.clone();
            life.saw(in_words(&pipeline));
            life.fail();
        }
        pipeline
    }

    /// One step of a pipeline.
    pub async fn step(&self, id: &PipelineId, name: &str) -> Step {
        let name: Name = name.parse().unwrap();
        self.pipeline(id).await.step(&name).unwrap().clone()
    }

    /// Where the pipeline and its steps stand, in one line.
    pub async fn shown(&self, id: &PipelineId) -> String {
        in_words(&self.pipeline(id).await)
    }
}

fn in_words(pipeline: &Pipeline) -> String {
    let steps: Vec<String> = pipeline.steps.iter().map(shown).collect();
    format!("{}: {}", pipeline.status, steps.join(", "))
}

fn shown(step: &Step) -> String {
    let record = &step.record;
    let attempt = if record.attempt > 1 { format!(" {}", record.attempt) } else { String::new() };
    let message = record.message.as_ref().map(|message| format!(" ({message})")).unwrap_or_default();
    let warning = if record.is_warning { " with a warning" } else { "" };
    let permanent = if record.is_permanent && record.status == StepStatus::Error { " for good" } else { "" };
    format!("{} {}{attempt}{permanent}{warning}{message}", step.definition.name, record.status)
}

/// Opens the store with the clock of a test.
fn open(folder: &Path, now: Arc<Mutex<DateTime<Utc>>>) -> Store {
    let clock = Arc::new(move || *now.lock().unwrap());
    store_embedded::open(folder, Options { clock, ..Options::default() }).unwrap()
}

/// The XML of a definition: `10: done-a limit=3, flaky-b · 20: done-c always`, with pipeline conditions by their names.
///
/// A step's executor is what its name begins with, up to the dash. It asks for the steps before to be completed, or to be
/// finished if it is `always`. In the value of an argument `+` stands for a space.
pub fn xml(name: &str, attributes: &str, conditions: &str, stages: &str) -> String {
    let conditions: String = conditions.split(", ").filter(|c| !c.is_empty()).map(pipeline_condition).collect();
    let mut steps = String::new();
    for stage in stages.split(" · ") {
        let (sort_order, stage) = stage.split_once(": ").unwrap();
        stage.split(", ").for_each(|text| steps += &step(sort_order, text));
    }
    format!(
        "<config><pipeline name=\"{name}\" {attributes}><conditions>{conditions}</conditions>{steps}</pipeline></config>"
    )
}

fn pipeline_condition(text: &str) -> String {
    let (name, argument) = text.split_once('=').unwrap_or((text, ""));
    let argument_of = |key: &str, value: &str| format!("<argument key=\"{key}\" value=\"{value}\"/>");
    let key = match name {
        "cron_expression" => "expression",
        "bunch_complete" => "prefixes",
        "website_active" => "websites",
        "configurable_cron_expression" => {
            let setting = argument_of("setting", "pipeline.cron");
            return format!("<pipeline_condition type=\"{name}\">{setting}</pipeline_condition>");
        }
        "named_pipelines_have_status" => {
            let (pipelines, statuses) = argument.split_once(':').unwrap();
            let arguments = argument_of("pipelines", pipelines) + &argument_of("statuses", statuses);
            return format!("<pipeline_condition type=\"{name}\">{arguments}</pipeline_condition>");
        }
        _ => return format!("<pipeline_condition type=\"{name}\"/>"),
    };
    format!("<pipeline_condition type=\"{name}\"><argument key=\"{key}\" value=\"{argument}\"/></pipeline_condition>")
}

fn step(sort_order: &str, text: &str) -> String {
    let mut words = text.split(' ');
    let name = words.next().unwrap();
    let executor = name.split('-').next().unwrap();
    let (mut attributes, mut arguments, mut conditions) = (String::new(), String::new(), String::new());
    let mut previous = "completed";
    for word in words {
        match word.split_once('=') {
            Some(("limit", limit)) => conditions += &step_condition("attempts_limit", "limit", limit),
            Some(("pause", minutes)) => conditions += &step_condition("time_between_attempts", "minutes", minutes),
            Some(("expires", minutes)) => attributes += &format!(" expireIn=\"{minutes} minutes\""),
            Some((key, value)) => {
                arguments += &format!("<argument key=\"{key}\" value=\"{}\"/>", value.replace('+', " "));
            }
            None if word == "allowed" => attributes += " allowFailure=\"true\"",
            None if word == "always" => (attributes, previous) = (attributes + " runAlwaysStep=\"true\"", "finished"),
            None => panic!("`{word}` says nothing about a step"),
        }
    }
    format!(
        "<step name=\"{name}\" executorType=\"{executor}\" sortOrder=\"{sort_order}\"{attributes}>\
         <arguments>{arguments}</arguments>\
         <conditions>{conditions}<step_condition type=\"previous_steps_{previous}\"/></conditions></step>"
    )
}

fn step_condition(name: &str, key: &str, value: &str) -> String {
    format!("<step_condition type=\"{name}\"><argument key=\"{key}\" value=\"{value}\"/></step_condition>")
}

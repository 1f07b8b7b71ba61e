//! A store on the disk, pipelines of steps that do nothing, and runners.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use engine::accepts::Accepts;
use engine::runner::resident::{ResidentRunner, Turn};
use engine::{Context, Executor, ExecutorError, Limits, Outcome, Program, Work};
use pipeline::Arguments;
use pipeline::{PipelineId, StepDefinition};
use store::Store;
use store_embedded::Options;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::clock::invocation;

/// Does nothing.
struct Nothing;

/// Adds as many steps as its argument `steps` says to the stage after its own.
struct FanOut;

#[async_trait]
impl Executor for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn description(&self) -> &'static str {
        "does nothing"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Anything
    }

    async fn execute(&self, _work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        Ok(Outcome::Done)
    }
}

#[async_trait]
impl Executor for FanOut {
    fn name(&self) -> &'static str {
        "fan_out"
    }

    fn description(&self) -> &'static str {
        "adds steps that do nothing"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Anything
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let steps: u32 = work
            .free_argument("steps")
            .unwrap_or_default()
            .parse()
            .map_err(|error| ExecutorError::permanent(format!("{error}")))?;
        for number in 0..steps {
            let name = format!("s{number}").parse().expect("it is a name");
            work.add_step(StepDefinition::new(name, "nothing", work.step.sort_order + 10))?;
        }
        Ok(Outcome::Done)
    }
}

/// A definition whose first step adds `steps` parallel ones, which the last one joins.
pub(crate) fn fan_out(name: &str, steps: usize) -> String {
    let step = |name: &str, executor: &str, sort_order: u32, inner: &str| {
        format!("<step name=\"{name}\" executorType=\"{executor}\" sortOrder=\"{sort_order}\">{inner}</step>")
    };
    let argument = format!("<arguments><argument key=\"steps\" value=\"{steps}\"/></arguments>");
    let join = "<conditions><step_condition type=\"previous_steps_completed\"/></conditions>";
    pipeline_of(name, &(step("adds", "fan_out", 10, &argument) + &step("joins", "nothing", 30, join)))
}

/// A folder on the disk that the project lies on, not in memory.
pub(crate) fn folder() -> anyhow::Result<TempDir> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    std::fs::create_dir_all(&target)?;
    Ok(tempfile::tempdir_in(target)?)
}

/// A durable store in a folder.
pub(crate) fn open(folder: &Path) -> anyhow::Result<Store> {
    Ok(store_embedded::open(folder, Options::default())?)
}

/// The engine over a store, with definitions of steps that do nothing.
pub(crate) fn context(store: Store, definitions: &[String]) -> Context {
    let mut program = Program::default().with_executor(Nothing).with_executor(FanOut);
    for (number, xml) in definitions.iter().enumerate() {
        program = program.with_definition(&format!("{number}.xml"), xml.clone());
    }
    Context::new(store, program, Limits::default())
}

/// A definition whose stages have these many steps each.
pub(crate) fn definition(name: &str, stages: &[usize]) -> String {
    let mut steps = String::new();
    for (stage, count) in stages.iter().enumerate() {
        for number in 0..*count {
            let conditions = match stage {
                0 => "",
                _ => "<conditions><step_condition type=\"previous_steps_completed\"/></conditions>",
            };
            steps += &format!(
                "<step name=\"s{stage}-{number}\" executorType=\"nothing\" sortOrder=\"{}\">{conditions}</step>",
                (stage + 1) * 10
            );
        }
    }
    pipeline_of(name, &steps)
}

fn pipeline_of(name: &str, steps: &str) -> String {
    format!(
        "<config><pipeline name=\"{name}\"><conditions><pipeline_condition type=\"no_auto_spawn\"/></conditions>{steps}\
         </pipeline></config>"
    )
}

/// Runners of one process.
pub(crate) struct Runners {
    tasks: Vec<JoinHandle<()>>,
    dealt_with: Arc<DealtWith>,
}

/// Counts messages that were dealt with.
#[derive(Default)]
struct DealtWith {
    count: AtomicUsize,
    /// From how many on somebody wants to know.
    wanted: AtomicUsize,
    /// Rung with each of them from then on, and when a runner gives up.
    bell: Notify,
    /// Why the first of those that gave up did so: what is measured then is no measurement.
    failure: OnceLock<String>,
}

impl Runners {
    /// Starts `runners` that work on `slots` messages each.
    pub(crate) fn start(context: &Context, runners: usize, slots: usize) -> Self {
        let dealt_with = Arc::new(DealtWith::default());
        let tasks = (0..runners * slots).map(|_| tokio::spawn(work(context.clone(), dealt_with.clone()))).collect();
        Runners { tasks, dealt_with }
    }

    /// How many messages they have dealt with.
    pub(crate) fn count(&self) -> usize {
        self.dealt_with.count.load(Ordering::SeqCst)
    }

    /// Waits until they have dealt with so many: who looks after each step keeps a core from the runners.
    pub(crate) async fn wait_for(&self, count: usize) -> anyhow::Result<()> {
        self.dealt_with.wanted.store(count, Ordering::SeqCst);
        while self.count() < count {
            let rung = self.dealt_with.bell.notified();
            self.ensure_none_failed()?;
            if self.count() < count {
                rung.await;
            }
        }
        Ok(())
    }

    fn ensure_none_failed(&self) -> anyhow::Result<()> {
        match self.dealt_with.failure.get() {
            Some(failure) => Err(anyhow::anyhow!("a runner failed: {failure}")),
            None => Ok(()),
        }
    }
}

impl Drop for Runners {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Deals with message after message until it fails, as `systole dev` does.
async fn work(context: Context, dealt_with: Arc<DealtWith>) {
    let mut runner = ResidentRunner::new(&context, || invocation("runner"));
    loop {
        let error = match runner.turn(Duration::from_secs(1)).await {
            Ok(Turn::Nothing) => None,
            Ok(Turn::Done(_)) => {
                dealt_with.count.fetch_add(1, Ordering::SeqCst);
                None
            }
            Ok(Turn::Failed { error, .. }) => Some(anyhow::Error::from(error)),
            Err(error) => Some(error.into()),
        };
        if let Some(error) = error {
            dealt_with.failure.get_or_init(|| format!("{error:#}"));
            dealt_with.bell.notify_one();
            return;
        }
        if dealt_with.count.load(Ordering::SeqCst) >= dealt_with.wanted.load(Ordering::SeqCst) {
            dealt_with.bell.notify_one();
        }
    }
}

/// Spawns a pipeline by hand.
pub(crate) async fn spawn(context: &Context, name: &str) -> anyhow::Result<PipelineId> {
    Ok(operate::init(
        context,
        name,
        Arguments::new(),
        operate::Operator { name: "bench", invocation: &invocation("spawn") },
    )
    .await?)
}

/// Waits until a pipeline has ended well.
pub(crate) async fn ended(context: &Context, runners: &Runners, id: &PipelineId) -> anyhow::Result<()> {
    loop {
        let rung = runners.dealt_with.bell.notified();
        runners.ensure_none_failed()?;
        let pipeline = context.store.pipeline_without_steps(id).await?;
        let status = pipeline.map(|pipeline| pipeline.status);
        anyhow::ensure!(status != Some(pipeline::PipelineStatus::Error), "pipeline {id} failed");
        if status == Some(pipeline::PipelineStatus::Success) {
            return Ok(());
        }
        rung.await;
    }
}

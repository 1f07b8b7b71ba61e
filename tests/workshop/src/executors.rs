//! Executors that do little, each in its own way.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use patience::Bell;
use pipeline::StepDefinition;
use serde_json::{Value, json};

use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Shortage, Work};

/// All of them; a step's name begins with that of its executor.
pub(crate) fn all(gate: &Gate) -> Vec<Arc<dyn Executor>> {
    let mut executors: Vec<Arc<dyn Executor>> = vec![Arc::new(gate.clone())];
    for name in NAMES {
        executors.push(Arc::new(Plain { name }));
    }
    executors
}

const NAMES: [&str; 20] = [
    "done", "skips", "missing", "invalid", "fails", "broken", "flaky", "counts", "goes", "panics", "hangs", "chatty",
    "greedy", "wordy", "rambles", "labours", "naps", "dreams", "fans", "joins",
];

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

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        match self.name {
            "done" => {
                work.info("did it");
                work.set_output(json!({ "by": work.step.name, "attempt": work.attempt() }));
                Ok(Outcome::Done)
            }
            "skips" => Ok(Outcome::Skipped { reason: "there was nothing to do".to_owned() }),
            "missing" => Err(ExecutorError::NotFound { message: "there is no file `a.csv`".to_owned() }),
            "invalid" => Err(ExecutorError::InvalidData { message: "2 rows are odd".to_owned() }),
            "fails" => {
                work.set_output(json!("what is known of the failure"));
                Err(ExecutorError::retryable("the shop did not answer"))
            }
            "broken" => Err(ExecutorError::permanent("argument `x` is missing")),
            "flaky" if work.attempt() == 1 => Err(ExecutorError::retryable("the shop did not answer")),
            "flaky" => Ok(Outcome::Done),
            // Three invocations of one attempt.
            "counts" => {
                let count = work.checkpoint::<u64>()?.unwrap_or(0) + 1;
                work.info(&format!("part {count}"));
                work.save(json!(count), &format!("{count} of 3")).await?;
                if count < 3 { Ok(goes_on(json!(count), Duration::ZERO)) } else { Ok(Outcome::Done) }
            }
            "fans" => fan_out(work).await,
            "joins" => {
                let outputs = work.outputs_of_added::<Value>("fans-a").await?;
                work.set_output(json!(outputs.len()));
                Ok(Outcome::Done)
            }
            "labours" => labour(work),
            // Two minutes, less what the test itself takes.
            "naps" => match work.checkpoint::<u64>()? {
                Some(_) => Ok(Outcome::Done),
                None => Ok(goes_on(json!(1), Duration::from_secs(110))),
            },
            // Until 13:00, however often it is woken before.
            "dreams" => {
                let until: chrono::DateTime<chrono::Utc> = "2026-08-01T13:00:00Z".parse().expect("it is a time");
                Ok(goes_on(json!(1), (until - work.now()).to_std().unwrap_or_default()))
            }
            "goes" => Ok(goes_on(json!("on"), Duration::ZERO)),
            "panics" if work.attempt() == 1 => panic!("a bug"),
            "panics" => Ok(Outcome::Done),
            "hangs" => std::future::pending().await,
            "chatty" => {
                (0..100).for_each(|line| work.info(&format!("line {line}")));
                Ok(Outcome::Done)
            }
            "greedy" if work.free_argument("goes") == Some("on") => Ok(goes_on(json!(0.5), Duration::ZERO)),
            "greedy" => {
                work.set_output(json!(0.5));
                Ok(Outcome::Done)
            }
            "wordy" => Ok(Outcome::Skipped { reason: "word ".repeat(400) }),
            "rambles" => Err(ExecutorError::InvalidData { message: "wörd ".repeat(400) }),
            other => panic!("`{other}` is no executor of the tests"),
        }
    }
}

/// Adds `count` steps of the executor `runs` to the stage `to`, in as many `parts`, each in an invocation of its own. It
/// fails once in the middle if it is told how it `fails`: with a checkpoint, or without.
async fn fan_out(work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
    let number = |key: &str, default: i32| work.free_argument(key).map_or(default, |text| text.parse().unwrap());
    let (count, parts, to) = (number("count", 3), number("parts", 1), number("to", 20));
    let done = work.checkpoint::<i32>()?.unwrap_or(0);
    let fails = work.free_argument("fails").filter(|_| work.attempt() == 1 && done == parts / 2);
    for step in done * count / parts..(done + 1) * count / parts {
        let named = if fails == Some("unseen") { "unseen" } else { "s" };
        let name = work.free_argument("named").unwrap_or(named);
        let name = format!("{name}{step:04}").parse().unwrap();
        let mut step = StepDefinition::new(name, work.free_argument("runs").unwrap_or("done"), to);
        if work.free_argument("waits") == Some("not") {
            step.conditions.clear();
        }
        work.add_step(step)?;
    }
    if fails == Some("saved") {
        work.save(json!(done + 1), "half").await?;
    }
    match fails {
        Some(_) => Err(ExecutorError::retryable("the shop did not answer")),
        None if done + 1 < parts => Ok(goes_on(json!(done + 1), Duration::ZERO)),
        None => Ok(Outcome::Done),
    }
}

/// Forty minutes of work in pieces of eight seconds, as many to an invocation as its time allows.
fn labour(work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
    let mut done = work.checkpoint::<u64>()?.unwrap_or(0);
    while done < 300 {
        if work.shortage() == Shortage::Time {
            return Ok(goes_on(json!(done), Duration::ZERO));
        }
        work.invocation = Box::leak(Box::new(work.invocation.later(Duration::from_secs(8))));
        done += 1;
    }
    Ok(Outcome::Done)
}

fn goes_on(checkpoint: Value, after: Duration) -> Outcome {
    Outcome::Continue { checkpoint, after }
}

/// An executor that waits in the middle of its work until a test lets it go on.
#[derive(Clone)]
pub struct Gate {
    entered: Arc<Bell>,
    opened: Arc<Bell>,
}

impl Default for Gate {
    fn default() -> Self {
        let [entered, opened] = ["an executor enters the gate", "a test opens the gate"].map(Bell::of).map(Arc::new);
        Gate { entered, opened }
    }
}

impl Gate {
    /// Waits until the executor is in the middle of its work.
    #[track_caller]
    pub fn entered(&self) -> impl Future<Output = ()> {
        self.entered.notified()
    }

    /// Lets it go on.
    pub fn open(&self) {
        self.opened.notify_one();
    }
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

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        self.entered.notify_one();
        self.opened.notified().await;
        if work.step.arguments.contains_key("save") {
            work.save(json!("half"), "half").await?;
        }
        Ok(Outcome::Done)
    }
}

//! What steps do in a run: an executor that plays what its step says, and those that ship, watched.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::Work;
use engine::accepts::Accepts;
use engine::executor::{Executor, ExecutorError, Executors, Outcome};
use pipeline::StepDefinition;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::history::{Body, What};
use crate::stage::Stage;

/// The executors of a run.
pub(crate) fn all(stage: &Arc<Stage>, shipped: &Executors) -> Vec<Arc<dyn Executor>> {
    let act: Arc<dyn Executor> = Arc::new(Act { stage: stage.clone() });
    let taken = ["move_files", "archive", "spawn_pipeline"];
    let shipped = taken.into_iter().filter_map(|name| shipped.get(name).cloned());
    let all = shipped.chain([act]);
    all.map(|inner| Arc::new(Watched { inner, stage: stage.clone() }) as Arc<dyn Executor>).collect()
}

/// An executor whose beginning and end are noted.
struct Watched {
    inner: Arc<dyn Executor>,
    stage: Arc<Stage>,
}

#[async_trait]
impl Executor for Watched {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn description(&self) -> &'static str {
        self.inner.description()
    }

    fn arguments(&self) -> Accepts {
        self.inner.arguments()
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let body = body(work);
        self.stage.note(What::WorkBegins(body.clone()));
        self.stage.lock().counts.steps += 1;
        let mut watch = Watch { stage: &self.stage, body: Some(body.clone()) };
        let outcome = self.inner.execute(work).await;
        watch.body = None;
        let words = match &outcome {
            Ok(Outcome::Done) => "done".to_owned(),
            Ok(Outcome::Skipped { .. }) => "skipped".to_owned(),
            Ok(Outcome::Continue { .. }) => "continues".to_owned(),
            Err(error) => error.chain(),
        };
        let output = (self.name() == "act").then(|| output(&body));
        self.stage.note(What::WorkEnds { body, outcome: words, output });
        outcome
    }
}

/// Notes the end of an executor that was dropped in the middle of its work.
struct Watch<'a> {
    stage: &'a Stage,
    body: Option<Body>,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(body) = self.body.take() {
            self.stage.note(What::WorkEnds { body, outcome: "dropped".to_owned(), output: None });
        }
    }
}

/// An executor that plays the word of its attempt.
struct Act {
    stage: Arc<Stage>,
}

/// How many steps an adding step adds.
const ADDED: usize = 2;

#[async_trait]
impl Executor for Act {
    fn name(&self) -> &'static str {
        "act"
    }

    fn description(&self) -> &'static str {
        "plays what its step says"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Anything
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let own = body(work);
        let words: Vec<&str> = work.free_argument("plays").unwrap_or("done").split(' ').collect();
        let word = words[(work.attempt() as usize).saturating_sub(1).min(words.len() - 1)];
        if let Some(of) = work.free_argument("reads")
            && let Some(output) = work.output_of::<Value>(of).await?
        {
            self.stage.note(What::Reads { body: own.clone(), of: of.to_owned(), output });
        }
        self.works(if word == "slow" { 60_000 } else { 3_000 }).await;
        // One file per attempt, named by its output.
        let key = work.artifact_key("made.txt");
        work.store.files.put(&key, Bytes::from(own.token.clone())).await?;
        work.set_output(output(&own));
        self.play(word, work).await
    }
}

impl Act {
    /// Lets some time pass.
    async fn works(&self, longest: u64) {
        let millis = {
            let state = self.stage.lock();
            let mut chance = Chance::of(state.seed, "work", state.history.events.len() as u64);
            if chance.happens(500) { 0 } else { chance.within(1, longest) }
        };
        self.stage.turn("work", i64::try_from(millis).unwrap_or(0)).await;
    }

    async fn play(&self, word: &str, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let part = work.checkpoint::<u64>().unwrap_or(None).unwrap_or(0);
        match word {
            "fails" => Err(ExecutorError::retryable("the shop did not answer")),
            "permanent" => Err(ExecutorError::permanent("argument `x` is missing")),
            "hangs" => std::future::pending().await,
            "saves" => {
                work.save(json!(part), "half").await?;
                Err(ExecutorError::retryable("the shop did not answer after the half"))
            }
            "skips" => Ok(Outcome::Skipped { reason: "there was nothing to do".to_owned() }),
            "missing" => Err(ExecutorError::NotFound { message: "there is no file `a.csv`".to_owned() }),
            "invalid" => Err(ExecutorError::InvalidData { message: "2 rows are odd".to_owned() }),
            "parts" if part < 2 => {
                work.save(json!(part), "on").await?;
                Ok(Outcome::Continue { checkpoint: json!(part + 1), after: Duration::ZERO })
            }
            "naps" if part < 1 => {
                Ok(Outcome::Continue { checkpoint: json!(part + 1), after: Duration::from_secs(200) })
            }
            "adds" => self.add(work, part).await,
            _ => Ok(Outcome::Done),
        }
    }

    /// Adds steps to a later stage, in two parts; its attempt is in their names, so that one can tell whose they are.
    async fn add(&self, work: &mut Work<'_>, part: u64) -> Result<Outcome, ExecutorError> {
        if part > 0 {
            return Ok(Outcome::Done);
        }
        for number in 0..ADDED {
            let name = format!("a{}n{number}", work.attempt())
                .parse()
                .map_err(|error| ExecutorError::permanent(format!("{error}")))?;
            work.add_step(StepDefinition::new(name, "act", work.step.sort_order + 5))?;
        }
        Ok(Outcome::Continue { checkpoint: json!(1), after: Duration::ZERO })
    }
}

/// Which execution of which step this is.
fn body(work: &Work<'_>) -> Body {
    let key = work.artifact_key("made.txt");
    let token = key.rsplit('/').nth(1).and_then(|attempt| attempt.split_once('-'));
    Body {
        id: work.pipeline_id().to_string(),
        step: work.step.name.to_string(),
        attempt: work.attempt(),
        token: token.map(|(_, token)| token.to_owned()).unwrap_or_default(),
    }
}

/// What an execution leaves for later steps.
fn output(body: &Body) -> Value {
    json!({ "attempt": body.attempt, "token": body.token })
}

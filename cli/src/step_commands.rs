//! `systole step …`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{anyhow, bail};
use engine::{LogPart, StepLog};
use operate::ActiveSteps;
use pipeline::{Name, Pipeline, PipelineId, Step, StepStatus, plan};
use serde_json::json;

use crate::arguments::StepCommand;
use crate::host;
use crate::ids::{PipelineReference, resolve, resolve_or_latest};
use crate::installation::{BEAT_BUDGET, Installation, now};
use crate::logs::{self, AttemptLog};
use crate::outcome::ExitReason;
use crate::output::{self, Output, Reader, count};
use crate::signals::Signals;

/// How often a followed log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Most open pipelines whose steps are looked at.
const PIPELINES: usize = 1_000;

/// How a person names a step.
struct StepReference {
    pipeline: PipelineReference,
    step: Name,
}

pub(crate) async fn run(
    installation: &Installation,
    command: StepCommand,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    match command {
        StepCommand::Log { id, step, attempt: None, follow: true } => {
            follow(installation, &StepReference { pipeline: id, step }, output).await
        }
        StepCommand::Log { id, step, attempt, follow: _ } => {
            log(installation, &StepReference { pipeline: id, step }, attempt, output).await
        }
        StepCommand::Process { id, step } => rerun(installation, &StepReference { pipeline: id, step }, output).await,
        StepCommand::Active { after } => active(installation, after.as_deref(), output).await,
    }
}

async fn rerun(installation: &Installation, reference: &StepReference, output: &Output) -> anyhow::Result<ExitReason> {
    let StepReference { pipeline, step } = reference;
    let id = resolve(installation, pipeline).await?;
    let invocation = installation.host().invocation("cli", BEAT_BUDGET);
    operate::rerun_step(
        &installation.context,
        &id,
        step,
        operate::Operator { name: &installation.by, invocation: &invocation },
    )
    .await?;
    let done = json!({ "id": id, "step": step, "enqueued": true });
    output.show(&done, |_| format!("step `{step}` of pipeline {id} is enqueued"))?;
    Ok(ExitReason::Ok)
}

async fn log(
    installation: &Installation,
    reference: &StepReference,
    attempt: Option<u32>,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let name = &reference.step;
    let id = resolve_or_latest(installation, &reference.pipeline).await?;
    let step = read(installation, &id, name).await?;
    let mut logs = logs::of_step(installation, &id, &step).await?;
    if let Some(attempt) = attempt {
        let made = step.record.attempt;
        logs.retain(|log| log.attempt == attempt);
        if logs.is_empty() {
            bail!("step `{name}` of pipeline {id} has no attempt {attempt} (made: {made})");
        }
    }
    output.show(&logs, |logs| {
        if logs.is_empty() {
            return format!("step `{name}` has not been attempted yet");
        }
        logs.iter().map(logs::in_words).collect()
    })?;
    Ok(ExitReason::Ok)
}

/// Prints the logs as they grow, until the step has ended or somebody presses Ctrl-C.
async fn follow(installation: &Installation, reference: &StepReference, output: &Output) -> anyhow::Result<ExitReason> {
    let name = &reference.step;
    let id = resolve_or_latest(installation, &reference.pipeline).await?;
    let mut signals = Signals::listen()?;
    let (_stopper, mut stop) = host::stop_signal();
    let mut follower = Follower::default();
    loop {
        let pipeline = whole(installation, &id).await?;
        let step = step_of(&pipeline, name)?;
        let logs = logs::of_step(installation, &id, step).await?;
        for line in follower.news(&logs, step, output) {
            if Output::line(&line)? == Reader::Gone {
                return Ok(ExitReason::Ok);
            }
        }
        if has_ended(&pipeline, name) {
            let is_good = matches!(step.record.status, StepStatus::Success | StepStatus::Skipped);
            return Ok(if is_good { ExitReason::Ok } else { ExitReason::PipelineFailed });
        }
        tokio::select! {
            () = stop.sleep(LOOK_EVERY) => {}
            () = signals.next() => return Ok(ExitReason::Interrupted),
        }
    }
}

/// What of the logs has been printed.
#[derive(Default)]
struct Follower {
    /// The place behind what was printed of each attempt.
    printed: BTreeMap<u32, usize>,
    progress: Option<String>,
}

impl Follower {
    /// The lines that are new: for people the text below the heading of its attempt, for programs one object each.
    fn news(&mut self, logs: &[AttemptLog], step: &Step, output: &Output) -> Vec<String> {
        let mut lines = Vec::new();
        for log in logs {
            if !self.printed.contains_key(&log.attempt) && !output.is_json() {
                lines.push(format!("--- ATTEMPT {} ---", log.attempt));
            }
            let printed = self.printed.entry(log.attempt).or_default();
            let LogPart { text, next_offset } = StepLog::part(&log.log, *printed);
            lines.extend(text.lines().map(|line| output.pick(line, || followed(log.attempt, "log", line))));
            *printed = next_offset;
        }
        let progress = step.record.progress.clone().filter(|_| step.record.status.is_active());
        if let Some(text) = progress.filter(|text| self.progress.as_ref() != Some(text)) {
            let attempt = step.record.attempt;
            lines.push(output.pick(&format!("progress: {text}"), || followed(attempt, "progress", &text)));
            self.progress = Some(text);
        }
        lines
    }
}

fn followed(attempt: u32, key: &str, text: &str) -> serde_json::Value {
    json!({ "attempt": attempt, key: text })
}

/// Whether nothing more comes of a step.
fn has_ended(pipeline: &Pipeline, name: &Name) -> bool {
    if !pipeline.status.is_open() {
        return true;
    }
    // What is not known makes a step wait, not end.
    let around = pipeline::facts::Facts { is_guess: true, ..pipeline::facts::Facts::default() };
    let outlooks = plan::outlooks(pipeline, &around, now());
    let mut steps = pipeline.steps.iter().zip(&outlooks);
    steps.any(|(step, outlook)| step.definition.name == *name && !outlook.is_unfinished())
}

async fn active(installation: &Installation, after: Option<&str>, output: &Output) -> anyhow::Result<ExitReason> {
    let found = operate::active_steps(&installation.context, PIPELINES, after).await?;
    output.show(&found, active_in_words)?;
    Ok(ExitReason::Ok)
}

fn active_in_words(found: &ActiveSteps) -> String {
    if found.steps.is_empty() && found.problems.is_empty() {
        return "no step is enqueued or running".to_owned();
    }
    let rows = found.steps.iter().map(|step| {
        let since = step.since.map(|since| output::duration((now() - since).num_milliseconds().max(0)));
        vec![
            step.pipeline.to_string(),
            step.pipeline_name.to_string(),
            step.name.to_string(),
            step.status.to_string(),
            output::attempt(step.attempt, step.attempts_limit),
            since.unwrap_or_default(),
            step.progress.clone().unwrap_or_default(),
        ]
    });
    let table = output::table(&["id", "pipeline", "step", "status", "attempt", "for", "progress"], rows);
    let list = |counts: &BTreeMap<String, usize>| {
        let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
        counts.join(", ")
    };
    let steps = count(found.steps.len() + found.left_out, "step");
    let mut text = format!("{table}\n\n{steps}: {}\nby name: {}", list(&found.by_status), list(&found.by_name));
    if found.left_out > 0 {
        text += &format!("\nonly the first {} of them are shown", found.steps.len());
    }
    if let Some(next) = &found.next {
        let looked_at = found.pipelines;
        text +=
            &format!("\nonly the first {looked_at} open pipelines were looked at; --after {next} goes on behind them");
    }
    for problem in &found.problems {
        text += &format!("\nwarning: {problem}");
    }
    text
}

async fn read(installation: &Installation, id: &PipelineId, name: &Name) -> anyhow::Result<Step> {
    step_of(&whole(installation, id).await?, name).cloned()
}

async fn whole(installation: &Installation, id: &PipelineId) -> anyhow::Result<Pipeline> {
    let pipeline = installation.context.store.pipeline_with_steps(id).await?;
    pipeline.ok_or_else(|| anyhow!("there is no pipeline {id}"))
}

/// The step of a name, or an error that names those that there are.
fn step_of<'p>(pipeline: &'p Pipeline, name: &Name) -> anyhow::Result<&'p Step> {
    pipeline.step(name).ok_or_else(|| {
        let known = pipeline.steps.iter().map(|step| step.definition.name.as_str());
        anyhow!(
            "pipeline {} has no step `{name}`{}",
            pipeline.id,
            pipeline::xml::suggest::expected(name.as_str(), known)
        )
    })
}

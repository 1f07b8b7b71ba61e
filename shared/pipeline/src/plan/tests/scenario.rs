//! A line of text → a pipeline; the plan for it → text.
//!
//! Parts are separated by ` · `. A part that begins with a number is a stage: `10: move_files success, check 1/3 error`.
//! Every other part says something about the pipeline: `expires 2h`, `spawned 3h ago`, `stopped`, `was pending`.
//! A step asks for the steps before to be completed unless it says `finished`, or nothing with `free`; `after a+b` names
//! the steps. `1/3` is an attempt and its limit, without it there is none.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::condition::StepCondition;
use crate::definition::{Arguments, Definition, Described, Priority, StepDefinition};
use crate::facts::World;
use crate::id::PipelineId;
use crate::pipeline::{Pipeline, PipelineStatus, Stop, StoppedBy};
use crate::plan::{Grace, Plan, plan};
use crate::step::{Step, StepRecord, StepStatus, Token};

/// The grace time of all scenarios.
pub(super) const GRACE: Grace = Grace { resend_after: Duration::from_secs(300) };

/// The moment at which every scenario is looked at.
pub(super) fn now() -> DateTime<Utc> {
    "2026-08-01T12:00:00Z".parse().unwrap()
}

/// What a beat does for the pipeline that the scenario describes.
pub(super) fn planned(scenario: &str) -> String {
    in_words(&plan(&parse(scenario), &World::default(), GRACE, now()))
}

/// Reads a scenario.
pub(super) fn parse(scenario: &str) -> Pipeline {
    let mut steps = Vec::new();
    let mut pipeline_words = Vec::new();
    for part in scenario.split(" · ") {
        match part.split_once(": ") {
            Some((sort_order, stage)) if sort_order.parse::<i32>().is_ok() => {
                let sort_order = sort_order.parse().unwrap();
                steps.extend(stage.split(", ").map(|text| step(sort_order, text)));
            }
            _ => pipeline_words.push(part),
        }
    }
    let mut pipeline = pipeline(steps);
    for words in pipeline_words {
        describe(&mut pipeline, words);
    }
    pipeline
}

/// A pipeline of these steps that stands where they put it.
pub(super) fn pipeline(steps: Vec<Step>) -> Pipeline {
    let has_started = steps.iter().any(|step| step.record.attempt > 0);
    let name: crate::Name = "scenario".parse().unwrap();
    Pipeline {
        id: PipelineId::derive(&name, "scenario", now()),
        definition: Arc::new(Definition {
            name,
            description: None,
            uses_working_directory: false,
            expire_in: None,
            priority: Priority::Normal,
            conditions: Vec::new(),
            steps: steps.iter().map(|step| step.definition.clone()).collect(),
        }),
        arguments: Arguments::new(),
        status: if has_started { PipelineStatus::Running } else { PipelineStatus::Pending },
        spawned_at: now() - Duration::from_secs(3_600),
        spawned_by: "a test".to_owned(),
        ended_at: None,
        stop: None,
        paused_at: None,
        paused_for: Duration::ZERO,
        steps,
        version: 1,
    }
}

fn describe(pipeline: &mut Pipeline, words: &str) {
    let definition = Arc::make_mut(&mut pipeline.definition);
    match words.split(' ').collect::<Vec<_>>()[..] {
        ["expires", span] => definition.expire_in = Some(duration(span)),
        ["spawned", span, "ago"] => pipeline.spawned_at = now() - duration(span),
        ["was", status] => pipeline.status = status.parse().unwrap(),
        ["stopped"] => {
            let reason = "Ann had enough".to_owned();
            pipeline.stop = Some(Stop { by: StoppedBy::Cancel, reason, at: now() });
        }
        _ => panic!("`{words}` says nothing about a pipeline"),
    }
}

fn step(sort_order: i32, text: &str) -> Step {
    let mut words = text.split(' ');
    let name = words.next().unwrap();
    let mut step = Step { definition: definition(name, sort_order), record: StepRecord::pending() };
    let mut previous = Some(StepCondition::PreviousStepsCompleted { steps: None });
    while let Some(word) = words.next() {
        let mut span = || duration(words.next().unwrap());
        let StepRecord { sent_at, started_at, finished_at, lease_until, .. } = &mut step.record;
        match word {
            "allowed" => step.definition.allow_failure = true,
            "always" => step.definition.run_always = true,
            "permanent" => step.record.is_permanent = true,
            "free" => previous = None,
            "finished" => previous = Some(StepCondition::PreviousStepsFinished { steps: None }),
            "after" => {
                let names = words.next().unwrap().split('+').map(|name| name.parse().unwrap()).collect();
                let (StepCondition::PreviousStepsCompleted { steps } | StepCondition::PreviousStepsFinished { steps }) =
                    previous.as_mut().unwrap()
                else {
                    unreachable!("only these two are set here")
                };
                *steps = Some(names);
            }
            "expires" => step.definition.expire_in = Some(span()),
            "pauses" => asks(&mut step, StepCondition::TimeBetweenAttempts { wait: span() }),
            "sent" => *sent_at = Some(now() - span()),
            "started" => *started_at = Some(now() - span()),
            "ended" => *finished_at = Some(now() - span()),
            "silent" => *lease_until = Some(now() - span()),
            "ago" => {}
            _ => status_or_attempts(&mut step, word),
        }
    }
    if let Some(previous) = previous {
        asks(&mut step, previous);
    }
    step
}

fn status_or_attempts(step: &mut Step, word: &str) {
    if let Some((attempt, limit)) = word.split_once('/') {
        step.record.attempt = attempt.parse().unwrap();
        asks(step, StepCondition::AttemptsLimit { limit: limit.parse().unwrap() });
        return;
    }
    let record = &mut step.record;
    record.status = word.parse().unwrap();
    record.attempt = record.attempt.max(u32::from(record.status != StepStatus::Pending));
    if record.status.is_active() {
        record.token = Some(Token("token".to_owned()));
        record.sent_at = record.sent_at.or(Some(now()));
    }
    if record.status == StepStatus::Running {
        record.started_at = Some(now());
        record.lease_until = Some(now() + Duration::from_secs(60));
    }
}

/// A step without conditions.
pub(super) fn definition(name: &str, sort_order: i32) -> StepDefinition {
    StepDefinition {
        name: name.parse().unwrap(),
        executor: "nothing".to_owned(),
        sort_order,
        description: None,
        expire_in: None,
        allow_failure: false,
        run_always: false,
        arguments: Arguments::new(),
        conditions: Vec::new(),
    }
}

fn asks(step: &mut Step, condition: StepCondition) {
    step.definition.conditions.push(Described { condition, description: None });
}

fn duration(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len() - 1);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => panic!("`{text}` is no duration as in `5m`"),
    };
    Duration::from_secs(seconds * number.parse::<u64>().unwrap())
}

fn in_words(plan: &Plan) -> String {
    let mut lines = Vec::new();
    if plan.is_idle() {
        lines.push("nothing to do".to_owned());
    }
    lines.extend(plan.stop.as_ref().map(|stop| format!("stop: {}", stop.reason)));
    let Plan { ghosted, cancel, enqueue, resend, .. } = plan;
    for (verb, steps) in [("ghost", ghosted), ("cancel", cancel), ("enqueue", enqueue), ("resend", resend)] {
        if !steps.is_empty() {
            let names: Vec<&str> = steps.iter().map(crate::Name::as_str).collect();
            lines.push(format!("{verb} {}", names.join(", ")));
        }
    }
    lines.extend(plan.settle.map(|status| format!("settle {status}")));
    lines.extend(plan.waiting.iter().map(|waiting| format!("{} waits: {}", waiting.step, waiting.reasons.join(" + "))));
    lines.join("\n")
}

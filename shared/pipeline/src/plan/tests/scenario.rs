//! A line of text → a pipeline and the facts around it; the plan for it → text.
//!
//! Parts are separated by ` · `. A part that begins with a number is a stage: `10: move_files success, check 1/3 error`.
//! One that begins with `around` says something about the facts around it: `around: maintenance`, `around: import busy
//! elsewhere` (or `here`), `around: exports success` (their latest pipeline), `around: a hears met` (or `unmet`, `never`).
//! Every other part says something about the pipeline: `expires 2h`, `spawned 3h ago`, `stopped`, `was pending`,
//! `paused`, `paused 1h ago`, `paused for 2h` (and going on again).
//!
//! A step asks for the steps before to be completed unless it says `finished`, or nothing with `free`; `after a+b` names
//! the steps. `1/3` is an attempt and its limit, without it there is none. `depends a+b`, `alone a+b` (while none of
//! them runs), `wants exports+stock success+error`, `recurs 3/5m` (so often, and the wait) and `asks counted` (a condition
//! that somebody registered) are further conditions.

use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::arguments::Arguments;
use crate::condition::{Registered, StepCondition};
use crate::definition::{Definition, Described, Priority, StepDefinition};
use crate::facts::{Answer, Asker, Facts};
use crate::id::{Name, PipelineId};
use crate::pipeline::{Pipeline, StopRequest, StoppedBy};
use crate::plan::{Grace, Outlook, Plan, outlooks, plan};
use crate::settings::Scope;
use crate::status::PipelineStatus;
use crate::status::StepStatus;
use crate::step::{Step, StepRecord, Token};

/// The grace time of all scenarios.
pub(super) const GRACE: Grace = Grace { resend_after: Duration::from_secs(300) };

/// The moment at which every scenario is looked at.
pub(super) fn now() -> DateTime<Utc> {
    "2026-08-01T12:00:00Z".parse().unwrap()
}

/// What a beat does for the pipeline that the scenario describes.
pub(super) fn planned(scenario: &str) -> String {
    let (pipeline, around) = parse(scenario);
    in_words(&plan(&pipeline, &around, GRACE, now()))
}

/// Which steps will never be run, and why.
pub(super) fn never(scenario: &str) -> String {
    let (pipeline, around) = parse(scenario);
    let outlooks = outlooks(&pipeline, &around, now());
    let never = pipeline.steps.iter().zip(&outlooks).filter_map(|(step, outlook)| match outlook {
        Outlook::Unreachable(reason) => Some(format!("{}: {reason}", step.definition.name)),
        Outlook::Ended(_) | Outlook::Active | Outlook::Ready | Outlook::Waiting(_) => None,
    });
    never.collect::<Vec<_>>().join("\n")
}

/// The id of a pipeline that is not the scenario's.
pub(super) fn other_id() -> PipelineId {
    "01jd9x4k7m3fq8zt0v2c".parse().unwrap()
}

/// Reads a scenario.
pub(super) fn parse(scenario: &str) -> (Pipeline, Facts) {
    let mut steps = Vec::new();
    let (mut of_pipeline, mut of_facts) = (Vec::new(), Vec::new());
    for part in scenario.split(" · ") {
        match part.split_once(": ") {
            Some(("around", words)) => of_facts.push(words),
            Some((sort_order, stage)) => {
                let sort_order = sort_order.parse().unwrap();
                steps.extend(stage.split(", ").map(|text| step(sort_order, text)));
            }
            None => of_pipeline.push(part),
        }
    }
    let mut pipeline = pipeline(steps);
    for words in of_pipeline {
        describe(&mut pipeline, words);
    }
    let mut around = Facts::default();
    for words in of_facts {
        describe_around(&mut around, &pipeline, words);
    }
    (pipeline, around)
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
        warnings: 0,
        reruns: 0,
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
        ["paused"] => pipeline.paused_at = Some(now()),
        ["paused", span, "ago"] => pipeline.paused_at = Some(now() - duration(span)),
        ["paused", "for", span] => pipeline.paused_for = duration(span),
        ["rerun", "by", "hand"] => pipeline.reruns += 1,
        ["stopped"] => {
            let reason = "Ann had enough".to_owned();
            pipeline.stop = Some(StopRequest { by: StoppedBy::Cancel, reason, at: now() });
        }
        _ => panic!("`{words}` says nothing about a pipeline"),
    }
}

fn describe_around(around: &mut Facts, pipeline: &Pipeline, words: &str) {
    let name = |text: &str| text.parse::<Name>().unwrap();
    let mut busy = |step: &str, id: PipelineId| around.active_steps.entry(name(step)).or_default().push(id);
    match words.split(' ').collect::<Vec<_>>()[..] {
        ["maintenance"] => around.settings.insert("maintenance", Scope::Default, "on"),
        [step, "busy", "here"] => busy(step, pipeline.id.clone()),
        [step, "busy", "elsewhere"] => busy(step, other_id()),
        [step, "hears", answer] => {
            let conditions = &pipeline.step(&name(step)).unwrap().definition.conditions;
            let is_registered = |it: &Described<_>| matches!(it.condition, StepCondition::Registered(_));
            let index = conditions.iter().position(is_registered).unwrap();
            let answer = match answer {
                "met" => Answer::Met,
                "unmet" => Answer::Unmet("the stock is being counted".to_owned()),
                "never" => Answer::Never("the office has closed down".to_owned()),
                _ => panic!("`{answer}` is no answer"),
            };
            around.registered.insert(Asker { pipeline: Some(pipeline.id.clone()), name: name(step), index }, answer);
        }
        [latest, status] => {
            around.latest.insert(name(latest), (other_id(), status.parse().unwrap()));
        }
        _ => panic!("`{words}` is no fact around a pipeline"),
    }
}

/// `run 2`: the first attempt of that run; `before 4`: so many attempts in earlier runs; `told 1`: of so many reruns.
fn count(record: &mut StepRecord, word: &str, number: u32) {
    match word {
        "run" => (record.attempt, record.run, record.attempts_before) = (number, number, number - 1),
        "before" => (record.attempt, record.run, record.attempts_before) = (record.attempt + number, 2, number),
        _ => record.reruns_seen = number,
    }
}

fn step(sort_order: i32, text: &str) -> Step {
    let mut words = text.split(' ');
    let name = words.next().unwrap();
    let mut step = Step { definition: definition(name, sort_order).into(), record: StepRecord::pending() };
    let mut previous = Some(StepCondition::PreviousStepsCompleted { steps: None });
    while let Some(word) = words.next() {
        let mut span = || duration(words.next().unwrap());
        let StepRecord { sent_at, started_at, finished_at, lease_until, .. } = &mut step.record;
        match word {
            "allowed" => Arc::make_mut(&mut step.definition).allow_failure = true,
            "always" => Arc::make_mut(&mut step.definition).run_always = true,
            "rerun" => step.record.is_rerun = true,
            "permanent" => step.record.is_permanent = true,
            "free" => previous = None,
            "finished" => previous = Some(StepCondition::PreviousStepsFinished { steps: None }),
            "after" => {
                let names = list(words.next().unwrap());
                let (StepCondition::PreviousStepsCompleted { steps } | StepCondition::PreviousStepsFinished { steps }) =
                    previous.as_mut().unwrap()
                else {
                    unreachable!("only these two are set here")
                };
                *steps = Some(names);
            }
            "depends" => {
                let steps = list(words.next().unwrap());
                asks(&mut step, StepCondition::DependingOnNamedSteps { steps });
            }
            "alone" => {
                let steps = list(words.next().unwrap());
                asks(&mut step, StepCondition::WaitForStepIsNotRunning { steps });
            }
            "wants" => {
                let (pipelines, statuses) = (list(words.next().unwrap()), list(words.next().unwrap()));
                asks(&mut step, StepCondition::NamedPipelinesHaveStatus { pipelines, statuses });
            }
            "recurs" => asks(&mut step, recurring(words.next().unwrap())),
            "asks" => {
                let name = words.next().unwrap().to_owned();
                asks(&mut step, StepCondition::Registered(Registered { name, arguments: Arguments::new() }));
            }
            "run" | "before" | "told" => count(&mut step.record, word, words.next().unwrap().parse().unwrap()),
            "expires" => Arc::make_mut(&mut step.definition).expire_in = Some(span()),
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

fn recurring(text: &str) -> StepCondition {
    let (limit, wait) = text.split_once('/').map_or((text, Duration::ZERO), |(limit, wait)| (limit, duration(wait)));
    StepCondition::Recurring { limit: limit.parse().unwrap(), wait }
}

/// Words with a plus between them.
pub(super) fn list<T: FromStr<Err: Debug>>(text: &str) -> Vec<T> {
    text.split('+').map(|word| word.parse().unwrap()).collect()
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
        is_added: false,
    }
}

fn asks(step: &mut Step, condition: StepCondition) {
    Arc::make_mut(&mut step.definition).conditions.push(Described { condition, description: None });
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
    lines.extend(plan.gated.map(|stage| format!("gated {stage}")));
    lines.extend(plan.settle.map(|status| format!("settle {status}")));
    lines.extend(plan.waiting.iter().map(|waiting| format!("{} waits: {}", waiting.step, waiting.reasons.join(" + "))));
    lines.join("\n")
}

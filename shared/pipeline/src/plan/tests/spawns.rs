use std::sync::LazyLock;

use chrono::{DateTime, Duration, Utc};
use insta::assert_snapshot;

use super::scenario;
use crate::condition::PipelineCondition;
use crate::definition::{Arguments, Definition, Described};
use crate::facts::World;
use crate::id::PipelineId;
use crate::plan::{Found, Spawn, SpawnFacts, spawn};
use crate::schedule::{Cron, Pulse};

static BUNCH: LazyLock<Found> = LazyLock::new(|| found("bunch 20260801-120000-0123456789abcdef"));

fn found(key: &str) -> Found {
    Found {
        key: key.to_owned(),
        at: time("11:58:00"),
        arguments: Arguments::from([("bunch".to_owned(), key.to_owned())]),
    }
}

fn time(text: &str) -> DateTime<Utc> {
    format!("2026-08-01T{text}Z").parse().unwrap()
}

/// The conditions of a definition, separated by commas.
fn definition(conditions: &str) -> Definition {
    let mut definition = (*scenario::parse("10: a").0.definition).clone();
    let condition = |text: &str| match text {
        "no_auto_spawn" => PipelineCondition::NoAutoSpawn,
        "no_sibling" => PipelineCondition::NoSiblingInProgress,
        "bunch" => PipelineCondition::BunchComplete { prefixes: vec!["product-import".to_owned()] },
        cron => PipelineCondition::CronExpression { cron: Cron::parse(cron, None).unwrap() },
    };
    definition.conditions = conditions
        .split(", ")
        .filter(|text| !text.is_empty())
        .map(|text| Described { condition: condition(text), description: None })
        .collect();
    definition
}

/// A beat at 12:00:30 that answers for the last minute; nothing is found and no sibling open.
static WORLD: std::sync::LazyLock<World> = std::sync::LazyLock::new(World::default);

fn facts() -> SpawnFacts<'static> {
    let until = time("12:00:30");
    SpawnFacts {
        world: &WORLD,
        pulse: Pulse { since: until - Duration::minutes(1), until },
        open_sibling: None,
        bunch: Err("no bunch has arrived"),
    }
}

fn with_bunch() -> SpawnFacts<'static> {
    SpawnFacts { bunch: Ok(&BUNCH), ..facts() }
}

fn with_sibling() -> SpawnFacts<'static> {
    let sibling = "01jd9x4k7m3fq8zt0v2c".parse().unwrap();
    SpawnFacts { open_sibling: Some(sibling), ..facts() }
}

fn decided(conditions: &str, facts: &SpawnFacts<'_>) -> String {
    match spawn(&definition(conditions), facts) {
        Spawn::Yes { arguments, reason, found, .. } => {
            let arguments = arguments.iter().map(|(key, value)| format!(", {key}={value}")).collect::<String>();
            format!("spawn for {reason}{arguments} (found {})", found.len())
        }
        Spawn::No(reasons) => format!("no: {}", reasons.join(" + ")),
    }
}

fn id(conditions: &str, facts: &SpawnFacts<'_>) -> PipelineId {
    match spawn(&definition(conditions), facts) {
        Spawn::Yes { id, .. } => id,
        Spawn::No(reasons) => panic!("not spawned: {reasons:?}"),
    }
}

#[test]
fn a_cron_time_within_the_pulse_spawns() {
    assert_snapshot!(decided("0 * * * *", &facts()), @"spawn for cron 2026-08-01T12:00:00Z (found 0)");
    assert_snapshot!(decided("30 * * * *", &facts()), @"no: cron `30 * * * *` (UTC) is due next at 2026-08-01T12:30:00Z");
    assert_snapshot!(decided("0 0 30 2 *", &facts()), @"no: cron `0 0 30 2 *` (UTC) is never due");
}

#[test]
fn several_due_times_in_one_pulse_spawn_for_the_latest() {
    let outage = Pulse { since: time("02:00:00"), until: time("11:10:00") };
    assert_snapshot!(decided("0 * * * *", &SpawnFacts { pulse: outage, ..facts() }), @"spawn for cron 2026-08-01T11:00:00Z (found 0)");
}

#[test]
fn an_open_sibling_is_waited_for() {
    assert_snapshot!(decided("0 * * * *, no_sibling", &with_sibling()), @"no: pipeline 01jd9x4k7m3fq8zt0v2c of the same name has not ended");
    assert_snapshot!(decided("0 * * * *, no_sibling", &facts()), @"spawn for cron 2026-08-01T12:00:00Z (found 0)");
    assert_snapshot!(decided("0 * * * *", &with_sibling()), @"spawn for cron 2026-08-01T12:00:00Z (found 0)");
}

#[test]
fn a_bunch_is_handed_to_the_steps() {
    assert_snapshot!(decided("bunch", &with_bunch()), @"spawn for bunch 20260801-120000-0123456789abcdef, bunch=bunch 20260801-120000-0123456789abcdef (found 1)");
    assert_snapshot!(decided("bunch", &facts()), @"no: no bunch has arrived");
}

#[test]
fn a_beat_never_spawns_what_is_spawned_by_hand() {
    assert_snapshot!(decided("no_auto_spawn", &with_bunch()), @"no: it is spawned by hand, by the API or by another pipeline only");
    assert_snapshot!(decided("no_auto_spawn, 0 * * * *", &facts()), @"no: it is spawned by hand, by the API or by another pipeline only");
}

#[test]
fn every_unmet_condition_is_named() {
    assert_snapshot!(decided("30 * * * *, no_sibling, bunch", &with_sibling()), @"no: cron `30 * * * *` (UTC) is due next at 2026-08-01T12:30:00Z + pipeline 01jd9x4k7m3fq8zt0v2c of the same name has not ended + no bunch has arrived");
}

#[test]
fn without_conditions_every_beat_spawns() {
    assert_snapshot!(decided("", &facts()), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
    assert_snapshot!(decided("no_sibling", &facts()), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
}

#[test]
fn the_same_cause_gives_the_same_id() {
    let later = Pulse { since: time("11:59:00"), until: time("12:05:00") };
    let later = |facts: SpawnFacts<'static>| SpawnFacts { pulse: later, ..facts };
    assert_eq!(id("0 * * * *", &facts()), id("0 * * * *", &later(facts())));
    assert_eq!(id("bunch", &with_bunch()), id("bunch", &later(with_bunch())));
    assert_eq!(id("0 * * * *, bunch", &with_bunch()), id("0 * * * *, bunch", &later(with_bunch())));
    assert_eq!(id("no_sibling", &facts()), id("", &facts()));
}

#[test]
fn another_cause_gives_another_id() {
    let next_hour = SpawnFacts { pulse: Pulse { since: time("12:59:00"), until: time("13:00:30") }, ..facts() };
    assert_ne!(id("0 * * * *", &facts()), id("0 * * * *", &next_hour));
    assert_ne!(id("", &facts()), id("", &next_hour));
    let other = found("bunch 20260801-120000-fedcba9876543210");
    assert_ne!(id("bunch", &with_bunch()), id("bunch", &SpawnFacts { bunch: Ok(&other), ..facts() }));
    let mut other = definition("0 * * * *");
    other.name = "other".parse().unwrap();
    let Spawn::Yes { id: of_other, .. } = spawn(&other, &facts()) else { panic!("cron is due") };
    assert_ne!(of_other, id("0 * * * *", &facts()));
}

#[test]
fn ids_sort_by_the_time_of_their_cause() {
    let next_hour = SpawnFacts { pulse: Pulse { since: time("12:59:00"), until: time("13:00:30") }, ..facts() };
    assert!(id("0 * * * *", &facts()) < id("0 * * * *", &next_hour));
    // The bunch came at 11:58.
    assert!(id("bunch", &with_bunch()) < id("0 * * * *", &facts()));
}

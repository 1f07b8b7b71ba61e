use std::sync::LazyLock;

use chrono::{DateTime, Duration, Utc};
use insta::assert_snapshot;

use super::scenario::{self, list};
use crate::arguments::Arguments;
use crate::condition::{PipelineCondition, Registered};
use crate::definition::{Definition, Described};
use crate::facts::Discovery;
use crate::facts::{Answer, Asker, Facts};
use crate::id::PipelineId;
use crate::plan::{Spawn, SpawnFacts, spawn};
use crate::schedule::{Cron, Pulse};
use crate::status::PipelineStatus;

/// What a beat finds that has nothing to find, and one that has.
static AROUND: LazyLock<Facts> = LazyLock::new(|| finding(&Answer::Unmet("there is nothing new".to_owned())));
static FINDS: LazyLock<Facts> = LazyLock::new(|| finding(&Answer::Found(found("parcel 17"))));

/// Facts of which the condition `parcel_waits` answers so, whichever of a definition's conditions it is.
fn finding(answer: &Answer) -> Facts {
    let asked = |index| Asker { pipeline: None, name: "scenario".parse().unwrap(), index };
    Facts { registered: (0..3).map(|index| (asked(index), answer.clone())).collect(), ..Facts::default() }
}

fn found(key: &str) -> Discovery {
    Discovery {
        key: key.to_owned(),
        at: time("11:58:00"),
        arguments: Arguments::from([("parcel".to_owned(), key.to_owned())]),
        things: Vec::new(),
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
        "parcel" => {
            PipelineCondition::Registered(Registered { name: "parcel_waits".to_owned(), arguments: Arguments::new() })
        }
        "clean_up" => PipelineCondition::CleanUp,
        "initializer" => PipelineCondition::Initializer,
        "enabled" => PipelineCondition::PipelineEnabled,
        "maintenance" => PipelineCondition::Maintenance,
        text => with_words(text),
    };
    definition.conditions = conditions
        .split(", ")
        .filter(|text| !text.is_empty())
        .map(|text| Described { condition: condition(text), description: None })
        .collect();
    definition
}

fn with_words(text: &str) -> PipelineCondition {
    match text.split(' ').collect::<Vec<_>>()[..] {
        ["setting", setting] => PipelineCondition::ConfigurableCronExpression { setting: setting.to_owned() },
        ["websites", codes] => PipelineCondition::WebsiteActive { websites: list(codes) },
        ["alone", steps] => PipelineCondition::NoConflictingStep { steps: list(steps) },
        ["wants", pipelines, statuses] => {
            PipelineCondition::NamedPipelinesHaveStatus { pipelines: list(pipelines), statuses: list(statuses) }
        }
        ["asks", name] => {
            PipelineCondition::Registered(Registered { name: name.to_owned(), arguments: Arguments::new() })
        }
        _ => PipelineCondition::CronExpression { cron: Cron::parse(text, None).unwrap() },
    }
}

/// A beat at 12:00:30 that answers for the last minute; nothing is found and no sibling open.
fn facts() -> SpawnFacts<'static> {
    let until = time("12:00:30");
    SpawnFacts { around: &AROUND, pulse: Pulse { since: until - Duration::minutes(1), until }, open_sibling: None }
}

fn with_parcel() -> SpawnFacts<'static> {
    SpawnFacts { around: &FINDS, ..facts() }
}

fn with_sibling() -> SpawnFacts<'static> {
    let sibling = "01jd9x4k7m3fq8zt0v2c".parse().unwrap();
    SpawnFacts { open_sibling: Some(sibling), ..facts() }
}

/// The facts of the same beat with these settings, each a name, a scope and a value.
fn set(settings: &[(&str, &str, &str)]) -> Facts {
    let mut around = Facts::default();
    for (name, scope, value) in settings {
        around.settings.insert(name, scope.parse().unwrap(), value);
    }
    around
}

fn decided_in(around: &Facts, conditions: &str) -> String {
    decided(conditions, &SpawnFacts { around, ..facts() })
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
fn what_was_found_is_handed_to_the_steps() {
    assert_snapshot!(decided("parcel", &with_parcel()), @"spawn for parcel 17, parcel=parcel 17 (found 1)");
    assert_snapshot!(decided("parcel", &facts()), @"no: there is nothing new");
}

#[test]
fn a_beat_never_spawns_what_is_spawned_by_hand() {
    assert_snapshot!(decided("no_auto_spawn", &with_parcel()), @"no: it is spawned by hand, by the API or by another pipeline only");
    assert_snapshot!(decided("no_auto_spawn, 0 * * * *", &facts()), @"no: it is spawned by hand, by the API or by another pipeline only");
}

#[test]
fn every_unmet_condition_is_named() {
    assert_snapshot!(decided("30 * * * *, no_sibling, parcel", &with_sibling()), @"no: cron `30 * * * *` (UTC) is due next at 2026-08-01T12:30:00Z + pipeline 01jd9x4k7m3fq8zt0v2c of the same name has not ended + there is nothing new");
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
    assert_eq!(id("parcel", &with_parcel()), id("parcel", &later(with_parcel())));
    assert_eq!(id("0 * * * *, parcel", &with_parcel()), id("0 * * * *, parcel", &later(with_parcel())));
    assert_eq!(id("no_sibling", &facts()), id("", &facts()));
}

#[test]
fn another_cause_gives_another_id() {
    let next_hour = SpawnFacts { pulse: Pulse { since: time("12:59:00"), until: time("13:00:30") }, ..facts() };
    assert_ne!(id("0 * * * *", &facts()), id("0 * * * *", &next_hour));
    assert_ne!(id("", &facts()), id("", &next_hour));
    let other = finding(&Answer::Found(found("parcel 18")));
    assert_ne!(id("parcel", &with_parcel()), id("parcel", &SpawnFacts { around: &other, ..facts() }));
    let mut other = definition("0 * * * *");
    other.name = "other".parse().unwrap();
    let Spawn::Yes { id: of_other, .. } = spawn(&other, &facts()) else { panic!("cron is due") };
    assert_ne!(of_other, id("0 * * * *", &facts()));
}

#[test]
fn ids_sort_by_the_time_of_their_cause() {
    let next_hour = SpawnFacts { pulse: Pulse { since: time("12:59:00"), until: time("13:00:30") }, ..facts() };
    assert!(id("0 * * * *", &facts()) < id("0 * * * *", &next_hour));
    // The parcel came at 11:58.
    assert!(id("parcel", &with_parcel()) < id("0 * * * *", &facts()));
}

#[test]
fn a_cron_time_of_a_setting_spawns() {
    let own = set(&[("pipeline.cron", "pipeline:scenario", "0 12 * * *"), ("pipeline.cron", "default", "30 12 * * *")]);
    assert_snapshot!(decided_in(&own, "setting pipeline.cron"), @"spawn for cron 2026-08-01T12:00:00Z (found 0)");
    let of_another =
        set(&[("pipeline.cron", "pipeline:other", "0 12 * * *"), ("pipeline.cron", "default", "30 12 * * *")]);
    assert_snapshot!(decided_in(&of_another, "setting pipeline.cron"), @"no: cron `30 12 * * *` (UTC) is due next at 2026-08-01T12:30:00Z");
    assert_snapshot!(decided_in(&set(&[]), "setting pipeline.cron"), @"no: setting `pipeline.cron` holds no cron expression");
    assert_snapshot!(decided_in(&set(&[("pipeline.cron", "default", "0 0 30 2 *")]), "setting pipeline.cron"), @"no: setting `pipeline.cron` holds no cron expression");
    // A setting that holds something else, as no file can say.
    assert_snapshot!(decided_in(&set(&[]), "setting maintenance"), @"no: setting `maintenance` holds no cron expression");
    assert_snapshot!(decided_in(&set(&[]), "setting no.such"), @"no: setting `no.such` holds no cron expression");
}

#[test]
fn a_cron_time_of_a_setting_is_read_in_the_time_zone_of_the_setting() {
    let noon = ("pipeline.cron", "default", "0 14 * * *");
    assert_snapshot!(decided_in(&set(&[noon, ("time_zone", "default", "Europe/Berlin")]), "setting pipeline.cron"), @"spawn for cron 2026-08-01T12:00:00Z (found 0)");
    assert_snapshot!(decided_in(&set(&[noon]), "setting pipeline.cron"), @"no: cron `0 14 * * *` (UTC) is due next at 2026-08-01T14:00:00Z");
    // One that is written in the definition has its own.
    assert_snapshot!(decided_in(&set(&[("time_zone", "default", "Europe/Berlin")]), "0 14 * * *"), @"no: cron `0 14 * * *` (UTC) is due next at 2026-08-01T14:00:00Z");
}

#[test]
fn the_clean_up_has_a_time_of_its_own() {
    assert_snapshot!(decided_in(&set(&[]), "clean_up"), @"no: cron `0 3 * * *` (UTC) is due next at 2026-08-02T03:00:00Z");
    assert_snapshot!(decided_in(&set(&[("clean_up.cron", "default", "0 12 * * *")]), "clean_up"), @"spawn for cron 2026-08-01T12:00:00Z (found 0)");
    let berlin = set(&[("clean_up.cron", "default", "0 14 * * *"), ("time_zone", "default", "Europe/Berlin")]);
    assert_snapshot!(decided_in(&berlin, "clean_up"), @"spawn for cron 2026-08-01T12:00:00Z (found 0)");
}

#[test]
fn data_fetchers_get_a_pipeline_where_the_settings_say_so() {
    let with = |settings: &[(&str, &str, &str)]| Facts { has_fetchers: true, ..set(settings) };
    let in_pipeline = ("initializer.in_pipeline", "default", "true");
    assert_snapshot!(decided_in(&with(&[]), "initializer"), @"no: the heartbeat asks data fetchers; the setting `initializer.in_pipeline` is off");
    assert_snapshot!(decided_in(&with(&[in_pipeline]), "initializer"), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
    assert_snapshot!(decided_in(&set(&[in_pipeline]), "initializer"), @"no: there are no data fetchers");
    let off = with(&[in_pipeline, ("initializer.enabled", "default", "false")]);
    assert_snapshot!(decided_in(&off, "initializer"), @"no: data fetchers are switched off by the setting `initializer.enabled`");
}

#[test]
fn times_of_two_expressions_in_one_pulse_are_one_cause() {
    let noon = set(&[("clean_up.cron", "default", "0 12 * * *")]);
    assert_snapshot!(decided_in(&noon, "clean_up, 0 * * * *"), @"spawn for cron 2026-08-01T12:00:00Z + cron 2026-08-01T12:00:00Z (found 0)");
    assert_snapshot!(decided_in(&noon, "clean_up, 30 * * * *"), @"no: cron `30 * * * *` (UTC) is due next at 2026-08-01T12:30:00Z");
}

#[test]
fn all_websites_must_be_active() {
    assert_snapshot!(decided_in(&set(&[]), "websites de+at"), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
    assert_snapshot!(decided_in(&set(&[("website.active", "website:at", "off")]), "websites de+at"), @"no: website `at` is not active");
    assert_snapshot!(decided_in(&set(&[("website.active", "website:ch", "off")]), "websites de+at"), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
    let only_de = set(&[("website.active", "default", "off"), ("website.active", "website:de", "on")]);
    assert_snapshot!(decided_in(&only_de, "websites de"), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
    assert_snapshot!(decided_in(&only_de, "websites de+at"), @"no: website `at` is not active");
}

#[test]
fn a_pipeline_can_be_switched_off_by_its_name() {
    assert_snapshot!(decided_in(&set(&[]), "enabled"), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
    assert_snapshot!(decided_in(&set(&[("pipeline.enabled", "pipeline:scenario", "off")]), "enabled"), @"no: it is switched off by the setting `pipeline.enabled`");
    assert_snapshot!(decided_in(&set(&[("pipeline.enabled", "pipeline:other", "off")]), "enabled"), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
    let only_this = set(&[("pipeline.enabled", "default", "off"), ("pipeline.enabled", "pipeline:scenario", "on")]);
    assert_snapshot!(decided_in(&only_this, "enabled"), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
    // Who does not ask is not switched off.
    assert_snapshot!(decided_in(&set(&[("pipeline.enabled", "default", "off")]), ""), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
}

#[test]
fn a_conflicting_step_is_waited_for() {
    let mut around = Facts::default();
    assert_snapshot!(decided_in(&around, "alone import+reindex"), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
    around.active_steps.insert("reindex".parse().unwrap(), vec![scenario::other_id()]);
    assert_snapshot!(decided_in(&around, "alone import+reindex"), @"no: step `reindex` of pipeline 01jd9x4k7m3fq8zt0v2c is enqueued or running");
    assert_snapshot!(decided_in(&around, "alone import"), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
}

#[test]
fn the_status_of_the_latest_pipelines_is_waited_for() {
    let mut around = Facts::default();
    assert_snapshot!(decided_in(&around, "wants exports success"), @"no: there is no pipeline `exports`; wanted is success");
    around.latest.insert("exports".parse().unwrap(), (scenario::other_id(), PipelineStatus::Running));
    assert_snapshot!(decided_in(&around, "wants exports success"), @"no: pipeline `exports` 01jd9x4k7m3fq8zt0v2c is running; wanted is success");
    assert_snapshot!(decided_in(&around, "wants exports success+running"), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
    assert_snapshot!(decided_in(&around, "wants exports+stock success+running"), @"no: there is no pipeline `stock`; wanted is success or running");
}

#[test]
fn a_registered_condition_answers_and_hands_over_what_it_found() {
    let mut around = Facts::default();
    assert_snapshot!(decided_in(&around, "asks office_open"), @"no: condition `office_open` was not asked: this program does not know it");
    let mut answer = |check| {
        let asked = Asker { pipeline: None, name: "scenario".parse().unwrap(), index: 1 };
        around.registered.insert(asked, check);
        decided_in(&around, "0 * * * *, asks office_open")
    };
    assert_snapshot!(answer(Answer::Met), @"spawn for cron 2026-08-01T12:00:00Z (found 0)");
    assert_snapshot!(answer(Answer::Found(found("parcel 17"))), @"spawn for cron 2026-08-01T12:00:00Z + parcel 17, parcel=parcel 17 (found 1)");
    assert_snapshot!(answer(Answer::Unmet("the office is closed".to_owned())), @"no: the office is closed");
    assert_snapshot!(answer(Answer::Never("the office has closed down".to_owned())), @"no: the office has closed down");
    // It was asked as the second condition.
    assert_snapshot!(decided_in(&around, "asks office_open, 0 * * * *"), @"no: condition `office_open` was not asked: this program does not know it");
}

#[test]
fn maintenance_holds_up_every_spawn() {
    let maintenance = set(&[("maintenance", "default", "on")]);
    assert_snapshot!(decided_in(&maintenance, "0 * * * *"), @"no: maintenance mode is on");
    assert_snapshot!(decided_in(&maintenance, ""), @"no: maintenance mode is on");
    assert_snapshot!(decided_in(&maintenance, "30 * * * *, no_auto_spawn"), @"no: maintenance mode is on + cron `30 * * * *` (UTC) is due next at 2026-08-01T12:30:00Z + it is spawned by hand, by the API or by another pipeline only");
    let with_parcel = Facts { settings: maintenance.settings.clone(), ..FINDS.clone() };
    assert_snapshot!(decided_in(&with_parcel, "parcel"), @"no: maintenance mode is on");
    // The condition says it once where one looks for it.
    assert_snapshot!(decided_in(&maintenance, "maintenance"), @"no: maintenance mode is on");
    assert_snapshot!(decided_in(&set(&[]), "maintenance"), @"spawn for beat 2026-08-01T12:00:30+00:00 (found 0)");
}

#[test]
fn spawning_can_be_switched_off_for_all_or_by_name() {
    assert_snapshot!(decided_in(&set(&[("spawning", "default", "off")]), "0 * * * *"), @"no: spawning is switched off by the setting `spawning`");
    assert_snapshot!(decided_in(&set(&[("spawning", "pipeline:scenario", "off")]), "30 * * * *"), @"no: spawning is switched off by the setting `spawning` + cron `30 * * * *` (UTC) is due next at 2026-08-01T12:30:00Z");
    assert_snapshot!(decided_in(&set(&[("spawning", "pipeline:other", "off")]), "0 * * * *"), @"spawn for cron 2026-08-01T12:00:00Z (found 0)");
    let only_this = set(&[("spawning", "default", "off"), ("spawning", "pipeline:scenario", "on")]);
    assert_snapshot!(decided_in(&only_this, "0 * * * *"), @"spawn for cron 2026-08-01T12:00:00Z (found 0)");
}

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

/// Noon of the day on which everything here happens.
fn noon() -> DateTime<Utc> {
    "2027-02-03T12:00:00Z".parse().unwrap()
}

fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

fn rule(facts: &[(&str, &str)]) -> ExportRule {
    ExportRule { facts: facts.iter().map(|(fact, value)| ((*fact).into(), (*value).into())).collect() }
}

fn settings() -> ExportSettings {
    ExportSettings { is_enabled: true, rules: Vec::new(), age_limit: None, go_live_at: None, attempts: 3 }
}

fn failed(error_count: u32, minutes_ago: i64) -> ExportRecord {
    let last_error_at = Some(noon() - minutes(minutes_ago));
    ExportRecord {
        status: ExportStatus::Error,
        error_count,
        last_error_at,
        pipeline: Some("export/1".into()),
        rounds: error_count,
    }
}

/// The reasons of a chain not to take an order of an hour ago; empty if it takes it.
fn why_not(chain: Chain, settings: &ExportSettings, facts: [&str; 2], record: &ExportRecord) -> String {
    let facts = BTreeMap::from([("payment", facts[0]), ("status", facts[1])]);
    let candidate = Candidate { website: "base", created_at: noon() - minutes(60), facts, record };
    let refusals = refusals(&chain.filters(), &candidate, settings, noon());
    refusals.into_iter().map(|refusal| refusal.reason).collect::<Vec<_>>().join("\n")
}

fn scheduled(settings: &ExportSettings, facts: [&str; 2]) -> bool {
    why_not(Chain::Schedule, settings, facts, &ExportRecord::default()).is_empty()
}

#[test]
fn any_rule_that_fits_is_enough_and_no_rules_take_everything() {
    let rules = vec![
        rule(&[("payment", "checkmo"), ("status", "processing")]),
        rule(&[("status", "complete")]),
        rule(&[("payment", "invoice")]),
    ];
    let with = ExportSettings { rules, ..settings() };
    let table = [
        (["checkmo", "processing"], true),
        (["checkmo", "pending"], false),
        (["banktransfer", "processing"], false),
        (["banktransfer", "complete"], true),
        (["invoice", "pending"], true),
        (["", ""], false),
    ];
    for (facts, expected) in table {
        assert_eq!(scheduled(&with, facts), expected, "{facts:?}");
        assert!(scheduled(&settings(), facts), "{facts:?}");
    }
    assert!(
        scheduled(&ExportSettings { rules: vec![rule(&[])], ..settings() }, ["", ""]),
        "a rule without facts fits all"
    );
}

#[test]
fn every_reason_is_told_at_once() {
    let off = ExportSettings {
        is_enabled: false,
        rules: vec![rule(&[("status", "processing")]), rule(&[("payment", "invoice"), ("status", "pending")])],
        age_limit: Some(Duration::from_secs(30 * 60)),
        go_live_at: Some(noon()),
        attempts: 3,
    };
    let record =
        ExportRecord { status: ExportStatus::Scheduled, pipeline: Some("export/1".into()), ..ExportRecord::default() };
    assert_snapshot!(why_not(Chain::Schedule, &off, ["checkmo", "pending"], &record), @"
    its export is scheduled for pipeline export/1, not pending
    exports are off for website `base`
    it is of 2027-02-03T11:00:00Z, and exports of website `base` began at 2027-02-03T12:00:00Z
    it is of 2027-02-03T11:00:00Z, and website `base` exports nothing older than 30 minutes
    payment `checkmo` × status `pending` matches no rule of website `base` (status `processing`; payment `invoice` × status `pending`)
    ");
    assert_snapshot!(why_not(Chain::Reschedule, &settings(), ["", ""], &failed(3, 59)), @"
    it failed 3 times, and 3 attempts are made; a reset begins anew
    it failed at 2027-02-03T11:01:00Z and is tried again at 2027-02-03T12:01:00Z
    ");
    assert_snapshot!(why_not(Chain::Reset, &settings(), ["", ""], &failed(2, 59)), @"it failed 2 times and is tried again by itself until 3 attempts are made");
}

#[test]
fn what_is_exactly_as_old_as_the_limit_is_exported() {
    for (limit_seconds, expected) in [(3599, false), (3600, true), (3601, true)] {
        let limited = ExportSettings { age_limit: Some(Duration::from_secs(limit_seconds)), ..settings() };
        assert_eq!(scheduled(&limited, ["", ""]), expected, "{limit_seconds}");
    }
    for (began, expected) in [(59, false), (60, true), (61, true)] {
        let live = ExportSettings { go_live_at: Some(noon() - minutes(began)), ..settings() };
        assert_eq!(scheduled(&live, ["", ""]), expected, "{began}");
    }
}

#[test]
fn a_failed_export_rests_for_an_hour_and_is_given_up_after_its_attempts() {
    let tried = |record: &ExportRecord, attempts| {
        why_not(Chain::Reschedule, &ExportSettings { attempts, ..settings() }, ["", ""], record).is_empty()
    };
    for (minutes_ago, expected) in [(59, false), (60, true), (61, true)] {
        assert_eq!(tried(&failed(1, minutes_ago), 3), expected, "{minutes_ago} minutes");
    }
    for (failures, expected) in [(1, true), (2, true), (3, false), (4, false)] {
        assert_eq!(tried(&failed(failures, 90), 3), expected, "{failures} failures");
    }
    assert!(tried(&failed(3, 90), 5), "a limit that was raised brings it back");
    assert!(!tried(&ExportRecord::default(), 3), "what is pending is for the other fetcher");
    assert_eq!(why_not(Chain::Reset, &settings(), ["", ""], &failed(3, 1)), "");
}

#[test]
fn an_order_that_changed_on_its_way_does_not_leave() {
    let processing = ExportSettings { rules: vec![rule(&[("status", "processing")])], ..settings() };
    let record = ExportRecord::default().schedule("export/1").unwrap();
    assert_eq!(why_not(Chain::Leave, &processing, ["checkmo", "processing"], &record), "");
    let told = why_not(Chain::Leave, &processing, ["checkmo", "canceled"], &record);
    assert_eq!(told, "payment `checkmo` × status `canceled` matches no rule of website `base` (status `processing`)");
    // It waits for a change of the order, and has lost no attempt.
    assert_eq!(record.withdrawn("export/1").unwrap().error_count, 0);
}

#[test]
fn what_has_left_or_is_on_its_way_is_not_reset() {
    let pending = ExportRecord::default();
    let on_its_way = pending.schedule("export/1").unwrap();
    let gone = on_its_way.exported("export/1").unwrap();
    let failed = on_its_way.failed("export/1", noon()).unwrap();
    assert_eq!(failed.reset().unwrap().status, ExportStatus::Pending);
    let told = [
        failed.schedule("export/1"),
        on_its_way.reset(),
        gone.reset(),
        gone.schedule("export/2"),
        on_its_way.schedule("export/2"),
        pending.exported("x"),
    ];
    assert_snapshot!(told.map(|it| it.unwrap_err().to_string()).join("\n"), @"
    the export is error (pipeline export/1); only one that is pending or failed gets a pipeline, and each pipeline once
    the export is scheduled (pipeline export/1); wait until its pipeline has ended, or cancel it
    the export is exported (pipeline export/1); a second document would be a second order for who gets it
    the export is exported (pipeline export/1); only one that is pending or failed gets a pipeline, and each pipeline once
    the export is scheduled (pipeline export/1); only one that is pending or failed gets a pipeline, and each pipeline once
    the export is pending; only that of the pipeline that it has leaves
    ");
}

/// Something that becomes of an export.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Schedule(u8),
    Export(u8),
    Fail(u8),
    Withdraw(u8),
    Reset,
}

fn happening() -> impl Strategy<Value = Happening> {
    (0..5_u8, 0..3_u8).prop_map(|(kind, pipeline)| match kind {
        0 => Happening::Schedule(pipeline),
        1 => Happening::Export(pipeline),
        2 => Happening::Fail(pipeline),
        3 => Happening::Withdraw(pipeline),
        _ => Happening::Reset,
    })
}

fn become_of(record: &ExportRecord, happening: Happening) -> Result<ExportRecord, Illegal> {
    let name = |pipeline: u8| format!("export/{pipeline}");
    match happening {
        Happening::Schedule(pipeline) => record.schedule(&name(pipeline)),
        Happening::Export(pipeline) => record.exported(&name(pipeline)),
        Happening::Fail(pipeline) => record.failed(&name(pipeline), noon()),
        Happening::Withdraw(pipeline) => record.withdrawn(&name(pipeline)),
        Happening::Reset => record.reset(),
    }
}

proptest! {
    #[test]
    fn whatever_happens_twice_happens_once_and_what_has_left_stays(all in prop::collection::vec(happening(), 0..20)) {
        let mut record = ExportRecord::default();
        let mut has_left = false;
        for happening in all {
            let Ok(next) = become_of(&record, happening) else { continue };
            let again = become_of(&next, happening);
            prop_assert_eq!(again.as_ref(), Ok(&next), "{:?}", happening);
            has_left |= next.status == ExportStatus::Exported;
            prop_assert_eq!(has_left, next.status == ExportStatus::Exported, "{:?}", happening);
            record = next;
        }
    }
}

//! Settings, maintenance mode and the audit, as operators change and read them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use insta::assert_snapshot;
use pipeline::settings::Scope;
use serde_json::json;
use store::keys;
use store::settings::NewSetting;
use store::table::{Change, Condition, Key, Write};

use operate::settings::{self, Error, Switch};
use workshop::Fault;
use workshop::mini_heartbeat;
use workshop::{NAME, Workshop};

async fn set(workshop: &Workshop, name: &str, scope: &str, value: &str) -> Result<settings::Changed, Error> {
    let scope: Scope = scope.parse().unwrap();
    settings::set(
        &workshop.context,
        store::settings::NewSetting { name, scope: &scope, value },
        operate::AuditStamp { by: "Ann", at: workshop.now() },
    )
    .await
}

async fn holds(workshop: &Workshop, name: &str, scope: &str) -> String {
    let held = settings::get(&workshop.context, name, &scope.parse().unwrap()).await.unwrap();
    format!("{} from {}", held.value, held.set_for.unwrap_or_else(|| "its default".to_owned()))
}

async fn audit(workshop: &Workshop) -> String {
    let lines = workshop.store().audit(10).await.unwrap();
    lines.iter().map(|line| format!("{} {} {}\n", line.at.format("%H:%M"), line.by, line.what)).collect()
}

/// Puts what a hand in the console or an older version may have left.
async fn leave(workshop: &Workshop, sort: &str, value: serde_json::Value) {
    let attributes = [("value".to_owned(), value)].into();
    let change = Change::Put { attributes, listing: None, expires_at: None };
    let key = Key::new(keys::SETTINGS, sort);
    workshop.store().table.write(Write { key, condition: Condition::Any, change }).await.unwrap();
}

#[tokio::test]
async fn what_is_set_holds_for_its_scope_until_it_is_taken_back() {
    let workshop = Workshop::new("10: done-a");
    assert_eq!(holds(&workshop, "clean_up.delete_after", "pipeline:work").await, "never from its default");
    let changed = set(&workshop, "clean_up.delete_after", "default", "4  weeks").await.unwrap();
    assert_eq!((changed.before, changed.value.as_deref()), (None, Some("4 weeks")));
    workshop.wait(1);
    set(&workshop, "clean_up.delete_after", "pipeline:work", "1 week").await.unwrap();
    assert_eq!(holds(&workshop, "clean_up.delete_after", "pipeline:work").await, "1 week from pipeline:work");
    assert_eq!(holds(&workshop, "clean_up.delete_after", "pipeline:other").await, "4 weeks from default");
    workshop.wait(1);
    let context = &workshop.context;
    let changed = settings::unset(
        context,
        "clean_up.delete_after",
        "pipeline:work",
        operate::AuditStamp { by: "Bob", at: workshop.now() },
    )
    .await;
    assert_eq!(changed.unwrap().before.as_deref(), Some("1 week"));
    assert_eq!(holds(&workshop, "clean_up.delete_after", "pipeline:work").await, "4 weeks from default");
    assert_snapshot!(audit(&workshop).await, @"
    12:02 Bob unset `clean_up.delete_after` for pipeline:work
    12:01 Ann set `clean_up.delete_after` for pipeline:work to `1 week`
    12:00 Ann set `clean_up.delete_after` for default to `4 weeks`
    ");
}

#[tokio::test]
async fn what_does_not_fit_is_neither_set_nor_noted() {
    let workshop = Workshop::new("10: done-a");
    let refused = async |name, scope, value| set(&workshop, name, scope, value).await.unwrap_err().to_string();
    assert!(refused("maintenace", "default", "on").await.ends_with("; did you mean `maintenance`?)"));
    assert_snapshot!(refused("maintenance", "pipeline:work", "on").await, @"setting `maintenance` cannot be set for `pipeline:work` (possible: default)");
    assert_snapshot!(refused("spawning", "default", "perhaps").await, @"setting `spawning`: `perhaps` is neither `true` nor `false`");
    let unset =
        settings::unset(&workshop.context, "spawn", "default", operate::AuditStamp { by: "Ann", at: workshop.now() })
            .await
            .unwrap_err();
    assert!(unset.to_string().starts_with("there is no setting `spawn`"), "{unset}");
    let unset = settings::unset(
        &workshop.context,
        "spawning",
        "default",
        operate::AuditStamp { by: "Ann", at: workshop.now() },
    )
    .await
    .unwrap();
    assert_eq!((unset.before, unset.value), (None, None));
    assert_eq!(audit(&workshop).await, "");
}

const FAULTS: [Fault; 6] =
    [Fault::DeadBefore, Fault::DeadAfter, Fault::Refused, Fault::Forbidden, Fault::ReplyLost, Fault::Repeated];

/// Changes a setting once, and disturbs one write of that; then value and audit must tell the same.
async fn disturb_a_change(fault: Fault, after: usize, value: Option<&str>) {
    let workshop = Workshop::new("10: done-a");
    let (context, now) = (&workshop.context, workshop.now());
    if value.is_none() {
        set(&workshop, "spawning", "default", "off").await.unwrap();
    }
    workshop.table.arm(fault, "", after);
    let change = async {
        match value {
            Some(value) => set(&workshop, "spawning", "default", value).await,
            None => settings::unset(context, "spawning", "default", operate::AuditStamp { by: "Bob", at: now }).await,
        }
    };
    // Who meets the fault dies or fails there.
    tokio::select! {
        biased;
        () = workshop.table.dead.notified() => {}
        _ = change => {}
    }
    let (held, lines) = (holds(&workshop, "spawning", "default").await, audit(&workshop).await);
    let (is_done, is_told) = match value {
        Some(_) => (held == "false from default", lines.contains("Ann set `spawning`")),
        None => (held == "true from its default", lines.contains("Bob unset `spawning`")),
    };
    assert_eq!(is_told, is_done, "{fault:?} at write {after}: the value is {held}, and the audit says {lines:?}");
    if after == 0 {
        assert!(workshop.table.is_spent(), "{fault:?}: the change was to be disturbed and was not");
    } else {
        // Were there a second write, somebody could die between the two.
        assert!(is_done && !workshop.table.is_spent(), "{fault:?}: the change is more than one write");
    }
}

#[tokio::test]
async fn a_change_and_its_line_in_the_audit_are_both_there_or_neither() {
    for fault in FAULTS {
        for after in [0, 1] {
            disturb_a_change(fault, after, Some("off")).await;
            disturb_a_change(fault, after, None).await;
        }
    }
}

/// The beats of this process see a change at once, although they keep the settings for some seconds.
#[tokio::test]
async fn a_change_is_seen_by_the_next_mini_beat() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    assert!(!workshop.context.settings(workshop.now()).await.unwrap().flag("maintenance", &Scope::Default));
    set(&workshop, "maintenance", "default", "on").await.unwrap();
    assert!(workshop.context.settings(workshop.now()).await.unwrap().flag("maintenance", &Scope::Default));
    settings::unset(&workshop.context, "maintenance", "default", operate::AuditStamp { by: "Ann", at: workshop.now() })
        .await
        .unwrap();
    assert!(!workshop.context.settings(workshop.now()).await.unwrap().flag("maintenance", &Scope::Default));
}

/// Changes a setting as another process does: this one has no reason to forget what it has read.
async fn switch_maintenance_elsewhere(workshop: &Workshop, value: &str) {
    let now = workshop.now();
    workshop
        .store()
        .set_setting(NewSetting { name: "maintenance", scope: &Scope::Default, value }, "somebody else", now)
        .await
        .unwrap();
}

/// However young the settings are that mini beats of this process have read.
#[tokio::test]
async fn a_beat_reads_the_settings_afresh() {
    let workshop = Workshop::new("10: done-a");
    workshop.place(NAME, "a cause").await;
    let kept = workshop.context.settings(workshop.now()).await.unwrap();
    assert!(!kept.flag("maintenance", &Scope::Default));
    switch_maintenance_elsewhere(&workshop, "true").await;
    assert_eq!(workshop.beat().await.applied.enqueued, 0, "maintenance mode is on, and the beat goes by what was");
    switch_maintenance_elsewhere(&workshop, "false").await;
    assert_eq!(workshop.beat().await.applied.enqueued, 1, "maintenance mode is off, and the beat goes by what was");
}

/// It costs a step no read of the settings then.
#[tokio::test]
async fn a_mini_beat_goes_by_settings_that_are_some_seconds_old_and_no_more_than_five() {
    for (age_ms, enqueued, reads) in [(0, 1, 1), (2_000, 1, 1), (5_001, 0, 2), (3_600_000, 0, 2)] {
        let workshop = Workshop::new("10: done-a");
        let id = workshop.place(NAME, "a cause").await;
        let invocation = workshop.invocation();
        workshop.context.settings(invocation.now()).await.unwrap();
        switch_maintenance_elsewhere(&workshop, "true").await;
        workshop.table.counted.forget();
        let later = invocation.later(Duration::from_millis(age_ms));
        let applied = mini_heartbeat::beat(&workshop.context, &id, 0, &later).await.unwrap();
        assert_eq!(applied.enqueued, enqueued, "by settings that were read {age_ms} ms before");
        let read = workshop.table.counted.reads.load(Ordering::Relaxed);
        assert_eq!(read, reads, "the pipeline is read, and the settings if they are too old: they are {age_ms} ms old");
    }
}

#[tokio::test]
async fn maintenance_says_who_switched_it_and_when() {
    let workshop = Workshop::new("10: done-a");
    let shown = |state: settings::Maintenance| {
        let since = state.since.map(|since| since.format("%H:%M").to_string());
        format!("{} {} {}", state.is_on, state.by.unwrap_or_default(), since.unwrap_or_default())
    };
    let context = &workshop.context;
    assert_eq!(shown(settings::maintenance(context).await.unwrap()), "false  ");
    let switch =
        async |switch, by| shown(settings::set_maintenance(context, switch, by, workshop.now()).await.unwrap());
    assert_eq!(switch(Switch::Off, "Ann").await, "false  ");
    assert_eq!(switch(Switch::On, "Ann").await, "true Ann 12:00");
    workshop.wait(5);
    assert_eq!(switch(Switch::On, "Bob").await, "true Ann 12:00");
    assert_eq!(switch(Switch::Off, "Bob").await, "false Bob 12:05");
    assert_eq!(audit(&workshop).await.lines().count(), 2);
}

#[tokio::test]
async fn stored_values_that_do_not_fit_are_named_and_can_be_taken_back() {
    let workshop = Workshop::new("10: done-a");
    leave(&workshop, "spawning/default", json!("perhaps")).await;
    leave(&workshop, "spawning/shop:1", json!("true")).await;
    leave(&workshop, "mini_heartbeat/default", json!(false)).await;
    leave(&workshop, "no.such/default", json!("1")).await;
    let report = settings::list(&workshop.context).await.unwrap();
    let [first, second, third] = report.problems.as_slice() else { panic!("{:?}", report.problems) };
    assert_eq!(
        first,
        "setting `spawning`: `perhaps` is neither `true` nor `false`; `perhaps` for default is stored and counts as not set"
    );
    assert!(second.starts_with("setting `spawning`: `shop:1` is no scope (expected "), "{second}");
    assert!(third.starts_with("there is no setting `no.such` "), "{third}");
    let value = |name: &str| report.settings.iter().find(|state| state.name == name).unwrap().value.clone();
    assert_eq!((value("spawning"), value("mini_heartbeat")), ("true".to_owned(), "false".to_owned()));
    for (name, scope) in [("spawning", "default"), ("spawning", "shop:1"), ("no.such", "default")] {
        settings::unset(&workshop.context, name, scope, operate::AuditStamp { by: "Ann", at: workshop.now() })
            .await
            .unwrap();
    }
    assert_eq!(settings::list(&workshop.context).await.unwrap().problems, Vec::<String>::new());
}

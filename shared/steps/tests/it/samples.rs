//! Reports of authors about schedules, arguments and whole pipelines, with the clock of the test.
//!
//! The folders of `../shared/samples/reports/engine` say in EXPECTED.txt what comes of them; COMMANDS.txt has the times.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::runner::resident::{ResidentRunner, Turn};
use insta::assert_snapshot;
use pipeline::merge::load;
use pipeline::{PipelineStatus, StepStatus};
use store::services::{Services, ShellPolicy};
use workshop::Workshop;

/// A file of a report.
pub(crate) fn report(path: &str) -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/reports")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What ships and the definitions of a report, which become valid at a time in UTC: `2026-12-01 10:00`.
async fn reported(path: &str, begins: &str) -> Workshop {
    let workshop = Workshop::running(steps::shipped());
    workshop.store().files.put("pipelines/a.xml", report(path).into()).await.unwrap();
    move_to(&workshop, begins);
    workshop
}

fn move_to(workshop: &Workshop, time: &str) {
    let time: DateTime<Utc> = format!("{}:00Z", time.replace(' ', "T")).parse().unwrap();
    let minutes = (time - workshop.now()).num_minutes();
    workshop.wait(u64::try_from(minutes).expect("the clock goes forward"));
}

/// The names of the pipelines that a beat at each of these times spawns.
async fn spawned_at(workshop: &Workshop, times: &[&str]) -> Vec<String> {
    let mut spawned = Vec::new();
    for time in times {
        move_to(workshop, time);
        // What ships has schedules of its own.
        let names = workshop.spawned().await.into_iter().filter(|name| name.len() == 1);
        spawned.extend(names.map(|name| format!("{time} {name}")));
    }
    spawned
}

#[tokio::test]
async fn a_day_field_that_begins_with_a_star_does_not_widen_the_other_one() {
    let workshop = reported("engine/cron-weekday-step/c.xml", "2026-12-01 10:00").await;
    workshop.beat().await;
    let days: Vec<String> = (2..=31).map(|day| format!("2026-12-{day:02} 00:01")).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    // Of the odd days `r` takes the Mondays; the 13th is a Sunday.
    let expected = ["2026-12-07 00:01 r", "2026-12-13 00:01 p", "2026-12-13 00:01 q", "2026-12-21 00:01 r"];
    assert_eq!(spawned_at(&workshop, &days).await, expected);
}

#[tokio::test]
async fn steps_of_hours_over_a_change_of_the_clocks_skip_no_time_and_repeat_none() {
    let spring = reported("engine/dst-step-hours/c.xml", "2027-03-28 00:15").await;
    let times = ["00:15", "01:00", "01:15", "02:15", "02:45"].map(|time| format!("2027-03-28 {time}"));
    let spawned = spawned_at(&spring, &times.each_ref().map(String::as_str)).await;
    assert_eq!(spawned, ["2027-03-28 01:00 p", "2027-03-28 02:45 p"]);

    let autumn = reported("engine/dst-step-hours/c.xml", "2027-10-31 00:15").await;
    let times = ["00:15", "00:45", "01:45", "03:45"].map(|time| format!("2027-10-31 {time}"));
    let spawned = spawned_at(&autumn, &times.each_ref().map(String::as_str)).await;
    assert_eq!(spawned, ["2027-10-31 00:45 p", "2027-10-31 03:45 p"]);
}

#[tokio::test]
async fn a_sibling_that_has_expired_does_not_swallow_the_time_that_fell_due() {
    let workshop = reported("engine/stale-sibling-eats-tick/c.xml", "2027-01-02 02:59").await;
    let times = ["2027-01-02 02:59", "2027-01-02 03:01"];
    assert_eq!(spawned_at(&workshop, &times).await, ["2027-01-02 03:01 p"]);
    // Three days nothing ran; one spawn makes up for all that fell due, in the first beat or the one behind it.
    let spawned = spawned_at(&workshop, &["2027-01-05 08:00", "2027-01-05 08:01"]).await;
    assert_eq!(spawned.len(), 1, "{spawned:?}");
    assert_eq!(spawned_at(&workshop, &["2027-01-05 12:00"]).await, [""; 0]);
    let mut ended = Vec::new();
    for id in workshop.store().ended_pipelines(10, 10, workshop.now()).await.unwrap() {
        ended.push(workshop.pipeline(&id).await);
    }
    // What ships has schedules of its own. The second one has expired as well, as nothing runs its step.
    let statuses = ended.iter().filter(|ended| ended.definition.name.as_str() == "p").map(|ended| ended.status);
    assert_eq!(statuses.collect::<Vec<_>>(), [PipelineStatus::Cancelled, PipelineStatus::Cancelled]);
}

/// The first step takes most of a runner's time, and the second one, of another pipeline, needs more than what is left.
#[tokio::test]
async fn a_step_behind_a_long_one_of_another_pipeline_has_the_whole_time_of_a_runner() {
    let xml = report("newcomer/runner-budget.xml");
    assert!(xml.contains("sleep 270") && xml.contains("sleep 60"), "the sample has changed");
    let xml = xml.replace("sleep 270", "sleep 6").replace("sleep 60", "sleep 5");
    let mut workshop = Workshop::running(steps::shipped()).sharing_commits();
    let shell = ShellPolicy::Allowed { environment: [("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into() };
    workshop.context = workshop.context.with_services(Services { shell, ..Services::default() });
    workshop.store().files.put("pipelines/a.xml", xml.into()).await.unwrap();
    let ids = [workshop.init("long").await, workshop.init("short").await];
    // Of the 12 seconds two are kept for the commit.
    let mut runner = ResidentRunner::new(&workshop.context, || workshop.invocation_of(Duration::from_secs(12)));
    while !matches!(runner.turn(Duration::ZERO).await.unwrap(), Turn::Nothing) {}
    for id in ids {
        let step = workshop.step(&id, "work").await;
        assert_eq!(step.record.status, StepStatus::Success, "{}", workshop.shown(&id).await);
    }
}

/// The sample of the report: an order that was never sent, because it went out as a GET without a body.
#[tokio::test]
async fn a_misspelt_method_sends_nothing_and_the_file_that_was_good_stays_in_force() {
    let sample = report("engine/misspelt-argument/a.xml");
    let workshop = Workshop::extended(&[], steps::shipped());
    let files = workshop.store().files.clone();
    let good = sample.replace("mehtod", "method").replace("bdoy", "body").replace("hourz", "hours");
    files.put("pipelines/a.xml", good.into()).await.unwrap();
    assert_eq!(workshop.beat().await.problems, [""; 0]);
    files.put("pipelines/a.xml", sample.into()).await.unwrap();
    assert_snapshot!(workshop.beat().await.problems.join("\n"), @"
    a.xml:9:16: step `send_order`: the argument `mehtod` is not known (expected `url`, `method`, `header.*`, `body`, `body_from`, `timeout_seconds`, `expect` or `save_as`; did you mean `method`?)
    a.xml:10:16: step `send_order`: the argument `bdoy` is not known (expected `url`, `method`, `header.*`, `body`, `body_from`, `timeout_seconds`, `expect` or `save_as`; did you mean `body`?)
    a.xml:25:28: step `h`: argument `for`: `2 hourz` is not a duration (example: `2 hours`)
    a.xml: the last version of the file without an error stays in force
    ");
    let kept = workshop.context.definitions.find(files.as_ref(), "p").await.unwrap();
    assert_eq!(kept.steps[0].arguments["method"], "POST");
}

#[test]
fn a_step_that_another_one_needs_cannot_be_removed_and_a_misspelt_address_is_no_address() {
    let mut said = String::new();
    for file in ["newcomer/http-without-url.xml", "newcomer/remove-validate.xml"] {
        let (program, name) = (steps::shipped(), file.rsplit('/').next().unwrap());
        let text = report(file);
        let shipped = program.definitions.iter().map(|(name, xml)| (name.as_str(), xml.as_ref()));
        let merged = load(shipped.chain([(name, text.as_bytes())]), &program.vocabulary());
        merged.errors.iter().for_each(|error| said += &format!("{error}\n"));
    }
    assert_snapshot!(said, @r#"
    http-without-url.xml:2:30: step `s`: the argument `url` is missing; expected what is called: `https://…`, or `http://…` for listed ports of this machine, as URL (example: `https://api.example.com/orders`); or `from="pipeline"`, if that hands it on
    http-without-url.xml:2:85: step `s`: the argument `urll` is not known (expected `url`, `method`, `header.*`, `body`, `body_from`, `timeout_seconds`, `expect` or `save_as`; did you mean `url`?)
    http-without-url.xml:2:125: step `s`: the argument `methode` is not known (expected `url`, `method`, `header.*`, `body`, `body_from`, `timeout_seconds`, `expect` or `save_as`; did you mean `method`?)
    remove-validate.xml:1:50: step `create_categories`: step `validate` is removed here, and this one needs it; argument `validated_by`, which is `validate` where it is left out, expects the step that checked the rows and collected their categories
    remove-validate.xml:1:50: step `create_options`: step `validate` is removed here, and this one needs it; argument `validated_by`, which is `validate` where it is left out, expects the step that checked the rows and collected their options
    "#);
}

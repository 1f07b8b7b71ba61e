//! Many pipelines at once: first the plan, then what became of each; and how a host and a drain come to their end.

use serde_json::{Value, json};

use crate::systole::{Systole, sample, wait_for};

const DEFINITIONS: &str = r#"<config>
    <pipeline name="failing" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="move" executorType="move_files" sortOrder="10"/>
    </pipeline>
    <pipeline name="waiting">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="wait" executorType="wait" sortOrder="10"><arguments><argument key="for" value="3 hours"/></arguments></step>
    </pipeline>
</config>"#;

fn systole() -> Systole {
    let systole = Systole::new();
    systole.overlay("bulk.xml", DEFINITIONS);
    systole
}

fn spawn(systole: &Systole, name: &str) -> String {
    systole.json(&["pipeline", "init", name])["id"].as_str().unwrap().to_owned()
}

fn statuses(systole: &Systole) -> Vec<(Value, Value)> {
    let rows = systole.json(&["pipeline", "list"]);
    rows.as_array().unwrap().iter().map(|row| (row["name"].clone(), row["status"].clone())).collect()
}

#[test]
fn a_plan_is_shown_and_nothing_is_changed_until_somebody_says_yes() {
    let systole = systole();
    let ids = [spawn(&systole, "waiting"), spawn(&systole, "waiting")];
    spawn(&systole, "failing");
    let before = statuses(&systole);
    for verb in ["cancel", "pause"] {
        let ran = systole.run(&["pipeline", verb, "--name", "waiting"]);
        let told = format!("\nwould {verb} 2 pipelines: 2 waiting (running)\n");
        assert!(ran.code == Some(1) && ran.stdout.ends_with(&told), "{ran}");
        assert!(ids.iter().all(|id| ran.stdout.contains(id)), "{ran}");
        assert_eq!(ran.stderr, "systole: nothing was changed; --yes does it\n");
    }
    assert_eq!(statuses(&systole), before, "a plan changes nothing");

    let ran = systole.run(&["pipeline", "pause", "--name", "waiting", "--yes"]);
    assert!(ran.code == Some(0) && ran.stdout.ends_with("\n2 paused\n"), "{ran}");
    let ran = systole.run(&["pipeline", "resume", "--status", "paused", "--since", "1 hour", "--yes"]);
    assert!(ran.code == Some(0) && ran.stdout.ends_with("\n2 resumed\n"), "{ran}");
    let ran = systole.run(&["pipeline", "cancel", "--since", "2999-01-01", "--yes"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("no pipeline is pending or running or paused"), "{ran}");
    let ran = systole.run(&["pipeline", "cancel", "--since", "soon", "--yes"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("`soon` is no time"), "{ran}");
    // One of them has ended by then, and one cannot be paused twice: each outcome is counted.
    systole.json(&["pipeline", "cancel", &ids[0]]);
    let ran = systole.run(&["pipeline", "cancel", "--status", "cancelled", "--yes"]);
    assert!(ran.code == Some(1) && ran.stdout.ends_with("0 cancelled, 1 ended meanwhile\n"), "{ran}");
}

#[test]
fn all_failed_pipelines_of_a_name_are_run_again() {
    let systole = systole();
    let ids = [spawn(&systole, "failing"), spawn(&systole, "failing")];
    let waiting = spawn(&systole, "waiting");
    systole.json(&["run"]);
    let ran = systole.run(&["pipeline", "rerun", "--name", "failing", "--since", "24 hours"]);
    assert!(ran.code == Some(1) && ran.stdout.contains("would rerun 2 pipelines: 2 failing (error)"), "{ran}");
    let ran = systole.run(&["pipeline", "rerun", "--name", "failing", "--since", "24 hours", "--yes"]);
    assert!(ran.code == Some(0) && ran.stdout.ends_with("\n2 rerun\n"), "{ran}");
    systole.json(&["run"]);
    for id in &ids {
        assert_eq!(systole.json(&["pipeline", "details", id])["steps"][0]["attempt"], 2, "{id}");
    }
    let ran = systole.run(&["pipeline", "rerun", &waiting]);
    let expected = format!("systole: no step of pipeline {waiting} has failed, it is running\n");
    assert_eq!((ran.code, ran.stderr), (Some(1), expected));
}

/// The sample with a step that takes so many seconds.
fn long_step(seconds: u32) -> String {
    let xml = sample("reports/newcomer/long-step.xml");
    assert!(xml.contains("sleep 150"), "the sample has changed");
    xml.replace("sleep 150", &format!("sleep {seconds}"))
}

fn with_runners(systole: &Systole) -> Value {
    systole.json(&["queue", "status"])["queues"][1]["in_flight"].clone()
}

#[test]
fn a_long_step_stays_with_its_runner_and_nobody_is_warned_of_a_duplicate_with_samples() {
    let systole = Systole::new();
    systole.overlay("long.xml", &long_step(25));
    let (dev, _) = systole.dev(&["--allow-shell", "--runners", "2"]);
    spawn(&systole, "long");
    wait_for("the step is with a runner", || (with_runners(&systole) == json!(1)).then_some(()));
    // Twice as long as a message is hidden that nobody hides any longer.
    for _ in 0..20 {
        std::thread::sleep(std::time::Duration::from_secs(1));
        assert_eq!(with_runners(&systole), json!(1), "{}", systole.run(&["queue", "status"]));
    }
    wait_for("the step ends", || (statuses(&systole)[0].1 == json!("success")).then_some(()));
    wait_for("no message is left", || (with_runners(&systole) == json!(0)).then_some(()));
    dev.signal("TERM");
    let ran = dev.end();
    assert!(ran.code == Some(0) && !ran.stderr.contains("WARN"), "{ran}");
}

#[test]
fn a_drain_ends_when_nothing_is_running_with_samples() {
    let systole = Systole::new();
    systole.overlay("long.xml", &long_step(4));
    let idle = systole.run(&["maintenance", "on", "--wait"]);
    assert!(idle.code == Some(0) && idle.stdout.ends_with("\nnothing is running\n"), "{idle}");
    systole.json(&["maintenance", "off"]);
    let (dev, _) = systole.dev(&["--allow-shell"]);
    spawn(&systole, "long");
    wait_for("the step is with a runner", || (with_runners(&systole) == json!(1)).then_some(()));
    let late = systole.run(&["maintenance", "on", "--wait", "--timeout", "0.1"]);
    assert!(late.code == Some(4) && late.stderr.contains("still 1 step running: `crunch` of long "), "{late}");
    let ran = systole.run(&["maintenance", "on", "--wait", "--timeout", "60"]);
    assert!(ran.code == Some(0) && ran.stdout.ends_with("\nnothing is running\n"), "{ran}");
    assert_eq!(statuses(&systole), [(json!("long"), json!("success"))]);
    dev.signal("TERM");
    dev.end();
}

#[test]
fn a_host_stops_within_its_time_and_the_next_one_carries_on_with_samples() {
    let systole = Systole::new();
    systole.overlay("long.xml", &long_step(120));
    let (dev, _) = systole.dev(&["--allow-shell", "--stop-timeout", "1"]);
    let id = spawn(&systole, "long");
    wait_for("the step is with a runner", || (with_runners(&systole) == json!(1)).then_some(()));
    let told = std::time::Instant::now();
    dev.signal("TERM");
    let ran = dev.end();
    assert!(told.elapsed() < std::time::Duration::from_secs(20), "it took {:?}", told.elapsed());
    let expected = "systole: steps have not ended within 1 s; the next `systole dev` carries them on\n";
    assert!(ran.code == Some(4) && ran.stderr.ends_with(expected), "{ran}");
    assert_eq!(systole.json(&["pipeline", "details", &id])["steps"][0]["status"], "running");
}

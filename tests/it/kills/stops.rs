//! Hosts and drops that are asked to stop: they end what runs first, and others go on with the rest.

use super::{assert_ends_undisturbed, first_pipeline, generated, open, put, runtime, stop, until_running};
use crate::systole::{Systole, names};

#[test]
fn an_interrupted_drop_ends_its_step_and_says_how_it_goes_on() {
    // A drop may be through before it is interrupted.
    let interrupted = (0..50).find_map(|_| interrupt_a_drop());
    interrupted.unwrap_or_else(|| panic!("no drop was interrupted"));
}

fn interrupt_a_drop() -> Option<()> {
    let set = generated();
    let systole = Systole::new();
    let drop = systole.start(&["import", "drop", set.folder.to_str().unwrap()]);
    drop.line("that a pipeline was spawned", |line| line.starts_with("pipeline "));
    drop.signal("INT");
    let ran = drop.end();
    if ran.code == Some(0) {
        return None;
    }
    assert_eq!(ran.code, Some(130), "{ran}");
    assert!(ran.stdout.ends_with("interrupted; `systole dev` carries on, and so does the next drop\n"), "{ran}");
    assert_no_step_runs(&systole);
    let (dev, _) = systole.dev(&[]);
    assert_ends_undisturbed(&systole, set, "interrupted");
    stop(dev);
    Some(())
}

#[test]
fn a_host_that_is_asked_to_stop_ends_its_steps_first() {
    for signal in ["TERM", "INT"] {
        // A short step may be over before it is seen.
        let seen = (0..50).find_map(|_| ask_to_stop(signal));
        seen.unwrap_or_else(|| panic!("step validate was never seen running"));
    }
}

/// Asks the host to stop as soon as a step runs.
fn ask_to_stop(signal: &str) -> Option<()> {
    let set = generated();
    let systole = Systole::new();
    put(set, &systole.drop_area());
    let store = open(&systole);
    let (dev, _) = systole.dev(&[]);
    let seen = runtime().block_on(until_running(&store, "validate"));
    dev.signal(signal);
    let ran = dev.end();
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.ends_with("stopped\n"), "{ran}");
    assert_no_step_runs(&systole);
    let (dev, _) = systole.dev(&[]);
    assert_ends_undisturbed(&systole, set, signal);
    stop(dev);
    seen
}

#[track_caller]
fn assert_no_step_runs(systole: &Systole) {
    assert_eq!(names(&systole.store().join("hosts")), Vec::<String>::new());
    let id = first_pipeline(&systole.json(&["pipeline", "list"])).unwrap();
    let details = systole.json(&["pipeline", "details", &id]);
    assert!(details["steps"].as_array().unwrap().iter().all(|step| step["status"] != "running"), "{details:#}");
}

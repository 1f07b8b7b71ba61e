//! The claim protocol as a model, checked in every order in which its moves and faults can come.
//!
//! The planner and the table of moves are the real ones; the store's conditional writes, the queue, the beats and the
//! runners are modelled move by move, each named for the function that it stands for. What is checked:
//!
//! - *safe*: only the owner of the current attempt commits, no attempt has two outcomes, no more tries begin than attempts
//!   are allowed, no step that is claimed after a stop begins, none begins or is enqueued before those that it waits for
//!   have ended, a message starts only what it was sent for, a pipeline ends with no step active;
//! - *live*: whatever goes wrong, however late it comes, each run ends, and ends with the pipeline settled.
//!
//! Time passes at will: a lease or a grace time that must end may end at any moment, and one that need not may, as often as
//! `Faults::impatience` allows. A delayed message is one that comes late. Lost replies to one's own writes do not show,
//! because each write knows its own success again; a store that does not answer is a process that dies.

mod beat;
mod checker;
mod model;
mod planner;
mod runner;
mod state;

use self::checker::{Checked, check};
use self::model::{Flaw, Pipelines};
use self::planner::Planner;
use self::state::Faults;

/// One step.
const ONE: &str = "a 10";
/// Two parallel steps and one that waits for both.
const JOIN: &str = "a 10 · b 10 · c 20";
/// Two steps, one behind the other.
const CHAIN: &str = "a 10 · b 20";
/// A step, and one that runs whatever becomes of it.
const CLEANED_UP: &str = "a 10 · z 90 always";

fn pipelines(steps: &str, attempts: u8, faults: Faults) -> Pipelines {
    let mut xml = String::from(r#"<config><pipeline name="model">"#);
    for step in steps.split(" · ") {
        let mut words = step.split(' ');
        let (name, sort_order) = (words.next().unwrap(), words.next().unwrap());
        let always = if words.next().is_some() { r#" runAlwaysStep="true""# } else { "" };
        xml += &format!(
            r#"<step name="{name}" executorType="wait" sortOrder="{sort_order}"{always}><conditions>
                <step_condition type="attempts_limit"><argument key="limit" value="{attempts}"/></step_condition>
                <step_condition type="previous_steps_completed"/>
            </conditions></step>"#
        );
    }
    let planner = Planner::new(&(xml + "</pipeline></config>"));
    Pipelines { planner, attempts, has_gates: false, heartbeats: 1, runners: 2, faults, flaw: Flaw::None }
}

#[track_caller]
#[expect(clippy::print_stdout, reason = "the size of the proof is a part of it")]
fn assert_holds(what: &str, pipelines: &Pipelines) {
    match check(pipelines) {
        Checked::Holds { states, moves, depth } => {
            println!("{what}: holds in {states} states, {moves} moves, up to {depth} deep");
            assert!(states > 1_000, "{what}: only {states} states");
        }
        Checked::Violated { what: violated, story } => panic!("{what}: {violated}:\n{}", story.join("\n")),
    }
}

#[test]
fn one_step_under_all_faults_ends_with_one_outcome_per_attempt() {
    let faults =
        Faults { crashes: 1, duplicates: 1, losses: 1, impatience: 1, failures: 1, continuations: 1, cancels: 0 };
    assert_holds("one step", &pipelines(ONE, 2, faults));
}

#[test]
fn what_waits_for_parallel_steps_runs_once_behind_all_of_them() {
    let faults = Faults { crashes: 1, impatience: 1, ..Faults::default() };
    assert_holds("a join", &pipelines(JOIN, 2, faults));
}

#[test]
fn a_gate_lets_nobody_through_early_and_nobody_stays_behind_it() {
    let faults = Faults { crashes: 1, duplicates: 1, ..Faults::default() };
    assert_holds("a gate", &Pipelines { has_gates: true, ..pipelines(JOIN, 2, faults) });
}

#[test]
fn a_stopped_pipeline_begins_nothing() {
    let faults = Faults { crashes: 1, duplicates: 1, cancels: 1, ..Faults::default() };
    assert_holds("a cancel", &pipelines(CHAIN, 1, faults));
}

#[test]
fn what_runs_always_runs_behind_a_stop() {
    let faults = Faults { crashes: 1, cancels: 1, continuations: 1, ..Faults::default() };
    assert_holds("a cancel with a step that runs always", &pipelines(CLEANED_UP, 1, faults));
}

#[test]
fn heartbeats_that_overlap_do_nothing_twice() {
    let faults = Faults { crashes: 1, losses: 1, impatience: 1, failures: 1, ..Faults::default() };
    assert_holds("two heartbeats", &Pipelines { heartbeats: 2, ..pipelines(ONE, 2, faults) });
}

#[test]
fn every_protocol_that_is_wrong_in_one_place_is_found_out() {
    let none = Faults::default();
    let crash = Faults { crashes: 1, ..none };
    let impatience = Faults { impatience: 1, ..none };
    let stale = Faults { duplicates: 1, failures: 1, ..none };
    let cancel = Faults { cancels: 1, ..none };
    let never_ends = "the pipeline never ends";
    for (flaw, attempts, faults, violated, moves) in [
        (Flaw::NoToken, 2, impatience, "somebody else's attempt is committed", 12),
        (Flaw::ClaimWithoutToken, 2, stale, "a message starts what it was not sent for", 10),
        (Flaw::NoResend, 1, crash, never_ends, 5),
        (Flaw::SendFirst, 1, none, never_ends, 5),
        (Flaw::CommitWithoutLease, 1, impatience, "an attempt has two outcomes", 8),
        (Flaw::CountAtFinish, 1, crash, "more tries begin than attempts are allowed", 13),
        (Flaw::LookFirst, 1, cancel, "a step that was claimed after the stop begins", 6),
        (Flaw::MarkWithoutCondition, 1, none, "more tries begin than attempts are allowed", 8),
    ] {
        let heartbeats = if flaw == Flaw::MarkWithoutCondition { 2 } else { 1 };
        let right = Pipelines { heartbeats, ..pipelines(ONE, attempts, faults) };
        assert!(matches!(check(&right), Checked::Holds { .. }), "without {flaw:?}");
        let Checked::Violated { what, story } = check(&Pipelines { flaw, ..right }) else { panic!("{flaw:?} holds") };
        assert_eq!((what, story.len() - 1), (violated, moves), "{flaw:?}:\n{}", story.join("\n"));
    }
}

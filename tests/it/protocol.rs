//! The claim protocol as a model, checked in every order in which its moves and faults can come.
//!
//! The planner and the table of moves are the real ones; the store's conditional writes, the queue, the beats and the
//! runners are modelled move by move, each named for the function that it stands for. What is checked:
//!
//! - *safe*: only the owner of the current attempt commits, no attempt has two outcomes, no two executors work for one
//!   attempt, no more tries begin than attempts are allowed, no step that is claimed after a stop begins, none begins or
//!   is enqueued before those that it waits for have ended, a message starts only what it was sent for, a pipeline ends
//!   with no step active, and what runs always has had its success or all of its attempts by then;
//! - *live*: whatever goes wrong, however late it comes, each run ends, and ends with the pipeline settled.
//!
//! Time passes at will: a lease or a grace time that must end may end at any moment, and one that need not may, as often as
//! `Faults::impatience` allows. A delayed message is one that comes late. Lost replies to one's own writes do not show,
//! because each write knows its own success again, all but a claim in a shared commit; a store that does not answer is a
//! process that dies.

mod beat;
mod checker;
mod flaw;
mod joint_commit;
mod model;
mod planner;
mod runner;
mod state;
mod take_over;

use self::checker::{Checked, check};
use self::flaw::Flaw;
use self::model::Pipelines;
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
    Pipelines {
        planner,
        attempts,
        has_gates: false,
        takes_over: false,
        shares_commits: false,
        heartbeats: 1,
        runners: 2,
        faults,
        flaw: Flaw::None,
    }
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
    let impatient = Faults { impatience: 1, cancels: 1, ..Faults::default() };
    assert_holds("one that runs always behind one that has not begun", &pipelines(CLEANED_UP, 1, impatient));
    let failing = Faults { failures: 2, cancels: 1, ..Faults::default() };
    assert_holds("one that runs always until it has failed for good", &pipelines(CLEANED_UP, 2, failing));
}

#[test]
fn heartbeats_that_overlap_do_nothing_twice() {
    let faults = Faults { crashes: 1, losses: 1, impatience: 1, failures: 1, ..Faults::default() };
    assert_holds("two heartbeats", &Pipelines { heartbeats: 2, ..pipelines(ONE, 2, faults) });
}

#[test]
fn what_the_dead_held_goes_on_once() {
    let faults = Faults { crashes: 2, duplicates: 1, impatience: 1, ..Faults::default() };
    assert_holds("a take-over", &Pipelines { takes_over: true, ..pipelines(ONE, 2, faults) });
    let crash = Faults { crashes: 1, ..Faults::default() };
    assert_holds("a take-over of several", &Pipelines { takes_over: true, ..pipelines(JOIN, 1, crash) });
}

#[test]
fn what_the_dead_held_ends_behind_a_stop() {
    let faults = Faults { crashes: 1, cancels: 1, ..Faults::default() };
    assert_holds("a take-over and a cancel", &Pipelines { takes_over: true, ..pipelines(CLEANED_UP, 1, faults) });
}

#[test]
fn a_take_over_and_a_heartbeat_do_nothing_twice() {
    let faults = Faults { crashes: 2, impatience: 1, ..Faults::default() };
    let two = Pipelines { heartbeats: 2, takes_over: true, ..pipelines(ONE, 1, faults) };
    assert_holds("a take-over beside a heartbeat", &two);
}

#[test]
fn what_ends_and_begins_in_one_commit_does_so_once() {
    let faults = Faults { crashes: 2, duplicates: 1, impatience: 1, ..Faults::default() };
    assert_holds("a shared commit", &Pipelines { shares_commits: true, ..pipelines(CHAIN, 1, faults) });
    let failing = Faults { crashes: 1, failures: 1, ..Faults::default() };
    assert_holds("a shared commit and a join", &Pipelines { shares_commits: true, ..pipelines(JOIN, 2, failing) });
}

#[test]
fn what_is_taken_with_an_end_does_not_begin_behind_a_stop() {
    let faults = Faults { crashes: 2, duplicates: 1, cancels: 1, ..Faults::default() };
    assert_holds("a shared commit and a cancel", &Pipelines { shares_commits: true, ..pipelines(CHAIN, 1, faults) });
}

#[test]
fn every_protocol_that_is_wrong_in_one_place_is_found_out() {
    let none = Faults::default();
    let crash = Faults { crashes: 1, ..none };
    let impatience = Faults { impatience: 1, ..none };
    let stale = Faults { duplicates: 1, failures: 1, ..none };
    let cancel = Faults { cancels: 1, ..none };
    let impatient_cancel = Faults { impatience: 1, ..cancel };
    let (never_ends, too_many) = ("the pipeline never ends", "more tries begin than attempts are allowed");
    let late = "a step that was claimed after the stop begins";
    let two_work = "two executors work for one attempt";
    let one = |attempts, faults| pipelines(ONE, attempts, faults);
    for (flaw, right, violated, moves) in [
        (Flaw::NoToken, one(2, impatience), "somebody else's attempt is committed", 12),
        (Flaw::ClaimWithoutToken, one(2, stale), "a message starts what it was not sent for", 10),
        (Flaw::NoResend, one(1, crash), never_ends, 5),
        (Flaw::SendFirst, one(1, none), never_ends, 5),
        (Flaw::CommitWithoutLease, one(1, impatience), "an attempt has two outcomes", 8),
        (Flaw::CountAtFinish, one(1, crash), too_many, 13),
        (Flaw::LookFirst, one(1, cancel), late, 6),
        (Flaw::MarkWithoutCondition, Pipelines { heartbeats: 2, ..one(1, none) }, too_many, 8),
        (Flaw::DropAlways, pipelines(CLEANED_UP, 1, cancel), "what runs always has not run", 9),
        (
            Flaw::BeginLate,
            pipelines(CLEANED_UP, 1, impatient_cancel),
            "a step begins behind one that runs behind all others",
            12,
        ),
        (Flaw::TakeOverLiving, Pipelines { takes_over: true, ..one(1, crash) }, two_work, 9),
        (Flaw::TakeUnseen, Pipelines { shares_commits: true, ..pipelines(CHAIN, 1, cancel) }, late, 9),
    ] {
        assert!(matches!(check(&right), Checked::Holds { .. }), "without {flaw:?}");
        let Checked::Violated { what, story } = check(&Pipelines { flaw, ..right }) else { panic!("{flaw:?} holds") };
        assert_eq!((what, story.len() - 1), (violated, moves), "{flaw:?}:\n{}", story.join("\n"));
    }
}

//! A short run of the simulation, and whether it would find what it is made to find.

use pipeline::PipelineStatus;
use pipeline::pipeline::{StopRequest, StoppedBy};

use crate::campaign::{Campaign, Failure, Finished, history_of, replay};
use crate::check::check;
use crate::history::What;
use crate::sabotage::Bug;

/// How many seeds a bug must be found in. `make simulate` runs as many in seconds.
const SEEDS_PER_BUG: u64 = 400;

/// The same for a bug that shows only when somebody comes in between at one very moment.
const SEEDS_OF_A_RARE_BUG: u64 = 3_000;

fn campaign(first: u64, seeds: u64, bug: Option<Bug>) -> Finished {
    let most_failures = if bug.is_some() { 1 } else { 5 };
    Campaign { first, seeds, threads: 2, most_failures, bug }.run(|_, _| {})
}

#[test]
fn all_promises_hold_under_faults() {
    let finished = campaign(0, 100, None);
    assert_eq!(finished.failures, Vec::new());
    let counts = &finished.counts;
    // Or nothing was proven.
    for (what, count) in [
        ("crashes", counts.crashes),
        ("late calls of the dead", counts.arrived_late),
        ("late calls of who gave up", counts.timed_out),
        ("hosts that died", counts.dead_hosts),
        ("standstills", counts.freezes),
        ("duplicates", counts.duplicates),
        ("lost messages", counts.lost),
        ("late messages", counts.late),
        ("throttles", counts.throttled),
        ("lost replies", counts.lost_replies),
        ("stale listings", counts.stale),
        ("clock jumps", counts.clock_jumps),
        ("overlapping beats", counts.overlapping_beats),
        ("operations", counts.operations),
        ("edits", counts.edits),
        ("bunches", counts.bunches),
        ("steps", counts.steps),
        ("seeds with commits apart", counts.seeds - counts.sharing),
        ("shared commits", counts.shared),
        ("messages taken by a shared commit", counts.taken_ahead),
        ("ends of attempts in shared commits", counts.shared_ends),
        ("crashes at shared commits", counts.shared_crashes),
        ("errors from shared commits", counts.shared_errors),
    ] {
        assert!(count > 0, "no {what}");
    }
    assert_eq!(counts.interleavings.len(), 100);
    assert_eq!(counts.spawned, counts.settled);
}

#[test]
fn a_seed_makes_the_same_history_twice() {
    for seed in 0..5 {
        let (first, second) = (replay(seed, None), replay(seed, None));
        assert!(first == second, "seed {seed} makes two histories");
    }
}

/// Plants a bug and returns the first failure, which must be about a promise and say something; its seed must pass
/// without the bug.
fn assert_found(bug: Bug, promise: &str, words: &str) -> Failure {
    assert_found_as(bug, &[(promise, words)])
}

/// The same for a bug that breaks several promises; which one first is up to the seed.
fn assert_found_as(bug: Bug, tellings: &[(&str, &str)]) -> Failure {
    let seeds = if bug == Bug::SendWithoutCommit { SEEDS_OF_A_RARE_BUG } else { SEEDS_PER_BUG };
    let found = campaign(0, seeds, Some(bug));
    // The first seed that fails: all before it have been run to their end.
    let Some(failure) = found.failures.into_iter().min_by_key(|failure| failure.seed) else {
        panic!("{bug:?} is not found in {seeds} seeds; expected was a seed that tells one of {tellings:?}")
    };
    let (seed, told) = (failure.seed, &failure.broken[0]);
    let is_told = |(promise, words): &(&str, &str)| told.strip_prefix(*promise).is_some_and(|why| why.contains(words));
    assert!(tellings.iter().any(is_told), "seed {seed} tells of {bug:?}: {told}\nexpected is one of {tellings:?}");
    let (_, without) = replay(seed, None);
    assert_eq!(without, Vec::<String>::new(), "seed {seed} fails without {bug:?}, too");
    failure
}

#[test]
fn a_failing_seed_is_shown_with_what_has_to_do_with_it() {
    let failure = assert_found(Bug::NoResend, "every pipeline ends", "enqueued");
    let (history, broken) = replay(failure.seed, Some(Bug::NoResend));
    let promise = |why: &String| why.split(':').next().map(str::to_owned);
    let expected = promise(&failure.broken[0]);
    assert!(broken.iter().any(|why| promise(why) == expected), "{broken:?} instead of {expected:?}");
    let (left, all) = faults_left(&history);
    assert!(0 < left && left < all, "{left} faults are left of {all}");
}

/// How many faults a shrunk history has, and how many the whole one had, as its last line says.
fn faults_left(history: &str) -> (usize, usize) {
    let line = history.lines().last().unwrap_or_default();
    let mut numbers = line.split(' ').filter_map(|word| word.parse().ok());
    numbers.next().zip(numbers.next()).unwrap_or_else(|| panic!("`{line}` tells no faults"))
}

#[test]
fn a_planted_claim_without_token_is_found() {
    assert_found(Bug::ClaimWithoutToken, "an attempt has one outcome", "it goes from");
}

#[test]
fn a_planted_send_before_the_mark_is_found() {
    assert_found(Bug::SendBeforeMark, "a message follows its mark", "nothing marks the step");
}

#[test]
fn a_planted_commit_without_lease_is_found() {
    assert_found(Bug::CommitWithoutLease, "an attempt has one outcome", "it goes from");
}

#[test]
fn a_planted_count_of_attempts_at_their_finish_is_found() {
    assert_found(Bug::AttemptsCountedAtFinish, "a step is not tried beyond its attempts", "times of");
}

#[test]
fn a_planted_blindness_for_pauses_is_found() {
    let begins = ("a pipeline on hold begins nothing", "during a pause");
    let expires = ("no pause counts for an expiry", "while it is on hold");
    assert_found_as(Bug::PauseUnseen, &[begins, expires]);
}

#[test]
fn a_planted_rerun_that_nobody_tells_of_is_found() {
    assert_found_as(Bug::RerunUntold, &[("what runs always tells of every rerun", "reruns of")]);
}

#[test]
fn a_planted_message_of_a_commit_that_was_not_made_is_found() {
    assert_found(Bug::SendWithoutCommit, "a message follows its mark", "nothing marks the step");
}

#[test]
fn a_planted_pause_that_counts_is_found() {
    assert_found(Bug::PauseCounts, "no pause counts for an expiry", "of pauses do not");
}

#[test]
fn a_planted_pause_that_is_forgotten_is_found() {
    assert_found(Bug::PauseForgotten, "pauses add up", "0 ms are added");
}

#[test]
fn a_planted_early_retry_is_found() {
    assert_found(Bug::EarlyRetry, "a retry waits for its time", "is tried again");
}

#[test]
fn a_planted_listing_that_leaves_out_pipelines_is_found() {
    assert_found(Bug::ListingLeavesOut, "a beat looks at every open pipeline", "without a look at");
}

#[test]
fn a_planted_pipeline_in_no_listing_is_found() {
    assert_found(Bug::SpawnUnlisted, "a pipeline is in the list of its status", "in the list ``");
}

/// Seeds hardly ever let a runner take a step at the very moment of a stop, so the history is changed by hand.
#[test]
fn a_step_that_begins_in_a_stopped_pipeline_is_found() {
    let mut ended = history_of(0);
    for event in &mut ended.history.events {
        if let What::Pipeline { state, .. } = &mut event.what {
            let (reason, at) = ("a test".to_owned(), state.spawned_at.unwrap_or_default());
            state.stop = Some(StopRequest { by: StoppedBy::Cancel, reason, at });
        }
    }
    let broken = check(&ended);
    let is_it = |why: &String| {
        why.starts_with("a stopped pipeline begins no ordinary step: ") && why.contains("claimed after the stop")
    };
    assert!(broken.iter().any(is_it), "{broken:?}");
}

/// Seeds hardly ever let a late beat mark a step of a pipeline that has ended, so the history is changed by hand.
#[test]
fn a_step_that_begins_in_an_ended_pipeline_is_found() {
    let mut ended = history_of(0);
    for event in &mut ended.history.events {
        if let What::Pipeline { state, .. } = &mut event.what {
            state.status = PipelineStatus::Success;
        }
    }
    let broken = check(&ended);
    let is_it = |why: &String| {
        why.starts_with("an ended pipeline begins nothing: ") && why.ends_with("its pipeline is success")
    };
    assert!(broken.iter().any(is_it), "{broken:?}");
}

#[test]
fn a_planted_ghosting_of_a_living_runner_is_found() {
    assert_found(Bug::GhostOfTheLiving, "only the silent are ghosted", "before the lease");
}

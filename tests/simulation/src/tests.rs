//! A short run of the simulation, and whether it would find what it is made to find.

use crate::campaign::{Campaign, Failure, Finished, replay};
use crate::sabotage::Bug;

/// How many seeds a bug must be found in. `make simulate` runs as many in seconds.
const SEEDS_PER_BUG: u64 = 400;

fn campaign(first: u64, seeds: u64, bug: Option<Bug>) -> Finished {
    let most_failures = if bug.is_some() { 1 } else { 5 };
    Campaign { first, seeds, threads: 2, most_failures, bug }.run(|_, _| {})
}

#[test]
fn all_promises_hold_under_faults() {
    let finished = campaign(0, 60, None);
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
    assert_eq!(counts.interleavings.len(), 60);
    assert_eq!(counts.spawned, counts.settled);
}

#[test]
fn a_seed_makes_the_same_history_twice() {
    for seed in 0..5 {
        let (first, second) = (replay(seed, None), replay(seed, None));
        assert!(first == second, "seed {seed} makes two histories");
    }
}

/// Plants a bug and returns the first failure; its seed must pass without the bug.
fn assert_found(bug: Bug) -> Failure {
    let found = campaign(0, SEEDS_PER_BUG, Some(bug));
    let failure = found.failures.into_iter().next().unwrap_or_else(|| panic!("{bug:?} is not found"));
    let (_, without) = replay(failure.seed, None);
    assert_eq!(without, Vec::<String>::new(), "seed {} fails without {bug:?}, too", failure.seed);
    failure
}

#[test]
fn a_failing_seed_is_shown_with_what_has_to_do_with_it() {
    let failure = assert_found(Bug::CommitWithoutLease);
    let (history, broken) = replay(failure.seed, Some(Bug::CommitWithoutLease));
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
    assert_found(Bug::ClaimWithoutToken);
}

#[test]
fn a_planted_send_before_the_mark_is_found() {
    assert_found(Bug::SendBeforeMark);
}

#[test]
fn a_planted_lack_of_re_sends_is_found() {
    assert_found(Bug::NoResend);
}

#[test]
fn a_planted_count_of_attempts_at_their_finish_is_found() {
    assert_found(Bug::AttemptsCountedAtFinish);
}

#[test]
fn a_planted_blindness_for_pauses_is_found() {
    assert_found(Bug::PauseUnseen);
}

#[test]
fn a_planted_message_of_a_commit_that_was_not_made_is_found() {
    assert_found(Bug::SendWithoutCommit);
}

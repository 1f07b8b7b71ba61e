//! What a pause and maintenance mode hold up, and what not.

use insta::assert_snapshot;

use super::scenario::planned;

#[test]
fn a_paused_pipeline_begins_nothing_and_says_so() {
    assert_snapshot!(planned("paused · 10: a · 20: b"), @r"
    settle paused
    a waits: the pipeline is paused since 2026-08-01T12:00:00Z
    b waits: the pipeline is paused since 2026-08-01T12:00:00Z + step `a` before it has not ended
    ");
    assert_snapshot!(planned("paused 1h ago · 10: a success · 20: b"), @r"
    settle paused
    b waits: the pipeline is paused since 2026-08-01T11:00:00Z
    ");
    assert_snapshot!(planned("was paused · paused · 10: a error 1/3, b recurs 3 success run 1"), @r"
    nothing to do
    a waits: the pipeline is paused since 2026-08-01T12:00:00Z
    b waits: the pipeline is paused since 2026-08-01T12:00:00Z
    ");
    // What else holds a step up is said, too.
    assert_snapshot!(planned("was paused · paused · 10: a error 1/3 pauses 5m ended 2m ago · 20: b"), @r"
    nothing to do
    a waits: the pipeline is paused since 2026-08-01T12:00:00Z + the next attempt waits until 2026-08-01T12:03:00Z
    b waits: the pipeline is paused since 2026-08-01T12:00:00Z + step `a` before it has not ended
    ");
}

#[test]
fn what_was_begun_before_a_pause_goes_on_to_its_end() {
    assert_snapshot!(planned("paused · 10: a running, b enqueued"), @"settle paused");
    assert_snapshot!(planned("was paused · paused · 10: a running · 20: b"), @r"
    nothing to do
    b waits: the pipeline is paused since 2026-08-01T12:00:00Z + step `a` before it has not ended
    ");
    assert_snapshot!(planned("was paused · paused · 10: a running silent 1s"), @"ghost a");
    assert_snapshot!(planned("was paused · paused · 10: a enqueued sent 6m ago"), @"resend a");
}

#[test]
fn a_pipeline_whose_steps_end_during_a_pause_ends() {
    assert_snapshot!(planned("was paused · paused · 10: a success"), @"settle success");
    assert_snapshot!(planned("was paused · paused · 10: a error 1/1 · 20: b"), @"settle error");
}

#[test]
fn run_always_steps_wait_for_the_end_of_a_pause() {
    assert_snapshot!(planned("was paused · paused · 10: a success · 20: report always"), @r"
    nothing to do
    report waits: the pipeline is paused since 2026-08-01T12:00:00Z
    ");
    assert_snapshot!(planned("was paused · paused · 10: a running · 20: report always"), @r"
    nothing to do
    report waits: the pipeline is paused since 2026-08-01T12:00:00Z + it runs after all other steps; step `a` has not ended
    ");
    assert_snapshot!(planned("was paused · paused · 10: a error 1/1 · 20: b · 30: report always"), @r"
    nothing to do
    report waits: the pipeline is paused since 2026-08-01T12:00:00Z
    ");
}

#[test]
fn a_resumed_pipeline_goes_on() {
    assert_snapshot!(planned("was paused · paused for 2h · 10: a · 20: b"), @r"
    enqueue a
    settle running
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("was paused · paused for 2h · 10: a success · 20: b"), @r"
    enqueue b
    settle running
    ");
    assert_snapshot!(planned("was paused · paused for 2h · 10: a running"), @"settle running");
    assert_snapshot!(planned("was paused · paused for 2h · 10: a error 1/3 pauses 5m ended 2m ago"), @r"
    settle running
    a waits: the next attempt waits until 2026-08-01T12:03:00Z
    ");
    // It has not begun.
    assert_snapshot!(planned("was paused · paused for 2h · 10: a wants exports success"), @r"
    settle pending
    a waits: there is no pipeline `exports`; wanted is success
    ");
}

#[test]
fn the_clock_of_the_expiry_stands_still_during_a_pause() {
    assert_snapshot!(planned("was paused · paused 1h ago · expires 2h · spawned 9h ago · 10: a"), @r"
    nothing to do
    a waits: the pipeline is paused since 2026-08-01T11:00:00Z
    ");
    assert_snapshot!(planned("was paused · paused 1h ago · 10: a running started 2h ago expires 1h"), @"nothing to do");
    assert_snapshot!(planned("paused for 7h · expires 2h · spawned 9h ago · 10: a running"), @"nothing to do");
    assert_snapshot!(planned("paused for 6h · expires 2h · spawned 9h ago · 10: a running"), @"stop: the pipeline did not end within 2 hours after its spawn, pauses not counted");
}

#[test]
fn the_time_of_a_step_runs_on_during_a_pause_because_its_work_does() {
    assert_snapshot!(planned("paused for 7h · 10: a running started 2h ago expires 1h"), @"stop: step `a` did not end within 1 hour after its start");
    assert_snapshot!(planned("paused for 7h · 10: a running started 1h ago expires 1h"), @"nothing to do");
}

#[test]
fn a_paused_pipeline_can_be_cancelled() {
    assert_snapshot!(planned("was paused · paused · stopped · 10: a enqueued, b running, c"), @r"
    cancel a
    settle running
    ");
    assert_snapshot!(planned("was paused · paused · stopped · 10: a success · 20: b"), @"settle cancelled");
    assert_snapshot!(planned("was paused · paused · stopped · 10: a success · 20: b · 30: report always"), @r"
    enqueue report
    settle running
    ");
    assert_snapshot!(planned("was paused · paused · stopped · 10: a success · 20: report always success"), @"settle cancelled");
}

#[test]
fn maintenance_enqueues_nothing_and_says_so() {
    assert_snapshot!(planned("around: maintenance · 10: a · 20: b"), @r"
    nothing to do
    a waits: maintenance mode is on
    b waits: maintenance mode is on + step `a` before it has not ended
    ");
    assert_snapshot!(planned("around: maintenance · 10: a success · 20: b"), @r"
    nothing to do
    b waits: maintenance mode is on
    ");
    assert_snapshot!(planned("around: maintenance · 10: a error 1/3, b recurs 3 success run 1"), @r"
    nothing to do
    a waits: maintenance mode is on
    b waits: maintenance mode is on
    ");
    assert_snapshot!(planned("around: maintenance · 10: a success · 20: report always"), @r"
    nothing to do
    report waits: maintenance mode is on
    ");
    assert_snapshot!(planned("around: maintenance · paused · 10: a"), @r"
    settle paused
    a waits: maintenance mode is on
    ");
}

#[test]
fn during_maintenance_steps_end_and_pipelines_expire_and_settle() {
    assert_snapshot!(planned("around: maintenance · 10: a running · 20: b"), @r"
    nothing to do
    b waits: maintenance mode is on + step `a` before it has not ended
    ");
    assert_snapshot!(planned("around: maintenance · 10: a running silent 1s"), @"ghost a");
    assert_snapshot!(planned("around: maintenance · expires 2h · spawned 3h ago · 10: a running"), @"stop: the pipeline did not end within 2 hours after its spawn");
    assert_snapshot!(planned("around: maintenance · stopped · 10: a enqueued, b running"), @"cancel a");
    assert_snapshot!(planned("around: maintenance · stopped · 10: a · 20: report always"), @r"
    nothing to do
    report waits: maintenance mode is on
    ");
    assert_snapshot!(planned("around: maintenance · 10: a success"), @"settle success");
}

#[test]
fn during_maintenance_messages_may_wait_and_are_not_sent_again() {
    assert_snapshot!(planned("around: maintenance · 10: a enqueued sent 6m ago"), @"nothing to do");
    assert_snapshot!(planned("10: a enqueued sent 6m ago"), @"resend a");
}

#[test]
fn what_a_person_asked_for_is_not_taken_away_by_a_stop() {
    assert_snapshot!(planned("10: a success, b enqueued rerun, c enqueued · 20: d · stopped"), @r"
    cancel c
    ");
    assert_snapshot!(planned("10: a success, b enqueued rerun sent 6m ago · stopped"), @"resend b");
    assert_snapshot!(planned("10: a success, b success rerun · 20: c · stopped"), @"settle cancelled");
    assert_snapshot!(planned("10: a success, b error rerun · 20: c · stopped"), @"settle cancelled");
}

#[test]
fn a_failure_that_a_person_has_repaired_lets_the_others_go_on() {
    assert_snapshot!(planned("10: a 2/1 enqueued rerun · 20: b"), @r"
    nothing to do
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a 2/1 success rerun · 20: b"), @"enqueue b");
    assert_snapshot!(planned("10: a 2/1 error rerun · 20: b"), @"settle error");
}

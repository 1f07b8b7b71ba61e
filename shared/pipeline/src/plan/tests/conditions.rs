//! Conditions of steps that ask beyond the steps before.

use insta::assert_snapshot;

use super::scenario::{never, planned};

#[test]
fn depending_on_named_steps_asks_for_their_success() {
    assert_snapshot!(planned("10: a success, b running · 20: c free depends a, d free depends a+b"), @r"
    enqueue c
    d waits: step `b` before it has not ended
    ");
    // What else came before does not matter.
    assert_snapshot!(planned("10: a success, b error 1/1 · 20: c free depends a"), @"enqueue c");
    assert_snapshot!(planned("10: a skipped, b allowed error 1/1 · 20: c free depends a+b"), @"enqueue c");
}

#[test]
fn depending_on_a_step_that_failed_never_comes_true() {
    assert_snapshot!(planned("10: a error 1/1, b running · 20: c free depends a"), @"nothing to do");
    assert_snapshot!(planned("10: a error 1/1 · 20: c free depends a"), @"settle error");
    assert_snapshot!(planned("10: a error 1/1 · 20: b · 30: c free depends b"), @"settle error");
    assert_snapshot!(never("10: a error 1/1 · 20: b · 30: c free depends b"), @r"
    b: step `a` before it did not succeed
    c: step `b` before it did not succeed
    ");
}

#[test]
fn a_run_always_step_can_depend_on_the_success_of_others() {
    assert_snapshot!(planned("10: a error 1/1, b success · 20: c always free depends a, d always free depends b"), @"enqueue d");
    assert_snapshot!(never("10: a error 1/1, b success · 20: c always free depends a, d always free depends b"), @"c: step `a` before it did not succeed");
    assert_snapshot!(planned("stopped · 10: a success · 20: b · 30: c always free depends a, d always free depends b"), @"enqueue c");
}

#[test]
fn depending_on_a_step_that_there_is_not_never_comes_true() {
    assert_snapshot!(planned("10: a success · 20: c free depends a+lost"), @"settle error");
    assert_snapshot!(planned("10: a success, b free depends a"), @"settle error");
    assert_snapshot!(never("10: a success, b free depends a · 20: c free depends a+lost"), @r"
    b: there is no step `a` before it
    c: there is no step `lost` before it
    ");
    // Run-always steps run after all others, so none of the others has them before it.
    assert_snapshot!(never("10: a always · 20: b free depends a, c always free depends a"), @"b: there is no step `a` before it");
}

#[test]
fn a_step_waits_while_another_one_runs_in_its_pipeline() {
    assert_snapshot!(planned("10: a running, b alone a+x"), @r"
    nothing to do
    b waits: step `a` is running
    ");
    assert_snapshot!(planned("10: a enqueued, b alone a"), @r"
    nothing to do
    b waits: step `a` is enqueued
    ");
    assert_snapshot!(planned("10: a success, b alone a"), @"enqueue b");
    assert_snapshot!(planned("10: a error 1/2 pauses 5m ended 1m ago, b alone a"), @r"
    enqueue b
    a waits: the next attempt waits until 2026-08-01T12:04:00Z
    ");
}

#[test]
fn a_step_waits_while_another_one_runs_in_any_pipeline() {
    assert_snapshot!(planned("around: import busy elsewhere · 10: a alone reindex+import"), @r"
    nothing to do
    a waits: step `import` of pipeline 01jd9x4k7m3fq8zt0v2c is enqueued or running
    ");
    assert_snapshot!(planned("around: export busy elsewhere · 10: a alone reindex+import"), @r"
    enqueue a
    settle running
    ");
    // Of its own name it excludes its like, not itself; the listing may say that the step runs here.
    assert_snapshot!(planned("around: a busy elsewhere · 10: a alone a"), @r"
    nothing to do
    a waits: step `a` of pipeline 01jd9x4k7m3fq8zt0v2c is enqueued or running
    ");
    assert_snapshot!(planned("around: a busy here · 10: a alone a"), @r"
    enqueue a
    settle running
    ");
    assert_snapshot!(planned("around: a busy here · around: a busy elsewhere · 10: a alone a"), @r"
    nothing to do
    a waits: step `a` of pipeline 01jd9x4k7m3fq8zt0v2c is enqueued or running
    ");
}

#[test]
fn steps_that_exclude_each_other_do_not_begin_in_one_beat() {
    assert_snapshot!(planned("10: a alone a+b+c, b alone a+b+c, c alone a+b+c"), @r"
    enqueue a
    settle running
    b waits: step `a` is to be enqueued first
    c waits: step `a` is to be enqueued first
    ");
    assert_snapshot!(planned("10: a success alone a+b+c, b alone a+b+c, c alone a+b+c"), @r"
    enqueue b
    c waits: step `b` is to be enqueued first
    ");
    assert_snapshot!(planned("10: a · 20: b free alone a · 30: c free alone b"), @r"
    enqueue a, c
    settle running
    b waits: step `a` is to be enqueued first
    ");
}

#[test]
fn a_step_waits_for_the_status_of_the_latest_pipelines() {
    assert_snapshot!(planned("10: a wants exports success"), @r"
    nothing to do
    a waits: there is no pipeline `exports`; wanted is success
    ");
    assert_snapshot!(planned("around: exports running · 10: a wants exports success+error"), @r"
    nothing to do
    a waits: pipeline `exports` 01jd9x4k7m3fq8zt0v2c is running; wanted is success or error
    ");
    assert_snapshot!(planned("around: exports error · 10: a wants exports success+error"), @r"
    enqueue a
    settle running
    ");
    assert_snapshot!(planned("around: exports success · 10: a wants exports+stock success"), @r"
    nothing to do
    a waits: there is no pipeline `stock`; wanted is success
    ");
    assert_snapshot!(planned("around: exports success · around: stock paused · 10: a wants exports+stock success"), @r"
    nothing to do
    a waits: pipeline `stock` 01jd9x4k7m3fq8zt0v2c is paused; wanted is success
    ");
    assert_snapshot!(planned("around: exports success · around: stock success · 10: a wants exports+stock success"), @r"
    enqueue a
    settle running
    ");
}

#[test]
fn a_recurring_step_runs_again_after_a_success() {
    assert_snapshot!(planned("10: a recurs 3 · 20: b"), @r"
    enqueue a
    settle running
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a recurs 3 success run 1 · 20: b"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a recurs 3 success run 2 · 20: b"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a recurs 3 running run 2 · 20: b"), @r"
    nothing to do
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a recurs 3 success run 3 · 20: b"), @"enqueue b");
    assert_snapshot!(planned("10: a recurs 3 success run 3"), @"settle success");
}

#[test]
fn the_next_run_waits_for_its_time() {
    assert_snapshot!(planned("10: a recurs 3/5m success run 1 ended 2m ago · 20: b"), @r"
    nothing to do
    a waits: the next run waits until 2026-08-01T12:03:00Z
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a recurs 3/5m success run 1 ended 5m ago · 20: b"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
    // The first has nothing to wait for, and a retry has a wait of its own.
    assert_snapshot!(planned("10: a recurs 3/5m"), @r"
    enqueue a
    settle running
    ");
    assert_snapshot!(planned("10: a recurs 3/5m error run 1 ended 2m ago"), @"enqueue a");
    assert_snapshot!(planned("10: a recurs 3/5m error run 1 pauses 3m ended 2m ago"), @r"
    nothing to do
    a waits: the next attempt waits until 2026-08-01T12:01:00Z
    ");
}

#[test]
fn a_recurring_step_asks_its_other_conditions_before_every_run() {
    assert_snapshot!(planned("around: import busy elsewhere · 10: a recurs 3 alone import success run 1"), @r"
    nothing to do
    a waits: step `import` of pipeline 01jd9x4k7m3fq8zt0v2c is enqueued or running
    ");
    assert_snapshot!(planned("around: a hears unmet · 10: a recurs 3 asks counted success run 1"), @r"
    nothing to do
    a waits: the stock is being counted
    ");
    // A success needs no attempt that is left.
    assert_snapshot!(planned("10: a recurs 3 success 1/1"), @"enqueue a");
}

#[test]
fn recurring_ends_with_a_skip_with_a_failure_for_good_and_with_a_stop() {
    assert_snapshot!(planned("10: a recurs 3 skipped run 1 · 20: b"), @"enqueue b");
    assert_snapshot!(planned("10: a recurs 3 error permanent run 1 · 20: b"), @"settle error");
    assert_snapshot!(planned("10: a recurs 5 error 2/2 · 20: b"), @"settle error");
    assert_snapshot!(planned("10: a recurs 5 error 1/2 · 20: b"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("stopped · 10: a recurs 3 success run 1 · 20: b"), @"settle cancelled");
}

#[test]
fn the_attempts_of_a_recurring_step_count_for_each_run() {
    assert_snapshot!(planned("10: a recurs 3 error 1/2 before 4 · 20: b"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a recurs 3 error 2/2 before 4 · 20: b"), @"settle error");
    assert_snapshot!(planned("10: a recurs 3 allowed error 2/2 before 4 · 20: b"), @"enqueue b");
    // A failure is no run, and without a limit a step is tried until its pipeline expires.
    assert_snapshot!(planned("10: a recurs 3 error run 3 · 20: b"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
}

#[test]
fn what_runs_always_tells_anew_behind_a_rerun() {
    for ended in ["success", "skipped", "error 1/1", "error permanent", "cancelled"] {
        let report = format!("rerun by hand · 10: a success · 20: report always {ended} run 1");
        assert!(planned(&report).contains("enqueue report"), "{ended}: {}", planned(&report));
        let told = format!("{report} told 1");
        assert!(!planned(&told).contains("enqueue report"), "{ended}: {}", planned(&told));
    }
    assert_snapshot!(planned("rerun by hand · 10: a running · 20: report always success run 1"), @r"
    nothing to do
    report waits: it runs after all other steps; step `a` has not ended
    ");
    assert_snapshot!(planned("rerun by hand · 10: a error 2/2 · 20: report always success run 1"), @"enqueue report");
    assert_snapshot!(planned("rerun by hand · stopped · 10: a success · 20: report always success run 1"), @"enqueue report");
    // An ordinary step that has ended stays as it is, and one that runs always and has not run has nothing old to tell.
    assert_snapshot!(planned("rerun by hand · 10: a success · 20: b success · 30: report always told 1 success run 2"), @"settle success");
    assert_snapshot!(planned("rerun by hand · 10: a success · 20: report always"), @"enqueue report");
    // Attempts count anew.
    assert_snapshot!(planned("rerun by hand · 10: a success · 20: report always error 2/2"), @"enqueue report");
    // What it can never do again leaves what it did.
    assert_snapshot!(planned("rerun by hand · around: report hears never · 10: a success · 20: report always asks counted success run 1"), @"settle success");
}

#[test]
fn a_run_that_can_never_come_leaves_the_success_before_it() {
    assert_snapshot!(planned("around: a hears never · 10: a recurs 3 asks counted success run 1 · 20: b"), @"enqueue b");
    assert_snapshot!(planned("around: a hears never · 10: a recurs 3 asks counted success run 1"), @"settle success");
}

#[test]
fn a_recurring_run_always_step_recurs_whatever_the_outcome() {
    assert_snapshot!(planned("10: a error 1/1 · 20: report always recurs 2 success run 1"), @"enqueue report");
    assert_snapshot!(planned("stopped · 10: a · 20: report always recurs 2 success run 1"), @"enqueue report");
    assert_snapshot!(planned("stopped · 10: a · 20: report always recurs 2 success run 2"), @"settle cancelled");
}

#[test]
fn a_registered_condition_answers_for_itself() {
    assert_snapshot!(planned("10: a asks counted"), @r"
    nothing to do
    a waits: condition `counted` was not asked: this program does not know it
    ");
    assert_snapshot!(planned("around: a hears met · 10: a asks counted"), @r"
    enqueue a
    settle running
    ");
    assert_snapshot!(planned("around: a hears unmet · 10: a asks counted"), @r"
    nothing to do
    a waits: the stock is being counted
    ");
    assert_snapshot!(planned("around: a hears never · 10: a asks counted · 20: b"), @"settle error");
    assert_snapshot!(never("around: a hears never · 10: a asks counted · 20: b"), @r"
    a: the office has closed down
    b: step `a` before it did not succeed
    ");
    // It is asked about this step, at its place among the conditions.
    assert_snapshot!(planned("around: b hears met · 10: a asks counted, b 0/1 asks counted"), @r"
    enqueue b
    settle running
    a waits: condition `counted` was not asked: this program does not know it
    ");
}

#[test]
fn every_unmet_condition_is_named() {
    assert_snapshot!(planned("around: import busy elsewhere · around: b hears unmet · 10: a running · 20: b alone import wants exports success asks counted"), @r"
    nothing to do
    b waits: step `import` of pipeline 01jd9x4k7m3fq8zt0v2c is enqueued or running + there is no pipeline `exports`; wanted is success + the stock is being counted + step `a` before it has not ended
    ");
}

mod conditions;
mod holds;
mod scenario;
mod simulation;
mod spawns;

use insta::assert_snapshot;

use scenario::planned;

#[test]
fn the_first_stage_is_enqueued_at_once() {
    assert_snapshot!(planned("10: a, b · 20: c"), @r"
    enqueue a, b
    settle running
    c waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a"), @r"
    enqueue a
    settle running
    ");
}

#[test]
fn a_step_waits_for_the_whole_previous_stage() {
    assert_snapshot!(planned("10: move_files success, check_files running · 20: import"), @r"
    nothing to do
    import waits: step `check_files` before it has not ended
    ");
    assert_snapshot!(planned("10: move_files success, check_files enqueued · 20: import"), @r"
    nothing to do
    import waits: step `check_files` before it has not ended
    ");
    assert_snapshot!(planned("10: move_files success, check_files skipped · 20: import"), @"enqueue import");
}

#[test]
fn a_step_waits_for_all_stages_before() {
    assert_snapshot!(planned("10: a running free · 20: b success free · 30: c"), @r"
    nothing to do
    c waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a running · 20: b · 30: c"), @r"
    nothing to do
    b waits: step `a` before it has not ended
    c waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("-10: a success · 0: b · 10: c"), @r"
    enqueue b
    c waits: step `b` before it has not ended
    ");
}

#[test]
fn without_conditions_the_order_holds_nobody_up() {
    assert_snapshot!(planned("10: a free, b free · 20: c free"), @r"
    enqueue a, b, c
    settle running
    ");
    assert_snapshot!(planned("10: a error 1/1 free · 20: b free"), @"enqueue b");
}

#[test]
fn steps_of_one_stage_do_not_wait_for_each_other() {
    assert_snapshot!(planned("10: a running, b, c success"), @"enqueue b");
}

#[test]
fn a_filter_waits_for_the_named_steps_only() {
    assert_snapshot!(planned("10: a success, b running · 20: c after a, d after a+b"), @r"
    enqueue c
    d waits: step `b` before it has not ended
    ");
    assert_snapshot!(planned("10: a error 1/1, b running · 20: c after b, d after a, e finished after a"), @r"
    enqueue e
    c waits: step `b` before it has not ended
    ");
    // A failure that nobody asks about holds nobody up.
    assert_snapshot!(planned("10: a error 1/1 · 20: b success free · 30: c after b"), @"enqueue c");
}

#[test]
fn everything_that_ended_well_is_success() {
    assert_snapshot!(planned("10: a success, b skipped · 20: c allowed error 3/3 · 30: d success"), @"settle success");
}

#[test]
fn an_allowed_failure_lets_the_next_step_run() {
    assert_snapshot!(planned("10: a allowed error 3/3 · 20: b"), @"enqueue b");
    assert_snapshot!(planned("10: a allowed error permanent 1/3 · 20: b"), @"enqueue b");
}

#[test]
fn an_allowed_failure_is_retried_first() {
    assert_snapshot!(planned("10: a allowed error 1/3 · 20: b"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
}

#[test]
fn a_failure_is_retried_while_attempts_are_left() {
    assert_snapshot!(planned("10: a error 1/3 · 20: b"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a error 2/3 · 20: b"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a error · 20: b"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
}

#[test]
fn a_retry_waits_for_its_time() {
    assert_snapshot!(planned("10: a error 1/3 pauses 5m ended 2m ago · 20: b"), @r"
    nothing to do
    a waits: the next attempt waits until 2026-08-01T12:03:00Z
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a error 1/3 pauses 5m ended 5m ago · 20: b"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
    // The first attempt has nothing to wait for.
    assert_snapshot!(planned("10: a 0/3 pauses 5m"), @r"
    enqueue a
    settle running
    ");
}

#[test]
fn a_failure_for_good_ends_the_pipeline_when_nothing_is_left_to_run() {
    assert_snapshot!(planned("10: a error 3/3 · 20: b · 30: c"), @"settle error");
    assert_snapshot!(planned("10: a error 3/3, b running · 20: c"), @"nothing to do");
    assert_snapshot!(planned("10: a error 3/3, b error 1/3 · 20: c"), @"enqueue b");
    assert_snapshot!(planned("10: a success · 20: b error 1/1"), @"settle error");
}

#[test]
fn a_permanent_error_uses_up_all_attempts() {
    assert_snapshot!(planned("10: a error permanent 1/3 · 20: b"), @"settle error");
    assert_snapshot!(planned("10: a error permanent · 20: b"), @"settle error");
}

#[test]
fn a_step_that_asks_for_finished_ones_runs_after_a_failure() {
    assert_snapshot!(planned("10: a error 3/3 · 20: b finished · 30: c"), @"enqueue b");
    assert_snapshot!(planned("10: a error 3/3 · 20: b finished success · 30: c"), @"settle error");
    assert_snapshot!(planned("10: a error 1/3 · 20: b finished"), @r"
    enqueue a
    b waits: step `a` before it has not ended
    ");
    // What can never be reached has finished, too.
    assert_snapshot!(planned("10: a error 3/3 · 20: b · 30: c finished"), @"enqueue c");
}

#[test]
fn run_always_steps_wait_for_everything_else() {
    assert_snapshot!(planned("10: a running · 20: b · 30: report always finished"), @r"
    nothing to do
    b waits: step `a` before it has not ended
    report waits: it runs after all other steps; step `a` has not ended
    ");
    // Whatever its order.
    assert_snapshot!(planned("5: report always free · 10: a"), @r"
    enqueue a
    settle running
    report waits: it runs after all other steps; step `a` has not ended
    ");
    assert_snapshot!(planned("5: report always free · 10: a success"), @"enqueue report");
}

#[test]
fn run_always_steps_run_after_any_outcome() {
    assert_snapshot!(planned("10: a success · 20: report always finished"), @"enqueue report");
    assert_snapshot!(planned("10: a error 3/3 · 20: b · 30: report always finished"), @"enqueue report");
    assert_snapshot!(planned("stopped · 10: a success · 20: b · 30: report always finished"), @"enqueue report");
    // For a run-always step `completed` asks no more than `finished`.
    assert_snapshot!(planned("10: a error 3/3 · 20: report always"), @"enqueue report");
    assert_snapshot!(planned("10: a error 3/3 · 20: report always after a"), @"enqueue report");
}

#[test]
fn run_always_steps_keep_the_order_among_themselves() {
    assert_snapshot!(planned("10: a success · 20: archive always · 30: report always"), @r"
    enqueue archive
    report waits: step `archive` before it has not ended
    ");
    assert_snapshot!(planned("10: a success · 20: archive always error 1/1 · 30: report always"), @"enqueue report");
    assert_snapshot!(planned("10: a success · 20: archive always error 1/2 · 30: report always"), @r"
    enqueue archive
    report waits: step `archive` before it has not ended
    ");
}

#[test]
fn the_pipeline_ends_with_its_run_always_steps() {
    assert_snapshot!(planned("10: a success · 20: report always running"), @"nothing to do");
    assert_snapshot!(planned("10: a success · 20: report always success"), @"settle success");
    assert_snapshot!(planned("10: a error 1/1 · 20: report always success"), @"settle error");
    assert_snapshot!(planned("10: a success · 20: report always error 1/1"), @"settle error");
    assert_snapshot!(planned("stopped · 10: a success · 20: report always error 1/1"), @"settle cancelled");
}

#[test]
fn a_running_step_without_a_sign_of_life_is_ghosted() {
    assert_snapshot!(planned("10: a running silent 1s · 20: b"), @r"
    ghost a
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a running silent 0s · 20: b"), @r"
    nothing to do
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("stopped · 10: a running silent 1s"), @"ghost a");
}

#[test]
fn a_lost_message_is_sent_again_after_the_grace_time() {
    assert_snapshot!(planned("10: a enqueued sent 6m ago · 20: b"), @r"
    resend a
    b waits: step `a` before it has not ended
    ");
    assert_snapshot!(planned("10: a enqueued sent 5m ago"), @"nothing to do");
    assert_snapshot!(planned("10: a running sent 6m ago"), @"nothing to do");
    assert_snapshot!(planned("stopped · 10: a running · 20: report always enqueued sent 6m ago"), @"resend report");
}

#[test]
fn a_pipeline_expires_with_what_is_left_of_it() {
    assert_snapshot!(planned("expires 2h · spawned 3h ago · 10: a running · 20: b"), @"stop: the pipeline did not end within 2 hours after its spawn");
    assert_snapshot!(planned("expires 2h · spawned 3h ago · 10: a"), @"stop: the pipeline did not end within 2 hours after its spawn");
    assert_snapshot!(planned("expires 3h · spawned 3h ago · 10: a running"), @"nothing to do");
}

#[test]
fn a_pipeline_expires_once() {
    assert_snapshot!(planned("stopped · expires 2h · spawned 3h ago · 10: a running"), @"nothing to do");
}

#[test]
fn a_late_beat_does_not_cancel_what_has_ended() {
    assert_snapshot!(planned("expires 2h · spawned 3h ago · 10: a success"), @"settle success");
    assert_snapshot!(planned("expires 2h · spawned 3h ago · 10: a error 1/1 · 20: b"), @"settle error");
}

#[test]
fn a_step_that_takes_too_long_stops_the_pipeline() {
    assert_snapshot!(planned("10: a running started 2h ago expires 1h, b"), @"stop: step `a` did not end within 1 hour after its start");
    // A continued attempt waits for its next runner; its time runs on.
    assert_snapshot!(planned("10: a enqueued started 2h ago expires 1h"), @"stop: step `a` did not end within 1 hour after its start");
    assert_snapshot!(planned("10: a error 1/3 started 2h ago expires 1h"), @"enqueue a");
    assert_snapshot!(planned("10: a running started 1h ago expires 1h"), @"nothing to do");
}

#[test]
fn a_stopped_pipeline_begins_nothing_more() {
    assert_snapshot!(planned("stopped · 10: a enqueued, b running, c, d error 1/3, e success"), @"cancel a");
    assert_snapshot!(planned("stopped · 10: a cancelled, b running"), @"nothing to do");
}

#[test]
fn a_stopped_pipeline_is_cancelled_when_no_step_runs_any_more() {
    assert_snapshot!(planned("stopped · 10: a"), @"settle cancelled");
    assert_snapshot!(planned("stopped · 10: a cancelled, b success, c, d error 1/3"), @"settle cancelled");
    assert_snapshot!(planned("stopped · 10: a running, b cancelled"), @"nothing to do");
}

#[test]
fn a_stop_that_comes_late_still_counts() {
    assert_snapshot!(planned("stopped · 10: a success"), @"settle cancelled");
}

#[test]
fn a_settled_pipeline_is_left_alone() {
    assert_snapshot!(planned("was success · 10: a success"), @"nothing to do");
    assert_snapshot!(planned("was error · 10: a error 1/1 · 20: b"), @"nothing to do");
}

#[test]
fn a_wide_stage_that_all_others_wait_for_is_a_gate() {
    let wide = "20: a1, a2, a3, a4, a5, a6, a7, a8, a9";
    let gate = |before: &str, after: &str| {
        let planned = planned(&format!("10: z success{before} · {wide} · 30: c{after} · 40: r always"));
        planned.lines().find(|line| line.starts_with("gated")).unwrap_or("no gate").to_owned()
    };
    assert_snapshot!(gate("", ""), @"gated 20");
    assert_snapshot!(gate("", " finished"), @"gated 20");
    assert_snapshot!(gate(", y running free", ""), @"no gate");
    // What waits for one of the steps must hear of its end.
    assert_snapshot!(gate("", " after a1"), @"no gate");
    assert_snapshot!(gate("", " free depends a1+a2"), @"no gate");
    assert_snapshot!(gate("", " depends a1 after a1"), @"no gate");
    let narrow = planned("20: a1, a2, a3, a4, a5, a6, a7, a8 · 30: c");
    assert!(!narrow.contains("gated"), "{narrow}");
    let recurring = planned(&format!("{wide} recurs 3/5m · 30: c"));
    assert!(!recurring.contains("gated"), "{recurring}");
    let alone = planned(&format!("{wide}, b alone a1 · 30: c"));
    assert!(!alone.contains("gated"), "{alone}");
}

use std::future::pending;
use std::process::Command;
use std::time::Duration;

use super::{run, wait};

const SOON: Duration = Duration::from_millis(50);

/// What a wait that fails says, without the time that it took.
fn failure(fails: impl FnOnce() + Send + 'static) -> String {
    let thread = std::thread::Builder::new().name("a_test".to_owned()).spawn(fails).unwrap();
    wait("the test fails").look(|| thread.is_finished().then_some(()));
    *thread.join().unwrap_err().downcast::<String>().unwrap()
}

fn assert_says(message: &str, seen: &str) {
    let name = super::test();
    let named = if std::env::var_os("NEXTEST_TEST_NAME").is_some() { name } else { "a_test".to_owned() };
    assert!(message.starts_with(&format!("test {named} waited for: a miracle; it did not come in 0 s\n")), "{message}");
    assert!(message.contains("  at tests/patience/src/tests.rs:"), "{message}");
    assert!(message.ends_with(seen), "{message}");
}

#[test]
fn a_look_without_an_answer_fails_in_time_with_what_it_saw() {
    let message = failure(|| wait("a miracle").up_to(SOON).look(|| Err::<(), _>(["nothing"])));
    assert_says(&message, "\n  seen last: [\"nothing\"]");
}

#[test]
fn a_loop_fails_in_time() {
    let message = failure(|| {
        let wait = wait("a miracle").up_to(SOON);
        loop {
            wait.go_on();
        }
    });
    assert_says(&message, "");
}

#[test]
fn a_future_that_nobody_wakes_fails_in_time_also_where_the_clock_stands_still() {
    let message = failure(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(wait("a miracle").up_to(SOON).until(pending()))
    });
    assert_says(&message, "");
}

#[test]
fn a_thread_that_does_not_end_is_not_waited_for() {
    let message = failure(|| {
        let thread = std::thread::spawn(|| std::thread::sleep(Duration::from_secs(5)));
        wait("a miracle").up_to(SOON).join(thread);
    });
    assert_says(&message, "");
}

#[test]
fn what_comes_in_time_is_returned() {
    let mut looks = 0;
    let found = wait("the third look").look(|| {
        looks += 1;
        (looks == 3).then_some(looks)
    });
    assert_eq!(found, 3);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert_eq!(runtime.block_on(wait("a number").until(async { 4 })), 4);
    assert_eq!(runtime.block_on(wait("a number").ask(async || Some(5))), 5);
}

#[test]
fn a_program_is_run_to_its_end() {
    let output = run(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]));
    assert_eq!((output.status.code(), &output.stdout[..], &output.stderr[..]), (Some(3), &b"out\n"[..], &b"err\n"[..]));
}

#[test]
fn much_that_was_seen_is_cut() {
    let message = failure(|| {
        let mut wait = wait("a miracle").up_to(SOON);
        wait.saw("x".repeat(100_000));
        wait.fail();
    });
    assert!(message.len() < 5_000, "{} bytes", message.len());
}

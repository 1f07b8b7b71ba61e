//! `shell` with real commands.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use store::services::{Services, ShellPolicy};

use super::{called, outcome, output, repeated, workshop};
use steps::general::shell::Shell;
use workshop::Workshop;
use workshop::runner;

/// A workshop whose step runs this command, on a host that allows it.
fn running(command: &str, arguments: &[(&str, &str)]) -> Workshop {
    let environment = [("PATH".to_owned(), "/usr/bin:/bin".to_owned()), ("HOME".to_owned(), "/nowhere".to_owned())];
    let shell = ShellPolicy::Allowed { environment: environment.into() };
    let arguments = [&[("command", command)], arguments].concat();
    workshop(Arc::new(Shell), &arguments, Services { shell, ..Services::default() })
}

/// The log of the step with the command, without the times and the name.
async fn logged(workshop: &Workshop, id: &pipeline::PipelineId) -> Vec<String> {
    let log = workshop.step(id, "call").await.record.log;
    log.lines().map(|line| line.split_once(" call ").map_or(line, |(_, text)| text).to_owned()).collect()
}

#[tokio::test]
async fn a_command_is_refused_unless_the_host_was_started_with_the_flag() {
    let workshop = workshop(Arc::new(Shell), &[("command", "true")], Services::default());
    let id = called(&workshop).await;
    let expected =
        "error for good no commands are run here; `systole dev --allow-shell` allows them, on the embedded store only";
    assert_eq!(outcome(&workshop, &id).await, expected);
}

#[tokio::test]
async fn what_a_command_says_goes_into_the_log() {
    let workshop = running("echo one; echo two >&2; printf 'three\\033[31m'", &[]);
    let id = called(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    assert_eq!(output(&workshop, &id).await, json!({ "exit_code": 0 }));
    let mut lines = logged(&workshop, &id).await;
    lines.sort();
    assert_eq!(lines, ["info: one", "info: three [31m", "warning: two"]);
}

#[tokio::test]
async fn a_command_sees_its_arguments_and_nothing_of_the_host() {
    let workshop =
        running("env | sort | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=; ls -A", &[("since-day", "a b")]);
    let id = called(&workshop).await;
    let lines = logged(&workshop, &id).await;
    assert_eq!(lines, ["info: HOME=/nowhere", "info: PATH=/usr/bin:/bin", "info: SYSTOLE_ARG_SINCE_DAY=a b"]);
}

#[tokio::test]
async fn a_command_whose_runner_died_is_run_again_in_a_folder_of_its_own() {
    let workshop = running("ls -A; touch there", &[]);
    let id = repeated(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    assert_eq!(logged(&workshop, &id).await, Vec::<String>::new());
}

#[tokio::test]
async fn exit_codes_say_whether_a_further_attempt_can_help() {
    for (command, expected) in [
        ("exit 75", "error the command ended with 75: it may go through later"),
        ("exit 3", "error for good the command ended with 3"),
        ("no-such-command 2> /dev/null", "error for good the command ended with 127"),
        ("kill -9 $$", "error the command was ended by a signal: 9 (SIGKILL)"),
    ] {
        let workshop = running(command, &[]);
        let id = called(&workshop).await;
        assert_eq!(outcome(&workshop, &id).await, expected, "{command}");
    }
}

#[tokio::test]
async fn what_a_command_leaves_in_the_background_is_killed_with_it() {
    let workshop = running("sleep 600 & echo $!", &[]);
    let id = called(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    assert_gone(&logged(&workshop, &id).await[0]);
}

#[tokio::test]
async fn a_command_is_killed_with_all_its_processes_when_its_time_is_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let command = format!("sleep 600 & echo $! > {}; wait", file.display());
    let workshop = running(&command, &[]);
    let id = workshop.spawn().await;
    workshop.beat().await;
    workshop.run_one().await.unwrap().unwrap();
    let message = workshop.receive().await.unwrap();
    // Five seconds of an invocation are kept for its end.
    let short = workshop.invocation_of(Duration::from_secs(6));
    runner::run(&workshop.context, &message.body, &short).await.unwrap();
    let outcome = outcome(&workshop, &id).await;
    assert!(outcome.starts_with("error the command did not end within ") && outcome.ends_with("killed"), "{outcome}");
    assert_gone(&format!("info: {}", std::fs::read_to_string(file).unwrap()));
}

/// The process of that line runs no more; it may still be a zombie that nobody has buried.
fn assert_gone(line: &str) {
    let pid = line.trim().strip_prefix("info: ").unwrap();
    let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or("gone".to_owned(), |stat| stat);
    let is_gone = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let state = state();
        state == "gone" || state.contains(") Z ") || !state.contains("(sleep)")
    });
    assert!(is_gone, "{}", state());
}

#[tokio::test]
async fn a_line_without_end_is_broken_and_a_flood_does_not_stop_the_command() {
    let workshop = running("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end", &[]);
    let id = called(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    let record = workshop.step(&id, "call").await.record;
    assert!(record.log.contains("more lines were dropped: the log is full"), "{}", record.log);
}

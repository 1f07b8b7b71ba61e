//! `shell` with real commands.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Program, Work};
use serde_json::json;
use store::services::{Services, ShellPolicy};

use patience::wait;
use pipeline::pipeline::{StopRequest, StoppedBy};

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
    assert_eq!(lines, ["info: one", "info: three␛[31m", "warning: two"]);
}

#[tokio::test]
async fn a_command_sees_its_arguments_and_nothing_of_the_host() {
    let workshop = running(
        "env | sort | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= -e ^SYSTOLE_COMMAND=work/; ls -A",
        &[("since-day", "a b")],
    );
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
        ("exit 75", "error the command ended with 75 (it may go through later)"),
        ("echo busy >&2; exit 75", "error the command ended with 75 (it may go through later): busy"),
        ("exit 3", "error for good the command ended with 3"),
        ("no-such-command 2> /dev/null", "error for good the command ended with 127 (it was not found)"),
        ("touch a; ./a 2> /dev/null", "error for good the command ended with 126 (it cannot be executed)"),
        ("kill -9 $$", "error the command was ended by a signal: 9 (SIGKILL)"),
    ] {
        let workshop = running(command, &[]);
        let id = called(&workshop).await;
        assert_eq!(outcome(&workshop, &id).await, expected, "{command}");
    }
}

/// A session of its own behind a double fork: of its command it has the environment only.
const DAEMON: &str = "(setsid sh -c 'echo $$ > $PID_FILE; exec sleep 600' &) & wait_for_pid";

/// How a command can start something that stays: each writes its number into the file `$PID_FILE`.
const LEAVERS: [(&str, &str); 7] = [
    ("a child", "sleep 600 & echo $! > $PID_FILE"),
    ("a session of its own", "setsid sh -c 'echo $$ > $PID_FILE; exec sleep 600' & wait_for_pid"),
    ("a double fork", "(sh -c 'echo $$ > $PID_FILE; exec sleep 600' &) & wait_for_pid"),
    ("a daemon", DAEMON),
    (
        "a daemon with nothing of its parent's",
        "(setsid sh -c 'echo $$ > $PID_FILE; cd /; exec env -i sleep 600' < /dev/null > /dev/null 2>&1 &) & wait_for_pid",
    ),
    (
        "one that does not listen to SIGTERM",
        "(trap '' TERM; sh -c 'echo $$ > $PID_FILE; exec sleep 600') & wait_for_pid",
    ),
    ("one that stands still", "sh -c 'echo $$ > $PID_FILE; kill -STOP $$; exec sleep 600' & wait_for_pid"),
];

/// A command that starts one of [`LEAVERS`] and goes on with `then`, and the file with the number of what it left.
fn leaving(leaver: &str, then: &str) -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid").display().to_string();
    let wait = "wait_for_pid() { until [ -s $PID_FILE ]; do sleep 0.01; done; }";
    (format!("export PID_FILE={file}; {wait}; {leaver}; {then}"), folder)
}

/// The number that the command wrote.
fn left(folder: &tempfile::TempDir) -> String {
    std::fs::read_to_string(folder.path().join("pid")).unwrap()
}

#[tokio::test]
async fn what_a_command_leaves_in_the_background_ends_with_it_and_is_named() {
    for (what, leaver) in LEAVERS {
        let (command, folder) = leaving(leaver, "echo started");
        let workshop = running(&command, &[]);
        let began = std::time::Instant::now();
        let id = called(&workshop).await;
        // The pipe that it holds is its own affair.
        assert!(began.elapsed() < Duration::from_secs(5), "{what}: {:?}", began.elapsed());
        assert_eq!(outcome(&workshop, &id).await, "success ", "{what}");
        let lines = logged(&workshop, &id).await;
        let pid = left(&folder);
        assert_gone(what, &pid);
        let named = format!("({})", pid.trim());
        let is_named = |line: &String| line.starts_with("warning: ended with the command") && line.contains(&named);
        assert!(lines.contains(&"info: started".to_owned()) && lines.iter().any(is_named), "{what}: {lines:?}");
    }
}

#[tokio::test]
async fn a_command_ends_with_all_its_processes_when_its_time_is_up() {
    for (what, leaver) in LEAVERS {
        let (command, folder) = leaving(leaver, "echo it hangs >&2; wait; sleep 600");
        let workshop = running(&command, &[]);
        let id = workshop.spawn().await;
        workshop.beat().await;
        workshop.run_one().await.unwrap().unwrap();
        let message = workshop.receive().await.unwrap();
        // Five seconds of an invocation are kept for its end.
        let short = workshop.invocation_of(Duration::from_secs(6));
        runner::run(&workshop.context, &message.body, &short).await.unwrap();
        let outcome = outcome(&workshop, &id).await;
        let begins = outcome.starts_with("error the command did not end within ");
        assert!(begins && outcome.ends_with(" s and was killed: it hangs"), "{what}: {outcome}");
        assert_gone(what, &left(&folder));
    }
}

#[tokio::test]
async fn a_command_hears_that_it_is_to_end_and_may_say_a_last_word() {
    let (command, folder) =
        leaving("echo $$ > $PID_FILE", "trap 'echo cleaned up; exit 0' TERM; while true; do sleep 0.05; done");
    let workshop = running(&command, &[]);
    let id = workshop.spawn().await;
    workshop.beat().await;
    workshop.run_one().await.unwrap().unwrap();
    let message = workshop.receive().await.unwrap();
    let short = workshop.invocation_of(Duration::from_secs(6));
    runner::run(&workshop.context, &message.body, &short).await.unwrap();
    let lines = logged(&workshop, &id).await;
    assert!(lines.contains(&"info: cleaned up".to_owned()), "{lines:?}");
    assert_gone("the command", &left(&folder));
}

#[tokio::test]
async fn a_command_ends_when_its_pipeline_is_cancelled() {
    for (what, leaver) in LEAVERS {
        let (command, folder) = leaving(leaver, "wait; sleep 600");
        let workshop = running(&command, &[]);
        let id = workshop.spawn().await;
        workshop.beat().await;
        workshop.run_one().await.unwrap().unwrap();
        let cancelled = async {
            wait("the command has begun").ask(async || begun(&folder)).await;
            let stop = StopRequest { by: StoppedBy::Cancel, reason: "wrong prices".to_owned(), at: workshop.now() };
            let pipeline = workshop.store().pipeline_without_steps(&id).await.unwrap().unwrap();
            workshop.store().stop_pipeline(&pipeline, &stop).await.unwrap();
        };
        let (ran, ()) = tokio::join!(workshop.run_one(), cancelled);
        ran.unwrap().unwrap();
        let expected = "error for good the command was ended with its pipeline: wrong prices";
        assert_eq!(outcome(&workshop, &id).await, expected, "{what}");
        assert_gone(what, &left(&folder));
    }
}

#[tokio::test]
async fn a_command_ends_when_its_attempt_is_dropped() {
    for (what, leaver) in LEAVERS {
        let (command, folder) = leaving(leaver, "wait; sleep 600");
        let workshop = running(&command, &[]);
        workshop.spawn().await;
        workshop.beat().await;
        workshop.run_one().await.unwrap().unwrap();
        tokio::select! {
            _ = workshop.run_one() => panic!("{what}: it sleeps for ten minutes"),
            () = async { wait("the command has begun").ask(async || begun(&folder)).await } => {}
        }
        assert_gone(what, &left(&folder));
    }
}

fn begun(folder: &tempfile::TempDir) -> Result<(), &'static str> {
    let is_begun = std::fs::read_to_string(folder.path().join("pid")).is_ok_and(|pid| pid.ends_with('\n'));
    is_begun.then_some(()).ok_or("no number has been written")
}

#[tokio::test]
async fn two_commands_at_once_end_what_is_theirs_and_nothing_else() {
    let (long, folder) = leaving(DAEMON, "until [ -e $PID_FILE.go ]; do sleep 0.05; done; kill -0 $(cat $PID_FILE)");
    let (short, other_folder) = leaving(DAEMON, "true");
    let (long, short) = (running(&long, &[]), running(&short, &[]));
    let short_then_go = async {
        wait("the command has begun").ask(async || begun(&folder)).await;
        let id = called(&short).await;
        assert_eq!(outcome(&short, &id).await, "success ");
        assert_gone("the daemon of the short one", &left(&other_folder));
        std::fs::write(folder.path().join("pid.go"), "").unwrap();
    };
    let (id, ()) = tokio::join!(called(&long), short_then_go);
    // What it had left in the background was there to the end.
    assert_eq!(outcome(&long, &id).await, "success ");
    assert_gone("the daemon of the long one", &left(&folder));
}

#[tokio::test]
async fn what_may_be_of_either_of_two_commands_is_named_and_ends_with_the_last() {
    let unknown = LEAVERS.iter().find(|(what, _)| *what == "a daemon with nothing of its parent's").unwrap().1;
    let (long, folder) = leaving("echo $$ > $PID_FILE", "until [ -e $PID_FILE.go ]; do sleep 0.05; done");
    let (short, other_folder) = leaving(unknown, "true");
    let (long, short) = (running(&long, &[]), running(&short, &[]));
    let short_then_go = async {
        wait("the command has begun").ask(async || begun(&folder)).await;
        let id = called(&short).await;
        assert_eq!(outcome(&short, &id).await, "success ");
        std::fs::write(folder.path().join("pid.go"), "").unwrap();
        let lines = logged(&short, &id).await;
        let pid = left(&other_folder);
        let named = format!("({})", pid.trim());
        let told = lines.iter().find(|line| line.starts_with("warning: ") && line.contains(&named));
        let told = told.unwrap_or_else(|| panic!("{lines:?}"));
        // The kernel's list, where there is one, says whose it is.
        if told.starts_with("warning: ended with the command") {
            assert_gone("what the list of the short one named", &pid);
        } else {
            assert!(told.contains("(of this or another command)"), "{told}");
        }
        pid
    };
    let (id, pid) = tokio::join!(called(&long), short_then_go);
    assert_eq!(outcome(&long, &id).await, "success ");
    assert_gone("what may have been of either", &pid);
}

/// Leaves a file, as a step that fetches does.
struct Fetches;

#[async_trait]
impl Executor for Fetches {
    fn name(&self) -> &'static str {
        "fetches"
    }

    fn description(&self) -> &'static str {
        "leaves a file"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Anything
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let key = work.artifact_key("stock.csv");
        work.store.files.put(&key, "sku;qty\na;1\n".into()).await?;
        work.set_output(json!({ "file": key }));
        Ok(Outcome::Done)
    }
}

/// A workshop whose command runs behind a step that leaves a file.
fn running_behind_a_file(command: &str, more: &str) -> Workshop {
    let definition = format!(
        r#"<config><pipeline name="work" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="first" executorType="fetches" sortOrder="5"/>
        <step name="call" executorType="shell" sortOrder="10">
        <arguments><argument key="command" value="{command}"/>{more}</arguments>
        <conditions><step_condition type="previous_steps_completed"/></conditions></step></pipeline></config>"#
    );
    let program = Program::default().with_executor(Fetches).with_executor(Shell);
    let mut workshop = Workshop::extended(&[definition], program);
    let environment = [("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into();
    workshop.context =
        workshop.context.with_services(Services { shell: ShellPolicy::Allowed { environment }, ..Services::default() });
    workshop
}

#[tokio::test]
async fn a_command_finds_copies_of_the_pipelines_files_and_may_leave_one() {
    let command = "find . -type f | sort; sed 's/;/,/' first/stock.csv > clean.csv; rm first/stock.csv";
    let workshop =
        running_behind_a_file(&command.replace('>', "&gt;"), r#"<argument key="artifact" value="clean.csv"/>"#);
    let id = workshop.spawn().await;
    workshop.store().files.put(&format!("work/{id}/files/a_x_01.csv"), "a".into()).await.unwrap();
    workshop.beat().await;
    workshop.run_all().await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    let lines = logged(&workshop, &id).await;
    assert_eq!(lines[..2], ["info: ./files/a_x_01.csv", "info: ./first/stock.csv"]);
    let output = output(&workshop, &id).await;
    let file = output["file"].as_str().unwrap();
    assert!(file.starts_with(&format!("work/{id}/call/1-")) && file.ends_with("/clean.csv"), "{file}");
    assert_eq!(workshop.store().files.get(file, None).await.unwrap().unwrap(), "sku,qty\na,1\n");
    // What it removed was a copy.
    let first = workshop.step(&id, "first").await.record.output.unwrap();
    assert!(workshop.store().files.info(first["file"].as_str().unwrap()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_a_command_does_not_leave_is_missed() {
    let workshop = running_behind_a_file("true", r#"<argument key="artifact" value="none.csv"/>"#);
    let id = called(&workshop).await;
    let expected = "the command left no file `none.csv` in its folder, which the argument `artifact` asks for";
    assert_eq!(outcome(&workshop, &id).await, format!("error for good {expected}"));
}

#[tokio::test]
async fn more_files_than_a_command_is_given_are_refused() {
    let workshop = running_behind_a_file("true", "");
    let id = workshop.spawn().await;
    for number in 0..1_001 {
        workshop.store().files.put(&format!("work/{id}/files/a_x_{number}.csv"), "a".into()).await.unwrap();
    }
    workshop.beat().await;
    workshop.run_all().await;
    let outcome = outcome(&workshop, &id).await;
    assert!(outcome.starts_with("error for good the working directory has more than a command is given"), "{outcome}");
}

#[tokio::test]
async fn what_no_attempt_can_start_fails_for_good() {
    let long = "x".repeat(140_000);
    for (key, value, expected) in [
        ("k", long.as_str(), "the longest is SYSTOLE_ARG_K, 140000 bytes): Argument list too long (os error 7)"),
        ("k", "a\0b", "SYSTOLE_ARG_K has a NUL character in it, which no command can be given"),
    ] {
        // As the API spawns it; a definition is refused with such a value.
        let workshop = running("true", &[]);
        let mut new = workshop.new_pipeline("work", "a request").await;
        new.arguments.insert(key.to_owned(), value.to_owned());
        workshop.store().spawn_pipeline(&new, workshop.now()).await.unwrap();
        workshop.beat().await;
        workshop.run_all().await;
        let id = new.id;
        let outcome = outcome(&workshop, &id).await;
        assert!(outcome.starts_with("error for good ") && outcome.ends_with(expected), "{outcome}");
    }
}

/// The process of that number runs no more; it may still be a zombie that nobody has buried.
fn assert_gone(what: &str, pid: &str) {
    let pid = pid.trim();
    let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or("gone".to_owned(), |stat| stat);
    let is_gone = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let state = state();
        state == "gone" || state.contains(") Z ")
    });
    assert!(is_gone, "{what}: {}", state());
}

#[tokio::test]
async fn a_line_without_end_is_broken_and_a_flood_does_not_stop_the_command() {
    let workshop = running("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end", &[]);
    let id = called(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    let step = workshop.step(&id, "call").await;
    let log = engine::log_file::latest(workshop.store(), &id, &step).await.unwrap();
    assert!(log.contains(" bytes are left out; a log keeps its first and its last 512 KiB)"), "{}", &log[..200]);
    assert!(log.starts_with("2026") && log.ends_with("call info: end\n"), "{}", &log[log.len() - 200..]);
}

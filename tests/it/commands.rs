//! Steps that run commands and call servers, as authors met them: the reports of engine and newcomers, run for real.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::systole::{Running, Systole, ask, root, wait_for};

/// A file of a report.
fn report(path: &str) -> String {
    let path = root().join("../shared/samples/reports").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A store with the definition of a report, and its pipeline `p`.
fn reported(name: &str) -> Systole {
    let systole = Systole::new();
    systole.overlay("a.xml", &report(&format!("engine/{name}/a.xml")));
    systole
}

fn spawn(systole: &Systole, name: &str) {
    let ran = systole.run(&["pipeline", "init", name]);
    assert_eq!(ran.code, Some(0), "{ran}");
}

/// Beats and runs once.
fn beat_and_run(systole: &Systole, flags: &[&str]) {
    let ran = systole.run(&["heartbeat"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let ran = systole.run(&[&["run"], flags].concat());
    assert_eq!(ran.code, Some(0), "{ran}");
}

fn step(systole: &Systole, pipeline: &str, step: &str) -> Value {
    let details = systole.json(&["pipeline", "details", pipeline]);
    let steps = details["steps"].as_array().unwrap_or_else(|| panic!("{details}"));
    steps.iter().find(|row| row["name"] == step).unwrap_or_else(|| panic!("{details}")).clone()
}

fn log(systole: &Systole, pipeline: &str, step: &str) -> String {
    let ran = systole.run(&["step", "log", pipeline, step]);
    assert_eq!(ran.code, Some(0), "{ran}");
    ran.stdout
}

/// A definition with one step that runs this command.
fn commanding(systole: &Systole, command: &str) {
    let command = command.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
    systole.overlay(
        "a.xml",
        &format!(
            r#"<config><pipeline name="p"><conditions><pipeline_condition type="no_auto_spawn"/></conditions>
            <step name="one" executorType="shell" sortOrder="10"><arguments><argument key="command" value="{command}"/></arguments>
            <conditions><step_condition type="attempts_limit"><argument key="limit" value="2"/></step_condition></conditions></step>
            </pipeline></config>"#
        ),
    );
}

/// A command that says its number and then hangs in three ways, and where it says so.
fn hanging(systole: &Systole) -> std::path::PathBuf {
    let file = systole.folder("seen").join("pids");
    let (name, deaf) = (file.display(), "trap '' TERM; sh -c 'echo $$ >> ");
    commanding(
        systole,
        &format!(
            "echo $$ >> {name}; (setsid sh -c 'echo $$ >> {name}; exec sleep 600' &) & ({deaf}{name}; exec sleep 600') & wait; sleep 600"
        ),
    );
    file
}

fn pids(file: &std::path::Path, count: usize) -> Vec<String> {
    wait_for("the processes have begun", || {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let pids: Vec<String> = text.lines().map(str::to_owned).collect();
        if pids.len() == count { Ok(pids) } else { Err(text) }
    })
}

fn assert_gone(pids: &[String]) {
    for pid in pids {
        let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        wait_for("the process is gone", || {
            let stat = stat();
            if stat.is_empty() || stat.contains(") Z ") { Ok(()) } else { Err(stat) }
        });
    }
}

#[test]
fn a_second_interrupt_of_a_host_ends_its_commands_with_all_their_processes() {
    let systole = Systole::new();
    let file = hanging(&systole);
    spawn(&systole, "p");
    let (dev, _) = systole.dev(&["--allow-shell"]);
    let pids = pids(&file, 3);
    dev.signal("INT");
    dev.line("that it stops", |line| line.starts_with("stopping"));
    dev.signal("INT");
    assert_eq!(dev.end().code, Some(130));
    assert_gone(&pids);
}

#[test]
fn an_interrupt_of_run_ends_its_command_with_all_its_processes() {
    let systole = Systole::new();
    let file = hanging(&systole);
    spawn(&systole, "p");
    let ran = systole.run(&["heartbeat"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let run = systole.start(&["run", "--allow-shell"]);
    let pids = pids(&file, 3);
    run.signal("INT");
    assert_eq!(run.end().code, Some(130));
    assert_gone(&pids);
}

#[test]
fn a_step_whose_host_was_killed_by_a_second_interrupt_is_never_at_work_twice() {
    let systole = Systole::new();
    let file = systole.folder("seen").join("orphan.log");
    let definition =
        report("engine/second-ctrl-c-orphan/a.xml").replace("/tmp/orphan.log", &file.display().to_string());
    systole.overlay("a.xml", &definition.replace("sleep 7", "sleep 3"));
    spawn(&systole, "p");
    let said = || std::fs::read_to_string(&file).unwrap_or_default();
    let (dev, _) = systole.dev(&["--allow-shell"]);
    wait_for("the command has begun", || if said().starts_with("start-") { Ok(()) } else { Err(said()) });
    dev.signal("INT");
    dev.line("that it stops", |line| line.starts_with("stopping"));
    dev.signal("INT");
    assert_eq!(dev.end().code, Some(130));
    let (dev, _) = systole.dev(&["--allow-shell"]);
    wait_for("the command has ended", || if said().contains("end-") { Ok(()) } else { Err(said()) });
    dev.signal("TERM");
    assert_eq!(dev.end().code, Some(0));
    let words: Vec<String> = said().lines().map(|line| line.split('-').next().unwrap().to_owned()).collect();
    assert_eq!(words, ["start", "start", "end"]);
}

#[test]
fn a_child_that_keeps_the_pipe_does_not_hold_the_step() {
    let systole = reported("daemon-holds-pipe");
    spawn(&systole, "p");
    let began = Instant::now();
    beat_and_run(&systole, &["--allow-shell"]);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(log(&systole, "p", "one").contains("ended with the command, which left them in the background: `sleep` ("));
    assert_eq!(step(&systole, "p", "two")["status"], "success");
}

#[test]
fn what_no_attempt_can_start_fails_for_good_at_the_first() {
    let systole = reported("argument-too-long");
    let (dev, address) = systole.dev(&["--allow-shell"]);
    for (value, expected) in
        [("x".repeat(140_000), "Argument list too long"), ("a\\u0000b".to_owned(), "SYSTOLE_ARG_K has a NUL character")]
    {
        let answer =
            ask(address, "POST", "/pipelines", &format!(r#"{{"name": "p", "arguments": {{"k": "{value}"}}}}"#));
        assert_eq!(answer.status, 201, "{answer:?}");
        let id = answer.body["id"].as_str().unwrap().to_owned();
        let step = wait_for("the step has failed", || {
            let step = step(&systole, &id, "one");
            if step["status"] == "error" { Ok(step) } else { Err(step) }
        });
        assert_eq!(step["attempt"], 1, "{step}");
        assert!(step["message"].as_str().unwrap().contains(expected), "{step}");
        let pipeline = wait_for("the pipeline has ended", || {
            let pipeline = systole.json(&["pipeline", "details", &id]);
            if pipeline["status"] == "error" { Ok(pipeline) } else { Err(pipeline) }
        });
        assert_eq!(pipeline["steps"][0]["attempt"], 1, "{pipeline}");
    }
    dev.signal("TERM");
    assert_eq!(dev.end().code, Some(0));
}

#[test]
fn of_a_log_that_is_too_long_the_cause_can_be_read() {
    let systole = reported("log-tail-lost");
    spawn(&systole, "p");
    beat_and_run(&systole, &["--allow-shell"]);
    let log = log(&systole, "p", "one");
    assert!(log.contains("line 1 of the long log") && log.contains("line 20000 of the long log"));
    assert!(log.contains("warning: THE REAL CAUSE"), "{}", &log[log.len() - 500..]);
    assert!(log.contains(" lines with "), "what is left out is counted");
    assert_eq!(step(&systole, "p", "one")["message"], "the command ended with 3: THE REAL CAUSE");
    let ran = systole.run(&["pipeline", "details", "p"]);
    assert!(ran.stdout.contains("THE REAL CAUSE"), "{ran}");
}

#[test]
fn a_long_line_is_broken_between_characters() {
    let systole = reported("log-utf8-split");
    spawn(&systole, "p");
    beat_and_run(&systole, &["--allow-shell"]);
    let log = log(&systole, "p", "one");
    assert!(!log.contains('\u{fffd}'), "{log}");
    assert_eq!(log.matches('ä').count(), 800);
}

#[test]
fn what_a_command_says_moves_no_cursor_and_turns_no_text() {
    let systole = Systole::new();
    commanding(&systole, r"printf 'a\033[2J\342\200\256b\n' >&2; exit 3");
    spawn(&systole, "p");
    beat_and_run(&systole, &["--allow-shell"]);
    for arguments in [["step", "log", "p", "one"].as_slice(), &["pipeline", "details", "p"], &["pipeline", "list"]] {
        for json in [&["--json"][..], &[]] {
            let ran = systole.run(&[json, arguments].concat());
            assert!(!ran.stdout.contains(['\u{1b}', '\u{202e}']), "{ran}");
            assert!(arguments[1] == "list" || ran.stdout.contains("a␛[2J<U+202E>b"), "{ran}");
        }
    }
}

#[test]
fn the_log_of_a_running_command_can_be_followed() {
    let systole = Systole::new();
    let go = systole.folder("seen").join("go");
    commanding(&systole, &format!("echo first; until [ -e {} ]; do sleep 0.05; done; echo second", go.display()));
    spawn(&systole, "p");
    let (dev, address) = systole.dev(&["--allow-shell"]);
    let follower = systole.start(&["step", "log", "p", "one", "-f"]);
    follower.line("the first line while the command runs", |line| line.ends_with("info: first"));
    assert_eq!(step(&systole, "p", "one")["status"], "running");
    let id = systole.json(&["pipeline", "details", "p"])["id"].as_str().unwrap().to_owned();
    let (head, text) = answered(address, &format!("/pipelines/{id}/steps/one/log?offset=0"));
    assert!(head.contains("log-has-ended: false") && text.ends_with("info: first\n"), "{head}\n{text}");
    let next = head.lines().find_map(|line| line.strip_prefix("log-next-offset: ")).unwrap().to_owned();
    std::fs::write(go, "").unwrap();
    follower.line("the second line", |line| line.ends_with("info: second"));
    let ran = follower.end();
    assert_eq!((ran.code, ran.stdout.matches("info: first").count()), (Some(0), 1), "{ran}");
    let (head, text) = answered(address, &format!("/pipelines/{id}/steps/one/log?offset={next}"));
    assert!(head.contains("log-has-ended: true") && text.ends_with("info: second\n"), "{head}\n{text}");
    assert!(!text.contains("first"), "{text}");
    dev.signal("TERM");
    assert_eq!(dev.end().code, Some(0));
}

/// The head and the text of an answer that is no JSON.
fn answered(address: SocketAddr, path: &str) -> (String, String) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(patience::PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.replace("\r\n", "\n"), body.to_owned())
}

#[test]
fn a_server_that_names_a_date_is_waited_for_within_the_attempt() {
    let systole = Systole::new();
    // A port that nobody has: the server of the report listens on a fixed one.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    systole.overlay("a.xml", &report("engine/retry-after-date/a.xml").replace("28081", &port));
    let script = systole.folder("server").join("server.py");
    std::fs::write(&script, report("engine/retry-after-date/server.py").replace("28081", &port)).unwrap();
    let mut server = Command::new("python3");
    server.arg(&script);
    let _server = Running::start(server);
    let address: SocketAddr = format!("127.0.0.1:{port}").parse().unwrap();
    // A connection only: a request would be answered as the first.
    wait_for("the server listens", || std::net::TcpStream::connect(address));
    spawn(&systole, "p");
    let host = format!("127.0.0.1:{port}");
    let (dev, _) = systole.dev(&["--allow-host", &host]);
    let step = wait_for("the step is over", || {
        let step = step(&systole, "p", "h");
        if matches!(step["status"].as_str(), Some("success" | "error")) { Ok(step) } else { Err(step) }
    });
    assert_eq!((&step["status"], &step["attempt"]), (&"success".into(), &1.into()), "{step}");
    dev.signal("TERM");
    assert_eq!(dev.end().code, Some(0));
}

#[test]
fn an_import_of_what_was_fetched_says_how_it_is_done() {
    let systole = Systole::new();
    // Its first step is not what this is about, and would need a server.
    let definition = report("newcomer/http-then-import.xml");
    let (before, after) =
        (definition.find("<step name=\"fetch\"").unwrap(), definition.find("<step name=\"validate\"").unwrap());
    systole.overlay("a.xml", &format!("{}{}", &definition[..before], &definition[after..]));
    spawn(&systole, "nightly_stock");
    beat_and_run(&systole, &[]);
    let step = step(&systole, "nightly_stock", "validate");
    assert!(step["message"].as_str().unwrap().contains("what a step fetched gets there by `drop_file`"), "{step}");
}

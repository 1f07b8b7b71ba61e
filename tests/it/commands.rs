//! Steps that run commands and call servers, as authors met them, run for real.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;

use crate::systole::{Running, Systole, program, wait_for};

mod samples;

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
fn the_end_of_the_terminal_ends_a_host_as_sigterm_does() {
    let systole = Systole::new();
    let file = hanging(&systole);
    spawn(&systole, "p");
    let (dev, _) = systole.dev(&["--allow-shell", "--stop-timeout", "1"]);
    let pids = pids(&file, 3);
    dev.signal("HUP");
    dev.line("that it stops", |line| line.starts_with("stopping"));
    assert_eq!(dev.end().code, Some(4), "its steps had not ended");
    assert_gone(&pids);
}

#[test]
fn a_terminal_that_is_closed_takes_the_commands_of_its_host_with_it() {
    let systole = Systole::new();
    let file = hanging(&systole);
    spawn(&systole, "p");
    let ran = systole.run(&["heartbeat"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let host = systole.folder("seen").join("host");
    // A terminal of its own; what is written there can be written nowhere once it is gone.
    let shell = format!(
        "echo $$ > {}; exec {} --store {} dev --listen 127.0.0.1:0 --tick 0.1 --allow-shell --stop-timeout 1",
        host.display(),
        program().get_program().display(),
        systole.store().display()
    );
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--return", "--command", &shell, "/dev/null"]);
    let terminal = Running::start(terminal);
    let mut ended = pids(&file, 3);
    ended.extend(self::pids(&host, 1));
    terminal.kill();
    assert_gone(&ended);
}

#[test]
fn a_host_that_is_to_outlive_its_terminal_does() {
    let systole = Systole::new();
    let mut nohup = Command::new("nohup");
    nohup.arg(program().get_program()).arg("--store").arg(systole.store());
    nohup.args(["dev", "--listen", "127.0.0.1:0", "--tick", "0.1"]);
    let dev = Running::start(nohup);
    dev.line("that it runs", |line| line.starts_with("stop "));
    dev.signal("HUP");
    // A beat after the signal shows that it goes on.
    systole.overlay("beats.xml", BEATS);
    wait_for("a heartbeat spawns", || {
        let listed = systole.json(&["pipeline", "list", "--name", "beats"]);
        if listed == serde_json::json!([]) { Err(listed) } else { Ok(()) }
    });
    dev.signal("TERM");
    assert_eq!(dev.end().code, Some(0));
}

/// A pipeline that a heartbeat spawns, once.
const BEATS: &str = r#"<config><pipeline name="beats"><conditions><pipeline_condition type="no_sibling_in_progress"/></conditions>
<step name="wait" executorType="wait" sortOrder="10"><arguments><argument key="for" value="1 hour"/></arguments></step>
</pipeline></config>"#;

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

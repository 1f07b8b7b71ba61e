//! One function at a time, as somebody who develops one calls it: `make watch`, and `scripts/invoke` beside it.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use patience::{LOOK_EVERY, run, wait};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::aws_flows::events::EVENTS;
use crate::systole::root;

/// Compiling what a function needs takes a while.
const PATIENCE: Duration = Duration::from_secs(600);

/// `scripts/watch` on a port of its own; it ends with this.
struct Watch {
    process: Child,
    port: u16,
    log: NamedTempFile,
}

impl Watch {
    fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let log = NamedTempFile::new().unwrap();
        let mut command = script("watch");
        command.env("SYSTOLE_WATCH_PORT", port.to_string()).stdin(Stdio::null());
        command.stdout(log.reopen().unwrap()).stderr(log.reopen().unwrap());
        // A group of its own, because it starts cargo and the functions.
        let process = command.process_group(0).spawn().unwrap();
        let mut watch = Watch { process, port, log };
        watch.wait_until_it_answers();
        watch
    }

    fn wait_until_it_answers(&mut self) {
        wait("`scripts/watch` listens").up_to(PATIENCE).look(|| {
            let status = self.process.try_wait().unwrap();
            assert_eq!(status, None, "`scripts/watch` has ended");
            TcpStream::connect(("127.0.0.1", self.port))
        });
    }

    fn invoke(&self, function: &str, event: &str) -> Output {
        run(script("invoke").args([function, event]).env("SYSTOLE_WATCH_PORT", self.port.to_string()))
    }
}

impl Drop for Watch {
    #[expect(clippy::print_stdout, reason = "what a test prints shows if it fails")]
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        // As Ctrl-C would.
        let _ = Command::new("kill").args(["-s", "INT", "--", &group]).status();
        for _ in 0..1_000 {
            if self.process.try_wait().is_ok_and(|status| status.is_some()) {
                break;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        // Whoever did not listen to it.
        let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).status();
        if std::thread::panicking() {
            println!("{}", std::fs::read_to_string(self.log.path()).unwrap_or_default());
        }
    }
}

/// A script as a person starts it: what cargo tells its tests would make it compile crates again.
fn script(name: &str) -> Command {
    let mut command = Command::new(root().join("scripts").join(name));
    for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_")) {
        if !["CARGO_HOME", "CARGO_TARGET_DIR"].contains(&variable.as_str()) {
            command.env_remove(variable);
        }
    }
    command
}

#[test]
fn every_function_answers_every_event() {
    let watch = Watch::start();
    for (function, events) in EVENTS {
        for event in events {
            let output = watch.invoke(function, event);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            if *event == "bad-message" {
                assert!(!output.status.success() && said.contains("failed to deal with message"), "{event}: {said}");
                continue;
            }
            assert!(output.status.success(), "{function} {event}: {said}");
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
            match function {
                "heartbeat" => assert_eq!(answer["problems"], json!([]), "{answer}"),
                "admin" if *event == "admin-init" => assert_eq!(answer["statusCode"], json!(201), "{answer}"),
                "admin" => assert_eq!(answer["statusCode"], json!(200), "{answer}"),
                _ => assert_eq!(answer, Value::Null, "{function} {event}"),
            }
        }
    }
}

#[test]
fn what_there_is_not_is_refused_with_what_there_is() {
    let invoke = |arguments: &[&str]| {
        let output = run(script("invoke").args(arguments));
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(invoke(&["runer"]), "invoke: `runer` is not a function (heartbeat, runner, intake, admin)\n");
    assert!(invoke(&["runner", "no-such"]).contains("bad-message"));
}

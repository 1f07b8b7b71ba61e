//! The reports of authors about commands and servers.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{beat_and_run, log, spawn, step};
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

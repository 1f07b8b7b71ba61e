//! Programs that a test runs to their end.

use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

use crate::wait;

/// Runs a program to its end with nothing to read, and returns what it wrote.
///
/// # Panics
/// If it does not start, or has not ended in time; it is killed then, and what it wrote is shown.
#[track_caller]
pub fn run(command: &mut Command) -> Output {
    let mut wait = wait(format!("{command:?} ends"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if wait.left().is_zero() => {
                // Whoever it started may keep its pipes open, so these are not waited for.
                let killed = child.kill();
                wait.saw((killed, read_so_far(stdout), read_so_far(stderr)));
                wait.fail();
            }
            Ok(None) => std::thread::sleep(crate::LOOK_EVERY),
            Err(error) => panic!("{command:?} cannot be waited for: {error}"),
        }
    };
    let join = |pipe| crate::wait(format!("{command:?} closes its output")).join(pipe);
    Output { status, stdout: join(stdout), stderr: join(stderr) }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What cannot be read to its end is compared as it is, and fails there.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        bytes
    })
}

/// What a pipe brought, if it ends soon after its program was killed.
fn read_so_far(pipe: JoinHandle<Vec<u8>>) -> String {
    std::thread::sleep(crate::LOOK_EVERY);
    if !pipe.is_finished() {
        return "(not closed)".to_owned();
    }
    pipe.join().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

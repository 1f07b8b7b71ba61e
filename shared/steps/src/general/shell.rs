//! `shell`: runs a command, on one machine and only if its host was started so.
//!
//! A definition that may run commands may do whatever the user of the process may do; that is why nothing but
//! `systole dev --allow-shell` turns it on, and why the functions on AWS have no way to.
//!
//! **Invariant:** no process of a command outlives its attempt: all of its group is killed when the command has ended,
//! when the time is up, and when the attempt is dropped.

use std::process::{ExitStatus, Stdio};

use async_trait::async_trait;
use engine::accepts::{Accepts, Argument, Presence, Text};
use engine::{Executor, ExecutorError, Outcome, Work};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use store::services::ShellPolicy;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The executor.
pub struct Shell;

/// The argument with the command.
const COMMAND: Argument<Text> = Argument {
    name: "command",
    kind: Text { example: "ls /srv/orders | wc -l" },
    presence: Presence::Required,
    meaning: "the command, which `sh -c` runs",
};

/// The exit code by which a command says that it may go through later: `EX_TEMPFAIL` of `sysexits.h`.
const MAY_PASS: i32 = 75;

/// Most bytes of one line of the log; what is longer is broken.
const LINE_BYTES: usize = 1_000;

#[async_trait]
impl Executor for Shell {
    fn name(&self) -> &'static str {
        "shell"
    }

    fn description(&self) -> &'static str {
        "runs a command on this machine, if `systole dev --allow-shell` allows it"
    }

    fn arguments(&self) -> Accepts {
        Accepts::AlsoOthers { known: &[&COMMAND], others: "is a variable of the command, `SYSTOLE_ARG_<NAME>`" }
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let ShellPolicy::Allowed { environment } = &work.services().shell else {
            let message =
                "no commands are run here; `systole dev --allow-shell` allows them, on the embedded store only";
            return Err(ExecutorError::permanent(message));
        };
        let folder = tempfile::tempdir().map_err(|error| failed("no temporary folder can be made", error))?;
        let mut command = Command::new("sh");
        command.arg("-c").arg(work.argument(&COMMAND)?).current_dir(folder.path()).env_clear().envs(environment);
        command.envs(arguments(work)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.process_group(0).spawn().map_err(|error| failed("the command cannot be started", error))?;
        let limit = work.time_left();
        let mut group = ProcessGroup::of(&child);
        let status = timeout(limit, run(work, child, &mut group)).await.map_err(|_| {
            ExecutorError::retryable(format!("the command did not end within {} s and was killed", limit.as_secs()))
        })??;
        drop(group);
        conclude(work, status)
    }
}

/// The arguments of the pipeline and of the step, as variables.
fn arguments(work: &Work<'_>) -> Vec<(String, String)> {
    let variable = |key: &str| -> String {
        key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
    };
    let arguments = work.pipeline.arguments.iter().chain(&work.step.arguments).filter(|(key, _)| *key != COMMAND.name);
    arguments.map(|(key, value)| (format!("SYSTOLE_ARG_{}", variable(key)), value.clone())).collect()
}

/// Writes what the command says into the log until it has ended and its pipes are closed.
async fn run(work: &mut Work<'_>, mut child: Child, group: &mut ProcessGroup) -> Result<ExitStatus, ExecutorError> {
    let (mut out, mut err) = (PipeLines::of(child.stdout.take()), PipeLines::of(child.stderr.take()));
    let mut status = None;
    loop {
        tokio::select! {
            read = out.read(), if out.is_open() => read.map_err(|error| failed("the command cannot be read", error))?,
            read = err.read(), if err.is_open() => read.map_err(|error| failed("the command cannot be read", error))?,
            ended = child.wait(), if status.is_none() => {
                status = Some(ended.map_err(|error| failed("the command cannot be waited for", error))?);
                // What it left in the background would hold the pipes open.
                group.kill();
            }
        }
        out.take().iter().for_each(|line| work.info(line));
        err.take().iter().for_each(|line| work.warn(line));
        if let (Some(status), false, false) = (status, out.is_open(), err.is_open()) {
            return Ok(status);
        }
    }
}

fn conclude(work: &mut Work<'_>, status: ExitStatus) -> Result<Outcome, ExecutorError> {
    let Some(code) = status.code() else {
        return Err(ExecutorError::retryable(format!("the command was ended by a {status}")));
    };
    work.set_output(json!({ "exit_code": code }));
    match code {
        0 => Ok(Outcome::Done),
        MAY_PASS => Err(ExecutorError::retryable(format!("the command ended with {code}: it may go through later"))),
        _ => Err(ExecutorError::permanent(format!("the command ended with {code}"))),
    }
}

fn failed(message: &str, error: std::io::Error) -> ExecutorError {
    ExecutorError::Retryable { message: message.to_owned(), source: Some(Box::new(error)) }
}

/// The processes of a command; killed when it is dropped.
struct ProcessGroup {
    leader: Option<Pid>,
}

impl ProcessGroup {
    fn of(child: &Child) -> Self {
        ProcessGroup { leader: child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)) }
    }

    /// Once: the number of a group that has gone can be given to another.
    fn kill(&mut self) {
        if let Some(leader) = self.leader.take() {
            // An error means that there is nobody left.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A pipe, cut into lines.
struct PipeLines<R> {
    pipe: Option<R>,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> PipeLines<R> {
    fn of(pipe: Option<R>) -> Self {
        PipeLines { pipe, buffer: Vec::new() }
    }

    fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Reads what is there; the end closes the pipe.
    async fn read(&mut self) -> std::io::Result<()> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        if pipe.read_buf(&mut self.buffer).await? == 0 {
            self.pipe = None;
        }
        Ok(())
    }

    /// Takes the lines that are complete; at the end of the pipe the last one is.
    fn take(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let end = self.buffer.iter().take(LINE_BYTES).position(|byte| *byte == b'\n');
            let (line, rest) = match end {
                Some(end) => (end, end + 1),
                None if self.buffer.len() >= LINE_BYTES => (LINE_BYTES, LINE_BYTES),
                None if self.pipe.is_none() && !self.buffer.is_empty() => (self.buffer.len(), self.buffer.len()),
                None => return lines,
            };
            lines.push(printable(&self.buffer[..line]));
            self.buffer.drain(..rest);
        }
    }
}

/// One line without characters that would confuse a terminal.
fn printable(line: &[u8]) -> String {
    String::from_utf8_lossy(line).chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect()
}

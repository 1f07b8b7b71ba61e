//! `shell`: runs a command, on one machine and only if its host was started so.
//!
//! A definition that may run commands may do whatever the user of the process may do; that is why nothing but
//! `systole dev --allow-shell` turns it on, and why the functions on AWS have no way to.
//!
//! | argument | says |
//! |---|---|
//! | `command` | what `sh -c` runs |
//! | `artifact` | the name of a file that the command leaves in its folder for later steps; without it none is kept |
//!
//! The folder that the command runs in has copies of the pipeline's files; `command_folder.rs` says which.
//!
//! **Invariant:** no process of a command outlives its attempt: all of them are ended when the command has ended, when the
//! time is up, when the pipeline is stopped, when the attempt is dropped and when the host exits; what survives is named.

mod command_folder;
mod command_run;
mod control_group;
mod pipe_lines;
mod process_table;
mod process_tree;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::process::Stdio;

use async_trait::async_trait;
use engine::accepts::{Accepts, Argument, Parsed, Presence, Text};
use engine::{Executor, ExecutorError, Outcome, Work};
use serde_json::json;
use store::services::ShellPolicy;
use tempfile::TempDir;
use tokio::process::Command;

use super::artifact_name;
use command_run::{CommandEnd, CommandRun, GRACE};
use control_group::JOIN;
use process_tree::ProcessTree;

/// The executor.
pub struct Shell;

/// The argument with the command.
const COMMAND: Argument<Text> = Argument {
    name: "command",
    kind: Text { example: "ls /srv/orders | wc -l" },
    presence: Presence::Required,
    meaning: "the command, which `sh -c` runs",
};

/// The argument with the name of the file to keep.
const ARTIFACT: Argument<Parsed<String>> = Argument {
    name: "artifact",
    kind: artifact_name::FILE_NAME,
    presence: Presence::Optional,
    meaning: "the name of a file that the command leaves in its folder, to be kept for later steps",
};

/// The exit code by which a command says that it may go through later: `EX_TEMPFAIL` of `sysexits.h`.
const MAY_PASS: i32 = 75;

/// Ends the commands of this program with all their processes, before it exits. No further one begins. Takes a moment if
/// they do not listen, so call it where nothing else waits.
pub fn end_commands() {
    process_tree::close(GRACE);
}

#[async_trait]
impl Executor for Shell {
    fn name(&self) -> &'static str {
        "shell"
    }

    fn description(&self) -> &'static str {
        "runs a command on this machine, if `systole dev --allow-shell` allows it"
    }

    fn arguments(&self) -> Accepts {
        Accepts::AlsoOthers {
            known: &[&COMMAND, &ARTIFACT],
            others: "is a variable of the command, `SYSTOLE_ARG_<NAME>`",
        }
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let ShellPolicy::Allowed { environment } = &work.services().shell else {
            let message =
                "no commands are run here; `systole dev --allow-shell` allows them, on the embedded store only";
            return Err(ExecutorError::permanent(message));
        };
        let text = work.argument(&COMMAND)?;
        let artifact = work.optional_argument(&ARTIFACT)?;
        let variables = variables(work);
        check_for_nul(&text, &variables)?;
        let folder = command_folder::filled(work).await?;
        if process_tree::is_closing() {
            std::future::pending::<()>().await;
        }
        let environment =
            environment.iter().chain(&variables).map(|(key, value)| (key.clone(), value.clone())).collect();
        let mut run = started(work, CommandText { text: &text, environment, folder })?;
        let end = run.finish(work).await?;
        conclude(work, &run, end)?;
        if let Some(name) = artifact {
            command_folder::keep(work, run.folder(), &name).await?;
        }
        Ok(Outcome::Done)
    }
}

/// A command and what it finds.
struct CommandText<'a> {
    text: &'a str,
    environment: BTreeMap<String, String>,
    folder: TempDir,
}

/// The arguments of the pipeline and of the step, as variables.
fn variables(work: &Work<'_>) -> BTreeMap<String, String> {
    let variable = |key: &str| -> String {
        key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
    };
    let arguments = work.pipeline.arguments.iter().chain(&work.step.arguments).filter(|(key, _)| *key != COMMAND.name);
    arguments.map(|(key, value)| (format!("SYSTOLE_ARG_{}", variable(key)), value.clone())).collect()
}

fn check_for_nul(text: &str, variables: &BTreeMap<String, String>) -> Result<(), ExecutorError> {
    let has_nul = |(_, value): &(&String, &String)| value.contains('\0');
    let named = match variables.iter().find(has_nul) {
        Some((name, _)) => Some(name.as_str()),
        None => text.contains('\0').then_some("argument `command`"),
    };
    named.map_or(Ok(()), |name| {
        Err(ExecutorError::permanent(format!("{name} has a NUL character in it, which no command can be given")))
    })
}

/// Starts the command in a session of its own: no terminal sends it signals, and its processes are known by it.
fn started(work: &Work<'_>, command: CommandText<'_>) -> Result<CommandRun, ExecutorError> {
    let CommandText { text, environment, folder } = command;
    let attempt = work.artifact_key(COMMAND.name);
    let prepared = |program: &str| {
        let mut command = Command::new(program);
        command.env_clear().envs(&environment).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    // Rust has no safe call for it, and `setsid` of util-linux or busybox is on every Linux; it becomes the command.
    let mut started = ProcessTree::start(prepared("setsid").args(["sh", "-c", JOIN, text]), &attempt);
    if started.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        started = ProcessTree::start(prepared("sh").args(["-c", JOIN, text]).process_group(0), &attempt);
    }
    match started {
        Ok(started) => Ok(CommandRun::of(started, folder)),
        Err(error) => Err(cannot_start(error, text, &environment)),
    }
}

/// Why a command was not started, and whether it will be another time.
fn cannot_start(error: io::Error, text: &str, environment: &BTreeMap<String, String>) -> ExecutorError {
    let kind = error.kind();
    let message = if kind == ErrorKind::ArgumentListTooLong {
        let lengths = environment.iter().map(|(name, value)| (value.len(), name.as_str()));
        let (bytes, name) = lengths.chain([(text.len(), "the argument `command`")]).max().unwrap_or_default();
        format!(
            "the command cannot be started: it is given too much (128 KiB a value are possible; the longest is {name}, \
             {bytes} bytes)"
        )
    } else if kind == ErrorKind::NotFound {
        "the command cannot be started: there is no `sh`".to_owned()
    } else if kind == ErrorKind::PermissionDenied {
        "the command cannot be started: `sh` cannot be executed".to_owned()
    } else {
        return may_pass("the command cannot be started", error);
    };
    ExecutorError::Permanent { message, source: Some(Box::new(error)) }
}

/// What follows from the end of the command, if it is not success.
fn conclude(work: &mut Work<'_>, run: &CommandRun, end: CommandEnd) -> Result<(), ExecutorError> {
    let status = match end {
        CommandEnd::Exited(status) => status,
        CommandEnd::TimedOut(limit) => {
            let message = format!("the command did not end within {} s and was killed", limit.as_secs());
            return Err(ExecutorError::retryable(with_last_words(message, run)));
        }
        CommandEnd::Stopped(reason) => {
            return Err(ExecutorError::permanent(format!("the command was ended with its pipeline: {reason}")));
        }
    };
    let Some(code) = status.code() else {
        let message = format!("the command was ended by a {status}");
        return Err(ExecutorError::retryable(with_last_words(message, run)));
    };
    work.set_output(json!({ "exit_code": code }));
    let meaning = match code {
        0 => return Ok(()),
        MAY_PASS => " (it may go through later)",
        // POSIX gives these two to the shell.
        126 => " (it cannot be executed)",
        127 => " (it was not found)",
        _ => "",
    };
    let message = with_last_words(format!("the command ended with {code}{meaning}"), run);
    Err(if code == MAY_PASS { ExecutorError::retryable(message) } else { ExecutorError::permanent(message) })
}

fn with_last_words(message: String, run: &CommandRun) -> String {
    match run.last_words() {
        words if words.is_empty() => message,
        words => format!("{message}: {words}"),
    }
}

fn may_pass(message: &str, error: io::Error) -> ExecutorError {
    ExecutorError::Retryable { message: message.to_owned(), source: Some(Box::new(error)) }
}

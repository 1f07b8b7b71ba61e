//! One command from its start to its end, with all that it leaves behind.

use std::collections::VecDeque;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use engine::{ExecutorError, Work};
use tempfile::TempDir;
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::time::{Instant, interval, timeout, timeout_at};

use super::pipe_lines::PipeLines;
use super::process_tree::{self, ProcessTree, TreeEnd};

/// How long a command has to end by itself when its time is up or its pipeline was stopped. It fits into what an
/// executor keeps free of its invocation.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// How long processes have that a command left in the background: nobody waits for them, but for the step.
const GRACE_IN_BACKGROUND: Duration = Duration::from_millis(500);

/// How often it is looked for new processes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long the last output of processes that have ended is read.
const LAST_OUTPUT: Duration = Duration::from_millis(200);

/// How many lines of its standard error a command's failure quotes.
const LAST_WORDS: usize = 3;

/// Most characters of them.
const LAST_WORDS_CHARS: usize = 300;

/// A command that runs. Its processes and its folder go with it, whichever way it ends.
pub(super) struct CommandRun {
    // Dropped before the tree is forgotten.
    child: Child,
    pipes: Pipes,
    tree: Arc<ProcessTree>,
    folder: Option<TempDir>,
}

/// What a command says.
struct Pipes {
    out: PipeLines<ChildStdout>,
    err: PipeLines<ChildStderr>,
    last_words: VecDeque<String>,
}

/// Why a command is over.
pub(super) enum CommandEnd {
    /// It has ended by itself.
    Exited(ExitStatus),
    /// Its time was up.
    TimedOut(Duration),
    /// Its pipeline was cancelled or has expired.
    Stopped(String),
}

impl CommandRun {
    pub(super) fn of((mut child, tree): (Child, Arc<ProcessTree>), folder: TempDir) -> Self {
        let (out, err) = (PipeLines::of(child.stdout.take()), PipeLines::of(child.stderr.take()));
        CommandRun { child, pipes: Pipes { out, err, last_words: VecDeque::new() }, tree, folder: Some(folder) }
    }

    /// The folder that the command runs in.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.as_ref().expect("it is taken when the run is dropped").path()
    }

    /// Writes what the command says into the log until it is over, and ends all of its processes.
    pub(super) async fn finish(&mut self, work: &mut Work<'_>) -> Result<CommandEnd, ExecutorError> {
        let end = self.until_over(work).await?;
        if process_tree::is_closing() {
            // This program exits at any moment. What its own signal made of the command is no result of the step.
            std::future::pending::<()>().await;
        }
        let grace = if matches!(end, CommandEnd::Exited(_)) { GRACE_IN_BACKGROUND } else { GRACE };
        let found = self.end_tree(work, grace).await?;
        if !found.ended.is_empty() && matches!(end, CommandEnd::Exited(_)) {
            work.warn(&format!(
                "ended with the command, which left them in the background: {}",
                found.ended.join(", ")
            ));
        }
        if !found.survivors.is_empty() {
            work.warn(&format!("still running after all of the command was killed: {}", found.survivors.join(", ")));
        }
        Ok(end)
    }

    /// The last lines of standard error, in one line.
    pub(super) fn last_words(&self) -> String {
        let words = self.pipes.last_words.iter().map(String::as_str).collect::<Vec<_>>().join(" | ");
        match words.char_indices().nth_back(LAST_WORDS_CHARS - 1) {
            // The end says more than the beginning.
            Some((start, _)) if start > 0 => format!("…{}", &words[start..]),
            _ => words,
        }
    }

    async fn until_over(&mut self, work: &mut Work<'_>) -> Result<CommandEnd, ExecutorError> {
        let limit = work.time_left();
        let until = Instant::now() + limit;
        let mut looks = interval(LOOK_EVERY);
        loop {
            tokio::select! {
                read = self.pipes.read(work), if self.pipes.is_open() => read?,
                // Not the end of its pipes: what it left in the background may hold them for hours.
                ended = self.child.wait() => {
                    let message = "the command cannot be waited for";
                    return Ok(CommandEnd::Exited(ended.map_err(|error| super::may_pass(message, error))?));
                }
                _ = looks.tick() => {
                    self.tree.look();
                    if let Some(reason) = stop_reason(work).await {
                        return Ok(CommandEnd::Stopped(reason));
                    }
                }
                _ = timeout_at(until, std::future::pending::<()>()) => return Ok(CommandEnd::TimedOut(limit)),
            }
        }
    }

    /// Ends the processes while it reads what they have to say to it.
    async fn end_tree(&mut self, work: &mut Work<'_>, grace: Duration) -> Result<TreeEnd, ExecutorError> {
        let tree = self.tree.clone();
        let mut ending = tokio::task::spawn_blocking(move || tree.end(grace));
        let found = loop {
            tokio::select! {
                read = self.pipes.read(work), if self.pipes.is_open() => read?,
                found = &mut ending => break found.expect("the end of processes does not panic"),
            }
        };
        // Those that have ended have closed their ends; one that survives may hold its end for ever.
        let until = Instant::now() + LAST_OUTPUT;
        while self.pipes.is_open()
            && let Ok(read) = timeout_at(until, self.pipes.read(work)).await
        {
            read?;
        }
        self.pipes.close(work);
        // So that nobody has to bury it; it was killed, if it had not ended.
        let _ = timeout(LAST_OUTPUT, self.child.wait()).await;
        Ok(found)
    }
}

impl Pipes {
    fn is_open(&self) -> bool {
        self.out.is_open() || self.err.is_open()
    }

    /// Waits for something to read and logs it.
    async fn read(&mut self, work: &mut Work<'_>) -> Result<(), ExecutorError> {
        let read = tokio::select! {
            read = self.out.read(), if self.out.is_open() => read,
            read = self.err.read(), if self.err.is_open() => read,
        };
        self.log_lines(work);
        read.map_err(|error| super::may_pass("the command cannot be read", error))
    }

    /// Lets go of the pipes and logs what has no line end.
    fn close(&mut self, work: &mut Work<'_>) {
        self.out.close();
        self.err.close();
        self.log_lines(work);
    }

    fn log_lines(&mut self, work: &mut Work<'_>) {
        self.out.take().iter().for_each(|line| work.info(line));
        for line in self.err.take() {
            work.warn(&line);
            if !line.trim().is_empty() {
                self.last_words.push_back(line);
            }
        }
        let surplus = self.last_words.len().saturating_sub(LAST_WORDS);
        self.last_words.drain(..surplus);
    }
}

impl Drop for CommandRun {
    fn drop(&mut self) {
        let (tree, folder) = (self.tree.clone(), self.folder.take());
        if tree.is_over() {
            tree.forget();
            return;
        }
        // The attempt was dropped: its step was taken from this runner. The thread has the folder until nobody uses it.
        std::thread::spawn(move || {
            tree.end(GRACE);
            tree.forget();
            drop(folder);
        });
    }
}

/// Why the pipeline wants no more of the step. Whether it does is asked again, so that no answer is none.
async fn stop_reason(work: &Work<'_>) -> Option<String> {
    work.stop_reason().await.unwrap_or_default()
}

//! The code that does a step's work: the trait that others implement, and the list of all implementations.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipeline::accepts::Accepts;

mod additions;
mod arguments;
mod fan_out;
pub mod log_file;
mod output;
mod step_log;
mod work;
mod working_directory;

pub(crate) use additions::Additions;
pub(crate) use log_file::SharedLog;
pub(crate) use step_log::Level;
pub use step_log::{LogPart, StepLog};
pub(crate) use work::taken;
pub use work::{Shortage, Work};
pub use working_directory::WorkingDirectory;

/// Does the work of steps.
///
/// An executor **may be run twice with the same effect**: a body can be repeated after a crash, and two bodies of one step
/// can overlap for a moment. So it writes artifacts under [`Work::artifact_key`], which only its own commit makes visible,
/// and everything else in a way that a repetition does not change.
///
/// ```
/// use engine::accepts::{Accepts, Argument, Presence, Text};
/// use engine::{Executor, ExecutorError, Outcome, Work};
///
/// /// Copies a file into the working directory.
/// struct FetchList;
///
/// const FILE: Argument<Text> = Argument {
///     name: "file",
///     kind: Text { example: "lists/a.csv" },
///     presence: Presence::Required,
///     meaning: "the key of the file in the bucket",
/// };
///
/// #[async_trait::async_trait]
/// impl Executor for FetchList {
///     fn name(&self) -> &'static str {
///         "fetch_list"
///     }
///
///     fn description(&self) -> &'static str {
///         "copies a list into the working directory"
///     }
///
///     fn arguments(&self) -> Accepts {
///         Accepts::Only(&[&FILE])
///     }
///
///     async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
///         let from = work.argument(&FILE)?;
///         let Some(bytes) = work.store.files.get(&from, None).await? else {
///             return Err(ExecutorError::NotFound { message: format!("there is no file `{from}`") });
///         };
///         // A key of this attempt alone: what a runner wrote that died before its commit is never seen.
///         let key = work.artifact_key("list.csv");
///         work.store.files.put(&key, bytes).await?;
///         work.set_output(key.into());
///         Ok(Outcome::Done)
///     }
/// }
///
/// let program = engine::Program::default().with_executor(FetchList);
/// assert_eq!(program.executors().names(), ["fetch_list"]);
/// ```
///
/// [`testing`](crate::testing) runs one in a test, and proves that it can be repeated.
#[async_trait]
pub trait Executor: Send + Sync {
    /// The name that definitions use: lower-case letters, digits and `_`.
    fn name(&self) -> &'static str;

    /// What it does, in one line for people.
    fn description(&self) -> &'static str;

    /// What a step can tell it. A definition whose step tells it anything else is refused when it is loaded, and
    /// [`Work::argument`] reads by the same declarations. One that takes anything says so: [`Accepts::Anything`].
    fn arguments(&self) -> Accepts;

    /// Does the work, or a part of it that fits the time.
    ///
    /// # Errors
    /// Says whether a further attempt can help; see [`ExecutorError`].
    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError>;
}

/// How an execution ended well.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The work is done.
    Done,
    /// There was nothing to do.
    Skipped {
        /// Why, for people.
        reason: String,
    },
    /// Time ran short, or there is something to wait for; the step is enqueued again without using up an attempt and gets
    /// the checkpoint back.
    Continue {
        /// Where to go on.
        checkpoint: serde_json::Value,
        /// How long to wait before; zero for at once. A message waits 15 minutes at most, so who asked for longer is woken
        /// early, sees that it is not time yet, and continues again.
        after: Duration,
    },
}

/// How an execution failed.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    /// A further attempt may go through.
    #[error("{message}")]
    Retryable {
        /// What failed, for people.
        message: String,
        /// The failure behind it.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// No further attempt can help: a person must change something.
    #[error("{message}")]
    Permanent {
        /// What failed, for people.
        message: String,
        /// The failure behind it.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// What the step should work on is not there; the step counts as skipped.
    #[error("{message}")]
    NotFound {
        /// What is missing, for people.
        message: String,
    },
    /// The data is bad; the step counts as success with a warning that stays visible.
    #[error("{message}")]
    InvalidData {
        /// What is wrong, for people.
        message: String,
    },
}

/// All executors of a program, by name.
#[derive(Default)]
pub struct Executors {
    by_name: BTreeMap<&'static str, Arc<dyn Executor>>,
}

impl Executors {
    /// Makes the list; a later executor of the same name replaces an earlier one.
    #[must_use]
    pub fn new(executors: impl IntoIterator<Item = Arc<dyn Executor>>) -> Self {
        Executors { by_name: executors.into_iter().map(|executor| (executor.name(), executor)).collect() }
    }

    /// The executor of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Executor>> {
        self.by_name.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Executor>> {
        self.by_name.values()
    }

    /// What each of them can be told, by name.
    #[must_use]
    pub fn vocabulary(&self) -> BTreeMap<String, Accepts> {
        self.by_name.iter().map(|(name, executor)| ((*name).to_owned(), executor.arguments())).collect()
    }

    /// All names, for error messages and checks.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.by_name.keys().copied().collect()
    }
}

impl ExecutorError {
    /// A failure that may pass.
    pub fn retryable(message: impl Into<String>) -> Self {
        ExecutorError::Retryable { message: message.into(), source: None }
    }

    /// A failure that a person must end.
    pub fn permanent(message: impl Into<String>) -> Self {
        ExecutorError::Permanent { message: message.into(), source: None }
    }

    /// The failure with everything behind it, in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        crate::error_chain::chain(self)
    }
}

impl From<store::Error> for ExecutorError {
    fn from(error: store::Error) -> Self {
        let message = "the store did not answer as expected".to_owned();
        if error.is_retryable() {
            ExecutorError::Retryable { message, source: Some(Box::new(error)) }
        } else {
            ExecutorError::Permanent { message, source: Some(Box::new(error)) }
        }
    }
}

//! The file of an attempt's log: written now and then while the step runs, and at its end if the log does not fit the item.
//!
//! A short step writes none. That of a runner that died stays and tells how far it came.

use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use pipeline::{PipelineId, Step, StepStatus};
use store::Store;
use store::steps::Claimed;
use tokio::sync::oneshot;

use crate::context::Context;
use crate::error_chain::chain;
use crate::executor::step_log::{Level, StepLog};
use crate::executor::working_directory::WorkingDirectory;

/// The log of a running attempt: the executor writes it and another task reads it now and then.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedLog(Arc<Mutex<StepLog>>);

impl SharedLog {
    pub(crate) fn of(log: StepLog) -> Self {
        SharedLog(Arc::new(Mutex::new(log)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, StepLog> {
        self.0.lock().expect("nothing panics while it is held")
    }
}

/// The key of the file of a claimed step's log.
pub(crate) fn key_of(claimed: &Claimed) -> String {
    let token = claimed.record.token.as_ref().map_or("", |token| &token.0);
    WorkingDirectory::of(&claimed.pipeline).log_key(&claimed.name, claimed.record.attempt, token)
}

/// Writes the log into its file as often as it has grown, until the executor has ended. Tells whether there is a file.
pub(crate) async fn write_until(
    context: &Context,
    log: &SharedLog,
    key: &str,
    mut ended: oneshot::Receiver<()>,
) -> bool {
    let (mut written_length, mut is_written) = (0, false);
    loop {
        #[expect(clippy::disallowed_methods, reason = "people follow the log while the executor works")]
        let sleep = tokio::time::sleep(context.limits.log_every);
        tokio::select! {
            // An executor that has ended comes first: what follows writes the log in any case.
            biased;
            // An error is a sender that was dropped with the executor: as good as its message.
            _ = &mut ended => return is_written,
            () = sleep => {}
        }
        let (length, text) = {
            let log = log.lock();
            if log.length() == written_length {
                continue;
            }
            (log.length(), log.text())
        };
        // Not cut off when the executor ends: it could land behind what is written then.
        match context.store.files.put(key, Bytes::from(text)).await {
            Ok(()) => (written_length, is_written) = (length, true),
            Err(error) => tracing::warn!("the log of a running step is not written: {}", chain(&error)),
        }
    }
}

/// Keeps the log of an invocation that is over: what goes into the step's item, and the whole in a file if that is more.
pub(crate) async fn keep(context: &Context, log: &StepLog, key: &str, has_file: bool) -> store::Result<String> {
    if log.is_long() {
        context.store.files.put(key, Bytes::from(log.text())).await?;
    } else if has_file {
        context.store.files.delete(key).await?;
    }
    Ok(log.for_item(key))
}

/// Keeps what a runner wrote whose process died, with a line that says so; the attempt goes on behind it.
///
/// The file of the dead runner stays: it may be needed again if this is not followed by the write that names it.
pub(crate) async fn taken_over(
    context: &Context,
    dead: &Claimed,
    step: &Step,
    now: DateTime<Utc>,
) -> store::Result<String> {
    let text = latest(&context.store, &dead.pipeline, step).await?;
    let mut log = StepLog::continued(&text, Level::Info);
    log.line(now, Level::Warning, &dead.name, "the process that ran the step is gone; it is carried on");
    let key = key_of(dead);
    if log.is_long() {
        context.store.files.put(&key, Bytes::from(log.text())).await?;
    }
    Ok(log.for_item(&key))
}

/// The whole of a log of which an item may have only the end. If its file has been cleaned up, the end remains.
///
/// # Errors
/// The store did not answer.
pub async fn whole(store: &Store, pipeline: &PipelineId, kept: &str) -> store::Result<String> {
    let Some(key) = StepLog::file_of(kept, pipeline) else { return Ok(kept.to_owned()) };
    Ok(read(store, key).await?.unwrap_or_else(|| kept.to_owned()))
}

/// The whole log of the latest attempt of a step, also while it runs and after its runner has died.
///
/// # Errors
/// The store did not answer.
pub async fn latest(store: &Store, pipeline: &PipelineId, step: &Step) -> store::Result<String> {
    let record = &step.record;
    if let Some(token) = record.token.as_ref().filter(|_| record.status == StepStatus::Running || record.log.is_empty())
    {
        let key = WorkingDirectory::of(pipeline).log_key(&step.definition.name, record.attempt, &token.0);
        if let Some(running) = read(store, &key).await? {
            return Ok(running);
        }
    }
    whole(store, pipeline, &record.log).await
}

async fn read(store: &Store, key: &str) -> store::Result<Option<String>> {
    let bytes = store.files.get(key, None).await?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

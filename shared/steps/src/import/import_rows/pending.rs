//! Rows for which a target answers later.

use std::mem;
use std::time::Duration;

use catalog::target::Target;
use engine::{ExecutorError, Outcome, Work};
use import::Entity;

use super::blocks::check_is_complete;
use crate::import::failures::of_target;
use crate::import::progress::RowProgress;

/// Asks for the rows that the target has not answered for.
pub(super) async fn ask_for_pending<E: Entity>(
    target: &dyn Target<E>,
    progress: &mut RowProgress,
) -> Result<(), ExecutorError> {
    for pending in mem::take(&mut progress.tally.pending) {
        let (file, given) = (pending.file.clone(), pending.lines.len());
        let outcome = target.ask(pending).await.map_err(of_target)?;
        check_is_complete(target.name(), &file, given, &outcome)?;
        progress.tally.count(&file, outcome);
    }
    Ok(())
}

/// Lets the runner go if the target has not answered for all rows.
pub(super) async fn wait_for_pending(
    work: &mut Work<'_>,
    target: &str,
    progress: &mut RowProgress,
) -> Result<Option<Outcome>, ExecutorError> {
    let pending = progress.tally.pending.iter();
    let Some(seconds) = pending.map(|pending| pending.ask_after_seconds).min() else { return Ok(None) };
    work.info(&format!("target `{target}` has not answered for all rows; it is asked again in {seconds} s"));
    let checkpoint = progress.save(work, "imported").await?;
    Ok(Some(Outcome::Continue { checkpoint, after: Duration::from_secs(seconds) }))
}

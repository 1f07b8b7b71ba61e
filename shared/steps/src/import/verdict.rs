//! How a step over rows ends: only what was understood and used as a whole is a plain success.

use engine::{ExecutorError, Outcome, Work};
use import::report::{ImportReport, Mood};
use pipeline::settings::Scope;

/// The setting that says how much an import may leave out.
pub(super) const BEARABLE: &str = "import.bearable_findings";

/// Fails if more was left out than the setting bears.
///
/// # Errors
/// Permanent: says how many there are, how many are borne, and where that is set.
pub(super) async fn check_is_bearable(work: &Work<'_>, report: &ImportReport) -> Result<(), ExecutorError> {
    let settings = work.settings().await?;
    let Some(bearable) = settings.count(BEARABLE, &Scope::Pipeline(work.pipeline.name().clone())) else {
        return Ok(());
    };
    let found = report.to_look_at();
    if found <= bearable {
        return Ok(());
    }
    let sentence = report.verdict().sentence;
    Err(ExecutorError::permanent(format!(
        "{sentence}: there are {found} findings, and the setting `{BEARABLE}` bears {bearable}"
    )))
}

/// Ends a step over rows.
///
/// # Errors
/// Invalid data if anything was left out, or nothing came of the rows.
pub(super) fn conclude(report: &ImportReport) -> Result<Outcome, ExecutorError> {
    let verdict = report.verdict();
    match verdict.mood {
        Mood::Good => Ok(Outcome::Done),
        Mood::Look | Mood::Bad => {
            let named = if report.to_look_at() > 1 { "them" } else { "it" };
            Err(ExecutorError::InvalidData { message: format!("{}; the report names {named}", verdict.sentence) })
        }
    }
}

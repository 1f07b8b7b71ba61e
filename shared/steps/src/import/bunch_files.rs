//! The bunch that a pipeline was spawned for, and where its files are.

use engine::{ExecutorError, Work, WorkingDirectory};
use import::bunch::Bunch;

use super::bunch_argument::BUNCH_ARGUMENT;

/// The bunch that the pipeline was spawned for.
pub(super) fn bunch(work: &Work<'_>) -> Result<Bunch, ExecutorError> {
    let Some(json) = work.optional_argument(BUNCH_ARGUMENT) else {
        return Err(ExecutorError::permanent(format!(
            "step `{}` needs an argument `{BUNCH_ARGUMENT}`; condition `bunch_complete` hands it over when files have \
             arrived, and a pipeline that was spawned by hand has none; what a step fetched gets there by `drop_file`",
            work.step.name
        )));
    };
    serde_json::from_str(json)
        .map_err(|error| ExecutorError::permanent(format!("argument `{BUNCH_ARGUMENT}` is no bunch of files: {error}")))
}

/// The key of a file of the bunch in the working directory.
pub(super) fn moved_key(directory: &WorkingDirectory, name: &str) -> String {
    directory.key(&format!("files/{name}"))
}

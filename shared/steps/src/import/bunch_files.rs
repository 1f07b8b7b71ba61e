//! The bunch that a pipeline was spawned for, and where its files are.

use engine::accepts::{Argument, Parsed, Presence};
use engine::{ExecutorError, Work, WorkingDirectory};
use import::bunch::Bunch;

use super::bunch_argument::BUNCH_ARGUMENT;
use super::prefixes;

/// The bunch of a step.
pub(super) const BUNCH: Argument<Parsed<Bunch>> = Argument {
    name: BUNCH_ARGUMENT,
    kind: Parsed {
        kind: "bunch of files, as JSON",
        example: r#"{"id":"spring-0123456789ab","files":[],"ok_files":[],"left_behind":[]}"#,
        read: |json| Ok(serde_json::from_str(json).map_err(NoBunch)?),
    },
    presence: Presence::HandedOn,
    meaning: "the files; the condition `bunch_complete` hands it over when they have arrived",
};

pub(super) const TAKES: Argument<Parsed<Vec<String>>> = Argument {
    name: "prefixes",
    kind: Parsed {
        kind: "list of file prefixes",
        example: "product-import, erp-products",
        read: |text| Ok(prefixes::parse(text)?),
    },
    presence: Presence::Optional,
    meaning: "the files of the bunch that the step takes, by the part of their names before the first underscore; those of \
              its entity if there is no such argument",
};

/// Why a text is no bunch.
#[derive(Debug, thiserror::Error)]
#[error("it is no bunch of files as JSON, {0} (expected what the condition `bunch_complete` hands on)")]
struct NoBunch(serde_json::Error);

/// The bunch that the pipeline was spawned for.
pub(super) fn bunch(work: &Work<'_>) -> Result<Bunch, ExecutorError> {
    work.optional_argument(&BUNCH)?.ok_or_else(|| {
        ExecutorError::permanent(format!(
            "step `{}` needs an argument `{BUNCH_ARGUMENT}`; condition `bunch_complete` hands it over when files have \
             arrived, and a pipeline that was spawned by hand has none; what a step fetched gets there by `drop_file`",
            work.step.name
        ))
    })
}

/// The files of the bunch that hold rows of an entity: the bunch without all others.
pub(super) fn files_taken(work: &Work<'_>, usual: &[&str]) -> Result<Bunch, ExecutorError> {
    let usual = || usual.iter().map(|prefix| (*prefix).to_owned()).collect();
    let takes = work.optional_argument(&TAKES)?.unwrap_or_else(usual);
    let mut bunch = bunch(work)?;
    bunch.files.retain(|file| takes.iter().any(|prefix| prefix == file.name.prefix()));
    Ok(bunch)
}

/// The key of a file of the bunch in the working directory.
pub(super) fn moved_key(directory: &WorkingDirectory, name: &str) -> String {
    directory.key(&format!("files/{name}"))
}

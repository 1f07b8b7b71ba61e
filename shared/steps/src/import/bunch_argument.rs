//! A bunch as an argument of its pipeline, which is how the condition hands it to the steps.

use chrono::{DateTime, Utc};
use import::bunch::Bunch;
use pipeline::Arguments;
use pipeline::facts::Discovery;

/// The pipeline argument that holds the digest of the configuration.
pub(super) const CONFIGURATION_ARGUMENT: &str = "configuration";

/// The pipeline argument that holds the bunch, as JSON.
pub const BUNCH_ARGUMENT: &str = "bunch";

/// Most bytes of a bunch's list of files. It travels in the pipeline's item, which takes 400 KB with everything else.
const LIMIT_BYTES: usize = 300_000;

/// A bunch that no pipeline can take.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "its {files} files are too many for one pipeline (their list takes {size_bytes} bytes, at most {LIMIT_BYTES} are \
     possible); drop them under several identifiers"
)]
pub(super) struct TooManyFiles {
    files: usize,
    size_bytes: usize,
}

/// The bunch among the arguments of a pipeline.
pub(super) fn bunch_of(arguments: &Arguments) -> Option<Bunch> {
    serde_json::from_str(arguments.get(BUNCH_ARGUMENT)?).ok()
}

/// Names a bunch among the things that pipelines are spawned for.
pub(super) fn key(bunch: &Bunch) -> String {
    format!("bunch {}", bunch.id)
}

/// The names of all files that belong to a bunch.
pub(super) fn file_names(bunch: &Bunch) -> Vec<String> {
    let files = bunch.files.iter().map(|file| file.name.to_string());
    files.chain(bunch.ok_files.iter().cloned()).collect()
}

/// A bunch as a condition finds it.
///
/// # Errors
/// No pipeline can take it.
pub(super) fn found(bunch: &Bunch, at: DateTime<Utc>, configuration: &str) -> Result<Discovery, TooManyFiles> {
    let json = serde_json::to_string(bunch).expect("a bunch has only string keys and no failing serializer");
    if json.len() > LIMIT_BYTES {
        return Err(TooManyFiles { files: bunch.files.len(), size_bytes: json.len() });
    }
    let configuration = (CONFIGURATION_ARGUMENT.to_owned(), configuration.to_owned());
    let arguments = Arguments::from([(BUNCH_ARGUMENT.to_owned(), json), configuration]);
    Ok(Discovery { key: key(bunch), at, arguments, things: file_names(bunch) })
}

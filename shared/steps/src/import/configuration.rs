//! The configuration of imports: where its files are, and which one a pipeline keeps.
//!
//! The files lie below [`CONFIGURATION_PREFIX`] and are merged in the order of their names, over the one that ships. When a
//! pipeline is spawned for a bunch, what they come to is kept under its digest, and the pipeline gets the digest as an
//! argument: whoever edits a file changes no import that runs. A pipeline that was spawned without one keeps what its first
//! step finds.
//!
//! What is wrong is told where problems of definitions are told. It stops the bunches with files of the entities that it
//! concerns, and no others.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use catalog::own::ExportFormat;
use engine::accepts::{Argument, Parsed, Presence};
use engine::definitions::CheckedFiles;
use engine::{ExecutorError, Work};
use import::bunch::Bunch;
use import::configuration::{
    self, Configuration, EntitySettings, FILE_BYTES, LoadedConfiguration, MAX_FILES, Problem, Scope,
};
use import::entity::{self, Description};
use pipeline::Definition;
use store::files::{Files, Range};

use super::bunch_argument::CONFIGURATION_ARGUMENT;
use super::bunch_files::{TAKES, bunch};
use super::operation::OPERATION;

/// Where the files of the configuration are.
pub const CONFIGURATION_PREFIX: &str = "configuration/";

/// Where configurations are kept that pipelines were spawned with. What a digest names never changes.
pub(crate) const KEPT_PREFIX: &str = "definitions/configurations/";

/// Name of the file in the working directory that holds the configuration of a pipeline.
const OWN_COPY: &str = "configuration.json";

/// The file that ships: what holds if nobody says anything.
pub const SHIPPED: &str = include_str!("../../../../pipelines/import-configuration.json");

/// The configuration of a step.
pub(super) const CONFIGURATION: Argument<Parsed<String>> = Argument {
    name: CONFIGURATION_ARGUMENT,
    kind: Parsed {
        kind: "digest of a configuration",
        example: "0123456789abcdef01234567",
        read: |text| Ok(digest(text)?),
    },
    presence: Presence::HandedOn,
    meaning: "the configuration of imports as it was when the pipeline was spawned; the condition `bunch_complete` hands it \
              over, and without it the first step keeps the one that it finds",
};

/// A text that names no configuration.
#[derive(Debug, thiserror::Error)]
#[error("it is no digest of a configuration (expected 24 hexadecimal digits)")]
struct NoDigest;

fn digest(text: &str) -> Result<String, NoDigest> {
    let is_digest = text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest { Ok(text.to_owned()) } else { Err(NoDigest) }
}

/// The files of the configuration, for the checks that come with every load of definitions.
pub struct ConfigurationFiles;

#[async_trait]
impl CheckedFiles for ConfigurationFiles {
    fn prefix(&self) -> &'static str {
        CONFIGURATION_PREFIX
    }

    async fn problems(&self, files: &dyn Files) -> store::Result<Vec<String>> {
        Ok(load(files).await?.problems.iter().map(ToString::to_string).collect())
    }
}

/// Reads the configuration that is in force.
///
/// # Errors
/// The store did not answer. A broken file is no error but a problem of the answer.
pub async fn load(files: &dyn Files) -> store::Result<LoadedConfiguration> {
    load_with(files, Vec::new()).await
}

/// Reads the configuration as it would be if some files lay in the bucket, in the place of those of the same names.
///
/// # Errors
/// As [`load`].
pub async fn load_with(files: &dyn Files, more: Vec<(String, Vec<u8>)>) -> store::Result<LoadedConfiguration> {
    let mut read = Vec::new();
    // One more than are used, to see that there are more.
    for file in files.list(CONFIGURATION_PREFIX, None, MAX_FILES + 1).await? {
        let is_json = file.key.to_ascii_lowercase().ends_with(".json");
        if !is_json || more.iter().any(|(name, _)| *name == file.key) {
            continue;
        }
        // Of a file that is too large, as much as shows that it is.
        let range = Range { start: 0, length: FILE_BYTES as u64 + 1 };
        if let Some(bytes) = files.get(&file.key, Some(range)).await? {
            read.push((file.key, bytes.to_vec()));
        }
    }
    read.extend(more);
    Ok(load_over_shipped(read))
}

/// Reads files over the one that ships.
#[must_use]
pub fn load_over_shipped(mut files: Vec<(String, Vec<u8>)>) -> LoadedConfiguration {
    files.sort();
    files.insert(0, (configuration::SHIPPED.to_owned(), SHIPPED.as_bytes().to_vec()));
    configuration::load(&files, &entity::all())
}

/// Keeps a configuration under its digest.
///
/// # Errors
/// The store did not answer.
pub(super) async fn keep(files: &dyn Files, configuration: &Configuration) -> store::Result<String> {
    let digest = configuration.digest();
    // Written anew although it is the same: by its time the clean-up tells those with which no pipeline begins any more.
    files.put(&kept_key(&digest), Bytes::from(configuration.to_json())).await?;
    Ok(digest)
}

/// Why a bunch cannot be imported by the pipelines of a definition, if the configuration is broken for its files.
pub(super) fn refusal(loaded: &LoadedConfiguration, definition: &Definition, bunch: &Bunch) -> Option<String> {
    let entities = entities_of(definition, bunch);
    let concerns = |problem: &&Problem| {
        let of_pipeline = Scope { pipeline: Some(definition.name.to_string()), ..Scope::default() };
        let of_entities = problem.scope.entity.as_ref().is_none_or(|entity| entities.contains(entity.as_str()));
        problem.scope.meets(&of_pipeline) && of_entities
    };
    let mut concerning = loaded.problems.iter().filter(concerns);
    let first = concerning.next()?;
    let more = match concerning.count() {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    Some(format!("the configuration is broken: {first}{more}"))
}

/// The entities whose files are in a bunch, as the steps of a definition take them.
fn entities_of(definition: &Definition, bunch: &Bunch) -> BTreeSet<&'static str> {
    let prefixes = bunch.files.iter().map(|file| file.name.prefix());
    prefixes.filter_map(|prefix| entity_of(definition, prefix)).collect()
}

/// The entity whose files have a prefix, as the steps of a definition take them.
pub(super) fn entity_of(definition: &Definition, prefix: &str) -> Option<&'static str> {
    let entities = entity::all();
    let by_step = definition.steps.iter().find_map(|step| {
        let is_of = |entity: &&Description| {
            [entity.about.import.name, entity.about.validate.name].contains(&step.executor.as_str())
        };
        let entity = entities.iter().find(is_of)?;
        let takes = TAKES.of(&step.arguments).ok().flatten()?;
        takes.iter().any(|taken| taken == prefix).then_some(entity.about.name)
    });
    let by_name = || entities.iter().find(|entity| entity.has_prefix(prefix)).map(|entity| entity.about.name);
    by_step.or_else(by_name)
}

/// The configuration that the pipeline of a step keeps.
///
/// # Errors
/// The store did not answer, the configuration is gone, or it is broken for the files of the pipeline.
pub(super) async fn of_pipeline(work: &Work<'_>) -> Result<Arc<Configuration>, ExecutorError> {
    let files = work.store.files.as_ref();
    let own_copy = engine::WorkingDirectory::of(work.pipeline_id()).key(OWN_COPY);
    // Read under the digest once: neither an edit nor the clean-up of kept ones changes anything for the steps behind.
    if let Some(bytes) = files.get(&own_copy, None).await? {
        return kept(&own_copy, &bytes);
    }
    let json = match work.optional_argument(&CONFIGURATION)? {
        Some(digest) => {
            let key = kept_key(&digest);
            let gone =
                || ExecutorError::permanent(format!("the configuration `{key}` of the pipeline is not there any more"));
            files.get(&key, None).await?.ok_or_else(gone)?
        }
        None => in_force(work).await?,
    };
    // Steps of one stage may come by here at the same time; the first one decides.
    files.put_if_absent(&own_copy, json).await?;
    let gone = || ExecutorError::permanent(format!("file `{own_copy}` is not there any more"));
    kept(&own_copy, &files.get(&own_copy, None).await?.ok_or_else(gone)?)
}

/// What a pipeline without a configuration keeps.
async fn in_force(work: &Work<'_>) -> Result<Bytes, ExecutorError> {
    let loaded = load(work.store.files.as_ref()).await?;
    if let Some(refusal) = refusal(&loaded, &work.pipeline.definition, &bunch(work)?) {
        return Err(ExecutorError::permanent(refusal));
    }
    Ok(Bytes::from(loaded.configuration.to_json()))
}

/// How the rows of a file of the pipeline are written, as the step that imports them reads them.
pub(super) fn settings_of_file(configuration: &Configuration, definition: &Definition, prefix: &str) -> EntitySettings {
    let entity = entity_of(definition, prefix);
    let import = entity::all().into_iter().find(|of| Some(of.about.name) == entity).map(|of| of.about.import.name);
    let step = definition.steps.iter().find(|step| Some(step.executor.as_str()) == import);
    let operation = step.and_then(|step| step.arguments.get(OPERATION.name)).cloned();
    let pipeline = Some(definition.name.to_string());
    configuration.settings(&Scope { pipeline, entity: entity.map(str::to_owned), operation })
}

/// How the files of an entity are written so that an import reads them as they are meant.
///
/// # Errors
/// The configuration is broken for the entity.
pub fn export_format(
    loaded: &LoadedConfiguration,
    pipeline: Option<&str>,
    entity: &str,
) -> Result<ExportFormat, BrokenConfiguration> {
    let scope = Scope { pipeline: pipeline.map(str::to_owned), entity: Some(entity.to_owned()), operation: None };
    if let Some(problem) = loaded.problems_of(&scope).next() {
        return Err(BrokenConfiguration(Box::new(problem.clone())));
    }
    let EntitySettings { dialect, charset, .. } = loaded.configuration.settings(&scope);
    // Files are written as UTF-8; the mark counts more than the character set that the configuration names.
    let has_mark = charset.is_some_and(|charset| charset != encoding_rs::UTF_8);
    Ok(ExportFormat { dialect, has_mark })
}

/// The configuration says something that nobody can follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is broken: {0}")]
pub struct BrokenConfiguration(Box<Problem>);

fn kept(key: &str, bytes: &[u8]) -> Result<Arc<Configuration>, ExecutorError> {
    let read = Configuration::from_json(bytes);
    read.map(Arc::new).map_err(|error| ExecutorError::permanent(format!("file `{key}` cannot be read: {error}")))
}

fn kept_key(digest: &str) -> String {
    format!("{KEPT_PREFIX}{digest}.json")
}

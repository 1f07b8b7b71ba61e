//! The configuration of imports as people see it: what holds for an import, and who says so.

use engine::Context;
use import::configuration::{ConfigurationPlace, LoadedConfiguration, Problem, Said, Scope};
use import::entity;
use import::nearest::nearest;
use import::operation::Operation;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use steps::import::configuration::{load, load_over_shipped, load_with};

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such entity or operation.
    #[error("there is no {kind} `{name}` ({hint})")]
    Unknown {
        /// What it should be.
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// The name that may have been meant, or all of them.
        hint: String,
    },
    /// There is no such pipeline definition, or it is broken.
    #[error(transparent)]
    Definition(#[from] crate::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Which import is asked about; nothing asks for what holds for all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportAsked {
    /// Name of an entity: `products`.
    pub entity: Option<String>,
    /// Name of a pipeline definition.
    pub pipeline: Option<String>,
    /// What is to be done with rows: `add-update`, `replace` or `delete`.
    pub operation: Option<String>,
}

/// What holds for an import.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfigurationView {
    /// The values, in the order of their keys.
    pub values: Vec<ConfigurationRow>,
    /// What is wrong with the files and stops the import.
    pub problems: Vec<ConfigurationProblem>,
}

/// A value that holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfigurationRow {
    /// Name of the key, with its group: `params/clean-up-links`.
    pub key: String,
    /// The entry of the key's value, such as a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The value.
    pub value: Value,
    /// Where it stands.
    #[serde(flatten)]
    pub place: ConfigurationPlace,
    /// What it is said for.
    pub holds_for: Scope,
}

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfigurationProblem {
    /// Where it is.
    #[serde(flatten)]
    pub place: ConfigurationPlace,
    /// The imports that it stops.
    pub stops: Scope,
    /// What was found and what was expected.
    pub problem: String,
}

/// Tells what holds for an import.
///
/// # Errors
/// There is no such entity, pipeline or operation, or the store did not answer.
pub async fn import_configuration(context: &Context, asked: &ImportAsked) -> Result<ConfigurationView, Error> {
    let scope = scope(context, asked).await?;
    Ok(view(&load(context.store.files.as_ref()).await?, &scope))
}

/// Tells what would hold if some files lay in the bucket: names below `configuration/`, and what is in them.
///
/// # Errors
/// As [`import_configuration`].
pub async fn import_configuration_with(
    context: &Context,
    asked: &ImportAsked,
    files: Vec<(String, Vec<u8>)>,
) -> Result<ConfigurationView, Error> {
    let scope = scope(context, asked).await?;
    Ok(view(&load_with(context.store.files.as_ref(), files).await?, &scope))
}

/// Tells what would hold where there are no other files than these and the one that ships.
///
/// # Errors
/// There is no such entity or operation. Whether there is such a pipeline, nobody knows without a store.
pub fn import_configuration_of(asked: &ImportAsked, files: Vec<(String, Vec<u8>)>) -> Result<ConfigurationView, Error> {
    let scope = known_scope(asked)?;
    Ok(view(&load_over_shipped(files), &scope))
}

async fn scope(context: &Context, asked: &ImportAsked) -> Result<Scope, Error> {
    if let Some(pipeline) = &asked.pipeline {
        crate::definition(context, pipeline).await?;
    }
    known_scope(asked)
}

fn known_scope(asked: &ImportAsked) -> Result<Scope, Error> {
    let ImportAsked { entity, pipeline, operation } = asked.clone();
    known("entity", entity.as_deref(), entity::all().iter().map(|entity| entity.about.name))?;
    known("operation", operation.as_deref(), Operation::ALL.into_iter().map(|(name, _)| name))?;
    Ok(Scope { pipeline, entity, operation })
}

fn known<'k>(kind: &'static str, name: Option<&str>, known: impl Iterator<Item = &'k str>) -> Result<(), Error> {
    let Some(name) = name else { return Ok(()) };
    let known: Vec<&str> = known.collect();
    if known.contains(&name) {
        return Ok(());
    }
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: `{}`", known.join("`, `")),
    };
    Err(Error::Unknown { kind, name: name.to_owned(), hint })
}

fn view(loaded: &LoadedConfiguration, scope: &Scope) -> ConfigurationView {
    let row = |said: &&Said| {
        let Said { scope, key, entry, value, place } = (*said).clone();
        ConfigurationRow { key, entry, value, place, holds_for: scope }
    };
    let problem = |problem: &Problem| {
        let Problem { place, scope, text } = problem.clone();
        ConfigurationProblem { place, stops: scope, problem: text }
    };
    ConfigurationView {
        values: loaded.configuration.of(scope).iter().map(row).collect(),
        problems: loaded.problems_of(scope).map(problem).collect(),
    }
}

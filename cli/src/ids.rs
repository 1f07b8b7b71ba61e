//! Pipelines as a person names them: by the beginning of an id, or by a definition's name for its latest one.

use std::fmt;
use std::str::FromStr;

use anyhow::anyhow;
use pipeline::{Name, PipelineId};

use crate::installation::{Installation, now};

/// How a person names a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PipelineReference(String);

/// The pipeline whose id this is or begins with this.
///
/// # Errors
/// There is none, there are several, or the store did not answer.
pub(crate) async fn resolve(installation: &Installation, reference: &PipelineReference) -> anyhow::Result<PipelineId> {
    let missing =
        || anyhow!("there is no pipeline whose id begins with `{reference}`; `systole pipeline list` shows them");
    find(installation, reference).await?.ok_or_else(missing)
}

/// The pipeline whose id this is or begins with this, or else the latest one of the definition of this name.
///
/// # Errors
/// There is none, there are several, or the store did not answer.
pub(crate) async fn resolve_or_latest(
    installation: &Installation,
    reference: &PipelineReference,
) -> anyhow::Result<PipelineId> {
    if let Some(id) = find(installation, reference).await? {
        return Ok(id);
    }
    let latest = match reference.0.parse::<Name>() {
        Ok(name) => installation.context.store.latest_pipeline(&name).await?.id,
        Err(_) => None,
    };
    latest.ok_or_else(|| {
        anyhow!("there is no pipeline whose id begins with `{reference}` and none of that name; `systole pipeline list` shows them")
    })
}

/// The pipeline whose id this is or begins with this, if there is one.
///
/// # Errors
/// There are several, or the store did not answer.
pub(crate) async fn find(
    installation: &Installation,
    reference: &PipelineReference,
) -> anyhow::Result<Option<PipelineId>> {
    Ok(operate::find_by_beginning(&installation.context, &reference.0, now()).await?)
}

/// What names no pipeline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a pipeline id (expected 20 characters of `0-9a-z` as in `01jd9x4k7m3fq8zt0v2c`, or the beginning of one)"
)]
pub(crate) struct BadPipelineReference {
    /// The text, shortened.
    found: String,
}

impl FromStr for PipelineReference {
    type Err = BadPipelineReference;

    fn from_str(text: &str) -> Result<Self, BadPipelineReference> {
        match text.parse::<Name>() {
            Ok(_) => Ok(PipelineReference(text.to_owned())),
            Err(_) => Err(BadPipelineReference { found: text.chars().take(40).collect() }),
        }
    }
}

impl fmt::Display for PipelineReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

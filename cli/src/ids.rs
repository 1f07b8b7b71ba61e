//! Pipelines as a person names them: by the beginning of an id, or by a definition's name for its latest one.

use anyhow::{anyhow, bail};
use pipeline::{Name, PipelineId};

use crate::installation::{Installation, now};

pub(crate) use crate::arguments::PipelineReference;

/// The pipeline whose id this is or begins with this.
///
/// # Errors
/// There is none, there are several, or the store did not answer.
pub(crate) async fn resolve(installation: &Installation, reference: &PipelineReference) -> anyhow::Result<PipelineId> {
    if let Some(id) = find(installation, reference).await? {
        return Ok(id);
    }
    // Whoever changes something says to which pipeline, as the latest one may be another than they have seen.
    if let Some(latest) = latest(installation, reference).await? {
        bail!("`{reference}` is a definition; this takes the id of one of its pipelines (the latest is {latest})");
    }
    bail!("there is no pipeline whose id begins with `{reference}`; `systole pipeline list` shows them")
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
    latest(installation, reference).await?.ok_or_else(|| {
        anyhow!("there is no pipeline whose id begins with `{reference}` and none of that name; `systole pipeline list` shows them")
    })
}

/// The latest pipeline of the definition of this name.
async fn latest(installation: &Installation, reference: &PipelineReference) -> anyhow::Result<Option<PipelineId>> {
    let Ok(name) = reference.as_str().parse::<Name>() else { return Ok(None) };
    Ok(installation.context.store.latest_pipeline(&name).await?.id)
}

/// The pipeline whose id this is or begins with this, if there is one.
///
/// # Errors
/// There are several, or the store did not answer.
pub(crate) async fn find(
    installation: &Installation,
    reference: &PipelineReference,
) -> anyhow::Result<Option<PipelineId>> {
    Ok(operate::find_by_beginning(&installation.context, reference.as_str(), now()).await?)
}

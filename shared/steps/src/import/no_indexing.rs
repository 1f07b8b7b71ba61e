//! `no_indexing_in_progress`: holds while nobody brings the listings of the catalogue in order.

use std::collections::BTreeSet;

use async_trait::async_trait;
use catalog::own::listing;
use engine::accepts::Accepts;
use engine::conditions::{RegisteredPipelineCondition, RegisteredStepCondition, SpawnQuestion, StepQuestion};
use pipeline::PipelineId;
use pipeline::facts::Answer;
use store::Store;

const NAME: &str = "no_indexing_in_progress";
const DESCRIPTION: &str = "no step `reindex` of another pipeline is at work";

/// The condition, for pipelines and for steps.
pub struct NoIndexing;

#[async_trait]
impl RegisteredPipelineCondition for NoIndexing {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        DESCRIPTION
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[])
    }

    async fn check(&self, question: &SpawnQuestion<'_>) -> store::Result<Answer> {
        answer(question.store, None).await
    }
}

#[async_trait]
impl RegisteredStepCondition for NoIndexing {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        DESCRIPTION
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[])
    }

    async fn check(&self, question: &StepQuestion<'_>) -> store::Result<Answer> {
        answer(question.store, Some(&question.pipeline.id)).await
    }
}

/// Whether another pipeline is at it that has not ended: one that died in between must not hold up others for ever.
async fn answer(store: &Store, own: Option<&PipelineId>) -> store::Result<Answer> {
    let busy = async {
        let indexing = listing::state(store.table.as_ref()).await?.indexing;
        let others: BTreeSet<PipelineId> = indexing.into_iter().filter(|id| Some(id) != own).collect();
        let ended = listing::ended(store, &others).await?;
        Ok::<_, catalog::own::Error>(others.into_iter().find(|id| !ended.contains(id)))
    };
    match busy.await {
        Ok(None) => Ok(Answer::Met),
        Ok(Some(id)) => Ok(Answer::Unmet(format!("pipeline {id} brings the listings of the catalogue in order"))),
        Err(catalog::own::Error::Store(error)) => Err(error),
        Err(error) => Ok(Answer::Unmet(error.to_string())),
    }
}

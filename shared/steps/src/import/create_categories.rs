//! `create_categories`: creates the categories that the product rows name, parents before children.

use async_trait::async_trait;
use catalog::own::OwnCatalogue;
use engine::accepts::{Accepts, Argument, EarlierStep, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::Entity;
use import::entity::category::Categories;
use serde_json::json;

use super::drafts::{DRY_RUN, SINGLE_TRANSACTION, draft_of};
use super::failures::of_own;
use super::progress::Tally;

const VALIDATED_BY: Argument<EarlierStep> = Argument {
    name: "validated_by",
    kind: EarlierStep::Needed,
    presence: Presence::Default("validate"),
    meaning: "the step that checked the rows and collected their categories",
};

/// The executor.
pub struct CreateCategories;

#[async_trait]
impl Executor for CreateCategories {
    fn name(&self) -> &'static str {
        "create_categories"
    }

    fn description(&self) -> &'static str {
        "creates the categories that the product rows name and that do not exist"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&VALIDATED_BY, &DRY_RUN, &SINGLE_TRANSACTION])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let step = work.argument(&VALIDATED_BY)?;
        let Some(Tally { named, .. }) = Tally::left_by(work, step.as_str()).await? else {
            let name = &work.step.name;
            return Err(ExecutorError::permanent(format!(
                "step `{step}` left no list of categories; name the step that validates in argument `validated_by` of step `{name}`"
            )));
        };
        if named.categories.is_empty() {
            return Ok(Outcome::Skipped { reason: "the rows name no categories".to_owned() });
        }
        let mark = work.pipeline_id().to_string();
        let draft = draft_of(work, Categories::ABOUT.name).await?;
        let catalogue = OwnCatalogue::new(work.store.table.clone()).drafting(draft);
        let created = catalogue.create_categories(&named.categories, &mark).await;
        let created = created.map_err(of_own)?;
        let known = named.categories.len() - created;
        work.info(&format!("{created} categories created, {known} existed"));
        work.set_output(json!({ "created": created, "existed": known }));
        Ok(Outcome::Done)
    }
}

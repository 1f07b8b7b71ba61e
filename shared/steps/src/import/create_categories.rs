//! `create_categories`: creates the categories that the product rows name, parents before children.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use catalog::own::{CreatedCategories, OwnCatalogue};
use engine::accepts::{Accepts, Argument, EarlierStep, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::Entity;
use import::category_path::CategoryPath;
use import::entity::category::Categories;
use serde_json::json;

use super::drafts::{DRY_RUN, SINGLE_TRANSACTION, draft_of};
use super::failures::{of_own, of_target};
use super::progress::Tally;
use super::targets::{shop_target, target_names};
use crate::shop::settings::OWN;
use crate::shop::{ShopClients, forget};

const VALIDATED_BY: Argument<EarlierStep> = Argument {
    name: "validated_by",
    kind: EarlierStep::Needed,
    presence: Presence::Default("validate"),
    meaning: "the step that checked the rows and collected their categories",
};

/// The executor.
pub struct CreateCategories {
    /// Where shops are spoken to.
    pub shops: Arc<ShopClients>,
}

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
        let mut created = 0;
        for target in target_names(work).await? {
            created = created.max(self.create_in(work, &target, &named.categories).await?);
        }
        let known = named.categories.len() - created;
        work.info(&format!("{created} categories created, {known} existed"));
        work.set_output(json!({ "created": created, "existed": known }));
        Ok(Outcome::Done)
    }
}

impl CreateCategories {
    /// Makes the categories in one target; returns how many were missing there.
    async fn create_in(
        &self,
        work: &mut Work<'_>,
        target: &str,
        paths: &BTreeSet<CategoryPath>,
    ) -> Result<usize, ExecutorError> {
        if target != OWN {
            let shop = shop_target(work, &self.shops, target).await?;
            let made = shop.make_categories(paths).await.map_err(of_target)?;
            forget(work, target).await?;
            return Ok(made);
        }
        let mark = work.pipeline_id().to_string();
        let draft = draft_of(work, Categories::ABOUT.name).await?;
        let catalogue = OwnCatalogue::new(work.store.table.clone()).drafting(draft);
        let CreatedCategories { count, numbered } = catalogue.create_categories(paths, &mark).await.map_err(of_own)?;
        for (path, address) in numbered {
            work.warn(&format!(
                "category `{path}` gets the address `{address}`, because one beside it has the address made of its name"
            ));
        }
        Ok(count)
    }
}

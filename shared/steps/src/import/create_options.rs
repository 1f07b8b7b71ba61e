//! `create_options`: adds the options that the product rows name to their attributes, for everybody.
//!
//! Labels of store views come with the attribute files, or from people.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use catalog::own::OwnCatalogue;
use engine::accepts::{Accepts, Argument, EarlierStep, OneOf, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::Entity;
use import::entity::attribute::Attributes;
use serde_json::json;

use super::drafts::{DRY_RUN, SINGLE_TRANSACTION, draft_of};
use super::failures::{of_own, of_target};
use super::progress::{Tally, count};
use super::targets::{shop_target, target_names};
use crate::shop::settings::OWN;
use crate::shop::{ShopClients, forget};

const VALIDATED_BY: Argument<EarlierStep> = Argument {
    name: "validated_by",
    kind: EarlierStep::Needed,
    presence: Presence::Default("validate"),
    meaning: "the step that checked the rows and collected their options",
};

const MISSING_OPTIONS: Argument<OneOf> = Argument {
    name: "missing_options",
    kind: OneOf(&["create", "leave"]),
    presence: Presence::Default("create"),
    meaning: "what to do with options that product rows name and attributes do not have: `create` adds them, `leave` only \
              tells how many there are",
};

/// The executor.
pub struct CreateOptions {
    /// Where shops are spoken to.
    pub shops: Arc<ShopClients>,
}

#[async_trait]
impl Executor for CreateOptions {
    fn name(&self) -> &'static str {
        "create_options"
    }

    fn description(&self) -> &'static str {
        "adds the options that the product rows name to the attributes that do not have them"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&MISSING_OPTIONS, &VALIDATED_BY, &DRY_RUN, &SINGLE_TRANSACTION])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let step = work.argument(&VALIDATED_BY)?;
        let Some(Tally { named, .. }) = Tally::left_by(work, step.as_str()).await? else {
            let name = &work.step.name;
            return Err(ExecutorError::permanent(format!(
                "step `{step}` left no list of options; name the step that validates in argument `validated_by` of step `{name}`"
            )));
        };
        if named.options.is_empty() {
            return Ok(Outcome::Skipped { reason: "the rows name no options that are missing".to_owned() });
        }
        if work.argument(&MISSING_OPTIONS)? == "leave" {
            let missing = named.options.values().map(|labels| labels.len() as u64).sum();
            let codes: Vec<&str> = named.options.keys().map(String::as_str).collect();
            let reason = format!("{} of `{}` missing and left so", count(missing, "option"), codes.join("`, `"));
            return Ok(Outcome::Skipped { reason });
        }
        let mut created = 0;
        for target in target_names(work).await? {
            created = created.max(self.create_in(work, &target, &named.options).await?);
        }
        for (code, labels) in &named.options {
            work.info(&format!("attribute `{code}`: {}", labels.values().cloned().collect::<Vec<_>>().join(", ")));
        }
        work.info(&format!("{} created", count(created as u64, "option")));
        work.set_output(json!({ "created": created }));
        Ok(Outcome::Done)
    }
}

impl CreateOptions {
    /// Adds the options in one target; returns how many were missing there.
    async fn create_in(
        &self,
        work: &mut Work<'_>,
        target: &str,
        options: &BTreeMap<String, BTreeMap<String, String>>,
    ) -> Result<usize, ExecutorError> {
        if target != OWN {
            let shop = shop_target(work, &self.shops, target).await?;
            let added = shop.add_options(options).await.map_err(of_target)?;
            forget(work, target).await?;
            return Ok(added);
        }
        let mark = work.pipeline_id().to_string();
        let draft = draft_of(work, Attributes::ABOUT.name).await?;
        let catalogue = OwnCatalogue::new(work.store.table.clone()).drafting(draft);
        catalogue.create_options(options, &mark).await.map_err(of_own)
    }
}

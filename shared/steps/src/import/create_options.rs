//! `create_options`: adds the options that the product rows name to their attributes, for everybody.
//!
//! Labels of store views come with the attribute files, or from people.

use async_trait::async_trait;
use catalog::own::OwnCatalogue;
use engine::accepts::{Accepts, Argument, EarlierStep, OneOf, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::Entity;
use import::entity::attribute::Attributes;
use serde_json::json;

use super::drafts::{DRY_RUN, SINGLE_TRANSACTION, draft_of};
use super::failures::of_own;
use super::progress::{Tally, count};

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
pub struct CreateOptions;

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
        let mark = work.pipeline_id().to_string();
        let draft = draft_of(work, Attributes::ABOUT.name).await?;
        let catalogue = OwnCatalogue::new(work.store.table.clone()).drafting(draft);
        let created = catalogue.create_options(&named.options, &mark).await;
        let created = created.map_err(of_own)?;
        for (code, labels) in &named.options {
            work.info(&format!("attribute `{code}`: {}", labels.values().cloned().collect::<Vec<_>>().join(", ")));
        }
        work.info(&format!("{} created", count(created as u64, "option")));
        work.set_output(json!({ "created": created }));
        Ok(Outcome::Done)
    }
}

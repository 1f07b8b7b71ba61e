//! `import_categories`: creates the categories that the product rows name, parents before children.

use async_trait::async_trait;
use catalog::table;
use engine::{Executor, ExecutorError, Outcome, Work};
use serde_json::json;

use super::bunch_files::{Findings, Output};

/// The executor.
pub struct ImportCategories;

#[async_trait]
impl Executor for ImportCategories {
    fn name(&self) -> &'static str {
        "import_categories"
    }

    fn description(&self) -> &'static str {
        "creates the categories that the product rows name"
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let step = work.optional_argument("validated_by").unwrap_or("validate");
        let Some(output) = work.output_of::<Output>(step).await? else {
            let name = &work.step.name;
            return Err(ExecutorError::permanent(format!(
                "step `{step}` left no list of categories; name the step that validates in argument `validated_by` of step `{name}`"
            )));
        };
        let findings = Findings::read(work, &output.findings).await?;
        if findings.categories.is_empty() {
            return Ok(Outcome::Skipped { reason: "the rows name no categories".to_owned() });
        }
        let mark = work.pipeline_id().to_string();
        let table = work.store.table.clone();
        let created =
            table::create_categories(table.as_ref(), &findings.categories, &mark).await.map_err(of_catalog)?;
        let known = findings.categories.len() - created;
        work.info(&format!("{created} categories created, {known} existed"));
        work.set_output(json!({ "created": created, "existed": known }));
        Ok(Outcome::Done)
    }
}

/// A failure of the catalogue as a failure of the step.
pub(super) fn of_catalog(error: table::Error) -> ExecutorError {
    match error {
        table::Error::Store(error) => error.into(),
        table::Error::Product { .. } => ExecutorError::Permanent {
            message: "the catalogue holds something that cannot be read".to_owned(),
            source: Some(Box::new(error)),
        },
    }
}

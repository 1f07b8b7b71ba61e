//! `systole shop check`, `facts` and `compare`: each spawns a pipeline that asks the shop, and prints what it found.
//!
//! So only the place where steps run needs the shop's secret and a way to it.

use std::time::Duration;

use anyhow::{Context as _, bail};
use operate::Operator;
use pipeline::{Arguments, PipelineId, PipelineStatus};
use serde_json::Value;
use steps::import::compare::Comparison;

use crate::arguments::{ShopAskArguments, ShopCompareArguments};
use crate::import_commands::{Awaited, End, files_of, put_to_check, wait};
use crate::installation::{BEAT_BUDGET, Installation};
use crate::outcome::ExitReason;
use crate::output::Output;

/// Most differences that are printed; `--json` has all.
const LISTED: usize = 50;

/// What a pipeline that asked a shop has left.
enum Left {
    /// The output of its step, and what is in the file that it names.
    Found { output: Value, file: Value },
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

/// `systole shop check`.
pub(super) async fn check(
    installation: &Installation,
    options: &ShopAskArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let id = spawn(installation, "check_shop", arguments(options)).await?;
    let Left::Found { output: left, file } = wait_for(installation, &id, "check_shop", options.timeout, output).await?
    else {
        return Ok(ExitReason::Interrupted);
    };
    output.show(&file, checks_in_words)?;
    Ok(if left["amiss"] == 0 { ExitReason::Ok } else { ExitReason::WithFindings })
}

fn checks_in_words(shops: &Value) -> String {
    let mut lines = Vec::new();
    for (shop, checks) in shops.as_object().into_iter().flatten() {
        for check in checks.as_array().into_iter().flatten() {
            let of = |name: &str| check[name].as_str().unwrap_or_default();
            let verdict = match of("verdict") {
                "good" => "ok",
                "amiss" => "AMISS",
                _ => "unknown",
            };
            lines.push(format!("{shop}: {:<8} {verdict:<7} {}", of("about"), of("told")));
        }
    }
    lines.join("\n")
}

/// `systole shop facts`.
pub(super) async fn facts(
    installation: &Installation,
    options: &ShopAskArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let id = spawn(installation, "refresh_shop_facts", arguments(options)).await?;
    let left = wait_for(installation, &id, "refresh_shop_facts", options.timeout, output).await?;
    let Left::Found { output: counts, .. } = left else { return Ok(ExitReason::Interrupted) };
    output.show(&counts, |counts| {
        let lines = counts.as_object().into_iter().flatten().map(|(shop, counts)| {
            let of = |name: &str| counts[name].as_u64().unwrap_or_default();
            let (views, sets) = (of("store_views"), of("attribute_sets"));
            let (attributes, categories) = (of("attributes"), of("categories"));
            format!(
                "{shop}: {views} store views, {sets} attribute sets, {attributes} attributes, {categories} categories"
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    })?;
    Ok(ExitReason::Ok)
}

/// `systole shop compare`.
pub(super) async fn compare(
    installation: &Installation,
    options: &ShopCompareArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let files = files_of(&options.paths)?;
    let files = put_to_check(installation, &files).await?;
    let id = spawn(installation, "compare_shop", arguments(&options.ask).into_iter().chain(files).collect()).await?;
    let left = wait_for(installation, &id, "compare_shop", options.ask.timeout, output).await?;
    let Left::Found { file, .. } = left else { return Ok(ExitReason::Interrupted) };
    let found: Comparison = serde_json::from_value(file).context("the comparison cannot be read")?;
    output.show(&found, comparison_in_words)?;
    let is_equal = found.differences.is_empty() && found.refused.is_empty();
    Ok(if is_equal { ExitReason::Ok } else { ExitReason::WithFindings })
}

fn comparison_in_words(found: &Comparison) -> String {
    let (rows, shop) = (found.rows, &found.shop);
    if found.differences.is_empty() && found.refused.is_empty() {
        return format!("equal: shop `{shop}` has all that {rows} rows say");
    }
    let mut lines: Vec<String> = found.differences.iter().take(LISTED).map(ToString::to_string).collect();
    lines.extend(found.refused.iter().take(LISTED).map(ToString::to_string));
    let (differ, refused) = (found.differences.len(), found.refused.len());
    lines.push(format!(
        "{rows} rows: {} equal, {differ} values differ, {refused} findings of rows that are not sent",
        found.equal
    ));
    lines.join("\n")
}

fn arguments(options: &ShopAskArguments) -> Arguments {
    options.shop.iter().map(|shop| ("shop".to_owned(), shop.clone())).collect()
}

async fn spawn(installation: &Installation, definition: &str, arguments: Arguments) -> anyhow::Result<PipelineId> {
    let invocation = installation.host().invocation("cli", BEAT_BUDGET);
    let operator = Operator { name: &installation.by, invocation: &invocation };
    Ok(operate::init(&installation.context, definition, arguments, operator).await?)
}

/// Waits for a pipeline, and reads what its step has left.
async fn wait_for(
    installation: &Installation,
    id: &PipelineId,
    step: &str,
    timeout: Duration,
    output: &Output,
) -> anyhow::Result<Left> {
    let waited = wait(installation, Awaited::Pipeline(id), timeout, output).await?;
    match waited.end {
        End::Complete => {}
        End::Stuck | End::TimedOut => bail!("it has not ended in time; `systole pipeline details {id}` shows it"),
        End::Interrupted => return Ok(Left::Interrupted),
    }
    let details = waited.pipelines.into_iter().next().context("the pipeline is not there any more")?;
    let Some(found) = details.steps.iter().find(|found| found.name.as_str() == step) else {
        bail!("pipeline {id} has no step `{step}`");
    };
    if details.pipeline.status != PipelineStatus::Success {
        let failed = details.steps.iter().filter_map(|step| step.message.clone()).next();
        bail!("{}", failed.unwrap_or_else(|| format!("it failed; `systole pipeline details {id}` shows it")));
    }
    let Some(left) = found.output.clone() else {
        bail!("{}", found.message.clone().unwrap_or_else(|| format!("step `{step}` has found nothing")));
    };
    let file = match left["file"].as_str() {
        None => Value::Null,
        Some(key) => {
            let bytes = installation.context.store.files.get(key, None).await?;
            let bytes = bytes.with_context(|| format!("file `{key}` is not there any more"))?;
            serde_json::from_slice(&bytes).with_context(|| format!("file `{key}` cannot be read"))?
        }
    };
    Ok(Left::Found { output: left, file })
}

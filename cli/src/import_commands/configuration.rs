//! `systole import configuration`.

use std::path::Path;

use anyhow::Context as _;
use import::configuration::Scope;
use operate::import_configuration::{
    ConfigurationProblem, ConfigurationRow, ConfigurationView, ImportAsked, import_configuration,
    import_configuration_of, import_configuration_with,
};
use steps::import::configuration::CONFIGURATION_PREFIX;

use crate::arguments::ConfigurationArguments;
use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::{self, Output};

/// Longest value that a line of the table has; `--json` has all of it.
const SHOWN_CHARS: usize = 60;

/// Shows what holds for an import, with where it stands; fails if anything is wrong with it.
///
/// Without a store the files that are checked are read over what ships.
pub(crate) async fn configuration(
    installation: Option<&Installation>,
    options: ConfigurationArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let ConfigurationArguments { entity, pipeline, operation, check } = options;
    let asked = ImportAsked { entity, pipeline, operation };
    let files = check.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let view = match installation.map(|installation| &installation.context) {
        None => import_configuration_of(&asked, files)?,
        Some(context) if files.is_empty() => import_configuration(context, &asked).await?,
        Some(context) => import_configuration_with(context, &asked, files).await?,
    };
    output.show(&view, in_words)?;
    Ok(if view.problems.is_empty() { ExitReason::Ok } else { ExitReason::Failed })
}

/// A file under the name that it would have in the store.
pub(crate) fn read(path: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    let bytes = std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    Ok((format!("{CONFIGURATION_PREFIX}{name}"), bytes))
}

fn in_words(view: &ConfigurationView) -> String {
    let rows: Vec<Vec<String>> = view.values.iter().map(row).collect();
    let table = output::table(&["key", "value", "holds for", "says"], rows);
    let problems: Vec<String> = view.problems.iter().map(problem).collect();
    if problems.is_empty() { table } else { format!("{}\n\n{table}", problems.join("\n")) }
}

fn row(row: &ConfigurationRow) -> Vec<String> {
    let key = match &row.entry {
        Some(entry) => format!("{} `{entry}`", row.key),
        None => row.key.clone(),
    };
    let value = row.value.to_string();
    let shown = match value.chars().count() > SHOWN_CHARS {
        true => format!("{}…", value.chars().take(SHOWN_CHARS).collect::<String>()),
        false => value,
    };
    vec![key, shown, scope(&row.holds_for), format!("{} {}", row.place, row.place.pointer)]
}

/// What is wrong and where, and which imports it stops.
pub(crate) fn problem(problem: &ConfigurationProblem) -> String {
    let pointer = if problem.place.pointer.is_empty() { "/" } else { &problem.place.pointer };
    format!("{}: {pointer}: {} (stops {})", problem.place, problem.problem, scope(&problem.stops))
}

fn scope(scope: &Scope) -> String {
    let Scope { pipeline, entity, operation } = scope;
    let parts = [pipeline.clone(), entity.clone(), operation.clone()];
    match parts.into_iter().flatten().collect::<Vec<_>>() {
        none if none.is_empty() => "all imports".to_owned(),
        parts => parts.join(", "),
    }
}

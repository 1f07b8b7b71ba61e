//! `systole pipeline validate`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Context as _;
use engine::Program;
use operate::view::{self, DefinitionRow};
use pipeline::merge;
use serde_json::json;

use super::{definition_table, warned};
use crate::outcome::ExitReason;
use crate::output::Output;

/// Checks files together with those that ship, as the heartbeat would load them from the bucket.
pub(crate) fn validate(program: &Program, files: &[PathBuf], output: &Output) -> anyhow::Result<ExitReason> {
    let mut sources = Vec::new();
    for path in files {
        let bytes = std::fs::read(path).with_context(|| format!("failed to read `{}`", path.display()))?;
        sources.push((path.display().to_string(), bytes));
    }
    let given: BTreeSet<_> = files.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    let shipped = program.definitions.iter().filter(|(name, _)| !given.contains(name.as_str()));
    sources.extend(shipped.map(|(name, xml)| (name.clone(), xml.to_vec())));
    let vocabulary = program.vocabulary();
    let merged = merge::load(sources.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())), &vocabulary);
    let problems: Vec<String> = merged.errors.iter().map(ToString::to_string).collect();
    let warnings: Vec<String> = merged.definitions.iter().flat_map(|definition| definition.warnings()).collect();
    let rows: Vec<DefinitionRow> = merged.definitions.iter().map(view::definition).collect();
    output.show(&json!({ "definitions": rows, "problems": problems, "warnings": warnings }), |_| {
        let found = if problems.is_empty() {
            format!("no problems found\n\n{}", definition_table(&rows))
        } else {
            problems.join("\n")
        };
        warned(&warnings) + &found
    })?;
    Ok(if problems.is_empty() { ExitReason::Ok } else { ExitReason::Failed })
}

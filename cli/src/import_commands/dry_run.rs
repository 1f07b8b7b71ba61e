//! `systole import run --dry-run`: the pipelines that would import files are spawned with them, and write nothing.
//!
//! The files do not come into the drop area: there a heartbeat would import them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use import::file_name::FileName;
use operate::Operator;
use operate::view::PipelineDetails;
use pipeline::Definition;
use serde_json::json;
use steps::import::bunch_complete;

use super::to_check::{files_of, put_to_check};
use super::wait::{Awaited, End, Waited, wait};
use super::{next, outcome, summary};
use crate::arguments::RunArguments;
use crate::installation::{BEAT_BUDGET, Installation};
use crate::outcome::ExitReason;
use crate::output::Output;

/// Files that one pipeline would import.
type Groups = BTreeMap<(String, String), Vec<(FileName, PathBuf)>>;

pub(super) async fn run(
    installation: &Installation,
    options: &RunArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let context = &installation.context;
    let loaded = context.definitions.load(context.store.files.as_ref()).await?;
    let groups = groups(files_of(&options.paths)?, &loaded.definitions, &loaded.problems)?;
    let mut ended: Vec<PipelineDetails> = Vec::new();
    for ((definition, identifier), files) in groups {
        let arguments = put_to_check(installation, &files).await?;
        let dry_run = ("dry_run".to_owned(), "true".to_owned());
        let arguments = arguments.into_iter().chain([dry_run]).collect();
        let invocation = installation.host().invocation("cli", BEAT_BUDGET);
        let operator = Operator { name: &installation.by, invocation: &invocation };
        output.say(&format!("dry run  {definition} of {identifier}"))?;
        let id = operate::init(context, &definition, arguments, operator).await?;
        let waited = wait(installation, Awaited::Pipeline(&id), options.timeout, output).await?;
        ended.extend(waited.pipelines.clone());
        if waited.end != End::Complete {
            return show(installation, &ended, Some(&waited), output);
        }
    }
    show(installation, &ended, None, output)
}

/// The files by the definitions that take them and their identifiers, as the heartbeat makes bunches of them.
fn groups(
    files: Vec<(FileName, PathBuf)>,
    definitions: &[Arc<Definition>],
    problems: &[String],
) -> anyhow::Result<Groups> {
    let mut groups = Groups::new();
    for (name, path) in files {
        let takes = |definition: &&Arc<Definition>| {
            bunch_complete::prefixes_of(definition).iter().any(|prefix| prefix == name.prefix())
        };
        let mut is_taken = false;
        for definition in definitions.iter().filter(takes) {
            let group = (definition.name.to_string(), name.filename().to_owned());
            groups.entry(group).or_default().push((name.clone(), path.clone()));
            is_taken = true;
        }
        if !is_taken {
            let broken: String =
                problems.iter().map(|problem| format!("; a definition is broken: {problem}")).collect();
            bail!("`{}`: no pipeline takes files named `{}_…`{broken}", path.display(), name.prefix());
        }
    }
    Ok(groups)
}

fn show(
    installation: &Installation,
    ended: &[PipelineDetails],
    stopped: Option<&Waited>,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    output.show(&json!({ "pipelines": ended }), |_| {
        let mut parts: Vec<String> = ended.iter().map(|details| summary(installation, details)).collect();
        parts.extend(stopped.and_then(|waited| next(installation, waited)));
        parts.join("\n")
    })?;
    Ok(match stopped.map(|waited| waited.end) {
        None | Some(End::Complete) => outcome(ended.iter().map(|details| &details.pipeline)),
        Some(End::Stuck | End::TimedOut) => ExitReason::TimedOut,
        Some(End::Interrupted) => ExitReason::Interrupted,
    })
}

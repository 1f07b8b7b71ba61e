//! `systole pipeline validate`.

mod definition_files;
mod difference;

use engine::Program;
use operate::import_configuration::{ImportAsked, import_configuration_of, import_configuration_with};
use operate::view::{self, DefinitionRow};
use pipeline::merge;
use serde_json::json;

use super::{definition_table, warned};
use crate::import_commands;
use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::Output;
use definition_files::DefinitionFiles;
use difference::{DefinitionChange, changes};

/// Checks files together with those of the store and those that ship, as the heartbeat would load them if they lay in the
/// store, and says what that would change. Without a store they are compared with what ships.
pub(crate) async fn validate(
    program: &Program,
    installation: Option<&Installation>,
    paths: &[std::path::PathBuf],
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let files = DefinitionFiles::read(program, installation, paths).await?;
    let vocabulary = program.vocabulary();
    let sources = files.all.iter().map(|file| (file.shown.as_str(), file.bytes.as_ref()));
    let merged = merge::load(sources, &vocabulary);
    let mut problems: Vec<String> = merged.errors.iter().map(ToString::to_string).collect();
    problems.extend(problems_of_configurations(installation, &files.configurations).await?);
    let warnings = merged.warnings.iter().map(ToString::to_string);
    let warnings: Vec<String> = files.unread.iter().cloned().chain(warnings).collect();
    let rows: Vec<DefinitionRow> = merged.definitions.iter().map(view::definition).collect();
    // Of a set with an error nobody knows yet what it would change.
    let changes = if problems.is_empty() {
        changes(&in_force(program, installation).await?, &merged.definitions)
    } else {
        Vec::new()
    };
    let shown = json!({
        "definitions": rows, "problems": problems, "warnings": warnings, "changes": changes, "replaces": files.replaced,
    });
    output.show(&shown, |_| {
        let found = if problems.is_empty() {
            let replaced = files.replaced.iter().map(|replaced| format!("takes the place of {replaced}\n"));
            let replaced: String = replaced.collect();
            format!("no problems found\n\n{}\n\n{replaced}{}", definition_table(&rows), changes_in_words(&changes))
        } else {
            problems.join("\n")
        };
        warned(&warnings) + &found
    })?;
    Ok(if problems.is_empty() { ExitReason::Ok } else { ExitReason::Failed })
}

/// What is wrong with files of the configuration of imports, if some were given; those of the store count with them.
async fn problems_of_configurations(
    installation: Option<&Installation>,
    paths: &[std::path::PathBuf],
) -> anyhow::Result<Vec<String>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let files =
        paths.iter().map(|path| import_commands::read_configuration(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let asked = ImportAsked::default();
    let view = match installation {
        Some(installation) => import_configuration_with(&installation.context, &asked, files).await?,
        None => import_configuration_of(&asked, files)?,
    };
    Ok(view.problems.iter().map(import_commands::problem_of_configuration).collect())
}

/// The definitions that hold now.
async fn in_force(program: &Program, installation: Option<&Installation>) -> anyhow::Result<Vec<pipeline::Definition>> {
    if let Some(installation) = installation {
        let context = &installation.context;
        let loaded = context.definitions.load(context.store.files.as_ref()).await?;
        return Ok(loaded.definitions.iter().map(|definition| definition.as_ref().clone()).collect());
    }
    let shipped = program.definitions.iter().map(|(name, xml)| (name.as_str(), xml.as_ref()));
    Ok(merge::load(shipped, &program.conditions().vocabulary()).definitions)
}

fn changes_in_words(changes: &[DefinitionChange]) -> String {
    if changes.is_empty() {
        return "changes nothing that is in force".to_owned();
    }
    let lines = changes.iter().map(|change| {
        let DefinitionChange { pipeline, change, details } = change;
        let details: String = details.iter().map(|detail| format!("\n  {detail}")).collect();
        format!("{change} `{pipeline}`{details}")
    });
    format!("would change what is in force:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

//! `systole executors`, `systole conditions` and `systole settings describe`: what this program can do and be told, so that
//! authors know what their XML may ask for. None of them needs a store.

use anyhow::bail;
use engine::Program;
use engine::reference::{self, Entry, SettingEntry};
use pipeline::xml::suggest;

use crate::outcome::ExitReason;
use crate::output::{Output, table};

/// Shows every executor, registered condition and data fetcher, or all of one executor.
pub(crate) fn executors(program: &Program, name: Option<&str>, output: &Output) -> anyhow::Result<ExitReason> {
    let executors = reference::executors(program);
    match name {
        Some(name) => describe(&named("executor", executors, name)?, output),
        None => list(&[executors, reference::registered(program)].concat(), output),
    }
}

/// Shows every condition, or all of those of one name.
pub(crate) fn conditions(program: &Program, name: Option<&str>, output: &Output) -> anyhow::Result<ExitReason> {
    let conditions = reference::conditions(program);
    match name {
        Some(name) => describe(&named("condition", conditions, name)?, output),
        None => list(&conditions, output),
    }
}

/// Shows what every setting means and takes, or one setting.
pub(crate) fn settings(program: &Program, name: Option<&str>, output: &Output) -> anyhow::Result<ExitReason> {
    let mut settings = reference::settings(program);
    if let Some(name) = name {
        program.setting_list().named(name)?;
        settings.retain(|setting| setting.name == name);
    }
    output.show(&settings, |settings| {
        let row = |it: &SettingEntry| {
            vec![
                it.name.to_owned(),
                it.value.clone(),
                it.default.to_owned(),
                it.scopes.join(", "),
                it.description.to_owned(),
            ]
        };
        table(&["setting", "value", "default", "for", "what it does"], settings.iter().map(row))
    })?;
    Ok(ExitReason::Ok)
}

fn list(entries: &[Entry], output: &Output) -> anyhow::Result<ExitReason> {
    output.show(&entries, |entries| {
        let cells = entries.iter().map(|entry| [entry.kind, entry.name, entry.description].map(str::to_owned).to_vec());
        table(&["kind", "name", "what it does"], cells)
    })?;
    Ok(ExitReason::Ok)
}

/// The entries of a name; several where a condition of pipelines and one of steps have it.
fn named(what: &str, entries: Vec<Entry>, name: &str) -> anyhow::Result<Vec<Entry>> {
    let found: Vec<Entry> = entries.iter().filter(|entry| entry.name == name).cloned().collect();
    if found.is_empty() {
        let expected = suggest::expected(name, entries.iter().map(|entry| entry.name));
        bail!("there is no {what} `{name}`{expected}");
    }
    Ok(found)
}

fn describe(entries: &[Entry], output: &Output) -> anyhow::Result<ExitReason> {
    output.show(&entries, |entries| entries.iter().map(in_words).collect::<Vec<_>>().join("\n\n"))?;
    Ok(ExitReason::Ok)
}

fn in_words(entry: &Entry) -> String {
    let mut text = format!("{} `{}`: {}\n", entry.kind, entry.name, entry.description);
    if !entry.arguments.is_empty() {
        let row = |it: &pipeline::accepts::ArgumentDescription| {
            vec![it.name.to_owned(), it.form.in_words(), it.presence_in_words(), it.meaning.to_owned()]
        };
        text += &format!(
            "\n{}\n",
            table(&["argument", "value", "needed", "what it says"], entry.arguments.iter().map(row))
        );
    }
    text + &format!("\n{}", entry.other_arguments_in_words())
}

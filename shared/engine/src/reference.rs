//! What a program has, as people are told of it.
//!
//! Executors and conditions come with their arguments, from the declarations that definitions are checked against. Command
//! line, schema and the pages of docs/reference/ are made of this.

use pipeline::accepts::{Accepts, ArgumentDescription};
use pipeline::merge::built_in;
use pipeline::settings::SettingKind;
use serde::Serialize;

use crate::program::Program;

/// An executor, a condition or a data fetcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What it is: `executor`, `pipeline condition`, `step condition`, `recurring condition` or `data fetcher`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it does or asks.
    pub description: &'static str,
    /// What it can be told.
    pub arguments: Vec<ArgumentDescription>,
    /// What becomes of arguments that are not declared; absent where they are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_arguments: Option<&'static str>,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingEntry {
    /// Its name.
    pub name: &'static str,
    /// What its values look like, with an example.
    pub value: String,
    /// What holds where nothing is set.
    pub default: &'static str,
    /// For whom it can be set.
    pub scopes: Vec<String>,
    /// What it does.
    pub description: &'static str,
}

/// All executors, by name.
#[must_use]
pub fn executors(program: &Program) -> Vec<Entry> {
    let executors = program.executors();
    executors.iter().map(|it| Entry::of("executor", (it.name(), it.description()), it.arguments())).collect()
}

/// All conditions: those that are built in and those that the program registers, by where they stand and by name.
#[must_use]
pub fn conditions(program: &Program) -> Vec<Entry> {
    let mut entries: Vec<Entry> =
        built_in().into_iter().map(|it| Entry::of(it.kind, (it.name, it.description), it.accepts)).collect();
    entries.extend(registered(program).into_iter().filter(|entry| entry.kind != DATA_FETCHER));
    entries.sort_by_key(|entry| (entry.kind, entry.name));
    entries
}

/// What a program registers beside its executors: conditions and data fetchers.
#[must_use]
pub fn registered(program: &Program) -> Vec<Entry> {
    let mut entries = Vec::new();
    for it in &program.pipeline_conditions {
        entries.push(Entry::of("pipeline condition", (it.name(), it.description()), it.arguments()));
    }
    for it in &program.finding_conditions {
        entries.push(Entry::of("pipeline condition", (it.name(), it.description()), it.arguments()));
    }
    for it in &program.step_conditions {
        entries.push(Entry::of("step condition", (it.name(), it.description()), it.arguments()));
    }
    for it in &program.data_fetchers {
        entries.push(Entry::of(DATA_FETCHER, (it.name(), it.description()), Accepts::Only(&[])));
    }
    entries
}

const DATA_FETCHER: &str = "data fetcher";

/// All settings, by name.
///
/// # Panics
/// If two settings have one name.
#[must_use]
pub fn settings(program: &Program) -> Vec<SettingEntry> {
    let entry = |setting: &pipeline::settings::Setting| SettingEntry {
        name: setting.name,
        value: value_in_words(setting.kind),
        default: setting.default,
        scopes: std::iter::once("default".to_owned())
            .chain(setting.scopes.iter().map(|scope| format!("{}:…", scope.as_str())))
            .collect(),
        description: setting.description,
    };
    program.setting_list().iter().map(entry).collect()
}

fn value_in_words(kind: SettingKind) -> String {
    match kind {
        SettingKind::Flag => "flag: `true`, `false`".to_owned(),
        SettingKind::Duration => "duration in words (example: `2 hours`)".to_owned(),
        SettingKind::DurationOrNever => "duration in words (example: `2 hours`), or `never`".to_owned(),
        SettingKind::Cron => "cron expression (example: `30 2 * * *`)".to_owned(),
        SettingKind::CronOrNever => "cron expression (example: `30 2 * * *`), or `never`".to_owned(),
        SettingKind::TimeZone => "time zone of IANA (example: `Europe/Berlin`)".to_owned(),
        SettingKind::CountOrAny => "number from 0 on, or `any`".to_owned(),
        SettingKind::Choice(words) => {
            let listed: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            format!("word: {}", listed.join(", "))
        }
        SettingKind::Text(form) => form.words.to_owned(),
    }
}

impl Entry {
    /// What becomes of arguments that are not declared, in a sentence.
    #[must_use]
    pub fn other_arguments_in_words(&self) -> String {
        match (self.other_arguments, self.arguments.is_empty()) {
            (Some(others), false) => format!("Any other argument {others}."),
            (Some(others), true) => format!("Any argument {others}."),
            (None, false) => "Any other argument is refused.".to_owned(),
            (None, true) => "It takes no arguments.".to_owned(),
        }
    }

    fn of(kind: &'static str, (name, description): (&'static str, &'static str), accepts: Accepts) -> Self {
        let other_arguments = match accepts {
            Accepts::Anything => Some("means what the program makes of it"),
            Accepts::Only(_) => None,
            Accepts::AlsoOthers { others, .. } => Some(others),
        };
        Entry { kind, name, description, arguments: accepts.described(), other_arguments }
    }
}

//! What a program has, as people are told of it: executors and conditions with their arguments, from the declarations that
//! definitions are checked against. Command line, schema and the pages of docs/reference/ are made of this.

use pipeline::accepts::{Accepts, ArgumentDescription};
use pipeline::merge::built_in;
use serde::Serialize;

use crate::program::Program;

/// An executor or a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Where a definition names it: `executor`, `pipeline condition`, `step condition` or `recurring condition`.
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
    for it in &program.pipeline_conditions {
        entries.push(Entry::of("pipeline condition", (it.name(), it.description()), it.arguments()));
    }
    for it in &program.finding_conditions {
        entries.push(Entry::of("pipeline condition", (it.name(), it.description()), it.arguments()));
    }
    for it in &program.step_conditions {
        entries.push(Entry::of("step condition", (it.name(), it.description()), it.arguments()));
    }
    entries.sort_by_key(|entry| (entry.kind, entry.name));
    entries
}

impl Entry {
    fn of(kind: &'static str, (name, description): (&'static str, &'static str), accepts: Accepts) -> Self {
        let other_arguments = match accepts {
            Accepts::Anything => Some("means what the program makes of it"),
            Accepts::Only(_) => None,
            Accepts::AlsoOthers { others, .. } => Some(others),
        };
        Entry { kind, name, description, arguments: accepts.described(), other_arguments }
    }
}

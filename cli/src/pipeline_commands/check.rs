//! `systole pipeline check`: why something does not run. The sentences are the engine's, the same as in the API.

use anyhow::{anyhow, bail};
use operate::{Answered, Why, WhyNotSpawned};
use serde_json::Value;

use super::warned;
use crate::ids::{PipelineReference, find};
use crate::installation::{Installation, now};
use crate::output::{self, Output};

pub(super) async fn run(installation: &Installation, what: &str, output: &Output) -> anyhow::Result<()> {
    let unknown = match operate::why_not_spawned(&installation.context, what, now()).await {
        Ok(why) => return output.show(&why, spawn_in_words),
        Err(unknown @ operate::Error::UnknownDefinition { .. }) => unknown,
        Err(error) => return Err(error.into()),
    };
    let reference = what.parse::<PipelineReference>().map_err(|error| anyhow!(error))?;
    let Some(id) = find(installation, &reference).await? else {
        bail!("there is no pipeline whose id begins with `{what}`, and {unknown}");
    };
    output.show(&operate::why(&installation.context, &id, now()).await?, in_words)
}

fn in_words(why: &Why) -> String {
    let mut rows = Vec::new();
    for step in &why.steps {
        rows.push(vec![step.name.to_string(), step.status.to_string(), step.text.clone()]);
    }
    let table = output::table(&["step", "status", "why"], rows);
    format!("{} {}: {}\n{}\n\n{table}", why.name, why.id, why.status, why.text)
}

fn spawn_in_words(why: &WhyNotSpawned) -> String {
    let mut text = format!("{}{}: {}", warned(&why.warnings), why.name, why.text);
    if !why.conditions.is_empty() {
        let mut rows = Vec::new();
        for Answered { condition, answer, reason } in &why.conditions {
            rows.push(vec![in_words_of(condition), (*answer).to_owned(), reason.clone().unwrap_or_default()]);
        }
        let table = output::table(&["condition", "answer", "why"], rows);
        text += &format!("\n\n{table}");
    }
    text
}

/// A condition by its type, and what its author gave it in brackets.
fn in_words_of(condition: &Value) -> String {
    let kind = condition["type"].as_str().unwrap_or_default();
    let fields = condition.as_object().into_iter().flatten();
    // A condition that is built in has its arguments beside its type, a registered one has them in an object.
    let given = fields.filter(|(key, _)| !matches!(key.as_str(), "type" | "description" | "arguments"));
    let told = condition["arguments"].as_object().into_iter().flatten();
    let given: Vec<String> = given.chain(told).map(|(key, value)| format!("{key} {}", in_short(value))).collect();
    if given.is_empty() { kind.to_owned() } else { format!("{kind} ({})", given.join(", ")) }
}

fn in_short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(in_short).collect::<Vec<_>>().join(" "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

//! `systole settings …`, `systole maintenance …` and `systole audit`.

use engine::Program;
use operate::settings::{self, Changed, Maintenance, SettingState, Switch};
use operate::view::{self, AuditRow};
use pipeline::settings::Scope;

use crate::arguments::{MaintenanceCommand, SettingsCommand};
use crate::drain;
use crate::installation::{Installation, now};
use crate::outcome::ExitReason;
use crate::output::{self, Output, time};

/// `systole settings …`.
pub(crate) async fn run(
    installation: &Installation,
    command: SettingsCommand,
    program: &Program,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let context = &installation.context;
    match command {
        SettingsCommand::List { set } => list(installation, set.then_some(OnlySet), output).await?,
        SettingsCommand::Describe { name } => {
            return crate::program_commands::settings(program, name.as_deref(), output);
        }
        SettingsCommand::Get { name, scope } => {
            let scoped = settings::get(context, &name, &parse(&scope)?).await?;
            output.show(&scoped, |scoped| scoped.value.clone())?;
        }
        SettingsCommand::Set { name, scope, value } => {
            let changed = settings::set(
                context,
                store::settings::NewSetting { name: &name, scope: &parse(&scope)?, value: &value },
                operate::AuditStamp { by: &installation.by, at: now() },
            )
            .await?;
            output.show(&changed, in_words)?;
        }
        SettingsCommand::Unset { name, scope } => {
            let changed =
                settings::unset(context, &name, &scope, operate::AuditStamp { by: &installation.by, at: now() })
                    .await?;
            output.show(&changed, in_words)?;
        }
    }
    Ok(ExitReason::Ok)
}

/// `systole maintenance …`.
pub(crate) async fn maintenance(
    installation: &Installation,
    command: MaintenanceCommand,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let context = &installation.context;
    let state = match command {
        MaintenanceCommand::On { .. } => {
            settings::set_maintenance(context, Switch::On, &installation.by, now()).await?
        }
        MaintenanceCommand::Off => settings::set_maintenance(context, Switch::Off, &installation.by, now()).await?,
        MaintenanceCommand::Status => settings::maintenance(context).await?,
    };
    output.show(&state, maintenance_in_words)?;
    match command {
        MaintenanceCommand::On { wait: true, timeout } => drain::wait(installation, timeout, output).await,
        MaintenanceCommand::On { wait: false, .. } | MaintenanceCommand::Off | MaintenanceCommand::Status => {
            Ok(ExitReason::Ok)
        }
    }
}

/// `systole audit`.
pub(crate) async fn audit(installation: &Installation, limit: usize, output: &Output) -> anyhow::Result<ExitReason> {
    let lines = installation.context.store.audit(limit + 1).await?;
    let rows: Vec<AuditRow> = lines.iter().take(limit).map(view::audit).collect();
    output.show(&rows, |rows| {
        let row = |line: &AuditRow| vec![time(line.at), line.by.clone(), line.what.clone()];
        output::table(&["time (UTC)", "who", "what"], rows.iter().map(row))
    })?;
    if lines.len() > limit {
        output.note(&format!("the latest {limit} lines; --limit shows more"))?;
    }
    Ok(ExitReason::Ok)
}

/// Leaves out settings of which nothing is set.
struct OnlySet;

async fn list(installation: &Installation, only: Option<OnlySet>, output: &Output) -> anyhow::Result<()> {
    let mut report = settings::list(&installation.context).await?;
    if only.is_some() {
        report.settings.retain(|state| !state.set.is_empty());
    }
    output.show(&report, |report| {
        let rows = report.settings.iter().flat_map(rows);
        let mut text = output::table(&["setting", "value", "default", "what it does"], rows);
        for problem in &report.problems {
            text += &format!("\nwarning: {problem}");
        }
        text
    })
}

/// The row of a setting, and one for each narrower scope for which something is set.
fn rows(state: &SettingState) -> Vec<Vec<String>> {
    let shown = |value: &str| if value.is_empty() { "(empty)".to_owned() } else { value.to_owned() };
    let mut rows =
        vec![vec![state.name.to_owned(), shown(&state.value), shown(state.default), state.description.to_owned()]];
    for set in state.set.iter().filter(|set| set.scope != Scope::Default.to_string()) {
        rows.push(vec![format!("  for {}", set.scope), shown(&set.value), String::new(), String::new()]);
    }
    rows
}

fn in_words(changed: &Changed) -> String {
    let Changed { name, scope, before, value } = changed;
    match (before, value) {
        (Some(before), Some(value)) => format!("`{name}` for {scope} is `{value}` now, it was `{before}`"),
        (None, Some(value)) => format!("`{name}` for {scope} is `{value}` now, it was not set"),
        (Some(before), None) => format!("`{name}` for {scope} is not set any more, it was `{before}`"),
        (None, None) => format!("`{name}` for {scope} was not set"),
    }
}

fn maintenance_in_words(state: &Maintenance) -> String {
    let switch = if state.is_on { "on" } else { "off" };
    let since = state.since.map(|since| format!(" since {} UTC", time(since))).unwrap_or_default();
    let by = state.by.as_ref().map(|by| format!(", switched by {by}")).unwrap_or_default();
    let effect = if state.is_on { ": nothing is spawned and nothing enqueued" } else { "" };
    format!("maintenance mode is {switch}{since}{by}{effect}")
}

fn parse(scope: &str) -> anyhow::Result<Scope> {
    Ok(scope.parse()?)
}

//! What an operator can set, who has set it, and maintenance mode, which is one of the settings.
//!
//! Every change is checked by the setting itself, leaves a line in the audit together with the value, and makes this
//! process forget the settings that it has kept; others go by the old value for as long as they keep theirs
//! ([`settings_kept_for`](engine::Limits::settings_kept_for)).

use chrono::{DateTime, Utc};
use engine::Context;
use pipeline::settings::{self, Scope, ScopeKind, Setting, SettingKind};
use serde::Serialize;
use store::settings::{NewSetting, StoredSetting};

use crate::operator::AuditStamp;

/// The name of the setting that maintenance mode is.
const MAINTENANCE: &str = "maintenance";

/// Why a setting cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such setting, or the scope or the value does not fit it.
    #[error(transparent)]
    Setting(#[from] settings::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// All settings, and what is wrong with what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingsReport {
    /// Every setting that there is, by name.
    pub settings: Vec<SettingState>,
    /// Stored values that no setting or scope takes (any more); they count as not set.
    pub problems: Vec<String>,
}

/// A setting with everything that is set of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingState {
    /// Its name.
    pub name: &'static str,
    /// What is in effect for all: what is set, or else the default.
    pub value: String,
    /// What is in effect where nothing is set.
    pub default: &'static str,
    /// What is set, for all and for narrower scopes.
    pub set: Vec<SetValue>,
    /// For whom it can be set beside all.
    pub scopes: &'static [ScopeKind],
    /// What its values look like.
    pub kind: SettingKind,
    /// What it does.
    pub description: &'static str,
}

/// One value that is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetValue {
    /// For whom: `default`, `pipeline:<name>`, `target:<name>` or `website:<code>`.
    pub scope: String,
    /// The value.
    pub value: String,
    /// Who set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// Why it counts as not set, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The value in effect for one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScopedValue {
    /// The setting.
    pub name: &'static str,
    /// The scope asked for.
    pub scope: String,
    /// The value.
    pub value: String,
    /// The scope that it is set for; none if it is the default of the setting.
    pub set_for: Option<String>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The setting.
    pub name: String,
    /// For whom.
    pub scope: String,
    /// What was set before; none if nothing was.
    pub before: Option<String>,
    /// What is set now; none if nothing is.
    pub value: Option<String>,
}

/// Whether something is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// Maintenance mode: nothing is spawned and nothing enqueued while it is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Maintenance {
    /// Whether it is on.
    pub is_on: bool,
    /// Who switched it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it was switched last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
}

/// Lists every setting with what is set of it.
///
/// # Errors
/// The store did not answer.
pub async fn list(context: &Context) -> Result<SettingsReport, Error> {
    let stored = context.store.stored_settings().await?;
    let settings: Vec<SettingState> = context.setting_list.iter().map(|setting| state(setting, &stored)).collect();
    let mut problems = Vec::new();
    for set in settings.iter().flat_map(|state| &state.set) {
        problems.extend(set.problem.clone());
    }
    // What is stored for a setting that does not exist any more is shown nowhere else.
    for stored in &stored {
        if let Err(stray) = context.setting_list.named(&stored.name) {
            problems.push(stray.to_string());
        }
    }
    Ok(SettingsReport { settings, problems })
}

/// Tells which value of a setting is in effect for a scope, and where it comes from.
///
/// # Errors
/// There is no such setting, it has no such scope, or the store did not answer.
pub async fn get(context: &Context, name: &str, scope: &Scope) -> Result<ScopedValue, Error> {
    let setting = context.setting_list.named(name)?;
    setting.check(scope, setting.default)?;
    let settings = context.store.settings().await?;
    let value = settings.text_of(setting, std::slice::from_ref(scope));
    let set_for = [scope, &Scope::Default].into_iter().find(|scope| settings.is_set(setting.name, scope));
    Ok(ScopedValue { name: setting.name, scope: scope.to_string(), value, set_for: set_for.map(ToString::to_string) })
}

/// Sets a value for a scope.
///
/// # Errors
/// There is no such setting, the scope or the value does not fit it, or the store did not answer.
pub async fn set(context: &Context, new: NewSetting<'_>, stamp: AuditStamp<'_>) -> Result<Changed, Error> {
    let (NewSetting { name, scope, value }, AuditStamp { by, at }) = (new, stamp);
    let setting = context.setting_list.named(name)?;
    let value = setting.check(scope, value)?;
    let before = stored(context, name, &scope.to_string()).await?;
    context.store.set_setting(NewSetting { name, scope, value: &value }, by, at).await?;
    context.settings.forget();
    tracing::info!("setting `{name}` for {scope} set to `{value}` by {by}");
    let before = before.map(|stored| stored.value);
    Ok(Changed { name: name.to_owned(), scope: scope.to_string(), before, value: Some(value) })
}

/// Takes a value back, so that the wider scope or the default counts. The scope is given in words, because what is stored
/// for a setting or a scope that does not exist any more can be taken back, too.
///
/// # Errors
/// Nothing is stored and there is no such setting or scope, or the store did not answer.
pub async fn unset(context: &Context, name: &str, scope: &str, stamp: AuditStamp<'_>) -> Result<Changed, Error> {
    let AuditStamp { by, at } = stamp;
    let (name, scope) = (name.to_owned(), scope.to_owned());
    let Some(before) = stored(context, &name, &scope).await? else {
        let setting = context.setting_list.named(&name)?;
        if let Ok(scope) = scope.parse() {
            setting.check(&scope, setting.default)?;
        }
        return Ok(Changed { name, scope, before: None, value: None });
    };
    context.store.unset_setting(&name, &scope, by, at).await?;
    context.settings.forget();
    tracing::info!("setting `{name}` for {scope} unset by {by}");
    Ok(Changed { name, scope, before: Some(before.value), value: None })
}

/// Tells whether maintenance mode is on, who switched it last and when.
///
/// # Errors
/// The store did not answer.
pub async fn maintenance(context: &Context) -> Result<Maintenance, Error> {
    let Some(stored) = stored(context, MAINTENANCE, &Scope::Default.to_string()).await? else {
        return Ok(Maintenance { is_on: false, by: None, since: None });
    };
    // A value that does not fit counts as not set, here as in a beat.
    let checked = Setting::named(MAINTENANCE)?.check(&Scope::Default, &stored.value);
    let is_on = checked.is_ok_and(|value| value == Switch::On.as_value());
    Ok(Maintenance { is_on, by: stored.by, since: stored.at })
}

/// Switches maintenance mode. If it stands so already, nothing is written: who switched it first and when stays known.
///
/// # Errors
/// The store did not answer.
pub async fn set_maintenance(
    context: &Context,
    switch: Switch,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Maintenance, Error> {
    let current = maintenance(context).await?;
    if current.is_on == (switch == Switch::On) {
        return Ok(current);
    }
    let new = NewSetting { name: MAINTENANCE, scope: &Scope::Default, value: switch.as_value() };
    set(context, new, AuditStamp { by, at: now }).await?;
    maintenance(context).await
}

impl Switch {
    fn as_value(self) -> &'static str {
        match self {
            Switch::On => "true",
            Switch::Off => "false",
        }
    }
}

async fn stored(context: &Context, name: &str, scope: &str) -> Result<Option<StoredSetting>, Error> {
    let stored = context.store.stored_settings().await?;
    Ok(stored.into_iter().find(|stored| stored.name == name && stored.scope == scope))
}

fn state(setting: &'static Setting, stored: &[StoredSetting]) -> SettingState {
    let stored = stored.iter().filter(|stored| stored.name == setting.name);
    let set: Vec<SetValue> = stored.map(|stored| set_value(setting, stored)).collect();
    let for_all = set.iter().find(|set| set.scope == Scope::Default.to_string() && set.problem.is_none());
    let value = match for_all {
        Some(set) => set.value.clone(),
        None => setting.default.to_owned(),
    };
    let Setting { name, kind, default, scopes, description } = *setting;
    SettingState { name, value, default, set, scopes, kind, description }
}

fn set_value(setting: &'static Setting, stored: &StoredSetting) -> SetValue {
    let StoredSetting { name, scope, value, by, at } = stored.clone();
    let fault = match scope.parse::<Scope>() {
        Ok(parsed) => setting.check(&parsed, &value).err().as_ref().map(ToString::to_string),
        Err(error) => Some(format!("setting `{name}`: {error}")),
    };
    let problem = fault.map(|fault| format!("{fault}; `{value}` for {scope} is stored and counts as not set"));
    SetValue { scope, value, by, at, problem }
}

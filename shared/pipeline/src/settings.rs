//! Operating settings: what there is to set, and what holds for whom.
//!
//! A setting has a type, a default, a description and the scopes for which it can be set. A value for a narrower scope
//! (one pipeline name, one website) wins over the one for all; where nothing is set, the default holds.
//!
//! **Invariant:** a value that is stored has been checked, and a stored value that cannot be read counts as not set.

mod kind;
mod list;
mod scope;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::duration;
use crate::schedule::Cron;

pub use kind::{BadValue, SettingKind, TextForm};
pub use list::SettingList;
pub use scope::{BadScope, Scope, ScopeKind};

/// Something that can be set.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name, as CLI and API spell it.
    pub name: &'static str,
    /// What its values look like.
    pub kind: SettingKind,
    /// What holds where nothing is set.
    pub default: &'static str,
    /// For whom it can be set, beside all.
    pub scopes: &'static [ScopeKind],
    /// What it does, in a sentence for operators.
    pub description: &'static str,
}

/// Why a setting cannot have a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such setting.
    #[error("there is no setting `{name}`{expected}")]
    Unknown {
        /// The name given.
        name: String,
        /// All names, and the nearest one.
        expected: String,
    },
    /// The setting does not exist for such a scope.
    #[error("setting `{name}` cannot be set for `{scope}` (possible: {possible})")]
    Scope {
        /// The setting.
        name: &'static str,
        /// The scope given.
        scope: Scope,
        /// The scopes there are.
        possible: String,
    },
    /// The value is not of the setting's type.
    #[error("setting `{name}`: {problem}")]
    Value {
        /// The setting.
        name: &'static str,
        /// What is wrong with the value, and what was expected.
        problem: BadValue,
    },
}

/// The values that are set; everything else has its default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    values: BTreeMap<(String, Scope), String>,
}

const PIPELINE: &[ScopeKind] = &[ScopeKind::Pipeline];
const WEBSITE: &[ScopeKind] = &[ScopeKind::Website];
const ALL_ONLY: &[ScopeKind] = &[];

/// Everything that can be set in any program, by name. What else a program declares is in its [`SettingList`].
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "clean_up.cancel_after",
        kind: SettingKind::DurationOrNever,
        default: "3 weeks",
        scopes: PIPELINE,
        description: "cancels pipelines that are open for longer",
    },
    Setting {
        name: "clean_up.compress_after",
        kind: SettingKind::DurationOrNever,
        default: "13 weeks",
        scopes: PIPELINE,
        description: "packs the files of pipelines that ended longer ago",
    },
    Setting {
        name: "clean_up.cron",
        kind: SettingKind::Cron,
        default: "0 3 * * *",
        scopes: ALL_ONLY,
        description: "tells when the clean-up pipeline runs, in the time zone of `time_zone`",
    },
    Setting {
        name: "clean_up.delete_after",
        kind: SettingKind::DurationOrNever,
        default: "never",
        scopes: PIPELINE,
        description: "deletes pipelines that ended longer ago from the table",
    },
    Setting {
        name: "clean_up.delete_files_after",
        kind: SettingKind::DurationOrNever,
        default: "26 weeks",
        scopes: PIPELINE,
        description: "deletes the files and archives of pipelines that ended longer ago",
    },
    Setting {
        name: "import.bearable_findings",
        kind: SettingKind::CountOrAny,
        default: "any",
        scopes: PIPELINE,
        description: "fails an import, before its first write if that can be known, that would leave out more values, rows, files and columns",
    },
    Setting {
        name: "import.dry_run",
        kind: SettingKind::Flag,
        default: "false",
        scopes: PIPELINE,
        description: "lets imports only show what they would create, update and delete; nothing is written",
    },
    Setting {
        name: "import.history_kept",
        kind: SettingKind::DurationOrNever,
        default: "52 weeks",
        scopes: PIPELINE,
        description: "forgets what came of an import after so long, whatever the clean-up has deleted before; `never` keeps it for good",
    },
    Setting {
        name: "import.single_transaction",
        kind: SettingKind::Flag,
        default: "false",
        scopes: PIPELINE,
        description: "keeps what an import changes in a draft until its step `publish`, so that a failed one changes nothing",
    },
    Setting {
        name: "import.skip_older",
        kind: SettingKind::Choice(&["no", "updated_at", "file_time"]),
        default: "no",
        scopes: PIPELINE,
        description: "leaves out rows that are older than what is stored, by their column `updated_at` or the time in the name of their file",
    },
    Setting {
        name: "initializer.enabled",
        kind: SettingKind::Flag,
        default: "true",
        scopes: ALL_ONLY,
        description: "lets data fetchers make pipelines",
    },
    Setting {
        name: "initializer.in_pipeline",
        kind: SettingKind::Flag,
        default: "false",
        scopes: ALL_ONLY,
        description: "runs data fetchers as a step of a pipeline of their own instead of in the heartbeat",
    },
    Setting {
        name: "log.level",
        kind: SettingKind::Choice(&["error", "warning", "info"]),
        default: "info",
        scopes: PIPELINE,
        description: "keeps only step log lines that are at least as grave",
    },
    Setting {
        name: "maintenance",
        kind: SettingKind::Flag,
        default: "false",
        scopes: ALL_ONLY,
        description: "spawns and enqueues nothing, and passes over cron times; running steps end, expiry and statuses go on",
    },
    Setting {
        name: "mini_heartbeat",
        kind: SettingKind::Flag,
        default: "true",
        scopes: ALL_ONLY,
        description: "moves a pipeline on right after one of its steps ended",
    },
    Setting {
        name: "monitor.waiting_after",
        kind: SettingKind::Duration,
        default: "15 minutes",
        scopes: PIPELINE,
        description: "reports steps that are enqueued for longer: there is no runner for them",
    },
    Setting {
        name: "pipeline.cron",
        kind: SettingKind::CronOrNever,
        default: "never",
        scopes: PIPELINE,
        description: "tells when a pipeline is due that asks with `configurable_cron_expression`, in the time zone of `time_zone`",
    },
    Setting {
        name: "pipeline.enabled",
        kind: SettingKind::Flag,
        default: "true",
        scopes: PIPELINE,
        description: "answers the condition `pipeline_enabled`",
    },
    Setting {
        name: "spawning",
        kind: SettingKind::Flag,
        default: "true",
        scopes: PIPELINE,
        description: "lets the heartbeat spawn pipelines",
    },
    Setting {
        name: "time_zone",
        kind: SettingKind::TimeZone,
        default: "UTC",
        scopes: ALL_ONLY,
        description: "is the time zone of cron expressions that come from settings",
    },
    Setting {
        name: "website.active",
        kind: SettingKind::Flag,
        default: "true",
        scopes: WEBSITE,
        description: "answers the condition `website_active`",
    },
];

impl Setting {
    /// The setting of a name, of those that any program has.
    ///
    /// # Errors
    /// There is no such setting.
    pub fn named(name: &str) -> Result<&'static Setting, Error> {
        SettingList::default().named(name)
    }

    /// Checks a value for a scope and returns it in the form in which it is stored.
    ///
    /// # Errors
    /// The scope or the value does not fit the setting.
    pub fn check(&'static self, scope: &Scope, value: &str) -> Result<String, Error> {
        if !self.takes(scope) {
            let mut possible = "default".to_owned();
            for kind in self.scopes {
                possible += &format!(", {}:…", kind.as_str());
            }
            return Err(Error::Scope { name: self.name, scope: scope.clone(), possible });
        }
        self.kind.canonical(value).map_err(|problem| Error::Value { name: self.name, problem })
    }

    fn takes(&self, scope: &Scope) -> bool {
        match scope {
            Scope::Default => true,
            Scope::Pipeline(_) => self.scopes.contains(&ScopeKind::Pipeline),
            Scope::Target(_) => self.scopes.contains(&ScopeKind::Target),
            Scope::Website(_) => self.scopes.contains(&ScopeKind::Website),
        }
    }
}

impl Settings {
    /// Takes a stored value; one that does not fit its setting (any more) counts as not set. That of a setting which only
    /// some program declares is looked at when it is asked for.
    pub fn insert(&mut self, name: &str, scope: Scope, value: &str) {
        let checked = match SETTINGS.iter().find(|setting| setting.name == name) {
            Some(setting) => setting.check(&scope, value).ok(),
            None => Some(value.to_owned()),
        };
        if let Some(value) = checked {
            self.values.insert((name.to_owned(), scope), value);
        }
    }

    /// The value of a setting that holds for the first of some scopes for which one is set, or else for all.
    #[must_use]
    pub fn text_of(&self, setting: &'static Setting, scopes: &[Scope]) -> String {
        let mut set = scopes.iter().chain([&Scope::Default]).filter_map(|scope| {
            let value = self.values.get(&(setting.name.to_owned(), scope.clone()))?;
            setting.check(scope, value).ok()
        });
        set.next().unwrap_or_else(|| setting.default.to_owned())
    }

    /// The value that holds for a scope, in its stored form.
    ///
    /// # Panics
    /// If there is no such setting; names are written in the code and not by users.
    #[must_use]
    pub fn text(&self, name: &str, scope: &Scope) -> &str {
        // The narrower scope wins.
        for scope in [scope, &Scope::Default] {
            if let Some(value) = self.values.get(&(name.to_owned(), scope.clone())) {
                return value;
            }
        }
        Setting::named(name).expect("settings are named in the code").default
    }

    /// Whether the value was set for this very scope.
    #[must_use]
    pub fn is_set(&self, name: &str, scope: &Scope) -> bool {
        self.values.contains_key(&(name.to_owned(), scope.clone()))
    }

    /// A flag.
    #[must_use]
    pub fn flag(&self, name: &str, scope: &Scope) -> bool {
        self.text(name, scope) == "true"
    }

    /// A duration; `None` for `never`.
    #[must_use]
    pub fn duration(&self, name: &str, scope: &Scope) -> Option<Duration> {
        duration::parse(self.text(name, scope)).ok()
    }

    /// A count; `None` for `any`.
    #[must_use]
    pub fn count(&self, name: &str, scope: &Scope) -> Option<u64> {
        self.text(name, scope).parse().ok()
    }

    /// A cron expression in the time zone that is set; `None` if the setting holds none, or is none that could.
    #[must_use]
    pub fn cron(&self, name: &str, scope: &Scope) -> Option<Cron> {
        if !Setting::named(name).ok()?.kind.is_cron() {
            return None;
        }
        Cron::parse(self.text(name, scope), Some(self.text("time_zone", &Scope::Default))).ok()
    }

    /// Everything that is set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Scope, &str)> {
        self.values.iter().map(|((name, scope), value)| (name.as_str(), scope, value.as_str()))
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests;

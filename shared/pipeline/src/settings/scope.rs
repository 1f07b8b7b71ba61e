//! For whom values of settings hold.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::shortened;
use crate::id::Name;

/// A kind of scope beside the one for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeKind {
    /// One definition, by its name.
    Pipeline,
    /// One place that is written to, by its name.
    Target,
    /// One website, by its code.
    Website,
}

/// For whom a value holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Scope {
    /// For everything.
    #[default]
    Default,
    /// For the pipelines of one name.
    Pipeline(Name),
    /// For one place that is written to.
    Target(Name),
    /// For one website.
    Website(String),
}

/// Why a text is no [`Scope`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no scope (expected `default`, `pipeline:<name>`, `target:<name>` or `website:<code>`)")]
pub struct BadScope {
    /// The text, shortened.
    pub found: String,
}

impl ScopeKind {
    /// The word before the colon.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ScopeKind::Pipeline => "pipeline",
            ScopeKind::Target => "target",
            ScopeKind::Website => "website",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Default => f.write_str("default"),
            Scope::Pipeline(name) => write!(f, "pipeline:{name}"),
            Scope::Target(name) => write!(f, "target:{name}"),
            Scope::Website(code) => write!(f, "website:{code}"),
        }
    }
}

impl FromStr for Scope {
    type Err = BadScope;

    fn from_str(text: &str) -> Result<Self, BadScope> {
        let bad = || BadScope { found: shortened(text) };
        match text.split_once(':') {
            None if text == "default" => Ok(Scope::Default),
            Some(("pipeline", name)) => name.parse().map(Scope::Pipeline).map_err(|_| bad()),
            Some(("target", name)) => name.parse().map(Scope::Target).map_err(|_| bad()),
            Some(("website", code)) if code.parse::<Name>().is_ok() => Ok(Scope::Website(code.to_owned())),
            _ => Err(bad()),
        }
    }
}

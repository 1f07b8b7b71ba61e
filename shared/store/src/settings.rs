//! Operating settings, and the audit of who changed what.
//!
//! | function | reads or writes | cost on AWS |
//! |---|---|---|
//! | [`Store::settings`], [`Store::stored_settings`] | one partition, consistent | 1 read unit per 4 KB |
//! | [`Store::set_setting`], [`Store::unset_setting`] | the setting and one line of the audit, one group | 4 write units |
//! | [`Store::record_audit`], [`Store::audit`], [`Store::audit_page`] | the audit, newest first | 1 write unit, 1 read unit per 4 KB |

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Duration, Utc};
use pipeline::settings::{Scope, Settings};
use serde_json::json;

use crate::error::Result;
use crate::items::{self, Fields, optional};
use crate::table::{Change, Condition, Item, Page, Query, SortDirection, Write};
use crate::{Store, keys};

/// A value as it is stored: nobody has checked yet whether it fits its setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSetting {
    /// The name of the setting.
    pub name: String,
    /// For whom it holds, in words: one that is no [`Scope`] (any more) is kept as it was found.
    pub scope: String,
    /// The value.
    pub value: String,
    /// Who set it.
    pub by: Option<String>,
    /// Since when.
    pub at: Option<DateTime<Utc>>,
}

/// A value that is to be set; it has been checked.
#[derive(Debug, Clone, Copy)]
pub struct NewSetting<'a> {
    /// The name of the setting.
    pub name: &'a str,
    /// For whom it is to hold.
    pub scope: &'a Scope,
    /// The value.
    pub value: &'a str,
}

/// One line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub by: String,
    /// What was done, as a sentence without its subject (``set `maintenance` to `true` ``).
    pub what: String,
}

/// A place in the audit; opaque outside, and checked when it comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPlace(String);

/// Why a text is no [`AuditPlace`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no cursor (expected `next` of the page before)")]
pub struct BadAuditPlace {
    /// The text, shortened.
    pub found: String,
}

/// How long the audit is kept: over a year, so that last year's Christmas can be looked at.
const KEEP: Duration = Duration::days(400);

impl Store {
    /// Reads everything that is set and fits its setting.
    ///
    /// # Errors
    /// The table did not answer.
    pub async fn settings(&self) -> Result<Settings> {
        let mut settings = Settings::default();
        for stored in self.stored_settings().await? {
            if let Ok(scope) = stored.scope.parse() {
                settings.insert(&stored.name, scope, &stored.value);
            }
        }
        Ok(settings)
    }

    /// Reads everything that is set as it is stored, in the order of name and scope.
    ///
    /// # Errors
    /// The table did not answer.
    pub async fn stored_settings(&self) -> Result<Vec<StoredSetting>> {
        let mut stored = Vec::new();
        let mut query = Query::prefix(keys::SETTINGS, "");
        loop {
            let page = self.table.query(&query).await?;
            stored.extend(page.entries.iter().filter_map(stored_setting));
            let Some(next) = page.next else { return Ok(stored) };
            query.after = Some(next);
        }
    }

    /// Sets a value that has been checked, and notes who did: both or nothing.
    ///
    /// # Errors
    /// The table did not answer; the value may be set.
    pub async fn set_setting(&self, setting: NewSetting<'_>, by: &str, now: DateTime<Utc>) -> Result<()> {
        let NewSetting { name, scope, value } = setting;
        let attributes = items::attributes([("value", json!(value)), ("by", json!(by)), ("at", items::time(now))]);
        let change = Change::Put { attributes, listing: None, expires_at: None };
        let set = Write { key: keys::setting(name, scope), condition: Condition::Any, change };
        let line = audit_line(by, &format!("set `{name}` for {scope} to `{value}`"), now);
        // Neither asks for anything, so there is no conflict.
        self.table.write_group(vec![set, line]).await?;
        Ok(())
    }

    /// Takes a value back, so that the default or the wider scope holds, and notes who did: both or nothing.
    ///
    /// The scope is given in words, so that what was stored for one that does not exist any more can be taken back, too.
    ///
    /// # Errors
    /// The table did not answer; the value may be gone.
    pub async fn unset_setting(&self, name: &str, scope: &str, by: &str, now: DateTime<Utc>) -> Result<()> {
        let key = keys::stored_setting(name, scope);
        let unset = Write { key, condition: Condition::Any, change: Change::Delete };
        let line = audit_line(by, &format!("unset `{name}` for {scope}"), now);
        self.table.write_group(vec![unset, line]).await?;
        Ok(())
    }

    /// Notes who did what.
    ///
    /// # Errors
    /// The table did not answer.
    pub async fn record_audit(&self, by: &str, what: &str, now: DateTime<Utc>) -> Result<()> {
        self.table.write(audit_line(by, what, now)).await?;
        Ok(())
    }

    /// Reads the latest lines of the audit, the newest first.
    ///
    /// # Errors
    /// The table did not answer, or an item cannot be read.
    pub async fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>> {
        Ok(self.audit_page(limit, None).await?.entries)
    }

    /// Reads a page of the audit, the newest line first; `after` is where the page before ended.
    ///
    /// # Errors
    /// The table did not answer, or an item cannot be read.
    pub async fn audit_page(&self, limit: usize, after: Option<AuditPlace>) -> Result<Page<AuditEntry, AuditPlace>> {
        let (order, limit, after) = (SortDirection::Descending, Some(limit), after.map(|place| place.0));
        let query = Query { order, limit, after, ..Query::prefix(keys::AUDIT, "") };
        let page = self.table.query(&query).await?;
        let entry = |item| {
            let fields = Fields::of(item)?;
            Ok(AuditEntry {
                at: fields.required("at", keys::audit_time(&item.key.sort))?,
                by: fields.text("by")?.unwrap_or_default().to_owned(),
                what: fields.text("what")?.unwrap_or_default().to_owned(),
            })
        };
        let entries: Result<_> = page.entries.iter().map(entry).collect();
        Ok(Page { entries: entries?, next: page.next.map(AuditPlace) })
    }
}

/// Reads a place that somebody has kept.
impl FromStr for AuditPlace {
    type Err = BadAuditPlace;

    fn from_str(text: &str) -> std::result::Result<Self, BadAuditPlace> {
        let is_hash = |hash: &str| hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_place = keys::audit_time(text).is_some() && text.split_once('/').is_some_and(|(_, hash)| is_hash(hash));
        if is_place {
            Ok(AuditPlace(text.to_owned()))
        } else {
            Err(BadAuditPlace { found: text.chars().take(60).collect() })
        }
    }
}

impl fmt::Display for AuditPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value that is no text was put there by hand; it is shown as it is, and fits if its text does.
fn stored_setting(item: &Item) -> Option<StoredSetting> {
    let (name, scope) = keys::setting_parts(&item.key.sort)?;
    let text = |field: &str| {
        let value = item.attributes.get(field)?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let at = text("at").and_then(|at| at.parse().ok());
    Some(StoredSetting { name, scope, value: text("value").unwrap_or_default(), by: text("by"), at })
}

fn audit_line(by: &str, what: &str, now: DateTime<Utc>) -> Write {
    let attributes = items::attributes([("by", json!(by)), ("what", optional(Some(what)))]);
    let change = Change::Put { attributes, listing: None, expires_at: Some(now + KEEP) };
    Write { key: keys::audit(now, by, what), condition: Condition::Any, change }
}

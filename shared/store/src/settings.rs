//! Operating settings, and the audit of who changed what.
//!
//! | function | reads or writes | cost on AWS |
//! |---|---|---|
//! | [`Store::settings`] | one partition, consistent | 1 read unit per 4 KB |
//! | [`Store::set_setting`], [`Store::unset_setting`] | the setting and one line of the audit | 2 write units |
//! | [`Store::record_audit`], [`Store::audit`] | the audit, newest first | 1 write unit, 1 read unit per 4 KB |

use chrono::{DateTime, Duration, Utc};
use pipeline::settings::{Scope, Settings};
use serde_json::json;

use crate::error::Result;
use crate::items::{self, Fields, optional};
use crate::table::{Change, Condition, Order, Query, Write};
use crate::{Store, keys};

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

/// How long the audit is kept: over a year, so that last year's Christmas can be looked at.
const KEEP: Duration = Duration::days(400);

impl Store {
    /// Reads everything that is set.
    ///
    /// # Errors
    /// The table did not answer.
    pub async fn settings(&self) -> Result<Settings> {
        let mut settings = Settings::default();
        let mut query = Query::prefix(keys::SETTINGS, "");
        loop {
            let page = self.table.query(&query).await?;
            for item in &page.entries {
                let parts = keys::setting_parts(&item.key.sort);
                if let (Some((name, scope)), Some(value)) = (parts, Fields::of(item)?.text("value")?) {
                    settings.insert(&name, scope, value);
                }
            }
            let Some(next) = page.next else { return Ok(settings) };
            query.after = Some(next);
        }
    }

    /// Sets a value that has been checked, and notes who did.
    ///
    /// # Errors
    /// The table did not answer; the value may be set.
    pub async fn set_setting(
        &self,
        name: &str,
        scope: &Scope,
        value: &str,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let attributes = items::attributes([("value", json!(value)), ("by", json!(by)), ("at", items::time(now))]);
        let change = Change::Put { attributes, listing: None, expires_at: None };
        self.table.write(Write { key: keys::setting(name, scope), condition: Condition::Any, change }).await?;
        self.record_audit(by, &format!("set `{name}` for {scope} to `{value}`"), now).await
    }

    /// Takes a value back, so that the default or the wider scope holds, and notes who did.
    ///
    /// # Errors
    /// The table did not answer; the value may be gone.
    pub async fn unset_setting(&self, name: &str, scope: &Scope, by: &str, now: DateTime<Utc>) -> Result<()> {
        let key = keys::setting(name, scope);
        self.table.write(Write { key, condition: Condition::Any, change: Change::Delete }).await?;
        self.record_audit(by, &format!("unset `{name}` for {scope}"), now).await
    }

    /// Notes who did what.
    ///
    /// # Errors
    /// The table did not answer.
    pub async fn record_audit(&self, by: &str, what: &str, now: DateTime<Utc>) -> Result<()> {
        let attributes = items::attributes([("by", json!(by)), ("what", optional(Some(what)))]);
        let change = Change::Put { attributes, listing: None, expires_at: Some(now + KEEP) };
        self.table.write(Write { key: keys::audit(now, what), condition: Condition::Any, change }).await?;
        Ok(())
    }

    /// Reads the latest lines of the audit, the newest first.
    ///
    /// # Errors
    /// The table did not answer, or an item cannot be read.
    pub async fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>> {
        let query = Query { order: Order::Descending, limit: Some(limit), ..Query::prefix(keys::AUDIT, "") };
        let page = self.table.query(&query).await?;
        let entry = |item| {
            let fields = Fields::of(item)?;
            Ok(AuditEntry {
                at: fields.required("at", keys::audit_time(&item.key.sort))?,
                by: fields.text("by")?.unwrap_or_default().to_owned(),
                what: fields.text("what")?.unwrap_or_default().to_owned(),
            })
        };
        page.entries.iter().map(entry).collect()
    }
}

//! What is set for the orders of websites.

use chrono::{DateTime, Utc};
use engine::Context;
use serde::Serialize;
use steps::orders::website::{self, Website, Websites};

pub use steps::orders::website::Error;

use crate::note;
use crate::operator::AuditStamp;

/// A website with what is set for its orders, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WebsiteRow {
    /// Its code.
    pub code: String,
    /// Whether orders are exported.
    pub is_enabled: bool,
    /// Which stores it has.
    pub stores: Vec<u64>,
    /// In which format.
    pub format: String,
    /// By which transport.
    pub transport: &'static str,
    /// Since when orders are exported; what is older is not.
    pub go_live_at: Option<DateTime<Utc>>,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What stops all of its orders.
    pub stopped_by: Option<String>,
    /// What all of its orders wait for.
    pub waits_for: Option<String>,
    /// The settings as they were written.
    pub settings: serde_json::Value,
}

/// Lists all websites, and what is wrong with settings that cannot be read.
///
/// # Errors
/// The store did not answer.
pub async fn list(context: &Context) -> Result<(Vec<WebsiteRow>, Vec<String>), Error> {
    let websites = website::load(&context.store).await?;
    let rows = websites.all.iter().map(|website| row(website, &websites)).collect();
    Ok((rows, websites.problems))
}

/// Sets what holds for a website.
///
/// # Errors
/// It cannot be so, or the store did not answer.
pub async fn set(context: &Context, code: &str, text: &str, stamp: AuditStamp<'_>) -> Result<WebsiteRow, Error> {
    website::set(&context.store, code, text, stamp.by, stamp.at).await?;
    note(context, &format!("set what holds for the orders of website `{code}`"), stamp).await;
    let websites = website::load(&context.store).await?;
    let found = websites.named(code).map(|website| row(website, &websites));
    found.ok_or(Error::Busy)
}

fn row(website: &Website, websites: &Websites) -> WebsiteRow {
    let state = websites.states.get(&website.code);
    let stop = state.and_then(|state| state.stop.as_ref()).filter(|stop| stop.revision == websites.revision);
    let target = website.settings.transport.target();
    let outage = state.and_then(|state| state.outage.as_ref()).filter(|outage| outage.transport == target);
    WebsiteRow {
        code: website.code.clone(),
        is_enabled: website.settings.export.is_enabled,
        stores: website.settings.stores.iter().copied().collect(),
        format: website.settings.format.clone(),
        transport: website.settings.transport.code,
        go_live_at: website.settings.export.go_live_at,
        by: website.by.clone(),
        at: website.at,
        stopped_by: stop.map(|stop| stop.problem.clone()),
        waits_for: outage.map(steps::orders::website::state::Outage::in_words),
        settings: serde_json::from_str(&website.text).unwrap_or_default(),
    }
}

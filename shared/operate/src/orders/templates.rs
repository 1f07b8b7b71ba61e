//! Templates of websites: written, tried on the last orders, published.

use chrono::{DateTime, Months, Utc};
use engine::Context;
use serde::Serialize;
use steps::orders::kept::{self, KeptOrder};
use steps::orders::order_key::OrderKey;
use steps::orders::template as templates;
use steps::orders::transform;
use steps::orders::website::{self, Website, WebsiteSettings};

pub use steps::orders::template::{Error, KeptTemplate};

use crate::note;
use crate::operator::AuditStamp;

/// How many months back orders are looked for to try a template on.
const MONTHS: u32 = 24;

/// Which template of a website.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one by which documents are made.
    Published,
    /// The one that is being written.
    Draft,
    /// An earlier or later one.
    Version(u64),
}

/// What a template makes of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// Which order.
    pub key: String,
    /// What it makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Why it makes nothing, with line and column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Reads a template.
///
/// # Errors
/// There is none of the kind, or the store did not answer.
pub async fn get(context: &Context, website: &str, which: Which) -> Result<KeptTemplate, Error> {
    let store = &context.store;
    let found = match which {
        Which::Published => templates::published(store, website).await?,
        Which::Draft => templates::draft(store, website).await?,
        Which::Version(number) => templates::version(store, website, number).await?,
    };
    found.ok_or_else(|| match which {
        Which::Version(number) => Error::NoVersion { website: website.to_owned(), number },
        Which::Published | Which::Draft => Error::NoDraft(website.to_owned()),
    })
}

/// Keeps a template as the draft.
///
/// # Errors
/// It cannot be read, there is no such website, or the store did not answer.
pub async fn set(context: &Context, website: &str, text: &str, stamp: AuditStamp<'_>) -> Result<(), Error> {
    templates::set(&context.store, website, text, stamp.by, stamp.at).await?;
    note(context, &format!("wrote a draft of the template of website `{website}`"), stamp).await;
    Ok(())
}

/// Publishes the draft, or brings an earlier version back. Returns the number of the new version.
///
/// # Errors
/// There is nothing to publish, or the store did not answer.
pub async fn publish(
    context: &Context,
    website: &str,
    number: Option<u64>,
    stamp: AuditStamp<'_>,
) -> Result<u64, Error> {
    let published = templates::publish(&context.store, website, number, stamp.by, stamp.at).await?;
    note(context, &format!("published version {published} of the template of website `{website}`"), stamp).await;
    Ok(published)
}

/// Lists all versions, the latest first.
///
/// # Errors
/// The store did not answer.
pub async fn history(context: &Context, website: &str) -> Result<Vec<KeptTemplate>, Error> {
    Ok(templates::history(&context.store, website).await?)
}

/// Tries a template on the last orders of a website. Nothing is sent or kept.
///
/// # Errors
/// There is no such website, or the store did not answer.
pub async fn try_on_last(
    context: &Context,
    code: &str,
    text: &str,
    count: usize,
    now: DateTime<Utc>,
) -> Result<Vec<Tried>, Error> {
    let websites = website::load(&context.store).await?;
    let found = websites.named(code).ok_or_else(|| Error::NoWebsite(code.to_owned()))?;
    let settings = WebsiteSettings { format: "template".to_owned(), ..found.settings.clone() };
    let website = Website { settings, ..found.clone() };
    let orders = last(context, &website, count, now).await?;
    let tried = orders.iter().map(|kept| {
        let key = OrderKey::of(&kept.order).to_string();
        match transform::write(kept, &website, Some(text)) {
            Ok((written, _)) => {
                let document = Some(String::from_utf8_lossy(&written.bytes).into_owned());
                Tried { key, document, problem: None }
            }
            Err(error) => Tried { key, document: None, problem: Some(error.to_string()) },
        }
    });
    Ok(tried.collect())
}

/// The last orders of a website, the latest first.
async fn last(context: &Context, website: &Website, count: usize, now: DateTime<Utc>) -> Result<Vec<KeptOrder>, Error> {
    let mut orders = Vec::new();
    for back in 0..MONTHS {
        let Some(month) = now.checked_sub_months(Months::new(back)) else { break };
        let mut after = None;
        loop {
            let page = kept::of_month(&context.store, month, after, 100).await?;
            for key in page.entries.iter().filter(|key| website.settings.stores.contains(&key.store)) {
                orders.extend(kept::get(&context.store, key).await?);
                if orders.len() >= count {
                    return Ok(orders);
                }
            }
            let Some(next) = page.next else { break };
            after = Some(next);
        }
    }
    Ok(orders)
}

//! The templates of websites, in versions: one is written as a draft, tried, and published.
//!
//! | item | partition, sort | holds |
//! |---|---|---|
//! | draft | `order_templates/<website>`, `draft` | `text`, `by`, `at` |
//! | version | the same, `version/<number>` | `text`, `by`, `at` |
//! | published | the same, `published` | `number` |
//!
//! A version never changes. To publish counts up what is set, so orders that wait for the fix go by themselves.

use chrono::{DateTime, Utc};
use orders::format::template::{self as language, TemplateError};
use serde::Serialize;
use serde_json::json;
use store::Store;
use store::items::{self, Fields};
use store::table::{Change, Condition, GroupWritten, Item, Key, Query, SortDirection, Write};

use super::website;

/// Most bytes of a template; it must fit an item.
pub const MAX_BYTES: usize = 256 * 1024;

const DRAFT: &str = "draft";
const PUBLISHED: &str = "published";
const VERSION: &str = "version/";

/// Why a template is not kept or published.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("the template cannot be used: {0}")]
    Template(#[from] TemplateError),
    /// It is too large.
    #[error("the template has {size_bytes} bytes; at most {MAX_BYTES} are possible")]
    TooLarge {
        /// How many it has.
        size_bytes: usize,
    },
    /// There is nothing to publish.
    #[error("website `{0}` has no draft of a template; set one first")]
    NoDraft(String),
    /// There is no such version.
    #[error("website `{website}` has no version {number} of its template")]
    NoVersion {
        /// Which website.
        website: String,
        /// Which version.
        number: u64,
    },
    /// There is no such website.
    #[error("there is no website `{0}`; its settings come first")]
    NoWebsite(String),
    /// Somebody else was faster.
    #[error("templates or settings changed meanwhile; look at them and try again")]
    Busy,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A template as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptTemplate {
    /// Which version it is; none for the draft.
    pub number: Option<u64>,
    /// Whether documents are made by it.
    pub is_published: bool,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The template.
    pub text: String,
}

/// Everything that is kept for a website.
#[derive(Debug, Default)]
struct Kept {
    draft: Option<(KeptTemplate, u64)>,
    published: Option<(u64, u64)>,
    last: u64,
}

/// Reads the template by which documents are made.
///
/// # Errors
/// The store did not answer, or an item cannot be read.
pub async fn published(store: &Store, website: &str) -> store::Result<Option<KeptTemplate>> {
    let Some(item) = store.table.get(&key(website, PUBLISHED)).await? else { return Ok(None) };
    let fields = Fields::of(&item)?;
    let number = fields.required("number", fields.number("number")?)?;
    version(store, website, number).await
}

/// Reads a version.
///
/// # Errors
/// As [`published`].
pub async fn version(store: &Store, website: &str, number: u64) -> store::Result<Option<KeptTemplate>> {
    let item = store.table.get(&key(website, &version_sort(number))).await?;
    item.as_ref().map(template).transpose()
}

/// Reads the draft.
///
/// # Errors
/// As [`published`].
pub async fn draft(store: &Store, website: &str) -> store::Result<Option<KeptTemplate>> {
    store.table.get(&key(website, DRAFT)).await?.as_ref().map(template).transpose()
}

/// Reads all versions, the latest first.
///
/// # Errors
/// As [`published`].
pub async fn history(store: &Store, website: &str) -> store::Result<Vec<KeptTemplate>> {
    let published = load(store, website).await?.published.map(|(number, _)| number);
    let mut query = Query { order: SortDirection::Descending, ..Query::prefix(partition(website), VERSION) };
    let mut versions = Vec::new();
    loop {
        let page = store.table.query(&query).await?;
        for item in &page.entries {
            let kept = template(item)?;
            versions.push(KeptTemplate { is_published: kept.number == published, ..kept });
        }
        let Some(next) = page.next else { return Ok(versions) };
        query.after = Some(next);
    }
}

/// Keeps a template as the draft of a website.
///
/// # Errors
/// It cannot be read, is too large, or the store did not answer.
pub async fn set(store: &Store, website: &str, text: &str, by: &str, now: DateTime<Utc>) -> Result<(), Error> {
    check(store, website, text).await?;
    let change = Change::Put { attributes: attributes(text, by, now), listing: None, expires_at: None };
    // The last one who sets it wins, as with a file.
    store.table.write(Write { key: key(website, DRAFT), condition: Condition::Any, change }).await?;
    Ok(())
}

/// Publishes the draft of a website, or brings an earlier version back as a new one. Returns its number.
///
/// # Errors
/// There is none, somebody else publishes at the same time, or the store did not answer.
pub async fn publish(
    store: &Store,
    website: &str,
    number: Option<u64>,
    by: &str,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let kept = load(store, website).await?;
    let text = match number {
        Some(number) => {
            let gone = || Error::NoVersion { website: website.to_owned(), number };
            version(store, website, number).await?.ok_or_else(gone)?.text
        }
        None => kept.draft.as_ref().ok_or_else(|| Error::NoDraft(website.to_owned()))?.0.text.clone(),
    };
    check(store, website, &text).await?;
    let next = kept.last + 1;
    let put = |attributes| Change::Put { attributes, listing: None, expires_at: None };
    let pointed = kept.published.map_or(Condition::Absent, |(_, version)| Condition::Version(version));
    let mut writes = vec![
        Write {
            key: key(website, &version_sort(next)),
            condition: Condition::Absent,
            change: put(attributes(&text, by, now)),
        },
        Write {
            key: key(website, PUBLISHED),
            condition: pointed,
            change: put(items::attributes([("number", json!(next))])),
        },
        website::count_up(store).await?,
    ];
    if let (None, Some((_, version))) = (number, kept.draft) {
        let condition = Condition::Version(version);
        writes.push(Write { key: key(website, DRAFT), condition, change: Change::Delete });
    }
    match store.table.write_group(writes).await? {
        GroupWritten::Applied => Ok(next),
        GroupWritten::Conflict(_) => Err(Error::Busy),
    }
}

async fn check(store: &Store, website: &str, text: &str) -> Result<(), Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::TooLarge { size_bytes: text.len() });
    }
    language::check(text)?;
    match website::load(store).await?.named(website) {
        Some(_) => Ok(()),
        None => Err(Error::NoWebsite(website.chars().take(60).collect())),
    }
}

async fn load(store: &Store, website: &str) -> store::Result<Kept> {
    let mut kept = Kept::default();
    let mut query = Query::prefix(partition(website), "");
    loop {
        let page = store.table.query(&query).await?;
        for item in &page.entries {
            match item.key.sort.as_str() {
                DRAFT => kept.draft = Some((template(item)?, item.version)),
                PUBLISHED => {
                    let fields = Fields::of(item)?;
                    kept.published = Some((fields.required("number", fields.number("number")?)?, item.version));
                }
                sort => kept.last = kept.last.max(number_of(sort).unwrap_or(0)),
            }
        }
        let Some(next) = page.next else { return Ok(kept) };
        query.after = Some(next);
    }
}

fn template(item: &Item) -> store::Result<KeptTemplate> {
    let fields = Fields::of(item)?;
    Ok(KeptTemplate {
        number: number_of(&item.key.sort),
        is_published: false,
        by: fields.text("by")?.unwrap_or_default().to_owned(),
        at: fields.required("at", fields.time("at")?)?,
        text: fields.required("text", fields.text("text")?)?.to_owned(),
    })
}

fn attributes(text: &str, by: &str, now: DateTime<Utc>) -> store::table::Attributes {
    items::attributes([("text", json!(text)), ("by", json!(by)), ("at", items::time(now))])
}

fn partition(website: &str) -> String {
    format!("order_templates/{website}")
}

fn key(website: &str, sort: &str) -> Key {
    Key::new(partition(website), sort)
}

fn version_sort(number: u64) -> String {
    format!("{VERSION}{number:06}")
}

fn number_of(sort: &str) -> Option<u64> {
    sort.strip_prefix(VERSION)?.parse().ok()
}

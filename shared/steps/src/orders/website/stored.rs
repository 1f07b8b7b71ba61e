//! The settings of websites in the table.
//!
//! | item | partition, sort | holds |
//! |---|---|---|
//! | website | `order_websites`, `website/<code>` | `settings` (JSON as written), `go_live_at`, `by`, `at` |
//! | revision | `order_websites`, `revision` | `count` |
//!
//! | function | reads or writes |
//! |---|---|
//! | [`load`] | the partition, consistent |
//! | [`set`] | the website (version) and the revision (version), one group |

use chrono::{DateTime, SubsecRound, Utc};
use pipeline::Name;
use serde_json::json;
use store::Store;
use store::items::{self, Fields};
use store::table::{Change, Condition, GroupWritten, Item, Key, Query, Write};

use super::{Problem, Website, WebsiteSettings, Websites, read, state};

/// The partition of all of them.
const PARTITION: &str = "order_websites";

/// The item that counts changes.
const REVISION: &str = "revision";

/// What the sort keys of websites begin with.
const WEBSITE: &str = "website/";

/// Why settings are not set.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The code is none.
    #[error("`{0}` is no code of a website (expected letters, digits, `_`, `-` and `.`, as in `base`)")]
    Code(String),
    /// The settings cannot be so.
    #[error("the settings of website `{website}` cannot be used: {}", listed(problems))]
    Settings {
        /// Which website.
        website: String,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// Somebody else changed settings at the same time.
    #[error("the settings of websites changed while they were being changed; look at them and try again")]
    Busy,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Everything in the partition.
struct Loaded {
    websites: Websites,
    items: Vec<Item>,
}

/// Reads all websites.
///
/// # Errors
/// The store did not answer. Settings that cannot be read are no error but a problem of the answer.
pub async fn load(store: &Store) -> store::Result<Websites> {
    let websites = load_items(store).await?.websites;
    Ok(Websites { states: state::load(store).await?, ..websites })
}

/// Sets the settings of a website.
///
/// # Errors
/// They cannot be so, a store is in another website, exports began at another time, or the store did not answer.
pub async fn set(store: &Store, code: &str, text: &str, by: &str, now: DateTime<Utc>) -> Result<Website, Error> {
    if code.parse::<Name>().is_err() {
        return Err(Error::Code(code.chars().take(60).collect()));
    }
    let wrong = |problems| Error::Settings { website: code.to_owned(), problems };
    let mut settings = read(text).map_err(wrong)?;
    let loaded = load_items(store).await?;
    check_against_others(code, &settings, &loaded.websites).map_err(|problem| wrong(vec![problem]))?;
    let sort = format!("{WEBSITE}{code}");
    let before = loaded.items.iter().find(|item| item.key.sort == sort);
    let began = before.map(|item| Fields::of(item)?.time("go_live_at")).transpose()?.flatten();
    settings.export.go_live_at = go_live_at(&settings, began, now).map_err(|problem| wrong(vec![problem]))?;
    let website = Website { code: code.to_owned(), settings, text: text.to_owned(), by: by.to_owned(), at: now };
    let attributes = items::attributes([
        ("settings", json!(text)),
        ("go_live_at", website.settings.export.go_live_at.map_or(serde_json::Value::Null, items::time)),
        ("by", json!(by)),
        ("at", items::time(now)),
    ]);
    let condition = before.map_or(Condition::Absent, |item| Condition::Version(item.version));
    let change = Change::Put { attributes, listing: None, expires_at: None };
    let write = Write { key: Key::new(PARTITION, sort), condition, change };
    match store.table.write_group(vec![write, loaded.count_up()]).await? {
        GroupWritten::Applied => Ok(website),
        GroupWritten::Conflict(_) => Err(Error::Busy),
    }
}

/// A write that counts the revision up, for whoever changes in the same group what orders are held back by.
///
/// # Errors
/// The store did not answer.
pub(crate) async fn count_up(store: &Store) -> store::Result<Write> {
    Ok(load_items(store).await?.count_up())
}

impl Loaded {
    fn count_up(&self) -> Write {
        let before = self.items.iter().find(|item| item.key.sort == REVISION);
        let condition = before.map_or(Condition::Absent, |item| Condition::Version(item.version));
        let attributes = items::attributes([("count", json!(self.websites.revision + 1))]);
        let change = Change::Put { attributes, listing: None, expires_at: None };
        Write { key: Key::new(PARTITION, REVISION), condition, change }
    }
}

async fn load_items(store: &Store) -> store::Result<Loaded> {
    let mut loaded = Loaded { websites: Websites::default(), items: Vec::new() };
    let mut query = Query::prefix(PARTITION, "");
    loop {
        let page = store.table.query(&query).await?;
        for item in page.entries {
            add(&mut loaded.websites, &item)?;
            loaded.items.push(item);
        }
        let Some(next) = page.next else { return Ok(loaded) };
        query.after = Some(next);
    }
}

fn add(websites: &mut Websites, item: &Item) -> store::Result<()> {
    let fields = Fields::of(item)?;
    let Some(code) = item.key.sort.strip_prefix(WEBSITE) else {
        websites.revision = fields.number("count")?.unwrap_or(0);
        return Ok(());
    };
    let text = fields.required("settings", fields.text("settings")?)?;
    match read(text) {
        Ok(mut settings) => {
            settings.export.go_live_at = fields.time("go_live_at")?;
            websites.all.push(Website {
                code: code.to_owned(),
                settings,
                text: text.to_owned(),
                by: fields.text("by")?.unwrap_or_default().to_owned(),
                at: fields.required("at", fields.time("at")?)?,
            });
        }
        // They were checked when they were set; an older or newer Systole may know other fields.
        Err(problems) => websites.problems.push(format!("settings of website `{code}`: {}", listed(&problems))),
    }
    Ok(())
}

fn check_against_others(code: &str, settings: &WebsiteSettings, websites: &Websites) -> Result<(), Problem> {
    for other in websites.all.iter().filter(|other| other.code != code) {
        if let Some(store) = settings.stores.intersection(&other.settings.stores).next() {
            let problem = format!("has store {store}, which belongs to website `{}`", other.code);
            return Err(Problem { field: "stores".to_owned(), problem });
        }
    }
    Ok(())
}

/// When exports began: written once, at the first time that they are on.
fn go_live_at(
    settings: &WebsiteSettings,
    began: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Problem> {
    // Times are stored to the millisecond.
    let asked = settings.export.go_live_at.map(|at| at.trunc_subsecs(3));
    match (began, asked) {
        (Some(began), Some(asked)) if began != asked => Err(Problem {
            field: "export.go_live_at".to_owned(),
            problem: format!(
                "is {}, and exports began at {}; that is written once and stays",
                asked.to_rfc3339(),
                began.to_rfc3339()
            ),
        }),
        (Some(began), _) => Ok(Some(began)),
        (None, Some(asked)) => Ok(Some(asked)),
        (None, None) => Ok(settings.export.is_enabled.then_some(now)),
    }
}

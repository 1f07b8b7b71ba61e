//! What a shop has: told by a file, and given out as one.

use catalog::own;
use engine::Context;
use import::shop::{BadShopFile, ShopChanges, ShopFacts, ShopFile, ShopName, UsedName};
use serde::Serialize;

use crate::note;
use crate::operator::AuditStamp;

/// Most names that a refusal or an audit line lists.
const LISTED: usize = 20;

/// A file in which somebody tells of a shop.
#[derive(Debug, Clone, Copy)]
pub struct ShopText<'t> {
    /// Its name, for messages.
    pub file: &'t str,
    /// What is in it, in YAML or JSON.
    pub text: &'t str,
    /// What is to become of it.
    pub purpose: Purpose,
}

/// What is to become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Only tell what it would change.
    Plan,
    /// Write it, unless something that is used would be gone.
    Write,
    /// Write it in any case.
    WriteAndRemoveUsed,
}

/// What a file has changed, or would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShopImport {
    /// Whether nothing was written because nobody wanted it.
    pub is_plan: bool,
    /// What is added, changed and removed.
    #[serde(flatten)]
    pub changes: ShopChanges,
    /// What of the removed is used.
    pub used: Vec<UsedName>,
}

/// Why a shop cannot be told or given out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] BadShopFile),
    /// The file lacks what things use.
    #[error(
        "{file} lacks what is in use: {listed}; add it to the file, change what uses it, or say that it shall be removed \
         all the same (`--remove-used`, `remove_used=true`)"
    )]
    Used {
        /// Its name.
        file: String,
        /// What is in use, and by what.
        listed: String,
    },
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Returns what is known of the shop; a plain one if nobody has told it.
///
/// # Errors
/// The store did not answer, or holds what cannot be read.
pub async fn shop(context: &Context) -> Result<ShopFacts, Error> {
    own::shop_facts(context.store.table.as_ref()).await.map_err(of_catalogue)
}

/// Makes the shop what a file tells. The same file a second time changes nothing.
///
/// # Errors
/// The file cannot be used, something that is used would be gone, or the store did not answer; part of it may have been
/// written then, and the same file writes the rest.
pub async fn import_shop(context: &Context, told: ShopText<'_>, stamp: AuditStamp<'_>) -> Result<ShopImport, Error> {
    let table = context.store.table.as_ref();
    let file = ShopFile::read(told.file, told.text)?;
    let before = shop(context).await?;
    let after = file.over(told.file, &before)?;
    let changes = ShopChanges::between(&before, &after);
    let used = own::usage(table, &changes.removed).await.map_err(of_catalogue)?;
    match told.purpose {
        Purpose::Plan => return Ok(ShopImport { is_plan: true, changes, used }),
        Purpose::Write if !used.is_empty() => {
            return Err(Error::Used { file: told.file.to_owned(), listed: in_use(&used) });
        }
        Purpose::Write | Purpose::WriteAndRemoveUsed => {}
    }
    let mark = format!("shop told at {}", stamp.at.to_rfc3339());
    own::write_shop(table, &after, &mark).await.map_err(of_catalogue)?;
    if !changes.is_empty() || !before.is_told {
        note(context, &format!("told the shop with {}: {}", told.file, in_words(&changes)), stamp).await;
    }
    Ok(ShopImport { is_plan: false, changes, used })
}

fn in_use(used: &[UsedName]) -> String {
    let shown = |used: &UsedName| format!("{} by {} ({})", used.name, used.used_by, used.example);
    let mut listed: Vec<String> = used.iter().take(LISTED).map(shown).collect();
    let more = used.len().saturating_sub(LISTED);
    if more > 0 {
        listed.push(format!("{more} more"));
    }
    listed.join(", ")
}

fn in_words(changes: &ShopChanges) -> String {
    let part = |what: &str, names: &[ShopName]| format!("{} {what}", names.len());
    let parts = [part("added", &changes.added), part("changed", &changes.changed), part("removed", &changes.removed)];
    parts.join(", ")
}

fn of_catalogue(error: own::Error) -> Error {
    match error {
        own::Error::Store(error) => Error::Store(error),
        error @ (own::Error::Contended { .. } | own::Error::IsPublishing) => {
            Error::Store(store::Error::retryable("write the shop", error))
        }
        // Nobody drafts here.
        error @ (own::Error::Thing { .. }
        | own::Error::Packed { .. }
        | own::Error::Draft { .. }
        | own::Error::DraftHead { .. }
        | own::Error::UnknownEntity { .. }) => Error::Store(store::Error::permanent("read the shop", error)),
    }
}

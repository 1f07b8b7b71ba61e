//! Which definition a request's key was used for: a key is good for one request, whatever that asks for.

use chrono::{DateTime, Utc};
use engine::Context;
use pipeline::Name;
use serde_json::json;
use store::items::{self, Fields};
use store::table::{Change, Condition, Key, Write, Written};

use crate::error::Error;

/// Takes a key for a definition. Whoever repeats a request finds its own key.
///
/// # Errors
/// The key was used for another definition, or the store did not answer.
pub(super) async fn take(context: &Context, key: &str, name: &Name, now: DateTime<Utc>) -> Result<(), Error> {
    let attributes = items::attributes([("definition", json!(name)), ("taken_at", items::time(now))]);
    let change = Change::Put { attributes, listing: None, expires_at: None };
    let item = Key::new(format!("request/{key}"), "definition");
    let write = Write { key: item, condition: Condition::Absent, change };
    let Written::Conflict(Some(taken)) = context.store.table.write(write).await? else { return Ok(()) };
    let definition = Fields::of(&taken)?.text("definition")?.unwrap_or_default().to_owned();
    if definition == name.as_str() {
        return Ok(());
    }
    Err(Error::KeyOfOther { key: key.to_owned(), name: definition })
}

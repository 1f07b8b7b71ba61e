//! A process that writes to an embedded store, for tests that need a second one or one to kill:
//! `embedded-writer FOLDER NAME ROUNDS`. Prints the number of each round when all of it has been answered.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use pipeline::Priority;
use serde_json::json;
use store::Store;
use store::queue::Outgoing;
use store::table::{Attributes, Change, Condition, GroupWritten, Key, Relist, Write, Written};
use store_embedded::Options;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, name, rounds] = arguments.as_slice() else {
        return Err("usage: embedded-writer FOLDER NAME ROUNDS".into());
    };
    let store = store_embedded::open(Path::new(folder), Options::default())?;
    for round in 0..rounds.parse::<u32>()? {
        count_up(&store).await?;
        write_pair(&store, name, round).await?;
        let message = Outgoing { body: format!("{name} {round}"), delay: Duration::ZERO };
        store.queue.send(Priority::Normal, vec![message]).await?;
        store.files.put(&format!("work/{name}/{round}"), Bytes::from(round.to_string().repeat(5_000))).await?;
        writeln!(std::io::stdout().lock(), "{round}")?;
    }
    Ok(())
}

/// Counts an item up that all writers share, by its version.
async fn count_up(store: &Store) -> Result<(), Box<dyn std::error::Error>> {
    let key = Key::new("shared", "counter");
    loop {
        let current = store.table.get(&key).await?;
        let condition = current.as_ref().map_or(Condition::Absent, |item| Condition::Version(item.version));
        let count = current.map_or(0, |item| item.version);
        let attributes = Attributes::from([("count".to_owned(), json!(count + 1))]);
        let change = Change::Put { attributes, listing: None, expires_at: None };
        if let Written::Applied(_) = store.table.write(Write { key: key.clone(), condition, change }).await? {
            return Ok(());
        }
    }
}

/// Writes two items that only exist together.
async fn write_pair(store: &Store, name: &str, round: u32) -> Result<(), Box<dyn std::error::Error>> {
    let attributes = Attributes::from([("text".to_owned(), json!("x".repeat(3_000)))]);
    let change = Change::Patch { attributes, listing: Relist::Keep };
    let write = |side: &str| Write {
        key: Key::new(format!("{side} of {name}"), format!("{round:06}")),
        condition: Condition::Any,
        change: change.clone(),
    };
    match store.table.write_group(vec![write("left"), write("right")]).await? {
        GroupWritten::Applied => Ok(()),
        GroupWritten::Conflict(conflicts) => Err(format!("nothing can be in the way: {conflicts:?}").into()),
    }
}

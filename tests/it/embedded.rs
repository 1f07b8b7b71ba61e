//! What only the embedded store promises: it survives being killed, processes share it, and people may touch its folder.

mod clock;
mod database;
mod folder;
mod model;
mod processes;
mod shared_commit;
mod transaction;

use std::path::Path;

use patience::wait;
use store::Store;
use store::table::{Item, Query};
use store_embedded::Options;

fn open(folder: &Path) -> Store {
    store_embedded::open(folder, Options::default()).unwrap()
}

/// All items of a partition.
async fn items(store: &Store, partition: &str) -> Vec<Item> {
    let mut query = Query::prefix(partition, "");
    let mut items = Vec::new();
    let wait = wait(format!("{partition} has a last page"));
    loop {
        wait.go_on();
        let page = store.table.query(&query).await.unwrap();
        items.extend(page.entries);
        query.after = Some(match page.next {
            Some(next) => next,
            None => return items,
        });
    }
}

/// The keys of all files.
async fn keys(store: &Store) -> Vec<String> {
    store.files.list("", None, 100_000).await.unwrap().into_iter().map(|info| info.key).collect()
}

//! Prints how quickly the store writes and reads on this machine: `cargo run --release -p store-embedded --example throughput [folder]`.
//! The numbers are those of the disk under the folder; compare only what was measured side by side.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use pipeline::Priority;
use serde_json::json;
use store::Store;
use store::queue::Outgoing;
use store::table::{Attributes, Change, Condition, Key, Query, Relist, Write};
use store_embedded::Options;

const WRITES: u32 = 4000;
const STEPS: u32 = 1000;
const READS: u32 = 5000;

#[tokio::main]
async fn main() -> store::Result<()> {
    let temporary = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = std::env::args().nth(1).map_or(temporary.path().to_owned(), PathBuf::from);
    let store = store_embedded::open(&folder, Options::default())?;
    flush(&folder);
    for writers in [1, 2, 64] {
        let begun = Instant::now();
        let tasks = (0..writers).map(|writer| tokio::spawn(write(store.clone(), writer, WRITES / writers)));
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("a writer does not panic")?;
        }
        report(&format!("patches, {writers} at a time"), WRITES, begun);
    }
    for chains in [1, 16] {
        let begun = Instant::now();
        let tasks = (0..chains).map(|chain| tokio::spawn(steps(store.clone(), chain, STEPS)));
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("a chain does not panic")?;
        }
        report(&format!("steps (claim, finish, send, receive, delete), {chains} at a time"), STEPS * chains, begun);
    }
    let begun = Instant::now();
    for _ in 0..READS {
        let page = store.table.query(&Query::prefix("read", "")).await?;
        assert_eq!(page.entries.len(), 20);
    }
    report("queries of 20 items", READS, begun);
    Ok(())
}

/// What one flush of one block takes, to see the rest against.
fn flush(folder: &std::path::Path) {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = tempfile::tempfile_in(folder).expect("a temporary file can be made");
    let block = [0_u8; 4096];
    file.write_all(&block).expect("a block can be written");
    let begun = Instant::now();
    for _ in 0..STEPS {
        file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&block)).expect("a block can be written");
        file.sync_data().expect("a file can be flushed");
    }
    report("flushes of one block", STEPS, begun);
}

async fn write(store: Store, writer: u32, count: u32) -> store::Result<()> {
    let key = Key::new("read", format!("item-{writer:02}"));
    if writer < 20 {
        for row in 0..20 {
            let change = Change::Put { attributes: attributes(), listing: None, expires_at: None };
            let key = Key::new("read", format!("item-{row:02}"));
            store.table.write(Write { key, condition: Condition::Any, change }).await?;
        }
    }
    let key = if writer < 20 { key } else { Key::new("write", format!("item-{writer:02}")) };
    for _ in 0..count {
        store.table.write(patch(&key, Condition::Any)).await?;
    }
    Ok(())
}

async fn steps(store: Store, chain: u32, count: u32) -> store::Result<()> {
    let (step, next) = (Key::new(format!("chain-{chain}"), "step-1"), Key::new(format!("chain-{chain}"), "step-2"));
    let send = || store.queue.send(Priority::Normal, vec![Outgoing { body: "chain".into(), delay: Duration::ZERO }]);
    send().await?;
    for _ in 0..count {
        let received = store.queue.receive(1, Duration::from_secs(1)).await?;
        store.table.write(patch(&step, Condition::Any)).await?;
        store.table.write_group(vec![patch(&step, Condition::Present), patch(&next, Condition::Any)]).await?;
        send().await?;
        for message in received {
            store.queue.delete(&message.receipt).await?;
        }
    }
    Ok(())
}

fn patch(key: &Key, condition: Condition) -> Write {
    Write { key: key.clone(), condition, change: Change::Patch { attributes: attributes(), listing: Relist::Keep } }
}

fn attributes() -> Attributes {
    let text = |name: &str, value: &str| (name.to_owned(), json!(value));
    Attributes::from([
        text("status", "running"),
        text("token", "0d9bd1f6-77b3-4ef1-9c9d-0c9b9d4a2a61"),
        text("owner", "5a1c2a58-0a3c-4c1f-9f0a-3d2f9d6f1b11"),
        ("attempt".to_owned(), json!(1)),
        ("log".to_owned(), json!(vec!["a line of a log that is some eighty characters long, as such lines are"; 4])),
    ])
}

fn report(what: &str, count: u32, begun: Instant) {
    let elapsed = begun.elapsed();
    let each = elapsed / count;
    println!("{:>9.0} /s  {:>9.1?} each  {what}", f64::from(count) / elapsed.as_secs_f64(), each);
}

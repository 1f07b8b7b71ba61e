//! Packing when time runs short: what is not in the part stays, and the next run packs it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use pipeline::PipelineId;
use store::Result;
use store::files::{FileInfo, Files, PutOutcome, Range, Upload};
use tokio::time::timeout;

use super::clean_up::{WEEK_MINUTES, assert_packed, ended, keys, leave_files, recover, unpacked, workshop};
use super::dying_files::{Death, DyingFiles};
use engine::context::Invocation;
use workshop::Workshop;
use workshop::runner;

/// How long an invocation may take before time is short, and how much is left then. The step begins to pack within the
/// first; it ends within the second.
const BEFORE: Duration = Duration::from_secs(1);
const MARGIN: Duration = Duration::from_secs(30);

/// Files whose first read takes until time is short.
struct SlowFiles {
    inner: Arc<dyn Files>,
    invocation: Invocation,
}

#[async_trait]
impl Files for SlowFiles {
    async fn info(&self, key: &str) -> Result<Option<FileInfo>> {
        self.inner.info(key).await
    }

    async fn get(&self, key: &str, range: Option<Range>) -> Result<Option<Bytes>> {
        let bytes = self.inner.get(key, range).await;
        if range.is_some() {
            let wait = self.invocation.left().saturating_sub(MARGIN);
            let _ = timeout(wait, std::future::pending::<()>()).await;
        }
        bytes
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.inner.put(key, bytes).await
    }

    async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome> {
        self.inner.put_if_absent(key, bytes).await
    }

    async fn upload(&self, key: &str) -> Result<Box<dyn Upload>> {
        self.inner.upload(key).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool> {
        self.inner.copy(from, to).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.inner.delete(key).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<FileInfo>> {
        self.inner.list(prefix, after, limit).await
    }

    async fn presign_put(&self, key: &str, size_bytes: u64, valid_for: Duration) -> Result<Option<String>> {
        self.inner.presign_put(key, size_bytes, valid_for).await
    }

    async fn presign_get(&self, key: &str, valid_for: Duration) -> Result<Option<String>> {
        self.inner.presign_get(key, valid_for).await
    }
}

/// A workshop with a pipeline whose files are due, and a clean-up that is to pack them.
async fn due() -> (Workshop, PipelineId, BTreeMap<String, Vec<u8>>) {
    let workshop = workshop().await;
    let id = ended(&workshop, "a").await;
    let files = leave_files(&workshop, &id).await;
    workshop.wait(14 * WEEK_MINUTES);
    workshop.init("clean_up_pipelines").await;
    (workshop, id, files)
}

/// Packs for as long as there is time, which is one file; the runner may die at a change before.
async fn pack_one_file(workshop: &Workshop, death: Option<usize>) {
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation_of(BEFORE + MARGIN);
    let mut files = workshop.store().files.clone();
    let mut dead = None;
    if let Some(changes) = death {
        let dying = DyingFiles::at(files, changes, Death::Before);
        dead = Some(dying.clone());
        files = Arc::new(dying);
    }
    let mut context = workshop.context.clone();
    context.limits.deadline_margin = MARGIN;
    context.store.files = Arc::new(SlowFiles { inner: files, invocation: invocation.clone() });
    let run = runner::run(&context, &message.body, &invocation);
    let Some(dying) = dead else {
        run.await.unwrap();
        workshop.store().queue.delete(&message.receipt).await.unwrap();
        return;
    };
    tokio::select! {
        biased;
        () = dying.dead.notified() => {}
        report = run => panic!("it was to die, and ended: {report:?}"),
    }
}

/// The keys of the pipeline's own files.
async fn left(workshop: &Workshop, id: &PipelineId) -> Vec<String> {
    let own = [format!("archive/{id}/"), format!("work/{id}/")];
    keys(workshop).await.into_iter().filter(|key| own.iter().any(|prefix| key.starts_with(prefix))).collect()
}

#[tokio::test]
async fn packing_deletes_only_what_is_in_the_part_that_was_written() {
    // With time for one file: undisturbed, and when the runner dies before it deletes that one.
    for death in [None, Some(2)] {
        let (workshop, id, files) = due().await;
        let all: Vec<String> = files.keys().cloned().collect();
        pack_one_file(&workshop, death).await;
        let packed = unpacked(&workshop).await;
        assert_eq!(packed.into_keys().collect::<Vec<_>>(), all[..1], "there was time for the first file");
        let deleted = usize::from(death.is_none());
        assert_eq!(left(&workshop, &id).await, all[deleted..], "all but the packed file are still there");

        recover(&workshop).await;
        assert_packed(&workshop, &files, "in the end").await;
        assert_eq!(left(&workshop, &id).await, [""; 0]);
        let parts = ["2.tar.gz", "2.tar.gz.json", "tar.gz", "tar.gz.json"];
        assert_eq!(keys(&workshop).await, parts.map(|part| format!("archive/{id}.{part}")));
    }
}

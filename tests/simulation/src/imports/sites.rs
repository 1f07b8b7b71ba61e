//! Where a process dies: behind each change. Another one begins on what is there, and is compared.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pipeline::StepStatus;
use store::Result;
use store::table::Key;

use super::host::{Clock, Host};
use super::left::Left;
use super::{Trial, Tried, copy};

/// What is seen of the calls of a process.
#[derive(Default)]
pub(super) struct Watch {
    /// The partitions that were written to.
    partitions: Arc<Mutex<BTreeSet<String>>>,
    /// What to do behind each change.
    at_changes: Option<AtChanges>,
    turn: tokio::sync::Mutex<()>,
}

struct AtChanges {
    store: PathBuf,
    sites: Arc<Sites>,
}

impl Watch {
    /// Lets a process die behind each change to the store in a folder.
    pub(super) fn copying(store: &Path, watch: &Watch, sites: &Arc<Sites>) -> Self {
        let at_changes = AtChanges { store: store.to_owned(), sites: sites.clone() };
        Watch { partitions: watch.partitions.clone(), at_changes: Some(at_changes), ..Watch::default() }
    }

    /// The same watch for a process that does not die.
    fn of_restart(&self) -> Self {
        Watch { partitions: self.partitions.clone(), ..Watch::default() }
    }

    pub(super) fn partitions(&self) -> BTreeSet<String> {
        locked(&self.partitions).clone()
    }

    pub(super) fn writes(&self, keys: impl IntoIterator<Item = Key>) {
        locked(&self.partitions).extend(keys.into_iter().map(|key| key.partition));
    }

    /// Lets a call change something; a process may die behind it.
    pub(super) async fn change<T>(&self, call: &str, act: impl Future<Output = Result<T>>) -> Result<T> {
        // A process writes several items at the same time. Here one waits for the other, so that a copy is of one moment.
        let _turn = self.turn.lock().await;
        let outcome = act.await?;
        if let Some(AtChanges { store, sites }) = &self.at_changes {
            sites.die(store, call).await;
        }
        Ok(outcome)
    }
}

/// Where a process dies, and what comes of it.
pub(super) struct Sites {
    trial: Trial,
    /// Where copies are made.
    folder: PathBuf,
    watch: Arc<Watch>,
    /// What everybody sees before the import, and what is left of an undisturbed one.
    before: Left,
    expected: Left,
    clock: Mutex<Option<Clock>>,
    deaths: Mutex<usize>,
    broken: Mutex<Vec<String>>,
}

impl Sites {
    pub(super) fn new(trial: Trial, folder: &Path, watch: Arc<Watch>, (before, expected): (Left, Left)) -> Self {
        let folder = folder.join("dead");
        let (clock, deaths, broken) = (Mutex::default(), Mutex::default(), Mutex::default());
        Sites { trial, folder, watch, before, expected, clock, deaths, broken }
    }

    /// Begins with the process whose deaths are tried.
    pub(super) fn begin(&self, host: &Host) {
        *locked(&self.clock) = Some(host.clock());
    }

    pub(super) fn tried(&self) -> Tried {
        Tried { deaths: *locked(&self.deaths), broken: locked(&self.broken).clone() }
    }

    /// Lets another process begin on what is there, and compares what it comes to.
    async fn die(&self, store: &Path, call: &str) {
        let Some(died_at) = locked(&self.clock).as_ref().map(|clock| clock()) else { return };
        *locked(&self.deaths) += 1;
        copy(store, &self.folder);
        let watch = Arc::new(self.watch.of_restart());
        let host = Host::restart(&self.folder, died_at, &self.trial, watch.clone());
        let mut told = Vec::new();
        if self.trial.is_transaction && !has_imported(&host).await {
            let seen = Left::seen(&host, &watch).await;
            told.extend(
                seen.difference(&self.before).map(|found| format!("seen before the import has ended: {found}")),
            );
        }
        host.live().await;
        told.extend(Left::of(&host, &watch).await.difference(&self.expected));
        let Trial { files, is_transaction, .. } = self.trial;
        let told = told
            .into_iter()
            .map(|told| format!("{}, transaction {is_transaction}, dead behind {call}: {told}", files.import));
        locked(&self.broken).extend(told);
        drop(host);
        std::fs::remove_dir_all(&self.folder).expect("a copy can be deleted");
    }
}

/// Whether the step that imports has ended.
async fn has_imported(host: &Host) -> bool {
    let mut ids: Vec<_> = host.store.ended_pipelines(1, 1, host.now()).await.expect("the store answers");
    ids.extend(host.store.open_pipelines(1).await.expect("the store answers").into_iter().map(|open| open.id));
    let Some(id) = ids.first() else { return false };
    let Some(pipeline) = host.store.pipeline_with_steps(id).await.expect("the store answers") else { return false };
    let mut steps = pipeline.steps.iter();
    steps.any(|step| step.definition.name.as_str() == "import" && step.record.status == StepStatus::Success)
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

//! A process that beats and runs until there is nothing to do any more.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use catalog::own::{self, Update};
use chrono::{DateTime, Utc};
use engine::runner::resident::{ResidentRunner, Turn};
use engine::{Context, Invocation, Limits, Program, heartbeat, runner};
use import::entity::Thing;
use import::entity::attribute::Attribute;
use import::entity::customer::Customer;
use import::entity::product::Product;
use pipeline::settings::Scope;
use steps::import::DROP_PREFIX;
use store::Store;
use store::settings::NewSetting;
use store_embedded::Options;

use super::Trial;
use super::bugs::Planted;
use super::sites::Watch;
use super::watched::watched;

/// When every first process begins, and how much later the next one does: leases and deliveries of the dead one are over.
pub(super) const START: &str = "2026-08-01T12:00:00Z";
const RESTART: Duration = Duration::from_secs(20 * 60);

/// How many minutes after each other beats come, and after how many a pipeline that is still open never ends.
const BETWEEN_BEATS: Duration = Duration::from_secs(180);
const MOST_BEATS: usize = 30;

/// Tells the time of a process.
pub(super) type Clock = Box<dyn Fn() -> DateTime<Utc> + Send>;

/// One process on one machine.
pub(super) struct Host {
    pub(super) context: Context,
    /// The store as it is, without what is planted or watched.
    pub(super) store: Store,
    now: Arc<Mutex<DateTime<Utc>>>,
    invocations: AtomicU32,
    shares_commits: bool,
}

impl Host {
    /// Begins a process on the store in a folder.
    pub(super) fn open(folder: &Path, start: &str, trial: &Trial, watch: Arc<Watch>) -> Self {
        let now: DateTime<Utc> = start.parse().expect("it is a time");
        let now = Arc::new(Mutex::new(now));
        let clock = {
            let now = now.clone();
            Arc::new(move || *now.lock().unwrap_or_else(PoisonError::into_inner))
        };
        let store = store_embedded::open(folder, Options { clock, ..Options::default() });
        let store = store.unwrap_or_else(|error| panic!("the store in {} does not open: {error}", folder.display()));
        let mut seen = watched(&store, watch);
        if !trial.shares_commits {
            seen.shared_commits = None;
        }
        if let Some(bug) = trial.bug {
            seen = Planted::between(bug, seen);
        }
        let program = Program { definitions: Vec::new(), ..steps::shipped() };
        let context = Context::new(seen, program, Limits::default());
        Host { context, store, now, invocations: AtomicU32::new(0), shares_commits: trial.shares_commits }
    }

    /// Begins a process where another one has died.
    pub(super) fn restart(folder: &Path, died_at: DateTime<Utc>, trial: &Trial, watch: Arc<Watch>) -> Self {
        Self::open(folder, &(died_at + RESTART).to_rfc3339(), trial, watch)
    }

    /// Shows the time of the process.
    pub(super) fn clock(&self) -> Clock {
        let now = self.now.clone();
        Box::new(move || *now.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn invocation(&self) -> Invocation {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        // Another name than those of the process before, as on every machine.
        let name = format!("{} {number}", self.now().timestamp());
        Invocation::begin(name, self.now(), Duration::from_secs(60))
    }

    /// Puts everything there that an import begins with.
    pub(super) async fn prepare(&self, trial: &Trial) {
        for sku in ["A-1", "P-1"] {
            let json = format!(r#"{{"schema":1,"sku":"{sku}","product_type":"simple","attribute_set":"Default"}}"#);
            self.put(&sku.to_lowercase(), read::<Product>(&json)).await;
        }
        let customer = r#"{"schema":1,"email":"a@example.com","website":"base","values":{}}"#;
        self.put("base/a@example.com", read::<Customer>(customer)).await;
        let mut size = Attribute { code: "size".to_owned(), input: "select".to_owned(), ..Attribute::default() };
        let _ = size.add_options(["S", "M"]);
        self.put("size", size).await;
        self.put_file("pipelines/entity.xml", &trial.definition()).await;
        let value = if trial.is_transaction { "true" } else { "false" };
        let scope: Scope = "default".parse().expect("it is a scope");
        let setting = NewSetting { name: "import.single_transaction", scope: &scope, value };
        self.context.store.set_setting(setting, "a test", self.now()).await.expect("the store answers");
        let prefix = trial.files.prefix;
        for (number, text) in (1..).zip(trial.files.files) {
            self.put_file(&format!("{DROP_PREFIX}{prefix}_a_{number:02}.csv"), text).await;
        }
        self.put_file(&format!("{DROP_PREFIX}{prefix}_a.ok"), "").await;
    }

    async fn put_file(&self, key: &str, text: &str) {
        self.context.store.files.put(key, Bytes::from(text.to_owned())).await.expect("the store answers");
    }

    async fn put<T: Thing>(&self, key: &str, thing: T) {
        let mark = "before".to_owned();
        let update = Update { key: key.to_owned(), before: None, thing: Some(thing), mark, change: None };
        let written = own::write_things(self.context.store.table.as_ref(), &[update]).await;
        assert_eq!(written.expect("the store answers"), Vec::<String>::new());
    }

    /// Beats and runs until no pipeline is open and one more beat finds nothing to do.
    pub(super) async fn live(&self) {
        let mut quiet = 0;
        for _ in 0..MOST_BEATS {
            let beat = heartbeat::beat(&self.context, &self.invocation()).await.expect("the store answers");
            assert_eq!(beat.problems, [""; 0]);
            self.run().await;
            let is_open = !self.store.open_pipelines(1).await.expect("the store answers").is_empty();
            quiet = if is_open || !beat.spawned.is_empty() { 0 } else { quiet + 1 };
            if quiet == 1 {
                return;
            }
            let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
            *now += BETWEEN_BEATS;
        }
        panic!("after {MOST_BEATS} beats a pipeline is still open");
    }

    /// Deals with all messages that are there.
    async fn run(&self) {
        if self.shares_commits {
            let mut runner = ResidentRunner::new(&self.context, || self.invocation()).taking_ahead_while(|| true);
            while !matches!(runner.turn(Duration::ZERO).await.expect("the store answers"), Turn::Nothing) {}
            return runner.end().await.expect("the store answers");
        }
        let queue = &self.context.store.queue;
        while let Some(message) = queue.receive(1, Duration::ZERO).await.expect("the store answers").pop() {
            runner::run(&self.context, &message.body, &self.invocation()).await.expect("the store answers");
            queue.delete(&message.receipt).await.expect("the store answers");
        }
    }
}

fn read<T: Thing>(json: &str) -> T {
    T::from_json(json).expect("it is a thing")
}

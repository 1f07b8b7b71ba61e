//! What every engine call works with.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use pipeline::plan::Grace;
use pipeline::settings::{SettingList, Settings};
use pipeline::{Name, PipelineId, Token};
use sha2::{Digest, Sha256};
use store::Store;
use store::services::Services;
use tokio::time::Instant;

use crate::busy_stages::BusyStages;
use crate::conditions::Conditions;
use crate::data_fetchers::DataFetchers;
use crate::definitions::Definitions;
use crate::executor::Executors;
use crate::kept_settings::KeptSettings;

/// Made once per process: the store, the lists, the limits.
#[derive(Clone)]
pub struct Context {
    /// The storage seams.
    pub store: Store,
    /// Every executor that this program has.
    pub executors: Arc<Executors>,
    /// The conditions that this program registers beside those that are built in.
    pub conditions: Arc<Conditions>,
    /// The data fetchers that this program registers.
    pub fetchers: Arc<DataFetchers>,
    /// Where definitions come from.
    pub definitions: Arc<Definitions>,
    /// What executors and the monitor may call beside the storage; nothing, unless [`Context::with_services`] says so.
    pub services: Services,
    /// Times and caps.
    pub limits: Limits,
    /// The settings as they were read last.
    pub settings: Arc<KeptSettings>,
    /// Everything that can be set.
    pub setting_list: Arc<SettingList>,
    /// The stages of which this process is running steps.
    pub busy_stages: Arc<BusyStages>,
}

/// The times and caps that the engine works with.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// When messages count as lost.
    pub grace: Grace,
    /// How long after the end of its invocation a silent runner counts as dead.
    ///
    /// Covers the difference of clocks: Lambda kills a function at its timeout, but our clock is not its clock.
    pub lease_margin: Duration,
    /// If set, a runner has a step for this long only and renews the lease while it works.
    ///
    /// For a host whose runners have no end of their own (`systole dev`), so that a killed one is noticed soon.
    pub renewed_lease: Option<Duration>,
    /// How often the log of a running step is written where people can follow it, if it has grown. Each time is one put.
    pub log_every: Duration,
    /// How long before the deadline an executor should stop and leave a checkpoint.
    pub deadline_margin: Duration,
    /// After how many runners in a row the chain is left to the heartbeat.
    ///
    /// The runner's recursion guard is off (`RecursiveLoop: Allow`), so this is what ends a chain that went wild.
    pub hop_limit: u32,
    /// How old the settings may be that a mini beat goes by.
    pub settings_kept_for: Duration,
    /// Most open pipelines that one beat looks at.
    pub pipelines_per_beat: usize,
    /// How many pipelines a beat works on at the same time.
    pub parallel_pipelines: usize,
    /// How many steps of one pipeline a beat marks at the same time.
    pub parallel_marks: usize,
    /// How long a data fetcher may take in a beat.
    pub fetch_time: Duration,
    /// Most pipelines that one beat spawns for data fetchers.
    pub fetched_per_beat: usize,
}

/// One invocation of a function: who it is, what time it is, how long it may take.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Differs for every invocation; marks what it writes.
    pub id: String,
    began: DateTime<Utc>,
    started: Instant,
    deadline: Instant,
}

/// How long before the end of its time a beat begins nothing more.
pub(crate) const STOP_MARGIN: Duration = Duration::from_secs(5);

/// What an invocation may take if nobody says: as long as the shortest function of the template.
const UNKNOWN_BUDGET: Duration = Duration::from_secs(29);

impl Context {
    /// The settings in force, read within the last [`settings_kept_for`](Limits::settings_kept_for).
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn settings(&self, now: DateTime<Utc>) -> store::Result<Arc<Settings>> {
        match self.settings.younger_than(self.limits.settings_kept_for, now) {
            Some(settings) => Ok(settings),
            None => self.fresh_settings(now).await,
        }
    }

    /// The settings in force, read now.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn fresh_settings(&self, now: DateTime<Utc>) -> store::Result<Arc<Settings>> {
        let settings = Arc::new(self.store.settings().await?);
        self.settings.keep(settings.clone(), now);
        Ok(settings)
    }

    /// The same with what its executors may call.
    #[must_use]
    pub fn with_services(mut self, services: Services) -> Self {
        self.services = services;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            // Long enough that a backlog of some minutes does not double itself.
            grace: Grace { resend_after: Duration::from_secs(300) },
            lease_margin: Duration::from_secs(60),
            renewed_lease: None,
            // A step of a quarter of an hour that never stops talking costs a twentieth of a cent by it.
            log_every: Duration::from_secs(10),
            deadline_margin: Duration::from_secs(5),
            hop_limit: 500,
            // Short for a person who waits for maintenance mode to take effect, long beside a step of milliseconds.
            settings_kept_for: Duration::from_secs(5),
            pipelines_per_beat: 2_000,
            parallel_pipelines: 16,
            parallel_marks: 16,
            // A fifth of a beat; a fetcher that needs longer belongs into the pipeline `initialize`.
            fetch_time: Duration::from_secs(10),
            // Seconds of a beat, and as many pipelines as it can move on beside the others.
            fetched_per_beat: 500,
        }
    }
}

impl Invocation {
    /// Begins an invocation now that may take `budget`.
    ///
    /// This is where a handler hands its clock in; from here on time is counted, not asked for.
    #[must_use]
    pub fn begin(id: impl Into<String>, now: DateTime<Utc>, budget: Duration) -> Self {
        let started = Instant::now();
        Invocation { id: id.into(), began: now, started, deadline: started + budget }
    }

    /// The time from `now` until a deadline in milliseconds since 1970, as the Lambda runtime gives it.
    ///
    /// A deadline that has passed is taken for unknown: `cargo lambda watch` sends such ones.
    #[must_use]
    pub fn budget_until(deadline_ms: u64, now: DateTime<Utc>) -> Duration {
        let now_ms = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        match deadline_ms.checked_sub(now_ms) {
            Some(left) if left > 0 => Duration::from_millis(left),
            _ => UNKNOWN_BUDGET,
        }
    }

    /// The time, as the handler's clock counts it.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.began + self.started.elapsed()
    }

    /// How long is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// When the time is up.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The same invocation when some time has passed in it, for tests.
    #[must_use]
    pub fn later(&self, passed: Duration) -> Self {
        Invocation { started: self.started - passed, deadline: self.deadline - passed, ..self.clone() }
    }

    /// The token of an enqueue by this invocation.
    ///
    /// It follows from who enqueues what, so that a repetition after a lost reply recognises its own write, while no other
    /// invocation can come to the same token.
    #[must_use]
    pub fn token(&self, pipeline: &PipelineId, step: &Name, attempt: u32, continuation: u32) -> Token {
        let digest = Sha256::digest(format!("{}\n{pipeline}\n{step}\n{attempt}\n{continuation}", self.id));
        Token(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

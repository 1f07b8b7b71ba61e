//! The installation that a command works on.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use engine::take_over::take_over;
use engine::{Context, Invocation, Limits, Program};
use store_aws::{Account, Config, ServicesConfig};
use store_embedded::Options;

use crate::arguments::InstallationArguments;
use crate::process_lock::ProcessLock;
use crate::service_arguments::ServiceArguments;
use crate::store_folder::Need;

/// The installation of Systole that a command works on: a store, and the program with its engine over it.
pub(crate) struct Installation {
    pub(crate) program: Program,
    pub(crate) context: Context,
    pub(crate) place: Place,
    /// What to say if the store was made just now and somebody may have meant another one.
    pub(crate) is_new: Option<String>,
    /// Who does it, for those who look at it later; on AWS nobody by name before [`Installation::identify`].
    pub(crate) by: String,
    /// None on this machine.
    account: Option<Account>,
    /// None on AWS, and where nothing is done but looking.
    process_lock: Option<Arc<ProcessLock>>,
}

/// The engine and the process that does its work.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) context: Context,
    process_lock: Option<Arc<ProcessLock>>,
}

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a folder of this machine: this process can do all the work itself.
    Embedded(PathBuf),
    /// On AWS, where functions do the work.
    Aws {
        /// Where its files lie.
        bucket: String,
    },
}

/// By what people do what they do, for the audit.
const CLI: &str = "CLI";

/// How long a runner of this machine holds a step without a sign of life. A killed one is noticed after that.
const LEASE: Duration = Duration::from_secs(10);

/// How long one step may run on this machine before its executor leaves a checkpoint.
pub(crate) const STEP_BUDGET: Duration = Duration::from_secs(300);

/// How long one beat may take; its lease ends little later.
pub(crate) const BEAT_BUDGET: Duration = Duration::from_secs(20);

impl Installation {
    pub(crate) async fn open(arguments: &InstallationArguments, need: Need, program: Program) -> anyhow::Result<Self> {
        if arguments.is_on_aws() {
            Self::open_on_aws(arguments, program).await
        } else {
            Self::open_embedded(arguments, need, program)
        }
    }

    async fn open_on_aws(arguments: &InstallationArguments, program: Program) -> anyhow::Result<Self> {
        // Free text would let anybody write anybody's name into the audit of a stage that several people work on.
        if arguments.is_by_given {
            bail!("--by is for the embedded store; on AWS the audit names who the credentials belong to");
        }
        let account = Account::from_env().await;
        let config = match &arguments.stage {
            Some(stage) => account.find_stage(stage).await.with_context(|| format!("cannot find stage `{stage}`"))?,
            None => Config::from_env().context("cannot tell which stage to work on (`--stage NAME` finds one)")?,
        };
        let allowed = ServicesConfig::from_env().context("cannot tell what steps may call")?;
        let (store, services) = account.connect(&config, &allowed);
        let context = Context::new(store, program.clone(), Limits::default()).with_services(services);
        let place = Place::Aws { bucket: config.bucket_name };
        let by = CLI.to_owned();
        Ok(Installation { program, context, place, by, account: Some(account), process_lock: None, is_new: None })
    }

    fn open_embedded(arguments: &InstallationArguments, need: Need, program: Program) -> anyhow::Result<Self> {
        let by = match arguments.by.as_deref() {
            None | Some("") => CLI.to_owned(),
            Some(name) => format!("{name} ({CLI})"),
        };
        let is_new = need.check(arguments)?;
        let folder = arguments.folder();
        let options = Options { visibility: LEASE, ..Options::default() };
        let (store, process_lock) = if need == Need::Look {
            (store_embedded::open_to_look(&folder, options)?, None)
        } else {
            let store = store_embedded::open(&folder, options)?;
            (store, Some(Arc::new(ProcessLock::begin(&folder)?)))
        };
        let limits = Limits {
            renewed_lease: Some(LEASE),
            lease_margin: Duration::from_secs(5),
            // One file of this machine; a person who follows a log sees it move.
            log_every: Duration::from_secs(1),
            ..Limits::default()
        };
        let place = Place::Embedded(folder);
        let context = Context::new(store, program.clone(), limits);
        Ok(Installation { program, context, place, by, account: None, process_lock, is_new })
    }

    /// Opens the installation to look at it; none if nobody named one and there is none at the usual place.
    pub(crate) async fn open_if_there(
        arguments: &InstallationArguments,
        program: Program,
    ) -> anyhow::Result<Option<Self>> {
        let is_named = arguments.is_on_aws() || arguments.store.is_some();
        if !is_named && !store_embedded::is_store(&arguments.folder()) {
            return Ok(None);
        }
        Ok(Some(Self::open(arguments, Need::Look, program).await?))
    }

    /// Finds out who does it, before something is done that is noted with a name.
    ///
    /// Others need not wait for AWS to tell.
    pub(crate) async fn identify(&mut self) -> anyhow::Result<()> {
        if let Some(account) = &self.account {
            let caller = account.caller().await.context("cannot tell who does this, so nothing is done")?;
            self.by = format!("{caller} ({CLI})");
        }
        Ok(())
    }

    /// The same for steps that may call what the flags name.
    pub(crate) fn with_services(mut self, services: &ServiceArguments) -> anyhow::Result<Self> {
        match &self.place {
            Place::Embedded(root) => self.context.services = services.services(root)?,
            Place::Aws { .. } if services.is_any() => {
                bail!("what steps may call on AWS is said by INVOKABLE_FUNCTIONS and HTTP_ALLOWED_HOSTS");
            }
            Place::Aws { .. } => {}
        }
        Ok(self)
    }

    /// What this process does work with.
    pub(crate) fn host(&self) -> Host {
        Host { context: self.context.clone(), process_lock: self.process_lock.clone() }
    }

    /// Where a file of the store is, as a person would look for it.
    pub(crate) fn locate(&self, key: &str) -> String {
        match &self.place {
            Place::Embedded(root) => root.join("files").join(key).display().to_string(),
            Place::Aws { bucket } => format!("s3://{bucket}/{key}"),
        }
    }
}

impl Host {
    /// One piece of work of this process.
    pub(crate) fn invocation(&self, what: &str, budget: Duration) -> Invocation {
        let id = match &self.process_lock {
            Some(process_lock) => process_lock.invocation_id(what),
            None => format!("{what}-{}", uuid::Uuid::new_v4().simple()),
        };
        Invocation::begin(id, now(), budget)
    }

    /// Carries on what killed processes of this machine held.
    pub(crate) async fn take_over(&self) -> store::Result<()> {
        let Some(process_lock) = &self.process_lock else { return Ok(()) };
        let dead = process_lock.dead();
        if dead.is_empty() {
            return Ok(());
        }
        let invocation = self.invocation("take-over", BEAT_BUDGET);
        take_over(&self.context, |owner| dead.has(owner), &invocation).await?;
        dead.sweep();
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the command hands its clock to the engine")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

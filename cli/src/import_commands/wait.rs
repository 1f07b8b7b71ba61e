//! Waits for what becomes of dropped files.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use operate::view::PipelineDetails;
use pipeline::PipelineId;
use steps::import::{DROP_PREFIX, arrivals};

use super::progress::Progress;
use super::put::Dropped;
use crate::host;
use crate::installation::{Installation, Place, STEP_BUDGET, now};
use crate::output::Output;
use crate::pipeline_commands::details;
use crate::signals::Signals;

/// How often the wait looks, and how often this process beats while it waits.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How long a runner of this process waits for a message before it looks whether to stop: little, because the last of them
/// is what the command ends with.
const RECEIVE_WAIT: Duration = Duration::from_millis(100);

/// What became of a drop.
pub(crate) struct Waited {
    /// The pipelines that took files, in the order of their spawns.
    pub(crate) pipelines: Vec<PipelineDetails>,
    /// What the files that no pipeline took wait for.
    pub(crate) waiting: BTreeMap<String, String>,
    pub(crate) end: End,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Every file was taken, and the pipelines that took them have ended.
    Complete,
    /// Some files wait for something that no pipeline will bring about.
    Stuck,
    /// The time that the command line gave is over.
    TimedOut,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Awaited<'a> {
    /// Until every dropped file was taken by a pipeline, and these have ended.
    Files(&'a Dropped),
    /// Until a pipeline has ended.
    Pipeline(&'a PipelineId),
}

/// Waits. Over the embedded store this process does the work; beside a running `systole dev` the two share it.
pub(crate) async fn wait(
    installation: &Installation,
    awaited: Awaited<'_>,
    timeout: Duration,
    output: &Output,
) -> anyhow::Result<Waited> {
    let (stopper, stop) = host::stop_signal();
    let mut tasks = Vec::new();
    if matches!(installation.place, Place::Embedded(_)) {
        let host = installation.host();
        tasks.push(host::spawn_beats(&host, LOOK_EVERY, &stop));
        tasks.extend((0..2).map(|_| host::spawn_runner(&host, RECEIVE_WAIT, &stop)));
    }
    let mut signals = Signals::listen()?;
    let progress = Progress::begin(output);
    let mut look = DropWatch {
        installation,
        awaited,
        output,
        taken: BTreeMap::new(),
        idle_since: None,
        newest: None,
        said: BTreeSet::new(),
        progress,
    };
    let waited = tokio::select! {
        waited = look.until_ended(timeout, stop) => waited,
        () = signals.next() => look.at_fates().await.map(|fates| fates.ended(End::Interrupted)),
    };
    look.progress.hide();
    stopper.stop();
    let is_early = waited.as_ref().is_ok_and(|waited| matches!(waited.end, End::TimedOut | End::Interrupted));
    if is_early && !tasks.is_empty() {
        output.say("stopping; steps that have begun are ended first (Ctrl-C kills)")?;
    }
    host::join(tasks, STEP_BUDGET, &mut signals).await?;
    // What has ended meanwhile is told, too.
    if is_early { Ok(look.at_fates().await?.ended(waited?.end)) } else { waited }
}

struct DropWatch<'a> {
    installation: &'a Installation,
    awaited: Awaited<'a>,
    output: &'a Output,
    /// The pipelines that took files of this drop. What another drop of the same name does later is not ours.
    taken: BTreeMap<String, PipelineId>,
    /// When nothing was under way any more.
    idle_since: Option<DateTime<Utc>>,
    /// The ended pipeline that was spawned last.
    newest: Option<PipelineId>,
    /// What has been said of the progress.
    said: BTreeSet<String>,
    progress: Progress,
}

/// What is known of the files now.
struct Fates {
    pipelines: Vec<PipelineDetails>,
    waiting: BTreeMap<String, String>,
}

impl Fates {
    fn ended(self, end: End) -> Waited {
        Waited { pipelines: self.pipelines, waiting: self.waiting, end }
    }
}

impl DropWatch<'_> {
    async fn until_ended(&mut self, timeout: Duration, mut stop: host::StopSignal) -> anyhow::Result<Waited> {
        let began = Instant::now();
        loop {
            stop.sleep(LOOK_EVERY).await;
            let fates = self.at_fates().await?;
            let is_open = fates.pipelines.iter().any(|details| details.pipeline.status.is_open());
            let is_stuck = self.is_stuck().await?;
            self.say_progress(&fates)?;
            if fates.waiting.is_empty() && !is_open {
                return Ok(fates.ended(End::Complete));
            } else if is_stuck {
                return Ok(fates.ended(End::Stuck));
            } else if began.elapsed() > timeout {
                return Ok(fates.ended(End::TimedOut));
            }
        }
    }

    async fn at_fates(&mut self) -> anyhow::Result<Fates> {
        let (ids, waiting) = match self.awaited {
            Awaited::Files(dropped) => self.fates_of(dropped).await?,
            Awaited::Pipeline(id) => (BTreeSet::from([id.clone()]), BTreeMap::new()),
        };
        let mut pipelines = Vec::new();
        for id in &ids {
            pipelines.push(details(self.installation, id).await?);
        }
        Ok(Fates { pipelines, waiting })
    }

    /// The pipelines that took the files of a drop, and what the others wait for.
    async fn fates_of(
        &mut self,
        dropped: &Dropped,
    ) -> anyhow::Result<(BTreeSet<PipelineId>, BTreeMap<String, String>)> {
        let mut waiting = BTreeMap::new();
        let open = dropped.files.iter().filter(|name| !self.taken.contains_key(*name));
        let names: Vec<String> = open.cloned().collect();
        let keys: Vec<String> = names.iter().map(|name| format!("{DROP_PREFIX}{name}")).collect();
        let arrivals = arrivals::of_files(&self.installation.context.store, &keys).await?;
        let mut arrivals: BTreeMap<_, _> = arrivals.into_iter().map(|arrival| (arrival.key.clone(), arrival)).collect();
        for (name, key) in names.iter().zip(&keys) {
            let arrival = arrivals.remove(key);
            let is_other = arrival.as_ref().is_some_and(|arrival| dropped.is_of_another_drop(name, arrival));
            let (pipeline, reason) = match arrival {
                _ if is_other => (None, Some(REPLACED.to_owned())),
                Some(arrival) => (arrival.pipeline, arrival.waits_for),
                None => (None, None),
            };
            match pipeline {
                Some(id) => {
                    self.taken.insert(name.clone(), id.parse()?);
                }
                None => {
                    waiting.insert(name.clone(), reason.unwrap_or_else(|| NOT_LOOKED_AT.to_owned()));
                }
            }
        }
        Ok((self.taken.values().cloned().collect(), waiting))
    }

    /// Whether a whole heartbeat has looked and found nothing to do while nothing was under way: waiting changes nothing then.
    async fn is_stuck(&mut self) -> anyhow::Result<bool> {
        let store = &self.installation.context.store;
        let looked_at = now();
        // Read first: what the beat spawned is seen below.
        let last_beat = store.last_beat().await?;
        let is_open = !store.open_pipelines(1).await?.is_empty();
        // A pipeline may have come and gone between two looks.
        let newest = store.ended_pipelines(1, 1, looked_at).await?.pop();
        if is_open || newest != self.newest {
            self.newest = newest;
            self.idle_since = None;
            return Ok(false);
        }
        let since = *self.idle_since.get_or_insert(looked_at);
        Ok(last_beat.is_some_and(|beat| beat > since))
    }

    fn say_progress(&mut self, fates: &Fates) -> anyhow::Result<()> {
        let mut lines: Vec<String> = Vec::new();
        for details in &fates.pipelines {
            lines.push(format!("pipeline {} spawned by {}", details.pipeline.id, details.pipeline.spawned_by));
        }
        // What files wait for in the end is said in the end.
        if self.idle_since.is_none() {
            let reasons: BTreeSet<_> = fates.waiting.values().filter(|reason| *reason != NOT_LOOKED_AT).collect();
            lines.extend(reasons.into_iter().map(|reason| format!("files wait: {reason}")));
        }
        for line in lines {
            if self.said.insert(line.clone()) {
                self.progress.say(self.output, &line)?;
            }
        }
        self.progress.show(self.output, &fates.pipelines)
    }
}

/// What became of a file whose name another drop used before a pipeline was seen that took it.
const REPLACED: &str = "another drop put a file of the same name there; `systole import history` names the import of this \
                        one, if it was taken before";

/// What files wait for before a heartbeat has looked at them.
const NOT_LOOKED_AT: &str = "no heartbeat has looked at it yet";

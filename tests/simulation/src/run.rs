//! One run: a seed decides what happens and who goes on; in the end everything is checked.

mod turns;

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use engine::executor::Executors;
use engine::{Context, Invocation, Limits, Program};
use patience::{Wait, wait};
use pipeline::merge::Vocabulary;
use pipeline::{Pipeline, PipelineId, Priority};
use steps::import::arrivals::Arrival;
use store::Store;
use store::shared_commit::SharedCommits;
use store_embedded::Options;
use tokio::runtime::Runtime;

use crate::chance::Chance;
use crate::counts::Counts;
use crate::faults::{Allowed, FaultPlace};
use crate::history::{ActorId, History, What};
use crate::sabotage::{Bug, Sabotage};
use crate::scenario::{Commits, Deed, HARMLESS_SKEW, Hosts, MINUTE, Scenario};
use crate::seams::{self, Bucket, Items, Messages, VISIBILITY, alone};
use crate::stage::{At, Stage};
use crate::{cast, executors};

/// When every run begins.
const BEGINNING: &str = "2026-08-01T12:00:00Z";

/// How long a runner, a beat and a person's call may take, in milliseconds.
const RUNNER: i64 = 120_000;
const BEAT: i64 = 50_000;
const CALL: i64 = 29_000;

/// What a run is to do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    pub(crate) seed: u64,
    /// Where something may go wrong.
    pub(crate) allowed: Allowed,
    /// A bug that is planted.
    pub(crate) bug: Option<Bug>,
}

/// What a run left.
pub(crate) struct Ended {
    pub(crate) history: History,
    pub(crate) counts: Counts,
    pub(crate) scenario: Scenario,
    pub(crate) limits: Limits,
    /// All pipelines, as the store shows them in the end.
    pub(crate) pipelines: Vec<Pipeline>,
    /// The files of the drop area and those that left it with a pipeline.
    pub(crate) arrivals: Vec<Arrival>,
    /// Messages that wait, are hidden or are not due yet.
    pub(crate) messages_left: u64,
    /// Messages that were given up.
    pub(crate) dead_letters: u64,
    /// All files of the bucket that people dropped or pipelines moved, with what is in them.
    pub(crate) files: Vec<(String, String)>,
    /// Where something went wrong.
    pub(crate) disturbed: Vec<FaultPlace>,
}

/// One run under way.
pub(crate) struct Run<'a> {
    stage: Arc<Stage>,
    scenario: Scenario,
    runtime: &'a Runtime,
    /// The seams without faults.
    inner: Store,
    /// What every machine starts with.
    template: Context,
    machines: Vec<Machine>,
    actors: Vec<Actor>,
    /// The next of what is done from outside.
    next_deed: usize,
    next_tick: i64,
    /// Decides whose turn it is.
    chance: Chance,
    schedule: u64,
    begun: u64,
    /// Who died on a machine, where others know for certain that they are gone.
    dead: BTreeSet<String>,
    /// Ends a run whose clock stands still because somebody goes on for ever.
    life: Wait,
}

/// A process: people's, a heartbeat's or a runner's.
struct Machine {
    context: Context,
    /// By how many milliseconds its clock is ahead.
    skew: i64,
}

/// Somebody who acts.
struct Actor {
    id: ActorId,
    machine: usize,
    future: Pin<Box<dyn Future<Output = String> + Send>>,
    awake: Arc<Awake>,
    /// When its time is over.
    deadline: i64,
}

/// Whether an actor can go on.
struct Awake(AtomicBool);

/// The first machine is people's, the next two are the heartbeat's.
const PEOPLE: usize = 0;
const BEATS: [usize; 2] = [1, 2];
const FIRST_RUNNER: usize = 3;

impl Wake for Awake {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a seed to its end.
pub(crate) fn run(order: &Order, runtime: &Runtime, shipped: &Executors) -> Ended {
    let _entered = runtime.enter();
    let folder = temporary_folder();
    let mut run = Run::new(order, runtime, shipped, folder.path().to_owned());
    run.until_calm();
    run.until_settled();
    run.end()
}

/// In memory where the system has such a folder: what is simulated is not the disk.
fn temporary_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("there is room for a temporary folder")
}

/// The moment that a clock shows so many milliseconds after the beginning.
pub(crate) fn moment(millis: i64) -> DateTime<Utc> {
    let beginning: DateTime<Utc> = BEGINNING.parse().expect("it is a time");
    beginning + TimeDelta::milliseconds(millis)
}

impl<'a> Run<'a> {
    fn new(order: &Order, runtime: &'a Runtime, shipped: &Executors, folder: PathBuf) -> Self {
        let stage = Arc::new(Stage::new(order.seed, order.allowed.clone()));
        let scenario = Scenario::draw(order.seed);
        let now = stage.now.clone();
        let clock = Arc::new(move || moment(now.load(Ordering::Relaxed)));
        let inner = store_embedded::open(&folder, Options { clock, visibility: VISIBILITY })
            .expect("an empty folder takes a store");
        let (table, queue) =
            (Items::new(stage.clone(), inner.table.clone()), Messages::new(stage.clone(), inner.queue.clone()));
        let files = Arc::new(Bucket::new(stage.clone(), inner.files.clone()));
        let own = inner.shared_commits.clone().filter(|_| scenario.commits == Commits::Shared);
        let faulty = own.map(|own| seams::Commits::new(stage.clone(), own, inner.table.clone()));
        let shared_commits = faulty.map(|faulty| Arc::new(faulty) as Arc<dyn SharedCommits>);
        let mut store = Store::new(Arc::new(table), Arc::new(queue), files);
        store.shared_commits = shared_commits;
        let store = match order.bug {
            None => store,
            Some(bug) => Sabotage::plant(bug, store),
        };
        let definitions = files_of(&scenario);
        let executors = executors::all(&stage, shipped);
        // What ships finds the bunches of files.
        let finding_conditions = steps::shipped().finding_conditions;
        let program = Program { executors, definitions, finding_conditions, ..Program::default() };
        let limits = limits(order.seed, scenario.hosts);
        let template = Context::new(store, program, limits);
        let machines = FIRST_RUNNER + scenario.runners;
        let chance = Chance::of(order.seed, "turns", 0);
        let life = wait(format!("the run of seed {} ends", order.seed));
        let mut run = Run {
            stage,
            scenario,
            runtime,
            inner,
            template,
            machines: Vec::new(),
            actors: Vec::new(),
            next_deed: 0,
            next_tick: 0,
            chance,
            schedule: 0,
            begun: 0,
            dead: BTreeSet::new(),
            life,
        };
        for machine in 0..machines {
            let skew = run.draw_skew(machine as u64);
            let context = run.started();
            run.machines.push(Machine { context, skew });
        }
        run
    }

    /// The context of a process that has just been started.
    fn started(&self) -> Context {
        let Store { table, queue, files, shared_commits, .. } = self.template.store.clone();
        let mut store = Store::new(table, queue, files);
        store.shared_commits = shared_commits;
        let executors = Some(self.template.executors.vocabulary());
        let vocabulary = Vocabulary { executors, ..self.template.conditions.vocabulary() };
        let definitions = engine::definitions::Definitions::new(files_of(&self.scenario), vocabulary);
        let busy_stages = if self.scenario.are_slots { self.template.busy_stages.clone() } else { Arc::default() };
        let definitions = Arc::new(definitions);
        Context { store, definitions, settings: Arc::default(), busy_stages, ..self.template.clone() }
    }

    fn draw_skew(&self, number: u64) -> i64 {
        let skew = self.scenario.skew;
        if skew == 0 {
            return 0;
        }
        let mut chance = Chance::of(self.stage.lock().seed, "skew", number);
        i64::try_from(chance.within(0, 2 * skew.unsigned_abs())).unwrap_or(0) - skew
    }

    /// Begins an actor.
    fn begin<F>(&mut self, kind: &str, machine: usize, budget: i64, act: impl FnOnce(Context, Invocation) -> F)
    where
        F: Future<Output = String> + Send + 'static,
    {
        self.begun += 1;
        let Machine { context, skew, .. } = &self.machines[machine];
        let (context, skew, name) = (context.clone(), *skew, format!("{kind}-{}", self.begun));
        let time = moment(self.stage.now() + skew);
        let invocation = Invocation::begin(name.clone(), time, Duration::from_millis(budget.unsigned_abs()));
        let id = self.stage.lock().history.name(name);
        self.stage.note_of(id, What::Begins { skew });
        let future = Box::pin(act(context, invocation));
        let awake = Arc::new(Awake(AtomicBool::new(true)));
        self.actors.push(Actor { id, machine, future, awake, deadline: self.stage.now() + budget });
    }

    fn tick(&mut self) {
        let machine = BEATS[self.chance.place(BEATS.len())];
        self.begin("beat", machine, BEAT, cast::beat);
    }

    /// Does what is due from outside.
    fn do_deeds(&mut self) {
        while let Some(planned) = self.scenario.deeds.get(self.next_deed).filter(|deed| deed.at <= self.stage.now()) {
            let planned = planned.clone();
            self.next_deed += 1;
            if planned.deed == Deed::Tick {
                self.tick();
                continue;
            }
            if !self.stage.disturbs(At::Outside, planned.number, || format!("{:?}", planned.deed)) {
                continue;
            }
            match &planned.deed {
                Deed::SetClock { machine } => {
                    self.stage.lock().counts.clock_jumps += 1;
                    let skew = self.draw_skew(1_000 + planned.number);
                    let machine = *machine % self.machines.len();
                    self.machines[machine].skew = skew;
                }
                Deed::Put { key, .. } if key.starts_with("pipelines/") => self.stage.lock().counts.edits += 1,
                Deed::Put { key, .. } => self.stage.lock().counts.bunches += u64::from(key.ends_with("_01.csv")),
                _ => self.stage.lock().counts.operations += 1,
            }
            let (stage, deed) = (self.stage.clone(), planned.deed);
            let chance = Chance::of(self.stage.lock().seed, "deed", planned.number);
            self.begin("person", PEOPLE, CALL, |context, invocation| {
                cast::act(stage, context, deed, chance, invocation)
            });
        }
    }

    fn until_calm(&mut self) {
        while self.stage.now() < self.scenario.calm_at {
            self.do_deeds();
            if !self.go_on() {
                self.pass_time(self.scenario.calm_at);
            }
        }
    }

    /// Lets everything go on undisturbed until all pipelines have ended and nothing new comes.
    fn until_settled(&mut self) {
        self.stage.lock().is_calm = true;
        self.stage.lock().frozen.clear();
        // What is on its way comes before people tidy up: nobody would take back maintenance that begins after that.
        let now = self.stage.now();
        self.stage.lock().late.iter_mut().for_each(|late| late.at = late.at.min(now));
        let people: Vec<ActorId> =
            self.actors.iter().filter(|actor| actor.machine == PEOPLE).map(|actor| actor.id).collect();
        for id in people {
            if let Some(index) = self.actors.iter().position(|actor| actor.id == id) {
                self.drop_actor(index, "people go home");
            }
        }
        self.machines.iter_mut().for_each(|machine| machine.skew = 0);
        self.stage.note_of(0, What::Outside("from here on nothing goes wrong".to_owned()));
        let stage = self.stage.clone();
        self.begin("person", PEOPLE, CALL, |context, invocation| cast::tidy_up(stage, context, invocation));
        self.next_tick = self.stage.now();
        // A dead heartbeat whose clock was ahead holds its lease for so much longer.
        let outlived = self.stage.now() + self.scenario.skew + 2 * MINUTE;
        let mut quiet = 0;
        for _ in 0..LAST_TICKS {
            self.next_tick += 3 * MINUTE;
            let before = self.spawned();
            self.tick();
            while self.stage.now() < self.next_tick {
                if !self.go_on() {
                    self.pass_time(self.next_tick);
                }
            }
            let is_outlived = self.scenario.skew <= HARMLESS_SKEW || self.stage.now() >= outlived;
            let is_quiet = is_outlived
                && self.actors.is_empty()
                && self.stage.lock().late.is_empty()
                && self.messages_left() == 0
                && self.is_settled();
            quiet = if is_quiet && self.spawned() == before { quiet + 1 } else { 0 };
            if quiet == QUIET_TICKS {
                break;
            }
        }
    }

    /// The latest status of each pipeline is that of an end.
    fn is_settled(&self) -> bool {
        let mut last = std::collections::BTreeMap::new();
        for event in &self.stage.lock().history.events {
            if let What::Pipeline { id, state } = &event.what {
                last.insert(id.clone(), state.status);
            }
        }
        last.values().all(|status| !status.is_open())
    }

    fn messages_left(&self) -> u64 {
        let depths = Priority::ALL.into_iter().filter_map(|priority| alone(self.inner.queue.depth(priority)).ok());
        depths.map(|depth| depth.waiting + depth.in_flight + depth.delayed).sum()
    }

    fn files(&self) -> store::Result<Vec<(String, String)>> {
        let files = &self.inner.files;
        let mut kept = Vec::new();
        for prefix in ["incoming/", "work/", "archive/"] {
            for file in alone(files.list(prefix, None, usize::MAX))? {
                let bytes = alone(files.get(&file.key, None))?.unwrap_or_default();
                kept.push((file.key, String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
        Ok(kept)
    }

    fn spawned(&self) -> usize {
        let state = self.stage.lock();
        let ids = state.history.events.iter().filter_map(|event| match &event.what {
            What::Pipeline { id, .. } => Some(id.as_str()),
            _ => None,
        });
        ids.collect::<BTreeSet<_>>().len()
    }

    fn end(mut self) -> Ended {
        self.actors.clear();
        let ids: BTreeSet<PipelineId> = {
            let state = self.stage.lock();
            let ids = state.history.events.iter().filter_map(|event| match &event.what {
                What::Pipeline { id, .. } => id.parse().ok(),
                _ => None,
            });
            ids.collect()
        };
        let read = |id: &PipelineId| alone(self.inner.pipeline_with_steps(id)).ok().flatten();
        let pipelines: Vec<Pipeline> = ids.iter().filter_map(read).collect();
        let arrivals = alone(steps::import::drop_area::list(&self.started().store)).unwrap_or_default();
        let (messages_left, files) = (self.messages_left(), self.files().unwrap_or_default());
        let dead_letters = alone(self.inner.queue.count_dead_letters()).unwrap_or(u64::MAX);
        let mut state = self.stage.lock();
        let mut counts = std::mem::take(&mut state.counts);
        counts.seeds = 1;
        counts.sharing = u64::from(self.scenario.commits == Commits::Shared);
        counts.spawned = pipelines.len() as u64;
        counts.settled = pipelines.iter().filter(|pipeline| !pipeline.status.is_open()).count() as u64;
        counts.interleavings.insert(self.schedule);
        let (history, disturbed) = (std::mem::take(&mut state.history), std::mem::take(&mut state.disturbed));
        counts.overlapping_beats = history.overlapping_beats();
        drop(state);
        let (scenario, limits) = (self.scenario, self.template.limits);
        Ended { history, counts, scenario, limits, pipelines, arrivals, messages_left, dead_letters, files, disturbed }
    }
}

/// The most ticks after which everything must have ended: twenty hours.
const LAST_TICKS: usize = 400;

/// How many ticks in a row must find nothing to do.
const QUIET_TICKS: usize = 2;

/// Those of the product, or so narrow ones that beats leave work to the next and chains are handed over.
fn limits(seed: u64, hosts: Hosts) -> Limits {
    let mut chance = Chance::of(seed, "limits", 0);
    Limits {
        renewed_lease: (hosts == Hosts::Machines).then_some(Duration::from_secs(60)),
        hop_limit: *chance.pick(&[1, 3, 500]),
        pipelines_per_beat: *chance.pick(&[1, 2, 2_000]),
        ..Limits::default()
    }
}

fn files_of(scenario: &Scenario) -> Vec<(String, Bytes)> {
    scenario.definitions.files.iter().map(|(name, xml)| (name.clone(), Bytes::from(xml.clone()))).collect()
}

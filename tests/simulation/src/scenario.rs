//! What a run is about: definitions, machines, and what is done from outside, all drawn from the seed.

mod definitions;

use crate::chance::Chance;

pub(crate) use definitions::{BUNCHES, Definitions};

/// Everything that a run is about.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) definitions: Definitions,
    pub(crate) hosts: Hosts,
    pub(crate) commits: Commits,
    /// Whether the runners are tasks of one process, which knows what its others work on.
    pub(crate) are_slots: bool,
    /// How many runners take messages at the same time.
    pub(crate) runners: usize,
    /// By how many milliseconds the clocks of machines differ at most.
    pub(crate) skew: i64,
    /// What happens from outside, by its moment.
    pub(crate) deeds: Vec<Planned>,
    /// When nothing goes wrong any more.
    pub(crate) calm_at: i64,
}

/// Where beats and runners live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hosts {
    /// Each is ended at its deadline, as Lambda does.
    Functions,
    /// Nothing ends them; runners renew their leases.
    Machines,
}

/// What the back end commits together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commits {
    /// Each write and each sending by itself, as AWS does.
    Apart,
    /// Writes and messages, and a deletion with the next receive, as the embedded store does.
    Shared,
}

/// Something that is done from outside at a moment.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) at: i64,
    /// Counts what can be left out; 0 for what cannot.
    pub(crate) number: u64,
    pub(crate) deed: Deed,
}

/// Something that is done from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// The schedule wakes a heartbeat.
    Tick,
    /// A person spawns a pipeline.
    Spawn(String),
    /// A person stops a pipeline.
    Cancel,
    /// A person stops a pipeline, and their process ends before it looks at what follows from that.
    CancelAndGo,
    /// A person holds a pipeline.
    Pause,
    /// A person lets a pipeline go on.
    Resume,
    /// A person switches maintenance mode.
    Maintenance(bool),
    /// A person switches mini heartbeats.
    MiniHeartbeat(bool),
    /// A person says for how long pipelines may be open.
    CancelAfter { minutes: u64 },
    /// A person runs a step by hand.
    RunStep,
    /// Somebody puts a file into the bucket.
    Put { key: String, text: String },
    /// The clock of a machine is set anew.
    SetClock { machine: usize },
}

/// Between two ticks.
pub(crate) const MINUTE: i64 = 60_000;

/// Skews above this may make a lease end before its holder does; the margin of the engine is a minute.
pub(crate) const HARMLESS_SKEW: i64 = 25_000;

/// The setting that ends pipelines which are open for longer.
pub(crate) const CANCEL_AFTER: &str = "clean_up.cancel_after";

/// Where it is stored whether there are mini heartbeats.
pub(crate) const MINI_HEARTBEAT: &str = "mini_heartbeat/default";

impl Scenario {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut chance = Chance::of(seed, "scenario", 0);
        let definitions = Definitions::draw(&mut chance);
        let hosts = if chance.happens(700) { Hosts::Functions } else { Hosts::Machines };
        let is_shared = Chance::of(seed, "commits", 0).happens(500);
        let commits = if is_shared { Commits::Shared } else { Commits::Apart };
        let are_slots = Chance::of(seed, "slots", 0).happens(500);
        let skew = match chance.within(0, 9) {
            0..=3 => 0,
            4..=8 => HARMLESS_SKEW,
            _ => 10 * MINUTE,
        };
        let minutes = i64::try_from(chance.within(6, 15)).unwrap_or(0);
        let runners = chance.place(4) + 1;
        let deeds = deeds(&definitions, minutes, runners, &mut chance);
        Scenario { definitions, hosts, commits, are_slots, runners, skew, deeds, calm_at: minutes * MINUTE }
    }
}

/// What is done from outside until it is calm.
fn deeds(definitions: &Definitions, minutes: i64, runners: usize, chance: &mut Chance) -> Vec<Planned> {
    let mut deeds = Vec::new();
    for minute in 0..minutes {
        let ticks = match chance.within(0, 9) {
            0 => 0,
            1 => 2,
            _ => 1,
        };
        for _ in 0..ticks {
            deeds.push((minute * MINUTE + moment(chance, 15_000), Deed::Tick));
        }
    }
    let span = minutes * MINUTE;
    for _ in 0..=chance.place(3) {
        if let Some(name) = definitions.by_hand(chance) {
            deeds.push((moment(chance, span / 2), Deed::Spawn(name)));
        }
    }
    if definitions.has_bunches() {
        deeds.extend(drops(span, chance));
    }
    for _ in 0..chance.place(7) {
        let at = busy_moment(chance, minutes);
        match chance.within(0, 11) {
            0..=1 => deeds.push((at, Deed::Cancel)),
            2 => deeds.push((at, Deed::CancelAndGo)),
            3..=5 => {
                deeds.push((at, Deed::Pause));
                deeds.push((at + moment(chance, 6 * MINUTE), Deed::Resume));
            }
            6..=7 => {
                deeds.push((at, Deed::Maintenance(true)));
                deeds.push((at + moment(chance, 6 * MINUTE), Deed::Maintenance(false)));
            }
            8 => deeds.push((at, Deed::MiniHeartbeat(chance.happens(300)))),
            9 => deeds.push((at, Deed::CancelAfter { minutes: chance.within(3, 15) })),
            _ => deeds.push((at, Deed::RunStep)),
        }
    }
    for _ in 0..chance.place(3) {
        deeds.push((moment(chance, span), definitions.edit(chance)));
    }
    for _ in 0..chance.place(3) {
        deeds.push((moment(chance, span), Deed::SetClock { machine: chance.place(runners + 3) }));
    }
    deeds.sort_by_key(|(at, _)| *at);
    let numbered = deeds.into_iter().enumerate();
    let planned = |(index, (at, deed)): (usize, (i64, Deed))| {
        let number = if deed == Deed::Tick { 0 } else { index as u64 + 1 };
        Planned { at, number, deed }
    };
    numbered.map(planned).collect()
}

/// Bunches of files, each followed by its ok file sooner or later, or never.
fn drops(span: i64, chance: &mut Chance) -> Vec<(i64, Deed)> {
    let mut deeds = Vec::new();
    for bunch in 0..=chance.place(2) {
        let (at, files) = (moment(chance, span / 2), chance.place(2) + 1);
        let file = |number: usize| format!("incoming/product-import_set{bunch}_{number:02}.csv");
        for number in 1..=files {
            let text = format!("sku,name\nsku{bunch}{number},Thing\n");
            deeds.push((at + moment(chance, 30_000), Deed::Put { key: file(number), text }));
        }
        if chance.happens(850) {
            let names: Vec<String> =
                (1..=files).map(|number| file(number).trim_start_matches("incoming/").to_owned()).collect();
            let ok = Deed::Put { key: format!("incoming/product-import_set{bunch}.ok"), text: names.join("\n") };
            deeds.push((at + moment(chance, 3 * MINUTE), ok));
        }
    }
    deeds
}

/// A moment at which somebody does something, more often than not soon after a tick, when most others do.
fn busy_moment(chance: &mut Chance, minutes: i64) -> i64 {
    let at = moment(chance, minutes * MINUTE);
    if chance.happens(600) { at - at % MINUTE + moment(chance, 20_000) } else { at }
}

fn moment(chance: &mut Chance, span: i64) -> i64 {
    i64::try_from(chance.next() % span.unsigned_abs().max(1)).unwrap_or(0)
}

//! What one run or many of them did, in numbers.

use std::collections::BTreeSet;
use std::fmt;

use crate::faults::{Fault, Way};

/// Numbers of one run or of many.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Runs.
    pub seeds: u64,
    /// Calls of a seam.
    pub calls: u64,
    /// Actors that died without a word: at a call, or when their time was over.
    pub crashes: u64,
    /// Calls that arrived after the death of their caller.
    pub arrived_late: u64,
    /// Actors that stood still for a while.
    pub freezes: u64,
    /// Messages that were delivered twice.
    pub duplicates: u64,
    /// Messages that were accepted and never delivered.
    pub lost: u64,
    /// Messages that came later than others sent after them.
    pub late: u64,
    /// Calls that were refused for the moment.
    pub throttled: u64,
    /// Writes that were applied and answered with an error, or applied twice by the client.
    pub lost_replies: u64,
    /// Listings that showed an older state.
    pub stale: u64,
    /// Clocks that were set.
    pub clock_jumps: u64,
    /// Beats that began while another one was at work.
    pub overlapping_beats: u64,
    /// What people did: cancel, pause, resume, maintenance, run a step, spawn.
    pub operations: u64,
    /// Definition files that were changed.
    pub edits: u64,
    /// Executions of steps that began.
    pub steps: u64,
    /// Pipelines that were spawned.
    pub spawned: u64,
    /// Pipelines that ended.
    pub settled: u64,
    /// Bunches of files that were dropped.
    pub bunches: u64,
    /// Different orders in which things happened.
    pub interleavings: BTreeSet<u64>,
}

impl Counts {
    pub(crate) fn add(&mut self, fault: Fault) {
        match fault {
            Fault::Throttled => self.throttled += 1,
            Fault::ReplyLost | Fault::Repeated => self.lost_replies += 1,
            Fault::ArrivesLate(_) => self.arrived_late += 1,
            Fault::Freezes(_) => self.freezes += 1,
            Fault::Stale => self.stale += 1,
            Fault::DiesBefore | Fault::DiesAfter | Fault::Slow(_) | Fault::SlowReply(_) => {}
        }
    }

    pub(crate) fn add_way(&mut self, way: Way) {
        match way {
            Way::Good => {}
            Way::Lost => self.lost += 1,
            Way::Twice(_) => self.duplicates += 1,
            Way::Late(_) => self.late += 1,
        }
    }

    /// Adds the numbers of further runs.
    pub fn merge(&mut self, other: Counts) {
        self.seeds += other.seeds;
        self.calls += other.calls;
        self.crashes += other.crashes;
        self.arrived_late += other.arrived_late;
        self.freezes += other.freezes;
        self.duplicates += other.duplicates;
        self.lost += other.lost;
        self.late += other.late;
        self.throttled += other.throttled;
        self.lost_replies += other.lost_replies;
        self.stale += other.stale;
        self.clock_jumps += other.clock_jumps;
        self.overlapping_beats += other.overlapping_beats;
        self.operations += other.operations;
        self.edits += other.edits;
        self.steps += other.steps;
        self.spawned += other.spawned;
        self.settled += other.settled;
        self.bunches += other.bunches;
        self.interleavings.extend(other.interleavings);
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let interleavings = self.interleavings.len() as u64;
        let rows = [
            ("seeds", self.seeds),
            ("seam calls", self.calls),
            ("crashes", self.crashes),
            ("calls of the dead that arrived", self.arrived_late),
            ("standstills", self.freezes),
            ("duplicate messages", self.duplicates),
            ("lost messages", self.lost),
            ("late messages", self.late),
            ("throttles", self.throttled),
            ("writes that succeeded and answered with an error", self.lost_replies),
            ("stale listings", self.stale),
            ("clock jumps", self.clock_jumps),
            ("overlapping beats", self.overlapping_beats),
            ("operations by people", self.operations),
            ("changed definition files", self.edits),
            ("dropped bunches", self.bunches),
            ("pipelines spawned", self.spawned),
            ("pipelines settled", self.settled),
            ("steps run", self.steps),
            ("distinct interleavings", interleavings),
        ];
        rows.iter().try_for_each(|(what, count)| writeln!(f, "{count:>12}  {what}"))
    }
}

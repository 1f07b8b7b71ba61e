//! What one run or many of them did, in numbers.

use std::collections::BTreeSet;
use std::fmt;

use crate::faults::{Fault, Kind, Way};

/// Numbers of one run or of many.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Runs.
    pub seeds: u64,
    /// Runs over a store whose table and queue share their commits.
    pub sharing: u64,
    /// Calls of a seam.
    pub calls: u64,
    /// Writes and messages that were committed together.
    pub shared: u64,
    /// Those of them that ended an attempt.
    pub shared_ends: u64,
    /// Those of them that took the next message.
    pub taken_ahead: u64,
    /// Actors that died at such a commit: before it, after it, or with it on its way.
    pub shared_crashes: u64,
    /// Such commits that were answered with an error, made or not.
    pub shared_errors: u64,
    /// Actors that died without a word: at a call, or when their time was over.
    pub crashes: u64,
    /// Calls that arrived after the death of their caller.
    pub arrived_late: u64,
    /// Calls that arrived after their callers were told that nobody answers.
    pub timed_out: u64,
    /// Hosts that died with all that ran on them.
    pub dead_hosts: u64,
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
    /// Beats that began while another one was at work, and did not leave it at that.
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
    pub(crate) fn add(&mut self, kind: Kind, fault: Fault) {
        if kind == Kind::Shares {
            self.add_shared(fault);
        }
        match fault {
            Fault::Throttled => self.throttled += 1,
            Fault::ReplyLost | Fault::Repeated => self.lost_replies += 1,
            Fault::ArrivesLate(_) => self.arrived_late += 1,
            Fault::TimesOut(_) => self.timed_out += 1,
            Fault::Freezes(_) => self.freezes += 1,
            // A listing that lags behind counts if it shows something else.
            Fault::Stale | Fault::DiesBefore | Fault::DiesAfter | Fault::Slow(_) | Fault::SlowReply(_) => {}
        }
    }

    fn add_shared(&mut self, fault: Fault) {
        match fault {
            Fault::Throttled | Fault::ReplyLost => self.shared_errors += 1,
            Fault::DiesBefore | Fault::DiesAfter | Fault::ArrivesLate(_) => self.shared_crashes += 1,
            Fault::Repeated
            | Fault::TimesOut(_)
            | Fault::Freezes(_)
            | Fault::Slow(_)
            | Fault::SlowReply(_)
            | Fault::Stale => {}
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
        self.sharing += other.sharing;
        self.calls += other.calls;
        self.shared += other.shared;
        self.shared_ends += other.shared_ends;
        self.taken_ahead += other.taken_ahead;
        self.shared_crashes += other.shared_crashes;
        self.shared_errors += other.shared_errors;
        self.crashes += other.crashes;
        self.arrived_late += other.arrived_late;
        self.timed_out += other.timed_out;
        self.dead_hosts += other.dead_hosts;
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
            ("seeds with a store that shares commits", self.sharing),
            ("seam calls", self.calls),
            ("shared commits", self.shared),
            ("shared commits that ended an attempt", self.shared_ends),
            ("shared commits that took the next message", self.taken_ahead),
            ("crashes at a shared commit", self.shared_crashes),
            ("shared commits answered with an error", self.shared_errors),
            ("crashes", self.crashes),
            ("calls of the dead that arrived", self.arrived_late),
            ("calls that arrived after their callers gave up", self.timed_out),
            ("hosts that died with all their runners", self.dead_hosts),
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

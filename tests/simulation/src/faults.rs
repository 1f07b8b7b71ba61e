//! What can go wrong, how often in which run, and which of it is left out.

use std::collections::BTreeSet;

use crate::chance::Chance;

/// What happens to one call of a seam.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call is throttled: not applied, and may go through later.
    Throttled,
    /// The call is applied, and the answer is an error.
    ReplyLost,
    /// The reply gets lost, and the client's own repetition answers.
    Repeated,
    /// The caller dies, and the call is never made.
    DiesBefore,
    /// The call is applied, and the caller dies.
    DiesAfter,
    /// The caller dies, and the call arrives so many milliseconds later.
    ArrivesLate(i64),
    /// The caller is told that nobody answered, and the call arrives so many milliseconds later.
    TimesOut(i64),
    /// The whole caller stands still for so many milliseconds, and goes on then as if nothing had happened.
    Freezes(i64),
    /// The call takes so many milliseconds on its way there.
    Slow(i64),
    /// The answer takes so many milliseconds on its way back.
    SlowReply(i64),
    /// A listing shows what it showed before, or not yet what is young.
    Stale,
}

/// What happens to a message on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It arrives.
    Good,
    /// It never does.
    Lost,
    /// It arrives, and once more so many milliseconds later.
    Twice(u64),
    /// It arrives so many milliseconds later, behind others.
    Late(u64),
}

/// What a call may meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It changes nothing.
    Reads,
    /// It reads what may be stale.
    Lists,
    /// It changes something.
    Writes,
    /// It writes items and sends messages in one commit.
    Shares,
}

/// How often what goes wrong in one run, in a thousand calls each. Each run leaves most of it out and has more of the rest.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    rates: [u64; KINDS],
    lost: u64,
    twice: u64,
    late: u64,
}

const KINDS: usize = 11;

/// A place at which something can go wrong; counted, so that it can be left out in a further try.
pub(crate) type FaultPlace = u64;

/// The places at which something may go wrong; everywhere if there is no list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowed(pub(crate) Option<BTreeSet<FaultPlace>>);

impl Allowed {
    pub(crate) fn has(&self, place: FaultPlace) -> bool {
        self.0.as_ref().is_none_or(|places| places.contains(&place))
    }
}

impl Profile {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut chance = Chance::of(seed, "profile", 0);
        let mut rate = |highest: u64| if chance.happens(450) { chance.within(1, highest) } else { 0 };
        let rates = [12, 15, 12, 8, 8, 8, 5, 12, 8, 8, 150].map(&mut rate);
        Profile { rates, lost: rate(150), twice: rate(200), late: rate(200) }
    }

    /// What happens to a call.
    pub(crate) fn fault(&self, kind: Kind, chance: &mut Chance) -> Option<Fault> {
        // Shared commits are few beside all other calls, and so meet more.
        let calls = if kind == Kind::Shares { 250 } else { 1_000 };
        let mut drawn = chance.next() % calls;
        for (index, rate) in self.rates.iter().enumerate() {
            if drawn < *rate {
                return fault(index, kind, chance);
            }
            drawn -= rate;
        }
        None
    }

    /// What happens to a message.
    pub(crate) fn way(&self, chance: &mut Chance) -> Way {
        let drawn = chance.next() % 1_000;
        if drawn < self.lost {
            Way::Lost
        } else if drawn < self.lost + self.twice {
            Way::Twice(if chance.happens(500) { 0 } else { chance.within(0, 600_000) })
        } else if drawn < self.lost + self.twice + self.late {
            Way::Late(chance.within(1_000, 700_000))
        } else {
            Way::Good
        }
    }
}

fn fault(index: usize, kind: Kind, chance: &mut Chance) -> Option<Fault> {
    let mut millis = |low: u64, high: u64| i64::try_from(chance.within(low, high)).unwrap_or(0);
    let fault = match index {
        0 => Fault::Throttled,
        1 => Fault::ReplyLost,
        2 => Fault::Repeated,
        3 => Fault::DiesBefore,
        4 => Fault::DiesAfter,
        5 => Fault::ArrivesLate(millis(1, 600_000)),
        6 => Fault::Freezes(millis(1_000, 900_000)),
        7 => Fault::Slow(millis(100, 40_000)),
        8 => Fault::SlowReply(millis(100, 40_000)),
        9 => Fault::TimesOut(millis(1, 600_000)),
        _ => Fault::Stale,
    };
    let is_of_writes = matches!(
        fault,
        Fault::ReplyLost | Fault::Repeated | Fault::DiesAfter | Fault::ArrivesLate(_) | Fault::TimesOut(_)
    );
    let is_possible = match kind {
        Kind::Reads => !is_of_writes && fault != Fault::Stale,
        Kind::Lists => !is_of_writes,
        Kind::Writes => fault != Fault::Stale,
        // The commit is made within one process: no client repeats it by itself or gives up waiting.
        Kind::Shares => !matches!(fault, Fault::Stale | Fault::Repeated | Fault::TimesOut(_)),
    };
    is_possible.then_some(fault)
}

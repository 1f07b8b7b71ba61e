//! Where everything happens: one thread, one clock, and a turn for whoever calls a seam.
//!
//! Each call of a seam waits for its turn; the run decides whose turn it is, and what goes wrong with it. Between two turns
//! nothing happens, so the order of turns is the order of everything.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::chance::Chance;
use crate::counts::Counts;
use crate::faults::{Allowed, Fault, FaultPlace, Kind, Profile, Way};
use crate::history::{ActorId, Event, History, NOBODY, What};

/// What all actors and seams of a run share.
pub(crate) struct Stage {
    state: Mutex<State>,
    /// Milliseconds since the beginning; what the embedded store takes for the time.
    pub(crate) now: Arc<AtomicI64>,
}

/// What a run knows.
pub(crate) struct State {
    pub(crate) seed: u64,
    pub(crate) history: History,
    pub(crate) counts: Counts,
    /// Whose future is being polled.
    pub(crate) current: ActorId,
    /// Whether nothing goes wrong any more.
    pub(crate) is_calm: bool,
    /// Whether the listing that is being read shows an older state.
    pub(crate) is_stale: bool,
    pub(crate) turns: BTreeMap<u64, Waiting>,
    /// Actors that are to be dropped, and why.
    pub(crate) deaths: Vec<(ActorId, &'static str)>,
    /// Actors that stand still, and until when.
    pub(crate) frozen: BTreeMap<ActorId, i64>,
    /// Calls whose callers are dead or gave up waiting, and that arrive all the same.
    pub(crate) late: Vec<Late>,
    /// When messages become visible, as far as anybody sent or hid them.
    pub(crate) due: BinaryHeap<Reverse<i64>>,
    /// Where something went wrong, in order.
    pub(crate) disturbed: Vec<FaultPlace>,
    profile: Profile,
    allowed: Allowed,
    turn_number: u64,
    calls: u64,
    messages: u64,
}

/// A call that waits for its turn.
pub(crate) struct Waiting {
    pub(crate) actor: ActorId,
    pub(crate) not_before: i64,
    /// What is called; part of what tells one interleaving from another.
    pub(crate) word: &'static str,
    pub(crate) is_released: bool,
    waker: Option<Waker>,
}

/// A call that arrives when its caller does not wait for it any more.
pub(crate) struct Late {
    pub(crate) at: i64,
    pub(crate) actor: ActorId,
    pub(crate) call: Box<dyn FnMut() + Send>,
}

/// The kinds of places at which something can go wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At {
    /// A call of a seam.
    Call = 1,
    /// A message on its way.
    Message = 2,
    /// Something that is done from outside.
    Outside = 3,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passage {
    pub(crate) way: Way,
    number: u64,
}

/// The longest that calls take without anything being wrong.
const LATENCY: u64 = 400;

impl Stage {
    pub(crate) fn new(seed: u64, allowed: Allowed) -> Self {
        let mut history = History::default();
        let nobody = history.name("world".to_owned());
        assert_eq!(nobody, NOBODY, "the world is the first actor");
        let state = State {
            seed,
            history,
            counts: Counts::default(),
            current: NOBODY,
            is_calm: false,
            is_stale: false,
            turns: BTreeMap::new(),
            deaths: Vec::new(),
            frozen: BTreeMap::new(),
            late: Vec::new(),
            due: BinaryHeap::new(),
            disturbed: Vec::new(),
            profile: Profile::draw(seed),
            allowed,
            turn_number: 0,
            calls: 0,
            messages: 0,
        };
        Stage { state: Mutex::new(state), now: Arc::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Notes what the current actor did.
    pub(crate) fn note(&self, what: What) {
        let at = self.now();
        let mut state = self.lock();
        let actor = state.current;
        state.history.events.push(Event { at, actor, what });
    }

    /// Notes what somebody did.
    pub(crate) fn note_of(&self, actor: ActorId, what: What) {
        let at = self.now();
        self.lock().history.events.push(Event { at, actor, what });
    }

    /// Whether something may go wrong here; it is noted if so.
    pub(crate) fn disturbs(&self, at: At, number: u64, describe: impl FnOnce() -> String) -> bool {
        let place = place(at, number);
        if !self.lock().allowed.has(place) {
            return false;
        }
        self.lock().disturbed.push(place);
        self.note(What::Fault { number: place, fault: describe() });
        true
    }

    /// What goes wrong with the next call.
    pub(crate) fn fault(&self, kind: Kind, label: &(dyn Fn() -> String + Sync)) -> Option<Fault> {
        let (fault, number) = {
            let mut state = self.lock();
            state.calls += 1;
            state.counts.calls += 1;
            let number = state.calls;
            let mut chance = Chance::of(state.seed, "call", number);
            (state.profile.fault(kind, &mut chance)?, number)
        };
        if !self.disturbs(At::Call, number, || format!("{fault:?} at {}", label())) {
            return None;
        }
        self.lock().counts.add(kind, fault);
        Some(fault)
    }

    /// What becomes of the next message, once it is accepted.
    pub(crate) fn passage(&self) -> Passage {
        let mut state = self.lock();
        if state.is_calm {
            return Passage { way: Way::Good, number: 0 };
        }
        state.messages += 1;
        let number = state.messages;
        let way = state.profile.way(&mut Chance::of(state.seed, "message", number));
        let way = if state.allowed.has(place(At::Message, number)) { way } else { Way::Good };
        Passage { way, number }
    }

    /// Notes what goes wrong with a message that was accepted.
    pub(crate) fn passes(&self, Passage { way, number }: Passage) {
        if way != Way::Good && self.disturbs(At::Message, number, || format!("a message is {way:?}")) {
            self.lock().counts.add_way(way);
        }
    }

    /// Waits for a turn, for `delay` milliseconds at least and a little more.
    pub(crate) fn turn(&self, word: &'static str, delay: i64) -> Turn<'_> {
        let now = self.now();
        let mut state = self.lock();
        state.turn_number += 1;
        let number = state.turn_number;
        let mut chance = Chance::of(state.seed, "latency", number);
        let latency = if state.is_calm || !chance.happens(150) { 0 } else { chance.within(1, LATENCY) };
        let not_before = now + delay + i64::try_from(latency).unwrap_or(0);
        let actor = state.current;
        state.turns.insert(number, Waiting { actor, not_before, word, is_released: false, waker: None });
        Turn { stage: self, number }
    }

    /// Lets the current actor die at the end of its poll.
    pub(crate) fn kill(&self, why: &'static str) {
        let mut state = self.lock();
        let actor = state.current;
        state.deaths.push((actor, why));
    }

    /// Lets the current actor stand still.
    pub(crate) fn freeze(&self, millis: i64) {
        let until = self.now() + millis;
        self.note(What::Freezes { until });
        let mut state = self.lock();
        let actor = state.current;
        state.frozen.insert(actor, until);
    }

    /// Notes that a message may be there to be received at a moment.
    pub(crate) fn message_due(&self, at: i64) {
        self.lock().due.push(Reverse(at));
    }
}

fn place(at: At, number: u64) -> FaultPlace {
    ((at as u64) << 32) | number
}

/// A turn that is waited for.
pub(crate) struct Turn<'a> {
    stage: &'a Stage,
    number: u64,
}

impl Future for Turn<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.stage.lock();
        match state.turns.get_mut(&self.number) {
            Some(waiting) if !waiting.is_released => {
                waiting.waker = Some(context.waker().clone());
                Poll::Pending
            }
            Some(_) | None => Poll::Ready(()),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.stage.lock().turns.remove(&self.number);
    }
}

impl Waiting {
    /// Gives the turn; the caller goes on when its actor is polled next.
    pub(crate) fn release(&mut self) {
        self.is_released = true;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

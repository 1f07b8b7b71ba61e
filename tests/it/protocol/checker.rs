//! A model checker: visits every state that can be reached, breadth first, so that what it finds is shortest.
//!
//! A model whose runs all end is *live* if each of its last states is a good one. That needs no assumption about fairness,
//! and the checker makes sure of it: a state that can be reached from itself is an error of its own.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::time::Duration;

use patience::wait;

/// Longer than a check takes, and shorter than the limit of these tests in `.config/nextest.toml`.
const PATIENCE: Duration = Duration::from_secs(420);

/// What can happen, and what must not.
pub(super) trait Model {
    type State: Clone + Hash + Debug;
    type Action: Copy + Debug;

    fn initial(&self) -> Self::State;

    /// Everything that may happen next.
    fn actions(&self, state: &Self::State) -> Vec<Self::Action>;

    /// What comes of it.
    fn next(&self, state: &Self::State, action: Self::Action) -> Self::State;

    /// What is wrong with a state.
    fn violation(&self, state: &Self::State) -> Option<&'static str>;

    /// What is wrong with a state in which nothing more can happen.
    fn bad_end(&self, state: &Self::State) -> Option<&'static str>;
}

/// What a check found.
#[derive(Debug)]
pub(super) enum Checked {
    /// All properties hold in all states.
    Holds {
        states: usize,
        moves: usize,
        /// Of the longest shortest way to a state.
        depth: usize,
    },
    /// One does not.
    Violated {
        what: &'static str,
        /// A shortest way there, in words.
        story: Vec<String>,
    },
}

/// Visits all states. States are told apart by 64 bits of hash: with a million of them, two are mixed up once in 30 million
/// checks.
pub(super) fn check<M: Model>(model: &M) -> Checked {
    let mut search = Search { model, seen: HashMap::default(), came: Vec::new(), moves: Vec::new() };
    let mut queue = VecDeque::new();
    let initial = model.initial();
    search.enter(&initial, None);
    queue.push_back((0, 0, initial));
    let mut deepest = 0;
    let mut wait = wait("every state has been visited").up_to(PATIENCE);
    while let Some((id, depth, state)) = queue.pop_front() {
        if wait.left().is_zero() {
            wait.saw((search.came.len(), depth));
            wait.fail();
        }
        deepest = depth;
        if let Some(what) = model.violation(&state) {
            return search.violated(what, id);
        }
        let actions = model.actions(&state);
        if let (true, Some(what)) = (actions.is_empty(), model.bad_end(&state)) {
            return search.violated(what, id);
        }
        for action in actions {
            let next = model.next(&state, action);
            let (next_id, is_new) = search.enter(&next, Some((id, action)));
            search.moves.push((id, next_id));
            if is_new {
                queue.push_back((next_id, depth + 1, next));
            }
        }
    }
    match search.somewhere_on_a_circle() {
        Some(id) => search.violated("it may go round in a circle for ever", id),
        None => Checked::Holds { states: search.came.len(), moves: search.moves.len(), depth: deepest },
    }
}

struct Search<'m, M: Model> {
    model: &'m M,
    /// The number of each state that was seen, by its hash.
    seen: HashMap<u64, u32, BuildHasherDefault<DefaultHasher>>,
    /// From where and how each state was reached first.
    came: Vec<Option<(u32, M::Action)>>,
    moves: Vec<(u32, u32)>,
}

impl<M: Model> Search<'_, M> {
    fn enter(&mut self, state: &M::State, came: Option<(u32, M::Action)>) -> (u32, bool) {
        let hash = self.seen.hasher().hash_one(state);
        let next = u32::try_from(self.came.len()).unwrap();
        let id = *self.seen.entry(hash).or_insert(next);
        if id == next {
            self.came.push(came);
        }
        (id, id == next)
    }

    fn violated(&self, what: &'static str, id: u32) -> Checked {
        let mut actions = Vec::new();
        let mut id = id;
        while let Some((from, action)) = self.came[id as usize] {
            actions.push(action);
            id = from;
        }
        let mut state = self.model.initial();
        let mut story = Vec::new();
        for action in actions.into_iter().rev() {
            state = self.model.next(&state, action);
            story.push(format!("{action:?}"));
        }
        story.push(format!("{state:#?}"));
        Checked::Violated { what, story }
    }

    /// Takes away states into which nothing leads until none is left, or one on or behind a circle.
    fn somewhere_on_a_circle(&self) -> Option<u32> {
        let mut into = vec![0_u32; self.came.len()];
        let mut first = vec![0_usize; self.came.len() + 1];
        for (from, to) in &self.moves {
            into[*to as usize] += 1;
            first[*from as usize + 1] += 1;
        }
        for index in 1..first.len() {
            first[index] += first[index - 1];
        }
        // The moves come ordered by where they begin: states are worked off in the order of their numbers.
        let mut free: Vec<u32> = vec![0];
        let mut left = self.came.len();
        while let Some(id) = free.pop() {
            left -= 1;
            for (_, to) in &self.moves[first[id as usize]..first[id as usize + 1]] {
                into[*to as usize] -= 1;
                if into[*to as usize] == 0 {
                    free.push(*to);
                }
            }
        }
        if left == 0 {
            return None;
        }
        into.iter().position(|count| *count > 0).map(|id| u32::try_from(id).unwrap())
    }
}

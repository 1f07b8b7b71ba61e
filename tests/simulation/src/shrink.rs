//! Makes a failing run smaller: what goes wrong is left out, piece by piece, as long as the same promise breaks.

use std::collections::BTreeSet;

use crate::faults::{Allowed, FaultPlace};
use crate::run::Order;

/// Most runs that one failure is worth.
const TRIES: usize = 150;

/// The places at which something must go wrong for the run to fail. `fails` runs an order and tells whether it fails as
/// the first one did.
pub(crate) fn shrink(
    order: &Order,
    disturbed: &[FaultPlace],
    mut fails: impl FnMut(&Order) -> bool,
) -> Vec<FaultPlace> {
    let mut kept: Vec<FaultPlace> = disturbed.to_vec();
    let mut pieces = 2;
    let mut tries = 0;
    while !kept.is_empty() && tries < TRIES {
        let length = kept.len().div_ceil(pieces);
        let without = (0..kept.len()).step_by(length).find_map(|start| {
            let end = (start + length).min(kept.len());
            let rest: Vec<FaultPlace> = kept[..start].iter().chain(&kept[end..]).copied().collect();
            tries += 1;
            let places: BTreeSet<FaultPlace> = rest.iter().copied().collect();
            let smaller = Order { allowed: Allowed(Some(places)), ..order.clone() };
            (tries <= TRIES && fails(&smaller)).then_some(rest)
        });
        match without {
            Some(rest) => (kept, pieces) = (rest, 2),
            None if length == 1 => break,
            None => pieces *= 2,
        }
    }
    kept
}

//! Positions that stand beside a list.

use super::RelationError;
use crate::cell;
use crate::dialect::Dialect;

/// Reads positions that stand beside a list; an empty one is none.
pub(in crate::entity::product) fn positions_in(
    text: &str,
    dialect: &Dialect,
) -> Result<Vec<Option<u32>>, RelationError> {
    if text.trim().is_empty() || text.trim() == dialect.empty_value {
        return Ok(Vec::new());
    }
    let position = |text: String| match text.as_str() {
        "" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| RelationError::NotAPosition { text: digits.to_owned() }),
    };
    cell::places(text, dialect)?.into_iter().map(position).collect()
}

/// The position given for an entry of a list, or its place in the list, from 1 on.
pub(super) fn position_at(positions: &[Option<u32>], index: usize) -> u32 {
    let running = u32::try_from(index + 1).unwrap_or(u32::MAX);
    positions.get(index).copied().flatten().unwrap_or(running)
}

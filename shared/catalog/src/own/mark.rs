//! What is written beside a thing, so that a repeated block recognises its own work.
//!
//! A mark is that of the block and a letter for each row: `20260801-0a1b2c3d4e5f/products/a.csv@0 cu-`.

use crate::target::ItemOutcome;

/// What a letter tells about a row. Why a row was refused is not told; applying it again finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Created,
    Updated,
    Unchanged,
    Deleted,
    Refused,
}

/// No letter, so that the mark tells nothing about rows.
const BELOW: &str = " below";

const LETTERS: [(Told, char); 5] =
    [(Told::Created, 'c'), (Told::Updated, 'u'), (Told::Unchanged, '='), (Told::Deleted, 'd'), (Told::Refused, '-')];

/// The mark of a thing that rows of a block have made so.
pub(super) fn write(block: &str, outcomes: &[ItemOutcome]) -> String {
    let letters: String = outcomes.iter().map(letter).collect();
    format!("{block} {letters}")
}

/// What a mark tells about the rows of a block; nothing if another block has left it.
pub(super) fn read(mark: &str, block: &str) -> Option<Vec<Told>> {
    let letters = mark.strip_prefix(block)?.strip_prefix(' ')?;
    letters.chars().map(told).collect()
}

/// The mark of a thing that was deleted because one above it was.
pub(super) fn below(block: &str) -> String {
    format!("{block}{BELOW}")
}

fn letter(outcome: &ItemOutcome) -> char {
    let told = match outcome {
        ItemOutcome::Created => Told::Created,
        ItemOutcome::Updated => Told::Updated,
        ItemOutcome::Unchanged => Told::Unchanged,
        ItemOutcome::Deleted => Told::Deleted,
        ItemOutcome::Refused(_) => Told::Refused,
    };
    let entry = LETTERS.iter().find(|(known, _)| *known == told);
    entry.expect("every outcome has a letter").1
}

fn told(letter: char) -> Option<Told> {
    let entry = LETTERS.iter().find(|(_, known)| *known == letter)?;
    Some(entry.0)
}

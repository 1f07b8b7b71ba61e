//! Rows that name no thing and go on about that of the row above, as the second address of a customer does.

use super::columns::{Columns, ReadingRules};
use super::{Entity, KnownColumn, Visitor, visit_all};
use crate::csv::{CsvRow, Header};

/// What the rows of a file need to know of the row above them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowAbove {
    /// The columns that say which thing a row speaks of.
    key: Vec<usize>,
    /// The columns that may be filled in a row that goes on.
    going_on: Vec<usize>,
    /// The others that have a meaning.
    others: Vec<usize>,
    /// What the row above has in `key`; unknown if nobody can say what it speaks of.
    cells: Option<Vec<String>>,
}

/// Looks for the entity of a file, which its prefix tells.
struct Search<'a> {
    prefix: &'a str,
    header: &'a Header,
    found: RowAbove,
}

impl Visitor for Search<'_> {
    fn visit<E: Entity>(&mut self) {
        if E::prefixes().contains(&self.prefix)
            && let Ok(columns) = E::columns("", self.header, ReadingRules::default())
        {
            self.found = RowAbove::of::<E>(&columns);
        }
    }
}

impl RowAbove {
    /// Looks up the columns of a file of whatever entity its prefix tells; of other files no row goes on.
    #[must_use]
    pub fn of_file(prefix: &str, header: &Header) -> Self {
        let mut search = Search { prefix, header, found: Self::default() };
        visit_all(&mut search);
        search.found
    }

    /// Looks up the columns of a file. No row is above its first one.
    #[must_use]
    pub fn of<E: Entity>(columns: &Columns<E::ColumnKind>) -> Self {
        let mut above = Self::default();
        for KnownColumn { index, name, kind } in columns.known() {
            let Some(index) = columns.place_in_file(*index) else { continue };
            if E::goes_on(kind) {
                above.going_on.push(index);
                continue;
            }
            above.others.push(index);
            if E::ABOUT.key.contains(&&**name) {
                above.key.push(index);
            }
        }
        above
    }

    /// Says whether a row goes on about the thing of the row above it.
    #[must_use]
    pub fn is_continued_by(&self, row: &CsvRow) -> bool {
        let is_filled = |index: &usize| row.get(*index).is_some_and(|cell| !cell.trim().is_empty());
        self.going_on.iter().any(is_filled) && !self.others.iter().any(is_filled)
    }

    /// Says whether it is known of which thing the row above speaks.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.cells.is_some()
    }

    /// Takes note of a row that does not go on, for the rows below it.
    pub fn pass(&mut self, row: &CsvRow) {
        // Most files have no rows that go on.
        if !self.going_on.is_empty() {
            let cells = self.key.iter().map(|index| row.get(*index).unwrap_or_default().to_owned());
            self.cells = Some(cells.collect());
        }
    }

    /// Takes note of a row whose cells cannot be told apart: nobody knows what the rows below it would go on about.
    pub fn forget(&mut self) {
        self.cells = None;
    }

    /// Puts into a row that goes on what it speaks of.
    pub fn complete(&self, row: &mut CsvRow) {
        for (index, cell) in self.key.iter().zip(self.cells.iter().flatten()) {
            row.fill(*index, cell);
        }
    }
}

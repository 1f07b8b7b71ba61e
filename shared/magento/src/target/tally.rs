//! What becomes of the rows of a block: each is answered once, or left pending once.

use std::collections::BTreeSet;

use catalog::target::{BlockOutcome, ItemOutcome, Pending};
use import::finding::{ChangeRefusal, Finding, Severity};

/// The rows of a block, by their place in it.
pub(super) struct RowTally {
    file: String,
    lines: Vec<u64>,
    states: Vec<RowState>,
    pending: Vec<Pending>,
    notices: Vec<Finding>,
    noted: BTreeSet<usize>,
}

#[derive(Debug, Clone, PartialEq)]
enum RowState {
    Open,
    Answered(ItemOutcome),
    Pending,
}

impl RowTally {
    pub(super) fn new(file: &str, lines: Vec<u64>) -> Self {
        let states = vec![RowState::Open; lines.len()];
        Self { file: file.to_owned(), lines, states, pending: Vec::new(), notices: Vec::new(), noted: BTreeSet::new() }
    }

    /// Says that the shop does not take a row. Nothing that comes later makes it better.
    pub(super) fn refuse(&mut self, row: usize, refusal: ChangeRefusal) {
        let finding = Finding::refused(&self.file, self.lines[row], refusal);
        self.states[row] = RowState::Answered(ItemOutcome::Refused(finding));
    }

    /// Says what became of a row, unless it was refused or something worth more was said.
    pub(super) fn settle(&mut self, row: usize, outcome: ItemOutcome) {
        let is_better = match &self.states[row] {
            RowState::Open => true,
            RowState::Answered(known) => *known == ItemOutcome::Unchanged,
            RowState::Pending => false,
        };
        if is_better {
            self.states[row] = RowState::Answered(outcome);
        }
    }

    /// Leaves rows pending together. Those that were refused are left out.
    pub(super) fn leave(&mut self, rows: &[usize], token: String, ask_after_seconds: u64) {
        let lines: Vec<u64> = rows.iter().map(|row| self.lines[*row]).collect();
        rows.iter().for_each(|row| self.states[*row] = RowState::Pending);
        self.pending.push(Pending { file: self.file.clone(), lines, token, ask_after_seconds });
    }

    /// Says something about a row that is taken all the same.
    pub(super) fn note(&mut self, row: usize, column: Option<&str>, problem: String) {
        let finding = Finding::about(&self.file, self.lines[row], problem, Severity::Value);
        self.noted.insert(row);
        self.notices.push(Finding { column: column.map(str::to_owned), ..finding });
    }

    /// Says whether something was said about a row beside what became of it.
    pub(super) fn is_noted(&self, row: usize) -> bool {
        self.noted.contains(&row)
    }

    /// Says whether nothing was said of a row yet.
    pub(super) fn is_open(&self, row: usize) -> bool {
        self.states[row] == RowState::Open
    }

    /// Says whether a row was refused.
    pub(super) fn is_refused(&self, row: usize) -> bool {
        matches!(self.states[row], RowState::Answered(ItemOutcome::Refused(_)))
    }

    /// Returns the answers. A row of which nothing was said is one that nothing had to be sent for.
    pub(super) fn finish(self) -> BlockOutcome {
        let answer = |state| match state {
            RowState::Open => Some(ItemOutcome::Unchanged),
            RowState::Answered(outcome) => Some(outcome),
            RowState::Pending => None,
        };
        let items = self.states.into_iter().filter_map(answer).collect();
        BlockOutcome { items, pending: self.pending, notices: self.notices }
    }
}

//! What a configuration makes of a row before its entity reads it: columns of other names, defaults, callbacks.
//!
//! Entities see the row that comes of it, so every door to a value leads through the same checks. Findings are told of the
//! file that a person sent: by the name of its column, and by the cell that stands in it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::configuration::callback::Callback;
use crate::configuration::{ConfigurationPlace, EntitySettings, Placed};
use crate::csv::CsvRow;
use crate::dialect::Dialect;
use crate::finding::Finding;
use crate::misfit::Misfit;
use crate::name_key::name_key;

/// What is made of the cells of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct RowPlan {
    cells: Vec<PlannedCell>,
}

/// A cell of a row that is made.
#[derive(Debug, Clone)]
pub(super) struct PlannedCell {
    /// Its column, as the entity calls it.
    pub(super) name: Arc<str>,
    pub(super) source: CellSource,
    /// What is done with it.
    pub(super) callbacks: Option<Placed<Arc<[Callback]>>>,
    /// Values that count as empty.
    pub(super) empty_values: BTreeSet<String>,
    /// Values whose rows are left out.
    pub(super) left_out_rows: Option<Placed<BTreeSet<String>>>,
    /// Whether an empty cell removes what is stored.
    pub(super) clears: bool,
}

/// Where a cell comes from.
#[derive(Debug, Clone)]
pub(super) enum CellSource {
    /// A cell of the file.
    Cell {
        /// Its place in the file, from 0.
        index: usize,
        /// Name of the column in the file.
        written: String,
    },
    /// The default of a column that the file does not have.
    Default(Placed<String>),
}

/// A row as its entity reads it.
#[derive(Debug)]
pub(super) struct PlannedRow {
    pub(super) row: CsvRow,
    /// The columns with a cell of which nothing could be made, and why.
    pub(super) failed: Vec<(Arc<str>, Misfit)>,
    /// Why the row is left out, if it is: the column, and where the configuration says so.
    pub(super) left_out: Option<(Arc<str>, ConfigurationPlace)>,
}

impl PlannedCell {
    /// A cell of a column, with what a configuration says of that.
    pub(super) fn new(name: &Arc<str>, source: CellSource, settings: &EntitySettings) -> Self {
        Self {
            name: name.clone(),
            source,
            callbacks: settings.callbacks.get(&**name).cloned(),
            empty_values: settings.empty_values.get(&**name).cloned().unwrap_or_default(),
            left_out_rows: settings.left_out_rows.get(&**name).cloned(),
            clears: settings.clearing.contains(&**name),
        }
    }

    /// What is made of the cell.
    fn make<'c>(&self, cell: &'c str, dialect: &Dialect) -> Result<Cow<'c, str>, Misfit> {
        let made = match &self.callbacks {
            Some(callbacks) => made(&callbacks.value, cell, dialect)?,
            None => Cow::Borrowed(cell),
        };
        let is_empty = !self.empty_values.is_empty() && self.empty_values.contains(&name_key(&made));
        Ok(if is_empty { Cow::Borrowed("") } else { made })
    }
}

/// What callbacks make of a text, one after the other.
pub(super) fn made<'t>(callbacks: &[Callback], text: &'t str, dialect: &Dialect) -> Result<Cow<'t, str>, Misfit> {
    callbacks.iter().try_fold(Cow::Borrowed(text), |text, callback| callback.apply(text, dialect))
}

impl RowPlan {
    /// Adds a cell and returns its place.
    pub(super) fn add(&mut self, cell: PlannedCell) -> usize {
        self.cells.push(cell);
        self.cells.len() - 1
    }

    /// Returns where in the file a cell stands; none if it is a default.
    pub(super) fn place_in_file(&self, index: usize) -> Option<usize> {
        match &self.cells.get(index)?.source {
            CellSource::Cell { index, .. } => Some(*index),
            CellSource::Default(_) => None,
        }
    }

    /// Makes the row that an entity reads. A cell of which nothing can be made is empty in it.
    pub(super) fn planned(&self, row: &CsvRow, dialect: &Dialect) -> PlannedRow {
        let mut cells: Vec<Cow<'_, str>> = Vec::with_capacity(self.cells.len());
        let (mut failed, mut left_out) = (Vec::new(), None);
        for planned in &self.cells {
            let cell = match &planned.source {
                CellSource::Cell { index, .. } => row.get(*index).unwrap_or_default(),
                CellSource::Default(default) => &default.value,
            };
            let made = planned.make(cell, dialect).unwrap_or_else(|misfit| {
                failed.push((planned.name.clone(), misfit));
                Cow::Borrowed("")
            });
            if let Some(rows) = &planned.left_out_rows
                && rows.value.contains(&name_key(&made))
            {
                left_out.get_or_insert((planned.name.clone(), rows.place.clone()));
            }
            let is_cleared = planned.clears && made.trim().is_empty();
            cells.push(if is_cleared { Cow::Borrowed(dialect.empty_value.as_str()) } else { made });
        }
        let speaks_for_a_store_view =
            self.cells.iter().zip(&cells).any(|(planned, cell)| &*planned.name == STORE_VIEW && !is_for_all(cell));
        for (planned, cell) in self.cells.iter().zip(&mut cells) {
            let is_default = matches!(planned.source, CellSource::Default(_)) && &*planned.name != STORE_VIEW;
            if is_default && speaks_for_a_store_view {
                *cell = Cow::Borrowed("");
            }
        }
        PlannedRow { row: row.of_cells(&cells), failed, left_out }
    }

    /// Tells of a cell as it stands in the file.
    pub(super) fn placed(&self, mut finding: Finding, row: Option<(&CsvRow, &CsvRow)>) -> Finding {
        let Some(column) = finding.column.clone() else { return finding };
        // A value of the additional attributes is called `additional_attributes: color`.
        let (name, inner) =
            column.split_once(": ").map_or((column.as_str(), None), |(name, inner)| (name, Some(inner)));
        let inner_callbacks = inner.and_then(|inner| self.cell(inner)?.1.callbacks.clone());
        if let Some(callbacks) = inner_callbacks {
            finding.problem = format!("{} (after the callbacks in {})", finding.problem, callbacks.place);
        }
        let Some((place, planned)) = self.cell(name) else { return finding };
        match &planned.source {
            CellSource::Default(default) => {
                finding.problem =
                    format!("{} (the default in {}; the file has no such column)", finding.problem, default.place);
            }
            CellSource::Cell { index, written } => {
                finding.column = Some(inner.map_or_else(|| written.clone(), |inner| format!("{written}: {inner}")));
                let raw = row.and_then(|(raw, _)| raw.get(*index));
                let made = row.and_then(|(_, made)| made.get(place));
                if let (Some(callbacks), true) = (&planned.callbacks, raw != made) {
                    finding.found = raw.map(str::to_owned);
                    finding.problem = format!("{} (after the callbacks in {})", finding.problem, callbacks.place);
                }
            }
        }
        finding
    }

    fn cell(&self, name: &str) -> Option<(usize, &PlannedCell)> {
        self.cells.iter().enumerate().find(|(_, planned)| &*planned.name == name)
    }
}

const STORE_VIEW: &str = "store_view_code";

/// Whether a cell of that column speaks for all store views.
fn is_for_all(cell: &str) -> bool {
    ["", "admin"].contains(&cell.trim())
}

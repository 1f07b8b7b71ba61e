//! Cells that can be read and that somebody may have meant otherwise, and those that a spreadsheet program has spoilt.

use super::ProductReading;
use crate::entity::product::cell_place::CellPlace;
use crate::entity::product::kind::{PRICES, ProductColumn};
use crate::entity::reading::Reading;
use crate::entity::spreadsheet;
use crate::entity::stated::Stated;
use crate::finding::Severity;
use crate::number::{self, NumberFormat};

/// What to know of a price like `1.299`.
const THOUSANDS: &str = "is read with three digits behind the decimal point; if the point separates thousands, say so with \
                         `number-converter` in the configuration";

/// Tells of a sku that a spreadsheet program has spoilt, if it seems so; nothing comes of one with a character that nobody
/// sees, for it looks like another one.
pub(super) fn question_sku(cells: &mut Reading<'_, ProductColumn>, sku: &str) -> Option<()> {
    if let Some(hidden) = sku.chars().find(|character| spreadsheet::is_invisible(*character)) {
        let problem = format!("holds a character that nobody sees (U+{:04X})", u32::from(hidden));
        cells.note("sku", Some(sku), problem, Severity::Row);
        return None;
    }
    if let Some(doubt) = spreadsheet::doubt(sku) {
        cells.note("sku", Some(sku), doubt, Severity::Notice);
    }
    Some(())
}

impl ProductReading<'_, '_> {
    /// Says whether a cell holds an error instead of a value, with a finding. A garbled text is told of, and taken.
    pub(super) fn is_spoilt(&mut self, kind: ProductColumn, place: CellPlace<'_>, stated: &Stated<&str>) -> bool {
        let Stated::Set(text) = stated else { return false };
        if spreadsheet::is_garbled(text) {
            self.cells.note(place.label, Some(text), spreadsheet::GARBLED, Severity::Notice);
        }
        // What the row speaks of was looked at before.
        let is_looked_at = matches!(kind, ProductColumn::Sku | ProductColumn::StoreView | ProductColumn::Ignored);
        let is_error = !is_looked_at && spreadsheet::is_error(text);
        if is_error {
            self.cells.note(place.label, Some(text), spreadsheet::ERROR, Severity::Value);
        }
        is_error
    }

    /// Tells of a price such as `1.299`: prices seldom have three digits behind the point.
    pub(super) fn question_thousands(&mut self, place: CellPlace<'_>, stated: &Stated<&str>) {
        let Stated::Set(text) = stated else { return };
        let is_plain = self.cells.columns().dialect().numbers == NumberFormat::PLAIN;
        if is_plain && PRICES.contains(&place.name) && number::may_mean_thousands(text) {
            self.cells.note(place.label, Some(text), THOUSANDS, Severity::Notice);
        }
    }
}

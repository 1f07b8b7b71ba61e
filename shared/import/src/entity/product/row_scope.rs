//! Whether a row speaks for a product as a whole, or for what one store view shows of it.

use super::kind::ProductColumn;
use crate::entity::UnknownNames;
use crate::entity::reading::Reading;
use crate::finding::Severity;

/// What a row speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowScope {
    /// The product as a whole.
    All,
    /// What one store view shows of it.
    StoreView(String),
    /// A store view that the shop does not have; the row cannot be used.
    Unknown,
}

/// Finds out what a row speaks for, and notes if the shop does not have it.
pub(super) fn row_scope(cells: &mut Reading<'_, ProductColumn>) -> RowScope {
    let code = cells.cell("store_view_code").trim();
    if code.is_empty() {
        return RowScope::All;
    }
    let known = match cells.columns().unknown_names() {
        UnknownNames::Taken if is_code(code) => Ok(()),
        UnknownNames::Taken | UnknownNames::OptionsTaken | UnknownNames::Refused => {
            cells.shop().basics.store_view(code).map(|_| ())
        }
    };
    let problem = match (code, known) {
        ("admin" | "all", _) => "is no store view; leave the cell empty for what all store views show".to_owned(),
        (_, Ok(())) => return RowScope::StoreView(code.to_owned()),
        _ if code.contains([',', ';', '|']) => "is not one store view; write one row for each".to_owned(),
        (_, Err(unknown)) => unknown.to_string(),
    };
    cells.note("store_view_code", Some(code), problem, Severity::Row);
    RowScope::Unknown
}

/// Whether a text can be the code of a store view or a website at all.
pub(super) fn is_code(text: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || ['_', '-'].contains(&character);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(is_part)
}

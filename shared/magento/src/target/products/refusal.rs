//! Why a column is refused, or not sent.

use import::finding::ChangeRefusal;

/// What is not sent: the column, and what is said about it.
pub(super) type Unsent = (String, String);

pub(super) fn of_column(column: &str, problem: String) -> ChangeRefusal {
    ChangeRefusal { column: Some(column.to_owned().into()), found: None, problem }
}

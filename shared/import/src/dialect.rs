//! How complex cells are written: which separators, which word for "empty".

use serde::{Deserialize, Serialize};

use crate::csv::CsvFormat;
use crate::date_format::DateFormat;
use crate::number;

/// The conventions of whoever wrote the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// Delimiter, quote and escape of the CSV file itself.
    pub format: CsvFormat,
    /// Separates the parts of a list, and the pairs of `code=value,code=value`.
    pub field_separator: char,
    /// Separates several values of one attribute, and the entries of lists whose entries are made of pairs.
    pub value_separator: char,
    /// Separates the levels of a category path.
    pub level_separator: char,
    /// How numbers are written.
    pub numbers: number::NumberFormat,
    /// How dates are written; as the original and Magento write them, if no form is named.
    pub dates: Vec<DateFormat>,
    /// Cell that clears what is stored, while an empty cell says nothing.
    pub empty_value: String,
}

impl Dialect {
    /// The import framework that Pacemaker uses; the default.
    #[must_use]
    pub fn m2if() -> Self {
        Self {
            format: CsvFormat::RFC_4180,
            field_separator: ',',
            value_separator: '|',
            level_separator: '/',
            numbers: number::NumberFormat::PLAIN,
            dates: Vec::new(),
            empty_value: "__EMPTY__VALUE__".to_owned(),
        }
    }

    /// Magento's own import, whose form lets the operator choose the separator of lists.
    ///
    /// With the usual comma it reads the same cells as M2IF does: names with a slash may be quoted or escaped in both.
    #[must_use]
    pub fn magento(multiple_value_separator: char) -> Self {
        Self { field_separator: multiple_value_separator, ..Self::m2if() }
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self::m2if()
    }
}

//! What is wrong with a file, said before anything is written: file, line, column, what was found.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::csv;
use crate::product::{ProductChange, ProductType, Stated, Value};

/// Longest cell that a message repeats.
const MAX_FOUND_CHARS: usize = 80;

/// One finding about one place of a file.
///
/// Issues are ordered by place: file, line, column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Issue {
    /// Base name of the file.
    pub file: String,
    /// Physical line, counted from 1.
    pub line: u64,
    /// Column name, unless the whole row or file is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The cell as it was found, if that says anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What is wrong with it and what was expected; continues a sentence that starts with `found`.
    pub problem: String,
    /// What follows from it.
    pub severity: Severity,
}

/// What follows from an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; everything is imported.
    Notice,
    /// The value cannot be used; the rest of the row can.
    Value,
    /// The row cannot be used.
    Row,
    /// The file cannot be used from this line on.
    File,
}

/// What an import does about rows and values that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strictness {
    /// Stop before the first write.
    #[default]
    Strict,
    /// Leave them out and say so.
    Skip,
}

impl Issue {
    /// Says that a file cannot be read any further.
    #[must_use]
    pub fn unreadable(file: &str, error: &csv::Error) -> Self {
        Self::about(file, error.line, error.kind.to_string(), Severity::File)
    }

    /// Says that a row cannot be read.
    #[must_use]
    pub fn bad_row(file: &str, bad: &csv::BadRow) -> Self {
        Self::about(file, bad.position.line, bad.kind.to_string(), Severity::Row)
    }

    /// Says something about a line as a whole, for instance that the catalogue refuses the change.
    #[must_use]
    pub fn about(file: &str, line: u64, problem: String, severity: Severity) -> Self {
        Self { file: file.to_owned(), line, column: None, found: None, problem, severity }
    }
}

impl Strictness {
    /// Says whether an import must not write anything because of an issue.
    #[must_use]
    pub fn stops_at(self, severity: Severity) -> bool {
        match (self, severity) {
            (_, Severity::Notice) | (Self::Skip, Severity::Value | Severity::Row) => false,
            (Self::Strict, Severity::Value | Severity::Row) | (_, Severity::File) => true,
        }
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if let Some(column) = &self.column {
            write!(f, "column `{column}`: ")?;
        }
        if let Some(found) = &self.found {
            let is_long = found.chars().count() > MAX_FOUND_CHARS;
            let shown: String = found.chars().take(MAX_FOUND_CHARS).collect();
            write!(f, "`{shown}{}` ", if is_long { "…" } else { "" })?;
        }
        f.write_str(&self.problem)
    }
}

/// Returns what a row lacks if its product is new; each finding costs the row.
///
/// Only the caller knows whether the product exists. The product type is that of the row, or of an earlier row of the product.
#[must_use]
pub fn missing_if_new(file: &str, line: u64, change: &ProductChange) -> Vec<Issue> {
    let has_value = |code: &str| matches!(change.values.get(code), Some(Stated::Set(Value::Text(_))));
    let needs_price = change.product_type.is_some_and(ProductType::has_own_price);
    let is_downloadable = change.product_type == Some(ProductType::Downloadable);
    let has_downloads = change.downloadable_links.is_some() || change.downloadable_samples.is_some();
    let required = [
        ("name", has_value("name")),
        ("attribute_set_code", change.attribute_set.is_some()),
        ("product_type", change.product_type.is_some()),
        ("price", !needs_price || has_value("price")),
        ("downloadable_links", !is_downloadable || has_downloads),
    ];
    required
        .into_iter()
        .filter(|(_, is_there)| !is_there)
        .map(|(column, _)| Issue {
            column: Some(column.to_owned()),
            ..Issue::about(file, line, format!("is needed because product `{}` is new", change.sku), Severity::Row)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn an_issue_reads_like_a_message_of_a_compiler() {
        let issue = Issue {
            column: Some("qty".to_owned()),
            found: Some("1,5".to_owned()),
            ..Issue::about("product-import_20260801-120000_02.csv", 118, "is not a number".to_owned(), Severity::Value)
        };
        assert_snapshot!(issue, @"product-import_20260801-120000_02.csv:118: column `qty`: `1,5` is not a number");
        assert_snapshot!(Issue { found: Some("x".repeat(200)), ..issue }, @"product-import_20260801-120000_02.csv:118: column `qty`: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is not a number");
    }

    #[test]
    fn strict_imports_stop_where_others_skip() {
        let stops = |strictness: Strictness| {
            [Severity::Notice, Severity::Value, Severity::Row, Severity::File]
                .map(|severity| strictness.stops_at(severity))
        };
        assert_eq!(stops(Strictness::Strict), [false, true, true, true]);
        assert_eq!(stops(Strictness::Skip), [false, false, false, true]);
    }

    #[test]
    fn a_new_product_needs_what_an_update_need_not_repeat() {
        let missing = |product_type| {
            let change = ProductChange { sku: "B-1".to_owned(), product_type, ..ProductChange::default() };
            let issues = missing_if_new("product-import_x_01.csv", 7, &change);
            issues.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        assert_snapshot!(missing(Some(ProductType::Simple)), @r"
    product-import_x_01.csv:7: column `name`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `attribute_set_code`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `price`: is needed because product `B-1` is new
    ");
        assert_snapshot!(missing(Some(ProductType::Configurable)), @r"
    product-import_x_01.csv:7: column `name`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `attribute_set_code`: is needed because product `B-1` is new
    ");
        assert_snapshot!(missing(Some(ProductType::Downloadable)), @r"
    product-import_x_01.csv:7: column `name`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `attribute_set_code`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `price`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `downloadable_links`: is needed because product `B-1` is new
    ");
        assert_snapshot!(missing(None), @r"
    product-import_x_01.csv:7: column `name`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `attribute_set_code`: is needed because product `B-1` is new
    product-import_x_01.csv:7: column `product_type`: is needed because product `B-1` is new
    ");
    }
}

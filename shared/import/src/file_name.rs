//! Names of import files: `<prefix>_<filename>_<counter>.<suffix>`, and the ok files that release them.
//!
//! The underscores carry meaning: files with equal prefix and filename belong to one bunch, the counter orders them.
//! The prefix ends at the first underscore, so `product-import` never swallows `product-import-price_…`; only what a
//! Magento shop exports has prefixes that hold an underscore themselves ([`PREFIXES_WITH_UNDERSCORE`]).
//! The counter starts after the last one, so a filename may hold underscores of its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of an import file, taken apart.
///
/// Private fields, because only parts without a separator of their own can be put together and read back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FileName {
    prefix: String,
    filename: String,
    counter: String,
    suffix: String,
}

/// The name of an ok file that may release an import file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OkFileName {
    /// How much of the import file's name it repeats.
    pub form: OkForm,
    name: String,
}

/// How much of an import file's name an ok file repeats; in look-up order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OkForm {
    /// `product-import.ok`: any file with this prefix.
    Prefix,
    /// `product-import_20260801-120000.ok`: the files of one bunch with this prefix.
    Bunch,
    /// `product-import_20260801-120000_01.ok`: one file.
    File,
}

/// Why a name is not that of an import file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is not the name of an import file: {reason} \
     (expected `<prefix>_<filename>_<counter>.<suffix>`, example: `product-import_20260801-120000_01.csv`)"
)]
pub struct Error {
    /// The refused name.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The prefixes that hold an underscore themselves: those of the files that a Magento shop exports.
pub const PREFIXES_WITH_UNDERSCORE: [&str; 5] =
    ["advanced_pricing", "catalog_product", "customer_address", "customer_composite", "stock_sources"];

/// Cuts a name behind its prefix; there is no rest if the prefix is all there is.
#[must_use]
pub fn split_prefix(stem: &str) -> (&str, Option<&str>) {
    for prefix in PREFIXES_WITH_UNDERSCORE {
        match stem.strip_prefix(prefix) {
            Some("") => return (prefix, None),
            Some(rest) if rest.starts_with('_') => return (prefix, Some(&rest[1..])),
            Some(_) | None => {}
        }
    }
    match stem.split_once('_') {
        Some((prefix, rest)) => (prefix, Some(rest)),
        None => (stem, None),
    }
}

/// Returns what any name begins with, up to its prefix's end: that of an import file, of an ok file, or of neither.
#[must_use]
pub fn prefix_of(name: &str) -> &str {
    split_prefix(name.split('.').next().unwrap_or_default()).0
}

impl FileName {
    /// Returns what kind of import the file is for, such as `product-import`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the part that all files of a bunch share, by habit a time stamp; it identifies the bunch.
    #[must_use]
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// Returns the digits of the counter as they were written, such as `01`.
    #[must_use]
    pub fn counter(&self) -> &str {
        &self.counter
    }

    /// Returns the number in the counter, which orders the files of a bunch.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.counter.parse().expect("`from_str` has refused anything but a few digits")
    }

    /// Says whether the file may be one of rows: CSV, plain or packed.
    #[must_use]
    pub fn is_of_rows(&self) -> bool {
        has_row_suffix(&self.to_string())
    }

    /// Returns the name that the file has once it is unpacked: its own if it is not packed.
    #[must_use]
    pub fn unpacked(&self) -> Self {
        let is_plain = self.suffix.eq_ignore_ascii_case("csv");
        let suffix = if is_plain { self.suffix.clone() } else { "csv".to_owned() };
        Self { suffix, ..self.clone() }
    }

    /// Says whether two names differ in their suffixes at most.
    #[must_use]
    pub fn has_stem_of(&self, other: &Self) -> bool {
        let stem = |name: &Self| (name.prefix.clone(), name.filename.clone(), name.counter.clone());
        stem(self) == stem(other)
    }

    /// Returns what follows the last dot, such as `csv`; of a packed file both parts, as in `csv.gz`.
    #[must_use]
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// Returns the ok files that may release this file, in the order in which they are looked up.
    #[must_use]
    pub fn ok_files(&self) -> [OkFileName; 3] {
        let Self { prefix, filename, counter, .. } = self;
        [
            (OkForm::Prefix, format!("{prefix}.ok")),
            (OkForm::Bunch, format!("{prefix}_{filename}.ok")),
            (OkForm::File, format!("{prefix}_{filename}_{counter}.ok")),
        ]
        .map(|(form, name)| OkFileName { form, name })
    }
}

impl OkFileName {
    /// Returns the name as it is looked up in the drop area.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl FromStr for FileName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let error = |reason| Error { name: name.to_owned(), reason };
        if name.chars().any(|c| c == '/' || c == '\\' || c.is_control()) {
            return Err(error("it holds a path separator or a control character"));
        }
        let (stem, suffix) = split_suffix(name).ok_or_else(|| error("it has no suffix"))?;
        let (prefix, rest) = split_prefix(stem);
        let rest = rest.ok_or_else(|| error("it has no underscore"))?;
        let (filename, counter) = rest.rsplit_once('_').ok_or_else(|| error("it has only one underscore"))?;
        if prefix.is_empty() || filename.is_empty() || suffix.is_empty() {
            return Err(error("one of its parts is empty"));
        }
        // Nine digits always fit into the `u32` that `number` returns.
        let is_counter = (1..=9).contains(&counter.len()) && counter.bytes().all(|b| b.is_ascii_digit());
        if !is_counter {
            return Err(error("its counter is not a number of one to nine digits"));
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            filename: filename.to_owned(),
            counter: counter.to_owned(),
            suffix: suffix.to_owned(),
        })
    }
}

/// Says whether a name ends like that of a file of rows, whatever stands before.
#[must_use]
pub fn has_row_suffix(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".csv", ".csv.gz", ".csv.zip", ".gz", ".zip"].iter().any(|suffix| name.ends_with(suffix))
}

/// Cuts the suffix off; that of a packed file has two parts.
fn split_suffix(name: &str) -> Option<(&str, &str)> {
    let (stem, suffix) = name.rsplit_once('.')?;
    let is_packed = suffix.eq_ignore_ascii_case("gz") || suffix.eq_ignore_ascii_case("zip");
    match stem.rsplit_once('.') {
        Some((inner, csv)) if is_packed && csv.eq_ignore_ascii_case("csv") => Some((inner, &name[inner.len() + 1..])),
        _ => Some((stem, suffix)),
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prefix, filename, counter, suffix } = self;
        write!(f, "{prefix}_{filename}_{counter}.{suffix}")
    }
}

impl fmt::Display for OkFileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for FileName {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn parts(name: &str) -> String {
        match name.parse::<FileName>() {
            Ok(name) => format!("{} | {} | {} | {}", name.prefix(), name.filename(), name.number(), name.suffix()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_name_is_taken_apart_at_its_underscores() {
        assert_snapshot!(parts("product-import_20260801-120000_02.csv"), @"product-import | 20260801-120000 | 2 | csv");
        assert_snapshot!(parts("product-import-price_20170829-1130_01.csv"), @"product-import-price | 20170829-1130 | 1 | csv");
        assert_snapshot!(parts("product-import_spring_sale_10.csv"), @"product-import | spring_sale | 10 | csv");
    }

    #[test]
    fn what_a_magento_shop_exports_keeps_its_names() {
        assert_snapshot!(parts("advanced_pricing_20260801_120000.csv"), @"advanced_pricing | 20260801 | 120000 | csv");
        assert_snapshot!(parts("stock_sources_x_01.csv"), @"stock_sources | x | 1 | csv");
        assert_snapshot!(parts("stock_sourcesx_x_01.csv"), @"stock | sourcesx_x | 1 | csv");
        assert_snapshot!(parts("customer_20260801_120000.csv"), @"customer | 20260801 | 120000 | csv");
        let names = ["stock_sources.ok", "stock_sources_x.ok", "stock.x_1_1.csv", "product-import.ok", "x"];
        assert_eq!(names.map(prefix_of), ["stock_sources", "stock_sources", "stock", "product-import", "x"]);
    }

    #[test]
    fn a_packed_file_has_the_parts_of_the_plain_one() {
        assert_snapshot!(parts("product-import_x_02.csv.gz"), @"product-import | x | 2 | csv.gz");
        assert_snapshot!(parts("product-import_x_02.zip"), @"product-import | x | 2 | zip");
        for name in ["product-import_x_02.csv.gz", "product-import_x_02.zip", "product-import_x_02.csv"] {
            let name: FileName = name.parse().unwrap();
            assert!(name.is_of_rows());
            assert_eq!(name.unpacked().to_string(), "product-import_x_02.csv");
        }
        assert!(!"product-import_x_02.txt".parse::<FileName>().unwrap().is_of_rows());
    }

    #[test]
    fn a_refused_name_says_why() {
        assert_snapshot!(parts("product-import.csv"), @"`product-import.csv` is not the name of an import file: it has no underscore (expected `<prefix>_<filename>_<counter>.<suffix>`, example: `product-import_20260801-120000_01.csv`)");
        assert_snapshot!(parts("product-import_x.csv"), @"`product-import_x.csv` is not the name of an import file: it has only one underscore (expected `<prefix>_<filename>_<counter>.<suffix>`, example: `product-import_20260801-120000_01.csv`)");
        assert_snapshot!(parts("product-import_x_one.csv"), @"`product-import_x_one.csv` is not the name of an import file: its counter is not a number of one to nine digits (expected `<prefix>_<filename>_<counter>.<suffix>`, example: `product-import_20260801-120000_01.csv`)");
        assert_snapshot!(parts("product-import_x_01"), @"`product-import_x_01` is not the name of an import file: it has no suffix (expected `<prefix>_<filename>_<counter>.<suffix>`, example: `product-import_20260801-120000_01.csv`)");
        assert_snapshot!(parts("a/product-import_x_01.csv"), @"`a/product-import_x_01.csv` is not the name of an import file: it holds a path separator or a control character (expected `<prefix>_<filename>_<counter>.<suffix>`, example: `product-import_20260801-120000_01.csv`)");
    }

    #[test]
    fn three_ok_files_are_looked_up_from_the_widest_to_the_narrowest() {
        let name: FileName = "product-import_x_01.csv".parse().unwrap();
        assert_eq!(
            name.ok_files().map(|ok| ok.to_string()),
            ["product-import.ok", "product-import_x.ok", "product-import_x_01.ok"]
        );
    }

    proptest! {
        #[test]
        fn a_name_that_parses_is_written_back_unchanged(
            name in "[a-z]{0,3}[-_.]?[a-z0-9_.-]{0,8}_[0-9]{0,3}\\.[a-z]{0,3}"
        ) {
            if let Ok(parsed) = name.parse::<FileName>() {
                prop_assert_eq!(parsed.to_string(), name);
            }
        }

        #[test]
        fn every_name_made_of_proper_parts_parses(
            prefix in "[a-z][a-z0-9-]{0,12}",
            filename in "[A-Za-z0-9-][A-Za-z0-9_-]{0,12}",
            counter in "[0-9]{1,9}",
            suffix in "[a-z]{1,4}|csv\\.gz",
        ) {
            let name: FileName = format!("{prefix}_{filename}_{counter}.{suffix}").parse().unwrap();
            prop_assert_eq!(name.prefix(), prefix);
            prop_assert_eq!(name.filename(), filename);
            prop_assert_eq!(name.counter(), counter);
            prop_assert_eq!(name.suffix(), suffix);
        }
    }
}

//! "Did you mean": the known name that is most like one that the shop does not have.

use std::fmt;

use crate::name_key::name_key;

/// Names that a message lists at most.
const MAX_LISTED: usize = 8;

/// From which likeness on a name may have been meant: 0 for nothing in common, 1 for the same.
const LIKENESS: f64 = 0.75;

/// A name that the shop does not have; reads as the end of a sentence that starts with the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// What it should be, such as `attribute set`.
    pub kind: &'static str,
    /// The name that may have been meant.
    pub nearest: Option<String>,
    /// The first names that there are, if there are few of them.
    pub known: Vec<String>,
}

impl UnknownName {
    /// Looks for the name that may have been meant.
    pub fn new<'k>(kind: &'static str, found: &str, known: impl Iterator<Item = &'k str>) -> Self {
        let known: Vec<&str> = known.collect();
        let nearest = nearest(found, known.iter().copied()).map(str::to_owned);
        let listed =
            if known.len() <= MAX_LISTED { known.into_iter().map(str::to_owned).collect() } else { Vec::new() };
        Self { kind, nearest, known: listed }
    }

    /// Says which name may have been meant, or which there are; ends a sentence.
    #[must_use]
    pub fn hint(&self) -> String {
        match (&self.nearest, self.known.as_slice()) {
            (Some(nearest), _) => format!(" (did you mean `{nearest}`?)"),
            (None, []) => String::new(),
            (None, known) => format!(" (known: `{}`)", known.join("`, `")),
        }
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let article = if self.kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        write!(f, "is not {article} {} of the shop{}", self.kind, self.hint())
    }
}

impl std::error::Error for UnknownName {}

/// Returns the known name that is most like a found one, if any is like it at all. Case does not matter.
pub fn nearest<'k>(found: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let found = name_key(found);
    let mut best: Option<(f64, &str)> = None;
    for name in known {
        let likeness = strsim::jaro_winkler(&found, &name_key(name));
        let is_better = best.is_none_or(|(likeness_of_best, _)| likeness > likeness_of_best);
        if likeness >= LIKENESS && is_better {
            best = Some((likeness, name));
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn an_unknown_name_comes_with_the_nearest_or_with_all() {
        let sets = ["Default", "Bag", "Clothing"];
        let unknown = |found| UnknownName::new("attribute set", found, sets.into_iter()).to_string();
        assert_snapshot!(unknown("Defaults"), @"is not an attribute set of the shop (did you mean `Default`?)");
        assert_snapshot!(unknown("Shoes"), @"is not an attribute set of the shop (known: `Default`, `Bag`, `Clothing`)");
        let many: Vec<String> = (0..20).map(|number| format!("x{number}")).collect();
        assert_snapshot!(UnknownName::new("website", "base", many.iter().map(String::as_str)), @"is not a website of the shop");
    }
}

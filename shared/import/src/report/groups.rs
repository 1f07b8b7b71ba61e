//! Findings of one kind, counted together: what a person reads first when there are thousands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Severity};

/// Kinds that are told apart; what comes beyond is counted as one more.
const MAX_KINDS: usize = 200;

/// Places kept for each kind.
const MAX_EXAMPLES: usize = 3;

/// Findings by kind: the same problem of the same column with the same consequence.
///
/// Merging gives the same in any order, as long as there are no more than 200 kinds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<FindingGroup>", into = "Vec<FindingGroup>")]
pub struct FindingGroups {
    groups: BTreeMap<FindingKind, Counted>,
}

/// What findings of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FindingKind {
    /// What follows from them.
    pub severity: Severity,
    /// Column name, unless whole rows or files are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What is wrong.
    pub problem: String,
}

/// Findings of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingGroup {
    /// What they have in common.
    #[serde(flatten)]
    pub kind: FindingKind,
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// A place at which something was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Example {
    /// Base name of the file.
    pub file: String,
    /// Line of the file, counted from 1.
    pub line: u64,
    /// The cell as it was found, if that says anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Counted {
    count: u64,
    examples: Vec<Example>,
}

impl FindingGroups {
    /// Counts a finding.
    pub fn note(&mut self, finding: &Finding) {
        let Finding { file, line, column, found, problem, severity } = finding.clone();
        let example = Example { file, line, found };
        let one = Counted { count: 1, examples: vec![example] };
        self.add(FindingKind { severity, column, problem }, one);
    }

    /// Takes back a finding that was counted.
    pub fn forget(&mut self, finding: &Finding) {
        let Finding { file, line, column, found, problem, severity } = finding.clone();
        let kind = FindingKind { severity, column, problem };
        let kind = if self.groups.contains_key(&kind) { kind } else { FindingKind::beyond(severity) };
        let Some(counted) = self.groups.get_mut(&kind) else { return };
        counted.count = counted.count.saturating_sub(1);
        let example = Example { file, line, found };
        counted.examples.retain(|kept| *kept != example);
        if counted.count == 0 {
            self.groups.remove(&kind);
        }
    }

    /// Says whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Adds what others have counted.
    pub fn merge(&mut self, other: Self) {
        for (kind, counted) in other.groups {
            self.add(kind, counted);
        }
    }

    /// Returns the groups, those with the worst consequences first and then the largest.
    #[must_use]
    pub fn worst_first(&self) -> Vec<FindingGroup> {
        let mut groups: Vec<FindingGroup> = self.clone().into();
        groups.sort_by(|one, other| {
            let by_severity = other.kind.severity.cmp(&one.kind.severity);
            by_severity.then(other.count.cmp(&one.count)).then_with(|| one.kind.cmp(&other.kind))
        });
        groups
    }

    fn add(&mut self, kind: FindingKind, more: Counted) {
        let is_known = self.groups.contains_key(&kind);
        let kind = if is_known || self.groups.len() < MAX_KINDS { kind } else { FindingKind::beyond(kind.severity) };
        let counted = self.groups.entry(kind).or_default();
        counted.count = counted.count.saturating_add(more.count);
        counted.examples.extend(more.examples);
        counted.examples.sort_unstable();
        counted.examples.dedup();
        counted.examples.truncate(MAX_EXAMPLES);
    }
}

impl FindingKind {
    fn beyond(severity: Severity) -> Self {
        Self { severity, column: None, problem: "other problems; the full list has them".to_owned() }
    }
}

impl From<FindingGroups> for Vec<FindingGroup> {
    fn from(groups: FindingGroups) -> Self {
        let group = |(kind, Counted { count, examples })| FindingGroup { kind, count, examples };
        groups.groups.into_iter().map(group).collect()
    }
}

impl From<Vec<FindingGroup>> for FindingGroups {
    fn from(groups: Vec<FindingGroup>) -> Self {
        let counted = |FindingGroup { kind, count, examples }| (kind, Counted { count, examples });
        Self { groups: groups.into_iter().map(counted).collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finding(line: u64, found: &str, problem: &str) -> Finding {
        Finding {
            column: Some("price".to_owned()),
            found: Some(found.to_owned()),
            ..Finding::about("a.csv", line, problem.to_owned(), Severity::Value)
        }
    }

    #[test]
    fn findings_of_one_kind_are_one_group_with_its_first_places() {
        let mut groups = FindingGroups::default();
        for line in (2..9).rev() {
            groups.note(&finding(line, &format!("{line},99"), "is not a number"));
        }
        groups.note(&Finding::about("a.csv", 9, "sku is empty".to_owned(), Severity::Row));
        let told: Vec<String> = groups
            .worst_first()
            .into_iter()
            .map(|FindingGroup { kind, count, examples }| {
                let lines: Vec<u64> = examples.iter().map(|example| example.line).collect();
                format!("{count} × {} {lines:?}", kind.problem)
            })
            .collect();
        assert_eq!(told, ["1 × sku is empty [9]", "7 × is not a number [2, 3, 4]"]);
    }

    #[test]
    fn kinds_beyond_the_limit_are_counted_as_one() {
        let mut groups = FindingGroups::default();
        for line in 0..1_000 {
            groups.note(&finding(line, "x", &format!("problem {line}")));
        }
        let told = groups.worst_first();
        assert_eq!(told.len(), MAX_KINDS + 1);
        assert_eq!(told[0].count, 800);
        assert_eq!(told.iter().map(|group| group.count).sum::<u64>(), 1_000);
    }

    proptest! {
        #[test]
        fn merging_is_the_same_in_any_order(lines in prop::collection::vec((0u64..30, 0usize..4), 0..40), cut in 0usize..40) {
            let mut whole = FindingGroups::default();
            let (mut one, mut other) = (FindingGroups::default(), FindingGroups::default());
            for (index, (line, problem)) in lines.iter().enumerate() {
                let finding = finding(*line, "x", &format!("problem {problem}"));
                whole.note(&finding);
                if index < cut { one.note(&finding) } else { other.note(&finding) }
            }
            other.merge(one);
            prop_assert_eq!(&other, &whole);
            let json = serde_json::to_string(&whole).unwrap();
            prop_assert_eq!(serde_json::from_str::<FindingGroups>(&json).unwrap(), whole);
        }
    }
}

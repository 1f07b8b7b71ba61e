//! How a validation ends: at what it stops, and what its step says.

use std::collections::BTreeSet;

use engine::{ExecutorError, Outcome, Work};
use import::finding::{Severity, Strictness};
use import::report::ImportReport;

use crate::import::progress::count;
use crate::import::verdict::conclude;

/// Most findings that the step's log repeats; the report has more.
const LOGGED_FINDINGS: usize = 20;

/// Repeats the first findings in the step's log.
pub(super) fn tell(work: &mut Work<'_>, report: &ImportReport) {
    let findings = report.files.values().flat_map(|file| file.findings.iter());
    for finding in findings.take(LOGGED_FINDINGS) {
        work.warn(&finding.to_string());
    }
    for (name, file) in &report.files {
        for column in &file.unknown_columns {
            work.warn(&format!("{name}: column `{column}` is unknown and left out"));
        }
    }
}

/// Ends the step before anything is written, if something was found at which it must stop.
pub(super) fn stop_if_strict(report: &ImportReport, strict_files: &BTreeSet<String>) -> Result<(), ExecutorError> {
    // The report keeps the first findings only; what is decided comes from the counts of all.
    let stops_at = |file: &str, severity: Severity| {
        let strictness = if strict_files.contains(file) { Strictness::Strict } else { Strictness::Skip };
        strictness.stops_at(severity)
    };
    let mut stopping = 0;
    for (name, file) in &report.files {
        let stopping_here = file.severities.iter().filter(|(severity, _)| stops_at(name, **severity));
        stopping += stopping_here.map(|(_, count)| count).sum::<u64>();
    }
    let kept = || report.files.values().flat_map(|file| file.findings.iter());
    let of_file = kept().find(|finding| finding.severity == Severity::File);
    let stopping_one = || kept().find(|finding| stops_at(&finding.file, finding.severity));
    let Some(first) = of_file.or_else(stopping_one) else {
        return Ok(());
    };
    let more = match stopping {
        1 => String::new(),
        several => format!(" (and {} more, see the log)", several - 1),
    };
    Err(ExecutorError::permanent(format!("{first}{more}")))
}

/// Ends the step with the first finding that costs anything, if there is one.
pub(super) fn end(report: &ImportReport) -> Result<Outcome, ExecutorError> {
    let mut findings = report.files.values().flat_map(|file| file.findings.iter());
    let Some(first) = findings.find(|finding| finding.severity > Severity::Notice) else { return conclude(report) };
    let message = match report.finding_count() {
        1 => first.to_string(),
        found => format!("{found} findings in {}; the first one: {first}", count(report.totals().rows, "row")),
    };
    Err(ExecutorError::InvalidData { message })
}

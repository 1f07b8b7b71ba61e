//! The table and the file of a run.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use crate::{Found, machine};

/// A row of the table.
struct Row {
    name: &'static str,
    unit: &'static str,
    /// What it should be.
    target: Option<Target>,
}

/// The bound of a figure.
enum Target {
    AtMost(f64),
    AtLeast(f64),
}

use Target::{AtLeast, AtMost};

/// All rows that have a target or a unit worth telling; others are shown as they are found.
const ROWS: [Row; 24] = [
    Row { name: "flush_ms", unit: "ms per flush of the disk", target: None },
    Row { name: "sequential_ms_per_step", unit: "ms", target: Some(AtMost(0.4)) },
    Row { name: "pipelines_1000x3_steps_per_s", unit: "steps/s, 2 runners of 10 slots", target: Some(AtLeast(6000.0)) },
    Row { name: "pipelines_1000x3_one_slot_steps_per_s", unit: "steps/s, 2 runners of 1 slot", target: None },
    Row { name: "fanout_200_ms_per_step", unit: "ms", target: Some(AtMost(0.13)) },
    Row { name: "fanout_1000_ms_per_step", unit: "ms", target: Some(AtMost(0.13)) },
    Row { name: "peak_rss_mb", unit: "MB", target: Some(AtMost(60.0)) },
    Row { name: "import_first_rows_per_s", unit: "rows/s of 100,000", target: None },
    Row { name: "import_unchanged_rows_per_s", unit: "rows/s of 100,000", target: None },
    Row { name: "import_peak_rss_mb", unit: "MB", target: None },
    Row { name: "beat_ms_1000_open_100000_settled", unit: "ms", target: None },
    Row { name: "beat_ms_1000_open_0_settled", unit: "ms", target: None },
    Row { name: "beat_peak_rss_mb", unit: "MB", target: None },
    Row { name: "aws_write_units_per_step", unit: "write units", target: Some(AtMost(3.0)) },
    Row { name: "aws_read_units_per_step", unit: "read units", target: Some(AtMost(3.0)) },
    Row { name: "aws_sqs_requests_per_step", unit: "requests", target: Some(AtMost(3.0)) },
    Row { name: "aws_s3_requests_per_step", unit: "requests", target: Some(AtMost(0.0)) },
    Row { name: "aws_requests_per_step", unit: "requests to DynamoDB", target: None },
    Row { name: "aws_largest_item_bytes", unit: "bytes", target: Some(AtMost(1024.0)) },
    Row { name: "aws_write_units_per_pipeline", unit: "write units beside its steps", target: None },
    Row { name: "aws_read_units_per_pipeline", unit: "read units beside its steps", target: None },
    Row { name: "aws_requests_fanout_1000", unit: "requests for 1,002 steps", target: None },
    Row { name: "aws_beat_read_units_1000_open_100000_settled", unit: "read units", target: None },
    Row { name: "aws_beat_read_units_1000_open_0_settled", unit: "read units", target: None },
];

/// What all runs found.
#[derive(Default)]
pub(crate) struct Report {
    found: BTreeMap<String, Vec<f64>>,
}

impl Report {
    pub(crate) fn add(&mut self, found: Found) {
        for (row, value) in found {
            self.found.entry(row).or_default().push(value);
        }
    }

    /// The medians as lines of text, the rows with a target first.
    pub(crate) fn table(&self) -> String {
        let mut text =
            format!("{}\n\n{:<46} {:>12}  {:<32} target\n", machine::described(), "figure", "median", "unit");
        let known = ROWS.iter().filter(|row| self.found.contains_key(row.name));
        for row in known {
            let value = median(&self.found[row.name]);
            text += &format!("{:<46} {value:>12.3}  {:<32} {}\n", row.name, row.unit, verdict(row, value));
        }
        for (name, values) in &self.found {
            if ROWS.iter().all(|row| row.name != name) {
                text += &format!("{name:<46} {:>12.3}\n", median(values));
            }
        }
        text
    }

    /// Writes medians and all runs to `target/bench.json`.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let medians: BTreeMap<&String, f64> = self.found.iter().map(|(row, values)| (row, median(values))).collect();
        let text = json!({ "machine": machine::described(), "median": medians, "runs": self.found });
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench.json");
        Ok(std::fs::write(path, serde_json::to_string_pretty(&text)?)?)
    }
}

fn verdict(row: &Row, value: f64) -> String {
    let (is_met, text) = match row.target {
        Some(AtMost(most)) => (value <= most, format!("<= {most}")),
        Some(AtLeast(least)) => (value >= least, format!(">= {least}")),
        None => return String::new(),
    };
    format!("{text} {}", if is_met { "met" } else { "MISSED" })
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

//! The table and the file of a run.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::{Found, functions, machine};

/// A row of the table; with a name that begins with an underscore one for each figure whose name ends so.
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

/// All rows that have a target or a unit worth telling, in the order of the table; others follow as they are found.
const ROWS: [Row; 29] = [
    Row { name: "flush_ms", unit: "ms per flush of the disk", target: None },
    Row { name: "sequential_ms_per_step", unit: "ms", target: Some(AtMost(0.4)) },
    Row { name: "pipelines_1000x3_steps_per_s", unit: "steps/s, 2 runners of 10 slots", target: Some(AtLeast(6000.0)) },
    Row { name: "pipelines_1000x3_one_slot_steps_per_s", unit: "steps/s, 2 runners of 1 slot", target: None },
    Row { name: "fanout_200_ms_per_step", unit: "ms", target: Some(AtMost(0.13)) },
    Row { name: "fanout_1000_ms_per_step", unit: "ms", target: Some(AtMost(0.13)) },
    Row { name: PEAK, unit: "MB", target: Some(AtMost(60.0)) },
    Row { name: "import_first_rows_per_s", unit: "rows/s of 100,000", target: None },
    Row { name: "import_unchanged_rows_per_s", unit: "rows/s of 100,000", target: None },
    Row { name: "import_peak_rss_mb", unit: "MB", target: Some(AtMost(60.0)) },
    Row { name: "beat_ms_1000_open_100000_settled", unit: "ms", target: None },
    Row { name: "beat_ms_1000_open_0_settled", unit: "ms", target: None },
    Row { name: "aws_write_units_per_step", unit: "write units", target: Some(AtMost(3.0)) },
    Row { name: "aws_read_units_per_step", unit: "read units", target: Some(AtMost(3.0)) },
    Row { name: "aws_sqs_requests_per_step", unit: "requests", target: Some(AtMost(3.0)) },
    Row { name: "aws_s3_requests_per_step", unit: "requests", target: Some(AtMost(0.0)) },
    Row { name: "aws_requests_per_step", unit: "requests to DynamoDB", target: None },
    Row { name: "aws_largest_item_bytes", unit: "bytes", target: Some(AtMost(1024.0)) },
    Row { name: "aws_write_units_per_pipeline", unit: "write units beside its steps", target: None },
    Row { name: "aws_read_units_per_pipeline", unit: "read units beside its steps", target: None },
    Row { name: "aws_requests_fanout_1000", unit: "requests for 1,002 steps", target: None },
    Row { name: "aws_requests_fanout_200", unit: "requests for 202 steps", target: None },
    Row { name: "aws_write_units_fanout_1000", unit: "write units", target: None },
    Row { name: "aws_read_units_fanout_1000", unit: "read units", target: None },
    Row { name: "aws_beat_read_units_1000_open_100000_settled", unit: "read units", target: None },
    Row { name: "aws_beat_read_units_1000_open_0_settled", unit: "read units", target: None },
    Row { name: "_zip_mb", unit: "MB of 1,000,000 bytes", target: Some(AtMost(8.0)) },
    Row { name: "_start_to_first_poll_ms", unit: "ms", target: Some(AtMost(100.0)) },
    Row { name: "_peak_rss_mb", unit: "MB", target: None },
];

/// The row of the memory of that of these measurements that takes most.
const PEAK: &str = "peak_rss_mb";
const CHAINS: [&str; 3] = ["sequential", "pipelines", "fanout"];

impl Row {
    /// The row of a figure: its own before one that it shares.
    fn of(figure: &str) -> Option<usize> {
        let shares = |row: &Row| row.name.starts_with('_') && figure.ends_with(row.name);
        ROWS.iter().position(|row| row.name == figure).or_else(|| ROWS.iter().position(shares))
    }
}

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

    /// The medians as lines of text, and none of them left out.
    pub(crate) fn table(&self) -> String {
        let mut text =
            format!("{}\n\n{:<46} {:>12}  {:<32} target\n", machine::described(), "figure", "median", "unit");
        let medians = self.medians();
        for (place, row) in ROWS.iter().enumerate() {
            for (name, value) in medians.iter().filter(|(name, _)| Row::of(name) == Some(place)) {
                text += &format!("{name:<46} {value:>12.3}  {:<32} {}\n", row.unit, verdict(row, *value));
            }
        }
        for (name, value) in medians.iter().filter(|(name, _)| Row::of(name).is_none()) {
            text += &format!("{name:<46} {value:>12.3}\n");
        }
        text
    }

    /// The median of each figure, and of the memory of those that run chains the greatest.
    fn medians(&self) -> BTreeMap<String, f64> {
        let mut medians: BTreeMap<String, f64> =
            self.found.iter().map(|(row, values)| (row.clone(), median(values))).collect();
        let peaks = CHAINS.iter().filter_map(|name| medians.get(&machine::memory_row(name)));
        if let Some(greatest) = peaks.copied().max_by(f64::total_cmp) {
            medians.insert(PEAK.to_owned(), greatest);
        }
        medians
    }

    /// Writes medians and all runs to a file in `target`.
    pub(crate) fn write(&self, file: &str) -> anyhow::Result<()> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target").join(file);
        Ok(std::fs::write(path, serde_json::to_string_pretty(&self.json())?)?)
    }

    /// Each figure by its name, those of the functions by function, and below `runs` what each run found.
    fn json(&self) -> Value {
        let mut figures = Map::new();
        let mut of_functions: BTreeMap<&str, BTreeMap<String, f64>> = BTreeMap::new();
        for (name, value) in self.medians() {
            let own = functions::FUNCTIONS.iter().find_map(|function| {
                let figure = name.strip_prefix(function)?.strip_prefix('_')?;
                Some((*function, figure.to_owned()))
            });
            match own {
                Some((function, figure)) => drop(of_functions.entry(function).or_default().insert(figure, value)),
                None => drop(figures.insert(name, json!(value))),
            }
        }
        figures.insert("machine".to_owned(), json!(machine::described()));
        figures.insert("functions".to_owned(), json!(of_functions));
        figures.insert("runs".to_owned(), json!(self.found));
        Value::Object(figures)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_the_greatest_of_the_medians_and_every_figure_is_shown() {
        let mut report = Report::default();
        for (narrow, wide) in [(17.0, 40.0), (18.0, 70.0), (90.0, 50.0)] {
            report.add(Found::from([
                ("sequential_peak_rss_mb".to_owned(), narrow),
                ("fanout_peak_rss_mb".to_owned(), wide),
                ("import_peak_rss_mb".to_owned(), 99.0),
                ("unheard_of".to_owned(), 7.0),
            ]));
        }
        let table = report.table();
        let rows: Vec<Vec<&str>> = table.lines().skip(3).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            rows,
            [
                vec!["peak_rss_mb", "50.000", "MB", "<=", "60", "met"],
                vec!["import_peak_rss_mb", "99.000", "MB", "<=", "60", "MISSED"],
                vec!["fanout_peak_rss_mb", "50.000", "MB"],
                vec!["sequential_peak_rss_mb", "18.000", "MB"],
                vec!["unheard_of", "7.000"],
            ]
        );
    }

    #[test]
    fn the_file_has_each_figure_by_its_name_and_those_of_a_function_below_it() {
        let mut report = Report::default();
        for (ms, zip_mb) in [(0.3, 7.0), (0.2, 7.0), (0.1, 7.0)] {
            let found = [("sequential_ms_per_step", ms), ("runner_zip_mb", zip_mb), ("runner_peak_rss_mb", 15.0)];
            report.add(found.map(|(name, value)| (name.to_owned(), value)).into());
        }
        let json = report.json();
        assert_eq!(json["sequential_ms_per_step"], 0.2);
        assert_eq!(json["functions"], json!({ "runner": { "zip_mb": 7.0, "peak_rss_mb": 15.0 } }));
        assert_eq!(json["runs"]["sequential_ms_per_step"], json!([0.3, 0.2, 0.1]));
        assert_eq!(json.get("runner_zip_mb"), None);
    }
}

//! How far imports are: a bar on a terminal, a line every ten seconds elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use operate::view::{PipelineDetails, StepRow};
use pipeline::StepStatus;

use crate::output::Output;

/// How long it is quiet between two lines.
const EVERY: Duration = Duration::from_secs(10);

/// Shows how far imports are.
pub(super) struct Progress {
    /// Where a person looks at a terminal.
    bar: Option<ProgressBar>,
    /// When the last line was printed, where there is no bar.
    last_line: Instant,
}

/// The rows of the step that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct StepProgress {
    step: String,
    rows: u64,
    /// How many rows it will have taken, if that is known.
    all: Option<u64>,
    /// How long it has worked.
    worked_ms: u64,
}

impl Progress {
    pub(super) fn begin(output: &Output) -> Self {
        let bar = output.is_live().then(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len} rows")
                .expect("the template names what there is");
            ProgressBar::new(0).with_style(style)
        });
        Progress { bar, last_line: Instant::now() }
    }

    /// Prints a line above the bar.
    pub(super) fn say(&self, output: &Output, line: &str) -> anyhow::Result<()> {
        match &self.bar {
            Some(bar) => bar.suspend(|| output.say(line)),
            None => output.say(line),
        }
    }

    /// Shows how far pipelines are.
    pub(super) fn show(&mut self, output: &Output, pipelines: &[PipelineDetails]) -> anyhow::Result<()> {
        let Some(progress) = pipelines.iter().find_map(StepProgress::of) else { return Ok(()) };
        if let Some(bar) = &self.bar {
            bar.set_length(progress.all.unwrap_or(progress.rows));
            bar.set_position(progress.rows);
            bar.set_message(progress.in_words());
        } else if self.last_line.elapsed() >= EVERY {
            self.last_line = Instant::now();
            let of = progress.all.map_or_else(String::new, |all| format!(" of {all}"));
            output.say(&format!("{}, {}{of} rows", progress.in_words(), progress.rows))?;
        }
        Ok(())
    }

    /// Takes the bar away.
    pub(super) fn hide(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl StepProgress {
    /// The step of a pipeline that runs, if it counts rows.
    fn of(details: &PipelineDetails) -> Option<Self> {
        let running = details.steps.iter().find(|step| step.status == StepStatus::Running)?;
        // `12000 rows imported`
        let rows = running.progress.as_ref()?.split(' ').next()?.parse().ok()?;
        let output = |step: &StepRow| step.output.as_ref()?.get("rows")?.as_u64();
        let is_import = |step: &&StepRow| step.executor.starts_with("import_");
        let all = details.steps.iter().find(|step| step.executor.starts_with("validate")).and_then(output);
        // The check has counted the rows of all files; other steps have imported those of theirs.
        let before: u64 = details.steps.iter().filter(is_import).filter_map(output).sum();
        let all = all.filter(|_| is_import(&running)).map(|all| all.saturating_sub(before));
        let worked_ms = u64::try_from(running.duration_ms.unwrap_or(0)).unwrap_or(0);
        Some(StepProgress { step: running.name.clone(), rows, all, worked_ms })
    }

    fn rows_per_second(&self) -> Option<u64> {
        self.rows.saturating_mul(1_000).checked_div(self.worked_ms)
    }

    /// Seconds to go, as fast as it went so far.
    fn seconds_left(&self) -> Option<u64> {
        self.all?.checked_sub(self.rows)?.checked_div(self.rows_per_second()?)
    }

    fn in_words(&self) -> String {
        let mut words = self.step.clone();
        if let Some(rows) = self.rows_per_second() {
            words += &format!(", {rows} rows/s");
        }
        if let Some(seconds) = self.seconds_left() {
            words += &match seconds {
                ..120 => format!(", about {seconds} s left"),
                _ => format!(", about {} min left", seconds / 60),
            };
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_rows_so_far() {
        let progress =
            StepProgress { step: "import_products".to_owned(), rows: 12_000, all: Some(50_000), worked_ms: 4_000 };
        assert_eq!(progress.in_words(), "import_products, 3000 rows/s, about 12 s left");
        let checked = StepProgress { step: "validate".to_owned(), all: None, ..progress.clone() };
        assert_eq!(checked.in_words(), "validate, 3000 rows/s");
        let slow = StepProgress { all: Some(5_000_000), ..progress.clone() };
        assert_eq!(slow.in_words(), "import_products, 3000 rows/s, about 27 min left");
        let first = StepProgress { rows: 0, worked_ms: 0, ..progress };
        assert_eq!(first.in_words(), "import_products");
    }
}

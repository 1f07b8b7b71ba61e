//! How long an import took.

use pipeline::{Name, Pipeline};

/// How long the steps before the report worked, those of one stage one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Timing {
    pub(super) work_ms: u64,
}

impl Timing {
    /// Adds up the latest attempts of all steps but one. What a step waited for, or failed at before, does not count.
    pub(super) fn of(pipeline: &Pipeline, but: &Name) -> Self {
        let mut timing = Timing::default();
        for step in pipeline.steps.iter().filter(|step| step.definition.name != *but) {
            if let (Some(started), Some(finished)) = (step.record.started_at, step.record.finished_at) {
                let took = u64::try_from((finished - started).num_milliseconds()).unwrap_or(0);
                timing.work_ms = timing.work_ms.saturating_add(took);
            }
        }
        timing
    }

    pub(super) fn seconds(self) -> f64 {
        std::time::Duration::from_millis(self.work_ms).as_secs_f64()
    }

    /// Rows that came in a second; nothing if it took no time that could be measured.
    pub(super) fn rows_per_second(self, rows: u64) -> Option<u64> {
        rows.saturating_mul(1_000).checked_div(self.work_ms)
    }

    /// In a sentence.
    pub(super) fn in_words(self, rows: u64) -> String {
        match self.rows_per_second(rows) {
            Some(per_second) => format!("took {:.1} s, {per_second} rows per second", self.seconds()),
            None => format!("took {:.1} s", self.seconds()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_per_second_need_a_time() {
        assert_eq!(Timing { work_ms: 2_500 }.in_words(5_000), "took 2.5 s, 2000 rows per second");
        assert_eq!(Timing { work_ms: 0 }.in_words(5_000), "took 0.0 s");
    }
}

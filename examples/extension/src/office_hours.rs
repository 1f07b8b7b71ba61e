//! The step condition `office_hours`.

use async_trait::async_trait;
use chrono::{Datelike, Timelike, Weekday};
use engine::conditions::{RegisteredStepCondition, StepQuestion};
use pipeline::facts::Answer;

/// Holds a step back at night and on weekends, by the arguments `from` and `to`: hours in UTC.
pub(crate) struct OfficeHours;

#[async_trait]
impl RegisteredStepCondition for OfficeHours {
    fn name(&self) -> &'static str {
        "office_hours"
    }

    fn description(&self) -> &'static str {
        "only on weekdays between two hours"
    }

    async fn check(&self, question: &StepQuestion<'_>) -> store::Result<Answer> {
        let hour = |key: &str, usual: u32| question.arguments.get(key).map_or(Ok(usual), |text| text.parse());
        let (Ok(from), Ok(to)) = (hour("from", 8), hour("to", 18)) else {
            return Ok(Answer::Unmet("`from` and `to` must be hours, such as `8`".to_owned()));
        };
        let is_weekend = matches!(question.now.weekday(), Weekday::Sat | Weekday::Sun);
        if !is_weekend && (from..to).contains(&question.now.hour()) {
            return Ok(Answer::Met);
        }
        // People read this as the reason why the step does not run.
        Ok(Answer::Unmet(format!("the office is closed: it is open on weekdays from {from} to {to} o'clock UTC")))
    }
}

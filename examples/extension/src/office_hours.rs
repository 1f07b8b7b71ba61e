//! The step condition `office_hours`.

use async_trait::async_trait;
use chrono::{Datelike, Timelike, Weekday};
use engine::accepts::{Accepts, Argument, Presence, WholeNumber};
use engine::conditions::{RegisteredStepCondition, StepQuestion};
use pipeline::facts::Answer;

/// Holds a step back at night and on weekends.
pub(crate) struct OfficeHours;

const FROM: Argument<WholeNumber> = hour("from", "8", "when the office opens, in UTC");
const TO: Argument<WholeNumber> = hour("to", "18", "when the office closes, in UTC");

const fn hour(name: &'static str, usual: &'static str, meaning: &'static str) -> Argument<WholeNumber> {
    let kind = WholeNumber { from: 0, to: 24, unit: "hours" };
    Argument { name, kind, presence: Presence::Default(usual), meaning }
}

#[async_trait]
impl RegisteredStepCondition for OfficeHours {
    fn name(&self) -> &'static str {
        "office_hours"
    }

    fn description(&self) -> &'static str {
        "only on weekdays between two hours"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&FROM, &TO])
    }

    async fn check(&self, question: &StepQuestion<'_>) -> store::Result<Answer> {
        let (Ok(Some(from)), Ok(Some(to))) = (FROM.of(question.arguments), TO.of(question.arguments)) else {
            return Ok(Answer::Unmet("`from` and `to` must be hours, such as `8`".to_owned()));
        };
        let is_weekend = matches!(question.now.weekday(), Weekday::Sat | Weekday::Sun);
        if !is_weekend && (from..to).contains(&u64::from(question.now.hour())) {
            return Ok(Answer::Met);
        }
        // People read this as the reason why the step does not run.
        Ok(Answer::Unmet(format!("the office is closed: it is open on weekdays from {from} to {to} o'clock UTC")))
    }
}

//! Lambda function `heartbeat`: woken every minute, beats once.
//!
//! The event carries nothing that is used: a beat looks for itself. A beat that fails is not tried again by Lambda; the
//! next tick is the retry.

use anyhow::Context as _;
use chrono::Utc;
use engine::heartbeat::BeatReport;
use engine::{Context, Invocation, heartbeat};
use lambda_runtime::LambdaEvent;
use serde_json::Value;

/// Beats once and answers with what was done.
///
/// # Errors
/// The store did not answer.
pub async fn handle(context: &Context, tick: LambdaEvent<Value>) -> anyhow::Result<BeatReport> {
    let lambda = &tick.context;
    #[expect(clippy::disallowed_methods, reason = "the handler hands its clock to the engine")]
    let now = Utc::now();
    let budget = Invocation::budget_until(lambda.deadline, now);
    let invocation = Invocation::begin(&lambda.request_id, now, budget);
    heartbeat::beat(context, &invocation).await.context("heartbeat failed")
}

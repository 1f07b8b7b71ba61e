//! Lambda function `runner`: takes one message, runs one step.
//!
//! `Ok` means that the message has been dealt with, not that the step went well: a failed step is recorded, and the beat
//! decides about its next attempt. `Err` means that the outcome could not be recorded, so that SQS must deliver again. A
//! message that can never be understood is an `Err` as well: after the fifth delivery it lies in the dead letters as
//! evidence.

use anyhow::Context as _;
use aws_lambda_events::event::sqs::SqsEvent;
use chrono::Utc;
use engine::{Context, Invocation, Limits, Program, runner};
use lambda_runtime::{LambdaEvent, service_fn};
use store_aws::{Config, ServicesConfig};

/// Serves the function with a program, as the environment says.
///
/// # Errors
/// The environment does not say what it must, or the runtime ends.
pub async fn serve(program: Program) -> Result<(), lambda_runtime::Error> {
    store_aws::logging::init();
    let (store, services) = store_aws::connect_with_services(&Config::from_env()?, &ServicesConfig::from_env()?).await;
    let context = Context::new(store, program, Limits::default()).with_services(services);
    lambda_runtime::run(service_fn(|event| handle(&context, event))).await
}

/// Runs the step that the message names. The trigger's batch size is 1.
///
/// # Errors
/// The message is unreadable, or its outcome could not be recorded.
pub async fn handle(context: &Context, event: LambdaEvent<SqsEvent>) -> anyhow::Result<()> {
    let lambda = &event.context;
    #[expect(clippy::disallowed_methods, reason = "the handler hands its clock to the engine")]
    let now = Utc::now();
    let budget = Invocation::budget_until(lambda.deadline, now);
    let invocation = Invocation::begin(&lambda.request_id, now, budget);
    for record in &event.payload.records {
        let message = record.message_id.as_deref().unwrap_or("without id");
        let body = record.body.as_deref().unwrap_or_default();
        // The runtime logs the error with its causes.
        let report = runner::run(context, body, &invocation).await;
        report.with_context(|| format!("failed to deal with message {message}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

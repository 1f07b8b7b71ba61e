//! Lambda function `heartbeat`: woken every minute, beats once.
//!
//! The event carries nothing that is used: a beat looks for itself. A beat that fails is not tried again by Lambda; the
//! next tick is the retry.

use anyhow::Context as _;
use chrono::Utc;
use engine::heartbeat::BeatReport;
use engine::monitor::metrics;
use engine::{Context, Invocation, Limits, Program, heartbeat};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
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
    let report = heartbeat::beat(context, &invocation).await.context("heartbeat failed")?;
    if let Some(metrics) = metrics::embedded(&report, stage(&lambda.env_config.function_name), now) {
        print(&metrics);
    }
    Ok(report)
}

#[expect(clippy::print_stdout, reason = "CloudWatch takes metrics from such a line of the log")]
fn print(metrics: &Value) {
    println!("{metrics}");
}

/// The stage in the name that `infra/functions.yaml` gives to this function; the name itself if it is another.
fn stage(function: &str) -> &str {
    function.strip_prefix("systole-").and_then(|rest| rest.strip_suffix("-heartbeat")).unwrap_or(function)
}

#[cfg(test)]
mod tests {
    use super::stage;

    #[test]
    fn the_stage_is_a_part_of_the_name() {
        assert_eq!(stage("systole-prod-eu-heartbeat"), "prod-eu");
        assert_eq!(stage("heartbeat"), "heartbeat");
    }
}

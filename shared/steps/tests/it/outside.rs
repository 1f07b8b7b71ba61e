//! Executors that reach outside: what they may reach, what they send, and what comes of an answer.

mod commands;
mod echoes;
mod functions;
mod http_requests;

use std::sync::Arc;

use pipeline::PipelineId;
use serde_json::Value;
use store::services::{AllowedHost, HttpPolicy, Secret, Services};

use engine::{Executor, Program};
use workshop::Fault;
use workshop::Workshop;

/// A definition with one step and these arguments; the step has two attempts.
fn definition(executor: &str, arguments: &[(&str, &str)]) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let arguments: String = arguments
        .iter()
        .map(|(key, value)| format!("<argument key=\"{key}\" value=\"{}\"/>", escaped(value)))
        .collect();
    format!(
        "<config><pipeline name=\"work\" use-working-directory=\"true\">\
         <conditions><pipeline_condition type=\"no_auto_spawn\"/></conditions>\
         <step name=\"first\" executorType=\"done\" sortOrder=\"5\"/>\
         <step name=\"call\" executorType=\"{executor}\" sortOrder=\"10\"><arguments>{arguments}</arguments>\
         <conditions><step_condition type=\"attempts_limit\"><argument key=\"limit\" value=\"2\"/></step_condition>\
         <step_condition type=\"previous_steps_completed\"/></conditions></step>\
         </pipeline></config>"
    )
}

/// A workshop with that definition, one executor more, and services.
fn workshop(executor: Arc<dyn Executor>, arguments: &[(&str, &str)], services: Services) -> Workshop {
    let definition = definition(executor.name(), arguments);
    let program = Program { executors: vec![executor], ..Program::default() };
    let mut workshop = Workshop::extended(&[definition], program);
    workshop.context = workshop.context.with_services(services);
    workshop
}

/// The services of a deployment that lists these hosts.
pub(crate) fn services(hosts: &str) -> Services {
    let secrets = [("ERP".to_owned(), Secret::new("Bearer hush-hush"))].into();
    Services { http: HttpPolicy { hosts: AllowedHost::parse_list(hosts).unwrap(), secrets }, ..Services::default() }
}

/// Spawns the pipeline and runs its first step and one attempt of the second.
async fn called(workshop: &Workshop) -> PipelineId {
    let id = workshop.spawn().await;
    workshop.beat().await;
    workshop.run_all().await;
    id
}

/// Lets the runner of the second step die when all is done but not committed, and another one repeat it.
async fn repeated(workshop: &Workshop) -> PipelineId {
    let id = workshop.spawn().await;
    workshop.beat().await;
    workshop.run_one().await.unwrap().unwrap();
    workshop.table.arm(Fault::DeadBefore, "call success", 0);
    workshop.die(workshop.run_one()).await;
    workshop.wait(60);
    workshop.beat().await; // finds the dead runner
    workshop.beat().await;
    workshop.run_all().await;
    assert_eq!(workshop.step(&id, "call").await.record.attempt, 2);
    id
}

/// The text of the second step: status and message.
async fn outcome(workshop: &Workshop, id: &PipelineId) -> String {
    let step = workshop.step(id, "call").await;
    let permanent = if step.record.is_permanent { " for good" } else { "" };
    format!("{}{permanent} {}", step.record.status, step.record.message.unwrap_or_default())
}

/// What the second step left.
async fn output(workshop: &Workshop, id: &PipelineId) -> Value {
    workshop.step(id, "call").await.record.output.unwrap_or_default()
}

/// Everything that the table and the log of the step keep of the pipeline, in one text.
async fn kept(workshop: &Workshop, id: &PipelineId) -> String {
    let pipeline = workshop.pipeline(id).await;
    let records: Vec<_> = pipeline.steps.iter().map(|step| format!("{:?}", step.record)).collect();
    format!("{}\n{:?}", records.join("\n"), pipeline.status)
}

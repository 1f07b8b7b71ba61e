//! What a step asks of AWS, counted on an emulated one.
//!
//! A chain of 20 steps is compared with a pipeline of one step: the difference is what 19 steps cost. What a pipeline costs
//! beside its steps is what is left.

use std::time::Duration;

use engine::{Context, mini_heartbeat, runner};
use pipeline::Arguments;
use pipeline::{PipelineId, PipelineStatus};
use store::pipelines::NewPipeline;

use crate::Found;
use crate::clock::{invocation, now};
use crate::counting::{Counted, Counter};
use crate::runners::{context, definition, fan_out};

const CHAIN: u8 = 20;

/// Whether there is an emulated AWS.
#[expect(clippy::disallowed_methods, reason = "the variable says where the emulator is")]
pub(crate) fn is_there() -> bool {
    std::env::var("AWS_ENDPOINT_URL").is_ok()
}

pub(crate) async fn steps() -> anyhow::Result<Found> {
    let counter = Counter::default();
    let storage = tests::aws_over(counter.client()).await;
    let definitions = [
        definition("one", &[1]),
        definition("chain", &[1; CHAIN as usize]),
        fan_out("fan", 1000),
        fan_out("narrow", 200),
    ];
    let context = context(storage.store.clone(), &definitions);
    // The first one reads settings and definitions, which a process does once in a while.
    run(&context, &counter, "one").await?;
    run(&context, &counter, "chain").await?;
    let (one, _) = run(&context, &counter, "one").await?;
    let (chain, largest) = run(&context, &counter, "chain").await?;
    let step = chain.since(&one).per(f64::from(CHAIN - 1));
    let pipeline = one.since(&step);
    let (fan, _) = run(&context, &counter, "fan").await?;
    let (narrow, _) = run(&context, &counter, "narrow").await?;
    Ok([
        ("aws_write_units_per_step", step.write_units),
        ("aws_read_units_per_step", step.read_units),
        ("aws_sqs_requests_per_step", step.sqs_requests()),
        ("aws_s3_requests_per_step", step.s3_requests),
        ("aws_requests_per_step", step.table_requests),
        ("aws_write_units_per_pipeline", pipeline.write_units),
        ("aws_read_units_per_pipeline", pipeline.read_units),
        ("aws_largest_item_bytes", largest),
        ("aws_requests_fanout_1000", fan.requests()),
        ("aws_requests_fanout_200", narrow.requests()),
        ("aws_write_units_fanout_1000", fan.write_units),
        ("aws_read_units_fanout_1000", fan.read_units),
    ]
    .map(|(row, value)| (row.to_owned(), value))
    .into())
}

/// Runs one pipeline from its spawn to its end; what that asked of AWS, and the size of its largest item.
async fn run(context: &Context, counter: &Counter, name: &str) -> anyhow::Result<(Counted, f64)> {
    let loaded = context.definitions.load(context.store.files.as_ref()).await?;
    let definition = loaded.get(name).expect("it is one of the definitions").clone();
    let before = counter.counted();
    let id = PipelineId::derive(&definition.name, &format!("{before:?}"), now());
    let (arguments, spawned_by) = (Arguments::new(), "bench".to_owned());
    let new = NewPipeline { id: id.clone(), definition, arguments, spawned_by, found: Vec::new(), after: None };
    context.store.spawn_pipeline(&new, now()).await?;
    mini_heartbeat::beat(context, &id, 0, &invocation("beat")).await?;
    while let Some(message) = context.store.queue.receive(1, Duration::from_secs(2)).await?.pop() {
        runner::run(context, &message.body, &invocation("runner")).await?;
        context.store.queue.delete(&message.receipt).await?;
    }
    let counted = counter.counted().since(&before);
    counted.ensure_all_is_told()?;
    let pipeline = context.store.pipeline_with_steps(&id).await?.expect("it is there");
    anyhow::ensure!(pipeline.status == PipelineStatus::Success, "pipeline {id} is {}", pipeline.status);
    Ok((counted, largest_item(context, &id).await?))
}

/// The bytes of the largest item of a pipeline, by its text, which is a little longer than DynamoDB counts.
async fn largest_item(context: &Context, id: &PipelineId) -> anyhow::Result<f64> {
    let query = store::table::Query::prefix(store::keys::pipeline_partition(id), "");
    let page = context.store.table.query(&query).await?;
    let size = |item: &store::table::Item| {
        let key = item.key.partition.len() + item.key.sort.len();
        let attributes = serde_json::to_string(&item.attributes).map_or(0, |text| text.len());
        u32::try_from(key + attributes).unwrap_or(u32::MAX)
    };
    Ok(page.entries.iter().map(size).max().map_or(0.0, f64::from))
}

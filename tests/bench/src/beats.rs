//! A heartbeat over 1,000 open pipelines, with and without 100,000 settled ones behind them.

use std::time::Instant;

use anyhow::Context as _;
use chrono::TimeDelta;
use engine::{Context, heartbeat};
use futures::{StreamExt, TryStreamExt, stream};
use pipeline::PipelineId;
use store::table::{Attributes, Change, Condition, Write};
use store::{Store, keys};

use crate::Found;
use crate::clock::{invocation, now};
use crate::counting::Counter;
use crate::runners::{Runners, context, definition, ended, folder, open, spawn};

const OPEN: usize = 1_000;
const SETTLED: u32 = 100_000;

/// Beats that are timed; the median counts.
const BEATS: usize = 5;

/// Writes at a time while the pipelines are made.
const AT_A_TIME: usize = 64;

/// Times beats on the embedded store, after one that finds the caches cold.
pub(crate) async fn embedded() -> anyhow::Result<Found> {
    let folder = folder()?;
    let context = with_open(open(folder.path())?).await?;
    beat(&context).await?;
    let alone = beat_ms(&context).await?;
    add_settled(&context).await?;
    let beside = beat_ms(&context).await?;
    Ok(Found::from([
        ("beat_ms_1000_open_0_settled".to_owned(), alone),
        ("beat_ms_1000_open_100000_settled".to_owned(), beside),
    ]))
}

/// Counts what a beat reads on the emulated AWS.
pub(crate) async fn emulated() -> anyhow::Result<Found> {
    let counter = Counter::default();
    let storage = tests::aws_over(counter.client()).await;
    let context = with_open(storage.store.clone()).await?;
    let alone = beat_units(&context, &counter).await?;
    add_settled(&context).await?;
    let beside = beat_units(&context, &counter).await?;
    Ok(Found::from([
        ("aws_beat_read_units_1000_open_0_settled".to_owned(), alone),
        ("aws_beat_read_units_1000_open_100000_settled".to_owned(), beside),
    ]))
}

/// A store with the open pipelines, each with a step that is enqueued, and one that has ended.
async fn with_open(store: Store) -> anyhow::Result<Context> {
    let context = context(store, &[definition("three", &[1; 3])]);
    let first = spawn(&context, "three").await?;
    let runners = Runners::start(&context, 1, 1);
    ended(&context, &runners, &first).await?;
    drop(runners);
    let spawns = stream::iter(0..OPEN).map(|_| spawn(&context, "three")).buffer_unordered(AT_A_TIME);
    spawns.try_collect::<Vec<_>>().await?;
    Ok(context)
}

/// Copies the pipeline that has ended: its own item is all that a beat could meet.
async fn add_settled(context: &Context) -> anyhow::Result<()> {
    let table = &context.store.table;
    let ended = context.store.ended_pipelines(1, 0, now()).await?;
    let model = table.get(&keys::pipeline(ended.first().context("one pipeline has ended")?)).await?;
    let attributes = model.context("it has an item")?.attributes;
    let writes = stream::iter(0..SETTLED).map(|number| table.write(settled(number, &attributes)));
    writes.buffer_unordered(AT_A_TIME).try_for_each(|_| async { Ok(()) }).await?;
    Ok(())
}

fn settled(number: u32, attributes: &Attributes) -> Write {
    let at = now() - TimeDelta::seconds(i64::from(number));
    let name = "three".parse().expect("it is a name");
    let id = PipelineId::derive(&name, &number.to_string(), at);
    let listing = Some(keys::ended_listing(&id, at));
    let change = Change::Put { attributes: attributes.clone(), listing, expires_at: None };
    Write { key: keys::pipeline(&id), condition: Condition::Any, change }
}

async fn beat_ms(context: &Context) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..BEATS {
        let begun = Instant::now();
        beat(context).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[BEATS / 2])
}

async fn beat_units(context: &Context, counter: &Counter) -> anyhow::Result<f64> {
    let before = counter.counted();
    beat(context).await?;
    let counted = counter.counted().since(&before);
    counted.ensure_all_is_told()?;
    Ok(counted.read_units)
}

async fn beat(context: &Context) -> anyhow::Result<()> {
    let report = heartbeat::beat(context, &invocation("beat")).await?;
    anyhow::ensure!(report.looked_at == OPEN, "the beat looked at {} pipelines", report.looked_at);
    Ok(())
}

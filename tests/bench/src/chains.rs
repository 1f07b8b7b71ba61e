//! Pipelines of steps that do nothing, on the embedded durable store: what is left is the engine.

use std::time::Instant;

use engine::Context;
use futures::{StreamExt, TryStreamExt, stream};
use pipeline::PipelineId;

use crate::Found;
use crate::runners::{Runners, context, definition, ended, folder, open, spawn};

/// Pipelines before the measured one, as in a host that runs: caches and prepared statements are warm, and the log of the
/// database has been written through once, so that a flush writes over blocks of the file instead of adding some.
const WARM_UPS: usize = 30;

/// One pipeline of 20 steps, one after the other: from its spawn to its observed end.
pub(crate) async fn sequential() -> anyhow::Result<Found> {
    let ms = one("chain", definition("chain", &[1; 20]), 20, (1, 1)).await?;
    Ok(Found::from([("sequential_ms_per_step".to_owned(), ms / 20.0)]))
}

/// A stage of parallel steps and one that joins them: 200 of the definition, and 1,000 that a step adds.
pub(crate) async fn fan_out() -> anyhow::Result<Found> {
    let narrow = one("fan", definition("fan", &[200, 1]), 201, (2, SLOTS)).await?;
    let wide = one("fan", crate::runners::fan_out("fan", 1000), 1002, (2, SLOTS)).await?;
    Ok(Found::from([
        ("fanout_200_ms_per_step".to_owned(), narrow / 201.0),
        ("fanout_1000_ms_per_step".to_owned(), wide / 1002.0),
    ]))
}

/// 1,000 pipelines of three steps: from the first spawn to the last end.
pub(crate) async fn many() -> anyhow::Result<Found> {
    let mut found = Found::new();
    for (row, slots) in [("pipelines_1000x3_steps_per_s", SLOTS), ("pipelines_1000x3_one_slot_steps_per_s", 1)] {
        let folder = folder()?;
        let context = context(open(folder.path())?, &[definition("three", &[1; 3])]);
        let runners = Runners::start(&context, 2, slots);
        for _ in 0..WARM_UPS {
            let id = spawn(&context, "three").await?;
            ended(&context, &runners, &id).await?;
        }
        let seconds = run_many(&context, &runners).await?;
        found.insert(row.to_owned(), f64::from(STEPS) / seconds);
    }
    Ok(found)
}

const PIPELINES: u32 = 1000;

/// Steps of all of them.
const STEPS: u32 = 3 * PIPELINES;

/// How many spawns are under way at a time.
const AT_A_TIME: usize = 64;

/// How many messages a runner works on at a time in the rows that say so; two of them are `systole dev --runners 20`.
const SLOTS: usize = 10;

async fn run_many(context: &Context, runners: &Runners) -> anyhow::Result<f64> {
    let (begun, count) = (Instant::now(), runners.count());
    let spawns = stream::iter(0..PIPELINES).map(|_| spawn(context, "three")).buffer_unordered(AT_A_TIME);
    let ids: Vec<PipelineId> = spawns.try_collect().await?;
    runners.wait_for(count + STEPS as usize).await?;
    for id in &ids {
        ended(context, runners, id).await?;
    }
    Ok(begun.elapsed().as_secs_f64())
}

/// Milliseconds from the spawn of a pipeline with so many steps to its observed end, with so many runners of so many slots.
async fn one(name: &str, definition: String, steps: usize, (count, slots): (usize, usize)) -> anyhow::Result<f64> {
    let folder = folder()?;
    let context = context(open(folder.path())?, &[definition]);
    let runners = Runners::start(&context, count, slots);
    let mut ms = 0.0;
    for _ in 0..=WARM_UPS {
        let (begun, count) = (Instant::now(), runners.count());
        let id = spawn(&context, name).await?;
        runners.wait_for(count + steps).await?;
        ended(&context, &runners, &id).await?;
        ms = begun.elapsed().as_secs_f64() * 1e3;
    }
    Ok(ms)
}

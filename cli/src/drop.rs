//! `systole import …`: brings files into the drop area and waits for what becomes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use admin::view::{self, PipelineDetails};
use anyhow::{Context as _, bail};
use bytes::Bytes;
use engine::Context;
use engine::bunches::DROP_PREFIX;
use import::file_name::FileName;
use pipeline::PipelineId;
use pipeline::condition::PipelineCondition;
use serde::Serialize;
use serde_json::{Value, json};
use store::arrivals::Arrival;
use tokio::io::AsyncReadExt;

use crate::arguments::DropArguments;
use crate::host;
use crate::outcome::ExitReason;
use crate::output::{self, Output};
use crate::pipeline_commands::{details, step_table};
use crate::target::{Place, Target, now};

/// How often the wait looks, and how often this process beats while it waits.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How long files may wait for something before a wait without any open pipeline is given up: three beats of its own.
const PATIENCE: Duration = Duration::from_millis(900);

const READ_BYTES: usize = 1024 * 1024;

/// What was put into the drop area.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Dropped {
    /// The CSV files, by base name.
    pub(crate) files: Vec<String>,
    /// The ok files, by base name.
    pub(crate) ok_files: Vec<String>,
    /// Files of whose prefix no definition makes a bunch.
    pub(crate) unclaimed: Vec<String>,
}

/// What became of a drop.
pub(crate) struct Waited {
    pub(crate) pipelines: Vec<PipelineDetails>,
    /// What the files that no pipeline took wait for.
    pub(crate) waiting: BTreeMap<String, String>,
    pub(crate) is_complete: bool,
}

/// `systole import drop`.
pub(crate) async fn run(target: &Target, options: &DropArguments, output: &Output) -> anyhow::Result<ExitReason> {
    let dropped = put(target, &options.paths, !options.no_ok, output).await?;
    for name in &dropped.unclaimed {
        output.say(&format!("no pipeline takes files named like `{name}`; it stays in the drop area"));
    }
    if options.no_wait {
        output.show(&json!({ "dropped": dropped }), |_| "dropped; the next heartbeat takes them".to_owned())?;
        return Ok(ExitReason::Ok);
    }
    let waited = wait(target, &dropped, options.timeout, output).await?;
    show(target, &waited, output)
}

/// `systole import list`.
pub(crate) async fn list(target: &Target, output: &Output) -> anyhow::Result<ExitReason> {
    let rows: Vec<_> = target.context.store.arrivals().await?.iter().map(view::arrival).collect();
    output.show(&rows, |rows| {
        output::table(
            &["file", "bytes", "seen (UTC)", "what becomes of it"],
            rows.iter().map(|row| {
                let pipeline = row.pipeline.as_ref().map(|id| format!("taken by pipeline {id}"));
                let fate = row.waits_for.clone().or(pipeline).unwrap_or_else(|| "the next heartbeat looks".to_owned());
                let seen = row.seen_at.format("%Y-%m-%d %H:%M:%S").to_string();
                vec![row.key.clone(), row.size_bytes.to_string(), seen, fate]
            }),
        )
    })?;
    Ok(ExitReason::Ok)
}

/// Puts files into the drop area: CSV files first, ok files last, so that nobody sees a bunch too early.
pub(crate) async fn put(target: &Target, paths: &[PathBuf], with_ok: bool, output: &Output) -> anyhow::Result<Dropped> {
    let (csv_files, ok_files) = collect(paths)?;
    let prefixes = claimed_prefixes(&target.context).await?;
    let mut dropped = Dropped::default();
    for (name, path) in &csv_files {
        let file: FileName = name.parse().with_context(|| format!("`{}` cannot be dropped", path.display()))?;
        upload(target, name, path).await?;
        output.say(&format!("dropped {name}"));
        let list = if prefixes.contains(file.prefix()) { &mut dropped.files } else { &mut dropped.unclaimed };
        list.push(name.clone());
    }
    for (name, path) in &ok_files {
        upload(target, name, path).await?;
        output.say(&format!("dropped {name}"));
        dropped.ok_files.push(name.clone());
    }
    if with_ok {
        for (name, lines) in missing_ok_files(&csv_files, &ok_files)? {
            target.context.store.files.put(&format!("{DROP_PREFIX}{name}"), Bytes::from(lines.join("\n"))).await?;
            output.say(&format!("wrote   {name} for {} files that came without one", lines.len()));
            dropped.ok_files.push(name);
        }
    }
    Ok(dropped)
}

/// Waits until every dropped file was taken by a pipeline and these have ended. Over the embedded store this process does
/// the work; beside a running `systole dev` the two share it.
pub(crate) async fn wait(
    target: &Target,
    dropped: &Dropped,
    timeout: Duration,
    output: &Output,
) -> anyhow::Result<Waited> {
    let (stopper, stop) = host::stop();
    let mut tasks = Vec::new();
    if matches!(target.place, Place::Embedded(_)) {
        let host = target.host();
        tasks.push(tokio::spawn(host::beat_until(host.clone(), LOOK_EVERY, stop.clone())));
        tasks.extend((0..2).map(|_| tokio::spawn(host::run_until(host.clone(), stop.clone()))));
    }
    let waited = look_until_ended(target, dropped, timeout, stop, output).await;
    stopper.stop();
    for task in tasks {
        task.await.context("a part of the host panicked")?;
    }
    waited
}

async fn look_until_ended(
    target: &Target,
    dropped: &Dropped,
    timeout: Duration,
    mut stop: host::Stop,
    output: &Output,
) -> anyhow::Result<Waited> {
    let began = Instant::now();
    let mut idle_since = Instant::now();
    let mut progress = String::new();
    loop {
        stop.sleep(LOOK_EVERY).await;
        let (ids, waiting) = fate(target, dropped).await?;
        let mut pipelines = Vec::new();
        for id in &ids {
            pipelines.push(details(target, id).await?);
        }
        let open: Vec<_> = pipelines.iter().filter(|details| details.pipeline.status.is_open()).collect();
        if let Some(step) = open.iter().flat_map(|details| &details.steps).find(|step| step.progress.is_some())
            && step.progress.as_ref() != Some(&progress)
            && step.status == pipeline::StepStatus::Running
        {
            progress = step.progress.clone().unwrap_or_default();
            output.say(&format!("  {}: {progress}", step.name));
        }
        let is_complete = waiting.is_empty() && open.is_empty();
        if !open.is_empty() || target.place == Place::Aws {
            idle_since = Instant::now();
        }
        if is_complete || began.elapsed() > timeout || idle_since.elapsed() > PATIENCE.max(LOOK_EVERY * 4) {
            return Ok(Waited { pipelines, waiting, is_complete });
        }
    }
}

/// The pipelines that took dropped files, in the order of their spawns, and what the other files wait for.
async fn fate(target: &Target, dropped: &Dropped) -> anyhow::Result<(Vec<PipelineId>, BTreeMap<String, String>)> {
    let mut ids = BTreeSet::new();
    let mut waiting = BTreeMap::new();
    for name in &dropped.files {
        let arrival = target.context.store.arrival(&format!("{DROP_PREFIX}{name}")).await?;
        match arrival.as_ref().and_then(|arrival| arrival.pipeline.as_deref()) {
            Some(id) => {
                ids.insert(id.parse::<PipelineId>()?);
            }
            None => {
                let reason = arrival.and_then(|arrival| arrival.waits_for);
                waiting.insert(name.clone(), reason.unwrap_or_else(|| "no heartbeat has looked at it yet".to_owned()));
            }
        }
    }
    Ok((ids.into_iter().collect(), waiting))
}

/// Prints what became of a drop.
pub(crate) fn show(target: &Target, waited: &Waited, output: &Output) -> anyhow::Result<ExitReason> {
    output.show(&json!({ "pipelines": waited.pipelines, "waiting": waited.waiting }), |_| {
        waited.pipelines.iter().map(|details| summary(target, details)).collect::<Vec<_>>().join("\n")
    })?;
    for (name, reason) in &waited.waiting {
        output.say(&format!("{name} waits: {reason}"));
    }
    let is_success = |details: &PipelineDetails| details.pipeline.status == pipeline::PipelineStatus::Success;
    Ok(if !waited.is_complete {
        ExitReason::TimedOut
    } else if waited.pipelines.iter().all(is_success) {
        ExitReason::Ok
    } else {
        ExitReason::PipelineFailed
    })
}

/// A pipeline, its steps with their times, its rows, and where archive and report lie.
fn summary(target: &Target, details: &PipelineDetails) -> String {
    let row = &details.pipeline;
    let time = output::duration(row.duration_ms);
    let mut text =
        format!("\n{} {}: {} after {time}\n\n{}\n\n", row.name, row.id, row.status, step_table(&details.steps));
    let output = |key: &str| details.steps.iter().find_map(|step| step.output.as_ref()?.get(key).cloned());
    if let Some(totals) = output("totals") {
        let count = |key: &str| totals.get(key).and_then(Value::as_u64).unwrap_or(0);
        text += &format!(
            "rows     {}: {} created, {} updated, {} unchanged, {} skipped\n",
            count("rows"),
            count("created"),
            count("updated"),
            count("unchanged"),
            count("skipped")
        );
    }
    for (label, key) in [("archive", "prefix"), ("report", "report")] {
        if let Some(Value::String(place)) = output(key) {
            text += &format!("{label:8} {}\n", target.locate(&place));
        }
    }
    text
}

async fn upload(target: &Target, name: &str, path: &Path) -> anyhow::Result<()> {
    let what = || format!("failed to drop `{}`", path.display());
    let files = &target.context.store.files;
    let key = format!("{DROP_PREFIX}{name}");
    let mut file = tokio::fs::File::open(path).await.with_context(what)?;
    let mut upload = files.upload(&key).await?;
    loop {
        let mut buffer = vec![0; READ_BYTES];
        let length = file.read(&mut buffer).await.with_context(what)?;
        if length == 0 {
            break;
        }
        buffer.truncate(length);
        upload.write(Bytes::from(buffer)).await?;
    }
    upload.finish().await?;
    // A fresh note: the file may have been here before with the same content, and then names the pipeline of that time.
    if let Some(info) = files.info(&key).await? {
        let arrival = Arrival {
            key,
            size_bytes: info.size_bytes,
            fingerprint: info.fingerprint,
            seen_at: now(),
            waits_for: None,
            pipeline: None,
        };
        target.context.store.record_arrival(&arrival, now()).await?;
    }
    Ok(())
}

type Named = BTreeMap<String, PathBuf>;

/// The CSV and ok files among the paths, by base name.
fn collect(paths: &[PathBuf]) -> anyhow::Result<(Named, Named)> {
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).with_context(|| format!("failed to read `{}`", path.display()))?;
            for entry in entries {
                all.push(entry?.path());
            }
        } else if path.is_file() {
            all.push(path.clone());
        } else {
            bail!("there is no file or folder `{}`", path.display());
        }
    }
    let (mut csv_files, mut ok_files) = (Named::new(), Named::new());
    for path in all {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => csv_files.insert(name, path),
            Some("ok") => ok_files.insert(name, path),
            _ if paths.contains(&path) => bail!("`{}` is neither a CSV nor an ok file", path.display()),
            _ => None,
        };
    }
    if csv_files.is_empty() && ok_files.is_empty() {
        bail!("there are no CSV files to drop");
    }
    Ok((csv_files, ok_files))
}

/// The ok files to write: one for each prefix and identifier without any.
fn missing_ok_files(csv_files: &Named, ok_files: &Named) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in csv_files.keys() {
        let file: FileName = name.parse()?;
        if !file.ok_files().iter().any(|ok_file| ok_files.contains_key(&ok_file.to_string())) {
            missing.entry(format!("{}_{}.ok", file.prefix(), file.filename())).or_default().push(name.clone());
        }
    }
    Ok(missing)
}

/// The file name prefixes that any definition makes bunches of.
async fn claimed_prefixes(context: &Context) -> anyhow::Result<BTreeSet<String>> {
    let loaded = context.definitions.load(context.store.files.as_ref()).await?;
    let conditions = loaded.definitions.iter().flat_map(|definition| &definition.conditions);
    Ok(conditions
        .filter_map(|described| match &described.condition {
            PipelineCondition::BunchComplete { prefixes } => Some(prefixes.clone()),
            PipelineCondition::NoAutoSpawn
            | PipelineCondition::NoSiblingInProgress
            | PipelineCondition::CronExpression { .. } => None,
        })
        .flatten()
        .collect())
}

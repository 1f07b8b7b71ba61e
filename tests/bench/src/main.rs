//! Measures how fast and how small Systole is: `make bench`.
//!
//! Each measurement runs in a process of its own, so that its peak memory is its own, and is repeated; the table shows the
//! median. What counts requests of an AWS is exact and runs once. Compare only what was measured side by side: the limit of
//! a durable store is the disk under it, so a flush is measured next to it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what it prints is what it is for")]

mod beats;
mod chains;
mod clock;
mod counting;
mod emulated;
mod flushes;
mod functions;
mod imports;
mod machine;
mod report;
mod runners;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};

use crate::report::Report;

/// As `systole` has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What one run of a measurement found, by row.
type Found = BTreeMap<String, f64>;

/// A measurement.
struct Measurement {
    /// What it is called on the command line.
    name: &'static str,
    /// How often it is repeated.
    runs: usize,
    /// Whether it needs the emulated AWS.
    needs_aws: bool,
    /// Whether the peak memory of its process is one of the figures.
    tells_memory: bool,
}

/// All of them, in the order of the table.
const MEASUREMENTS: [Measurement; 9] = [
    Measurement { name: "flush", runs: 5, needs_aws: false, tells_memory: false },
    Measurement { name: "sequential", runs: 5, needs_aws: false, tells_memory: true },
    Measurement { name: "pipelines", runs: 5, needs_aws: false, tells_memory: true },
    Measurement { name: "fanout", runs: 5, needs_aws: false, tells_memory: true },
    Measurement { name: "import", runs: 5, needs_aws: false, tells_memory: true },
    Measurement { name: "beat", runs: 1, needs_aws: false, tells_memory: true },
    Measurement { name: "aws", runs: 1, needs_aws: true, tells_memory: false },
    Measurement { name: "aws-beat", runs: 1, needs_aws: true, tells_memory: false },
    Measurement { name: "functions", runs: 1, needs_aws: false, tells_memory: false },
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["run", name] => print_found(name),
        [imports::MAKE_FILES, folder] => runtime()?.block_on(imports::make_files(Path::new(folder))),
        names => measure(names),
    }
}

/// Two threads, on whatever machine.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Runs one measurement in this process and prints what it found as JSON.
fn print_found(name: &str) -> anyhow::Result<()> {
    let mut found = runtime()?.block_on(async {
        match name {
            "flush" => flushes::measure(),
            "sequential" => chains::sequential().await,
            "pipelines" => chains::many().await,
            "fanout" => chains::fan_out().await,
            "import" => imports::measure().await,
            "beat" => beats::embedded().await,
            "aws" => emulated::steps().await,
            "aws-beat" => beats::emulated().await,
            "functions" => functions::measure(),
            _ => bail!("there is no measurement `{name}`"),
        }
    })?;
    if MEASUREMENTS.iter().any(|known| known.name == name && known.tells_memory) {
        found.insert(machine::memory_row(name), machine::peak_rss_mb()?);
    }
    println!("{}", serde_json::to_string(&found)?);
    Ok(())
}

/// Runs the measurements named, or all, each in processes of its own; prints the table and writes `target/bench.json`, or
/// `target/bench-part.json` if it is not all of them.
fn measure(names: &[&str]) -> anyhow::Result<()> {
    if let Some(unknown) = names.iter().find(|name| MEASUREMENTS.iter().all(|known| known.name != **name)) {
        bail!("there is no measurement `{unknown}` (known: {})", MEASUREMENTS.map(|known| known.name).join(", "));
    }
    let mut report = Report::default();
    for measurement in MEASUREMENTS.iter().filter(|known| names.is_empty() || names.contains(&known.name)) {
        if measurement.needs_aws && !emulated::is_there() {
            eprintln!("{}: left out, there is no emulated AWS (`make bench` starts one)", measurement.name);
            continue;
        }
        for run in 1..=measurement.runs {
            eprintln!("{}: run {run} of {}", measurement.name, measurement.runs);
            report.add(run_alone(measurement.name)?);
        }
    }
    println!("{}", report.table());
    report.write(if names.is_empty() { "bench.json" } else { "bench-part.json" })
}

fn run_alone(name: &str) -> anyhow::Result<Found> {
    let program = std::env::current_exe().context("the path of this program is unknown")?;
    let output = Command::new(program).args(["run", name]).stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("measurement `{name}` failed: {}", output.status);
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("measurement `{name}` printed no JSON"))
}

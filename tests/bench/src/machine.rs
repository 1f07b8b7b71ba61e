//! The machine below and what this process took of it.

use anyhow::Context as _;

/// The row that tells the peak memory of a measurement.
pub(crate) fn memory_row(measurement: &str) -> String {
    format!("{measurement}_peak_rss_mb")
}

/// The most memory that this process ever had resident, in MB of 1,000,000 bytes.
pub(crate) fn peak_rss_mb() -> anyhow::Result<f64> {
    peak_rss_mb_of("self")
}

/// The same for another process.
pub(crate) fn peak_rss_mb_of(process: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the process tells no VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024.0 / 1e6)
}

/// Processor and cores, in words.
pub(crate) fn described() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    format!("{cores} cores of {}", model.map_or("an unknown processor", |(_, model)| model))
}

//! The packages of the functions, and how soon each of them asks for its first event.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::{Found, machine};

pub(crate) const FUNCTIONS: [&str; 4] = ["heartbeat", "runner", "intake", "admin"];

/// Starts of each function; the median counts.
const STARTS: usize = 5;

/// How long a function has to ask for its first event.
const PATIENCE: Duration = Duration::from_secs(10);

/// Measures the release builds of this machine's architecture, which `make bench` makes before.
pub(crate) fn measure() -> anyhow::Result<Found> {
    let mut found = Found::new();
    for name in FUNCTIONS {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release").join(name);
        if !program.is_file() {
            bail!("`{}` is not built: cargo build --release -p {name}", program.display());
        }
        found.insert(format!("{name}_zip_mb"), zip_mb(&program)?);
        let mut starts = (0..STARTS).map(|_| start(&program)).collect::<anyhow::Result<Vec<_>>>()?;
        starts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (ms, rss_mb) = starts[STARTS / 2];
        found.insert(format!("{name}_start_to_first_poll_ms"), ms);
        found.insert(format!("{name}_peak_rss_mb"), rss_mb);
    }
    Ok(found)
}

/// The size of the program, zipped as `make package` zips the one that it builds for AWS.
fn zip_mb(program: &Path) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let (bootstrap, zip): (PathBuf, PathBuf) = (folder.path().join("bootstrap"), folder.path().join("function.zip"));
    std::fs::copy(program, &bootstrap)?;
    let status = Command::new("zip").args(["--quiet", "-X", "-9", "-j"]).arg(&zip).arg(&bootstrap).status();
    anyhow::ensure!(status.context("`zip` is not installed")?.success(), "`zip` failed");
    let bytes = u32::try_from(std::fs::metadata(&zip)?.len())?;
    Ok(f64::from(bytes) / 1e6)
}

/// Milliseconds from the start of the process to its first question for an event, and its peak memory by then.
fn start(program: &Path) -> anyhow::Result<(f64, f64)> {
    let runtime = TcpListener::bind("127.0.0.1:0")?;
    let begun = Instant::now();
    let mut process = Process(command(program, &runtime.local_addr()?.to_string()).spawn()?);
    let connection = first_poll(&runtime, &mut process.0)?;
    let ms = begun.elapsed().as_secs_f64() * 1e3;
    let rss_mb = machine::peak_rss_mb_of(&process.0.id().to_string())?;
    drop(connection);
    Ok((ms, rss_mb))
}

/// Waits for the first `GET …/invocation/next`.
fn first_poll(runtime: &TcpListener, process: &mut Child) -> anyhow::Result<TcpStream> {
    runtime.set_nonblocking(true)?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Ok((connection, _)) = runtime.accept() {
            connection.set_nonblocking(false)?;
            connection.set_read_timeout(Some(PATIENCE))?;
            let mut line = String::new();
            BufReader::new(&connection).read_line(&mut line)?;
            if line.contains("/invocation/next") {
                return Ok(connection);
            }
            // An error at the start is told to the runtime, too.
            (&connection).write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
            bail!("the function did not start, it asked for `{}`", line.trim());
        }
        if let Some(status) = process.try_wait()? {
            bail!("the function ended at its start: {status}");
        }
        std::thread::yield_now();
    }
    bail!("the function asked for no event within {} s", PATIENCE.as_secs())
}

/// The function with the environment of Lambda; it talks to nobody before its first event.
fn command(program: &Path, runtime: &str) -> Command {
    let queue = |priority: &str| format!("https://sqs.eu-central-1.amazonaws.com/000000000000/steps-{priority}");
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs([("AWS_LAMBDA_RUNTIME_API", runtime), ("AWS_LAMBDA_FUNCTION_NAME", "bench")])
        .envs([("AWS_LAMBDA_FUNCTION_VERSION", "1"), ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")])
        .envs([("AWS_LAMBDA_LOG_GROUP_NAME", "bench"), ("AWS_LAMBDA_LOG_STREAM_NAME", "bench")])
        .envs([("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "bench"), ("AWS_SECRET_ACCESS_KEY", "bench")])
        .envs([("TABLE_NAME", "bench"), ("BUCKET_NAME", "bench")])
        .env("STEP_QUEUE_HIGH_URL", queue("high"))
        .env("STEP_QUEUE_NORMAL_URL", queue("normal"))
        .env("STEP_QUEUE_LOW_URL", queue("low"))
        .env("STEP_DEAD_LETTERS_URL", queue("dead"))
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    command
}

/// Ends with its measurement.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

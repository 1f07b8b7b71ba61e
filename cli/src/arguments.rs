//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::reach::ReachArguments;

/// Runs process pipelines for shops: imports, exports and everything in between.
#[derive(Debug, Parser)]
#[command(name = "systole", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    /// Which store to work on.
    #[command(flatten)]
    pub target: TargetArguments,
    /// Prints JSON instead of tables.
    #[arg(long, global = true)]
    pub json: bool,
    /// Logs what the engine does to standard error.
    #[arg(long, short, global = true)]
    pub verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  systole demo                                   import the demo catalogue and show what happened
  systole dev                                    run everything on this machine until Ctrl-C
  systole import drop my-files/                  import a folder of CSV files
  systole pipeline list --status error           show what went wrong
  systole --aws pipeline details 01k9…           look at a pipeline of the stage in the environment

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 a pipeline did not succeed, 4 waited in vain, 130 Ctrl-C.";

/// The folder of the embedded store if nobody says otherwise.
pub(crate) const DEFAULT_STORE: &str = ".systole";

/// Which store to work on.
#[derive(Debug, Args)]
pub struct TargetArguments {
    /// Folder of the embedded store.
    #[arg(long, global = true, default_value = DEFAULT_STORE, env = "SYSTOLE_STORE", value_name = "FOLDER")]
    pub(crate) store: PathBuf,
    /// Works on AWS, or an emulator, as the environment says (`TABLE_NAME`, `BUCKET_NAME`, `STEP_QUEUE_…_URL`, `AWS_…`).
    ///
    /// The folder of the embedded store does not matter then.
    #[arg(long, global = true)]
    pub(crate) aws: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs heartbeat, runners, file intake and the API on this machine until Ctrl-C.
    Dev(DevArguments),
    /// Imports the demo catalogue in front of you and prints what happened.
    Demo(DemoArguments),
    /// Beats once: spawns what is ready, moves every open pipeline on, repairs what got lost.
    Heartbeat,
    /// Runs the steps that are enqueued now, until the queue is empty.
    Run {
        /// Stops after so many messages.
        #[arg(long, value_name = "COUNT")]
        max: Option<usize>,
        /// What steps may call.
        #[command(flatten)]
        reach: ReachArguments,
    },
    /// Looks at pipelines and acts on them.
    #[command(subcommand)]
    Pipeline(PipelineCommand),
    /// Brings files in.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Looks into the own catalogue.
    #[command(subcommand)]
    Catalog(CatalogCommand),
}

#[derive(Debug, Args)]
pub(crate) struct DevArguments {
    /// Where the API listens; loopback only, since it asks nobody for a name.
    #[arg(long, default_value = "127.0.0.1:8330", value_name = "ADDRESS")]
    pub(crate) listen: std::net::SocketAddr,
    /// How many steps run at the same time.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) runners: u8,
    /// Seconds between two heartbeats.
    #[arg(long, default_value = "1", value_parser = seconds, value_name = "SECONDS")]
    pub(crate) tick: Duration,
    /// What steps may call.
    #[command(flatten)]
    pub(crate) reach: ReachArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Folder with the catalogue files.
    #[arg(long, default_value = "demo/catalog", value_name = "FOLDER")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PipelineCommand {
    /// Lists pipelines, open ones first.
    List {
        /// Only pipelines of this definition.
        #[arg(long)]
        name: Option<String>,
        /// Only pipelines that stand there: pending, running, success, error or cancelled.
        #[arg(long)]
        status: Option<pipeline::PipelineStatus>,
        /// Most pipelines to show.
        #[arg(long, default_value_t = 20)]
        limit: usize,
        /// Lists the definitions that can be spawned instead.
        #[arg(long)]
        definitions: bool,
    },
    /// Spawns a pipeline now, whatever its conditions say.
    #[command(after_help = "Example:\n  systole pipeline init nightly_export -a since=2026-08-01 -a strict=true")]
    Init {
        /// The name of its definition.
        name: String,
        /// What its steps are told.
        #[arg(long = "argument", short, value_name = "KEY=VALUE", value_parser = key_value)]
        arguments: Vec<(String, String)>,
    },
    /// Shows a pipeline with its steps, their logs, and why they wait.
    Details {
        /// Its id.
        id: pipeline::PipelineId,
        /// Shows the logs, too.
        #[arg(long)]
        log: bool,
    },
    /// Stops a pipeline: nothing more is begun but its run-always steps.
    Cancel {
        /// Its id.
        id: pipeline::PipelineId,
        /// Why, for those who look at it later.
        #[arg(long, default_value = "cancelled by CLI")]
        reason: String,
    },
    /// Checks definition files as the heartbeat does when it loads them.
    #[command(
        after_help = "Example:\n  systole pipeline validate my_pipeline.xml && cp my_pipeline.xml .systole/files/pipelines/"
    )]
    Validate {
        /// The files; those that ship are checked with them, as an overlay would be.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Puts CSV files and then their ok file into the drop area, and waits for the import.
    #[command(after_help = DROP_EXAMPLES)]
    Drop(DropArguments),
    /// Lists the files of the drop area and what they wait for.
    List,
}

const DROP_EXAMPLES: &str = "\
Examples:
  systole import drop my-files/                     all CSV and ok files of a folder
  systole import drop product-import_spring_01.csv  one file; an ok file is written for it
  systole import drop --no-wait my-files/           leave the work to `systole dev`

Files are named <prefix>_<identifier>_<counter>.csv; those of one identifier are imported as one.";

#[derive(Debug, Args)]
pub(crate) struct DropArguments {
    /// CSV and ok files, or folders of them.
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Does not write an ok file for CSV files that come without one.
    #[arg(long)]
    pub(crate) no_ok: bool,
    /// Returns at once instead of waiting for the import.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Longest wait in seconds.
    #[arg(long, default_value = "600", value_parser = seconds, value_name = "SECONDS")]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Shows one product.
    Show {
        /// Its sku.
        sku: String,
    },
    /// Writes all products to standard output, one JSON object a line, in the order of their skus.
    Export,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is no KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("`{text}` is no number of seconds"))?;
    if !(0.05..=86_400.0).contains(&seconds) {
        return Err(format!("{seconds} seconds are out of range (0.05 to 86400)"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

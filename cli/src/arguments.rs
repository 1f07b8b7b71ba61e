//! The command line.

mod catalog;
mod imports;
mod operators;
mod orders;
mod pipeline_reference;
mod pipelines;
mod shop;

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::output::Paint;

pub(crate) use catalog::{CatalogCommand, CatalogListArguments, ExportArguments};
pub(crate) use imports::{
    CheckArguments, ConfigurationArguments, DropArguments, ErrorsArguments, HistoryArguments, ImportCommand,
    OkFileArguments, RunArguments,
};
pub(crate) use operators::{MaintenanceCommand, QueueCommand, SettingsCommand};
pub(crate) use orders::{OrderCommand, OrderListArguments, OrderSettingsCommand, StatusWord, TemplateCommand};
pub(crate) use pipeline_reference::PipelineReference;
pub(crate) use pipelines::{Chosen, ListArguments, PipelineCommand, StepCommand, WatchArguments, Which};

pub(crate) use shop::{ShopAskArguments, ShopCommand, ShopCompareArguments, ShopImportArguments};

use crate::service_arguments::ServiceArguments;

/// Runs process pipelines for shops: imports, exports and everything in between.
#[derive(Debug, Parser)]
#[command(name = "systole", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct CommandLine {
    /// Which store to work on.
    #[command(flatten)]
    pub(crate) installation: InstallationArguments,
    /// Prints JSON instead of tables.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Logs what the engine does to standard error.
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Shows no colours; so does the variable `NO_COLOR`, if it is not empty.
    #[arg(long, global = true, env = "NO_COLOR", hide_env = true, action = ArgAction::SetTrue, value_parser = is_said)]
    no_color: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl CommandLine {
    /// Reads the arguments of this process; ends it with a word if they cannot be understood.
    pub(crate) fn read() -> Self {
        let matches = Self::command().get_matches();
        let is_by_given = matches.value_source("by") == Some(ValueSource::CommandLine);
        let mut read = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        read.installation.is_by_given = is_by_given;
        read
    }

    /// Whether colours are wanted where a person looks at a terminal.
    pub(crate) fn paint(&self) -> Paint {
        if self.no_color { Paint::Plain } else { Paint::Coloured }
    }
}

const EXAMPLES: &str = "\
Examples:
  systole demo                                   import the demo catalogue and show what happened
  systole dev                                    run everything on this machine until Ctrl-C
  systole import run my-files/                   import a folder of CSV files now
  systole import history                         what came of the latest imports
  systole pipeline watch                         see what runs, live
  systole pipeline list --status error           show what went wrong
  systole pipeline check 01k9                   why a pipeline does not go on
  systole maintenance on                         begin nothing more until `maintenance off`
  systole --stage prod pipeline list             the same on AWS, for the stage `prod`

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 a pipeline did not succeed, 4 waited in vain, 13 done with findings
(an import left something out, the report says what), 130 Ctrl-C.";

/// The folder of the embedded store if nobody says otherwise.
pub(crate) const DEFAULT_STORE: &str = ".systole";

/// Which store to work on.
#[derive(Debug, Args)]
pub(crate) struct InstallationArguments {
    /// Folder of the embedded store; `.systole` if nothing is said.
    #[arg(long, global = true, env = "SYSTOLE_STORE", value_name = "FOLDER")]
    pub(crate) store: Option<PathBuf>,
    /// Works on the stage of this name on AWS, with the region and the credentials of the AWS SDK's own variables and
    /// files; an emulator is a stage, too.
    ///
    /// Table, bucket and queues are found in the outputs of its stack.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) stage: Option<String>,
    /// Works on the stage on AWS that variables name (`TABLE_NAME`, `BUCKET_NAME`, `STEP_QUEUE_…_URL`), as functions do.
    ///
    /// The folder of the embedded store does not matter then, nor with `--stage`.
    #[arg(long, global = true, conflicts_with = "stage")]
    pub(crate) aws: bool,
    /// Who does it, for the audit of the embedded store; on AWS that is who the credentials belong to.
    #[arg(long, global = true, env = "USER", hide_env = true, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// Whether the command line itself says who does it, and not only the variable.
    #[arg(skip)]
    pub(crate) is_by_given: bool,
}

impl InstallationArguments {
    /// Whether the stage is on AWS.
    pub(crate) fn is_on_aws(&self) -> bool {
        self.aws || self.stage.is_some()
    }

    /// The folder of the embedded store.
    pub(crate) fn folder(&self) -> PathBuf {
        self.store.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_STORE))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs heartbeat, runners, file intake and the API on this machine until Ctrl-C.
    #[command(after_help = "Example:\n  systole dev --runners 4")]
    Dev(DevArguments),
    /// Tells the demo shop, imports its catalogue in front of you and prints what happened.
    #[command(after_help = "Example:\n  systole demo")]
    Demo(DemoArguments),
    /// Beats once: spawns what is ready, moves every open pipeline on, repairs what got lost.
    #[command(after_help = "Example:\n  systole heartbeat")]
    Heartbeat,
    /// Runs the steps that are enqueued now, until the queue is empty.
    #[command(after_help = "Example:\n  systole run --max 10")]
    Run {
        /// Stops after so many messages.
        #[arg(long, value_name = "COUNT")]
        max: Option<usize>,
        /// What steps may call.
        #[command(flatten)]
        services: ServiceArguments,
    },
    /// Looks at pipelines and acts on them.
    #[command(subcommand)]
    Pipeline(PipelineCommand),
    /// Looks at single steps and acts on them.
    #[command(subcommand)]
    Step(StepCommand),
    /// Reads and changes settings.
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Switches maintenance mode, in which nothing more is begun.
    #[command(subcommand)]
    Maintenance(MaintenanceCommand),
    /// Looks into the queues, and brings dead letters back.
    #[command(subcommand)]
    Queue(QueueCommand),
    /// Tells whether heartbeats come and what is wrong with definitions; ends with 1 if anything is.
    #[command(after_help = "Example:\n  systole health")]
    Health,
    /// Shows who changed what, the latest first.
    #[command(after_help = "Example:\n  systole audit --limit 100")]
    Audit {
        /// Most lines to show.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000), value_name = "COUNT")]
        limit: u16,
    },
    /// Brings files in.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Looks into the own catalogue.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Takes orders in, and sees to it that they leave.
    #[command(subcommand)]
    Order(OrderCommand),
    /// Tells which shop it is, and so what files may name: store views, attributes, options, groups and so on.
    #[command(subcommand)]
    Shop(ShopCommand),
    /// Shows what this program can do: executors, conditions and data fetchers.
    ///
    /// With a name: what that executor can be told in a step's arguments.
    #[command(after_help = "Examples:\n  systole executors --json\n  systole executors http_request")]
    Executors {
        /// Shows all of this executor.
        name: Option<String>,
    },
    /// Shows the conditions that definitions can ask for: those that are built in and those of this program.
    ///
    /// With a name: what that condition can be told.
    #[command(after_help = "Examples:\n  systole conditions\n  systole conditions cron_expression")]
    Conditions {
        /// Shows all of this condition.
        name: Option<String>,
    },
    /// Prints what makes a shell complete these commands.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  systole completions bash > ~/.local/share/bash-completion/completions/systole
  systole completions zsh  > \"${fpath[1]}/_systole\"
  systole completions fish > ~/.config/fish/completions/systole.fish";

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
    /// Longest wait for steps that have begun when it is told to stop. A step that takes longer is left to the next
    /// `systole dev`, which carries on at its checkpoint.
    #[arg(long, default_value = "300", value_parser = seconds, value_name = "SECONDS")]
    pub(crate) stop_timeout: Duration,
    /// What steps may call.
    #[command(flatten)]
    pub(crate) services: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Folder with the catalogue files.
    #[arg(long, default_value = "demo/catalog", value_name = "FOLDER")]
    pub(crate) data: PathBuf,
    /// File that tells which shop it is.
    #[arg(long, default_value = "demo/shop.yaml", value_name = "FILE")]
    pub(crate) shop: PathBuf,
}

/// Why an argument is not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum BadOptionValue {
    #[error("`{found}` is no KEY=VALUE")]
    KeyValue { found: String },
    #[error("`{found}` is no number of seconds")]
    Seconds { found: String },
    #[error("{seconds} seconds are out of range (0.05 to 86400)")]
    SecondsOutOfRange { seconds: f64 },
    #[error("`{found}` is no number from 1 to 10000")]
    Limit { found: String },
    #[error("`{found}` is no time (examples: `24 hours`, `2026-08-01`, `2026-08-01T12:00:00Z`)")]
    Since { found: String },
}

fn key_value(text: &str) -> Result<(String, String), BadOptionValue> {
    match text.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err(BadOptionValue::KeyValue { found: text.to_owned() }),
    }
}

fn seconds(text: &str) -> Result<Duration, BadOptionValue> {
    let seconds: f64 = text.parse().map_err(|_| BadOptionValue::Seconds { found: text.to_owned() })?;
    if !(0.05..=86_400.0).contains(&seconds) {
        return Err(BadOptionValue::SecondsOutOfRange { seconds });
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn period(text: &str) -> Result<Duration, pipeline::duration::Error> {
    pipeline::duration::parse(text)
}

/// Whether `NO_COLOR` says something: anything but nothing counts, as its authors want it.
#[expect(clippy::unnecessary_wraps, reason = "the shape that clap asks for")]
fn is_said(text: &str) -> Result<bool, Infallible> {
    // The flag's own default comes as `false`.
    Ok(!matches!(text, "" | "false"))
}

//! `systole`: operator commands, and `systole dev`, the local host.
//!
//! Commands are thin: they call what the functions call, and print it. The embedded store is the default; `--aws` takes the
//! stage that the environment names, on AWS or an emulator.

mod alive;
mod arguments;
mod catalog_commands;
mod demo;
mod dev;
mod drop;
mod host;
mod outcome;
mod output;
mod pipeline_commands;
mod reach;
mod target;

use clap::Parser;

pub use arguments::Arguments;
pub use outcome::ExitReason;

use crate::arguments::{CatalogCommand, Command, ImportCommand, PipelineCommand};
use crate::output::Output;
use crate::target::Target;

/// Runs one command.
///
/// # Errors
/// The command could not do what it was asked for; the exit code follows from the error.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitReason> {
    let output = Output::new(arguments.json);
    if let Command::Pipeline(PipelineCommand::Validate { files }) = &arguments.command {
        // Needs no store: authors check their files before there is one.
        return pipeline_commands::validate(files, &output);
    }
    let target = Target::open(&arguments.target).await?;
    match arguments.command {
        Command::Dev(options) => dev::run(&target.reaching(&options.reach)?, &options, &output).await,
        Command::Demo(options) => demo::run(&target, &options, &output).await,
        Command::Heartbeat => host::beat_once(&target, &output).await,
        Command::Run { max, reach } => host::run_messages(&target.reaching(&reach)?, max, &output).await,
        Command::Pipeline(command) => pipeline_commands::run(&target, command, &output).await,
        Command::Import(ImportCommand::Drop(options)) => drop::run(&target, &options, &output).await,
        Command::Import(ImportCommand::List) => drop::list(&target, &output).await,
        Command::Catalog(CatalogCommand::Show { sku }) => catalog_commands::show(&target, &sku, &output).await,
        Command::Catalog(CatalogCommand::Export) => catalog_commands::export(&target).await,
    }
}

/// Reads the command line.
#[must_use]
pub fn parse() -> Arguments {
    Arguments::parse()
}

/// Sets up the log on standard error: everything with `--verbose`, otherwise warnings, but for `dev`, which is a host.
pub fn init_log(arguments: &Arguments) {
    let is_host = matches!(arguments.command, Command::Dev(_));
    let level = match (arguments.verbose, is_host) {
        (true, _) => "debug",
        (false, true) => "info",
        (false, false) => "error",
    };
    let filter =
        tracing_subscriber::EnvFilter::builder().with_env_var("SYSTOLE_LOG").try_from_env().unwrap_or_else(|_| {
            tracing_subscriber::EnvFilter::new(format!("warn,engine={level},cli={level},admin={level}"))
        });
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    log.with_ansi(is_terminal).init();
}

/// Says on standard error why a command failed.
#[must_use]
#[expect(clippy::print_stderr, reason = "the program's last word")]
pub fn fail(error: &anyhow::Error) -> std::process::ExitCode {
    eprintln!("systole: {error:#}");
    ExitReason::Failed.exit_code()
}

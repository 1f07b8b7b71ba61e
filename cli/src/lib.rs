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
mod ids;
mod logs;
mod outcome;
mod output;
mod pipeline_commands;
mod queue_commands;
mod reach;
mod settings_commands;
mod step_commands;
mod target;
mod watch;

use clap::{CommandFactory, Parser};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

pub use arguments::Arguments;
pub use outcome::ExitReason;

use crate::arguments::{CatalogCommand, Command, ImportCommand, PipelineCommand};
use crate::output::{Output, Paint};
use crate::target::Target;

/// Runs one command.
///
/// # Errors
/// The command could not do what it was asked for; the exit code follows from the error.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitReason> {
    let output = Output::new(arguments.json, arguments.paint());
    // These need no store: authors check their files before there is one.
    if let Command::Pipeline(PipelineCommand::Validate { files }) = &arguments.command {
        return pipeline_commands::validate(files, &output);
    } else if let Command::Completions { shell } = arguments.command {
        return complete(shell);
    }
    let target = Target::open(&arguments.target).await?;
    match arguments.command {
        Command::Dev(options) => dev::run(&target.reaching(&options.reach)?, &options, &output).await,
        Command::Demo(options) => demo::run(&target, &options, &output).await,
        Command::Heartbeat => host::beat_once(&target, &output).await,
        Command::Run { max, reach } => host::run_messages(&target.reaching(&reach)?, max, &output).await,
        Command::Pipeline(command) => pipeline_commands::run(&target, command, &output).await,
        Command::Step(command) => step_commands::run(&target, command, &output).await,
        Command::Settings(command) => settings_commands::run(&target, command, &output).await,
        Command::Maintenance(command) => settings_commands::maintenance(&target, command, &output).await,
        Command::Queue(command) => queue_commands::run(&target, command, &output).await,
        Command::Audit { limit } => settings_commands::audit(&target, usize::from(limit), &output).await,
        Command::Completions { shell } => complete(shell),
        Command::Import(ImportCommand::Drop(options)) => drop::run(&target, &options, &output).await,
        Command::Import(ImportCommand::List) => drop::list(&target, &output).await,
        Command::Catalog(CatalogCommand::Show { sku }) => catalog_commands::show(&target, &sku, &output).await,
        Command::Catalog(CatalogCommand::Export) => catalog_commands::export(&target).await,
    }
}

/// Prints what makes a shell complete these commands.
fn complete(shell: clap_complete::Shell) -> anyhow::Result<ExitReason> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "systole", &mut script);
    Output::line(String::from_utf8(script)?.trim_end())?;
    Ok(ExitReason::Ok)
}

/// Reads the command line.
#[must_use]
pub fn parse() -> Arguments {
    Arguments::parse()
}

/// Sets up the log on standard error: everything with `--verbose`, otherwise errors, but for `dev`, which is a host.
///
/// `SYSTOLE_LOG` says something else by module.
#[expect(clippy::disallowed_methods, reason = "the log is there before the configuration is read")]
pub fn init_log(arguments: &Arguments) {
    let is_host = matches!(arguments.command, Command::Dev(_));
    let level = match (arguments.verbose, is_host) {
        (true, _) => LevelFilter::DEBUG,
        (false, true) => LevelFilter::INFO,
        (false, false) => LevelFilter::ERROR,
    };
    let own = ["engine", "cli", "admin"].map(|module| (module, level));
    let filter = match std::env::var("SYSTOLE_LOG") {
        Ok(wanted) if !wanted.trim().is_empty() => store_aws::log::readable(&wanted),
        _ => Targets::new().with_default(LevelFilter::WARN).with_targets(own),
    };
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr()) && arguments.paint() == Paint::Coloured;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(is_terminal);
    tracing_subscriber::registry().with(lines.with_filter(store_aws::log::filter(filter))).init();
}

/// Says on standard error why a command failed.
#[must_use]
#[expect(clippy::print_stderr, reason = "the program's last word")]
pub fn fail(error: &anyhow::Error) -> std::process::ExitCode {
    eprintln!("systole: {error:#}");
    ExitReason::Failed.exit_code()
}

//! `systole`: operator commands, and `systole dev`, the local host.
//!
//! [`main`] is all of it, over the [`Program`] that it is given: the one that ships, or one with more.
//! Commands are thin: they call what the functions call, and print it. The embedded store is the default; `--stage NAME` and
//! `--aws` take a stage on AWS or an emulator.

mod api_server;
mod arguments;
mod catalog_commands;
mod command_needs;
mod demo;
mod dev;
mod drain;
mod health_command;
mod host;
mod ids;
mod import_commands;
mod installation;
mod logs;
mod order_commands;
mod outcome;
mod output;
mod pipeline_commands;
mod process_lock;
mod program_commands;
mod queue_commands;
mod service_arguments;
mod settings_commands;
mod shop_commands;
mod signals;
mod step_commands;
mod store_folder;
mod watch;

use std::process::ExitCode;

use clap::CommandFactory;
use engine::Program;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::arguments::{Command, CommandLine, ImportCommand, PipelineCommand, SettingsCommand};
use crate::command_needs::{is_noted, need_of};
use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::{Output, Paint};
use crate::service_arguments::ServiceArguments;

/// The whole of a command line over a program: reads the arguments, runs one command, and says how it went.
///
/// A program with more than what ships is a crate with a `main` that calls this with its own list.
pub async fn main(program: Program) -> ExitCode {
    let arguments = CommandLine::read();
    init_log(&arguments);
    match run(arguments, program).await {
        Ok(reason) => reason.exit_code(),
        Err(error) => fail(&error),
    }
}

/// Runs one command.
///
/// # Errors
/// The command could not do what it was asked for; the exit code follows from the error.
async fn run(arguments: CommandLine, program: Program) -> anyhow::Result<ExitReason> {
    let output = Output::new(arguments.json, arguments.paint());
    // These need no store: authors check their files before there is one; if there is one, they are checked against it.
    if let Command::Pipeline(PipelineCommand::Validate { paths }) = &arguments.command {
        let installation = Installation::open_if_there(&arguments.installation, program.clone()).await?;
        return pipeline_commands::validate(&program, installation.as_ref(), paths, &output).await;
    } else if let Command::Import(ImportCommand::Configuration(options)) = &arguments.command
        && !options.check.is_empty()
    {
        let installation = Installation::open_if_there(&arguments.installation, program.clone()).await?;
        return import_commands::configuration(installation.as_ref(), options.clone(), &output).await;
    } else if let Command::Executors { name } = &arguments.command {
        return program_commands::executors(&program, name.as_deref(), &output);
    } else if let Command::Conditions { name } = &arguments.command {
        return program_commands::conditions(&program, name.as_deref(), &output);
    } else if let Command::Settings(SettingsCommand::Describe { name }) = &arguments.command {
        return program_commands::settings(&program, name.as_deref(), &output);
    } else if let Command::Completions { shell } = arguments.command {
        return complete(shell);
    }
    let need = need_of(&arguments.command);
    let mut installation = Installation::open(&arguments.installation, need, program.clone()).await?;
    if is_noted(&arguments.command) {
        installation.identify().await?;
    }
    let is_new = installation.is_new.clone();
    let reason = run_over(installation, arguments.command, program, &output).await?;
    // Only now: what failed says why, and nothing else.
    is_new.iter().for_each(|told| Output::complain(told));
    Ok(reason)
}

/// Runs one command over a store.
async fn run_over(
    installation: Installation,
    command: Command,
    program: Program,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    match command {
        Command::Dev(options) => dev::run(&installation.with_services(&options.services)?, &options, output).await,
        Command::Demo(options) => demo::run(&installation, &options, output).await,
        Command::Heartbeat => host::beat_once(&installation, output).await,
        Command::Run { max, services } => {
            host::run_messages(&installation.with_services(&services)?, max, output).await
        }
        Command::Pipeline(command) => pipeline_commands::run(&installation, command, output).await,
        Command::Step(command) => step_commands::run(&installation, command, output).await,
        Command::Settings(command) => settings_commands::run(&installation, command, &program, output).await,
        Command::Maintenance(command) => settings_commands::maintenance(&installation, command, output).await,
        Command::Queue(command) => queue_commands::run(&installation, command, output).await,
        Command::Health => health_command::run(&installation, output).await,
        Command::Audit { limit } => settings_commands::audit(&installation, usize::from(limit), output).await,
        Command::Completions { shell } => complete(shell),
        Command::Executors { name } => program_commands::executors(&program, name.as_deref(), output),
        Command::Conditions { name } => program_commands::conditions(&program, name.as_deref(), output),
        Command::Import(command) => {
            let installation = working(installation, command.services())?;
            import_commands::run(&installation, command, output).await
        }
        Command::Catalog(command) => catalog_commands::run(&installation, command, output).await,
        Command::Order(command) => order_commands::run(&installation, command, output).await,
        Command::Shop(command) => {
            let installation = working(installation, command.services())?;
            shop_commands::run(&installation, command, output).await
        }
    }
}

/// The installation for a command that runs steps in this process, if it does.
fn working(installation: Installation, services: Option<&ServiceArguments>) -> anyhow::Result<Installation> {
    match services {
        Some(services) => installation.with_services(services),
        None => Ok(installation),
    }
}

/// Prints what makes a shell complete these commands.
fn complete(shell: clap_complete::Shell) -> anyhow::Result<ExitReason> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "systole", &mut script);
    Output::line(String::from_utf8(script)?.trim_end())?;
    Ok(ExitReason::Ok)
}

/// Sets up the log on standard error: everything with `--verbose`, otherwise errors, but for `dev`, which is a host.
///
/// `SYSTOLE_LOG` says something else by module.
#[expect(clippy::disallowed_methods, reason = "the log is there before the configuration is read")]
fn init_log(arguments: &CommandLine) {
    let is_host = matches!(arguments.command, Command::Dev(_));
    let level = match (arguments.verbose, is_host) {
        (true, _) => LevelFilter::DEBUG,
        (false, true) => LevelFilter::INFO,
        (false, false) => LevelFilter::ERROR,
    };
    let own = ["engine", "steps", "operate", "cli", "admin"].map(|module| (module, level));
    let filter = match std::env::var("SYSTOLE_LOG") {
        Ok(wanted) if !wanted.trim().is_empty() => store_aws::logging::readable(&wanted),
        _ => Targets::new().with_default(LevelFilter::WARN).with_targets(own),
    };
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr()) && arguments.paint() == Paint::Coloured;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(is_terminal);
    // A terminal that was closed takes no lines any more; complaining there of that would end the process in a panic.
    let lines = lines.log_internal_errors(false);
    tracing_subscriber::registry().with(lines.with_filter(store_aws::logging::filter(filter))).init();
}

/// Says on standard error why a command failed.
#[expect(clippy::print_stderr, reason = "the program's last word")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("systole: {}", pipeline::visible::visible_lines(&format!("{error:#}")));
    ExitReason::Failed.exit_code()
}

//! Wires the command line.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = cli::parse();
    cli::init_log(&arguments);
    match cli::run(arguments).await {
        Ok(reason) => reason.exit_code(),
        Err(error) => cli::fail(&error),
    }
}

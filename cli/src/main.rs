//! Wires the command line.

use std::process::ExitCode;

/// Steps and their items are many small pieces of memory that one thread makes and another one frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = cli::parse();
    cli::init_log(&arguments);
    match cli::run(arguments).await {
        Ok(reason) => reason.exit_code(),
        Err(error) => cli::fail(&error),
    }
}

//! The command line with what ships. An extension has the same file with a longer program.

use std::process::ExitCode;

/// Steps and their items are many small pieces of memory that one thread makes and another one frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    cli::main(steps::shipped()).await
}

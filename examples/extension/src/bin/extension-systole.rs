//! `systole` with the extension, in every command. In a repository of your own, name the file `systole.rs`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::main(extension::program()).await
}

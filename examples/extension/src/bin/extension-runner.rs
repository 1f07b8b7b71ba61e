//! The runner with the extension, in place of the one that ships.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    runner::serve(extension::program()).await
}

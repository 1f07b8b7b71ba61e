//! The heartbeat with the extension, in place of the one that ships.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    heartbeat::serve(extension::program()).await
}

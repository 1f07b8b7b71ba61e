//! Wires the heartbeat function with what ships.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    heartbeat::serve(steps::shipped()).await
}

//! Wires the runner function with what ships.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    runner::serve(steps::shipped()).await
}

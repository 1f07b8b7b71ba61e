//! Wires the intake function with what ships.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    intake::serve(steps::shipped()).await
}

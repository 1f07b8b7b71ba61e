//! Wires the admin function with what ships.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    admin::serve(steps::shipped()).await
}

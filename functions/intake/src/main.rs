//! Wires the intake function.

use engine::{Context, Limits};
use lambda_runtime::service_fn;
use store_aws::Config;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    store_aws::log::init();
    let store = store_aws::connect(&Config::from_env()?).await;
    let context = Context::new(store, steps::shipped(), Limits::default());
    lambda_runtime::run(service_fn(|event| intake::handle(&context, event))).await
}

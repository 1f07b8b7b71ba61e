//! Wires the heartbeat function.

use engine::{Context, Limits};
use lambda_runtime::service_fn;
use store_aws::{Config, ServicesConfig};

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    store_aws::log::init();
    let (store, services) = store_aws::connect_with_services(&Config::from_env()?, &ServicesConfig::from_env()?).await;
    let context = Context::new(store, steps::shipped(), Limits::default()).with_services(services);
    lambda_runtime::run(service_fn(|event| heartbeat::handle(&context, event))).await
}

//! The runner with the extension, in place of the one that ships.

use lambda_runtime::service_fn;
use store_aws::{Config, ServicesConfig};

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    store_aws::log::init();
    let (store, services) = store_aws::connect_with_services(&Config::from_env()?, &ServicesConfig::from_env()?).await;
    let context = extension::context(store, services);
    lambda_runtime::run(service_fn(|event| runner::handle(&context, event))).await
}

//! Wires the admin function.

use admin::{Gate, Rules};
use engine::{Context, Limits};
use store_aws::Config;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    store_aws::log::init();
    let rules = Rules::from_env()?;
    let store = store_aws::connect(&Config::from_env()?).await;
    lambda_http::run(admin::router(Context::new(store, steps::shipped(), Limits::default()), Gate::Aws(rules))).await
}

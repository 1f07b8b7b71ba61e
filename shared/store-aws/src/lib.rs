//! The three storage seams of Systole on DynamoDB, SQS and S3, and the services beside them on Lambda and EventBridge.
//!
//! The promises are those of `store::{table, queue, files}`; this package adds how AWS keeps them. It is the only one
//! that names the AWS SDK, and so it also says what of the SDK may be in a log ([`logging`]). It reads the environment in
//! three places, [`Config::from_env`], [`ServicesConfig::from_env`] and [`logging::init`]; region, credentials and the
//! endpoints of an emulator come from the SDK's own variables.
//!
//! **Invariant:** nothing here creates, changes or deletes a table, a queue or a bucket; `infra/storage.yaml` does.

mod account;
mod backoff;
mod calls;
mod clients;
pub mod config;
mod files;
pub mod logging;
mod queue;
mod sdk_error;
pub mod services;
pub mod stage;
mod table;
#[cfg(test)]
mod test_support;

pub use account::Account;
pub use aws_config::SdkConfig;
pub use calls::http_client;
pub use clients::{connect, connect_over, connect_with_services, store};
pub use config::Config;
pub use services::ServicesConfig;

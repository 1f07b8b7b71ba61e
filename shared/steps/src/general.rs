//! Steps that any process can have: calls outside, pauses, and pipelines that bring forth others.

pub(crate) mod artifact_name;
mod deferral;
pub mod fetch_data;
pub mod http_request;
pub mod lambda_invoke;
pub(crate) mod secrets;
pub mod shell;
pub mod spawn_pipeline;
pub mod wait;

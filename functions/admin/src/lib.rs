//! Lambda function `admin`: the API for operators. `systole dev` serves the same router on localhost.
//!
//! `routes.rs` is the table of contents: every route with the role that it takes. `openapi.json` describes each of them
//! for people and programs, and `GET /openapi` answers with it. What a route does is a call of `operate`, the same
//! that the command line makes; here are only reading of requests, roles and the shape of answers.
//!
//! - All answers are JSON but logs; what does not work is `{"error": "…"}` with what was found and what was expected.
//! - A field or parameter that is not known is refused: a slip of the pen must not look like a success.
//! - Lists have limits, and those that can be long a cursor.
//! - Every change is noted in the audit under the name of who asked for it.

pub mod access;
mod answer;
mod catalog;
mod changes;
mod definitions;
mod error;
mod health;
mod import_configuration;
mod imports;
mod logs;
mod orders;
mod pipelines;
mod queues;
mod routes;
mod settings;
mod shop;
mod steps;
#[cfg(test)]
mod tests;
mod uploads;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use chrono::{DateTime, Utc};
use engine::{Context, Invocation, Limits, Program};
use store_aws::Config;

pub use crate::access::{Gate, Identity, Role, Rules};
use crate::error::ApiError;

/// How long one request may take: less than the 29 s after which the function is ended.
const BUDGET: std::time::Duration = std::time::Duration::from_secs(25);

/// Most bytes of a body that is JSON. The arguments of a pipeline must fit its item, which takes 400 KB.
const BODY_LIMIT_BYTES: usize = 512 * 1024;

/// The description of all routes.
pub const OPENAPI: &str = include_str!("../openapi.json");

/// Serves the function with a program, as the environment says.
///
/// # Errors
/// The environment does not say what it must, or the runtime ends.
pub async fn serve(program: Program) -> Result<(), lambda_http::Error> {
    store_aws::logging::init();
    let rules = Rules::from_env()?;
    let store = store_aws::connect(&Config::from_env()?).await;
    lambda_http::run(router(Context::new(store, program, Limits::default()), Gate::Aws(rules))).await
}

/// All routes over one context, behind a gate.
pub fn router(context: Context, gate: Gate) -> Router {
    let gate = Arc::new(gate);
    let mut router = Router::new();
    for route in routes::table() {
        let layer = from_fn_with_state((gate.clone(), route.role), access::authorize);
        router = router.route(route.path, route.handler.route_layer(layer));
    }
    router
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .with_state(context)
}

/// Every route: its method, its path, and the role that it takes.
pub fn routes() -> impl Iterator<Item = (Method, &'static str, Role)> {
    routes::table().into_iter().map(|route| (route.method, route.path, route.role))
}

async fn unknown() -> ApiError {
    ApiError::not_found("there is no such route; GET /openapi describes all there are")
}

async fn wrong_method(method: Method) -> ApiError {
    ApiError::wrong_method(format!("this route does not answer {method}"))
}

/// An id that no other request has.
fn random_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// One request as the engine sees it.
fn invocation() -> Invocation {
    Invocation::begin(format!("admin-{}", random_id()), now(), BUDGET)
}

#[expect(clippy::disallowed_methods, reason = "the handler hands its clock to the engine")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

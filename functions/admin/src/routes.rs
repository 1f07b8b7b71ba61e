//! The table of routes: what there is, and which role it takes. `openapi.json` describes the same routes.

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use engine::Context;

use crate::access::Role;
use crate::{
    catalog, changes, definitions, health, import_configuration, imports, logs, orders, pipelines, queues, settings,
    shop, steps, uploads,
};

/// One route.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) role: Role,
    pub(crate) handler: MethodRouter<Context>,
}

impl Route {
    /// The same route, if its bodies may be larger than others.
    fn with_limit(self, bytes: usize) -> Self {
        Self { handler: self.handler.layer(DefaultBodyLimit::max(bytes)), ..self }
    }
}

/// All routes.
pub(crate) fn table() -> Vec<Route> {
    use Role::{Configure, Operate, View};
    let [get, post, put, delete] = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
    vec![
        route(&get, "/health", View, health::health),
        route(&get, "/openapi", View, health::openapi),
        route(&get, "/pipelines", View, pipelines::list),
        route(&post, "/pipelines", Operate, changes::init),
        route(&post, "/pipelines/cancel", Operate, changes::cancel_all),
        route(&get, "/pipelines/{id}", View, pipelines::details),
        route(&get, "/pipelines/{id}/why-not-running", View, pipelines::why),
        route(&post, "/pipelines/{id}/cancel", Operate, changes::cancel),
        route(&post, "/pipelines/{id}/pause", Operate, changes::pause),
        route(&post, "/pipelines/{id}/resume", Operate, changes::resume),
        route(&get, "/pipelines/{id}/steps/{step}", View, steps::details),
        route(&get, "/pipelines/{id}/steps/{step}/log", View, logs::log),
        route(&post, "/pipelines/{id}/steps/{step}/process", Operate, changes::rerun),
        route(&get, "/steps/active", View, steps::active),
        route(&get, "/definitions", View, definitions::list),
        route(&get, "/definitions/{name}", View, definitions::details),
        route(&get, "/definitions/{name}/why-not-running", View, definitions::why),
        route(&get, "/settings", View, settings::list),
        route(&get, "/settings/{name}", View, settings::show),
        route(&put, "/settings/{name}", Configure, settings::set),
        route(&delete, "/settings/{name}", Configure, settings::unset),
        route(&get, "/maintenance", View, settings::maintenance),
        route(&put, "/maintenance", Operate, settings::set_maintenance),
        route(&get, "/queues", View, queues::depths),
        route(&get, "/dead-letters", View, queues::dead_letters),
        route(&post, "/dead-letters/redrive", Operate, queues::redrive),
        route(&get, "/arrivals", View, uploads::arrivals),
        route(&post, "/uploads", Operate, uploads::ticket),
        route(&put, "/uploads/{name}", Operate, uploads::take),
        route(&get, "/imports", View, imports::list),
        route(&get, "/imports/{reference}", View, imports::show),
        route(&get, "/imports/{reference}/report", View, imports::report),
        route(&get, "/imports/{reference}/errors", View, imports::errors),
        route(&get, "/catalog/product", View, catalog::product),
        route(&get, "/catalog/products", View, catalog::products),
        route(&get, "/catalog/categories", View, catalog::categories),
        route(&get, "/catalog/listing", View, catalog::listing),
        route(&get, "/catalog/export", Operate, catalog::export),
        route(&get, "/import-configuration", View, import_configuration::configuration),
        route(&get, "/orders", View, orders::list),
        route(&post, "/orders", Operate, orders::take).with_limit(orders::LIMIT_BYTES),
        route(&get, "/orders/{order}", View, orders::show),
        route(&get, "/orders/{order}/why-not-exported", View, orders::why),
        route(&post, "/orders/{order}/reset", Operate, orders::reset),
        route(&get, "/shop", View, shop::show),
        route(&put, "/shop", Configure, shop::tell).with_limit(shop::LIMIT_BYTES),
        route(&get, "/audit", View, settings::audit),
    ]
}

fn route<H, T>(method: &Method, path: &'static str, role: Role, handler: H) -> Route
where
    H: Handler<T, Context>,
    T: 'static,
{
    let filter = MethodFilter::try_from(method.clone()).expect("the table has only methods that there are");
    Route { method: method.clone(), path, role, handler: on(filter, handler) }
}

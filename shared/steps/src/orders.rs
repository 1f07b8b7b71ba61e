//! Orders: how they come in, which of them go, and how they leave.
//!
//! ```text
//! drop, API, command ──arrive──▶ order + record ──ScheduleEntities──▶ order_export: transform ──▶ transport ──▶ ERP
//! ```
//!
//! What an order says and costs, and how documents are written, is in the package `orders`; which of them go is decided by
//! [`entity_export`](crate::entity_export), which knows no orders.

pub mod arrive;
pub mod drop;
pub mod kept;
pub mod order_export;
pub mod order_key;
pub mod template;
pub mod transform;
pub mod transport;
pub mod transport_order;
pub mod website;

use std::sync::Arc;

use engine::Executor;
use engine::data_fetchers::DataFetcher;

use crate::entity_export::{ExportEntity, RescheduleEntities, ResetExports, ScheduleEntities};

pub use drop::ORDER_DROP_PREFIX;

/// The code under which exports of orders are kept, as in the original.
pub const ORDER_EXPORT: &str = "order_export";

/// The steps of orders.
#[must_use]
pub fn executors() -> Vec<Arc<dyn Executor>> {
    vec![
        Arc::new(drop::ImportOrders),
        Arc::new(transform::TransformOrder),
        Arc::<transport_order::TransportOrder>::default(),
        Arc::new(ResetExports::of(entities())),
    ]
}

/// What looks for orders, and for exports that are due.
#[must_use]
pub fn data_fetchers() -> Vec<Arc<dyn DataFetcher>> {
    vec![
        Arc::new(drop::DroppedOrders),
        Arc::new(ScheduleEntities::of(entities())),
        Arc::new(RescheduleEntities::of(entities())),
    ]
}

/// The kinds of things that ship and are exported one by one.
fn entities() -> Vec<Arc<dyn ExportEntity>> {
    vec![Arc::new(order_export::OrderExport)]
}

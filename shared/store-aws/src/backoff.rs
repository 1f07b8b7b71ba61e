//! The one place that waits: before a call is repeated that DynamoDB asks its clients to repeat.
//!
//! Everything else that fails is left to redelivery and to the next beat.

use std::time::Duration;

use uuid::Uuid;

/// Waits before the next try, up to twice as long after each: at most 50, 100, 200, 400, 800 ms. The time is drawn at
/// random, so that two who got in each other's way do not meet again.
#[expect(
    clippy::disallowed_methods,
    reason = "unprocessed and contended items are ours to send again, within the call"
)]
pub(crate) async fn before_retry(tried: u32) {
    let most = 50_u64 << tried.saturating_sub(1).min(4);
    let random = u64::from(Uuid::new_v4().as_fields().0);
    tokio::time::sleep(Duration::from_millis(1 + random % most)).await;
}

//! How many requests are under way at once, and how many begin within a second.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::settings::ShopLimits;
use super::wire::Wire;

/// Gives requests their turn.
pub(crate) struct Pace {
    slots: Semaphore,
    gap: TimeDelta,
    /// When the next request may begin.
    next: Mutex<DateTime<Utc>>,
}

impl Pace {
    pub(crate) fn new(limits: &ShopLimits) -> Self {
        let slots = Semaphore::new(limits.concurrent_requests.max(1));
        let per_second = limits.requests_per_second.filter(|per_second| *per_second > 0);
        let gap = per_second
            .map_or(TimeDelta::zero(), |per_second| TimeDelta::microseconds(1_000_000 / i64::from(per_second)));
        Self { slots, gap, next: Mutex::new(DateTime::<Utc>::MIN_UTC) }
    }

    /// Waits until a request may begin; it is over when the permit is dropped.
    pub(crate) async fn turn(&self, wire: &dyn Wire) -> SemaphorePermit<'_> {
        let permit = self.slots.acquire().await.expect("nobody closes it");
        let wait = self.reserve(wire.now());
        if !wait.is_zero() {
            wire.wait(wait).await;
        }
        permit
    }

    /// Lets nobody begin before a time: a shop that wants fewer requests means all of them.
    pub(crate) fn hold_until(&self, time: DateTime<Utc>) {
        let mut next = self.next.lock().expect("nothing panics while it is held");
        *next = (*next).max(time);
    }

    fn reserve(&self, now: DateTime<Utc>) -> Duration {
        let mut next = self.next.lock().expect("nothing panics while it is held");
        let begin = (*next).max(now);
        *next = begin + self.gap;
        (begin - now).to_std().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_begin_at_the_rate_that_is_set_and_not_before_they_may() {
        let limits = ShopLimits { requests_per_second: Some(4), ..ShopLimits::default() };
        let pace = Pace::new(&limits);
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        let waits = [0, 0, 0].map(|_: u8| pace.reserve(now).as_millis());
        assert_eq!(waits, [0, 250, 500]);
        pace.hold_until(now + TimeDelta::seconds(10));
        assert_eq!(pace.reserve(now).as_millis(), 10_000);
        assert_eq!(pace.reserve(now + TimeDelta::seconds(60)).as_millis(), 0);
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        let pace = Pace::new(&ShopLimits::default());
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        assert_eq!([0, 0].map(|_: u8| pace.reserve(now).as_millis()), [0, 0]);
    }
}

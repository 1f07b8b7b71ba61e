//! What one party rings and another waits for.

use tokio::sync::Notify;

use crate::wait;

/// A bell that is heard once for each ring, by who waits or by the next who will.
#[derive(Debug)]
pub struct Bell {
    what: &'static str,
    rung: Notify,
}

impl Bell {
    /// A bell whose ring means this.
    #[must_use]
    pub fn of(what: &'static str) -> Self {
        Bell { what, rung: Notify::new() }
    }

    /// Wakes the one who waits, or the next who will.
    pub fn notify_one(&self) {
        self.rung.notify_one();
    }

    /// Waits for the ring.
    ///
    /// # Panics
    /// If it does not come in time.
    #[track_caller]
    pub fn notified(&self) -> impl Future<Output = ()> {
        wait(self.what).until(self.rung.notified())
    }
}

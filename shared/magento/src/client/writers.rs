//! One writer for each sku: two requests that make the same new product at once make two products of it.

use std::collections::BTreeSet;
use std::sync::Mutex;

use tokio::sync::Notify;

/// The skus that are being written.
#[derive(Debug, Default)]
pub struct SkuWriters {
    busy: Mutex<BTreeSet<String>>,
    ended: Notify,
}

/// The right to write some skus, until it is dropped.
#[derive(Debug)]
pub struct SkuGuard<'a> {
    writers: &'a SkuWriters,
    keys: BTreeSet<String>,
}

/// The form in which a shop compares skus: without case, and without blanks around them.
#[must_use]
pub fn sku_key(sku: &str) -> String {
    sku.trim().to_lowercase()
}

impl SkuWriters {
    /// Waits until nobody writes any of the skus, and takes them all.
    ///
    /// All are taken at once or none, so two who want some of the same wait for each other and never in a circle.
    pub async fn take(&self, skus: impl IntoIterator<Item = &str>) -> SkuGuard<'_> {
        let keys: BTreeSet<String> = skus.into_iter().map(sku_key).collect();
        loop {
            // Asked for before the look, so that an end in between is not missed.
            let ended = self.ended.notified();
            if self.try_take(&keys) {
                return SkuGuard { writers: self, keys };
            }
            ended.await;
        }
    }

    fn try_take(&self, keys: &BTreeSet<String>) -> bool {
        let mut busy = self.busy.lock().expect("nothing panics while it is held");
        if !busy.is_disjoint(keys) {
            return false;
        }
        busy.extend(keys.iter().cloned());
        true
    }
}

impl Drop for SkuGuard<'_> {
    fn drop(&mut self) {
        let mut busy = self.writers.busy.lock().expect("nothing panics while it is held");
        busy.retain(|key| !self.keys.contains(key));
        drop(busy);
        self.writers.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_sku_has_one_writer_however_it_is_spelled() {
        let writers = SkuWriters::default();
        let Poll::Ready(first) = poll(pin!(writers.take(["RIG-1", "RIG-2"])).as_mut()) else {
            panic!("nobody writes it")
        };
        let mut second = pin!(writers.take([" rig-2 ", "RIG-3"]));
        assert!(poll(second.as_mut()).is_pending());
        // Nothing of what is waited for is taken meanwhile.
        assert!(poll(pin!(writers.take(["RIG-3"])).as_mut()).is_ready());
        drop(first);
        assert!(poll(second.as_mut()).is_ready());
    }
}

//! Wakes a task after a time of the machine's clock.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::Duration;

/// Ends with its task: a thread of it waits for the time or for this to be dropped.
pub(crate) struct Alarm {
    waker: Arc<Mutex<Option<Waker>>>,
    _alive: mpsc::Sender<()>,
}

impl Alarm {
    pub(crate) fn after(time: Duration) -> Self {
        let waker: Arc<Mutex<Option<Waker>>> = Arc::default();
        let (alive, ended) = mpsc::channel();
        let whom = waker.clone();
        std::thread::spawn(move || {
            if ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                let waker = whom.lock().unwrap_or_else(PoisonError::into_inner).take();
                waker.into_iter().for_each(Waker::wake);
            }
        });
        Alarm { waker, _alive: alive }
    }

    /// Whom it wakes: the task that polled last.
    pub(crate) fn wakes(&self, waker: &Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
    }
}

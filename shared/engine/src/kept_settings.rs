//! The settings as they were read last.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use pipeline::settings::Settings;

/// The settings as they were read last.
///
/// A mini beat may use them for some seconds: they change rarely, and a beat that began a moment before a change would not
/// have seen it either. A full beat reads them anew.
#[derive(Default)]
pub struct KeptSettings {
    kept: Mutex<Option<(DateTime<Utc>, Arc<Settings>)>>,
}

impl KeptSettings {
    /// Forgets what was read, because something was changed.
    pub fn forget(&self) {
        *self.kept() = None;
    }

    /// Keeps what was read at `now`.
    pub(crate) fn keep(&self, settings: Arc<Settings>, now: DateTime<Utc>) {
        *self.kept() = Some((now, settings));
    }

    /// What is kept, if it was read less than `age` ago. A clock that went back knows no age.
    pub(crate) fn younger_than(&self, age: Duration, now: DateTime<Utc>) -> Option<Arc<Settings>> {
        let (at, settings) = self.kept().clone()?;
        let passed = (now - at).to_std().ok()?;
        (passed < age).then_some(settings)
    }

    fn kept(&self) -> MutexGuard<'_, Option<(DateTime<Utc>, Arc<Settings>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

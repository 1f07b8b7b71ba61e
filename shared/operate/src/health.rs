//! How the whole is: whether heartbeats come, and what is wrong with definitions.

use chrono::{DateTime, Utc};
use engine::Context;
use pipeline::duration;
use serde::Serialize;

/// How the whole is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The worst that is known.
    pub status: HealthStatus,
    /// When the last complete beat was.
    pub last_beat_at: Option<DateTime<Utc>>,
    /// How long ago that is.
    pub seconds_since_last_beat: Option<i64>,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
    /// What definitions say and their authors hardly meant, and files that are not read.
    pub warnings: Vec<String>,
}

/// What can be said of the whole in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Beats come, and nothing is wrong with definitions.
    Ok,
    /// Beats come, but definitions are broken.
    Broken,
    /// The last beat was too long ago.
    Late,
    /// There was no beat yet.
    Never,
}

/// After how many seconds without a beat something is wrong: beats come each minute, and one may be skipped.
const BEAT_IS_LATE_AFTER_SECONDS: i64 = 180;

/// Tells how the whole is.
///
/// # Errors
/// The store did not answer.
pub async fn health(context: &Context, now: DateTime<Utc>) -> store::Result<Health> {
    let last_beat_at = context.store.last_beat().await?;
    let seconds = last_beat_at.map(|beat| (now - beat).num_seconds());
    let loaded = context.definitions.load(context.store.files.as_ref()).await?;
    let mut problems = Vec::new();
    let status = match seconds {
        None => {
            problems.push("there was no heartbeat yet".to_owned());
            HealthStatus::Never
        }
        Some(seconds) if seconds > BEAT_IS_LATE_AFTER_SECONDS => {
            let span = std::time::Duration::from_secs(60 * (seconds / 60).unsigned_abs());
            problems.push(format!("there was no heartbeat for {}", duration::in_words(span)));
            HealthStatus::Late
        }
        Some(_) if loaded.all_problems().next().is_none() => HealthStatus::Ok,
        Some(_) => HealthStatus::Broken,
    };
    let warnings = loaded.warning_texts().map(str::to_owned).collect();
    problems.extend(loaded.all_problems().cloned());
    Ok(Health { status, last_beat_at, seconds_since_last_beat: seconds, problems, warnings })
}

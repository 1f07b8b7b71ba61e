//! One step of one pipeline: what it should do and what has become of it.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::definition::StepDefinition;
use crate::status::StepStatus;

/// A step with everything that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What it should do.
    pub definition: Arc<StepDefinition>,
    /// What has become of it. A step that was never enqueued has the empty record.
    pub record: StepRecord,
}

/// What has become of a step; stored as one item from its first enqueue on.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// Where it stands.
    pub status: StepStatus,
    /// The number of the latest attempt, counted when it is enqueued; 0 before the first.
    pub attempt: u32,
    /// The number of its run, from the second one on. A recurring step has several, and so has one that runs always when
    /// others are run again by hand.
    pub run: u32,
    /// How many attempts came before those of this run.
    pub attempts_before: u32,
    /// How many reruns of other steps it could tell of when it was enqueued last; see [`Pipeline::reruns`](crate::Pipeline::reruns).
    pub reruns_seen: u32,
    /// How often the latest attempt was continued in a further invocation.
    pub continuations: u32,
    /// How often in a row a host died with the step, over all attempts: since the work last got further or an invocation of
    /// it came to its end.
    pub interruptions: u32,
    /// Fences the latest enqueue: only the message that carries it may claim, only its claimer may commit.
    pub token: Option<Token>,
    /// Which invocation has claimed the step.
    pub owner: Option<String>,
    /// When the latest attempt was enqueued (or continued).
    pub enqueued_at: Option<DateTime<Utc>>,
    /// When its message was sent last, or falls due if that is later; a re-sending beat moves it.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the executor that asked for a pause wants to go on, if that is later than a message can be held back.
    pub wakes_at: Option<DateTime<Utc>>,
    /// How often the message had to be sent again.
    pub resends: u32,
    /// When the latest attempt was claimed first.
    pub started_at: Option<DateTime<Utc>>,
    /// Until when the owner may be alive; after that the step is *ghosted*.
    pub lease_until: Option<DateTime<Utc>>,
    /// When the latest attempt ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it was skipped, what is wrong with the data, or what failed.
    pub message: Option<String>,
    /// Whether a success has a warning that stays visible (*invalid data*).
    pub is_warning: bool,
    /// Whether the error uses up all attempts.
    pub is_permanent: bool,
    /// Whether the latest attempt is a rerun: a person asked for it, so it runs although its pipeline is stopped. Stored as
    /// `is_forced`, as earlier versions wrote it.
    pub is_rerun: bool,
    /// Where a continued attempt goes on.
    pub checkpoint: Option<serde_json::Value>,
    /// What the step leaves for later steps.
    pub output: Option<serde_json::Value>,
    /// Steps that it added to later stages and committed.
    pub added: Vec<AddedSteps>,
    /// Steps that it adds: seen by nobody until the step succeeds. They live as long as the checkpoint.
    pub adding: Vec<AddedSteps>,
    /// How far the work is, in the executor's words.
    pub progress: Option<String>,
    /// The end of the log of the latest attempt.
    pub log: String,
    /// The version of the stored item; 0 while there is none.
    pub version: u64,
}

/// Names the steps that one invocation of a step added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedSteps {
    /// The attempt and the token of the invocation: nobody else writes under it.
    pub batch: String,
    /// In how many items they are stored.
    pub chunks: u32,
    /// How many they are.
    pub steps: u32,
}

/// Fences one enqueue of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How often in a row the host of a step may die before the step is given up: by then it is the step that kills it, and not
/// a person who stops and starts a host.
pub const INTERRUPTION_LIMIT: u32 = 7;

impl StepRecord {
    /// How many attempts its run has had.
    #[must_use]
    pub fn attempts_of_run(&self) -> u32 {
        self.attempt.saturating_sub(self.attempts_before)
    }

    /// How many runs it has had, with the one that it is in.
    #[must_use]
    pub fn runs(&self) -> u32 {
        // The first run is not stored, and most steps have no other.
        if self.attempt == 0 { 0 } else { self.run.max(1) }
    }

    /// When the message of an enqueued step falls due, if a runner is not to come yet.
    #[must_use]
    pub fn due_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // A message that is held back counts as sent when it is due.
        self.sent_at.filter(|due| self.status == StepStatus::Enqueued && *due > now)
    }

    /// The record of a step that was never enqueued.
    #[must_use]
    pub fn pending() -> Self {
        StepRecord {
            status: StepStatus::Pending,
            attempt: 0,
            run: 0,
            attempts_before: 0,
            reruns_seen: 0,
            continuations: 0,
            interruptions: 0,
            token: None,
            owner: None,
            enqueued_at: None,
            sent_at: None,
            wakes_at: None,
            resends: 0,
            started_at: None,
            lease_until: None,
            finished_at: None,
            message: None,
            is_warning: false,
            is_permanent: false,
            is_rerun: false,
            checkpoint: None,
            output: None,
            added: Vec::new(),
            adding: Vec::new(),
            progress: None,
            log: String::new(),
            version: 0,
        }
    }
}

//! What is kept of the export of one thing, and what may become of it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

/// What is kept of the export of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportRecord {
    /// Where it stands.
    pub status: ExportStatus,
    /// How many pipelines have failed since it was pending.
    pub error_count: u32,
    /// When the last of them did.
    pub last_error_at: Option<DateTime<Utc>>,
    /// The pipeline that it has, or had last.
    pub pipeline: Option<Box<str>>,
    /// How many pipelines it has had, those before a reset counted: each gets a name of its own.
    pub rounds: u32,
}

/// Where the export of a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExportStatus {
    /// It waits for its pipeline.
    #[default]
    Pending,
    /// It has a pipeline.
    Scheduled,
    /// Its pipeline failed.
    Error,
    /// Its document has left.
    Exported,
}

/// A text that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no status of an export (expected pending, scheduled, error or exported)")]
pub struct NoStatus(String);

/// Something that cannot become of a record where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the export is {status}{}; {expected}", pipeline.as_ref().map(|pipeline| format!(" (pipeline {pipeline})")).unwrap_or_default())]
pub struct Illegal {
    /// Where it stands.
    pub status: ExportStatus,
    /// Its pipeline.
    pub pipeline: Option<Box<str>>,
    /// What it would take.
    pub expected: &'static str,
}

impl ExportRecord {
    /// Gives it a pipeline. The same pipeline again changes nothing: two beats may come to the same.
    ///
    /// # Errors
    /// It has another pipeline, had this one before, or its document has left.
    pub fn schedule(&self, pipeline: &str) -> Result<Self, Illegal> {
        match self.status {
            // A beat that comes late with a pipeline that has ended must not bring it back.
            ExportStatus::Pending | ExportStatus::Error if !self.is_of(pipeline) => Ok(Self {
                status: ExportStatus::Scheduled,
                pipeline: Some(pipeline.into()),
                rounds: self.rounds.saturating_add(1),
                ..self.clone()
            }),
            ExportStatus::Scheduled if self.is_of(pipeline) => Ok(self.clone()),
            ExportStatus::Pending | ExportStatus::Scheduled | ExportStatus::Error | ExportStatus::Exported => {
                Err(self.illegal("only one that is pending or failed gets a pipeline, and each pipeline once"))
            }
        }
    }

    /// Notes that its document has left.
    ///
    /// # Errors
    /// It has another pipeline or none.
    pub fn exported(&self, pipeline: &str) -> Result<Self, Illegal> {
        let status = ExportStatus::Exported;
        match self.status {
            ExportStatus::Scheduled | ExportStatus::Exported if self.is_of(pipeline) => {
                Ok(Self { status, error_count: 0, last_error_at: None, ..self.clone() })
            }
            ExportStatus::Pending | ExportStatus::Scheduled | ExportStatus::Error | ExportStatus::Exported => {
                Err(self.illegal("only that of the pipeline that it has leaves"))
            }
        }
    }

    /// Notes that its pipeline failed. The same failure again does not count twice.
    ///
    /// # Errors
    /// It has another pipeline or none, or its document has left.
    pub fn failed(&self, pipeline: &str, now: DateTime<Utc>) -> Result<Self, Illegal> {
        match self.status {
            ExportStatus::Scheduled if self.is_of(pipeline) => Ok(Self {
                status: ExportStatus::Error,
                error_count: self.error_count.saturating_add(1),
                last_error_at: Some(now),
                ..self.clone()
            }),
            ExportStatus::Error if self.is_of(pipeline) => Ok(self.clone()),
            ExportStatus::Pending | ExportStatus::Scheduled | ExportStatus::Error | ExportStatus::Exported => {
                Err(self.illegal("only the pipeline that it has can fail it"))
            }
        }
    }

    /// Takes its pipeline away without a failure: the thing does not qualify any more, and may again.
    ///
    /// # Errors
    /// It has another pipeline or none, or its document has left.
    pub fn withdrawn(&self, pipeline: &str) -> Result<Self, Illegal> {
        match self.status {
            ExportStatus::Scheduled if self.is_of(pipeline) => {
                Ok(Self { status: ExportStatus::Pending, ..self.clone() })
            }
            ExportStatus::Pending if self.is_of(pipeline) => Ok(self.clone()),
            ExportStatus::Pending | ExportStatus::Scheduled | ExportStatus::Error | ExportStatus::Exported => {
                Err(self.illegal("only the pipeline that it has can be taken from it"))
            }
        }
    }

    /// Begins anew, because a person says so. What has left or is on its way stays, or it would go twice.
    ///
    /// # Errors
    /// Its document has left, or it has a pipeline.
    pub fn reset(&self) -> Result<Self, Illegal> {
        match self.status {
            ExportStatus::Pending | ExportStatus::Error => {
                Ok(Self { status: ExportStatus::Pending, error_count: 0, last_error_at: None, ..self.clone() })
            }
            ExportStatus::Scheduled => Err(self.illegal("wait until its pipeline has ended, or cancel it")),
            ExportStatus::Exported => Err(self.illegal("a second document would be a second order for who gets it")),
        }
    }

    fn is_of(&self, pipeline: &str) -> bool {
        self.pipeline.as_deref() == Some(pipeline)
    }

    fn illegal(&self, expected: &'static str) -> Illegal {
        Illegal { status: self.status, pipeline: self.pipeline.clone(), expected }
    }
}

impl FromStr for ExportStatus {
    type Err = NoStatus;

    fn from_str(text: &str) -> Result<Self, NoStatus> {
        let all = [Self::Pending, Self::Scheduled, Self::Error, Self::Exported];
        all.into_iter()
            .find(|status| status.to_string() == text)
            .ok_or_else(|| NoStatus(text.chars().take(40).collect()))
    }
}

impl fmt::Display for ExportStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Scheduled => "scheduled",
            Self::Error => "error",
            Self::Exported => "exported",
        })
    }
}

//! Who does something: the name for the audit, with the call or the time.

use chrono::{DateTime, Utc};
use engine::Invocation;

/// Who does something to pipelines, and within what.
#[derive(Debug, Clone, Copy)]
pub struct Operator<'a> {
    /// The person's name, for the audit.
    pub name: &'a str,
    /// The call in which it is done; it has the time.
    pub invocation: &'a Invocation,
}

/// Who does something at what time, where that is all that counts.
#[derive(Debug, Clone, Copy)]
pub struct AuditStamp<'a> {
    /// The person's name, for the audit.
    pub by: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

impl<'a> Operator<'a> {
    pub(crate) fn stamp(&self) -> AuditStamp<'a> {
        AuditStamp { by: self.name, at: self.invocation.now() }
    }
}

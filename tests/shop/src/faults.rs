//! What goes wrong on purpose.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Everything that can go wrong; a test turns it on and off while the shop runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// How long every request takes at least, in milliseconds.
    pub latency_ms: u64,
    /// The shop is being maintained: 503 with a page and without `Retry-After`, and nothing is queued.
    pub maintenance: bool,
    /// A firewall in front of the shop refuses everything with a page of its own.
    pub firewall: bool,
    /// Share (0 to 1) of saves of products that meet a lock of the database, shown as a 400.
    pub lock_conflicts: f64,
    /// Faults of single requests, each as often as it says.
    pub rules: Vec<Rule>,
    /// Faults of operations that the consumer takes.
    pub operations: Vec<OperationRule>,
}

/// A fault of operations.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OperationRule {
    /// How many operations are let through first.
    #[serde(default)]
    pub after: u64,
    /// How many fail then.
    #[serde(default = "once")]
    pub times: u64,
    /// What happens.
    pub fault: OperationFault,
}

/// What happens to an operation. Only the first of them was seen on the recorded shop; the others are told of elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationFault {
    /// The message is dropped: the operation stays open for good.
    Lost,
    /// The process ends in the middle: the operation stays open for good, and the rest waits for the next start.
    Dies,
    /// The database met a lock: status 3, which says "not again", with the number of the database's error.
    Deadlock,
    /// The database met a lock: status 2, which says "again".
    Retriable,
}

/// A fault of requests that fit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// Method, any if empty.
    #[serde(default)]
    pub method: String,
    /// Part of the path with its query, any if empty.
    #[serde(default)]
    pub path: String,
    /// How many that fit are let through first.
    #[serde(default)]
    pub after: u64,
    /// How many fail then.
    #[serde(default = "once")]
    pub times: u64,
    /// What happens.
    pub fault: Fault,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 429, with the seconds of `Retry-After` if there are any.
    TooManyRequests {
        /// Seconds.
        retry_after: Option<u64>,
    },
    /// The shop does what it was asked to, and the connection ends before the reply.
    LoseReply,
    /// The connection ends before the shop has read the request.
    LoseRequest,
    /// A page of the web server with this status.
    Page {
        /// HTTP status.
        status: u16,
    },
    /// The address has moved, e.g. to the one with `https`.
    Redirect {
        /// Where to.
        to: String,
    },
    /// The database met a lock, which the shop shows as a 400.
    LockConflict,
    /// The reply takes this much longer.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// The reply ends in the middle of its body.
    CutReply,
}

fn once() -> u64 {
    1
}

impl Rule {
    /// A fault of the next request that fits.
    #[must_use]
    pub fn once(method: &str, path: &str, fault: Fault) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), after: 0, times: 1, fault }
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        (self.method.is_empty() || self.method == method) && path.contains(&self.path)
    }
}

impl Faults {
    /// The time of a request.
    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_ms)
    }

    /// The fault of an operation, if one of the rules is its turn.
    pub(crate) fn take_operation(&mut self) -> Option<OperationFault> {
        for rule in &mut self.operations {
            if rule.after > 0 {
                rule.after -= 1;
            } else if rule.times > 0 {
                rule.times -= 1;
                return Some(rule.fault);
            }
        }
        None
    }

    /// The fault of a request, if one of the rules is its turn.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Fault> {
        for rule in self.rules.iter_mut().filter(|rule| rule.fits(method, path)) {
            if rule.after > 0 {
                rule.after -= 1;
            } else if rule.times > 0 {
                rule.times -= 1;
                return Some(rule.fault.clone());
            }
        }
        None
    }
}

//! The log of one attempt, as people read it beside the step.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use pipeline::Name;

/// Most bytes of a log that stay in the step's item, so that a beat over many steps stays cheap.
pub(crate) const ITEM_LIMIT_BYTES: usize = 700;

/// Most bytes of a log that are kept at all; the middle of a longer one is dropped.
const LIMIT_BYTES: usize = 1024 * 1024;

/// Collects the lines of one invocation.
#[derive(Debug, Default)]
pub struct StepLog {
    text: String,
    dropped_lines: usize,
}

/// How grave a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
}

impl StepLog {
    /// Goes on with what an earlier invocation of the attempt wrote.
    pub(crate) fn continued(text: &str) -> Self {
        StepLog { text: text.to_owned(), dropped_lines: 0 }
    }

    pub(crate) fn line(&mut self, at: DateTime<Utc>, level: Level, step: &Name, message: &str) {
        let level = match level {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        if self.text.len() + message.len() > LIMIT_BYTES {
            self.dropped_lines += 1;
            return;
        }
        writeln!(self.text, "{} {step} {level}: {message}", at.format("%Y-%m-%d %H:%M:%S"))
            .expect("a string takes all");
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> String {
        match self.dropped_lines {
            0 => self.text.clone(),
            lines => format!("{}({lines} more lines were dropped: the log is full)\n", self.text),
        }
    }

    /// The text if it fits the step's item, or its end with a hint where the whole is.
    pub(crate) fn for_item(&self, file_key: &str) -> String {
        let text = self.text();
        if text.len() <= ITEM_LIMIT_BYTES {
            return text;
        }
        let start = text.len() - ITEM_LIMIT_BYTES;
        let end = text[text.ceil_char_boundary(start)..].split_once('\n').map_or("", |(_, rest)| rest).to_owned();
        format!("(the whole log is in {file_key})\n{end}")
    }

    /// Whether the text is too long for the step's item.
    pub(crate) fn is_long(&self) -> bool {
        self.text.len() > ITEM_LIMIT_BYTES
    }
}

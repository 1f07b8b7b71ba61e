//! The log of one attempt, as people read it beside the step.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use pipeline::settings::{Scope, Settings};
use pipeline::{Name, PipelineId};

use crate::executor::working_directory::is_file_of;

/// Most bytes of a log that stay in the step's item, so that a beat over many steps stays cheap.
pub(crate) const ITEM_LIMIT_BYTES: usize = 700;

/// Most bytes of a log that are kept at all; what comes later is left out, but for errors.
const LIMIT_BYTES: usize = 1024 * 1024;

/// What the end of a log begins with in the step's item, before the key of the file.
const WHOLE_IN: &str = "(the whole log is in ";

/// Collects the lines of one invocation.
#[derive(Debug, Default)]
pub struct StepLog {
    text: String,
    dropped_lines: usize,
    /// What is less grave is not kept.
    least: Level,
}

/// How grave a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Level {
    #[default]
    Info,
    Warning,
    Error,
}

impl Level {
    /// What the setting `log.level` says for a pipeline.
    pub(crate) fn set_for(pipeline: &Name, settings: &Settings) -> Self {
        match settings.text("log.level", &Scope::Pipeline(pipeline.clone())) {
            "error" => Level::Error,
            "warning" => Level::Warning,
            _ => Level::Info,
        }
    }
}

impl StepLog {
    /// Goes on with what an earlier invocation of the attempt wrote.
    pub(crate) fn continued(text: &str, least: Level) -> Self {
        StepLog { text: text.to_owned(), dropped_lines: 0, least }
    }

    pub(crate) fn line(&mut self, at: DateTime<Utc>, level: Level, step: &Name, message: &str) {
        if level < self.least {
            return;
        }
        let is_error = level == Level::Error;
        let level = match level {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let is_full = self.dropped_lines > 0 || self.text.len() + message.len() > LIMIT_BYTES;
        if is_full && !is_error {
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
        let end = &text[text.ceil_char_boundary(text.len() - ITEM_LIMIT_BYTES)..];
        // Whole lines, if there is one.
        let lines = end.split_once('\n').map_or("", |(_, lines)| lines);
        format!("{WHOLE_IN}{file_key})\n{}", if lines.is_empty() { end } else { lines })
    }

    /// The file of the whole log, if a step's item has only its end.
    #[must_use]
    pub fn file_of<'a>(kept: &'a str, pipeline: &PipelineId) -> Option<&'a str> {
        let (first, _) = kept.split_once('\n')?;
        let key = first.strip_prefix(WHOLE_IN)?.strip_suffix(')')?;
        // What a step has logged begins with a time; still, no text leads out of the pipeline's own files.
        is_file_of(pipeline, key).then_some(key)
    }

    /// Whether the text is too long for the step's item.
    pub(crate) fn is_long(&self) -> bool {
        self.text.len() > ITEM_LIMIT_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[String]) -> StepLog {
        let mut log = StepLog::default();
        for line in lines {
            log.line(DateTime::UNIX_EPOCH, Level::Info, &"a".parse().unwrap(), line);
        }
        log
    }

    fn id() -> PipelineId {
        PipelineId::derive(&"p".parse().unwrap(), "1", DateTime::UNIX_EPOCH)
    }

    fn key() -> String {
        format!("work/{}/logs/a/1-0.log", id())
    }

    #[test]
    fn a_short_log_stays_whole() {
        let log = log(&["did it".to_owned()]);
        assert_eq!(log.for_item("k"), "1970-01-01 00:00:00 a info: did it\n");
        assert!(!log.is_long());
        assert_eq!(StepLog::file_of(&log.for_item(&key()), &id()), None);
    }

    #[test]
    fn of_a_long_log_the_item_has_the_last_whole_lines() {
        let log = log(&(0..40).map(|line| format!("line {line} äöü")).collect::<Vec<_>>());
        let text = log.for_item(&key());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("(the whole log is in {})", key()));
        assert_eq!(StepLog::file_of(&text, &id()), Some(key().as_str()));
        assert!(lines[1].starts_with("1970") && lines.last().unwrap().ends_with("line 39 äöü"), "{text}");
        assert!(text.len() < ITEM_LIMIT_BYTES + 40 + key().len());
    }

    #[test]
    fn of_a_line_that_is_too_long_alone_the_item_has_the_end() {
        let text = log(&[format!("{} the end", "ä".repeat(2_000))]).for_item("k");
        assert!(text.ends_with("ä the end\n") && text.len() < ITEM_LIMIT_BYTES + 40, "{text}");
    }

    #[test]
    fn a_full_log_drops_what_comes_later_but_for_errors() {
        let mut log = log(&vec!["x".repeat(1_000); 1_100]);
        let name = "a".parse().unwrap();
        log.line(DateTime::UNIX_EPOCH, Level::Info, &name, "short");
        log.line(DateTime::UNIX_EPOCH, Level::Error, &name, "the server did not answer");
        let text = log.text();
        assert!(!text.contains("short"));
        let end: Vec<&str> = text.lines().rev().take(2).collect();
        assert_eq!(end[1], "1970-01-01 00:00:00 a error: the server did not answer");
        let dropped = 1_100 - (text.lines().count() - 2) + 1;
        assert_eq!(end[0], format!("({dropped} more lines were dropped: the log is full)"));
    }
}

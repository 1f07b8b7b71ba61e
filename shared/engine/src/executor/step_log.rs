//! The log of one attempt, as people read it beside the step.
//!
//! Of a long log the first and the last lines are kept, for the cause of a failure is at the end and what led to it often at
//! the beginning. What is left out between them is counted, in bytes too, so that a place in the log stays the same
//! place while it grows.

use std::collections::VecDeque;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use pipeline::settings::{Scope, Settings};
use pipeline::visible::visible;
use pipeline::{Name, PipelineId};

use crate::executor::working_directory::is_file_of;

/// Most bytes of a log that stay in the step's item, so that a beat over many steps stays cheap.
pub(crate) const ITEM_LIMIT_BYTES: usize = 700;

/// Most bytes of the first lines, and of the last ones.
const END_LIMIT_BYTES: usize = 512 * 1024;

/// Most bytes of one line; a longer one is cut.
const LINE_LIMIT_BYTES: usize = 64 * 1024;

/// What the end of a log begins with in the step's item, before the key of the file.
const WHOLE_IN: &str = "(the whole log is in ";

/// Collects the lines of one invocation.
#[derive(Debug, Default)]
pub struct StepLog {
    /// The first lines.
    first: String,
    left_out: LeftOut,
    /// The last lines, each with its end; none as long as all of them fit the first ones.
    last: VecDeque<String>,
    last_bytes: usize,
    /// What is less grave is not kept.
    least: Level,
}

/// Lines between the first and the last ones that are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct LeftOut {
    lines: usize,
    bytes: usize,
}

/// What of a log comes behind a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPart {
    /// The lines, with a note where some are left out.
    pub text: String,
    /// The place behind them, where the next part begins.
    pub next_offset: usize,
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

impl LeftOut {
    /// Reads the note of [`LeftOut::note`]. Every other line of a log begins with a time, so none is taken for it.
    fn of_note(line: &str) -> Option<Self> {
        let (lines, rest) = line.strip_prefix("(here ")?.split_once(" lines with ")?;
        let (bytes, _) = rest.split_once(" bytes are left out")?;
        Some(LeftOut { lines: lines.parse().ok()?, bytes: bytes.parse().ok()? })
    }

    /// What stands in the place of the lines.
    fn note(self) -> String {
        let LeftOut { lines, bytes } = self;
        if lines == 0 {
            return String::new();
        }
        let kept = END_LIMIT_BYTES / 1024;
        format!("(here {lines} lines with {bytes} bytes are left out; a log keeps its first and its last {kept} KiB)\n")
    }
}

impl StepLog {
    /// Goes on with what an earlier invocation of the attempt wrote.
    pub(crate) fn continued(text: &str, least: Level) -> Self {
        let (first, left_out, last) = taken_apart(text);
        let mut log = StepLog { left_out, least, ..StepLog::default() };
        if left_out.lines > 0 {
            first.clone_into(&mut log.first);
            last.split_inclusive('\n').for_each(|line| log.push_last(line.to_owned()));
        } else {
            text.split_inclusive('\n').for_each(|line| log.push(line.to_owned()));
        }
        log
    }

    /// Adds a message, a line of the log for each line of it. Nothing of it can confuse a terminal.
    pub(crate) fn line(&mut self, at: DateTime<Utc>, level: Level, step: &Name, message: &str) {
        if level < self.least {
            return;
        }
        let level = match level {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let at = at.format("%Y-%m-%d %H:%M:%S");
        for part in message.split('\n') {
            let shown = visible(part.strip_suffix('\r').unwrap_or(part));
            let kept = &shown[..shown.floor_char_boundary(LINE_LIMIT_BYTES)];
            let mut line = format!("{at} {step} {level}: {kept}");
            if kept.len() < shown.len() {
                write!(line, "… ({} bytes more)", shown.len() - kept.len()).expect("a string takes all");
            }
            line.push('\n');
            self.push(line);
        }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.first.clone();
        text += &self.left_out.note();
        self.last.iter().for_each(|line| text += line);
        text
    }

    /// How many bytes were logged, whether they are kept or not.
    pub(crate) fn length(&self) -> usize {
        self.first.len() + self.left_out.bytes + self.last_bytes
    }

    /// What of a log's whole text comes behind a place, counted in bytes of all that was logged.
    ///
    /// A place inside a character counts as the character's beginning.
    #[must_use]
    pub fn part(text: &str, offset: usize) -> LogPart {
        let (first, left_out, last) = taken_apart(text);
        let last_begins = first.len() + left_out.bytes;
        let next_offset = last_begins + last.len();
        let text = if offset < first.len() {
            format!("{}{}{last}", &first[first.floor_char_boundary(offset)..], left_out.note())
        } else if offset < last_begins {
            // Some lines are gone before the reader came to them; only their bytes are known.
            format!("(here {} bytes are left out)\n{last}", last_begins - offset)
        } else {
            last[last.floor_char_boundary(offset - last_begins)..].to_owned()
        };
        LogPart { text, next_offset: next_offset.max(offset) }
    }

    fn push(&mut self, line: String) {
        let is_behind = !self.last.is_empty() || self.left_out.lines > 0;
        if !is_behind && self.first.len() + line.len() <= END_LIMIT_BYTES {
            self.first += &line;
        } else {
            self.push_last(line);
        }
    }

    fn push_last(&mut self, line: String) {
        self.last_bytes += line.len();
        self.last.push_back(line);
        while self.last_bytes > END_LIMIT_BYTES
            && let Some(line) = self.last.pop_front()
        {
            self.last_bytes -= line.len();
            self.left_out = LeftOut { lines: self.left_out.lines + 1, bytes: self.left_out.bytes + line.len() };
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
        // A note stands only where much more is kept.
        self.first.len() + self.last_bytes > ITEM_LIMIT_BYTES
    }
}

/// The first lines of a log, what is left out behind them, and the last ones. All are first ones if nothing is left out.
fn taken_apart(text: &str) -> (&str, LeftOut, &str) {
    let mut begins = 0;
    for line in text.split_inclusive('\n') {
        if let Some(left_out) = LeftOut::of_note(line) {
            return (&text[..begins], left_out, &text[begins + line.len()..]);
        }
        begins += line.len();
    }
    (text, LeftOut::default(), "")
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
    fn of_a_log_that_is_too_long_both_ends_are_kept_and_the_rest_is_counted() {
        let line = |number: usize| format!("line {number} {}", "x".repeat(980));
        let log = log(&(0..3_000).map(line).collect::<Vec<_>>());
        let text = log.text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("info: line 0 ") && lines.last().unwrap().contains("info: line 2999 "));
        let note = lines.iter().position(|line| line.starts_with("(here ")).unwrap();
        let number = |line: &str| line.split(' ').nth(5).unwrap().parse::<usize>().unwrap();
        let (before, after) = (number(lines[note - 1]), number(lines[note + 1]));
        let expected = format!("(here {} lines with ", after - before - 1);
        assert!(lines[note].starts_with(&expected), "{}", lines[note]);
        assert!((1_000_000..=1_049_000).contains(&text.len()), "{}", text.len());
        let logged: usize = (0..3_000).map(|number| "1970-01-01 00:00:00 a info: \n".len() + line(number).len()).sum();
        assert_eq!(log.length(), logged);
    }

    #[test]
    fn a_log_goes_on_where_another_invocation_left_it() {
        for count in [0, 10, 700, 3_000] {
            let lines: Vec<String> = (0..count).map(|number| format!("line {number} {}", "x".repeat(980))).collect();
            let (begun, rest) = lines.split_at(count / 2);
            let mut continued = StepLog::continued(&log(begun).text(), Level::Info);
            for line in rest {
                continued.line(DateTime::UNIX_EPOCH, Level::Info, &"a".parse().unwrap(), line);
            }
            assert_eq!(continued.text(), log(&lines).text(), "{count}");
            assert_eq!(continued.length(), log(&lines).length(), "{count}");
        }
    }

    #[test]
    fn who_follows_a_log_sees_each_line_once_and_how_much_was_missed() {
        let mut log = StepLog::default();
        let name = "a".parse().unwrap();
        let (mut offset, mut seen) = (0, String::new());
        for number in 0..3_000 {
            log.line(DateTime::UNIX_EPOCH, Level::Info, &name, &format!("line {number} {}", "ä".repeat(490)));
            // Often enough to miss nothing.
            if number % 100 == 99 {
                let part = StepLog::part(&log.text(), offset);
                (offset, seen) = (part.next_offset, seen + &part.text);
            }
        }
        assert_eq!(seen.lines().count(), 3_000);
        assert!(!seen.contains("left out"));
        assert_eq!(offset, log.length());
        assert_eq!(StepLog::part(&log.text(), offset), LogPart { text: String::new(), next_offset: offset });
        assert_eq!(StepLog::part(&log.text(), offset + 7), LogPart { text: String::new(), next_offset: offset + 7 });
        let late = StepLog::part(&log.text(), END_LIMIT_BYTES + 1_000).text;
        assert!(late.starts_with("(here ") && late.lines().next().unwrap().ends_with(" bytes are left out)"), "{late}");
        assert!(late.len() < END_LIMIT_BYTES + 100);
        // Not inside of a character.
        let all = StepLog::part(&log.text(), 0).text;
        let inside = all.find('ä').unwrap() + 1;
        assert!(StepLog::part(&log.text(), inside).text.starts_with('ä'));
    }

    #[test]
    fn a_message_cannot_look_like_a_note_or_move_the_cursor() {
        let log =
            log(&["\u{1b}[2Jgone\u{202e}".to_owned(), "two\r\n(here 7 lines with 7 bytes are left out)".to_owned()]);
        let expected = "1970-01-01 00:00:00 a info: ␛[2Jgone<U+202E>\n1970-01-01 00:00:00 a info: two\n\
                        1970-01-01 00:00:00 a info: (here 7 lines with 7 bytes are left out)\n";
        assert_eq!(log.text(), expected);
        assert_eq!(StepLog::part(expected, 0).next_offset, expected.len());
    }

    #[test]
    fn a_line_that_is_far_too_long_is_cut_between_characters() {
        let text = log(&["€".repeat(30_000)]).text();
        assert!(text.ends_with("€… (24465 bytes more)\n"), "{}", &text[text.len() - 60..]);
    }
}

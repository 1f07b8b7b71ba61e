//! What is noted beside a thing: when it was changed last, and what by. A line of text, for each thing has one.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use pipeline::PipelineId;
use serde::Serialize;

/// The row that changed a thing last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastChange {
    /// When it was written, to the second.
    pub at: DateTime<Utc>,
    /// The pipeline that imported it.
    pub pipeline: PipelineId,
    /// Base name of the file.
    pub file: String,
    /// Line on which the row starts.
    pub line: u64,
}

/// Why a text is no note of a last change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no note of a change (expected time, pipeline, line and file, with a space between)")]
pub struct BadLastChange {
    found: String,
}

/// As it is stored: the file last, for its name may have spaces.
impl fmt::Display for LastChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(f, "{at} {} {} {}", self.pipeline, self.line, self.file)
    }
}

impl FromStr for LastChange {
    type Err = BadLastChange;

    fn from_str(text: &str) -> Result<Self, BadLastChange> {
        read(text).ok_or_else(|| BadLastChange { found: text.chars().take(200).collect() })
    }
}

fn read(text: &str) -> Option<LastChange> {
    let mut parts = text.splitn(4, ' ');
    let at = parts.next()?.parse().ok()?;
    let pipeline = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    let file = parts.next().filter(|file| !file.is_empty())?.to_owned();
    Some(LastChange { at, pipeline, file, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let text = "2026-08-01T02:47:56Z 01m804t3nd0zrr36at44 118 product-import_spring sale_01.csv";
        let read: LastChange = text.parse().unwrap();
        assert_eq!((read.line, read.file.as_str()), (118, "product-import_spring sale_01.csv"));
        assert_eq!(read.to_string(), text);
        let with_millis = LastChange { at: "2026-08-01T02:47:56.789Z".parse().unwrap(), ..read };
        assert_eq!(with_millis.to_string(), text, "to the second");
    }

    #[test]
    fn what_is_no_note_is_told_as_it_is() {
        let id = "01m804t3nd0zrr36at44";
        for text in ["", "x", &format!("2026-08-01T02:47:56Z {id} 1"), &format!("2026-08-01T02:47:56Z {id} one a.csv")]
        {
            let problem = text.parse::<LastChange>().unwrap_err().to_string();
            assert!(problem.starts_with(&format!("`{text}` is no note of a change")), "{problem}");
        }
    }
}

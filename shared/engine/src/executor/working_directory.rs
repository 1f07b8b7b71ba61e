//! The files of one pipeline: where they lie, and which keys are its own.

use pipeline::{Name, PipelineId};

/// The file prefix that belongs to one pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDirectory {
    prefix: String,
}

impl WorkingDirectory {
    /// The working directory of a pipeline.
    #[must_use]
    pub fn of(pipeline: &PipelineId) -> Self {
        WorkingDirectory { prefix: format!("work/{pipeline}/") }
    }

    /// The key of a file in it.
    #[must_use]
    pub fn key(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Its prefix, with a slash at the end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of the log of one attempt that is too long for its step's item.
    #[must_use]
    pub(crate) fn log_key(&self, step: &Name, attempt: u32, token: &str) -> String {
        self.key(&format!("logs/{step}/{attempt}-{token}.log"))
    }
}

/// Whether a key is that of a file that a pipeline works on or has left.
pub(crate) fn is_file_of(pipeline: &PipelineId, key: &str) -> bool {
    let is_ours = ["work", "archive"].iter().any(|place| key.starts_with(&format!("{place}/{pipeline}/")));
    is_ours && store::files::check_key(key).is_ok()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn the_files_of_a_pipeline_lie_below_its_own_prefixes() {
        let id = |cause: &str| PipelineId::derive(&"p".parse().unwrap(), cause, DateTime::UNIX_EPOCH);
        let (own, other) = (id("own"), id("other"));
        for key in [format!("work/{own}/first/1-t/a.json"), format!("archive/{own}/files/a.csv")] {
            assert!(is_file_of(&own, &key), "{key}");
        }
        for key in [
            format!("work/{other}/files/a.csv"),
            format!("archive/{other}/files/a.csv"),
            format!("work/{own}"),
            format!("work/{own}x/a.csv"),
            format!("work/{own}/../{other}/files/a.csv"),
            format!("work/{own}//a.csv"),
            format!("/work/{own}/a.csv"),
            "pipelines/a.xml".to_owned(),
            "incoming/a.csv".to_owned(),
            String::new(),
        ] {
            assert!(!is_file_of(&own, &key), "{key}");
        }
    }
}

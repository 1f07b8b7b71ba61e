//! A pipeline on the command line, as a person names it. What it stands for is found by [`crate::ids`].

use std::fmt;
use std::str::FromStr;

use pipeline::Name;

/// How a person names a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PipelineReference(String);

/// What names no pipeline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a pipeline id (expected 20 characters of `0-9a-z` as in `01jd9x4k7m3fq8zt0v2c`, or the beginning of one)"
)]
pub(crate) struct BadPipelineReference {
    /// The text, shortened.
    found: String,
}

impl PipelineReference {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PipelineReference {
    type Err = BadPipelineReference;

    fn from_str(text: &str) -> Result<Self, BadPipelineReference> {
        match text.parse::<Name>() {
            Ok(_) => Ok(PipelineReference(text.to_owned())),
            Err(_) => Err(BadPipelineReference { found: text.chars().take(40).collect() }),
        }
    }
}

impl fmt::Display for PipelineReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

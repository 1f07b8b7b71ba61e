//! How large a configuration may be. What is larger is a mistake in the bucket, not a configuration.

/// Most bytes of one file.
pub const FILE_BYTES: usize = 256 * 1024;

/// Most bytes of all files together. The merged result is read by every step of an import.
pub const TOTAL_BYTES: usize = 1024 * 1024;

/// Most files.
pub const MAX_FILES: usize = 100;

/// The deepest value: a table of a callback of a column, for an operation, entity and pipeline, is on level 12.
pub(super) const MAX_DEPTH: usize = 16;

/// Most regular expressions. Each may take [`REGEX_BYTES`] of memory.
pub(super) const MAX_REGEXES: usize = 100;

/// Most bytes of a compiled regular expression; repetitions of repetitions soon are larger.
pub(super) const REGEX_BYTES: usize = 256 * 1024;

/// Most characters that a callback may make of a cell.
pub(super) const MAX_MADE_BYTES: usize = crate::csv::MAX_CELL_BYTES;

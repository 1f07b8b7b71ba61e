//! How much is read at most, and why that is enough.
//!
//! Each limit is checked before the work that it bounds. They are far above what people write and far below what hurts.

/// Most bytes of one file. The largest definition we know has 40 KB; a caller that fetches files should stop here too.
pub const FILE_BYTES: usize = 1 << 20;

/// Most elements within elements. The deepest that means something is 7: an argument of a condition of a step.
pub const DEPTH: usize = 16;

/// Most elements of one file: a thousand steps with ten elements each, twice.
pub const ELEMENTS: usize = 20_000;

/// Most attributes of one element. A step has 7.
pub const ATTRIBUTES: usize = 16;

/// Most bytes of the name of an element or attribute. The longest that means something has 29.
pub const NAME_BYTES: usize = 100;

/// Most bytes of an attribute's value: a long argument, as a list of a few hundred prefixes.
pub const VALUE_BYTES: usize = 8 << 10;

/// Most definitions of all files together; a beat looks at each of them every minute.
pub const DEFINITIONS: usize = 1_000;

/// Most conditions of one pipeline or step, each of which is asked in every beat.
pub const CONDITIONS: usize = 32;

/// Most arguments of one step or condition.
pub const ARGUMENTS: usize = 100;

/// Most bytes of a definition in its stored form. It becomes one table item, which may have 400 KB, beside the arguments
/// that conditions and callers hand to a pipeline.
pub const DEFINITION_BYTES: usize = 300_000;

/// Most errors that are reported of one definition. Somebody mends the first of them and reads again.
pub const ERRORS: usize = 20;

/// After so many errors of references no near word is looked for any more: each look goes through all pipelines.
pub const SUGGESTIONS: usize = 100;

/// Most characters of a found text that an error quotes: a class name of the original in full.
pub const QUOTED_CHARACTERS: usize = 120;

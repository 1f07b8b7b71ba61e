//! What pipelines and steps are told.

use std::collections::BTreeMap;

/// String arguments, by key.
pub type Arguments = BTreeMap<String, String>;

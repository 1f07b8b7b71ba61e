//! What readers see of things that were written while listings are held back.

use serde_json::{Value, json};
use store::table::Item;

/// Attribute of a thing that tells since which generation readers see something else, and where.
pub(in crate::own) const SEEN: &str = "seen";

/// What readers see of a thing that was written while listings are held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::own) enum Seen {
    /// Nothing: it was made in this generation.
    Nothing(u64),
    /// What is kept beside it.
    KeptBefore(u64),
}

impl Seen {
    /// The generation in which it was written first.
    pub(super) fn generation(self) -> u64 {
        match self {
            Self::Nothing(generation) | Self::KeptBefore(generation) => generation,
        }
    }

    /// Reads it from the item of a thing.
    pub(in crate::own) fn of(item: &Item) -> Option<Self> {
        let text = item.attributes.get(SEEN).and_then(Value::as_str)?;
        let (generation, what) = text.split_once(' ')?;
        let generation = generation.parse().ok()?;
        match what {
            "nothing" => Some(Self::Nothing(generation)),
            "before" => Some(Self::KeptBefore(generation)),
            _ => None,
        }
    }

    pub(in crate::own) fn to_json(self) -> Value {
        match self {
            Self::Nothing(generation) => json!(format!("{generation} nothing")),
            Self::KeptBefore(generation) => json!(format!("{generation} before")),
        }
    }
}

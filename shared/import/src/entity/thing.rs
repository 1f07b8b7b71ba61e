use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::listed_under::ListedUnder;

/// What changes add up to, as a catalogue keeps it.
pub trait Thing: Clone + PartialEq + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// One of them, where they are kept: `product`.
    const NAME: &'static str;

    /// Number of the stored form; raised when old readers would misunderstand it.
    const SCHEMA: u32;

    /// Whether it is a fact of the shop: there are few of them, they are kept together and read as a whole.
    const IS_FACT: bool = false;

    /// Whether readers of a catalogue see it in listings, which show what was there before for as long as an import holds
    /// them back.
    const IS_LISTED: bool = false;

    /// Returns under what a catalogue lists it. Most things are looked up by their keys alone.
    #[must_use]
    fn listed_under(&self) -> Vec<ListedUnder> {
        Vec::new()
    }

    /// Says whether the thing has something for itself that nobody else may have, such as an address. Most things share all.
    #[must_use]
    fn holds(&self, _under: &ListedUnder) -> bool {
        false
    }

    /// Writes the thing as it is stored: JSON with its schema number.
    #[must_use]
    fn to_json(&self) -> String {
        let stored = WithSchema { schema: Self::SCHEMA, thing: self };
        serde_json::to_string(&stored).expect("a thing has text keys only")
    }

    /// Reads a stored thing.
    ///
    /// # Errors
    /// Fails if the schema is unknown or the text is malformed.
    fn from_json(json: &str) -> Result<Self, JsonError> {
        let malformed = |source| JsonError::Malformed { name: Self::NAME, source };
        let SchemaOnly { schema: found } = serde_json::from_str(json).map_err(malformed)?;
        if found != Self::SCHEMA {
            return Err(JsonError::Schema { name: Self::NAME, found, expected: Self::SCHEMA });
        }
        let stored: WithSchema<Self> = serde_json::from_str(json).map_err(malformed)?;
        Ok(stored.thing)
    }
}

/// What a change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum ChangeEffect {
    /// The thing was like this already; there is nothing to write.
    Unchanged,
    /// The thing differs from before.
    Changed,
}

/// Something that a thing is below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Above<C> {
    /// What people call it.
    pub name: String,
    /// The change that makes it, if nothing more is known of it than that it is needed.
    pub change: C,
}

/// What a delete operation took from a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Removal {
    /// All of it: the thing shall be gone.
    Whole,
    /// A part of it, such as a tier price of a product.
    Part,
    /// The thing has nothing of what the row names.
    Nothing,
}

/// Why a stored text is not a thing.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// The text has another form than this version writes.
    #[error("schema {found} of a stored {name} is unknown (expected {expected})")]
    Schema {
        /// What was expected, such as `product`.
        name: &'static str,
        /// The number found.
        found: u32,
        /// The number that this version writes.
        expected: u32,
    },
    /// The text is no JSON, or lacks something.
    #[error("stored {name} is malformed")]
    Malformed {
        /// What was expected, such as `product`.
        name: &'static str,
        /// What is wrong with the text.
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Serialize, Deserialize)]
struct WithSchema<T> {
    schema: u32,
    #[serde(flatten)]
    thing: T,
}

#[derive(Deserialize)]
struct SchemaOnly {
    schema: u32,
}

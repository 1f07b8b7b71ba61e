use catalog::own::PublishPlace;
use serde::{Deserialize, Serialize};

/// How far a draft is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Published {
    /// Where to go on; none behind the last thing.
    pub(super) place: Option<PublishPlace>,
    /// The things that are in the catalogue.
    pub(super) things: u64,
    /// Those of them that somebody else had changed meanwhile.
    pub(super) met: u64,
}

impl Published {
    /// Nothing so far.
    pub(super) fn nothing() -> Self {
        Self { place: Some(PublishPlace::default()), things: 0, met: 0 }
    }
}

//! What changes say of other things: what they name, and what they claim for themselves.

use std::borrow::Cow;

use crate::entity::ListedUnder;

/// Another thing of the same kind that a change names, such as a product that it links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The column that names it.
    pub column: &'static str,
    /// Its key.
    pub key: String,
    /// Its name as written.
    pub name: String,
}

/// A value that no other thing may have, such as an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The column that states it.
    pub column: Cow<'static, str>,
    /// Among what it must differ. A thing has one value there at most.
    pub scope: ClaimScope,
    /// The value, in the form in which it compares.
    pub value: String,
    /// Where it comes from.
    pub origin: ClaimOrigin,
}

/// Among what a value must differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClaimScope {
    /// Among the addresses of a store view, or of those that are for everybody.
    Address {
        /// Code of the store view.
        store_view: Option<String>,
    },
    /// Among the values of an attribute.
    Attribute {
        /// Its code.
        code: String,
    },
}

/// Where a value comes from that no other thing may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimOrigin {
    /// The row states it.
    Stated,
    /// It is made of the name of a new thing. If it is taken, the thing gets another one: with a number behind it.
    MadeOfName,
}

impl Claim {
    /// Under what a catalogue finds who has the value, if it can find out.
    #[must_use]
    pub fn listed_under(&self) -> Option<ListedUnder> {
        match &self.scope {
            ClaimScope::Address { store_view } => {
                Some(ListedUnder::UrlKey { store_view: store_view.clone(), url_key: self.value.clone() })
            }
            // A shop does not look at stored values either: it would have to read all of them.
            ClaimScope::Attribute { .. } => None,
        }
    }

    /// The same with a number behind the value; without one for 0.
    pub(super) fn numbered(&self, number: usize) -> Self {
        match number {
            0 => self.clone(),
            _ => Self { value: format!("{}-{number}", self.value), ..self.clone() },
        }
    }
}

impl ClaimOrigin {
    /// Says whether the claim counts for things that are there, too.
    pub(super) fn counts_always(self) -> bool {
        match self {
            Self::Stated => true,
            Self::MadeOfName => false,
        }
    }
}

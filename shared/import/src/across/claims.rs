//! What changes say of other things: what they name, and what they claim for themselves.

use std::borrow::Cow;

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
    /// What must differ: the value in the form in which it compares, with where it holds.
    pub key: String,
    /// The value as people see it.
    pub value: String,
    /// Whose it counts for.
    pub counts: ClaimCounts,
}

/// For which things a claim counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimCounts {
    /// For all.
    Always,
    /// Only for new ones, such as an address made of the name.
    IfNew,
}

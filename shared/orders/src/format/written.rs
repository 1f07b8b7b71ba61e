//! What comes of writing a document.

/// A document, and what was changed on the way into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The document.
    pub bytes: Vec<u8>,
    /// What a person should know of.
    pub notes: Vec<FormatNote>,
}

/// Something that the document says otherwise than the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatNote {
    /// The element, with those around it: `ORDER/ORDER_ITEM_LIST/ORDER_ITEM/…`.
    pub element: String,
    /// What was changed, as the end of a sentence that begins with the element.
    pub problem: String,
}

/// Why a document cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{element}`: `{text}` has {characters} characters, and {limit} are possible; an identifier is not cut: the settings' table of \
     numbers needs a shorter one for it"
)]
pub struct WriteError {
    /// The element.
    pub element: String,
    /// Its text.
    pub text: String,
    /// How long that is.
    pub characters: usize,
    /// How long it may be.
    pub limit: usize,
}

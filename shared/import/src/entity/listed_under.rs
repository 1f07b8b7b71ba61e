/// Something under which a catalogue lists a thing, so that it is found without looking at all things.
///
/// Keys are in the form in which they compare.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListedUnder {
    /// Its attribute set.
    AttributeSet {
        /// Key of the set.
        set: String,
    },
    /// A category that it belongs to.
    Category {
        /// Key of the category.
        category: String,
        /// Its place there.
        position: u32,
    },
    /// The part of an address that names it: in a store view, or wherever a store view has none of its own.
    UrlKey {
        /// Code of the store view.
        store_view: Option<String>,
        /// The part of the address.
        url_key: String,
    },
}

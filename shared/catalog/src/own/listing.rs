//! Listings: what readers see of the catalogue, by category, attribute set and address.
//!
//! | item | partition | sort |
//! |---|---|---|
//! | state: generation, who holds listings back, who indexes | `listing` | `state` |
//! | entry of an attribute set | `listing/set/<set>/<0-7>` | `<key>` |
//! | entry of a category | `listing/category/<path>/<0-7>` | `<position>/<key>` |
//! | entry of an address | `listing/url/<store view>/<00-15>` | `<url key>/<key>` |
//! | thing as readers see it while listings are held back | that of the thing | `<name>-before/<key>` |
//!
//! | access | function |
//! |---|---|
//! | products under something, page by page | [`products`] |
//! | what readers see of categories | [`seen_categories`] |
//! | hold listings back, let them go | [`suspend`], [`resume`] |
//! | mend entries, drop what is not needed any more | [`tidy`], [`rebuild`] |
//!
//! An entry is a suggestion: a reader takes a thing only if the thing that it may see says the same. So an entry too many
//! costs a read and nothing else, and there is one for everything that a reader must find: it is written before the thing
//! if the thing is new, and in one group with it otherwise.
//!
//! While listings are held back, a write puts what readers saw before beside the thing, once in a generation. Letting them
//! go is one conditional write, after which everybody sees everything as it is.
//!
//! **Invariant:** whatever is listed of a thing has its entry, whoever dies when.

pub(super) mod entries;
mod mend;
mod read;
pub(super) mod seen;
mod sight;
mod state;
pub(super) mod write;

pub use mend::{MendPlace, Mended, rebuild, tidy};
pub use read::{Found, ListingQuery, PAGE_LIMIT, ProductPage, products, seen_categories, seen_products};
pub use sight::{Sight, ended, sight};
pub use state::{ListingState, Resumed, begin_indexing, end_indexing, resume, state, suspend};

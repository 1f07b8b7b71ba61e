//! From an address to a route: store code, kind of call and token.

use crate::refusal::Refusal;
use crate::state::store::Stores;

/// How a call is meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    /// Answered at once.
    Plain,
    /// One item for the queue.
    Async,
    /// A list of items for the queue.
    Bulk,
}

/// The parts of an address.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub mode: Mode,
    /// Store view, 0 for `all`.
    pub store: u32,
    /// Path of the route, from the version on.
    pub path: String,
}

/// Takes a path below `/rest/` apart.
pub(crate) fn place(stores: &Stores, method: &str, path: &str) -> Result<Place, Refusal> {
    let unprocessable = || Refusal::bad("Specified request cannot be processed.");
    let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let is_version = |segment: Option<&&str>| {
        segment.is_some_and(|text| text.strip_prefix('V').is_some_and(|rest| rest.parse::<u8>().is_ok()))
    };
    let has_code = !is_version(segments.first()) && segments.first() != Some(&"async");
    let code = (has_code && !segments.is_empty()).then(|| segments.remove(0));
    let store = stores.view_of(code).ok_or_else(unprocessable)?;
    let mut mode = Mode::Plain;
    if segments.first() == Some(&"async") {
        segments.remove(0);
        mode = Mode::Async;
        if segments.first() == Some(&"bulk") {
            segments.remove(0);
            mode = Mode::Bulk;
        }
    }
    if !is_version(segments.first()) || (mode != Mode::Plain && method == "GET") {
        return Err(unprocessable());
    }
    Ok(Place { mode, store, path: segments.join("/") })
}

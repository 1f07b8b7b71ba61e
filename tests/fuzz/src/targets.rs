//! The targets, by what they read.

pub(crate) mod api;
pub(crate) mod configurations;
pub(crate) mod definitions;
pub(crate) mod drops;
pub(crate) mod entities;
pub(crate) mod events;
pub(crate) mod executors;
pub(crate) mod files;
pub(crate) mod items;
pub(crate) mod products;
pub(crate) mod replies;
pub(crate) mod responses;
pub(crate) mod values;

/// Reads a value back from its JSON, which must give it again.
///
/// # Panics
/// If it does not.
fn assert_kept<T>(value: &T)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let json = serde_json::to_string(value).expect("what was read can be written");
    let again: T = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(again, *value, "read back from its JSON");
}

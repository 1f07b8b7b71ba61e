//! Reads lists of the shop as rows with the fields that are needed.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::client::{Error, SearchCriteria, ShopCall, ShopClient};

/// Reads a list page by page.
pub(super) async fn listed<T: DeserializeOwned>(
    client: &ShopClient,
    call: ShopCall,
    item_fields: &str,
) -> Result<Vec<T>, Error> {
    let what = format!("{call:?}");
    let criteria = SearchCriteria { item_fields: item_fields.to_owned(), ..SearchCriteria::default() };
    let items = client.list(call, criteria).await?;
    items.into_iter().map(|item| row(&what, item)).collect()
}

/// Reads a list that has no pages.
pub(super) async fn whole<T: DeserializeOwned>(client: &ShopClient, call: &ShopCall) -> Result<Vec<T>, Error> {
    let what = format!("{call:?}");
    let answer = client.call(call).await?;
    // With chosen fields an empty list comes as nothing.
    if answer.is_null() { Ok(Vec::new()) } else { row(&what, answer) }
}

/// Reads a field that may come as nothing: with chosen fields, the shop gives nothing for what is empty.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn row<T: DeserializeOwned>(what: &str, item: Value) -> Result<T, Error> {
    serde_json::from_value(item).map_err(|error| Error::Misread { what: what.to_owned(), problem: error.to_string() })
}

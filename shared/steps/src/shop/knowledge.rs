//! What a shop has, kept in a file of the store, because to ask for it takes the shop some dozens of requests.
//!
//! Whoever asks the shop anew keeps what it says for all others. What an import makes of the shop makes the file old.

use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::{ExecutorError, Work};
use magento::client::ShopClient;
use magento::facts::{self, ShopKnowledge};
use serde::{Deserialize, Serialize};

use super::of_shop;
use super::settings::SetShop;

/// Where what is known of shops is kept.
pub const SHOPS_PREFIX: &str = "shops/";

/// How old what is known may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShopAge {
    /// As old as the shop's settings say.
    Kept,
    /// It is asked for now.
    Fresh,
}

/// What is known of a shop, as a file.
#[derive(Serialize, Deserialize)]
struct KnownFile {
    /// The address for which it holds: with another one it is that of another shop.
    url: String,
    known: ShopKnowledge,
}

/// What a shop has: what was kept, or what it says now.
pub(crate) async fn known(
    work: &Work<'_>,
    (shop, client): (&SetShop, &ShopClient),
    age: ShopAge,
) -> Result<ShopKnowledge, ExecutorError> {
    if age == ShopAge::Kept
        && let Some(kept) = kept(work, shop).await?
    {
        return Ok(kept);
    }
    let known = facts::read(client).await.map_err(|error| of_shop(&error))?;
    let file = KnownFile { url: shop.url.clone(), known };
    let bytes = serde_json::to_vec(&file).expect("what is known has text keys only");
    work.store.files.put(&key(&shop.name), bytes.into()).await?;
    Ok(file.known)
}

/// Makes whoever needs it ask the shop anew.
pub(crate) async fn forget(work: &Work<'_>, shop: &str) -> Result<(), ExecutorError> {
    Ok(work.store.files.delete(&key(shop)).await?)
}

/// What was kept, unless it is too old, of another shop, or cannot be read any more.
async fn kept(work: &Work<'_>, shop: &SetShop) -> Result<Option<ShopKnowledge>, ExecutorError> {
    let Some(bytes) = work.store.files.get(&key(&shop.name), None).await? else { return Ok(None) };
    let Ok(KnownFile { url, known }) = serde_json::from_slice::<KnownFile>(&bytes) else { return Ok(None) };
    let is_young = is_young(known.read_at, shop.facts_kept_for, work.now());
    Ok((url == shop.url && is_young).then(|| known.told()))
}

fn is_young(read_at: DateTime<Utc>, kept_for: Duration, now: DateTime<Utc>) -> bool {
    // A clock that was set back does not keep it for ever.
    (now - read_at).to_std().is_ok_and(|age| age < kept_for)
}

fn key(shop: &str) -> String {
    format!("{SHOPS_PREFIX}{shop}/known.json")
}

//! Whose the addresses are that rows want.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use import::across::Holders;
use import::entity::{ListedUnder, Thing};
use store::table::{Query, Table};

use super::error::Error;
use super::items;
use super::listing::entries::{place_of_address, product_of};

/// How many addresses are looked up at the same time.
const PARALLEL_READS: usize = 32;

/// Says whose some addresses are, as things are stored: what readers see while listings are held back does not count.
///
/// # Errors
/// The store did not answer, or a thing cannot be understood.
pub(super) async fn holders<T: Thing>(table: &dyn Table, of: &[ListedUnder]) -> Result<Holders, Error> {
    // Collected first: a stream that maps over references is not `Send` in the eyes of today's compiler.
    let lookups: Vec<_> = of.iter().map(|under| suggested(table, under)).collect();
    let mut suggested: Holders = stream::iter(lookups).buffer_unordered(PARALLEL_READS).try_collect().await?;
    let keys: BTreeSet<String> = suggested.values().flatten().cloned().collect();
    if keys.is_empty() {
        return Ok(suggested);
    }
    let things = items::things::<T>(table, &keys.into_iter().collect::<Vec<_>>()).await?;
    for (under, keys) in &mut suggested {
        // An entry is a suggestion only.
        keys.retain(|key| things.get(key).and_then(|kept| kept.thing.as_ref()).is_some_and(|thing| thing.holds(under)));
    }
    Ok(suggested)
}

async fn suggested(table: &dyn Table, under: &ListedUnder) -> Result<(ListedUnder, Vec<String>), Error> {
    let mut keys = Vec::new();
    if let Some((partition, prefix)) = place_of_address(under) {
        items::each_item(table, Query::prefix(partition, prefix), |entry| {
            keys.push(product_of(&entry.key).to_owned());
            Ok(())
        })
        .await?;
    }
    Ok((under.clone(), keys))
}

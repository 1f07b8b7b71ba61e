//! Writes what people tell of their shop.

use std::collections::BTreeMap;

use import::entity::Thing;
use import::entity::attribute::Attribute;
use import::entity::attribute_set::AttributeSet;
use import::entity::category::Category;
use import::entity::customer::Customer;
use import::entity::product::Product;
use import::shop::{ShopBasics, ShopFacts, ShopName, Usage, UsedName};
use store::table::Table;

use super::error::Error;
use super::items::{self, Update};
use super::shop::BASICS;
use super::{RACES, each};

/// Writes a shop as it shall be: what differs is written, and what it does not have is deleted.
///
/// Writing the same shop twice writes nothing the second time. Whoever dies half way has written a part of it, and writes
/// the rest the next time.
///
/// # Errors
/// The store did not answer, or others write the same facts all the time.
pub async fn write_shop(table: &dyn Table, shop: &ShopFacts, mark: &str) -> Result<(), Error> {
    // Sets before attributes and parents before children, as imports write them; what is told of all comes last: until
    // then names are taken as they come.
    write_facts::<AttributeSet>(table, &shop.attribute_sets, mark).await?;
    write_facts::<Attribute>(table, &shop.attributes, mark).await?;
    write_facts::<Category>(table, &shop.categories, mark).await?;
    let basics = BTreeMap::from([(BASICS.to_owned(), shop.basics.clone())]);
    write_facts::<ShopBasics>(table, &basics, mark).await
}

/// Tells which of the names that a shop shall lose are used, by how many things, and by which first.
///
/// # Errors
/// The store did not answer, or an item cannot be understood.
pub async fn usage(table: &dyn Table, removed: &[ShopName]) -> Result<Vec<UsedName>, Error> {
    if removed.is_empty() {
        return Ok(Vec::new());
    }
    let mut usage = Usage::new(removed);
    each::<Product>(table, |_, product| usage.count_product(&product)).await?;
    each::<Customer>(table, |_, customer| usage.count_customer(&customer)).await?;
    Ok(usage.used())
}

async fn write_facts<T: Thing>(table: &dyn Table, desired: &BTreeMap<String, T>, mark: &str) -> Result<(), Error> {
    for _ in 0..RACES {
        let mut updates = Vec::new();
        let mut kept = BTreeMap::new();
        items::each_kept::<T>(table, &items::sort_prefix::<T>(), |key, thing| drop(kept.insert(key.to_owned(), thing)))
            .await?;
        let mut plain = ShopFacts::plain();
        let mut plain = plain.facts_of::<T>().map(std::mem::take).unwrap_or_default();
        for (key, thing) in desired {
            let before = kept.remove(key);
            let every_shop_has = plain.remove(key);
            let is = match &before {
                Some(before) => before.thing.as_ref(),
                None => every_shop_has.as_ref(),
            };
            if is != Some(thing) {
                updates.push(update(key, before, Some(thing.clone()), mark));
            }
        }
        for (key, before) in kept {
            plain.remove(&key);
            if before.thing.is_some() {
                updates.push(update(&key, Some(before), None, mark));
            }
        }
        // What every shop has and this one does not is kept as deleted.
        updates.extend(plain.into_keys().map(|key| update(&key, None, None, mark)));
        if items::write_things(table, &updates).await?.is_empty() {
            return Ok(());
        }
    }
    Err(Error::Contended { key: format!("{} of the shop", T::NAME) })
}

fn update<T: Thing>(key: &str, before: Option<items::KeptThing<T>>, thing: Option<T>, mark: &str) -> Update<T> {
    // No row has changed it: a person did, whom the audit names.
    Update { key: key.to_owned(), before, thing, mark: mark.to_owned(), change: None }
}

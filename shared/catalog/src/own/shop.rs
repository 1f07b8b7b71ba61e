use std::collections::BTreeMap;

use import::entity::Thing;
use import::entity::attribute::Attribute;
use import::entity::attribute_set::AttributeSet;
use import::entity::category::Category;
use import::shop::{ShopBasics, ShopFacts};
use store::table::Table;

use super::error::Error;
use super::items::{self, KeptThing};
use super::layers::Layers;

/// Key of the one item of the basics.
pub(super) const BASICS: &str = "all";

/// Reads what is known of the shop: a plain one, over which lies what imports and people have said.
///
/// # Errors
/// The store did not answer, or an item cannot be understood.
pub async fn shop_facts(table: &dyn Table) -> Result<ShopFacts, Error> {
    facts_of(Layers::stored(table)).await
}

/// As [`shop_facts`], with what is drafted over it.
pub(super) async fn facts_of(layers: Layers<'_>) -> Result<ShopFacts, Error> {
    let mut shop = ShopFacts::plain();
    if let Some(basics) = items::all::<ShopBasics>(layers.table).await?.remove(BASICS) {
        shop.basics = basics;
        shop.is_told = true;
    }
    overlay::<AttributeSet>(layers, &mut shop.attribute_sets).await?;
    overlay::<Attribute>(layers, &mut shop.attributes).await?;
    overlay::<Category>(layers, &mut shop.categories).await?;
    Ok(shop)
}

async fn overlay<T: Thing>(layers: Layers<'_>, facts: &mut BTreeMap<String, T>) -> Result<(), Error> {
    let lay_over = |key: &str, kept: KeptThing<T>| match kept.thing {
        Some(thing) => drop(facts.insert(key.to_owned(), thing)),
        // What every shop has was deleted here.
        None => drop(facts.remove(key)),
    };
    layers.each_kept(&items::sort_prefix::<T>(), lay_over).await
}

//! What rows make of the shop, before they are imported.

use super::Entity;
use crate::finding::ChangeRefusal;
use crate::shop::ShopFacts;

impl ShopFacts {
    /// Takes note of what a row will make of the shop once it is imported, for the rows and files behind it.
    ///
    /// # Errors
    /// Says why an import will refuse the row; the facts are then as they were.
    pub fn learn<E: Entity>(&mut self, change: &E::EntityChange) -> Result<(), ChangeRefusal> {
        let Some(facts) = self.facts_of::<E::Thing>() else { return Ok(()) };
        let key = E::key(change);
        if let Some(thing) = facts.get_mut(&key) {
            return E::apply(thing, change).map(drop);
        }
        if let Some(missing) = E::missing_if_new(change).into_iter().next() {
            return Err(missing);
        }
        facts.insert(key, E::create(change)?);
        Ok(())
    }

    /// Takes note that the thing of a row will be gone once it is imported, and whatever is below it.
    pub fn forget<E: Entity>(&mut self, change: &E::EntityChange) {
        let Some(facts) = self.facts_of::<E::Thing>() else { return };
        let key = E::key(change);
        facts.remove(&key);
        if E::NESTS {
            let below = format!("{key}/");
            facts.retain(|key, _| !key.starts_with(&below));
        }
    }
}

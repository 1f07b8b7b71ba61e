use std::collections::BTreeMap;

use import::entity::EntityType;
use import::entity::attribute::Attribute;

use super::causes::Cause;
use super::error::Error;
use super::items::{self, Update};
use super::{OwnCatalogue, RACES};

impl OwnCatalogue {
    /// Adds options, by code of their attribute and key of their label, to attributes of products that do not have them.
    ///
    /// Returns how many were added, by an earlier try with the same mark as well. Attributes that are gone get none.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn create_options(
        &self,
        options: &BTreeMap<String, BTreeMap<String, String>>,
        mark: &str,
    ) -> Result<usize, Error> {
        let mut created = 0;
        for (code, labels) in options {
            created += self.create_for(code, labels, mark).await?;
        }
        Ok(created)
    }

    async fn create_for(&self, code: &str, labels: &BTreeMap<String, String>, mark: &str) -> Result<usize, Error> {
        let layers = self.layers();
        let keys = [EntityType::Product.key(code)];
        for _ in 0..RACES {
            let mut kept = layers.things::<Attribute>(&keys).await?;
            items::add_plain(&keys, &mut kept);
            let Some(before) = kept.remove(&keys[0]) else { return Ok(0) };
            if let Some(told) = before.mark.as_deref().and_then(|found| told(found, mark)) {
                return Ok(told);
            }
            let Some(mut attribute) = before.thing.clone() else { return Ok(0) };
            let added = attribute.add_options(labels.values().map(String::as_str));
            if added == 0 {
                return Ok(0);
            }
            let mark = format!("{mark} {added} options");
            let cause = layers.cause(|| Cause::Options { labels: labels.values().cloned().collect() });
            // No one row has changed it: many may name an option.
            let update =
                Update { key: keys[0].clone(), before: Some(before), thing: Some(attribute), mark, change: None };
            if layers.write(vec![(update, cause)]).await?.is_empty() {
                return Ok(added);
            }
        }
        Err(Error::Contended { key: keys[0].clone() })
    }
}

/// How many options an earlier try has added, as its mark tells.
fn told(found: &str, mark: &str) -> Option<usize> {
    let count = found.strip_prefix(mark)?.strip_prefix(' ')?.strip_suffix(" options")?;
    count.parse().ok()
}

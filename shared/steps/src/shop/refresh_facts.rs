//! `refresh_shop_facts`: asks shops anew what they have, and keeps it for the imports.

use std::sync::Arc;

use async_trait::async_trait;
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Work};
use serde_json::{Map, json};

use super::named::{SHOP, named_shops};
use super::{ShopAge, ShopClients, known, set_shop};

/// The executor.
pub struct RefreshShopFacts {
    /// Where shops are spoken to.
    pub shops: Arc<ShopClients>,
}

#[async_trait]
impl Executor for RefreshShopFacts {
    fn name(&self) -> &'static str {
        "refresh_shop_facts"
    }

    fn description(&self) -> &'static str {
        "asks shops what they have (websites, store views, attributes, categories …) and keeps it for imports"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&SHOP])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let names = named_shops(work).await?;
        if names.is_empty() {
            return Ok(Outcome::Skipped { reason: "no setting names a shop".to_owned() });
        }
        let mut counted = Map::new();
        for name in names {
            let shop = set_shop(&*work.settings().await?, &name)?;
            let client = self.shops.client(work, &shop).await?;
            let known = known(work, (&shop, &client), ShopAge::Fresh).await?;
            let counts = json!({
                "store_views": known.ids.store_views.len(),
                "attribute_sets": known.ids.attribute_sets.len(),
                "attributes": known.ids.attributes.len(),
                "categories": known.ids.categories.len(),
            });
            work.info(&format!("shop `{name}`: {}", in_words(&counts)));
            known.notices.iter().for_each(|notice| work.warn(&format!("shop `{name}`: {notice}")));
            counted.insert(name, counts);
        }
        work.set_output(counted.into());
        Ok(Outcome::Done)
    }
}

fn in_words(counts: &serde_json::Value) -> String {
    let of = |name: &str| counts[name].as_u64().unwrap_or_default();
    format!(
        "{} store views, {} attribute sets, {} attributes, {} categories",
        of("store_views"),
        of("attribute_sets"),
        of("attributes"),
        of("categories")
    )
}

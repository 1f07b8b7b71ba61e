//! Orders as things that are exported.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use store::Store;

use super::ORDER_EXPORT;
use super::arrive::version_of;
use super::kept::{self, KeptOrder};
use super::order_key::OrderKey;
use super::website::{self, Website, Websites};
use crate::entity_export::{EntityLook, ExportEntity, Thing, ThingWebsite};

/// The orders that are stored.
pub struct OrderExport;

/// The definition of the pipeline that exports an order.
pub const PIPELINE: &str = "order_export";

#[async_trait]
impl ExportEntity for OrderExport {
    fn code(&self) -> &'static str {
        ORDER_EXPORT
    }

    fn source(&self) -> &'static str {
        "orders"
    }

    fn pipeline(&self) -> &'static str {
        PIPELINE
    }

    async fn look(&self, store: &Store, ids: &[String]) -> store::Result<EntityLook> {
        let websites = website::load(store).await?;
        let keys: Vec<OrderKey> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let mut things = BTreeMap::new();
        for kept in kept::get_all(store, &keys).await? {
            things.insert(OrderKey::of(&kept.order).to_string(), thing(&kept, &websites));
        }
        Ok(EntityLook { revision: websites.revision, things })
    }
}

/// An order as far as its export asks.
#[must_use]
pub fn thing(kept: &KeptOrder, websites: &Websites) -> Thing {
    let order = &kept.order;
    let facts = [("payment", order.payment_method.as_deref()), ("status", Some(&*order.status))];
    let facts = facts.into_iter().filter_map(|(fact, value)| Some((fact.into(), value?.into())));
    let website = websites.of_store(order.store).map(of_website).ok_or_else(|| {
        format!("store {} belongs to no website; name it in `stores` of the settings of one", order.store)
    });
    Thing {
        label: format!("order {}", order.number),
        website,
        created_at: order.created_at,
        version: version_of(order),
        facts: facts.collect(),
    }
}

fn of_website(website: &Website) -> ThingWebsite {
    ThingWebsite {
        code: website.code.clone(),
        settings: Arc::new(website.settings.export.clone()),
        stopped_by: None,
        waits_for: None,
    }
}

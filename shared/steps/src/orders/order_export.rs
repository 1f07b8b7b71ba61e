//! Orders as things that are exported.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
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

/// How long after a probe the others are looked at again.
const BEHIND_THE_PROBE: TimeDelta = TimeDelta::minutes(1);

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

    async fn look(&self, store: &Store, ids: &[String], now: DateTime<Utc>) -> store::Result<EntityLook> {
        let websites = website::load(store).await?;
        let keys: Vec<OrderKey> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let mut things = BTreeMap::new();
        for kept in kept::get_all(store, &keys).await? {
            things.insert(OrderKey::of(&kept.order).to_string(), thing(&kept, &websites));
        }
        choose_probes(&mut things, now);
        Ok(EntityLook { revision: websites.revision, things })
    }
}

/// Lets one order of each website with an outage go to find out whether it is over, if it is time.
fn choose_probes(things: &mut BTreeMap<String, Thing>, now: DateTime<Utc>) {
    let mut probed = BTreeSet::new();
    for website in things.values_mut().filter_map(|thing| thing.website.as_mut().ok()) {
        let is_time = website.waits_for.as_ref().is_some_and(|(_, until)| *until <= now);
        if is_time && probed.insert(website.code.clone()) {
            website.waits_for = None;
        } else if is_time && let Some((_, until)) = &mut website.waits_for {
            // Soon after the probe, which may have found that it is over.
            *until = now + BEHIND_THE_PROBE;
        }
    }
}

/// An order as far as its export asks.
#[must_use]
pub fn thing(kept: &KeptOrder, websites: &Websites) -> Thing {
    let order = &kept.order;
    let facts = [("payment", order.payment_method.as_deref()), ("status", Some(&*order.status))];
    let facts = facts.into_iter().filter_map(|(fact, value)| Some((fact.into(), value?.into())));
    let website = websites.of_store(order.store).map(|website| of_website(website, websites)).ok_or_else(|| {
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

fn of_website(website: &Website, websites: &Websites) -> ThingWebsite {
    let state = websites.states.get(&website.code);
    let stop = state.and_then(|state| state.stop.as_ref()).filter(|stop| stop.revision == websites.revision);
    let target = website.settings.transport.target();
    let outage = state.and_then(|state| state.outage.as_ref()).filter(|outage| outage.transport == target);
    ThingWebsite {
        code: website.code.clone(),
        settings: Arc::new(website.settings.export.clone()),
        stopped_by: stop.map(|stop| format!("website `{}` is stopped: {}", website.code, stop.problem)),
        waits_for: outage.map(|outage| (outage.in_words(), outage.probe_at)),
    }
}

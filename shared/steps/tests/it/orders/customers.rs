//! Another kind of things is exported by the same code: an entity and a step are all that is written for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use engine::accepts::Accepts;
use engine::data_fetchers::DataFetcher;
use engine::{Executor, ExecutorError, Outcome, Program, Work};
use orders::export::{ExportRule, ExportSettings, ExportStatus};
use steps::entity_export::leaving::{Gate, gate, note_sent};
use steps::entity_export::records::{self, Place, Record, SentDocument};
use steps::entity_export::{
    ENTITY, ENTITY_ID, EntityLook, ExportEntity, IS_RETRY, RescheduleEntities, ScheduleEntities, Thing, ThingWebsite,
};
use store::Store;
use workshop::{Workshop, xml};

/// Customers: files below `customers/`, of whom those of the group `trade` go.
struct Customers;

#[async_trait]
impl ExportEntity for Customers {
    fn code(&self) -> &'static str {
        "customer_export"
    }

    fn source(&self) -> &'static str {
        "customers"
    }

    fn pipeline(&self) -> &'static str {
        "customer_export"
    }

    async fn look(&self, store: &Store, ids: &[String], _: DateTime<Utc>) -> store::Result<EntityLook> {
        let mut things = BTreeMap::new();
        for id in ids {
            let Some(group) = store.files.get(&format!("customers/{id}"), None).await? else { continue };
            let group = String::from_utf8(group.to_vec()).unwrap();
            let rule = ExportRule { facts: [("group".into(), "trade".into())].into() };
            let settings =
                ExportSettings { is_enabled: true, rules: vec![rule], age_limit: None, go_live_at: None, attempts: 3 };
            let website = ThingWebsite {
                code: "base".to_owned(),
                settings: Arc::new(settings),
                stopped_by: None,
                waits_for: None,
            };
            let thing = Thing {
                label: format!("customer {id}"),
                website: Ok(website),
                created_at: "2026-08-01T09:00:00Z".parse().unwrap(),
                version: group.clone(),
                facts: [("group".into(), group.into())].into(),
            };
            things.insert(id.clone(), thing);
        }
        Ok(EntityLook { revision: 1, things })
    }
}

/// Writes a line for a customer.
struct SendCustomer;

#[async_trait]
impl Executor for SendCustomer {
    fn name(&self) -> &'static str {
        "send_customer"
    }

    fn description(&self) -> &'static str {
        "writes a line for a customer"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&ENTITY, &ENTITY_ID, &IS_RETRY])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let leaving = match gate(work, &Customers).await? {
            Gate::Open(leaving) => leaving,
            Gate::Sent => return Ok(Outcome::Done),
            Gate::Closed(reason) => return Ok(Outcome::Skipped { reason }),
        };
        let to = format!("outgoing/customers/{}", leaving.record.id);
        work.store.files.put_if_absent(&to, leaving.thing.version.clone().into()).await?;
        let key = leaving.record.idempotency_key();
        let sent = SentDocument { at: work.now(), file: to.clone(), version: leaving.thing.version, to, key };
        note_sent(work, &leaving.record, sent, None).await?;
        Ok(Outcome::Done)
    }
}

#[tokio::test]
async fn row_6_another_kind_of_things_is_exported_without_a_change_of_the_code() {
    let entities = || -> Vec<Arc<dyn ExportEntity>> { vec![Arc::new(Customers)] };
    let fetchers: Vec<Arc<dyn DataFetcher>> =
        vec![Arc::new(ScheduleEntities::of(entities())), Arc::new(RescheduleEntities::of(entities()))];
    let program = Program { data_fetchers: fetchers, ..Program::default() }.with_executor(SendCustomer);
    let xml = xml("customer_export", "", "no_auto_spawn", "10: send_customer-a");
    let workshop = Workshop::extended(&[xml], program);
    let (store, now) = (workshop.store(), workshop.now());
    for (id, group) in [("7", "trade"), ("8", "guest")] {
        store.files.put(&format!("customers/{id}"), group.into()).await.unwrap();
        let record = Record { place: Some(Place::Pending(now)), ..Record::new("customer_export", id) };
        records::write(store, record, None, now).await.unwrap().unwrap();
    }
    for _ in 0..2 {
        workshop.wait(1);
        workshop.beat().await;
        workshop.run_all().await;
    }
    let record = async |id: &str| records::get(store, "customer_export", id).await.unwrap().unwrap();
    assert_eq!(record("7").await.export.status, ExportStatus::Exported);
    assert_eq!(
        record("8").await.waits_for.as_deref(),
        Some("group `guest` matches no rule of website `base` (group `trade`)")
    );
    assert_eq!(store.files.list("outgoing/", None, 10).await.unwrap().len(), 1);
}

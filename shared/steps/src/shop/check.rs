//! `check_shop`: finds out whether imports can work with shops: address, certificate, access, rights, consumer, clock.
//!
//! The consumer of a shop may begin once a minute only. While it is waited for, the step continues later.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Work};
use magento::check::{self, CheckVerdict, ShopCheck};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::import::archive;

use super::named::{SHOP, named_shops};
use super::settings::SetShop;
use super::{ShopClients, set_shop};

/// How long the consumer has: cron begins it once a minute, if nothing else does.
const CONSUMER_TIME: TimeDelta = TimeDelta::minutes(3);

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The executor.
pub struct CheckShop {
    /// Where shops are spoken to.
    pub shops: Arc<ShopClients>,
}

/// What was found so far.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Found {
    shops: BTreeMap<String, Vec<ShopCheck>>,
    /// The lists that try consumers, by shop, and since when.
    tried: BTreeMap<String, Tried>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tried {
    uuid: String,
    at: DateTime<Utc>,
}

#[async_trait]
impl Executor for CheckShop {
    fn name(&self) -> &'static str {
        "check_shop"
    }

    fn description(&self) -> &'static str {
        "checks whether imports can work with shops: address, certificate, access, rights, consumer and clock"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&SHOP])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let mut found = match work.checkpoint::<Found>()? {
            Some(found) => found,
            None => self.begin(work).await?,
        };
        if found.shops.is_empty() {
            return Ok(Outcome::Skipped { reason: "no setting names a shop; set `shop.url`".to_owned() });
        }
        self.look_at_consumers(work, &mut found).await?;
        if !found.tried.is_empty() {
            return Ok(Outcome::Continue { checkpoint: json!(found), after: LOOK_EVERY });
        }
        end(work, &found).await
    }
}

impl CheckShop {
    async fn begin(&self, work: &mut Work<'_>) -> Result<Found, ExecutorError> {
        let mut found = Found::default();
        for name in named_shops(work).await? {
            let checks = match set_shop(&*work.settings().await?, &name) {
                Ok(shop) => self.check(work, &shop, &mut found).await?,
                Err(error) => vec![ShopCheck::amiss("settings", error.to_string())],
            };
            found.shops.insert(name, checks);
        }
        Ok(found)
    }

    async fn check(&self, work: &Work<'_>, shop: &SetShop, found: &mut Found) -> Result<Vec<ShopCheck>, ExecutorError> {
        let client = match self.shops.client(work, shop).await {
            Ok(client) => client,
            Err(error) => return Ok(vec![ShopCheck::amiss("settings", error.to_string())]),
        };
        let mut checks = check::check(&client).await;
        let can_go_on = checks.iter().any(|check| check.about == "rights" && check.verdict == CheckVerdict::Good);
        if can_go_on {
            match check::try_consumer(&client).await {
                Ok(uuid) => drop(found.tried.insert(shop.name.clone(), Tried { uuid, at: work.now() })),
                Err(error) => checks.push(ShopCheck::amiss("consumer", error.told())),
            }
        }
        Ok(checks)
    }

    async fn look_at_consumers(&self, work: &Work<'_>, found: &mut Found) -> Result<(), ExecutorError> {
        for (name, tried) in std::mem::take(&mut found.tried) {
            let shop = set_shop(&*work.settings().await?, &name)?;
            let client = self.shops.client(work, &shop).await?;
            let waited = work.now() - tried.at;
            let told = match check::has_consumed(&client, &tried.uuid).await {
                Ok(false) if waited < CONSUMER_TIME => {
                    found.tried.insert(name, tried);
                    continue;
                }
                Ok(has_consumed) => check::consumer(has_consumed, waited),
                Err(error) => ShopCheck::amiss("consumer", error.told()),
            };
            found.shops.entry(name).or_default().push(told);
        }
        Ok(())
    }
}

async fn end(work: &mut Work<'_>, found: &Found) -> Result<Outcome, ExecutorError> {
    let mut amiss = 0;
    for (name, checks) in &found.shops {
        for check in checks {
            let line = format!("shop `{name}`: {}: {}", check.about, check.told);
            match check.verdict {
                CheckVerdict::Amiss => {
                    amiss += 1;
                    work.warn(&line);
                }
                CheckVerdict::Good | CheckVerdict::Unknown => work.info(&line),
            }
        }
    }
    // In the archive, where people may read it who started this.
    let key = format!("{}check.json", archive::prefix(work.pipeline_id()));
    let bytes = serde_json::to_vec(&found.shops).expect("checks have text keys only");
    work.store.files.put(&key, bytes.into()).await?;
    work.set_output(json!({ "file": key, "amiss": amiss }));
    match amiss {
        0 => Ok(Outcome::Done),
        _ => Err(ExecutorError::InvalidData {
            message: format!("{amiss} of the checks found something; the log says what to do"),
        }),
    }
}

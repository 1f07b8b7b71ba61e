//! Imports into a shop: the setting `catalog.target`, against the local shop.

mod asking;
mod outages;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http_client::{Client, ClientSettings, ListedHost, Request};
use import::entity::product::Product;
use local_shop::{LocalShop, Setup, TOKEN};
use magento::client::{Network, Wire, WireAnswer};
use pipeline::PipelineId;
use serde_json::Value;
use steps::shop::{Clock, ShopClients};
use store::services::{AllowedHost, HttpPolicy, Secret, Services};
use workshop::Workshop;

use super::shop::{APPLE, PEAR, Shop};

/// A program with everything that ships, and a shop that it writes to.
pub(crate) struct Shops {
    pub(crate) shop: Shop,
    pub(crate) local: LocalShop,
}

impl Shops {
    /// A shop of the name `magento`, and imports into these targets.
    pub(crate) async fn writing_to(targets: &str) -> Self {
        Self::with(targets, Setup::default(), ShopClients::over(Impatient::to)).await
    }

    pub(crate) async fn with(targets: &str, setup: Setup, clients: ShopClients) -> Self {
        let local = LocalShop::start(setup).await.unwrap();
        let mut workshop = Workshop::running(steps::shipped_with(clients));
        workshop.context = workshop.context.with_services(services(&local.url(), TOKEN));
        let settings = [("catalog.target", targets), ("shop.access", "integration"), ("shop.url", &local.url())];
        for (name, value) in settings {
            workshop.set(name, "default", value).await;
        }
        Self { shop: Shop { workshop }, local }
    }

    /// Runs a pipeline to its end, minute by minute, with the shop's consumer running in between.
    pub(crate) async fn run(&self, id: &PipelineId) {
        let workshop = &self.shop.workshop;
        for _ in 0..60 {
            workshop.run_all().await;
            if !workshop.pipeline(id).await.status.is_open() {
                return;
            }
            self.local.consume_all();
            workshop.wait(1);
            workshop.beat().await;
        }
        panic!("{}", workshop.shown(id).await);
    }

    /// Imports what was dropped.
    pub(crate) async fn import(&self) -> PipelineId {
        let id = self.shop.spawn().await;
        self.run(&id).await;
        id
    }

    /// The requests since the last time that were meant to change something, as `POST /V1/products` with their items.
    pub(crate) fn writes(&self) -> Vec<String> {
        let writes = self.local.writes().into_iter();
        let writes = writes.filter(|write| !write.route.as_deref().unwrap_or_default().ends_with("-information"));
        let shown = writes.map(|write| format!("{} {} {}", write.method, write.route.unwrap_or_default(), write.items));
        let shown = shown.collect();
        self.local.forget_exchanges();
        shown
    }

    /// A product as the shop has it for everybody.
    pub(crate) fn product(&self, sku: &str) -> Value {
        self.local.ask("GET", &format!("/rest/all/V1/products/{sku}"), &Value::Null).1
    }
}

/// The network, but nobody waits: whoever would be asked again in some seconds is asked at once.
pub(crate) struct Impatient(Network);

impl Impatient {
    pub(crate) fn to(hosts: Vec<ListedHost>, clock: Clock) -> Arc<dyn Wire> {
        Arc::new(Self(Network::new(Client::new(ClientSettings::for_hosts(hosts)), move || clock())))
    }
}

#[async_trait]
impl Wire for Impatient {
    async fn send(&self, request: Request) -> Result<WireAnswer, http_client::Error> {
        self.0.send(request).await
    }

    async fn wait(&self, _: Duration) {}

    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }

    fn random(&self) -> u64 {
        self.0.random()
    }
}

/// The services of a deployment that may call the shop at an address, with its secret.
pub(crate) fn services(url: &str, secret: &str) -> Services {
    let host = url.rsplit("//").next().unwrap();
    let secrets = [("SHOP".to_owned(), Secret::new(secret))].into();
    Services { http: HttpPolicy { hosts: AllowedHost::parse_list(host).unwrap(), secrets }, ..Services::default() }
}

#[tokio::test]
async fn rows_arrive_in_the_shop_and_a_second_import_sends_no_write() {
    let shops = Shops::writing_to("magento").await;
    shops.shop.drop_fruit().await;
    let id = shops.import().await;
    insta::assert_snapshot!(shops.shop.totals(&id).await, @"2 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 0 updated");
    assert_eq!(shops.product("A-1")["price"], 1.5);
    insta::assert_snapshot!(shops.writes().join("\n"), @"
    POST /V1/categories 1
    POST /V1/categories 1
    POST /V1/products 1
    POST /V1/products 1
    ");
    assert_eq!(catalog::own::all::<Product>(shops.shop.workshop.store().table.as_ref()).await.unwrap().len(), 0);

    shops.shop.workshop.wait(1);
    shops.shop.drop_fruit().await;
    let id = shops.import().await;
    insta::assert_snapshot!(shops.shop.totals(&id).await, @"0 created, 0 deleted, 2 rows, 0 skipped, 2 unchanged, 0 updated");
    insta::assert_snapshot!(shops.writes().join("\n"), @"");
}

#[tokio::test]
async fn one_changed_price_sends_one_item_in_one_call() {
    let shops = Shops::writing_to("magento").await;
    shops.shop.drop_fruit().await;
    shops.import().await;
    shops.writes();
    shops.shop.drop_file("product-import-price_20260802-120000_01.csv", "sku,price\nA-1,1.75\nP-1,2.00\n").await;
    shops.shop.drop_file("product-import-price_20260802-120000.ok", "").await;
    let id = shops.import().await;
    insta::assert_snapshot!(shops.shop.totals(&id).await, @"0 created, 0 deleted, 2 rows, 0 skipped, 1 unchanged, 1 updated");
    insta::assert_snapshot!(shops.writes().join("\n"), @"POST /V1/products/base-prices 1");
    assert_eq!(shops.product("A-1")["price"], 1.75);
}

#[tokio::test]
async fn both_targets_get_every_row_and_each_has_its_counts() {
    let shops = Shops::writing_to("both").await;
    shops.shop.drop_rows("product-import_20260801-120000_01.csv", &[APPLE]).await;
    shops.shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shops.import().await;
    let in_shop = shops.product("A-1")["id"].clone();
    assert!(in_shop.is_i64(), "{}", shops.shop.workshop.shown(&id).await);
    assert_eq!(catalog::own::all::<Product>(shops.shop.workshop.store().table.as_ref()).await.unwrap().len(), 1);
    // What the shop has and the own catalogue lacks is new there only.
    shops.shop.workshop.wait(1);
    shops.shop.drop_rows("product-import_20260801-120000_01.csv", &[APPLE, PEAR]).await;
    shops.shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shops.import().await;
    insta::assert_snapshot!(shops.shop.totals(&id).await, @"1 created, 0 deleted, 2 rows, 0 skipped, 1 unchanged, 0 updated");
    let targets = shops.shop.report(&id).await["targets"].clone();
    for target in ["own", "magento"] {
        let counts = &targets[target];
        assert_eq!(
            (&counts["rows"], &counts["created"], &counts["unchanged"]),
            (&2.into(), &1.into(), &1.into()),
            "{target}"
        );
    }
}

#[tokio::test]
async fn what_is_missing_to_speak_to_a_shop_is_told_in_one_sentence() {
    let shops = Shops::writing_to("magento eu").await;
    shops.shop.drop_fruit().await;
    let id = shops.shop.spawn().await;
    shops.run(&id).await;
    let told = shops.shop.workshop.step(&id, "create_categories").await.record.message;
    insta::assert_snapshot!(told.unwrap_or_default(), @"shop `eu` has no address; set it with `systole settings set shop.url https://… --scope target:eu`, or correct setting `catalog.target`");
}

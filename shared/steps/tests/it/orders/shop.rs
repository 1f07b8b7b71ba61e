//! A workshop with orders, and short words for what happens to them.

use std::path::Path;

use orders::export::Chain;
use orders::order::Order;
use orders::read;
use steps::entity_export::records::{self, Record};
use steps::entity_export::reset::{self, Doubt};
use steps::entity_export::{ExportEntity, in_words};
use steps::orders::arrive::{self, Arrived};
use steps::orders::order_export::OrderExport;
use steps::orders::{ORDER_EXPORT, kept, template, website};
use store::services::Services;
use workshop::Workshop;

/// Settings of a website with one store whose every order goes, as JSON, into its folder.
pub(crate) const ALL: &str =
    r#"{"stores":[1],"export":{"enabled":true,"go_live_at":"2020-01-01T00:00:00Z"},"format":"json"}"#;

/// An order of 30 lines of the shop's JSON, with its parts to be replaced.
const ORDER: &str = r#"{"entity_id":501,"increment_id":"000000041","store_id":1,"status":"processing","state":"processing",
    "created_at":"2026-08-01 09:15:00","updated_at":"2026-08-01 10:15:00","customer_email":"kim@example.com",
    "order_currency_code":"EUR","base_currency_code":"EUR","grand_total":11.9,"base_grand_total":11.9,"subtotal":10,
    "tax_amount":1.9,"payment":{"method":"checkmo"},"billing_address":{"firstname":"Kim","lastname":"Doe","city":"Ulm"},
    "items":[{"item_id":1,"sku":"A","name":"Apple","product_type":"simple","qty_ordered":1,"price":10,"row_total":10,"tax_amount":1.9}]}"#;

/// A workshop with what ships, over which orders run.
pub(crate) struct Shop {
    pub(crate) workshop: Workshop,
}

/// An order of the shop with some of its texts replaced.
pub(crate) fn json(replaced: &[(&str, &str)]) -> String {
    let mut text = ORDER.to_owned();
    for (from, to) in replaced {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

/// An order that another one is told apart from by a number.
pub(crate) fn numbered(number: u64) -> String {
    json(&[("501", &(500 + number).to_string()), ("000000041", &format!("{:09}", 40 + number))])
}

impl Shop {
    /// With the settings of a website `base`.
    pub(crate) async fn with(settings: &str) -> Self {
        let shop = Shop { workshop: Workshop::running(steps::shipped()) };
        shop.set("base", settings).await;
        shop
    }

    /// The same with what it may call outside.
    pub(crate) async fn calling(settings: &str, services: Services) -> Self {
        let mut shop = Shop::with(settings).await;
        shop.workshop.context.services = services;
        shop
    }

    pub(crate) async fn set(&self, code: &str, settings: &str) {
        website::set(self.workshop.store(), code, settings, "test", self.workshop.now()).await.unwrap();
    }

    /// Lets orders arrive, whatever comes of them.
    pub(crate) async fn arrive(&self, text: &str) -> Vec<Arrived> {
        let mut arrived = Vec::new();
        for order in read::orders(text).unwrap() {
            arrived.push(self.arrive_order(&order.unwrap()).await.unwrap());
        }
        arrived
    }

    pub(crate) async fn arrive_order(&self, order: &Order) -> Result<Arrived, arrive::Error> {
        arrive::arrive(self.workshop.store(), order, self.workshop.now()).await
    }

    /// Writes a template and publishes it.
    pub(crate) async fn publish(&self, website: &str, text: &str) {
        let (store, now) = (self.workshop.store(), self.workshop.now());
        template::set(store, website, text, "kim", now).await.unwrap();
        template::publish(store, website, None, "kim", now).await.unwrap();
    }

    /// The key of the only order.
    pub(crate) async fn only(&self) -> String {
        let mut keys = Vec::new();
        for month in 0..24 {
            let month = self.workshop.now() + chrono::TimeDelta::days(30 * (month - 3));
            keys.extend(kept::of_month(self.workshop.store(), month, None, 10).await.unwrap().entries);
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 1, "{keys:?}");
        keys[0].to_string()
    }

    /// Puts a file into the drop.
    pub(crate) async fn drop(&self, name: &str, text: &str) {
        let key = format!("orders/{name}");
        self.workshop.store().files.put(&key, text.to_owned().into()).await.unwrap();
    }

    /// One beat, and all the steps that it brings about.
    pub(crate) async fn beat(&self) {
        self.workshop.beat().await;
        self.workshop.run_all().await;
    }

    /// Some minutes later: a beat in each.
    pub(crate) async fn minutes(&self, minutes: u64) {
        for _ in 0..minutes {
            self.workshop.wait(1);
            self.beat().await;
        }
    }

    /// Why an order does not go now; empty if it does.
    pub(crate) async fn why(&self, id: &str, chain: Chain) -> String {
        let (store, now) = (self.workshop.store(), self.workshop.now());
        let look = OrderExport.look(store, &[id.to_owned()], now).await.unwrap();
        let record = self.record(id).await;
        in_words(&look.things[id].refusals(&OrderExport.filters(chain), &record.export, now))
    }

    pub(crate) async fn reset(&self, id: &str, doubt: Doubt) -> Result<Record, reset::Error> {
        reset::reset(self.workshop.store(), (ORDER_EXPORT, id), doubt, "kim", self.workshop.now()).await
    }

    pub(crate) async fn record(&self, id: &str) -> Record {
        records::get(self.workshop.store(), ORDER_EXPORT, id).await.unwrap().unwrap()
    }

    /// The story of an order, a sentence each line, without the ids of pipelines.
    pub(crate) async fn story(&self, id: &str) -> String {
        let lines = records::story(self.workshop.store(), ORDER_EXPORT, id).await.unwrap();
        let told = lines.into_iter().map(|line| {
            let words = line.what.split(' ').map(|word| if is_id(word) { "…" } else { word });
            format!("{} {}", line.at.format("%H:%M"), words.collect::<Vec<_>>().join(" "))
        });
        told.collect::<Vec<_>>().join("\n")
    }

    /// The names of all files that left.
    pub(crate) async fn outgoing(&self) -> Vec<String> {
        let files = self.workshop.store().files.list("outgoing/", None, 10_000).await.unwrap();
        files.into_iter().map(|file| file.key).collect()
    }

    pub(crate) async fn file(&self, key: &str) -> String {
        let bytes = self.workshop.store().files.get(key, None).await.unwrap().unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

fn is_id(word: &str) -> bool {
    word.trim_end_matches(',').parse::<pipeline::PipelineId>().is_ok()
}

/// The text of a sample.
pub(crate) fn sample(file: &str) -> String {
    let samples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples"));
    let path = samples.join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

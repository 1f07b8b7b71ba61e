//! A shop: a workshop with everything that ships, files to drop, and what an import leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use catalog::own;
use import::entity::product::Product;
use pipeline::PipelineId;
use serde_json::Value;
use store::message::StepMessage;
use store::table::Query;

use steps::import::archive;
use steps::import::{DROP_PREFIX, drop_area};
use workshop::Workshop;
use workshop::runner;

pub(super) const HEADER: &str = "sku,attribute_set_code,product_type,product_websites,name,price,qty,categories";

pub(crate) const APPLE: &str = "A-1,Default,simple,base,Apple,1.50,10,Default Category/Fruit";
pub(crate) const PEAR: &str = "P-1,Default,simple,base,Pear,2.00,5,\"Default Category/Fruit,Default Category/New\"";

/// A shop with everything that ships.
pub(crate) struct Shop {
    pub(crate) workshop: Workshop,
}

/// What an import leaves behind that a repetition must not change.
pub(crate) struct Left {
    pub(crate) products: BTreeMap<String, Product>,
    pub(crate) categories: Vec<String>,
    pub(crate) totals: Value,
}

impl Left {
    /// Asserts that it is what another import left; of a thousand products the first that differ are shown.
    pub(crate) fn assert_is(&self, expected: &Left, when: &str) {
        assert_eq!(self.totals, expected.totals, "{when}: other totals");
        assert_eq!(self.categories, expected.categories, "{when}: other categories");
        let keys: BTreeSet<&String> = self.products.keys().chain(expected.products.keys()).collect();
        let differ = keys.into_iter().filter(|key| self.products.get(*key) != expected.products.get(*key));
        let shown = |key: &String| format!("{:?} instead of {:?}", self.products.get(key), expected.products.get(key));
        let differ: Vec<String> = differ.take(3).map(shown).collect();
        assert!(differ.is_empty(), "{when}: other products, such as\n{}", differ.join("\n"));
    }
}

impl Shop {
    pub(crate) fn new() -> Self {
        Shop { workshop: Workshop::running(steps::shipped()) }
    }

    /// Drops a file of product rows.
    pub(crate) async fn drop_rows(&self, name: &str, rows: &[&str]) {
        let text = [HEADER].iter().chain(rows).map(|row| format!("{row}\n")).collect::<String>();
        self.drop_file(name, text).await;
    }

    pub(crate) async fn drop_file(&self, name: &str, content: impl Into<bytes::Bytes>) {
        let files = &self.workshop.store().files;
        files.put(&format!("{DROP_PREFIX}{name}"), content.into()).await.unwrap();
    }

    /// Drops apples and pears with their ok file.
    pub(crate) async fn drop_fruit(&self) {
        self.drop_rows("product-import_20260801-120000_01.csv", &[APPLE]).await;
        self.drop_rows("product-import_20260801-120000_02.csv", &[PEAR]).await;
        self.drop_file("product-import_20260801-120000.ok", "").await;
    }

    /// Many rows: more than one checkpoint in the first file, some products named twice.
    pub(crate) async fn drop_many(&self) {
        let row = |n: usize| {
            let (sku, price) = (n % 1_040, n % 7);
            format!("S-{sku},Default,simple,base,Thing {sku},{price}.50,{n},Default Category/Group {}", sku % 3)
        };
        let rows: Vec<String> = (0..1_060).map(row).collect();
        let (first, second) = rows.split_at(1_050);
        let first: Vec<&str> = first.iter().map(String::as_str).collect();
        let second: Vec<&str> = second.iter().map(String::as_str).collect();
        self.drop_rows("product-import_20260801-120000_01.csv", &first).await;
        self.drop_rows("product-import_20260801-120000_02.csv", &second).await;
        self.drop_file("product-import_20260801-120000.ok", "").await;
    }

    /// Lets a beat spawn the import.
    pub(crate) async fn spawn(&self) -> PipelineId {
        let report = self.workshop.beat().await;
        assert_eq!(report.problems, [""; 0]);
        let [spawned] = &report.spawned[..] else { panic!("one pipeline is to be spawned: {report:?}") };
        spawned.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Imports what was dropped, undisturbed.
    pub(crate) async fn import(&self) -> PipelineId {
        let id = self.spawn().await;
        self.workshop.run_all().await;
        id
    }

    pub(crate) async fn report(&self, id: &PipelineId) -> Value {
        let key = format!("{}report.json", archive::prefix(id));
        serde_json::from_slice(&self.workshop.store().files.get(&key, None).await.unwrap().unwrap()).unwrap()
    }

    pub(crate) async fn totals(&self, id: &PipelineId) -> String {
        let Value::Object(totals) = self.report(id).await["totals"].clone() else { panic!("no totals") };
        // In an order of their own: other packages of the workspace make JSON objects keep theirs.
        let totals: std::collections::BTreeMap<_, _> = totals.into_iter().collect();
        totals.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
    }

    pub(crate) async fn left(&self, id: &PipelineId) -> Left {
        let table = self.workshop.store().table.as_ref();
        Left {
            products: own::all(table).await.unwrap(),
            categories: own::categories(table).await.unwrap(),
            totals: self.report(id).await["totals"].clone(),
        }
    }

    /// The keys of all files under a prefix, without the prefix.
    pub(crate) async fn files(&self, prefix: &str) -> String {
        let files = self.workshop.store().files.list(prefix, None, 1_000).await.unwrap();
        files.iter().map(|file| &file.key[prefix.len()..]).collect::<Vec<_>>().join(", ")
    }

    /// What people see of the dropped files.
    pub(crate) async fn arrivals(&self) -> String {
        let mut text = String::new();
        for arrival in drop_area::list(&self.workshop.context.store).await.unwrap() {
            let name = arrival.key.trim_start_matches(DROP_PREFIX);
            let fate = match (arrival.waits_for, arrival.pipeline) {
                (Some(reason), _) => format!("waits: {reason}"),
                (None, Some(_)) => "is taken".to_owned(),
                (None, None) => "is next".to_owned(),
            };
            writeln!(text, "{name} {fate}").unwrap();
        }
        text
    }

    /// Takes the next message out of the queue; if there is none before the pipeline has ended, lets leases and pauses end.
    pub(crate) async fn next_message(&self, id: &PipelineId) -> Option<String> {
        while self.workshop.pipeline(id).await.status.is_open() {
            if let Some(message) = self.workshop.receive().await {
                self.workshop.store().queue.delete(&message.receipt).await.unwrap();
                return Some(message.body);
            }
            self.workshop.wait(3);
            self.workshop.beat().await;
        }
        None
    }

    /// Runs until the pipeline has ended, each dead runner replaced when its lease has ended.
    pub(crate) async fn run_with_deaths(&self, id: &PipelineId) {
        while let Some(body) = self.next_message(id).await {
            let invocation = self.workshop.invocation();
            tokio::select! {
                biased;
                () = self.workshop.table.dead.notified() => {}
                report = runner::run(&self.workshop.context, &body, &invocation) => { let _ = report; }
            }
        }
    }

    /// Runs until the pipeline has ended; the first runner of each step dies when it was polled so often.
    pub(crate) async fn run_with_deaths_at_poll(&self, id: &PipelineId, polls: usize) {
        let mut seen = BTreeSet::new();
        while let Some(body) = self.next_message(id).await {
            let invocation = self.workshop.invocation();
            let step = StepMessage::parse(&body).unwrap().step;
            let left = if seen.insert(step) { polls } else { usize::MAX };
            let run = runner::run(&self.workshop.context, &body, &invocation);
            let _ = Mortal { life: Box::pin(run), left }.await;
        }
    }

    /// Every file with its content and every item of the catalogue; attempts are not told apart.
    pub(crate) async fn everything(&self, id: &PipelineId) -> BTreeMap<String, Vec<u8>> {
        let store = self.workshop.store();
        let mut everything: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for file in store.files.list("", None, 1_000).await.unwrap() {
            // Each attempt has a log of its own, which is a file if it is long.
            if file.key.starts_with(&format!("work/{id}/logs/")) {
                continue;
            }
            let content = store.files.get(&file.key, None).await.unwrap().unwrap().to_vec();
            let content = without_folders(content, id);
            let key = without_attempt(&file.key, id);
            if let Some(other) = everything.insert(key.clone(), content.clone()) {
                assert_eq!(other, content, "two attempts left different {key}");
            }
        }
        let partitions = (0..64).map(|number| format!("catalog/{number:02}"));
        for partition in partitions.chain(["shop".to_owned()]) {
            let page = store.table.query(&Query::prefix(partition, "")).await.unwrap();
            for item in page.entries {
                everything.insert(item.key.to_string(), format!("{item:?}").into_bytes());
            }
        }
        everything
    }
}

/// `work/<id>/<step>/<attempt>-<token>/<file>` without attempt and token.
fn without_attempt(key: &str, id: &PipelineId) -> String {
    let parts: Vec<&str> = key.split('/').collect();
    match parts[..] {
        ["work", pipeline, step, _, file] if pipeline == id.as_str() => format!("work/{step}/{file}"),
        _ => key.to_owned(),
    }
}

/// A tally without the attempts that wrote its files of findings; any other file as it is.
fn without_folders(content: Vec<u8>, id: &PipelineId) -> Vec<u8> {
    let Ok(Value::Object(mut tally)) = serde_json::from_slice::<Value>(&content) else { return content };
    let Some(files) = tally.get_mut("findings").and_then(Value::as_array_mut) else { return content };
    for folder in files.iter_mut().filter_map(|files| files.get_mut("folder")) {
        *folder = Value::from(without_attempt(folder.as_str().unwrap(), id));
    }
    serde_json::to_vec(&tally).unwrap()
}

/// A future that is dropped when it has been polled too often, wherever it waits then.
struct Mortal<F> {
    life: Pin<Box<F>>,
    left: usize,
}

impl<F: Future> Future for Mortal<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(left) = self.left.checked_sub(1) else { return Poll::Ready(None) };
        self.left = left;
        self.life.as_mut().poll(context).map(Some)
    }
}

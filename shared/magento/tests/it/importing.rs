//! A local shop, the target that writes to it, and files as text.

use std::mem;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use catalog::target::{Block, BlockOutcome, BlockSource, Error, ItemOutcome, Pending, RowChange, Target};
use chrono::{DateTime, TimeZone, Utc};
use http_client::{Client, ClientSettings, ListedHost};
use import::Entity;
use import::csv::{ReadRow, RowReader};
use import::entity::{ReadingRules, UnknownNames};
use import::finding::Finding;
use import::operation::Operation;
use import::shop::ShopFacts;
use local_shop::{LocalShop, Setup, TOKEN};
use magento::client::{
    AddressForm, Network, ShopAccess, ShopAddress, ShopCall, ShopClient, ShopLimits, ShopSecret, ShopSettings, Wire,
};
use magento::facts::ShopKnowledge;
use magento::target::{MagentoTarget, RowFileError, RowFiles};
use patience::wait;
use serde_json::Value;

/// A local shop, and the client that speaks to it.
pub(crate) struct Shop {
    pub(crate) local: LocalShop,
    pub(crate) client: Arc<ShopClient>,
}

/// Files of rows: every path has one, of which the content is its name, but those that are `missing`.
struct Files;

#[async_trait]
impl RowFiles for Files {
    async fn read(&self, name: &str) -> Result<Bytes, RowFileError> {
        match name.contains("missing") {
            true => Err(RowFileError::Unusable("is not in the bucket".to_owned())),
            false => Ok(Bytes::from(format!("\u{89}PNG of {name}").into_bytes()).slice(1..)),
        }
    }
}

/// How often rows are asked for before a test gives up.
const ROUNDS: usize = 20;

impl Shop {
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default(), ShopLimits::default()).await
    }

    pub(crate) async fn with(setup: Setup, limits: ShopLimits) -> Self {
        let local = LocalShop::start(setup).await.unwrap();
        let access = ShopAccess::Integration(ShopSecret::new(TOKEN));
        let client = client(&local.url(), access, limits);
        Self { local, client: Arc::new(client) }
    }

    /// The target of a new attempt: it knows nothing of earlier ones.
    pub(crate) fn target(&self) -> MagentoTarget {
        MagentoTarget::new(self.client.clone()).reading(Arc::new(Files))
    }

    /// The same, of which somebody has kept what the shop has.
    pub(crate) fn target_knowing(&self, known: ShopKnowledge) -> MagentoTarget {
        MagentoTarget::knowing(self.client.clone(), known).reading(Arc::new(Files))
    }

    /// Imports a file to its end, with the shop's consumer running in between, and tells what became of its rows.
    pub(crate) async fn import<E: Entity>(&self, csv: &str) -> String
    where
        MagentoTarget: Target<E>,
    {
        self.operate::<E>(Operation::AddUpdate, csv).await
    }

    pub(crate) async fn operate<E: Entity>(&self, operation: Operation, csv: &str) -> String
    where
        MagentoTarget: Target<E>,
    {
        let target = self.target();
        let outcome = give::<E>(&target, operation, csv).await.unwrap();
        told(self.settle::<E>(&target, outcome).await)
    }

    /// Lets the consumer run and asks until all rows are answered.
    pub(crate) async fn settle<E: Entity>(&self, target: &MagentoTarget, mut outcome: BlockOutcome) -> BlockOutcome
    where
        MagentoTarget: Target<E>,
    {
        for _ in 0..ROUNDS {
            if outcome.pending.is_empty() {
                return outcome;
            }
            self.local.consume_all();
            for pending in mem::take(&mut outcome.pending) {
                add(&mut outcome, ask::<E>(target, pending).await.unwrap());
            }
        }
        panic!("rows are pending still: {:?}", outcome.pending);
    }

    /// Something of the shop, as it says it for everybody.
    pub(crate) async fn get(&self, path: &[&str]) -> Value {
        self.client.call(&ShopCall::get(path)).await.unwrap()
    }

    /// A product as it is for everybody.
    pub(crate) async fn product(&self, sku: &str) -> Value {
        self.get(&["products", sku]).await
    }

    /// The bodies of these requests.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.local.writes().into_iter().filter_map(|write| write.body).collect()
    }

    /// The requests that were meant to change something, as `POST /V1/products`, with the number of their items.
    pub(crate) fn writes(&self) -> Vec<String> {
        let writes = self.local.writes().into_iter();
        let writes = writes.filter(|write| !write.route.as_deref().unwrap_or_default().ends_with("-information"));
        writes.map(|write| format!("{} {} {}", write.method, write.route.unwrap_or_default(), write.items)).collect()
    }
}

pub(crate) fn client(url: &str, access: ShopAccess, limits: ShopLimits) -> ShopClient {
    ShopClient::new(ShopSettings { access, limits, ..settings(url) }, network(url))
}

/// A local shop with the token that may do everything.
pub(crate) fn settings(url: &str) -> ShopSettings {
    ShopSettings {
        name: "magento".to_owned(),
        address: ShopAddress::parse(url, AddressForm::Installed).unwrap(),
        access: ShopAccess::Integration(ShopSecret::new(TOKEN)),
        limits: ShopLimits::default(),
        download_hosts: Vec::new(),
    }
}

/// The network with the shop and nothing else in it.
pub(crate) fn network(url: &str) -> Arc<dyn Wire> {
    let address = settings(url).address;
    let (host, port) = address.host();
    let listed = ListedHost { host: host.to_owned(), port };
    Arc::new(Network::new(Client::new(ClientSettings::for_hosts(vec![listed])), now))
}

/// The time of the shop, which stands still.
pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 28, 17, 49, 16).unwrap()
}

pub(crate) async fn give<E: Entity>(
    target: &MagentoTarget,
    operation: Operation,
    csv: &str,
) -> Result<BlockOutcome, Error>
where
    MagentoTarget: Target<E>,
{
    let shop = Target::<E>::shop_facts(target).await?;
    give_rows(target, operation, rows::<E>(shop, csv)).await
}

/// The rows of a file as they are read with what the shop has now.
pub(crate) async fn rows_of<E: Entity>(shop: &Shop, csv: &str) -> Vec<RowChange<E::EntityChange>>
where
    MagentoTarget: Target<E>,
{
    rows::<E>(Target::<E>::shop_facts(&shop.target()).await.unwrap(), csv)
}

/// Gives rows to a target; each of them is answered or pending.
pub(crate) async fn give_rows<E: Entity>(
    target: &MagentoTarget,
    operation: Operation,
    rows: Vec<RowChange<E::EntityChange>>,
) -> Result<BlockOutcome, Error>
where
    MagentoTarget: Target<E>,
{
    let given = rows.len();
    let block = Block::<E> {
        source: BlockSource { pipeline: "01m804t3nd0zrr36at44".parse().unwrap(), at: now() },
        file: "a.csv".to_owned(),
        mark: "b/products/a.csv@0".to_owned(),
        import: "b/products".to_owned(),
        operation,
        rows,
    };
    let outcome = target.import(block).await?;
    assert_eq!(outcome.rows(), given, "{outcome:?}");
    Ok(outcome)
}

/// Asks what became of rows; each of them is answered or pending.
pub(crate) async fn ask<E: Entity>(target: &MagentoTarget, pending: Pending) -> Result<BlockOutcome, Error>
where
    MagentoTarget: Target<E>,
{
    let given = pending.lines.len();
    let outcome = Target::<E>::ask(target, pending).await?;
    assert_eq!(outcome.rows(), given, "{outcome:?}");
    Ok(outcome)
}

pub(crate) fn add(outcome: &mut BlockOutcome, more: BlockOutcome) {
    outcome.items.extend(more.items);
    outcome.pending.extend(more.pending);
    outcome.notices.extend(more.notices);
}

/// The rows of a file as an import reads them from this shop. Nothing in it is wrong.
fn rows<E: Entity>(shop: ShopFacts, csv: &str) -> Vec<RowChange<E::EntityChange>> {
    let (rows, findings) = read_rows::<E>(shop, UnknownNames::Refused, csv);
    assert_eq!(findings, [], "the file of a test says what can be read");
    rows
}

/// The rows of a file that can be used, and what is wrong with others.
pub(crate) fn read_rows<E: Entity>(
    shop: ShopFacts,
    unknown_names: UnknownNames,
    csv: &str,
) -> (Vec<RowChange<E::EntityChange>>, Vec<Finding>) {
    let rules = ReadingRules { shop: Arc::new(shop), unknown_names, ..ReadingRules::default() };
    let mut reader = RowReader::new(rules.dialect.format);
    reader.feed(csv.as_bytes());
    reader.finish();
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    let mut columns = None;
    let wait = wait("the reader comes to the end of the rows");
    while let ReadRow::Row(row) = reader.next_row().unwrap() {
        wait.go_on();
        let header = reader.header().unwrap();
        let columns = columns.get_or_insert_with(|| E::columns("a.csv", header, rules.clone()).unwrap());
        let read = E::read(columns, &row);
        findings.extend(read.findings);
        rows.extend(read.change.map(|change| RowChange { line: read.line, change, if_known: None }));
    }
    (rows, findings)
}

/// What became of rows: how many of each, then every finding.
pub(crate) fn told(outcome: BlockOutcome) -> String {
    let kinds = [
        ("created", ItemOutcome::Created),
        ("updated", ItemOutcome::Updated),
        ("unchanged", ItemOutcome::Unchanged),
        ("deleted", ItemOutcome::Deleted),
    ];
    let mut told: Vec<String> = Vec::new();
    for (word, kind) in kinds {
        let count = outcome.items.iter().filter(|item| **item == kind).count();
        told.extend((count > 0).then(|| format!("{count} {word}")));
    }
    let mut findings = outcome.notices.clone();
    for item in &outcome.items {
        if let ItemOutcome::Refused(finding) = item {
            findings.push(finding.clone());
        }
    }
    findings.sort();
    told.extend(findings.iter().map(ToString::to_string));
    told.join("\n")
}

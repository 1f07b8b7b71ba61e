//! Finds out whether imports can work with a shop, and says for each thing that is amiss what to do.
//!
//! What a shop tells nobody over REST is said to be unknown: whether its indexers and its cron run. The consumer of its
//! queue is tried with an entry that changes nothing: it deletes a product that cannot be there.

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use http::header::{ACCEPT, DATE, HeaderMap, HeaderValue};
use http_client::{Request, RequestLimits};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::bulk::{BulkBatch, BulkRoute, open_operations, submit};
use crate::client::{Arrival, Error, RefusalReason, ShopCall, ShopClient, ShopScope};

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopCheck {
    /// What it is: `address`, `clock`, `access`, `rights`, `consumer` or `index`.
    pub about: String,
    /// What was found.
    pub verdict: CheckVerdict,
    /// What was found in a sentence; with what to do about it, if anything is amiss.
    pub told: String,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// It is as it should be.
    Good,
    /// An import would fail, or do less than it should.
    Amiss,
    /// The shop does not tell.
    Unknown,
}

/// What a shop lets us read, with a call that needs it.
const RIGHTS: [(&str, &[&str]); 11] = [
    ("Magento_Backend::store", &["store", "websites"]),
    ("Magento_Catalog::products", &["products"]),
    ("Magento_Catalog::attributes_attributes", &["products", "attributes"]),
    ("Magento_Catalog::sets", &["products", "attribute-sets", "sets", "list"]),
    ("Magento_Catalog::categories", &["categories", "list"]),
    ("Magento_Customer::group", &["customerGroups", "search"]),
    ("Magento_Tax::manage_tax", &["taxClasses", "search"]),
    ("Magento_InventoryApi::source", &["inventory", "sources"]),
    ("Magento_InventoryApi::stock", &["inventory", "stocks"]),
    ("Magento_InventoryApi::stock_source_link", &["inventory", "stock-source-links"]),
    ("Magento_Logging::system_magento_logging_bulk_operations", &["bulk"]),
];

/// How much the clocks may differ. Signatures hold their time, and shops take those of some minutes.
const CLOCKS: TimeDelta = TimeDelta::minutes(2);

impl ShopCheck {
    /// Something that is as it should be.
    #[must_use]
    pub fn good(about: &str, told: impl Into<String>) -> Self {
        Self { about: about.to_owned(), verdict: CheckVerdict::Good, told: told.into() }
    }

    /// Something that is amiss.
    #[must_use]
    pub fn amiss(about: &str, told: impl Into<String>) -> Self {
        Self { about: about.to_owned(), verdict: CheckVerdict::Amiss, told: told.into() }
    }
}

/// Looks at everything that is answered at once. What comes after something amiss that hides it is left out.
pub async fn check(client: &ShopClient) -> Vec<ShopCheck> {
    let (host, port) = client.settings().address.host();
    let shown = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut checks = Vec::new();
    let shop_time = match shop_time(client).await {
        Ok(shop_time) => shop_time,
        Err(error) => return vec![ShopCheck::amiss("address", error.told())],
    };
    let refused = match refused_rights(client).await {
        Ok(refused) => refused,
        Err(error) if is_missing(&error) => {
            let told = format!("{}; is the address in setting `shop.url` that of the shop?", error.told());
            return vec![ShopCheck::amiss("address", told)];
        }
        Err(error) => return vec![ShopCheck::amiss("address", error.told())],
    };
    checks.push(ShopCheck::good("address", format!("the shop answers at {shown}")));
    checks.push(clock(shop_time, client.wire().now()));
    if let [(_, error), ..] = &refused[..]
        && refused.len() == RIGHTS.len()
    {
        checks.push(ShopCheck::amiss("access", no_access(error)));
        return checks;
    }
    checks.push(ShopCheck::good("access", "the shop lets us in"));
    checks.push(rights(&refused));
    checks.push(ShopCheck {
        about: "index".to_owned(),
        verdict: CheckVerdict::Unknown,
        told: "a shop does not tell over REST whether its indexers and its cron run; a new product is sold only behind an \
               index run, so look in the shop: `bin/magento indexer:status`, `crontab -l`"
            .to_owned(),
    });
    checks
}

/// Hands the shop's consumer something that changes nothing; returns the name of the list.
///
/// # Errors
/// The shop does not take it.
pub async fn try_consumer(client: &ShopClient) -> Result<String, Error> {
    let item = json!({ "sku": format!("systole-check-{:016x}", client.wire().random()) });
    let batch = BulkBatch { route: BulkRoute::DeleteProducts, scope: ShopScope::Global, items: vec![item] };
    let submission = submit(client, &batch).await?;
    let list = submission.accepted.into_iter().next();
    list.map(|list| list.uuid).ok_or_else(|| Error::Misread {
        what: "the list that tries the consumer".to_owned(),
        problem: submission.refused.first().map_or_else(String::new, |refused| refused.problem.clone()),
    })
}

/// Says whether the consumer has come to what it was tried with.
///
/// # Errors
/// The shop cannot be asked.
pub async fn has_consumed(client: &ShopClient, uuid: &str) -> Result<bool, Error> {
    Ok(open_operations(client, uuid).await? == 0)
}

/// What there is to say of a consumer that has come to its entry, or has not.
#[must_use]
pub fn consumer(has_consumed: bool, waited: TimeDelta) -> ShopCheck {
    let seconds = waited.num_seconds();
    if has_consumed {
        return ShopCheck::good("consumer", format!("the shop's consumer works ({seconds} s)"));
    }
    ShopCheck::amiss(
        "consumer",
        format!(
            "the shop's consumer has taken nothing for {seconds} s; let cron run in the shop, or start \
             `bin/magento queue:consumers:start async.operations.all`"
        ),
    )
}

/// Asks without a pass, for the time of the shop: whatever answers here is reached.
async fn shop_time(client: &ShopClient) -> Result<Option<DateTime<Utc>>, Error> {
    let call = ShopCall::get(&["store", "storeViews"]);
    let url = client.settings().address.of(&call)?;
    let limits = RequestLimits { time: client.limits().answer_time, body_bytes: client.limits().answer_bytes };
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    let name = call.name(&url);
    let request =
        Request { method: Method::GET, url, headers, body: bytes::Bytes::new(), secrets: Default::default(), limits };
    let answer = client.wire().send(request).await;
    let answer = answer.map_err(|source| Error::Unanswered { call: name, arrival: Arrival::Perhaps, source })?;
    let date = answer.headers.get(DATE).and_then(|date| date.to_str().ok());
    Ok(date.and_then(|date| httpdate::parse_http_date(date).ok()).map(DateTime::from))
}

fn clock(shop: Option<DateTime<Utc>>, ours: DateTime<Utc>) -> ShopCheck {
    let Some(shop) = shop else {
        return ShopCheck {
            about: "clock".to_owned(),
            verdict: CheckVerdict::Unknown,
            told: "the shop's answers have no time".to_owned(),
        };
    };
    let difference = (shop - ours).abs();
    if difference <= CLOCKS {
        return ShopCheck::good("clock", "the clocks agree");
    }
    let (shop, ours) = (shop.format("%F %T"), ours.format("%F %T"));
    ShopCheck::amiss(
        "clock",
        format!(
            "it is {shop} in the shop and {ours} here (UTC); set the clock that is wrong by a time server, because the shop \
             refuses signatures of another time"
        ),
    )
}

/// The rights that the shop refuses, and how. Any other failure is that of the shop.
async fn refused_rights(client: &ShopClient) -> Result<Vec<(&'static str, Error)>, Error> {
    let mut refused = Vec::new();
    for (right, path) in RIGHTS {
        let first = [("searchCriteria[pageSize]", "1"), ("searchCriteria[currentPage]", "1")];
        let first = first.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let call = ShopCall::get(path);
        let call = if path.contains(&"websites") { call } else { call.asking(first) };
        match client.call(&call).await {
            Ok(_) => {}
            Err(error) if refuses(&error) => refused.push((right, error)),
            // A shop without inventory by source has no such calls.
            Err(error) if has_no_route(&error) && path[0] == "inventory" => {}
            Err(error) => return Err(error),
        }
    }
    Ok(refused)
}

fn refuses(error: &Error) -> bool {
    let reason = error.refusal().map(|refusal| &refusal.reason);
    matches!(reason, Some(RefusalReason::Rights { .. } | RefusalReason::SignIn | RefusalReason::Signature))
}

fn is_missing(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| refusal.status == 404)
}

fn has_no_route(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| refusal.reason == RefusalReason::NoRoute)
}

fn no_access(error: &Error) -> String {
    let told = error.told();
    match error.refusal().map(|refusal| &refusal.reason) {
        Some(RefusalReason::Rights { .. }) => format!(
            "{told}; take over the keys of the integration anew (System > Integrations), and if only its access token is used \
             (`shop.access` = `integration`), set `oauth/consumer/enable_integration_as_bearer` to 1 in the shop or use all \
             four keys (`signed`)"
        ),
        _ => told,
    }
}

fn rights(refused: &[(&'static str, Error)]) -> ShopCheck {
    if refused.is_empty() {
        return ShopCheck::good("rights", "the integration may read all that imports need");
    }
    let names: Vec<String> = refused.iter().map(|(right, _)| format!("`{right}`")).collect();
    let names = names.join(", ");
    ShopCheck::amiss(
        "rights",
        format!(
            "the integration lacks {names}; add that to its resources (System > Integrations > API) and save it anew"
        ),
    )
}

//! Orders that are dropped as files below `orders/`: a data fetcher that finds them, and `import_orders`, which takes them.
//!
//! A file has one order, a list of them, or the answer of a shop to a search. It goes into the working directory of its
//! pipeline first. What is wrong with one order is no matter of the others: they are taken, the step fails with what is
//! wrong, and the file stays with the pipeline.
//!
//! A file that somebody still writes is not whole JSON: the step waits for it a while. One that was written anew has another
//! fingerprint and gets a pipeline of its own, so the older one has nothing to do.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use engine::accepts::{Accepts, Argument, Presence, Text};
use engine::data_fetchers::{DataFetcher, FetchError, FetchQuestion, NewPipelineRequest, Wanted};
use engine::{Executor, ExecutorError, Outcome, Work};
use orders::read::{self, ReadOrder};
use serde_json::json;
use store::files::FileInfo;

use super::arrive::{self, Arrived};

/// Where orders are dropped.
pub const ORDER_DROP_PREFIX: &str = "orders/";

/// The definition of the pipeline that takes a file of orders.
const PIPELINE: &str = "order_import";

/// How many files are looked at in a beat.
const LOOKED_AT: usize = 500;

/// How long a file may be no whole JSON before it counts as broken.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);

/// Most bytes of a file of orders.
pub const MAX_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// Most refused orders that a message names.
const NAMED: usize = 5;

/// Asks for one pipeline for each file of orders.
pub struct DroppedOrders;

/// See the module documentation.
pub struct ImportOrders;

const FILE: Argument<Text> = Argument {
    name: "file",
    kind: Text { example: "orders/000000041.json" },
    presence: Presence::HandedOn,
    meaning: "the key of the file with orders; the data fetcher hands it over",
};

const FINGERPRINT: Argument<Text> = Argument {
    name: "fingerprint",
    kind: Text { example: "0123456789abcdef" },
    presence: Presence::HandedOn,
    meaning: "what tells the file from another one of its name; the data fetcher hands it over",
};

#[async_trait]
impl DataFetcher for DroppedOrders {
    fn name(&self) -> &'static str {
        "dropped_orders"
    }

    fn description(&self) -> &'static str {
        "finds files with orders"
    }

    async fn fetch(&self, question: &FetchQuestion<'_>) -> Result<Vec<NewPipelineRequest>, FetchError> {
        let definition = Wanted::Named(PIPELINE.parse()?);
        let files = question.store.files.list(ORDER_DROP_PREFIX, None, LOOKED_AT).await?;
        let request = |file: FileInfo| NewPipelineRequest {
            definition: definition.clone(),
            key: format!("{} {}", file.key, file.fingerprint),
            at: file.modified_at,
            arguments: [("file".to_owned(), file.key), ("fingerprint".to_owned(), file.fingerprint)].into(),
            priority: None,
        };
        Ok(files.into_iter().map(request).collect())
    }
}

#[async_trait]
impl Executor for ImportOrders {
    fn name(&self) -> &'static str {
        "import_orders"
    }

    fn description(&self) -> &'static str {
        "takes the orders of a file that was dropped"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&FILE, &FINGERPRINT])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let (file, fingerprint) = (work.argument(&FILE)?, work.argument(&FINGERPRINT)?);
        let own = work.working_directory()?.key("orders.json");
        let is_it = |there: &FileInfo| there.fingerprint == fingerprint;
        if work.store.files.info(&own).await?.is_none() {
            let Some(there) = work.store.files.info(&file).await?.filter(is_it) else {
                let reason = format!("`{file}` is gone or was written anew; a newer one has a pipeline of its own");
                return Ok(Outcome::Skipped { reason });
            };
            check_size(&there)?;
            let bytes = work.store.files.get(&file, None).await?.unwrap_or_default();
            let is_whole = std::str::from_utf8(&bytes).is_ok_and(|text| read::orders(text).is_ok());
            if !is_whole && work.now() - there.modified_at < PATIENCE {
                let checkpoint = json!("waits for a whole file");
                return Ok(Outcome::Continue { checkpoint, after: Duration::from_secs(60) });
            }
            work.store.files.put(&own, bytes).await?;
        }
        // From here on the file is ours. One that was written anew while it was copied stays where it is; S3 knows no deletion
        // under a condition, so the look is as late as can be.
        if work.store.files.info(&file).await?.is_some_and(|there| is_it(&there)) {
            work.store.files.delete(&file).await?;
        }
        take_all(work, &own).await
    }
}

fn check_size(file: &FileInfo) -> Result<(), ExecutorError> {
    if file.size_bytes <= MAX_FILE_BYTES {
        return Ok(());
    }
    let (key, size) = (&file.key, file.size_bytes);
    Err(ExecutorError::permanent(format!(
        "`{key}` has {size} bytes, and a file of orders has {MAX_FILE_BYTES} at most; cut it into several"
    )))
}

/// Takes all orders of a file. One that was taken before changes nothing, so a repetition may begin anew.
async fn take_all(work: &mut Work<'_>, own: &str) -> Result<Outcome, ExecutorError> {
    let gone = || ExecutorError::permanent(format!("`{own}` is gone"));
    let bytes = work.store.files.get(own, None).await?.ok_or_else(gone)?;
    let no_orders = |why: String| ExecutorError::permanent(format!("the file has no orders: {why}"));
    let text = std::str::from_utf8(&bytes).map_err(|error| no_orders(format!("it is no UTF-8 ({error})")))?;
    let orders = read::orders(text).map_err(|error| no_orders(error.to_string()))?;
    let (mut counts, mut refused) = ([0_usize; 4], Vec::new());
    let count = orders.len();
    for order in orders {
        match take(work, order).await? {
            Ok(arrived) => counts[place(arrived)] += 1,
            Err(problem) => refused.push(problem),
        }
    }
    let [new, updated, known, older] = counts;
    work.set_output(
        json!({ "new": new, "updated": updated, "known": known, "older": older, "refused": refused.len() }),
    );
    work.info(&format!("{count} orders: {new} new, {updated} updated, {known} known already, {older} older"));
    if refused.is_empty() {
        return Ok(Outcome::Done);
    }
    for problem in &refused {
        work.warn(problem);
    }
    let more = refused.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more, see the log") } else { String::new() };
    let named = refused[..refused.len().min(NAMED)].join("; ");
    Err(ExecutorError::permanent(format!("{} of {count} orders were refused: {named}{more}", refused.len())))
}

/// What became of one order: what is wrong with it is a text, what is wrong with the store an error.
async fn take(work: &Work<'_>, order: ReadOrder) -> Result<Result<Arrived, String>, ExecutorError> {
    let order = match order {
        Ok(order) => order,
        Err(problem) => return Ok(Err(problem.to_string())),
    };
    match arrive::arrive(work.store, &order, work.now()).await {
        Ok(arrived) => Ok(Ok(arrived)),
        Err(arrive::Error::Store(error)) => Err(error.into()),
        Err(problem @ (arrive::Error::OtherOrder { .. } | arrive::Error::Busy(_))) => Ok(Err(problem.to_string())),
    }
}

fn place(arrived: Arrived) -> usize {
    match arrived {
        Arrived::New => 0,
        Arrived::Updated => 1,
        Arrived::Known => 2,
        Arrived::Older => 3,
    }
}

//! What executor authors test with: it runs a step as a runner does, and finds executors that must not be repeated.

use std::time::Duration;

use async_trait::async_trait;
use engine::accepts::Accepts;
use engine::testing::Trial;
use engine::{Executor, ExecutorError, Outcome, Work};
use serde_json::json;
use store::Store;
use store::table::{Change, Condition, Key, Write};
use workshop::Workshop;

/// Does what its argument `does` says, well or in a way that a repetition would show.
struct Clerk;

#[async_trait]
impl Executor for Clerk {
    fn name(&self) -> &'static str {
        "clerk"
    }

    fn description(&self) -> &'static str {
        "keeps files and items"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Anything
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let files = work.store.files.clone();
        match work.free_argument("does").unwrap_or_default() {
            "artifact" => {
                let key = work.artifact_key("list.csv");
                files.put(&key, "a,b\n".into()).await?;
                work.info("wrote a list");
                work.set_output(json!("list.csv"));
            }
            "appends" => {
                let before = files.get("lists/all.csv", None).await?.unwrap_or_default();
                files.put("lists/all.csv", [&before[..], b"a,b\n"].concat().into()).await?;
            }
            "counts" => {
                let key = Key::new("clerk", "count");
                let before =
                    work.store.table.get(&key).await?.map_or(0, |item| item.attributes["count"].as_u64().unwrap());
                let attributes = [("count".to_owned(), json!(before + 1))].into();
                let change = Change::Put { attributes, listing: None, expires_at: None };
                work.store.table.write(Write { key, condition: Condition::Any, change }).await?;
            }
            "refuses the second" if work.attempt() > 1 => return Err(ExecutorError::permanent("it was done before")),
            "parts" => {
                let part = work.checkpoint::<u32>()?.unwrap_or(0) + 1;
                work.info(&format!("part {part}"));
                if part < 3 {
                    return Ok(Outcome::Continue { checkpoint: json!(part), after: Duration::ZERO });
                }
            }
            _ => return Ok(Outcome::Skipped { reason: "there is nothing to do".to_owned() }),
        }
        Ok(Outcome::Done)
    }
}

fn store() -> (Workshop, Store) {
    let workshop = Workshop::with(&[]);
    let store = workshop.store().clone();
    (workshop, store)
}

#[tokio::test]
async fn an_attempt_is_run_to_its_end_and_recorded() {
    let (workshop, store) = store();
    let tried = Trial::new(store, Clerk).with_argument("does", "parts").run().await.unwrap();
    assert!(matches!(tried.outcome, Ok(Outcome::Done)), "{tried:?}");
    assert_eq!(tried.invocations, 3);
    let lines: Vec<&str> = tried.log.lines().filter_map(|line| line.split("info: ").nth(1)).collect();
    assert_eq!(lines, ["part 1", "part 2", "part 3"]);
    let id = workshop.store().open_pipelines(10).await.unwrap().remove(0).id;
    assert!(workshop.shown(&id).await.ends_with("trial success"), "{}", workshop.shown(&id).await);
}

#[tokio::test]
async fn what_belongs_to_an_attempt_may_be_there_twice() {
    let (_workshop, store) = store();
    let trial = Trial::new(store, Clerk).with_argument("does", "artifact");
    assert_eq!(trial.assert_repeatable().await.unwrap().output, Some(json!("list.csv")));
    let (_workshop, store) = self::store();
    let tried = Trial::new(store, Clerk).with_argument("does", "parts").assert_repeatable().await.unwrap();
    // The checkpoint of the first attempt is there for the second one.
    assert_eq!(tried.invocations, 1);
}

async fn repeat(does: &str) {
    let (_workshop, store) = store();
    let _ = Trial::new(store, Clerk).with_argument("does", does).assert_repeatable().await;
}

#[tokio::test]
#[should_panic(expected = "executor `clerk` leaves another file `lists/all.csv` when it is repeated")]
async fn a_file_that_grows_with_a_repetition_is_found() {
    repeat("appends").await;
}

#[tokio::test]
#[should_panic(expected = "executor `clerk` leaves another item `clerk count` when it is repeated")]
async fn an_item_that_counts_repetitions_is_found() {
    repeat("counts").await;
}

#[tokio::test]
#[should_panic(expected = "executor `clerk` answers otherwise when it is repeated")]
async fn an_executor_that_refuses_its_repetition_is_found() {
    repeat("refuses the second").await;
}

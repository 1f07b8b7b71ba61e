//! `lambda_invoke` with functions that a test plays.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use store::services::{FilesAt, FunctionAnswer, Functions, Invokable, Services};

use super::{called, outcome, output, repeated, workshop};
use engine::runner::RunReport;
use steps::general::lambda_invoke::LambdaInvoke;
use workshop::Workshop;

/// Answers one invocation after the other with the next text, and keeps what it was given.
#[derive(Default)]
struct Played {
    answers: Mutex<Vec<Play>>,
    given: Mutex<Vec<(String, Value)>>,
}

enum Play {
    Answers(String),
    Fails(&'static str),
    IsSilent,
}

#[async_trait]
impl Functions for Played {
    async fn invoke(&self, function: &str, payload: Bytes, limit: Duration) -> store::Result<FunctionAnswer> {
        assert!(limit > Duration::from_secs(10) && limit <= Duration::from_secs(60), "{limit:?}");
        let payload = serde_json::from_slice(&payload).unwrap();
        self.given.lock().unwrap().push((function.to_owned(), payload));
        match self.answers.lock().unwrap().remove(0) {
            Play::Answers(text) => Ok(FunctionAnswer { payload: Bytes::from(text), failure: None }),
            Play::Fails(text) => {
                Ok(FunctionAnswer { payload: Bytes::from(text), failure: Some("Unhandled".to_owned()) })
            }
            Play::IsSilent => Err(store::Error::retryable("invoke function `tax`", "no answer within 55 s")),
        }
    }
}

impl Played {
    /// A function that answers so.
    fn answering(answers: &[Value]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| Play::Answers(answer.to_string())).collect();
        Arc::new(Played { answers: Mutex::new(answers), ..Played::default() })
    }

    /// The documents it was given.
    fn given(&self) -> Vec<Value> {
        self.given.lock().unwrap().iter().map(|(_, payload)| payload.clone()).collect()
    }
}

fn invoking(functions: &Arc<Played>, function: &str, arguments: &[(&str, &str)]) -> Workshop {
    let arguments = [&[("function", function)], arguments].concat();
    let services = Services {
        functions: Some(functions.clone()),
        invokable: Invokable::parse("tax,systole-erp-*").unwrap(),
        files_at: Some(FilesAt::Bucket("systole-dev".to_owned())),
        ..Services::default()
    };
    workshop(Arc::new(LambdaInvoke), &arguments, services)
}

/// The outcome of a step whose function answers so.
async fn with_answer(answer: Value) -> String {
    let workshop = invoking(&Played::answering(&[answer]), "tax", &[]);
    let id = called(&workshop).await;
    outcome(&workshop, &id).await
}

#[tokio::test]
async fn the_function_gets_all_it_needs_in_one_document() {
    let functions = Played::answering(&[json!({ "outcome": "done" })]);
    let workshop = invoking(&functions, "systole-erp-orders", &[("country", "de")]);
    let id = called(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    let expected = json!({
        "schema": 1,
        "pipeline": { "id": id, "name": "work", "arguments": {} },
        "step": { "name": "call", "attempt": 1, "arguments": { "country": "de" }, "checkpoint": null },
        "working_directory": { "bucket": "systole-dev", "prefix": format!("work/{id}/") },
        "deadline": functions.given()[0]["deadline"],
        "idempotency_key": format!("{id}/call"),
    });
    assert_eq!(functions.given()[0], expected);
    let deadline: chrono::DateTime<chrono::Utc> = functions.given()[0]["deadline"].as_str().unwrap().parse().unwrap();
    let left = (deadline - workshop.now()).num_seconds();
    assert!((50..=60).contains(&left), "{left}");
    assert_eq!(functions.given.lock().unwrap()[0].0, "systole-erp-orders");
}

#[tokio::test]
async fn every_outcome_of_a_rust_executor_can_be_answered() {
    assert_eq!(with_answer(json!({ "outcome": "done", "message": "fine" })).await, "success ");
    assert_eq!(with_answer(json!({ "outcome": "skipped", "message": "no orders" })).await, "skipped no orders");
    assert_eq!(with_answer(json!({ "outcome": "not_found", "message": "no file" })).await, "skipped no file");
    assert_eq!(with_answer(json!({ "outcome": "invalid_data", "message": "2 odd rows" })).await, "success 2 odd rows");
    assert_eq!(with_answer(json!({ "outcome": "error", "message": "ERP is down" })).await, "error ERP is down");
    let broken = json!({ "outcome": "error", "message": "no such country", "permanent": true });
    assert_eq!(with_answer(broken).await, "error for good no such country");
}

#[tokio::test]
async fn output_and_log_of_the_function_are_those_of_the_step() {
    let answer = json!({ "outcome": "done", "output": { "rows": 3 }, "log": ["read 3 rows", "a\u{1b}[31mb\nc"] });
    let workshop = invoking(&Played::answering(&[answer]), "tax", &[]);
    let id = called(&workshop).await;
    assert_eq!(output(&workshop, &id).await, json!({ "rows": 3 }));
    let log = workshop.step(&id, "call").await.record.log;
    assert!(log.contains("info: read 3 rows\n") && log.contains("info: a␛[31mb␊c\n"), "{log}");
}

#[tokio::test]
async fn a_function_that_continues_gets_its_checkpoint_back_when_it_is_time() {
    let first = json!({ "outcome": "continue", "checkpoint": { "row": 500 }, "after_seconds": 120 });
    let second = json!({ "outcome": "continue", "checkpoint": { "row": 900 } });
    let functions = Played::answering(&[first, second, json!({ "outcome": "done" })]);
    let workshop = invoking(&functions, "tax", &[]);
    let id = workshop.spawn().await;
    workshop.beat().await;
    assert!(workshop.run_all().await.contains(&RunReport::Continued));
    assert_eq!(functions.given().len(), 1);
    workshop.wait(2);
    workshop.run_all().await;
    let given: Vec<Value> = functions.given().iter().map(|given| given["step"]["checkpoint"].clone()).collect();
    assert_eq!(given, [Value::Null, json!({ "row": 500 }), json!({ "row": 900 })]);
    let record = workshop.step(&id, "call").await.record;
    assert_eq!((record.status, record.attempt), (pipeline::StepStatus::Success, 1));
}

#[tokio::test]
async fn a_function_whose_runner_died_is_invoked_again_and_can_recognise_it() {
    let functions = Played::answering(&[json!({ "outcome": "done" }), json!({ "outcome": "done" })]);
    let workshop = invoking(&functions, "tax", &[]);
    let id = repeated(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    let given = functions.given();
    assert_eq!((given.len(), &given[0]["idempotency_key"]), (2, &given[1]["idempotency_key"]));
    assert_eq!((&given[0]["step"]["attempt"], &given[1]["step"]["attempt"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_failure_that_may_pass_and_is_quoted() {
    for answer in [
        json!("ok"),
        json!(null),
        json!({}),
        json!({ "outcome": "finished" }),
        json!({ "outcome": "done", "checkpont": 1 }),
        json!({ "outcome": "continue", "after_seconds": -1 }),
    ] {
        let outcome = with_answer(answer.clone()).await;
        assert!(outcome.starts_with("error the answer of function `tax` is not understood: `"), "{answer}: {outcome}");
    }
    let functions = Played::default();
    *functions.answers.lock().unwrap() = vec![Play::Fails("a\u{1b}[31mb\nc")];
    let workshop = invoking(&Arc::new(functions), "tax", &[]);
    let id = called(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "error function `tax` failed (Unhandled): a␛[31mb␊c");
    let outcome = with_answer(json!("x".repeat(1_000))).await;
    let quoted = format!("is not understood: `\"{}`", "x".repeat(299));
    assert!(outcome.contains(&quoted), "{outcome}");
}

#[tokio::test]
async fn a_function_that_fails_or_does_not_answer_is_asked_again() {
    let functions = Played::default();
    *functions.answers.lock().unwrap() = vec![Play::Fails(r#"{"errorMessage":"division by zero"}"#), Play::IsSilent];
    let workshop = invoking(&Arc::new(functions), "tax", &[]);
    let id = called(&workshop).await;
    let expected = r#"error function `tax` failed (Unhandled): {"errorMessage":"division by zero"}"#;
    assert_eq!(outcome(&workshop, &id).await, expected);
    workshop.beat().await;
    workshop.run_all().await;
    let outcome = outcome(&workshop, &id).await;
    assert!(outcome.starts_with("error function `tax` could not be invoked") && outcome.ends_with("55 s"), "{outcome}");
}

#[tokio::test]
async fn a_function_that_is_not_listed_is_never_invoked() {
    for function in ["taxes", "systole-runner", "arn:aws:lambda:eu-central-1:000000000000:function:tax"] {
        let functions = Played::answering(&[]);
        let workshop = invoking(&functions, function, &[]);
        let id = called(&workshop).await;
        let outcome = outcome(&workshop, &id).await;
        let expected = format!("error for good `{function}` is not among the functions that may be invoked");
        assert!(outcome.starts_with(&expected) && functions.given().is_empty(), "{outcome}");
    }
}

#[tokio::test]
async fn an_output_that_belongs_into_a_file_is_refused() {
    let outcome = with_answer(json!({ "outcome": "done", "output": "x".repeat(9_000) })).await;
    assert_eq!(outcome, "error for good the output has 9002 bytes; above 8192 it belongs into a file");
}

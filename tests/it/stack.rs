//! The whole stack as it is deployed: the real functions, woken by S3, SQS and the schedule of the emulated AWS.
//!
//! The tests share one stage, as shops do: each has its own files, and those that would wait for each other have their own
//! definition. They do from outside what people and other systems do, through S3 and the function URL, and look into the
//! storage for what came of it.

mod imports;
mod messages;
mod operators;
mod options;

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use patience::{Look, run, wait};
use pipeline::{Pipeline, PipelineId};
use serde_json::{Value, json};
use store::Store;
use store_aws::Config;
use tests::seen;

/// The deployed stage.
struct Stack {
    store: Store,
    endpoint: String,
    bucket: String,
    dead_letters_url: String,
}

/// An answer of an HTTP server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Much longer than anything takes: a tick comes once a minute, and a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(600);

impl Stack {
    async fn connect() -> Self {
        let config = Config::from_env().unwrap_or_else(|error| panic!("{error}: run the tests through `make test`"));
        Stack {
            store: store_aws::connect(&config).await,
            endpoint: variable("AWS_ENDPOINT_URL"),
            bucket: config.bucket_name,
            dead_letters_url: config.step_dead_letters_url.expect("the variables are those of `.emulators/local.env`"),
        }
    }

    /// Puts an object into the bucket as any S3 client would.
    fn put_object(&self, key: &str, content: &Bytes) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("object");
        std::fs::write(&file, content).unwrap();
        let url = format!("{}/{}/{key}", self.endpoint, self.bucket);
        let answer = curl(["--upload-file", file.to_str().unwrap(), &url]);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Calls an AWS API that speaks JSON.
    fn call(&self, service: &str, target: &str, request: &Value) -> Value {
        let answer = curl([
            "--header",
            &format!("X-Amz-Target: {target}"),
            "--header",
            "Content-Type: application/x-amz-json-1.1",
            "--header",
            &format!("Authorization: AWS4-HMAC-SHA256 Credential=test/20000101/eu-central-1/{service}/aws4_request"),
            "--data",
            &request.to_string(),
            &self.endpoint,
        ]);
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// Whether a function has logged something.
    fn has_logged(&self, function: &str, words: &str) -> bool {
        self.line(function, words).is_some()
    }

    /// The line of its log that has these words.
    #[track_caller]
    fn logged(&self, function: &str, words: &str) -> Value {
        let line = self.line(function, words).unwrap_or_else(|| panic!("{function} has not logged `{words}`"));
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn line(&self, function: &str, words: &str) -> Option<String> {
        let group = format!("/aws/lambda/{}", variable(function));
        let request = json!({ "logGroupName": group, "filterPattern": "" });
        let found = self.call("logs", "Logs_20140328.FilterLogEvents", &request);
        let mut lines = found["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap());
        // In the log the words are part of a JSON document.
        let quoted = json!(words).to_string();
        let words = quoted.trim_matches('"');
        lines.find(|line| line.contains(words)).map(str::to_owned)
    }

    /// Everything in a queue, received or not, as the emulator lists it without receiving it.
    fn messages(&self, queue_url: &str) -> String {
        let answer = curl([
            "--header",
            "Accept: application/json",
            &format!("{}/_aws/sqs/messages?ShowInvisible=true&ShowDelayed=true&QueueUrl={queue_url}", self.endpoint),
        ]);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// The pipeline that a beat spawned from a definition after a moment.
    async fn spawned(&self, name: &str, after: DateTime<Utc>) -> PipelineId {
        let path = format!("pipelines?name={name}&limit=20");
        eventually(&format!("a beat spawns {name}"), async || {
            let answer = admin(&path).json();
            let is_wanted = |row: &&Value| {
                let spawned_at: DateTime<Utc> = row["spawned_at"].as_str().unwrap().parse().unwrap();
                spawned_at > after && row["spawned_by"].as_str().unwrap().starts_with("heartbeat")
            };
            let row = answer["pipelines"].as_array().unwrap().iter().find(is_wanted)?;
            Some(row["id"].as_str().unwrap().parse().unwrap())
        })
        .await
    }

    /// The pipeline after its end.
    async fn ended(&self, id: &PipelineId) -> Pipeline {
        eventually(&format!("pipeline {id} ends"), async || {
            let pipeline = self.pipeline(id).await;
            if pipeline.status.is_open() { Err(seen(&pipeline)) } else { Ok(pipeline) }
        })
        .await
    }

    async fn pipeline(&self, id: &PipelineId) -> Pipeline {
        self.store.pipeline_with_steps(id).await.unwrap().expect("the pipeline exists")
    }

    async fn list(&self, prefix: &str) -> Vec<String> {
        let files = self.store.files.list(prefix, None, 1_000).await.unwrap();
        files.into_iter().map(|file| file.key).collect()
    }
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Asks the admin function, as somebody whom IAM has let through.
fn admin(path: &str) -> Answer {
    ask_admin("admin-health", path, None)
}

/// Asks the admin function to do something.
fn admin_post(path: &str, body: &Value) -> Answer {
    ask_admin("admin-init", path, Some(body))
}

/// Calls the admin function with the event that its address makes on AWS. The emulator's address does not tell who asks.
fn ask_admin(event: &str, path: &str, body: Option<&Value>) -> Answer {
    let mut event: Value = crate::aws_flows::events::event(event);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    event["rawPath"] = json!(format!("/{path}"));
    event["rawQueryString"] = json!(query);
    event["requestContext"]["http"]["path"] = event["rawPath"].clone();
    if let Some(body) = body {
        event["body"] = json!(body.to_string());
        event["headers"]["content-length"] = json!(body.to_string().len().to_string());
    }
    let (endpoint, function) = (variable("AWS_ENDPOINT_URL"), variable("ADMIN_FUNCTION"));
    let url = format!("{endpoint}/2015-03-31/functions/{function}/invocations");
    // The emulator finds out from the header for which region a request is, and does not check the rest of it.
    let answer =
        curl(["--user", "test:test", "--aws-sigv4", "aws:amz:eu-central-1:lambda", "--json", &event.to_string(), &url]);
    let answer = answer.json();
    let status = answer["statusCode"].as_u64().unwrap_or_else(|| panic!("{answer}"));
    Answer { status: status.try_into().unwrap(), body: answer["body"].as_str().unwrap().to_owned() }
}

/// Asks the admin function through its address, as somebody whom nobody knows.
fn admin_unknown(path: &str) -> Answer {
    curl([&format!("{}{path}", variable("ADMIN_URL"))])
}

/// Makes a request with a program that has nothing in common with ours.
#[track_caller]
pub(crate) fn curl<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Answer {
    let output = run(Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "60", "--write-out", "\n%{http_code}"])
        .args(arguments));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    Answer { status: status.parse().unwrap(), body: body.to_owned() }
}

/// Runs a script of the emulator.
#[track_caller]
fn localstack(script: &str, arguments: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../localstack").join(script);
    let ran = run(Command::new(path).args(arguments));
    assert!(ran.status.success(), "`localstack/{script} {}` failed: {ran:?}", arguments.join(" "));
}

/// Asks again until there is an answer.
#[track_caller]
fn eventually<T, L: Look<T>>(what: &str, ask: impl AsyncFnMut() -> L) -> impl Future<Output = T> {
    wait(what).up_to(PATIENCE).every(Duration::from_millis(200)).ask(ask)
}

#[expect(clippy::disallowed_methods, reason = "`localstack/deploy-local` gives the names of the stage in variables")]
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests through `make test`"))
}

#[expect(clippy::disallowed_methods, reason = "to tell this run's pipelines from those of an earlier one")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

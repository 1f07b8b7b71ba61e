//! As much of Lambda as one function needs: the runtime API, and a process that is invoked, killed and started again.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use patience::wait;
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};

use super::proxy::{self, Death, Gate};

/// What became of an invocation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Invoked {
    /// The function answered.
    Ok,
    /// It answered with an error, so that the message comes again.
    Failed(String),
    /// It was killed.
    Killed,
}

/// A function whose requests to AWS go through a proxy.
pub(super) struct Lambda {
    pub(super) gate: Arc<Gate>,
    process: Option<Child>,
    variables: HashMap<String, String>,
    events: mpsc::Sender<(String, Value)>,
    answers: mpsc::Receiver<(String, Result<(), String>)>,
    log: NamedTempFile,
}

/// What the handlers of the runtime API share.
struct Runtime {
    events: Mutex<mpsc::Receiver<(String, Value)>>,
    answers: mpsc::Sender<(String, Result<(), String>)>,
}

/// How long an invocation may take; short, so that a dead one's lease ends soon.
const TIMEOUT: Duration = Duration::from_secs(60);

impl Lambda {
    /// A runner over the storage that the variables name; it starts with its first event.
    pub(super) async fn runner(mut variables: HashMap<String, String>) -> Self {
        let gate = Arc::new(Gate::default());
        for endpoint in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"] {
            let upstream = upstream(endpoint);
            let address = proxy::start(upstream, gate.clone()).await;
            variables.insert(endpoint.to_owned(), format!("http://{address}"));
        }
        let (events, next) = mpsc::channel(1);
        let (answered, answers) = mpsc::channel(1);
        let runtime = Runtime { events: Mutex::new(next), answers: answered };
        variables.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), serve(Arc::new(runtime)).await.to_string());
        variables.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), "systole-test-runner".to_owned());
        for (name, value) in [("VERSION", "1"), ("MEMORY_SIZE", "512")] {
            variables.insert(format!("AWS_LAMBDA_FUNCTION_{name}"), value.to_owned());
        }
        for name in ["AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"] {
            variables.insert(name.to_owned(), "test".to_owned());
        }
        Lambda { gate, process: None, variables, events, answers, log: NamedTempFile::new().unwrap() }
    }

    /// Invokes the function; kills it where `death` says, or else lets it live for the next event.
    pub(super) async fn invoke(&mut self, event: Value, death: Option<Death>) -> Invoked {
        self.gate.arm(death);
        if self.process.is_none() {
            self.process = Some(self.start());
        }
        let id = uuid::Uuid::new_v4().to_string();
        self.events.send((id.clone(), event)).await.unwrap();
        let mut wait = wait("the runner answers its invocation or is to be killed");
        tokio::select! {
            answer = self.answers.recv() => {
                let (answered, outcome) = answer.unwrap();
                assert_eq!(answered, id);
                outcome.map_or_else(Invoked::Failed, |()| Invoked::Ok)
            }
            () = self.gate.reached.notified() => {
                self.kill().await;
                Invoked::Killed
            }
            () = wait.is_over() => {
                wait.saw((self.gate.log(), self.logged()));
                wait.fail();
            }
        }
    }

    /// What the function has logged.
    pub(super) fn logged(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    fn start(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_runner-under-test"))
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(self.log.reopen().unwrap())
            .stderr(self.log.reopen().unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    /// Kills it as the machine's failure would.
    async fn kill(&mut self) {
        self.process.take().unwrap().kill().await.unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests know the emulator by the variables of the SDK")]
pub(crate) fn upstream(endpoint: &str) -> SocketAddr {
    // DynamoDB may be behind the one address that there is for all services.
    let url = std::env::var(endpoint).or_else(|_| std::env::var("AWS_ENDPOINT_URL"));
    let url = url.expect("the storage that was lent is at this address");
    url.strip_prefix("http://").and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("{url}"))
}

/// Serves the runtime API; it ends with the test's runtime.
async fn serve(runtime: Arc<Runtime>) -> SocketAddr {
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .with_state(runtime);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    let Some((id, event)) = runtime.events.lock().await.recv().await else {
        // The test is over.
        return std::future::pending().await;
    };
    let deadline = (now() + TIMEOUT).timestamp_millis();
    let arn = "arn:aws:lambda:eu-central-1:000000000000:function:systole-test-runner";
    Response::builder()
        .header("Lambda-Runtime-Aws-Request-Id", id)
        .header("Lambda-Runtime-Deadline-Ms", deadline)
        .header("Lambda-Runtime-Invoked-Function-Arn", arn)
        .header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
        .body(Body::from(event.to_string()))
        .unwrap()
}

async fn response(State(runtime): State<Arc<Runtime>>, Path(id): Path<String>) -> impl IntoResponse {
    let _ = runtime.answers.send((id, Ok(()))).await;
    axum::http::StatusCode::ACCEPTED
}

async fn error(State(runtime): State<Arc<Runtime>>, Path(id): Path<String>, error: String) -> impl IntoResponse {
    let _ = runtime.answers.send((id, Err(error))).await;
    axum::http::StatusCode::ACCEPTED
}

#[expect(clippy::disallowed_methods, reason = "Lambda says by the clock until when an invocation may run")]
pub(super) fn now() -> DateTime<Utc> {
    Utc::now()
}

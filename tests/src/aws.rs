//! The emulated AWS: storage that is lent from a pool, emptied between two tests and deleted at the end.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_smithy_runtime_api::client::http::HttpClient;
use store_aws::Config;

use crate::Provided;

/// A store on the emulated AWS that `AWS_ENDPOINT_URL` names.
///
/// # Panics
/// If there is no emulator.
pub async fn aws() -> Provided {
    aws_over(store_aws::http_client()).await
}

/// The same over another HTTP client: one that counts requests, or makes them fail.
///
/// # Panics
/// If there is no emulator.
pub async fn aws_over(http: impl HttpClient + 'static) -> Provided {
    provide(http).await.0
}

/// The same with the variables that a function over this storage has in its environment.
///
/// # Panics
/// If there is no emulator.
pub async fn aws_with_variables() -> (Provided, HashMap<String, String>) {
    provide(store_aws::http_client()).await
}

async fn provide(http: impl HttpClient + 'static) -> (Provided, HashMap<String, String>) {
    let storage = tokio::task::spawn_blocking(Storage::borrow).await.expect("the emulator lends storage");
    let store = store_aws::connect_over(&storage.lender().config, http).await;
    let variables = storage.lender().variables.clone();
    (Provided { store, keep: Box::new(storage) }, variables)
}

/// Those who have storage that nobody uses now. As many as tests ever ran at once.
static FREE: Mutex<Vec<Lender>> = Mutex::new(Vec::new());

/// How many there are.
static LENDERS: AtomicU32 = AtomicU32::new(0);

/// Storage that goes back into the pool when it is dropped.
struct Storage {
    lender: Option<Lender>,
}

/// A process that has storage and deletes it when this one ends.
struct Lender {
    config: Config,
    variables: HashMap<String, String>,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Storage {
    fn borrow() -> Self {
        let free = FREE.lock().expect("nothing panics with it locked").pop();
        let lender = match free {
            Some(mut lender) => {
                lender.empty();
                lender
            }
            None => Lender::start(),
        };
        Storage { lender: Some(lender) }
    }

    fn lender(&self) -> &Lender {
        self.lender.as_ref().expect("it is there until the end")
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        let Ok(mut free) = FREE.lock() else { return };
        free.extend(self.lender.take());
    }
}

impl Lender {
    #[expect(clippy::zombie_processes, reason = "it ends after this process, with whom its input ends")]
    #[expect(clippy::disallowed_methods, reason = "without this variable the SDK would go to the real AWS")]
    fn start() -> Self {
        if std::env::var("AWS_ENDPOINT_URL").is_err() {
            panic!(
                "AWS_ENDPOINT_URL is not set: run the tests with `make test`, \
                 or start the emulator with `make local-up` and `source .emulators/emulator.env`"
            );
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../localstack/lend-storage");
        let stage = format!("test-{}-{}", std::process::id(), LENDERS.fetch_add(1, Ordering::Relaxed));
        let mut process = Command::new(script)
            .arg(stage)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`localstack/lend-storage` starts");
        let requests = process.stdin.take().expect("it is piped");
        let mut answers = BufReader::new(process.stdout.take().expect("it is piped"));
        let variables: HashMap<String, String> =
            serde_json::from_str(&line(&mut answers)).expect("it prints variables");
        let config = Config::from_lookup(|name| variables.get(name).cloned()).expect("it prints all variables");
        Lender { config, variables, requests, answers }
    }

    fn empty(&mut self) {
        self.requests.write_all(b"\n").expect("`localstack/lend-storage` runs");
        line(&mut self.answers);
    }
}

fn line(answers: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    answers.read_line(&mut line).expect("`localstack/lend-storage` answers in text");
    assert!(!line.is_empty(), "`localstack/lend-storage` has failed; its message is above");
    line
}

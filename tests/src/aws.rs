//! The emulated AWS: storage that is lent to one test at a time, by a process that all of them share.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use aws_smithy_runtime_api::client::http::HttpClient;
use patience::wait;
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
    let Loan { connection, variables } =
        tokio::task::spawn_blocking(Loan::borrow).await.expect("the emulator lends storage");
    let config = Config::from_lookup(|name| variables.get(name).cloned()).expect("a loan has all variables");
    let store = store_aws::connect_over(&config, http).await;
    (Provided { store, keep: Box::new(connection) }, variables)
}

/// Storage that goes back when the connection ends.
struct Loan {
    connection: TcpStream,
    variables: HashMap<String, String>,
}

impl Loan {
    /// Borrows from whoever lends, and starts `localstack/lend-storage` if nobody does.
    #[expect(clippy::disallowed_methods, reason = "without this variable the SDK would go to the real AWS")]
    fn borrow() -> Self {
        assert!(
            std::env::var("AWS_ENDPOINT_URL").is_ok(),
            "AWS_ENDPOINT_URL is not set: run the tests with `make test`, \
             or start the emulator with `make local-up` and `source .emulators/emulator.env`"
        );
        let mut lender: Option<Child> = None;
        wait("`localstack/lend-storage` lends storage").look(|| {
            let problem = match Loan::ask() {
                Ok(loan) => return Ok(loan),
                Err(problem) => problem,
            };
            let status = lender.as_mut().map(|lender| lender.try_wait().expect("it is a child of this process"));
            let has_failed = matches!(status, Some(Some(status)) if !status.success());
            assert!(!has_failed, "`localstack/lend-storage` failed: {}", said());
            // One that ended well has found another one, which may end just now.
            if !matches!(status, Some(None)) {
                lender = Some(start());
            }
            Err(problem)
        })
    }

    /// Asks the one who lends, if there is one.
    fn ask() -> std::io::Result<Self> {
        let address = std::fs::read_to_string(folder().join("lender.address"))?;
        let connection = TcpStream::connect(address)?;
        let mut line = String::new();
        connection.set_read_timeout(Some(patience::PATIENCE))?;
        BufReader::new(&connection).read_line(&mut line)?;
        let variables: HashMap<String, String> = serde_json::from_str(&line)?;
        if let Some(problem) = variables.get("problem") {
            panic!("`localstack/lend-storage` cannot make storage: {problem}\n{}", said());
        }
        Ok(Loan { connection, variables })
    }
}

/// Starts the one who lends. It outlives this test, so it shares neither its group nor its output.
fn start() -> Child {
    let log =
        File::options().create(true).append(true).open(folder().join("lender.log")).expect("the emulator has a folder");
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../localstack/lend-storage"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0)
        .spawn()
        .expect("`localstack/lend-storage` starts")
}

/// What the one who lends has said.
fn said() -> String {
    std::fs::read_to_string(folder().join("lender.log")).unwrap_or_default()
}

/// Where `localstack/up` keeps what belongs to the emulator.
#[expect(clippy::disallowed_methods, reason = "the scripts of the emulator name it by this variable, or not at all")]
fn folder() -> PathBuf {
    let port = std::env::var("SYSTOLE_LOCALSTACK_PORT").unwrap_or_else(|_| "4566".to_owned());
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.emulators/run").join(port)
}

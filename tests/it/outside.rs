//! Steps whose work is done by others: a function in Python, a web server, a command.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use patience::PATIENCE;
use pipeline::{Pipeline, PipelineStatus, Step, StepStatus};
use serde_json::{Value, json};

use crate::systole::{Ran, Running, Systole, program, root};

/// The example of an executor in Python, served on this machine; killed when this is dropped.
struct Served {
    _process: Running,
    address: String,
}

impl Served {
    fn start() -> Self {
        let mut command = Command::new("python3");
        command.args(["-u", "serve.py", "0"]).current_dir(example()).env("PYTHONDONTWRITEBYTECODE", "1");
        let process = Running::start(command);
        let line = process.line("where it listens", |line| line.starts_with("listening on "));
        Served { address: line.trim_start_matches("listening on ").to_owned(), _process: process }
    }
}

/// The folder of the example.
pub(crate) fn example() -> PathBuf {
    root().join("examples/python-executor")
}

/// A web server that answers every request with a document and keeps what came in.
pub(crate) struct Shop {
    pub(crate) host: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    /// Runs until the process of the tests ends.
    pub(crate) fn open(body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                let request = read(&mut stream);
                seen.lock().unwrap().push(request);
                let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json";
                let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            }
        });
        Shop { host, requests }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// A definition that gets a document from here and sends it back.
    pub(crate) fn definition(&self) -> String {
        let url = format!("http://{}/stock", self.host);
        format!(
            r#"<config><pipeline name="stock" use-working-directory="true">
            <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
            <step name="fetch" executorType="http_request" sortOrder="10"><arguments>
                <argument key="url" value="{url}?warehouse=1"/>
                <argument key="header.Authorization" value="secret:SHOP"/>
            </arguments></step>
            <step name="send" executorType="http_request" sortOrder="20"><arguments>
                <argument key="url" value="{url}"/>
                <argument key="method" value="PUT"/>
                <argument key="body_from" value="fetch"/>
                <argument key="expect" value="200"/>
            </arguments><conditions><step_condition type="previous_steps_completed"/></conditions></step>
            </pipeline></config>"#
        )
    }

    /// Asserts that a pipeline of that definition has done what it says.
    pub(crate) fn assert_called(&self, body: &str) {
        let requests = self.requests();
        assert_eq!(requests.len(), 2, "{requests:#?}");
        assert!(requests[0].starts_with("GET /stock?warehouse=1 HTTP/1.1\r\n"), "{}", requests[0]);
        assert!(requests[0].contains("authorization: Bearer hush-hush\r\n"), "{}", requests[0]);
        assert!(requests[1].starts_with("PUT /stock HTTP/1.1\r\n"), "{}", requests[1]);
        assert!(requests[1].ends_with(&format!("\r\n\r\n{body}")), "{}", requests[1]);
    }
}

/// Reads one request, head and body.
pub(crate) fn read(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return text,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
    }
}

/// The pipeline with all its steps.
async fn looked_at(systole: &Systole, id: &str) -> Pipeline {
    let store = store_embedded::open(&systole.store(), store_embedded::Options::default()).unwrap();
    store.pipeline_with_steps(&id.parse().unwrap()).await.unwrap().unwrap()
}

fn step<'a>(pipeline: &'a Pipeline, name: &str) -> &'a Step {
    pipeline.step(&name.parse().unwrap()).unwrap()
}

/// Spawns a pipeline and runs all that is enqueued, with these flags and variables.
fn ran(systole: &Systole, name: &str, flags: &[&str], variables: &[(&str, &str)]) -> (String, Ran) {
    let spawned = systole.json(&["pipeline", "init", name]);
    let id = spawned["id"].as_str().unwrap_or_else(|| panic!("{spawned}")).to_owned();
    let mut command = program();
    command.arg("--store").arg(systole.store()).arg("run").args(flags).envs(variables.iter().copied());
    (id, Running::start(command).end())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_in_python_does_the_work_of_a_step() {
    let (systole, served) = (Systole::new(), Served::start());
    systole.overlay("vat_rates.xml", &std::fs::read_to_string(example().join("vat_rates.xml")).unwrap());
    let function = format!("systole-vat-rates={}", served.address);
    let (id, ran) = ran(&systole, "vat_rates", &["--function", &function], &[]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let pipeline = looked_at(&systole, &id).await;
    let step = step(&pipeline, "look_up");
    assert_eq!((pipeline.status, step.record.status), (PipelineStatus::Success, StepStatus::Success), "{step:?}");
    let rates = json!({ "at": 20, "de": 19, "fr": 20, "it": 22, "nl": 21 });
    assert_eq!(step.record.output, Some(rates));
    // Two countries at a time: it continued twice and used up one attempt.
    assert_eq!((step.record.attempt, step.record.continuations), (1, 2));
    assert!(step.record.log.contains("info: nl: 21"), "{}", step.record.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_in_python_can_say_that_there_is_nothing_to_do() {
    let (systole, served) = (Systole::new(), Served::start());
    let xml = std::fs::read_to_string(example().join("vat_rates.xml")).unwrap();
    systole.overlay("vat_rates.xml", &xml.replace("\"countries\"", "\"no-countries\""));
    // The runtime interface emulator has one function, which is called so whatever its name is.
    let function = format!("systole-vat-rates={}/2015-03-31/functions/function/invocations", served.address);
    let (id, ran) = ran(&systole, "vat_rates", &["--function", &function], &[]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let pipeline = looked_at(&systole, &id).await;
    let record = &step(&pipeline, "look_up").record;
    assert_eq!((record.status, record.message.as_deref()), (StepStatus::Skipped, Some("no countries were given")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_server_takes_part_and_its_secret_stays_in_memory() {
    let body = r#"{"sku-1": 3}"#;
    let (systole, shop) = (Systole::new(), Shop::open(body));
    systole.overlay("stock.xml", &shop.definition());
    let secret = [("SECRET_SHOP", "Bearer hush-hush")];
    let (id, ran) = ran(&systole, "stock", &["--allow-host", &shop.host], &secret);
    assert_eq!(ran.code, Some(0), "{ran}");
    let pipeline = looked_at(&systole, &id).await;
    assert_eq!(pipeline.status, PipelineStatus::Success, "{pipeline:?}");
    shop.assert_called(body);
    let output = step(&pipeline, "fetch").record.output.clone().unwrap();
    assert_eq!(output["headers"], json!({ "content-type": "application/json" }));
    assert!(!holds(&systole.store(), b"hush-hush"), "the secret was written into the store");
    assert!(!ran.stdout.contains("hush-hush") && !ran.stderr.contains("hush-hush"), "{ran}");
}

/// Whether any file below a folder has these bytes.
fn holds(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, bytes);
        }
        std::fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn without_flags_a_host_calls_nothing_and_runs_no_commands() {
    let systole = Systole::new();
    for (executor, arguments, refusal) in [
        ("http_request", r#"<argument key="url" value="http://127.0.0.1:9/"/>"#, "is not among the hosts"),
        ("lambda_invoke", r#"<argument key="function" value="tax"/>"#, "is not among the functions"),
        ("shell", r#"<argument key="command" value="exit 0"/>"#, "`systole dev --allow-shell` allows them"),
    ] {
        let xml = format!(
            r#"<config><pipeline name="{executor}"><conditions><pipeline_condition type="no_auto_spawn"/></conditions>
            <step name="only" executorType="{executor}"><arguments>{arguments}</arguments></step></pipeline></config>"#
        );
        systole.overlay(&format!("{executor}.xml"), &xml);
        let (id, _) = ran(&systole, executor, &[], &[]);
        let pipeline = looked_at(&systole, &id).await;
        let record = &step(&pipeline, "only").record;
        let message = record.message.clone().unwrap_or_default();
        assert!(record.is_permanent && message.contains(refusal), "{executor}: {message}");
    }
    let (id, _) = ran(&systole, "shell", &["--allow-shell"], &[]);
    assert_eq!(looked_at(&systole, &id).await.status, PipelineStatus::Success);
}

#[test]
fn flags_that_make_no_sense_are_refused_by_name() {
    let systole = Systole::new();
    for (flag, value, named) in [
        ("--allow-host", "https://api.example.com", "`https://api.example.com` is not a host"),
        ("--allow-host", "10.0.0.1", "`10.0.0.1` is not a host"),
        ("--function", "tax", "`tax` is no NAME=URL"),
    ] {
        let ran = systole.run(&["run", flag, value]);
        assert!(ran.code == Some(2) && ran.stderr.contains(named), "{ran}");
    }
}

/// The documents in `docs/EXECUTORS.md` are those that functions get and give.
#[test]
fn the_documents_of_the_contract_are_json() {
    let text = std::fs::read_to_string(root().join("docs/EXECUTORS.md")).unwrap();
    let documents: Vec<Value> = text
        .split("```json\n")
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("```").next().unwrap()).unwrap())
        .collect();
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[0]["schema"], json!(1));
    assert_eq!(documents[1]["outcome"], json!("done"));
}

#[test]
fn a_host_of_this_machine_refuses_a_secret_that_is_only_referred_to() {
    let systole = Systole::new();
    let mut command = program();
    command.arg("--store").arg(systole.store()).arg("run").env("SECRET_ERP", "ssm:/systole/dev/erp");
    let ran = Running::start(command).end();
    let expected = "the secret `ERP` is a reference, which only the functions on AWS read; set SECRET_ERP to its value";
    assert!(ran.code == Some(1) && ran.stderr.contains(expected), "{ran}");
}

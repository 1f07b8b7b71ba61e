//! Names that come from outside, wherever they become keys of files: none leads to a file that is not meant.

use std::time::Duration;

use engine::{Context, Invocation, Limits, heartbeat, runner};
use patience::wait;
use pipeline::Arguments;
use serde_json::{Value, json};
use tests::{Provided, embedded};

use crate::aws_flows::now;
use crate::bunches::bunch;

const TREASURE: &str = "sku,name\ntreasure,hidden\n";

/// Files that no import may touch: a definition, another pipeline's file, and one whose key looks like a file of a bunch.
const KEPT: [&str; 3] =
    ["pipelines/kept.xml", "work/01jd9x4k7m3fq8zt0v2c/files/a.csv", "archive/product-import_20260801-120000_01.csv"];

async fn stage() -> (Provided, Context) {
    let storage = embedded().await;
    for key in KEPT {
        storage.files.put(key, if key.ends_with("xml") { "<config/>".into() } else { TREASURE.into() }).await.unwrap();
    }
    let context = Context::new(storage.store.clone(), steps::shipped(), Limits::default());
    (storage, context)
}

fn invocation() -> Invocation {
    Invocation::begin(uuid::Uuid::new_v4().to_string(), now(), Duration::from_secs(60))
}

async fn run_all(context: &Context) {
    heartbeat::beat(context, &invocation()).await.unwrap();
    let wait = wait("the queue is empty");
    while let Some(message) = context.store.queue.receive(1, Duration::ZERO).await.unwrap().pop() {
        wait.go_on();
        runner::run(context, &message.body, &invocation()).await.unwrap();
        context.store.queue.delete(&message.receipt).await.unwrap();
    }
}

/// What is there beside the drop area and what was there before, by key.
async fn others(storage: &Provided) -> Vec<(String, String)> {
    let mut others = Vec::new();
    for file in storage.files.list("", None, 1_000).await.unwrap() {
        let is_copy = KEPT.contains(&file.key.as_str()) || file.key.starts_with("incoming/");
        if !is_copy && !file.key.starts_with("definitions/") {
            let content = storage.files.get(&file.key, None).await.unwrap().unwrap();
            others.push((file.key, String::from_utf8_lossy(&content).into_owned()));
        }
    }
    others
}

async fn assert_untouched(storage: &Provided, what: &str) {
    for key in KEPT {
        let content = storage.files.get(key, None).await.unwrap();
        let expected = if key.ends_with("xml") { "<config/>" } else { TREASURE };
        assert_eq!(content.as_deref(), Some(expected.as_bytes()), "{what}: {key}");
    }
    for (key, content) in others(storage).await {
        assert!(!content.contains("treasure"), "{what}: {key} has what is in another file");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ok_file_cannot_name_files_elsewhere() {
    for named in [
        "../pipelines/kept.xml",
        "../work/01jd9x4k7m3fq8zt0v2c/files/a.csv",
        "/archive/product-import_20260801-120000_01.csv",
        "../archive/product-import_20260801-120000_01.csv",
        "..\\archive\\product-import_20260801-120000_01.csv",
        "%2e%2e/archive/product-import_20260801-120000_01.csv",
        "./product-import_20260801-120000_01.csv/../../archive/product-import_20260801-120000_01.csv",
        "file:///etc/passwd",
    ] {
        let (storage, context) = stage().await;
        storage.files.put("incoming/product-import_20260801-120000.ok", named.into()).await.unwrap();
        // A good bunch beside it: a pipeline runs, with the bad file in sight.
        for (name, content) in bunch("two-files") {
            storage.files.put(&format!("incoming/{name}"), content).await.unwrap();
        }
        run_all(&context).await;
        let left = storage.files.list("incoming/", None, 10).await.unwrap();
        assert_eq!(left.len(), 1, "{named}: {left:?}");
        assert_untouched(&storage, named).await;
    }
}

/// The argument of a pipeline that a beat spawned for a bunch.
async fn genuine_bunch() -> Value {
    let (storage, context) = stage().await;
    for (name, content) in bunch("two-files") {
        storage.files.put(&format!("incoming/{name}"), content).await.unwrap();
    }
    let report = heartbeat::beat(&context, &invocation()).await.unwrap();
    let id = report.spawned[0].split_once(' ').unwrap().1.parse().unwrap();
    let pipeline = storage.pipeline_with_steps(&id).await.unwrap().unwrap();
    serde_json::from_str(&pipeline.arguments["bunch"]).unwrap()
}

/// Who may spawn pipelines may give arguments, and an argument may claim that anything is a file of the bunch.
#[tokio::test(flavor = "multi_thread")]
async fn arguments_cannot_name_files_elsewhere() {
    let genuine = genuine_bunch().await;
    for name in KEPT.map(|key| format!("../{key}")).into_iter().chain(KEPT.map(|key| format!("/{key}"))) {
        let (mut file, mut ok_file) = (genuine.clone(), genuine.clone());
        file["files"][0]["name"] = json!(name);
        (ok_file["files"], ok_file["ok_files"]) = (json!([]), json!([name]));
        for (bunch, said) in [(file, "is no bunch of files"), (ok_file, "has a segment")] {
            let (storage, context) = stage().await;
            let arguments = Arguments::from([("bunch".to_owned(), bunch.to_string())]);
            let spawned = operate::init(
                &context,
                "catalog_import",
                arguments,
                operate::Operator { name: "a test", invocation: &invocation() },
            )
            .await;
            run_all(&context).await;
            assert_untouched(&storage, &bunch.to_string()).await;
            let pipeline = storage.pipeline_with_steps(&spawned.unwrap()).await.unwrap().unwrap();
            let message = pipeline.steps[0].record.message.clone().unwrap_or_default();
            assert!(message.contains(said), "{bunch}: {message}");
        }
    }
}

/// A name may have dots, so a step may be called like the folder above; its files then have no key at all.
#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_step_leads_nowhere() {
    for name in [".", "..", "...", "..xml"] {
        let (storage, context) = stage().await;
        let xml = format!(
            r#"<config><pipeline name="up" use-working-directory="true">
            <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
            <step name="{name}" executorType="report"/></pipeline></config>"#
        );
        storage.files.put("pipelines/up.xml", xml.into()).await.unwrap();
        if operate::init(
            &context,
            "up",
            Arguments::new(),
            operate::Operator { name: "a test", invocation: &invocation() },
        )
        .await
        .is_ok()
        {
            run_all(&context).await;
        }
        assert_untouched(&storage, name).await;
        let strays = others(&storage).await;
        let is_own =
            |key: &str| key.starts_with("work/") || key.starts_with("archive/") || key.starts_with("pipelines/up");
        assert!(strays.iter().all(|(key, _)| is_own(key) && !key.contains("/../")), "{name}: {strays:?}");
    }
}

//! Steps whose work is done by others, over the emulated AWS: a function that Lambda runs, and a web server.

use std::process::Command;

use patience::run;
use pipeline::Arguments;
use pipeline::{PipelineStatus, StepStatus};
use serde_json::{Value, json};
use store::services::{AllowedHost, Invokable, Secret, Services};
use store_aws::{Config, ServicesConfig};

use super::{Functions, now};
use crate::outside::{Shop, example};
use crate::stack::{curl, variable};

/// The services of the account that `AWS_ENDPOINT_URL` names.
async fn services(allowed: &ServicesConfig) -> Services {
    let config = Config::from_lookup(|name| {
        let value = if name.ends_with("_URL") { "http://unused/0/unused" } else { "unused" };
        Some(value.to_owned())
    });
    store_aws::connect_with_services(&config.unwrap(), allowed).await.1
}

/// Runs a command in the folder of the example and answers with what it prints.
fn output(program: &str, arguments: &[&str]) -> String {
    let output = run(Command::new(program).args(arguments).current_dir(example()));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A function in the emulated Lambda with the files of the example; deleted when this is dropped.
struct Deployed {
    name: String,
}

impl Deployed {
    fn create() -> Self {
        let name = format!("systole-vat-rates-{}", uuid::Uuid::new_v4().simple());
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package.zip");
        let package = package.to_str().unwrap();
        output("python3", &["-m", "zipfile", "-c", package, "handler.py", "runtime.py", "bootstrap"]);
        let request = json!({
            "FunctionName": name,
            // The emulator without Docker knows no other: `bootstrap` starts Python.
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Role": "arn:aws:iam::000000000000:role/any",
            "Timeout": 30,
            "LoggingConfig": { "LogFormat": "Text" },
            "Code": { "ZipFile": output("base64", &["--wrap=0", package]) },
        });
        let request_file = folder.path().join("request.json");
        std::fs::write(&request_file, request.to_string()).unwrap();
        let data = format!("@{}", request_file.display());
        let deployed = Deployed { name };
        let answer = deployed.request("POST", "", &["--data-binary", &data]);
        assert_eq!(answer.0, 201, "{}", answer.1);
        deployed
    }

    /// A request to the API of Lambda about functions.
    fn request(&self, method: &str, path: &str, more: &[&str]) -> (u16, String) {
        let url = format!("{}/2015-03-31/functions{path}", variable("AWS_ENDPOINT_URL"));
        let signature = "Authorization: AWS4-HMAC-SHA256 Credential=test/20000101/eu-central-1/lambda/aws4_request";
        let json = "Content-Type: application/json";
        let arguments = [&["--request", method, "--header", signature, "--header", json, &url], more].concat();
        let answer = curl(arguments);
        (answer.status, answer.body)
    }
}

impl Drop for Deployed {
    fn drop(&mut self) {
        self.request("DELETE", &format!("/{}", self.name), &[]);
    }
}

impl Functions {
    async fn define(&self, name: &str, xml: String) {
        self.storage.files.put(&format!("pipelines/{name}.xml"), xml.into()).await.unwrap();
    }

    async fn init(&self, name: &str) -> pipeline::PipelineId {
        let invocation = engine::Invocation::begin("a test", now(), std::time::Duration::from_secs(60));
        operate::init(
            &self.context,
            name,
            Arguments::new(),
            operate::Operator { name: "a test", invocation: &invocation },
        )
        .await
        .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_in_python_does_the_work_of_a_step_on_aws() {
    let mut functions = Functions::new().await;
    let deployed = tokio::task::spawn_blocking(Deployed::create).await.unwrap();
    let arn = format!("arn:aws:lambda:eu-central-1:000000000000:function:{}", deployed.name);
    let allowed = ServicesConfig { invokable: Invokable::parse(&arn).unwrap(), ..ServicesConfig::default() };
    functions.context.services = services(&allowed).await;
    let xml = std::fs::read_to_string(example().join("vat_rates.xml")).unwrap();
    functions.define("vat_rates", xml.replace("systole-vat-rates", &deployed.name)).await;
    let id = functions.init("vat_rates").await;
    let pipeline = functions.run(&id).await;
    let record = &pipeline.steps[0].record;
    assert_eq!((pipeline.status, record.status), (PipelineStatus::Success, StepStatus::Success), "{record:?}");
    let rates: Value = json!({ "at": 20, "de": 19, "fr": 20, "it": 22, "nl": 21 });
    assert_eq!(record.output, Some(rates));
    assert_eq!((record.attempt, record.continuations), (1, 2));
    tokio::task::spawn_blocking(|| drop(deployed)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_server_takes_part_in_a_pipeline_on_aws() {
    let body = r#"{"sku-1": 3}"#;
    let (mut functions, shop) = (Functions::new().await, Shop::open(body));
    let mut allowed = ServicesConfig::default();
    allowed.http.hosts = AllowedHost::parse_list(&shop.host).unwrap();
    allowed.http.secrets.insert("SHOP".to_owned(), Secret::new("Bearer hush-hush"));
    functions.context.services = services(&allowed).await;
    functions.define("stock", shop.definition()).await;
    let id = functions.init("stock").await;
    let pipeline = functions.run(&id).await;
    assert_eq!(pipeline.status, PipelineStatus::Success, "{pipeline:?}");
    shop.assert_called(body);
    let records = format!("{:?}", pipeline.steps);
    assert!(!records.contains("hush-hush") && !records.contains("warehouse=1 "), "{records}");
}

/// Calls a service of the emulator that takes JSON.
fn call(service: &str, target: &str, request: &Value) -> Value {
    let (target, data) = (format!("X-Amz-Target: {target}"), request.to_string());
    let signature =
        format!("Authorization: AWS4-HMAC-SHA256 Credential=test/20000101/eu-central-1/{service}/aws4_request");
    let json = "Content-Type: application/x-amz-json-1.1";
    let url = variable("AWS_ENDPOINT_URL");
    let answer = curl(["--header", &target, "--header", &signature, "--header", json, "--data", &data, &url]);
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secrets_of_a_request_are_read_where_the_deployment_says() {
    let unique = uuid::Uuid::new_v4().simple();
    let (parameter, secret) = (format!("/systole/test/{unique}"), format!("systole/test-{unique}"));
    let value = "Bearer hush-hush";
    call("ssm", "AmazonSSM.PutParameter", &json!({ "Name": parameter, "Value": value, "Type": "SecureString" }));
    // The SDKs make the token by themselves.
    let request = json!({ "Name": secret, "SecretString": value, "ClientRequestToken": unique.to_string() });
    let created = call("secretsmanager", "secretsmanager.CreateSecret", &request);
    let arn = created["ARN"].as_str().unwrap().to_owned();
    for reference in [format!("ssm:{parameter}"), arn] {
        let body = r#"{"sku-1": 3}"#;
        let (mut functions, shop) = (Functions::new().await, Shop::open(body));
        let variables = [("HTTP_ALLOWED_HOSTS", shop.host.clone()), ("SECRETS", format!("SHOP={reference}"))];
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        functions.context.services = services(&ServicesConfig::from_variables(variables).unwrap()).await;
        functions.define("stock", shop.definition()).await;
        let id = functions.init("stock").await;
        let pipeline = functions.run(&id).await;
        assert_eq!(pipeline.status, PipelineStatus::Success, "{reference}: {pipeline:?}");
        shop.assert_called(body);
        assert!(!format!("{:?}", pipeline.steps).contains("hush-hush"), "{reference}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_where_the_deployment_says_is_named() {
    let (mut functions, shop) = (Functions::new().await, Shop::open("{}"));
    let variables = [("HTTP_ALLOWED_HOSTS", shop.host.as_str()), ("SECRETS", "SHOP=ssm:/systole/none")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    functions.context.services = services(&ServicesConfig::from_variables(variables).unwrap()).await;
    functions.define("stock", shop.definition()).await;
    let id = functions.init("stock").await;
    let message = functions.receive().await;
    functions.deliver(&message).await.unwrap();
    let pipeline = functions.pipeline(&id).await;
    let said = pipeline.steps[0].record.message.as_deref().unwrap();
    let expected = "argument `header.Authorization` asks for the secret `SHOP`, which cannot be read: failed to read the \
                    secret `SHOP` from `/systole/none`: ParameterNotFound";
    assert!(said.starts_with(expected), "{said}");
    assert!(shop.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_taken_by_the_default_bus() {
    let events = services(&ServicesConfig::default()).await.events.unwrap();
    let event = |number: u32| store::services::Event {
        source: "systole",
        detail_type: "Test",
        detail: json!({ "number": number }),
        at: now(),
    };
    events.put((0..12).map(event).collect()).await.unwrap();
}

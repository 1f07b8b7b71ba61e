//! Steps: their arguments, checkpoints and outputs, what functions answer, and where requests may go.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use catalog::own::{self, Update};
use chrono::{DateTime, Utc};
use engine::{Context, Executor, Executors, runner};
use http_client::Resolve;
use import::entity::Thing;
use import::entity::customer::Customer;
use import::entity::product::Product;
use pipeline::Arguments;
use pipeline::definition::{Described, StepDefinition};
use pipeline::settings::Scope;
use pipeline::{Definition, Name, PipelineId, PipelineStatus, StepRecord, StepStatus};
use serde::Deserialize;
use serde_json::{Value, json};
use steps::general::http_request::HttpRequest;
use steps::general::lambda_invoke::LambdaInvoke;
use store::keys;
use store::pipelines::NewPipeline;
use store::services::{AllowedHost, FunctionAnswer, Functions, HttpPolicy, Invokable, Services};
use store::table::{Attributes, Change, Condition, Write};

use crate::fresh_engine::{self, NOW, wait_for};
use crate::input::sections;

/// A step that has run for a while, as an input describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scene {
    executor: String,
    /// Of the step.
    arguments: Arguments,
    /// Of its pipeline.
    given: Arguments,
    checkpoint: Value,
    /// What a step before it, `before`, has left.
    output: Value,
    /// By key; the pipeline's own prefix is `{id}`, that of the ended one `{old}`.
    files: BTreeMap<String, String>,
    /// Whether there is a pipeline that ended long ago, for those that clean up.
    has_ended: bool,
    /// Whether the catalogue has two products and a customer, for files that make none.
    has_things: bool,
}

impl Scene {
    /// The first run of a step.
    pub(super) fn first(executor: &str, arguments: Arguments) -> Self {
        Scene { executor: executor.to_owned(), arguments, ..Scene::default() }
    }
}

pub(crate) fn executors(data: &[u8]) {
    let Ok(scene) = serde_json::from_slice::<Scene>(data) else { return };
    // Without an executor there is no such definition.
    if steps::shipped().executors().get(&scene.executor).is_none() {
        return;
    }
    let context = fresh_engine::context();
    wait_for(async {
        if scene.has_ended {
            add_ended(&context).await;
        }
        if scene.has_things {
            add_things(&context).await;
        }
        run(&context, &scene).await;
        // What the step has added or asked for goes on.
        fresh_engine::beat_and_run(&context).await.expect("no step ends a beat");
    });
}

/// Answers, one a section; one that is called `failure` is that of a function that failed.
pub(crate) fn answers(data: &[u8]) {
    let sections = sections(data);
    let mut answers: Vec<FunctionAnswer> = sections
        .iter()
        .map(|section| FunctionAnswer {
            payload: Bytes::copy_from_slice(section.content),
            failure: (section.name == b"failure").then(|| "Unhandled".to_owned()),
        })
        .collect();
    answers.truncate(8);
    let arguments = Arguments::from([("function".to_owned(), "f".to_owned())]);
    for answer in answers {
        let services = Services {
            functions: Some(Arc::new(Answering(answer))),
            invokable: Invokable::parse("f").expect("it is a name"),
            ..Services::default()
        };
        let context = context_with(Arc::new(LambdaInvoke), services);
        let scene = Scene::first("lambda_invoke", arguments.clone());
        let record = wait_for(run(&context, &scene));
        assert!(!record.message.unwrap_or_default().contains(['\n', '\u{1b}']), "a message has control characters");
    }
}

/// The first line is the address, the second the hosts that are allowed, the third what names lead to, and the rest
/// headers as `name: value`. All that names lead to is inside, and nothing inside is allowed: no request goes out.
pub(crate) fn addresses(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_default();
    let (url, hosts, found) = (line(), line(), line());
    let is_name = |host: &AllowedHost| host.host.parse::<IpAddr>().is_err();
    let hosts = AllowedHost::parse_list(hosts).unwrap_or_default().into_iter().filter(is_name).collect();
    let inside = |text: &str| text.trim().parse().ok().filter(is_inside);
    let mut found: Vec<IpAddr> = found.split(',').filter_map(inside).collect();
    found.push(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)));
    let mut arguments = Arguments::from([("url".to_owned(), url.to_owned())]);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        arguments.insert(format!("header.{name}"), value.to_owned());
    }
    let http = HttpPolicy { hosts, ..HttpPolicy::default() };
    let executor = HttpRequest::with_resolver(Arc::new(Leading(found)));
    let context = context_with(Arc::new(executor), Services { http, ..Services::default() });
    let scene = Scene::first("http_request", arguments);
    let record = wait_for(run(&context, &scene));
    assert_eq!((record.status, record.is_permanent), (StepStatus::Error, true), "{url}: {:?}", record.message);
}

fn is_inside(address: &IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// The functions that an input is the answer of.
struct Answering(FunctionAnswer);

#[async_trait]
impl Functions for Answering {
    async fn invoke(&self, _: &str, _: Bytes, _: Duration) -> store::Result<FunctionAnswer> {
        Ok(self.0.clone())
    }
}

/// Leads every name to the same addresses.
struct Leading(Vec<IpAddr>);

#[async_trait]
impl Resolve for Leading {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0.clone())
    }
}

pub(super) fn context_with(executor: Arc<dyn Executor>, services: Services) -> Context {
    Context { executors: Arc::new(Executors::new([executor])), services, ..fresh_engine::context() }
}

/// Adds a pipeline that ended a year ago, and asks for such ones to be deleted.
/// Products `A-1` and `P-1`, and the customer `a@example.com`.
async fn add_things(context: &Context) {
    for sku in ["A-1", "P-1"] {
        let json = format!(r#"{{"schema":1,"sku":"{sku}","product_type":"simple","attribute_set":"Default"}}"#);
        add(context, &sku.to_lowercase(), Product::from_json(&json).expect("it is a product")).await;
    }
    let json = r#"{"schema":1,"email":"a@example.com","website":"base"}"#;
    add(context, "base/a@example.com", Customer::from_json(json).expect("it is a customer")).await;
}

async fn add<T: Thing>(context: &Context, key: &str, thing: T) {
    let update = Update { key: key.to_owned(), before: None, thing: Some(thing), mark: "x".to_owned(), change: None };
    let written = own::write_things(context.store.table.as_ref(), &[update]).await;
    assert_eq!(written.expect("the store answers"), Vec::<String>::new());
}

async fn add_ended(context: &Context) {
    let (id, definition) = (old(), definition(&Scene::first("wait", Arguments::new())));
    let (definition, spawned_by) = (Arc::new(definition), "an input".to_owned());
    let new = NewPipeline { id, definition, arguments: Arguments::new(), spawned_by, found: Vec::new(), after: None };
    let store = &context.store;
    store.spawn_pipeline(&new, LONG_AGO).await.expect("the store is empty");
    let pipeline = store.pipeline_with_steps(&new.id).await.expect("it can be read").expect("it was spawned");
    store.settle_pipeline(&pipeline, PipelineStatus::Success, LONG_AGO).await.expect("nobody else settles it");
    let set = operate::settings::set(
        context,
        store::settings::NewSetting { name: "clean_up.delete_after", scope: &Scope::Default, value: "1 day" },
        operate::AuditStamp { by: "an input", at: NOW },
    );
    set.await.expect("there is such a setting");
}

/// The id of the pipeline that ended long ago.
fn old() -> PipelineId {
    PipelineId::derive(&name("scene"), "old", LONG_AGO)
}

fn name(text: &str) -> Name {
    text.parse().expect("the names here are names")
}

/// A year before the time of every input.
const LONG_AGO: DateTime<Utc> = DateTime::from_timestamp(NOW.timestamp() - 366 * 86_400, 0).expect("the moment is one");

/// Spawns a pipeline whose step `it` has been continued once, and gives a runner its message.
pub(super) async fn run(context: &Context, scene: &Scene) -> StepRecord {
    let definition = definition(scene);
    let id = PipelineId::derive(&definition.name, "scene", NOW);
    let filled_in = |text: &str| text.replace("{id}", id.as_str()).replace("{old}", old().as_str());
    for (key, content) in &scene.files {
        let _ = context.store.files.put(&filled_in(key), filled_in(content).into_bytes().into()).await;
    }
    let new = NewPipeline {
        id: id.clone(),
        definition: Arc::new(definition),
        arguments: scene.given.clone(),
        spawned_by: "an input".to_owned(),
        found: Vec::new(),
        after: None,
    };
    let own = |value: &Value| serde_json::from_str(&filled_in(&value.to_string())).unwrap_or(Value::Null);
    let before = json!({ "status": "success", "attempt": 1, "output": own(&scene.output) });
    let it = json!({ "status": "enqueued", "attempt": 1, "continuations": 1, "token": "t",
        "checkpoint": own(&scene.checkpoint), "enqueued_at": NOW, "sent_at": NOW, "started_at": NOW });
    let message = json!({ "schema": 1, "pipeline": id, "step": "it", "sort_order": 20, "attempt": 1, "continuation": 1,
        "token": "t", "version": 1 });
    let mut is_there = context.store.spawn_pipeline(&new, NOW).await.is_ok();
    for (order, step, attributes) in [(10, "before", before), (20, "it", it)] {
        let attributes: Attributes = serde_json::from_value(attributes).expect("an item is an object");
        let change = Change::Put { attributes, listing: None, expires_at: None };
        let write = Write { key: keys::step(&id, order, &name(step)), condition: Condition::Any, change };
        is_there &= context.store.table.write(write).await.is_ok();
    }
    if !is_there {
        // It does not fit into the table.
        return StepRecord::pending();
    }
    let report = runner::run(context, &message.to_string(), &fresh_engine::invocation("runner")).await;
    report.unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)));
    let record = context.store.step_record(&id, 20, &name("it")).await.expect("what a runner wrote can be read");
    let record = record.unwrap_or_else(StepRecord::pending);
    assert_ne!(record.status, StepStatus::Running, "the runner has left it");
    record
}

/// The definition of a scene: a step that has ended, and the one that it is about.
fn definition(scene: &Scene) -> Definition {
    let it =
        StepDefinition { arguments: scene.arguments.clone(), ..StepDefinition::new(name("it"), &*scene.executor, 20) };
    Definition {
        name: name("scene"),
        description: None,
        uses_working_directory: true,
        expire_in: None,
        priority: pipeline::Priority::Normal,
        conditions: Vec::<Described<_>>::new(),
        steps: vec![StepDefinition::new(name("before"), "wait", 10).into(), it.into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those that nothing allows here; targets of their own reach what they read.
    const OUTSIDE: [&str; 7] =
        ["check_shop", "compare_shop", "fetch_data", "http_request", "lambda_invoke", "refresh_shop_facts", "shell"];

    /// Those that have nothing to do behind a single other step.
    const BEHIND_OTHERS: [&str; 4] = ["index_resume", "publish", "transform_order", "transport_order"];

    /// Mutations of an input that fails at its first check would never come further.
    #[test]
    fn of_every_executor_an_input_is_kept_that_it_works_on() {
        for name in steps::shipped()
            .executors()
            .names()
            .into_iter()
            .filter(|name| ![&OUTSIDE[..], &BEHIND_OTHERS].concat().contains(name))
        {
            let path = crate::corpus::folder().join("executors").join(format!("works_{name}"));
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let scene: Scene =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let context = fresh_engine::context();
            let record = wait_for(async {
                if scene.has_ended {
                    add_ended(&context).await;
                }
                if scene.has_things {
                    add_things(&context).await;
                }
                run(&context, &scene).await
            });
            assert_eq!((record.status, record.message), (StepStatus::Success, None), "{name}: {}", record.log);
        }
    }
}

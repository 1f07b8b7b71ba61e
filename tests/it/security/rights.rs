//! Each role in the templates against what its function was seen to call: nothing is missing and nothing is left over.
//!
//! The functions' own handlers run over the emulated AWS with everything that ships, and a client in between writes down
//! each request as the action and the resource that IAM would be asked about. No emulator checks rights, so this does.

mod orders;

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::accepts::Accepts;
use engine::{Context, Executor, ExecutorError, Invocation, Limits, Outcome, Work};
use engine::{heartbeat as beats, runner as runs};
use import::bunch::{Bunch, DropFile};
use patience::wait;
use pipeline::Arguments;
use pipeline::settings::Scope;
use pipeline::{PipelineId, Priority, StepDefinition};
use serde_json::{Value, json};
use store::message::StepMessage;
use store::queue::{MAX_RECEIVES, Outgoing, Queue, Received};
use store::services::{AllowedHost, Services};
use store::settings::NewSetting;
use tests::{Provided, aws_over, eventually};

use super::caller::{Answered, Asking, Places, keep_a_product, signer};
use super::policy::{Right, processed, rights, rights_in, statements};
use super::recorder::{Asked, Recorder};
use crate::aws_flows::events::event;
use crate::aws_flows::{delivered, invoked, now};
use crate::bunches::bunch;
use crate::outside::Shop;

/// Rights that no request of the code can show: the role, the actions, a part of what they are on, and why they are needed.
const UNSEEN: [(&str, &str, &str, &str); 13] = [
    ("Heartbeat", "logs:*", ":log-group:/aws/lambda/", "Lambda writes the log with the role of the function"),
    ("Runner", "logs:*", ":log-group:/aws/lambda/", "as above"),
    ("Intake", "logs:*", ":log-group:/aws/lambda/", "as above"),
    ("Admin", "logs:*", ":log-group:/aws/lambda/", "as above"),
    ("Runner", POLLING, "-steps-", "the event source mapping polls with the role of the function"),
    ("Intake", POLLING, "-arrivals", "as above"),
    (
        "Runner",
        "s3:AbortMultipartUpload",
        ":s3:::systole-",
        "only when an upload fails half way; a test of the seam makes one fail",
    ),
    (
        "Runner",
        "secretsmanager:GetSecretValue",
        ":secret:shop-",
        "Parameter Store reads the secret with the rights of who asks",
    ),
    ("Runner", "kms:Decrypt", ":key/1", "Parameter Store opens what has a key of its own with the rights of who asks"),
    (
        "Admin",
        "sqs:DeleteMessage",
        "-steps-dead",
        "the task that moves dead letters back takes them out with the rights of who started it",
    ),
    (
        "Intake",
        "s3:ListBucket",
        ":s3:::systole-",
        "never asked for by itself: it makes the look at a file that is gone a 404 and not a 403",
    ),
    (
        "Runner",
        "s3:GetObject s3:PutObject s3:DeleteObject",
        "/shops/*",
        "what is known of a shop lies there, and no shop answers here; `shops` asks one with the program of one machine",
    ),
    ("Runner", "s3:GetObject", "/media/*", "images that go into a shop; as above"),
];

/// What an event source mapping does with a queue.
const POLLING: &str = "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes";

/// An executor of somebody else's, which does what an executor may do and none that ships does: it adds a step, and logs
/// more than fits into an item.
pub(super) struct FanOut;

impl Executor for FanOut {
    fn name(&self) -> &'static str {
        "fan_out"
    }

    fn description(&self) -> &'static str {
        "adds a step"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Anything
    }

    fn execute<'a, 'b, 'c, 'd>(
        &'a self,
        work: &'b mut Work<'c>,
    ) -> Pin<Box<dyn Future<Output = Result<Outcome, ExecutorError>> + Send + 'd>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
    {
        work.info(&"what there is to tell ".repeat(100));
        let added = work.add_step(StepDefinition::new("part".parse().unwrap(), "fetch_data", 20));
        Box::pin(ready(added.map(|_| Outcome::Done)))
    }
}

/// The four functions, each in a process of its own as far as the store can tell, and what each has asked for.
struct Stage {
    heartbeat: Context,
    runner: Context,
    intake: Context,
    admin: Context,
    /// Of the test itself.
    hand: Context,
    storage: Provided,
    recorder: Recorder,
    asked: BTreeMap<&'static str, BTreeSet<Asked>>,
}

impl Stage {
    async fn new(server: &Shop) -> Self {
        let recorder = Recorder::default();
        let storage = aws_over(recorder.client()).await;
        let bare = || {
            let program = steps::shipped().with_executor(FanOut);
            Context::new(storage.store.clone(), program, Limits::default())
        };
        let mut services = Services {
            functions: Some(Arc::new(recorder.clone())),
            events: Some(Arc::new(recorder.clone())),
            secrets: Some(Arc::new(recorder.clone())),
            invokable: store::services::Invokable::parse("tax").unwrap(),
            ..Services::default()
        };
        services.http.hosts = AllowedHost::parse_list(&server.host).unwrap();
        let served = || bare().with_services(services.clone());
        let (heartbeat, runner, intake, admin, hand) = (served(), served(), bare(), bare(), bare());
        Stage { heartbeat, runner, intake, admin, hand, storage, recorder, asked: BTreeMap::new() }
    }

    /// Forgets what the test itself has asked for.
    fn begin(&self) {
        self.recorder.take();
    }

    fn end(&mut self, function: &'static str) {
        let asked = self.recorder.take();
        self.asked.entry(function).or_default().extend(asked);
    }

    async fn put(&self, key: &str, content: impl Into<Bytes>) {
        self.storage.files.put(key, content.into()).await.unwrap();
    }

    /// A beat at its own time, or as it will be in some time.
    async fn beat(&mut self, in_minutes: u64) -> beats::BeatReport {
        self.begin();
        let report = if in_minutes == 0 {
            heartbeat::handle(&self.heartbeat, invoked(event("tick"))).await.unwrap()
        } else {
            beats::beat(&self.heartbeat, &invocation(in_minutes)).await.unwrap()
        };
        self.end("Heartbeat");
        report
    }

    async fn run_one(&mut self, message: &Received, in_minutes: u64) {
        self.begin();
        if in_minutes == 0 {
            runner::handle(&self.runner, invoked(delivered("step-message", message))).await.unwrap();
        } else {
            runs::run(&self.runner, &message.body, &invocation(in_minutes)).await.unwrap();
        }
        self.end("Runner");
        self.storage.queue.delete(&message.receipt).await.unwrap();
    }

    async fn receive(&self) -> Received {
        let mut received = self.storage.queue.receive(1, Duration::from_secs(20)).await.unwrap();
        received.pop().expect("a message within the longest wait")
    }

    /// Runs whatever comes until the pipeline has ended.
    async fn run(&mut self, id: &PipelineId, in_minutes: u64) {
        let wait = wait(format!("pipeline {id} ends"));
        while self.storage.pipeline_with_steps(id).await.unwrap().unwrap().status.is_open() {
            wait.go_on();
            let message = self.receive().await;
            if StepMessage::parse(&message.body).is_ok() {
                self.run_one(&message, in_minutes).await;
            }
        }
    }

    /// Spawns a pipeline by hand, as the test and not as a function.
    async fn init(&self, name: &str, in_minutes: u64) -> PipelineId {
        operate::init(
            &self.hand,
            name,
            Arguments::new(),
            operate::Operator { name: "a test", invocation: &invocation(in_minutes) },
        )
        .await
        .unwrap()
    }

    async fn arrive(&mut self, fixture: &str) {
        self.begin();
        intake::handle(&self.intake, invoked(event(fixture))).await.unwrap();
        self.end("Intake");
    }

    async fn ask(&mut self, method: &'static str, target: &str, body: &Value) -> Answered {
        self.begin();
        let asking = Asking::new(signer(admin::Role::Configure), method, target).with(body);
        let answered = asking.ask(&self.admin).await;
        // Who goes to an address that the function has signed does so with the function's rights.
        if let Some(location) = answered.headers["location"].as_str() {
            self.recorder.note_s3("GET", location, None);
        }
        if let Some(url) = answered.json_or_null()["url"].as_str() {
            self.recorder.note_s3("PUT", url, None);
        }
        self.end("Admin");
        answered
    }
}

impl Answered {
    fn json_or_null(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

fn invocation(in_minutes: u64) -> Invocation {
    let id = uuid::Uuid::new_v4().to_string();
    Invocation::begin(id, now() + Duration::from_secs(60 * in_minutes), Duration::from_secs(60))
}

/// One pipeline for each priority; the first has a step for each executor that needs no files.
fn definitions(server: &Shop) -> String {
    let step = |name: &str, executor: &str, key: &str, value: &str| {
        format!(
            r#"<step name="{name}" executorType="{executor}"><arguments><argument key="{key}" value="{value}"/></arguments></step>"#
        )
    };
    let server = format!("http://{}/", server.host);
    let with_secrets = format!(
        r#"<step name="call" executorType="http_request"><arguments><argument key="url" value="{server}"/>
        <argument key="header.A" value="secret:ERP"/><argument key="header.B" value="secret:SHOP"/></arguments></step>"#
    );
    let steps = [
        with_secrets,
        step("invoke", "lambda_invoke", "function", "tax"),
        step("wait", "wait", "for", "1 second"),
        step("spawn", "spawn_pipeline", "pipeline", "idle"),
        step("command", "shell", "command", "true"),
        r#"<step name="fetch" executorType="fetch_data"/>"#.to_owned(),
    ];
    // What `call` kept, whatever became of the others.
    let drop = r#"<step name="drop" executorType="drop_file" sortOrder="20"><arguments><argument key="from" value="call"/><argument key="name" value="dropped.json"/></arguments><conditions><step_condition type="depending_on_named_steps"><argument key="steps" value="call"/></step_condition></conditions></step>"#;
    let by_hand = r#"<conditions><pipeline_condition type="no_auto_spawn"/></conditions>"#;
    let alone = r#"<conditions><step_condition type="wait_for_step_is_not_running"><argument key="steps" value="alone,other"/></step_condition></conditions>"#;
    format!(
        r#"<config>
        <pipeline name="everything" priority="high" use-working-directory="true">{by_hand}{}{drop}</pipeline>
        <pipeline name="wide" use-working-directory="true">{by_hand}<step name="fan" executorType="fan_out" sortOrder="10"/></pipeline>
        <pipeline name="idle" priority="low" expire-in="1 hour">{by_hand}<step name="alone" executorType="fetch_data">{alone}</step></pipeline>
        </config>"#,
        steps.concat()
    )
}

/// An import from the drop to the archive, and all that a beat has to do when something is wrong.
async fn import(stage: &mut Stage) -> PipelineId {
    for (name, content) in bunch("two-files") {
        stage.put(&format!("incoming/{name}"), content).await;
    }
    stage.put("incoming/product-import_20260801-120000_01.csv", "sku\n").await;
    stage.arrive("file-arrived").await;
    stage.arrive("s3-test-event").await;
    let report = stage.beat(0).await;
    let id: PipelineId = report.spawned[0].split_once(' ').unwrap().1.parse().unwrap();
    stage.run(&id, 0).await;
    id
}

/// Files that are only checked, as `systole import validate` puts them.
async fn check(stage: &mut Stage) {
    let (name, folder) = ("product-import_check_01.csv", "checks/0a1b2c/");
    let key = format!("{folder}{name}");
    stage.put(&key, "sku,name\nA-1,Apple\n").await;
    let put = stage.storage.files.info(&key).await.unwrap().unwrap();
    let (modified, fingerprint) = (put.modified_at, put.fingerprint);
    let file = DropFile { name: name.to_owned(), size_bytes: put.size_bytes, modified, fingerprint };
    let bunch = Bunch::to_check(&[(name.parse().unwrap(), file)]).unwrap();
    let arguments = [("bunch", serde_json::to_string(&bunch).unwrap()), ("folder", folder.to_owned())];
    let arguments = arguments.map(|(key, value)| (key.to_owned(), value)).into();
    let by = operate::Operator { name: "a test", invocation: &invocation(0) };
    let id = operate::init(&stage.hand, "check_files", arguments, by).await.unwrap();
    stage.run(&id, 0).await;
}

/// Pipelines that are stopped, that expire, whose message or runner gets lost.
async fn disturbances(stage: &mut Stage) {
    let silent = stage.init("idle", 0).await;
    let message = stage.receive().await;
    let step = StepMessage::parse(&message.body).unwrap();
    let until = now() + Duration::from_secs(60);
    stage.storage.claim_step(&step, "somebody", until, now()).await.unwrap();
    stage.storage.queue.delete(&message.receipt).await.unwrap();
    let unheard = stage.init("everything", 0).await;
    let message = stage.receive().await;
    stage.storage.queue.delete(&message.receipt).await.unwrap();
    stage.beat(10).await; // one runner is silent, one message is lost
    for minutes in [20, 70, 80] {
        stage.beat(minutes).await; // sent again, expired, ended
    }
    assert!(!stage.storage.pipeline_with_steps(&silent).await.unwrap().unwrap().status.is_open());
    stage.run(&unheard, 80).await;
    // What it has spawned.
    let wait = wait("the queue is empty");
    while let Some(message) = stage.storage.queue.receive(1, Duration::ZERO).await.unwrap().pop() {
        wait.go_on();
        stage.run_one(&message, 80).await;
    }
}

/// Packs and deletes all that has ended, a month from now.
async fn clean_up(stage: &mut Stage) {
    for (name, value) in [("compress_after", "1 week"), ("delete_files_after", "4 weeks"), ("delete_after", "5 weeks")]
    {
        stage
            .storage
            .set_setting(
                NewSetting { name: &format!("clean_up.{name}"), scope: &Scope::Default, value },
                "a test",
                now(),
            )
            .await
            .unwrap();
    }
    for weeks in [2, 10] {
        let then = weeks * 7 * 24 * 60;
        let id = stage.init("clean_up_pipelines", then).await;
        stage.run(&id, then).await;
    }
    assert_eq!(stage.storage.files.list("archive/", None, 10).await.unwrap(), []);
}

/// A message that nobody could deal with.
pub(super) async fn dead_letter(queue: &dyn Queue) {
    let dead = Outgoing { body: "no step".to_owned(), delay: Duration::ZERO };
    queue.send(Priority::High, vec![dead]).await.unwrap();
    for _ in 0..=MAX_RECEIVES {
        let received = queue.receive(1, Duration::from_secs(1)).await.unwrap();
        let Some(message) = received.first().filter(|message| message.body == "no step") else { break };
        queue.extend(&message.receipt, Duration::ZERO).await.unwrap();
    }
    let is_there = || async { (queue.peek_dead_letters(1).await.unwrap().len() == 1).then_some(()) };
    eventually("the dead letter is there", is_there).await;
}

/// Every route once, with what makes it do its work.
async fn every_route(stage: &mut Stage, ended: &PipelineId, wide: &PipelineId) {
    stage.ask("POST", "/pipelines", &json!({ "name": "everything" })).await.json();
    let spawned = stage.ask("POST", "/pipelines", &json!({ "name": "idle" })).await.json();
    let open = spawned["id"].as_str().unwrap().to_owned();
    keep_a_product(stage.storage.table.as_ref()).await;
    let places = Places {
        open,
        ended: ended.to_string(),
        step: "report",
        logged: wide.to_string(),
        logging_step: "fan",
        imported: ended.to_string(),
    };
    for (method, path, target, body) in places.requests() {
        let answered = stage.ask(method, &target, &body).await;
        // Where the store has addresses of its own, bytes are not taken here.
        let expected = if path == "/uploads/{name}" { 409 } else { 200 };
        let is_right = answered.status == expected || [201, 202, 307].contains(&answered.status);
        assert!(is_right, "{method} {target}: {answered:?}");
    }
}

/// The stage of lent storage, by the name of its table.
fn stage_name(asked: &BTreeMap<&str, BTreeSet<Asked>>) -> String {
    let tables = asked.values().flatten().filter_map(|asked| asked.resource.split_once(":table/systole-"));
    tables.map(|(_, rest)| rest.split('/').next().unwrap().to_owned()).next().unwrap()
}

/// The row that explains why no request shows a right.
fn unseen(function: &str, right: &Right) -> Option<usize> {
    UNSEEN.iter().position(|(of, actions, on, _)| {
        *of == function
            && right.resource.contains(on)
            && actions.split(' ').any(|action| {
                action == right.action || action.strip_suffix('*').is_some_and(|stem| right.action.starts_with(stem))
            })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_right_is_needed_and_every_need_has_its_right() {
    let server = Shop::open("{}");
    let mut stage = Stage::new(&server).await;
    stage.put("pipelines/good.xml", definitions(&server)).await;
    stage.put("pipelines/other.xml", "<config/>").await;
    stage.put("configuration/shop.json", "{}").await;
    check(&mut stage).await;
    orders::orders(&mut stage).await;
    let imported = import(&mut stage).await;
    // Its last good copy is what everybody reads from now on.
    stage.put("pipelines/other.xml", "<config>").await;
    let everything = stage.init("everything", 0).await;
    stage.run(&everything, 0).await;
    let wide = stage.init("wide", 0).await;
    stage.run(&wide, 0).await;
    disturbances(&mut stage).await;
    dead_letter(stage.storage.queue.as_ref()).await;
    every_route(&mut stage, &imported, &wide).await;
    stage.run(&imported, 0).await;
    clean_up(&mut stage).await;

    let name = stage_name(&stage.asked);
    let resources = processed(&name);
    let mut problems = Vec::new();
    let mut explained = BTreeSet::new();
    for function in ["Heartbeat", "Runner", "Intake", "Admin"] {
        let rights = rights(&resources["functions_open"][format!("{function}Role")]);
        let asked = &stage.asked[function];
        let denied = rights_in(&statements(&resources["functions_open"][format!("{function}Role")]), "Deny");
        let refused = asked.iter().filter(|asked| denied.iter().any(|right| right.allows(asked)));
        problems.extend(refused.map(|asked| format!("{function} is denied {} on {}", asked.action, asked.resource)));
        let missing = asked.iter().filter(|asked| !rights.iter().any(|right| right.allows(asked)));
        problems.extend(missing.map(|asked| format!("{function} lacks {} on {}", asked.action, asked.resource)));
        let unshown = rights.iter().filter(|right| !asked.iter().any(|asked| right.allows(asked)));
        let (known, unused): (Vec<_>, Vec<_>) = unshown.partition(|right| unseen(function, right).is_some());
        explained.extend(known.into_iter().filter_map(|right| unseen(function, right)));
        problems.extend(
            unused.into_iter().map(|right| format!("{function} never uses {} on {}", right.action, right.resource)),
        );
    }
    let needless = UNSEEN.iter().enumerate().filter(|(row, _)| !explained.contains(row));
    problems
        .extend(needless.map(|(_, (of, actions, on, _))| format!("{of} has no use for its exception {actions} {on}")));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

//! The policies for people against what the command line was seen to call: nothing is missing and nothing is left over.
//!
//! The real program runs over the emulated AWS, and a proxy in between writes down each request as the action and the
//! resource that IAM would be asked about.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::{Context, Invocation, Limits, heartbeat, runner};
use http_body_util::BodyExt as _;
use patience::wait;
use pipeline::{Arguments, PipelineId};
use serde_json::Value;
use tests::{Provided, aws_with_variables};
use tokio::net::TcpListener;

use super::policy::{is_let_through, rights_in};
use super::recorder::{Asked, Recorder};
use super::rights::{FanOut, dead_letter};
use crate::aws_flows::now;
use crate::bootstraps::lambda::upstream;
use crate::bootstraps::proxy::passed_on;
use crate::systole::{Ran, Running, fixture, program, root};

const DEFINITIONS: &str = r#"<config>
    <pipeline name="idle" priority="low"><conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="alone" executorType="fetch_data"/></pipeline>
    <pipeline name="urgent" priority="high"><conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="single" executorType="fetch_data"><conditions>
            <step_condition type="wait_for_step_is_not_running"><argument key="steps" value="single,other"/></step_condition>
        </conditions></step></pipeline>
    <pipeline name="wide" use-working-directory="true"><conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="fan" executorType="fan_out" sortOrder="10"/></pipeline>
</config>"#;

/// What people who only look do. `WIDE` and `IDLE` stand for the ids of two pipelines.
const LOOKING: [&str; 46] = [
    "health",
    "pipeline list",
    "pipeline list --status success",
    "pipeline list --definitions",
    "pipeline status",
    "pipeline search idle",
    "pipeline details WIDE --log",
    "pipeline check IDLE",
    "pipeline check catalog_import",
    "pipeline watch IDLE --timeout 1",
    "step active",
    "step log WIDE fan",
    "settings list",
    "settings describe spawning",
    "settings get spawning",
    "maintenance status",
    "queue status",
    "queue peek",
    "audit",
    "import list",
    "catalog show sku-1",
    "catalog list",
    "catalog categories",
    "catalog listing",
    "import export products",
    "import history",
    "import show no-such",
    "import errors no-such",
    "import configuration",
    "shop export target/shop-of-a-test.yaml",
    "catalog export",
    "order list",
    "order show no-such",
    "order why no-such",
    "order settings list",
    "order settings get base",
    "order template get base",
    "order template try base",
    "order template history base",
    "order template diff base",
    // These look at no stage.
    "pipeline validate pipelines/catalog_import.xml",
    "executors",
    "conditions",
    "completions bash",
    "pipeline list --name idle",
    "pipeline check idle",
];

/// What people do who operate a stage.
const OPERATING: [&str; 28] = [
    "pipeline init idle",
    "pipeline init urgent",
    "pipeline pause IDLE",
    "pipeline resume IDLE",
    "pipeline cancel IDLE --reason a-test",
    "pipeline cancel --name idle --reason a-test --yes",
    "pipeline rerun --name idle --status cancelled --yes",
    "step process WIDE fan",
    "maintenance on",
    "maintenance off",
    "settings set clean_up.delete_after 4-weeks",
    "settings unset clean_up.delete_after",
    "queue redrive",
    "catalog reindex",
    "import drop FILES --timeout 1",
    "import run FILES --timeout 1",
    "import validate FILES --timeout 1",
    "shop import demo/shop.yaml",
    "shop check --timeout 1",
    "shop facts --timeout 1",
    "shop compare FILES --timeout 1",
    "import ok-file FILES",
    "order settings set base examples/orders/base.json",
    "order import examples/orders/order.json",
    "order export 000000041",
    "order reset 000000041",
    "order template set base examples/orders/order.j2",
    "order template publish base",
];

/// What functions do on AWS, with rights of their own.
const OF_FUNCTIONS: [&str; 4] = ["dev", "demo", "heartbeat", "run"];

/// Rights that no command shows: the policy that has them first, the action, a part of what it is on, and what it is for.
const UNSEEN: [(&str, &str, &str, &str); 7] = [
    (
        "view",
        "cloudformation:DescribeStacks",
        ":stack/systole-",
        "the output `AdminUrl` of the functions, see docs/API.md",
    ),
    ("view", "s3:GetObject", "/archive/", "the reports and the archived files, by `aws s3 cp`"),
    ("view", "lambda:InvokeFunctionUrl", "-admin", "the API, which another role of theirs may open"),
    ("view", "lambda:InvokeFunction", "-admin", "the same, see below"),
    (
        "operate",
        "sqs:DeleteMessage",
        "-steps-dead",
        "the task that moves dead letters back takes them out with the rights of who started it",
    ),
    ("configure", "s3:PutObject", "/pipelines/", "definitions, by `aws s3 cp`"),
    ("configure", "s3:DeleteObject", "/pipelines/", "the same"),
];

/// A policy for a stage.
fn policy(name: &str, stage: &str) -> Value {
    let text = std::fs::read_to_string(root().join("infra/policies").join(format!("{name}.json"))).unwrap();
    let text = text.replace("ACCOUNT", "000000000000").replace("REGION", "eu-central-1").replace("STAGE", stage);
    let policy: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}.json: {error}"));
    assert_eq!(policy["Version"], "2012-10-17", "{name}");
    policy
}

fn statements(policy: &Value) -> Vec<&Value> {
    policy["Statement"].as_array().unwrap().iter().collect()
}

/// A stage with something to look at, and a command line that is listened to.
struct Stage {
    storage: Provided,
    recorder: Recorder,
    variables: HashMap<String, String>,
    ids: [(&'static str, String); 2],
}

impl Stage {
    async fn new() -> Self {
        let (storage, mut variables) = aws_with_variables().await;
        let recorder = Recorder::default();
        for endpoint in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"] {
            let address = listen(upstream(endpoint), recorder.clone()).await;
            variables.insert(endpoint.to_owned(), format!("http://{address}"));
        }
        let program = steps::shipped().with_executor(FanOut);
        let hand = Context::new(storage.store.clone(), program, Limits::default());
        storage.files.put("pipelines/people.xml", DEFINITIONS.into()).await.unwrap();
        storage.files.put("pipelines/other.xml", "<config/>".into()).await.unwrap();
        storage.files.put("configuration/shop.json", "{}".into()).await.unwrap();
        heartbeat::beat(&hand, &invocation()).await.unwrap();
        // Its last good copy is what everybody reads from now on.
        storage.files.put("pipelines/other.xml", "<config>".into()).await.unwrap();
        let wide = init(&hand, "wide").await;
        run(&hand, &storage, &wide).await;
        let idle = init(&hand, "idle").await;
        Stage { storage, recorder, variables, ids: [("WIDE", wide.to_string()), ("IDLE", idle.to_string())] }
    }

    fn name(&self) -> &str {
        self.variables["TABLE_NAME"].strip_prefix("systole-").unwrap()
    }

    /// Runs a command; what it has asked for.
    fn ask(&self, line: &str) -> (Ran, BTreeSet<Asked>) {
        self.recorder.take();
        let files = fixture("bunches/two-files");
        let word = |word: &str| {
            let id = self.ids.iter().find(|(name, _)| *name == word).map(|(_, id)| id.clone());
            id.unwrap_or_else(|| if word == "FILES" { files.clone() } else { word.replace("4-weeks", "4 weeks") })
        };
        let mut command = program();
        command.args(["--stage", self.name()]).args(line.split(' ').map(word));
        // Its storage is found by its name; the variables are those of another stage.
        command.envs(self.variables.iter().filter(|(name, _)| name.starts_with("AWS_")));
        (Running::start(command).end(), self.recorder.take())
    }
}

async fn init(context: &Context, name: &str) -> PipelineId {
    let by = operate::Operator { name: "a test", invocation: &invocation() };
    operate::init(context, name, Arguments::new(), by).await.unwrap()
}

async fn run(context: &Context, storage: &Provided, id: &PipelineId) {
    let wait = wait(format!("pipeline {id} ends"));
    while storage.pipeline_with_steps(id).await.unwrap().unwrap().status.is_open() {
        wait.go_on();
        for message in storage.queue.receive(1, Duration::from_secs(5)).await.unwrap() {
            runner::run(context, &message.body, &invocation()).await.unwrap();
            storage.queue.delete(&message.receipt).await.unwrap();
        }
    }
}

fn invocation() -> Invocation {
    Invocation::begin(uuid::Uuid::new_v4().to_string(), now(), Duration::from_secs(60))
}

/// A proxy before a server, which writes down what is asked for; it ends with the test's runtime.
async fn listen(upstream: SocketAddr, recorder: Recorder) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(noted).with_state((upstream, recorder));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn noted(State((upstream, recorder)): State<(SocketAddr, Recorder)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap());
    let is_form = header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    match header("x-amz-target") {
        Some(target) => recorder.note_call(target, &body),
        None if is_form => recorder.note_form(&body),
        None => recorder.note_s3(parts.method.as_str(), &parts.uri.to_string(), header("x-amz-copy-source")),
    }
    let request = Request::from_parts(parts, Body::from(body));
    passed_on(upstream, request).await.unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
}

/// The row that explains why no command shows a right of a policy.
fn unseen(policy: &str, action: &str, resource: &str) -> Option<usize> {
    let order = ["view", "operate", "configure"];
    let place = |name: &str| order.iter().position(|other| *other == name).unwrap();
    UNSEEN
        .iter()
        .position(|(of, unseen, on, _)| place(of) <= place(policy) && *unseen == action && resource.contains(on))
}

/// What is wrong with a policy for those who have asked for so much, and which exceptions it needs.
fn compared(name: &str, stage: &str, asked: &BTreeSet<Asked>) -> (Vec<String>, BTreeSet<usize>) {
    let policy = policy(name, stage);
    let statements = statements(&policy);
    let missing = asked.iter().filter(|asked| !is_let_through(&statements, asked, &[]));
    let mut problems: Vec<_> =
        missing.map(|asked| format!("{name} lacks {} on {}", asked.action, asked.resource)).collect();
    let mut explained = BTreeSet::new();
    for right in rights_in(&statements, "Allow") {
        let is_used = asked.iter().any(|asked| right.allows(asked));
        match unseen(name, &right.action, &right.resource) {
            Some(row) if !is_used => {
                explained.insert(row);
            }
            None if !is_used => problems.push(format!("{name} never uses {} on {}", right.action, right.resource)),
            _ => {}
        }
    }
    (problems, explained)
}

#[tokio::test(flavor = "multi_thread")]
async fn people_have_the_rights_that_their_commands_use_and_no_other() {
    let stage = Stage::new().await;
    dead_letter(stage.storage.queue.as_ref()).await;
    let mut asked = BTreeSet::new();
    let mut by_command = |line: &str| {
        let (ran, new) = stage.ask(line);
        // What is shown may be nothing, and a wait may be in vain.
        assert!(!matches!(ran.code, Some(2) | None), "{ran}");
        asked.extend(new);
        asked.clone()
    };
    let looking = LOOKING.iter().map(|line| by_command(line)).last().unwrap();
    let operating = OPERATING.iter().map(|line| by_command(line)).last().unwrap();

    let mut problems = Vec::new();
    let mut explained = BTreeSet::new();
    for (name, asked) in [("view", &looking), ("operate", &operating), ("configure", &operating)] {
        let (new, needed) = compared(name, stage.name(), asked);
        problems.extend(new);
        explained.extend(needed);
    }
    let needless = UNSEEN.iter().enumerate().filter(|(row, _)| !explained.contains(row));
    problems
        .extend(needless.map(|(_, (of, action, on, _))| format!("{of} has no use for its exception {action} {on}")));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The commands that help lists behind `Commands:`.
fn commands(of: &[&str]) -> Vec<String> {
    let mut command = program();
    command.args(of).arg("--help");
    let help = Running::start(command).end().stdout;
    let Some((_, list)) = help.split_once("Commands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.trim().is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_is_one_of_those_that_were_listened_to() {
    let known = [&LOOKING[..], &OPERATING, &OF_FUNCTIONS].concat();
    let mut seen = 0;
    for name in commands(&[]) {
        let below = commands(&[&name]);
        let lines = if below.is_empty() { vec![name] } else { below.iter().map(|of| format!("{name} {of}")).collect() };
        for line in lines {
            assert!(known.iter().any(|known| known.starts_with(&line)), "who may run `systole {line}`?");
            seen += 1;
        }
    }
    assert!(seen >= 25, "{seen} commands");
}

/// What a direct call says of the caller nobody has checked; see `functions/admin/src/access.rs`.
#[test]
fn people_reach_the_admin_function_through_its_address_only() {
    let admin = "arn:aws:lambda:eu-central-1:000000000000:function:systole-dev-admin".to_owned();
    let call = Asked { action: "lambda:InvokeFunction".to_owned(), resource: admin.clone() };
    let address = Asked { action: "lambda:InvokeFunctionUrl".to_owned(), resource: admin };
    let through = [("lambda:InvokedViaFunctionUrl", "true")];
    let past = [("lambda:InvokedViaFunctionUrl", "false")];
    for name in ["view", "operate", "configure", "api"] {
        let policy = policy(name, "dev");
        let statements = statements(&policy);
        assert!(is_let_through(&statements, &address, &[("lambda:FunctionUrlAuthType", "AWS_IAM")]), "{name}");
        assert!(!is_let_through(&statements, &address, &[("lambda:FunctionUrlAuthType", "NONE")]), "{name}");
        assert!(is_let_through(&statements, &call, &through), "{name}");
        for context in [&past[..], &[]] {
            assert!(!is_let_through(&statements, &call, context), "{name}: a direct call may say that anybody asks");
        }
    }
    // For those who may do everything otherwise.
    let everything = serde_json::json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let guard = policy("no-forged-callers", "dev");
    let guarded = [statements(&guard), vec![&everything]].concat();
    assert!(is_let_through(&guarded, &call, &through) && is_let_through(&guarded, &address, &[]));
    for context in [&past[..], &[]] {
        assert!(!is_let_through(&guarded, &call, context), "{context:?}");
    }
}

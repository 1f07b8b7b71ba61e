//! A canary: secrets that must not be found in anything that is logged, kept, sent on, answered or printed.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;

use engine::{Context, Limits};
use pipeline::StepStatus;
use serde_json::json;
use store_embedded::Options;

use super::caller::{Asking, signer};
use super::canary::{Canary, encoded};
use crate::outside::read;
use crate::systole::{Running, Systole, program};

/// The secret of a header. The characters are those that other spellings change.
const SECRET: &str = "Bearer c4nary+8f/2b=7d1e c4nary%3a\"9b";

/// The parts of it that nothing else contains.
const PARTS: &[&str] = &["c4nary+8f/2b=7d1e", "c4nary%3a\"9b"];

/// A server that answers every request with what `answer` makes of it.
fn server(answer: impl Fn(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = read(&mut stream);
            assert!(request.contains("c4nary"), "the secret did not arrive: {request}");
            let _ = stream.write_all(answer(&request).as_bytes());
        }
    });
    host
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Servers that give the secret back in every way they can, and servers that break, each with what the step must say.
fn servers() -> Vec<(&'static str, String, &'static str)> {
    let percent = |text: &str| text.replace('%', "%25").replace(' ', "%20").replace('+', "%2B").replace('"', "%22");
    let repeats = "the response repeats the secret `CANARY`, so nothing of it is kept";
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    vec![
        ("fine", server(|_| reply("200 OK", "", "fine")), ""),
        ("body", server(|request| reply("200 OK", "", request)), repeats),
        ("json", server(|_| reply("200 OK", "", &json!({ "authorization": SECRET }).to_string())), repeats),
        ("encoded", server(|_| reply("200 OK", "", &encoded(&format!("authorization: {SECRET}")))), repeats),
        ("failed", server(|request| reply("500 Oops", "", request)), repeats),
        ("denied", server(|request| reply("403 Forbidden", "", request)), repeats),
        ("header", server(|_| reply("200 OK", &format!("ETag: {SECRET}\r\n"), "")), repeats),
        ("type", server(|_| reply("500 Oops", &format!("Content-Type: text/{SECRET}\r\n"), "")), repeats),
        ("moved", server(move |_| reply("302 Found", &format!("Location: /{}\r\n", percent(SECRET)), "")), repeats),
        ("reason", server(|_| reply(&format!("500 {SECRET}"), "", "")), "status 500"),
        ("garbage", server(|request| format!("{request}{request}")), "broke the connection off"),
        ("cut", server(|_| "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_owned()), "the response broke off"),
        ("closed", closed, "does not accept connections"),
    ]
}

fn definition(name: &str, host: &str) -> String {
    format!(
        r#"<config><pipeline name="{name}" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="call" executorType="http_request" sortOrder="10"><arguments>
            <argument key="url" value="http://{host}/"/>
            <argument key="method" value="POST"/><argument key="body" value="{{}}"/>
            <argument key="header.Authorization" value="secret:CANARY"/>
            <argument key="header.X-Api-Key" value="secret:CANARY"/>
        </arguments><conditions>
            <step_condition type="attempts_limit"><argument key="limit" value="1"/></step_condition>
        </conditions></step>
        <step name="bad" executorType="http_request" sortOrder="10"><arguments>
            <argument key="url" value="http://{host}/"/>
            <argument key="header.X-Api-Key" value="secret:BROKEN"/>
        </arguments></step>
        <step name="environment" executorType="shell" sortOrder="10"><arguments>
            <argument key="command" value="env; set; cat /proc/self/environ; exit 3"/>
        </arguments></step>
        </pipeline></config>"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_a_header_stays_in_memory_whatever_the_server_does() {
    let (systole, mut canary) = (Systole::new(), Canary::new(PARTS));
    // A value that no header may have, so that the error about it is seen, too.
    let broken = format!("{SECRET}\n");
    let variables = [("SYSTOLE_LOG", "trace"), ("SECRET_CANARY", SECRET), ("SECRET_BROKEN", &broken)];
    let mut run = |arguments: &[&str]| {
        let mut command = program();
        command.arg("--store").arg(systole.store()).args(arguments).envs(variables);
        let ran = Running::start(command).end();
        canary.add(format!("systole {}: stdout", arguments.join(" ")), &ran.stdout);
        canary.add(format!("systole {}: stderr", arguments.join(" ")), &ran.stderr);
        ran
    };
    let mut expected = BTreeMap::new();
    let servers = servers();
    for (name, host, message) in &servers {
        systole.overlay(&format!("{name}.xml"), &definition(name, host));
        let ran = run(&["--json", "pipeline", "init", name]);
        expected.insert(ran.json()["id"].as_str().unwrap().to_owned(), *message);
    }
    let hosts = servers.iter().flat_map(|(_, host, _)| ["--allow-host", host.as_str()]);
    run(&["run", "--allow-shell"].into_iter().chain(hosts).collect::<Vec<_>>());
    for id in expected.keys() {
        run(&["pipeline", "details", id]);
        run(&["--json", "pipeline", "details", id]);
        for step in ["call", "bad", "environment"] {
            run(&["step", "log", id, step]);
        }
    }
    for command in ["heartbeat", "audit", "settings list", "queue status", "queue peek", "pipeline list", "no-such"] {
        run(&command.split(' ').collect::<Vec<_>>());
    }

    let context = Context::new(
        store_embedded::open(&systole.store(), Options::default()).unwrap(),
        steps::shipped(),
        Limits::default(),
    );
    for (id, message) in &expected {
        let pipeline = context.store.pipeline_with_steps(&id.parse().unwrap()).await.unwrap().unwrap();
        let record = &pipeline.step(&"call".parse().unwrap()).unwrap().record;
        let said = record.message.as_deref().unwrap_or_default();
        assert!(said.contains(message), "{}: {record:?}", pipeline.name());
        assert_eq!(record.status == StepStatus::Success, message.is_empty(), "{}: {said}", pipeline.name());
        for target in ["", "/why-not-running", "/steps/call", "/steps/call/log", "/steps/environment/log", "/steps/bad"]
        {
            let asking = Asking::new(signer(admin::Role::Configure), "GET", format!("/pipelines/{id}{target}"));
            let answered = asking.ask(&context).await;
            canary.add(format!("GET {target}"), format!("{answered:?}"));
        }
        canary.add("debug of a pipeline", format!("{pipeline:?}"));
    }
    for message in context.store.queue.receive(100, std::time::Duration::ZERO).await.unwrap() {
        canary.add("messages", message.body);
    }
    canary.add_folder(&systole.store());
    assert_eq!(canary.leaks(), Vec::<String>::new());
}

#[test]
fn the_canary_would_be_found() {
    for text in [
        SECRET.to_owned(),
        json!({ "a": SECRET }).to_string(),
        format!("{:?}", SECRET.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        encoded(SECRET),
        encoded(&format!("a: {SECRET}")),
        encoded(&format!("ab: {SECRET}!")),
        "c4nary%2B8f%2F2b%3D7d1e".to_owned(),
    ] {
        let mut canary = Canary::new(PARTS);
        canary.add("here", &text);
        assert!(!canary.leaks().is_empty(), "{text}");
    }
}

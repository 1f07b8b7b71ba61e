//! A canary: secrets that must not be found in anything that is logged, kept, sent on, answered or printed.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;

use engine::{Context, Limits};
use pipeline::StepStatus;
use serde_json::json;
use store_embedded::Options;

use super::caller::{Asking, signer};
use crate::outside::read;
use crate::systole::{Running, Systole, program};

/// The secret of a header. The characters are those that other spellings change.
const SECRET: &str = "Bearer c4nary+8f/2b=7d1e c4nary%3a\"9b";

/// What is looked for: the parts of it that nothing else contains, as they may be written.
fn spellings() -> Vec<(String, Vec<u8>)> {
    let mut spellings = Vec::new();
    for part in ["c4nary+8f/2b=7d1e", "c4nary%3a\"9b"] {
        let hex: String = part.bytes().map(|byte| format!("{byte:02x}")).collect();
        let percent: String = part
            .bytes()
            .map(
                |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") },
            )
            .collect();
        let texts = [
            part.to_owned(),
            part.replace('"', "\\\""),
            hex.to_uppercase(),
            hex,
            percent.to_lowercase(),
            percent.replace("%2F", "/").replace("%3D", "="),
            percent,
        ];
        spellings.extend(texts.into_iter().map(|text| (format!("`{text}`"), text.into_bytes())));
        for lead in ["", "x", "xx"] {
            let text = encoded(&format!("{lead}{part}"));
            // Without the ends, which depend on what stands beside it.
            let text = text.trim_end_matches('=');
            let text = text[lead.len() * 2..text.len() - 1].to_owned();
            spellings.push((format!("`{text}` (base64)"), text.into_bytes()));
        }
    }
    spellings
}

fn encoded(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |value: u32| char::from(DIGITS[usize::try_from(value & 63).unwrap()]);
    let group = |bytes: &[u8]| {
        let all = (0..3).fold(0, |all, at| all << 8 | u32::from(bytes.get(at).copied().unwrap_or(0)));
        let digits = [digit(all >> 18), digit(all >> 12), digit(all >> 6), digit(all)];
        digits.into_iter().take(bytes.len() + 1).chain(std::iter::repeat_n('=', 3 - bytes.len())).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
}

/// Everything that came out, by where it came out.
#[derive(Default)]
struct Outcomes {
    all: BTreeMap<String, Vec<u8>>,
}

impl Outcomes {
    fn add(&mut self, place: impl Into<String>, bytes: impl AsRef<[u8]>) {
        self.all.entry(place.into()).or_default().extend_from_slice(bytes.as_ref());
    }

    fn add_folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            self.add("names of files", path.file_name().unwrap().as_encoded_bytes());
            if path.is_dir() {
                self.add_folder(&path);
            } else {
                self.add(path.display().to_string(), std::fs::read(&path).unwrap());
            }
        }
    }

    /// Where a secret is found, and how it is written there.
    fn leaks(&self) -> Vec<String> {
        let mut leaks = Vec::new();
        for (place, bytes) in &self.all {
            let text = String::from_utf8_lossy(bytes);
            for (name, spelling) in spellings() {
                let at = bytes.windows(spelling.len()).position(|window| window == spelling);
                let line = at.map(|_| text.lines().find(|line| line.contains("4nary")).unwrap_or_default());
                leaks.extend(
                    line.map(|line| format!("{place}: {name}: {}", line.chars().take(300).collect::<String>())),
                );
            }
        }
        leaks
    }
}

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
    let (systole, mut outcomes) = (Systole::new(), Outcomes::default());
    // A value that no header may have, so that the error about it is seen, too.
    let broken = format!("{SECRET}\n");
    let variables = [("SYSTOLE_LOG", "trace"), ("SECRET_CANARY", SECRET), ("SECRET_BROKEN", &broken)];
    let mut run = |arguments: &[&str]| {
        let mut command = program();
        command.arg("--store").arg(systole.store()).args(arguments).envs(variables);
        let ran = Running::start(command).end();
        outcomes.add(format!("systole {}: stdout", arguments.join(" ")), &ran.stdout);
        outcomes.add(format!("systole {}: stderr", arguments.join(" ")), &ran.stderr);
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

    let context =
        Context::shipped(store_embedded::open(&systole.store(), Options::default()).unwrap(), Limits::default());
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
            outcomes.add(format!("GET {target}"), format!("{answered:?}"));
        }
        outcomes.add("debug of a pipeline", format!("{pipeline:?}"));
    }
    for message in context.store.queue.receive(100, std::time::Duration::ZERO).await.unwrap() {
        outcomes.add("messages", message.body);
    }
    outcomes.add_folder(&systole.store());
    assert_eq!(outcomes.leaks(), Vec::<String>::new());
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
        let mut outcomes = Outcomes::default();
        outcomes.add("here", &text);
        assert!(!outcomes.leaks().is_empty(), "{text}");
    }
}

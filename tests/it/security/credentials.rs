//! The credentials for AWS stay between the SDK and AWS, at the noisiest log and whatever AWS answers.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

use patience::wait;
use serde_json::json;

use super::canary::Canary;
use crate::outside::read;
use crate::systole::{Ran, Running, fixture, program};

const KEY_ID: &str = "AKIAC4NARYKEYID7Q2X5";
const SECRET_KEY: &str = "c4nary/secret+key/7d1e9a55b3c2";
const TOKEN: &str = "c4nary//token+8f2b/4411cc02==";

/// Where the SDK finds the credentials.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// `AWS_ACCESS_KEY_ID` and the two beside it, as in a function.
    Variables,
    /// A file, as on the machine of an operator.
    Profile,
    /// An address that gives them out, as in a container.
    Address,
}

/// Answers each request of a connection of its own with what `answer` makes of it, and tells what was asked.
fn serve(answer: impl Fn(&str) -> String + Clone + Send + 'static) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, asked) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, sender, answer): (TcpStream, _, _) = (stream.unwrap(), sender.clone(), answer.clone());
            std::thread::spawn(move || {
                let request = read(&mut stream);
                let _ = stream.write_all(answer(&request).as_bytes());
                let _ = sender.send(request);
            });
        }
    });
    (address, asked)
}

fn reply(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// An error as the service that is asked would write it.
fn error(request: &str, status: &str, code: &str, message: &str) -> String {
    let is_json = request.to_lowercase().contains("\r\nx-amz-target:");
    let document = json!({ "__type": format!("com.amazon.coral.service#{code}"), "message": message }).to_string();
    let xml = message.replace('&', "&amp;").replace('<', "&lt;");
    let element =
        format!("<Error><Code>{code}</Code><Message>{xml}</Message><CanonicalRequest>{xml}</CanonicalRequest></Error>");
    reply(status, if is_json { &document } else { &element })
}

/// What AWS says of a signature that it does not accept: all that should have been signed, the token included.
fn canonical(request: &str) -> String {
    format!("The request signature we calculated does not match.\n\nThe Canonical String should have been\n'{request}'")
}

/// What an AWS makes of a request.
type Answer = fn(&str) -> String;

/// An AWS that answers in every way that repeats what it was told.
fn answers() -> Vec<(&'static str, Answer)> {
    vec![
        ("empty", |_| reply("200 OK", "{}")),
        ("refused", |request| error(request, "403 Forbidden", "SignatureDoesNotMatch", &canonical(request))),
        ("incomplete", |request| error(request, "400 Bad Request", "IncompleteSignature", request)),
        ("unknown", |request| {
            let header = request.lines().find(|line| line.to_lowercase().starts_with("authorization:")).unwrap();
            error(request, "403 Forbidden", "InvalidAccessKeyId", &format!("No such key: {header}"))
        }),
        ("failed", |request| error(request, "500 Oops", "InternalServerError", &canonical(request))),
        ("unreadable", |request| reply("200 OK", request)),
        ("garbage", str::to_owned),
    ]
}

/// What a process has in its environment beside its command line.
fn equip(command: &mut Command, folder: &Path, source: Source, aws: &str) {
    let queue = |priority: &str| format!("http://{aws}/000000000000/{priority}");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).envs([
        ("AWS_ENDPOINT_URL", format!("http://{aws}")),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("TABLE_NAME", "systole-test".to_owned()),
        ("BUCKET_NAME", "systole-test".to_owned()),
        ("STEP_QUEUE_HIGH_URL", queue("high")),
        ("STEP_QUEUE_NORMAL_URL", queue("normal")),
        ("STEP_QUEUE_LOW_URL", queue("low")),
        ("STEP_DEAD_LETTERS_URL", queue("dead")),
        // The noisiest that an operator can ask for, here and there.
        ("SYSTOLE_LOG", "trace,aws_sigv4=trace,aws_smithy_runtime::client=trace".to_owned()),
        ("RUST_LOG", "trace,aws_sigv4=trace,aws_smithy_runtime::client=trace".to_owned()),
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE".to_owned()),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ("LOG_SENSITIVE_BODIES", "true".to_owned()),
        ("RUST_BACKTRACE", "1".to_owned()),
    ]);
    let keys = [("AWS_ACCESS_KEY_ID", KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY), ("AWS_SESSION_TOKEN", TOKEN)];
    let nowhere = folder.join("none");
    command.envs([("AWS_CONFIG_FILE", &nowhere), ("AWS_SHARED_CREDENTIALS_FILE", &nowhere)]);
    match source {
        Source::Variables => {
            command.envs(keys);
        }
        Source::Profile => {
            let file = folder.join("credentials");
            let lines = keys.map(|(name, value)| format!("{} = {value}\n", name.to_lowercase())).concat();
            std::fs::write(&file, format!("[default]\n{lines}")).unwrap();
            command.env("AWS_SHARED_CREDENTIALS_FILE", file);
        }
        Source::Address => {
            let document = json!({
                "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET_KEY, "Token": TOKEN, "Expiration": "2999-01-01T00:00:00Z",
            });
            let (address, _) = serve(move |_| reply("200 OK", &document.to_string()));
            command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{address}/"));
        }
    }
}

/// What a process said, by where.
type Said = Vec<(String, String)>;

/// Runs commands and the runner function against an AWS, and returns what they say.
fn run_all(source: Source, answer: Answer) -> Said {
    let (aws, asked) = serve(answer);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("product-import_20260801-120000_01.csv");
    std::fs::write(&file, "sku,name\n").unwrap();
    let lines = [
        "--aws heartbeat",
        "--aws run --max 1",
        "--aws import list",
        "--aws queue peek",
        "--aws maintenance on",
        "--stage test health",
        "--aws import drop",
    ];
    let running = lines.map(|line| {
        let mut command = program();
        equip(&mut command, folder.path(), source, &aws);
        command.args(line.split(' ')).args(line.ends_with("drop").then_some(&file));
        (line, Running::start(command))
    });
    let mut said = invoke_runner(source, &aws, folder.path());
    for (line, running) in running {
        let ran = running.end();
        assert!(ran.stderr.contains("DEBUG"), "the log is not noisy: {ran}");
        said.extend(outputs(line, ran));
    }
    let asked: Vec<_> = asked.try_iter().collect();
    for service in ["dynamodb", "sqs", "s3", "sts", "cloudformation"] {
        let scope = format!("/{service}/aws4_request");
        let is_signed =
            |request: &String| request.contains(&scope) && request.contains(TOKEN) && request.contains(KEY_ID);
        assert!(asked.iter().any(is_signed), "{source:?}: no signed request to {service}");
    }
    said
}

fn outputs(name: &str, ran: Ran) -> Said {
    vec![(format!("stdout of {name}"), ran.stdout), (format!("stderr of {name}"), ran.stderr)]
}

/// Lets the runner have one message, and returns what it logs and answers.
fn invoke_runner(source: Source, aws: &str, folder: &Path) -> Said {
    let event = std::fs::read_to_string(Path::new(&fixture("events")).join("step-message.json")).unwrap();
    let (runtime, asked) = serve(move |request| {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nLambda-Runtime-Aws-Request-Id: 1\r\n\
            Lambda-Runtime-Deadline-Ms: 32503680000000\r\nLambda-Runtime-Trace-Id: Root=1\r\n\
            Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:000000000000:function:runner";
        if request.starts_with("GET ") {
            format!("{head}\r\nContent-Length: {}\r\n\r\n{event}", event.len())
        } else {
            reply("202 Accepted", "{}")
        }
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner-under-test"));
    equip(&mut command, folder, source, aws);
    command.env("AWS_LAMBDA_RUNTIME_API", &runtime).env("AWS_LAMBDA_FUNCTION_NAME", "runner");
    for (name, value) in [("VERSION", "1"), ("MEMORY_SIZE", "512")] {
        command.env(format!("AWS_LAMBDA_FUNCTION_{name}"), value);
    }
    command.envs([("AWS_LAMBDA_LOG_GROUP_NAME", "test"), ("AWS_LAMBDA_LOG_STREAM_NAME", "test")]);
    let running = Running::start(command);
    let answer = wait("the runner answers").look(|| asked.try_iter().find(|request| request.starts_with("POST ")));
    let ran = running.kill();
    assert!(ran.stdout.contains(r#""level":"DEBUG""#), "the log is not noisy: {ran}");
    let mut said = outputs("runner", ran);
    said.push(("answer of the runner".to_owned(), answer));
    said
}

#[test]
fn the_credentials_for_aws_are_in_no_log_and_no_message_whatever_aws_answers() {
    let mut canary = Canary::new(&[KEY_ID, SECRET_KEY, TOKEN]);
    let refused = answers()[1];
    let of_a_function = answers().into_iter().map(|answer| (Source::Variables, answer));
    let others = [Source::Profile, Source::Address].map(|source| (source, refused));
    let runs: Vec<_> = of_a_function
        .chain(others)
        .map(|(source, (name, answer))| (source, name, std::thread::spawn(move || run_all(source, answer))))
        .collect();
    for (source, name, run) in runs {
        for (place, said) in wait(format!("{name}, {source:?} ends")).join(run) {
            canary.add(format!("{name}, {source:?}: {place}"), said);
        }
    }
    assert_eq!(canary.leaks(), Vec::<String>::new());
}

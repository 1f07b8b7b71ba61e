//! The inputs that are kept, and the words that mutations are made of.

use std::path::PathBuf;

/// An input of the corpus.
#[derive(Debug, Clone)]
pub struct Input {
    /// Where it lies.
    pub path: PathBuf,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Where the corpora lie.
#[must_use]
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The inputs that are kept of a target, by name, and those that are made: they would be large, and are all of one kind.
///
/// # Panics
/// If they cannot be read.
#[must_use]
pub fn inputs(target: &str) -> Vec<Input> {
    let folder = folder().join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Input { path, bytes }
    };
    let kept = paths.into_iter().map(read);
    let made = bombs(target).into_iter().map(|(name, bytes)| Input { path: PathBuf::from(name), bytes });
    kept.chain(made).collect()
}

/// The words of a target's dictionary, and those of all: one a line, with `\n`, `\t`, `\\`, `\"` and `\xHH` as libFuzzer
/// reads them.
///
/// # Panics
/// If they cannot be read.
#[must_use]
pub fn words(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("dictionaries");
    let mut words = Vec::new();
    for name in ["all", target] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.dict"))).unwrap_or_default();
        let quoted = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
        words.extend(quoted.map(unescaped));
    }
    words
}

fn unescaped(word: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = word.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'x') => {
                let digits = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0);
                bytes.push(u8::try_from(16 * digit(digits[0]) + digit(digits[1])).unwrap_or(0));
            }
            Some(other) => bytes.push(other),
            None => bytes.push(b'\\'),
        }
    }
    bytes
}

/// Inputs that ask for much memory or time: deep, wide and long ones.
#[expect(clippy::too_many_lines, reason = "one arm per target")]
fn bombs(target: &str) -> Vec<(&'static str, Vec<u8>)> {
    let repeated = |text: &str, count: usize| text.repeat(count).into_bytes();
    let json = [
        ("made: deep arrays", repeated("[", 200_000)),
        ("made: deep objects", repeated("{\"a\":", 100_000)),
        ("made: a long number", repeated("9", 1_000_000)),
        ("made: a wide array", [b"[", &*repeated("0,", 500_000), b"0]"].concat()),
    ];
    let nested = ["<config>", &"<step>".repeat(100_000), &"</step>".repeat(100_000), "</config>"].concat();
    let wide = format!("<config><pipeline {}/></config>", "a=\"\" ".repeat(100_000));
    match target {
        "definitions" | "definition_files" => vec![
            ("made: nested elements", nested.into_bytes()),
            ("made: many attributes", wide.into_bytes()),
            ("made: a long comment", format!("<!--{}--><config/>", "- ".repeat(400_000)).into_bytes()),
            ("made: a long line", format!("<config>{}<x/></config>", "<pipeline/>".repeat(19_000)).into_bytes()),
        ],
        "csv" | "products" => vec![
            ("made: a million columns", repeated("a,", 1_000_000)),
            ("made: a large cell", [b"sku,name\n1,\"", &*repeated("x", 1_200_000), b"\"\n"].concat()),
            ("made: an open quote", [b"sku\n\"", &*repeated("x\n", 100_000)].concat()),
            ("made: empty lines", repeated("\r\n", 100_000)),
            ("made: many rows", [b"sku\n".to_vec(), repeated("a\n", 20_000)].concat()),
        ],
        "cells" => vec![
            ("made: separators", repeated("|,", 30_000)),
            ("made: quotes", repeated("\"", 30_001)),
            ("made: levels", repeated("a/", 30_000)),
            ("made: digits", repeated("1", 30_000)),
        ],
        "bunches" => {
            let names: String = (0..5_000).map(|n| format!("=== product-import_x_{n:04}.csv\n")).collect();
            let listed: String = (0..50_000).map(|n| format!("product-import_x_{n:05}.csv\n")).collect();
            let bunches: String = (0..2_000).map(|n| format!("product-import_{n}_1.csv\n")).collect();
            let waiting: String = (0..3_000).map(|n| format!("=== product-import_{n}_1.csv\n")).collect();
            let wrong = format!("=== product-import.ok\n{bunches}{}", "x\n".repeat(30_000));
            vec![
                ("made: wrong lines", wrong.into_bytes()),
                ("made: many bunches", waiting.into_bytes()),
                ("made: many files", [names, "=== product-import_x.ok\n".to_owned()].concat().into_bytes()),
                ("made: a long list", format!("=== product-import.ok\n{listed}").into_bytes()),
            ]
        }
        "drops" => {
            let head = "=== product-import_x_01.csv\nsku,categories,name\n";
            let ok = "\n=== product-import_x.ok\n";
            let row = |category: String| format!("{head}1,{category},a{ok}").into_bytes();
            let many: String = (0..10_000).map(|n| format!("1,a{n:04},a\n")).collect();
            let waiting: String = (0..3_000).map(|n| format!("=== product-import_{n}_1.csv\n")).collect();
            vec![
                ("made: a deep category", row("a/".repeat(30_000) + "a")),
                ("made: many categories", format!("{head}{many}{ok}").into_bytes()),
                ("made: many bunches", waiting.into_bytes()),
            ]
        }
        "crons" => vec![("made: a list", format!("{} * * * *", "0-59,".repeat(39)).into_bytes())],
        "durations" | "names" | "settings" | "variables" => vec![("made: long", repeated("1 day ", 100_000))],
        "step_messages" | "stored_definitions" | "stored_products" | "gateway_events" | "executors" => json.to_vec(),
        "intake_events" => {
            let record = r#"{"s3":{"object":{"key":"incoming/%41%zz+"}}},"#;
            let many = format!("{{\"Records\":[{}null]}}", record.repeat(20_000));
            json.into_iter().chain([("made: many records", many.into_bytes())]).collect()
        }
        "answers" => vec![(
            "made: a long log",
            [b"{\"outcome\":\"done\",\"log\":[", &*repeated("\"x\",", 200_000), b"\"\"]}"].concat(),
        )],
        "api" => {
            let body = |body: &str| format!("POST /pipelines\n\n{body}").into_bytes();
            vec![
                ("made: a deep body", body(&"[".repeat(200_000))),
                ("made: a large body", body(&" ".repeat(1 << 20))),
                ("made: a long path", format!("GET /settings/{}", "a".repeat(60_000)).into_bytes()),
                ("made: many parameters", format!("GET /pipelines?{}", "limit=1&".repeat(7_000)).into_bytes()),
            ]
        }
        "responses" => {
            let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let header = "a: b\r\n".repeat(5_000);
            let plain = "HTTP/1.1 200 OK\r\n\r\n";
            vec![
                ("made: many chunks", format!("{chunked}{}0\r\n\r\n", "1\r\na\r\n".repeat(100_000)).into_bytes()),
                ("made: many headers", format!("HTTP/1.1 200 OK\r\n{header}\r\n").into_bytes()),
                ("made: a long line", format!("HTTP/1.1 200 {}", "a".repeat(200_000)).into_bytes()),
                ("made: many escapes", format!("{plain}{}", "&#x5c;%5cu005c".repeat(70_000)).into_bytes()),
            ]
        }
        "replies" => vec![
            ("made: a deep list", format!("get 200\n{{\"Item\":{}", "{\"a\":{\"M\":".repeat(50_000)).into_bytes()),
            ("made: deep XML", format!("list 200\n{}", "<a>".repeat(100_000)).into_bytes()),
        ],
        _ => Vec::new(),
    }
}

//! Clients of `systole dev` that connect and say nothing, or half of it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use patience::PATIENCE;

use crate::systole::{Systole, ask};

/// More than the API has places for.
const SILENT: usize = 100;

fn begin(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    // A connection that is reset is as closed as any.
    let _ = stream.read_to_string(&mut text);
    text
}

#[test]
fn silent_clients_are_sent_away_and_the_next_one_is_answered() {
    let systole = Systole::new();
    let (dev, address) = systole.dev(&[]);
    let silent: Vec<TcpStream> = (0..SILENT)
        .map(|number| begin(address, if number % 2 == 0 { "" } else { "GET /health HTTP/1.1\r\nHost: loc" }))
        .collect();
    let began = Instant::now();
    let answer = ask(address, "GET", "/health", "");
    assert!(answer.status == 200 && began.elapsed().as_secs() < 25, "{answer:?} after {:?}", began.elapsed());
    drop(silent);
    dev.signal("TERM");
    assert_eq!(dev.end().code, Some(0));
}

#[test]
fn a_body_that_does_not_come_is_a_clear_refusal_and_nothing_is_half_done() {
    let systole = Systole::new();
    let (dev, address) = systole.dev(&[]);
    let head = |method: &str, path: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{{\"name\""
        )
    };
    let spawn = begin(address, &head("POST", "/pipelines"));
    let file = begin(address, &head("PUT", "/uploads/product-import_1_01.csv"));
    let answer = rest(spawn);
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("nothing more of it came for 20 s"), "{answer}");
    let answer = rest(file);
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("broke off after 7 bytes"), "{answer}");
    assert_eq!(systole.dropped(), Vec::<String>::new());
    assert_eq!(ask(address, "GET", "/pipelines", "").body["pipelines"], serde_json::json!([]));
    dev.signal("TERM");
    assert_eq!(dev.end().code, Some(0));
}

#[test]
fn a_half_open_client_does_not_keep_the_host_from_stopping() {
    let systole = Systole::new();
    let (dev, address) = systole.dev(&["--stop-timeout", "60"]);
    let _half = begin(address, "POST /pipelines HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{");
    assert_eq!(ask(address, "GET", "/health", "").status, 200);
    let told = Instant::now();
    dev.signal("TERM");
    let ran = dev.end();
    assert!(ran.code == Some(0) && told.elapsed().as_secs() < 15, "{ran} after {:?}", told.elapsed());
}

//! What web servers answer to `http_request`, over a real connection.

use std::io;
use std::sync::Arc;

use pipeline::Arguments;
use pipeline::StepRecord;
use steps::general::http_request::HttpRequest;
use store::Store;
use store::services::{AllowedHost, HttpPolicy, Secret, Services};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::executors::{Scene, context_with, run};
use crate::fresh_engine::wait_for;
use crate::input::{Section, sections};

/// What the server is told and must not tell anybody else.
const SECRET: &str = "hush-hush-hush";

thread_local! {
    /// One for all inputs: a new one for each would use up the ports of the machine.
    static LISTENER: TcpListener = wait_for(TcpListener::bind("127.0.0.1:0")).expect("this machine has a free port");
}

/// The sections are the pieces of a response, head included, as they come from the network.
pub(crate) fn responses(data: &[u8]) {
    let (store, record) = answered(data);
    wait_for(check(&store, &record));
}

/// Calls a server that answers with the pieces; what the step has become.
fn answered(data: &[u8]) -> (Store, StepRecord) {
    let pieces = sections(data);
    LISTENER.with(|listener| {
        let address = listener.local_addr().expect("it is bound");
        let http = HttpPolicy {
            hosts: vec![AllowedHost { host: address.ip().to_string(), port: Some(address.port()) }],
            secrets: [("ERP".to_owned(), Secret::new(format!("Bearer {SECRET}")))].into(),
        };
        let services = Services { http, ..Services::default() };
        let context = context_with(Arc::new(HttpRequest::default()), services);
        let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let url = format!("http://{address}/orders");
        let arguments = Arguments::from([("url", url.as_str()), ("header.Authorization", "secret:ERP")].map(text));
        let scene = Scene::first("http_request", arguments);
        let record = wait_for(async {
            tokio::select! {
                record = run(&context, &scene) => record,
                never = serve(listener, &pieces) => match never {},
            }
        });
        (context.store, record)
    })
}

/// Answers every connection with the pieces, whatever is asked.
async fn serve(listener: &TcpListener, pieces: &[Section<'_>]) -> std::convert::Infallible {
    loop {
        if let Ok((connection, _)) = listener.accept().await {
            // The client may have enough before the end.
            let _ = answer(connection, pieces).await;
        }
    }
}

async fn answer(mut connection: TcpStream, pieces: &[Section<'_>]) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        if connection.read_buf(&mut asked).await? == 0 {
            return Ok(());
        }
    }
    for piece in pieces {
        connection.write_all(piece.content).await?;
        // The client reads this one before the next one is there.
        tokio::task::yield_now().await;
    }
    connection.shutdown().await
}

/// What must hold of a step that was answered.
async fn check(store: &Store, record: &StepRecord) {
    let message = record.message.as_deref().unwrap_or_default();
    assert!(!message.contains(['\n', '\u{1b}']), "a message has control characters");
    let output = record.output.as_ref().map(ToString::to_string).unwrap_or_default();
    for told in [message, &record.log, &output, &format!("{:?}", record.checkpoint)] {
        assert!(!told.contains(SECRET), "the secret is told");
    }
    let files = store.files.list("", None, 10).await.expect("the files are in memory");
    for file in &files {
        let content = store.files.get(&file.key, None).await.expect("the files are in memory").unwrap_or_default();
        let has_secret = content.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!has_secret, "the secret is kept");
    }
    let Some(output) = &record.output else { return };
    let kept = output["file"].as_str().and_then(|key| files.iter().find(|file| file.key == key));
    let kept = kept.expect("a response that is told of is kept");
    assert_eq!(output["size_bytes"].as_u64(), Some(kept.size_bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mutations of an input that fails at its first byte would never come further.
    #[test]
    fn the_kept_responses_are_kept_refused_or_waited_for() {
        let message = |name: &str| {
            let path = crate::corpus::folder().join("responses").join(name);
            let data = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let (_, record) = answered(&data);
            format!("{} {}", record.status, record.message.unwrap_or_default())
        };
        for name in ["ok", "chunked", "until_its_end", "continues", "gzip"] {
            assert_eq!(message(name), "success ", "{name}");
        }
        for name in [
            "secret_in_header",
            "secret_in_pieces",
            "secret_in_chunks",
            "secret_escaped",
            "secret_in_base64",
            "secret_in_gzip",
        ] {
            assert!(message(name).contains("the response repeats the secret `ERP`"), "{name}: {}", message(name));
        }
        for (name, part) in [
            ("later", "enqueued"),
            ("much_later", "status 429"),
            ("moved", "leads to `http://10.0.0.1/a`;"),
            ("too_large", "larger than"),
            ("too_short", "broke off"),
            ("gzip_too_large", "larger than"),
            ("gzip_too_short", "cannot be unpacked"),
            ("brotli", "is encoded as `br`"),
            ("nothing", "broke the connection off"),
        ] {
            assert!(message(name).contains(part), "{name}: {}", message(name));
        }
    }
}

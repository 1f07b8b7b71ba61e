//! A web server that says what a test tells it to, byte by byte.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Answers every connection with the next of its texts, the last one again and again.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    /// Ends the server when it is dropped.
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn with(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, answers, requests.clone()));
        Server { address, requests, _tasks: tasks }
    }

    /// The same behind TLS, with a certificate for `shop.example.com`.
    pub(crate) async fn encrypted(answers: &[&str]) -> Self {
        let inner = Server::with(answers).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, target) = (listener.local_addr().unwrap(), inner.address);
        let acceptor = acceptor();
        let mut tasks = inner._tasks;
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // One connection after the other; who does not trust the certificate does not get that far.
                let Ok(mut outside) = acceptor.accept(stream).await else { continue };
                let mut inside = TcpStream::connect(target).await.unwrap();
                let _ = copy_bidirectional(&mut outside, &mut inside).await;
            }
        });
        Server { address, requests: inner.requests, _tasks: tasks }
    }

    /// An address on it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The entry of the list of hosts that allows it.
    pub(crate) fn entry(&self) -> String {
        self.address.to_string()
    }

    /// What came in, head and body, as it came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The answer with a status, headers and a body.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// The certificates of the tests; `ca.pem` has signed the one of `shop.example.com`, and both are good for a century.
pub(crate) fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(include_bytes!("tls/ca.pem")).unwrap()).unwrap();
    roots
}

fn acceptor() -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(include_bytes!("tls/shop.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/shop.key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(versions.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

async fn serve(listener: TcpListener, answers: Vec<String>, requests: Arc<Mutex<Vec<String>>>) {
    let mut open = Vec::new();
    let mut number = 0;
    while let Ok((mut stream, _)) = listener.accept().await {
        let request = read(&mut stream).await;
        requests.lock().unwrap().push(request);
        let answer = &answers[number.min(answers.len() - 1)];
        number += 1;
        // The client may have had enough of it before the end.
        let _ = stream.write_all(answer.as_bytes()).await;
        // Kept open: a body that is not complete stays so.
        open.push(stream);
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}

//! A web server for tests, which says what it is told to, byte by byte.
#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Answers every request with the next of its texts, the last one again and again. Connections stay open: a body that is
/// not complete stays so.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    inside: Arc<Inside>,
    /// Ends the server when it is dropped.
    _tasks: JoinSet<()>,
}

/// What its connections share.
struct Inside {
    answers: Vec<Vec<u8>>,
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

impl Server {
    /// A server on this machine with these answers.
    pub async fn with<A: AsRef<[u8]>>(answers: &[A]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers = answers.iter().map(|answer| answer.as_ref().to_owned()).collect();
        let inside = Arc::new(Inside { answers, requests: Mutex::default(), connections: AtomicUsize::new(0) });
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(listener, inside.clone()));
        Server { address, inside, _tasks: tasks }
    }

    /// The same behind TLS, with a certificate for `shop.example.com`.
    pub async fn encrypted<A: AsRef<[u8]>>(answers: &[A]) -> Self {
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
        Server { address, inside: inner.inside, _tasks: tasks }
    }

    /// An address on it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The entry of the list of hosts that allows it.
    #[must_use]
    pub fn entry(&self) -> String {
        self.address.to_string()
    }

    /// What came in, head and body, as it came.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.inside.requests.lock().unwrap().clone()
    }

    /// How many connections have been made to it.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.inside.connections.load(Ordering::Relaxed)
    }
}

/// The answer with a status, headers and a body.
#[must_use]
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// The certificates of the tests; `ca.pem` has signed the one of `shop.example.com`, and both are good for a century.
#[must_use]
pub fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(include_bytes!("testing/ca.pem")).unwrap()).unwrap();
    roots
}

fn acceptor() -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(include_bytes!("testing/shop.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("testing/shop.key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(versions.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

async fn listen(listener: TcpListener, inside: Arc<Inside>) {
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        inside.connections.fetch_add(1, Ordering::Relaxed);
        open.spawn(serve(stream, inside.clone()));
    }
}

async fn serve(mut stream: TcpStream, inside: Arc<Inside>) {
    while let Some(request) = read(&mut stream).await {
        let answer = inside.next_answer(request);
        // The client may have had enough of it before the end.
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

impl Inside {
    fn next_answer(&self, request: String) -> Vec<u8> {
        let mut requests = self.requests.lock().unwrap();
        let number = requests.len();
        requests.push(request);
        self.answers[number.min(self.answers.len() - 1)].clone()
    }
}

/// The next request, or what came of it; nothing once the client has gone.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return (!text.is_empty()).then_some(text);
        }
    }
}

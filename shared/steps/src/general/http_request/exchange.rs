//! One request and its response over one connection of its own, straight to an address that was checked.
//!
//! There is no pool, no proxy and no redirect here, so nothing can lead the request anywhere else.

use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ExecutorError;
use http::header::HOST;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use store::services::HttpPolicy;
use store::{Store, files};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::address::{Destination, Protection, shown};
use super::echo::{Echoes, Watch};
use super::question::{BODY_LIMIT_BYTES, Question};

/// Looks names up.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All addresses of a name.
    ///
    /// # Errors
    /// The name has none, or nobody could be asked.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Looks names up as the machine does.
pub(super) struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// What requests go out with.
pub(super) struct Client {
    pub(super) resolver: Arc<dyn Resolve>,
    tls: OnceLock<Arc<ClientConfig>>,
}

/// A response whose body has yet to be read, and the connection that it comes from.
pub(super) struct Answered {
    pub(super) response: Response<Incoming>,
    /// Ends the connection when it is dropped.
    connection: JoinSet<()>,
}

/// How long one address may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Most bytes of the head of a response.
const HEAD_LIMIT_BYTES: usize = 64 * 1024;

/// A plain or an encrypted connection.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

impl Client {
    pub(super) fn new(resolver: Arc<dyn Resolve>) -> Self {
        Client { resolver, tls: OnceLock::new() }
    }

    /// One that trusts other certificates than this machine.
    pub(super) fn trusting(resolver: Arc<dyn Resolve>, roots: RootCertStore) -> Self {
        let client = Client::new(resolver);
        client.tls.get_or_init(|| configured(roots).expect("the provider knows the usual versions"));
        client
    }

    /// Sends the request and waits for the head of the response.
    pub(super) async fn send(&self, question: &Question, policy: &HttpPolicy) -> Result<Answered, ExecutorError> {
        let destination = &question.destination;
        let addresses = self.addresses(destination, policy).await?;
        let tcp = connect(destination, &addresses).await?;
        let wire: Box<dyn Wire> = match destination.protection {
            Protection::Plain => Box::new(tcp),
            Protection::Tls => Box::new(self.encrypt(destination, tcp).await?),
        };
        let failed = |error| network(format!("`{}` broke the connection off", destination.host), error);
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD_LIMIT_BYTES);
        let (mut sender, connection) = builder.handshake(TokioIo::new(wire)).await.map_err(failed)?;
        // Its end, good or bad, shows at the response.
        let connection = JoinSet::from_iter([async { drop(connection.await) }]);
        let response = sender.send_request(request(question)?).await.map_err(failed)?;
        Ok(Answered { response, connection })
    }

    /// Looks the name up, once, and checks all that it stands for.
    async fn addresses(
        &self,
        destination: &Destination,
        policy: &HttpPolicy,
    ) -> Result<Vec<SocketAddr>, ExecutorError> {
        let host = &destination.host;
        let found = match destination.literal() {
            Some(address) => vec![address],
            None => {
                self.resolver.resolve(host).await.map_err(|error| network(format!("`{host}` is not found"), error))?
            }
        };
        if found.is_empty() {
            return Err(ExecutorError::retryable(format!("`{host}` has no address")));
        }
        destination.permit(&found, policy)
    }

    async fn encrypt(&self, destination: &Destination, tcp: TcpStream) -> Result<impl Wire + use<>, ExecutorError> {
        let host = &destination.host;
        let name = ServerName::try_from(host.clone())
            .map_err(|_| ExecutorError::permanent(format!("`{host}` cannot be the name in a certificate")))?;
        let connector = TlsConnector::from(self.tls()?);
        let agreed = connector.connect(name, tcp).await;
        agreed.map_err(|error| network(format!("no encrypted connection to `{host}`"), error))
    }

    /// The certificates that this machine trusts, read at the first encrypted request.
    fn tls(&self) -> Result<Arc<ClientConfig>, ExecutorError> {
        if let Some(config) = self.tls.get() {
            return Ok(config.clone());
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(ExecutorError::permanent("this machine trusts no certificate (SSL_CERT_FILE can name some)"));
        }
        let config = configured(roots)?;
        Ok(self.tls.get_or_init(|| config).clone())
    }
}

fn configured(roots: RootCertStore) -> Result<Arc<ClientConfig>, ExecutorError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| network("no encryption is possible".to_owned(), error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

impl Answered {
    /// Streams the body into a file, which appears whole or not at all; returns its size in bytes. A response that repeats
    /// a secret of the request is refused, whatever its status.
    pub(super) async fn save(
        mut self,
        store: &Store,
        key: &str,
        echoes: &Echoes,
        until: Instant,
    ) -> Result<u64, ExecutorError> {
        if let Some(secret) = self.response.headers().values().find_map(|value| echoes.find(value.as_bytes())) {
            return Err(repeats(secret));
        }
        let announced = self.response.headers().get(http::header::CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > BODY_LIMIT_BYTES) {
            return Err(too_large());
        }
        let mut upload = store.files.upload(key).await?;
        match receive(self.response.body_mut(), upload.as_mut(), echoes.watch(), until).await {
            Ok(size_bytes) => {
                upload.finish().await?;
                self.connection.abort_all();
                Ok(size_bytes)
            }
            Err(error) => {
                upload.abort().await?;
                Err(error)
            }
        }
    }
}

async fn receive(
    body: &mut Incoming,
    upload: &mut dyn files::Upload,
    mut watch: Watch<'_>,
    until: Instant,
) -> Result<u64, ExecutorError> {
    let mut size_bytes = 0;
    loop {
        let Ok(frame) = timeout_at(until, body.frame()).await else {
            let message = format!("the response was not complete in time; {size_bytes} bytes had come");
            return Err(ExecutorError::retryable(message));
        };
        let Some(frame) = frame else {
            return watch.look().map_or(Ok(size_bytes as u64), |secret| Err(repeats(secret)));
        };
        let frame = frame.map_err(|error| network("the response broke off".to_owned(), error))?;
        let Ok(bytes) = frame.into_data() else { continue }; // trailers
        size_bytes += bytes.len();
        if size_bytes > BODY_LIMIT_BYTES {
            return Err(too_large());
        }
        if let Some(secret) = watch.take(&bytes) {
            return Err(repeats(secret));
        }
        upload.write(bytes).await?;
    }
}

fn too_large() -> ExecutorError {
    ExecutorError::permanent(format!("the response is larger than {BODY_LIMIT_BYTES} bytes"))
}

fn repeats(secret: &str) -> ExecutorError {
    ExecutorError::permanent(format!("the response repeats the secret `{secret}`, so nothing of it is kept"))
}

/// Connects to the first of the addresses that accepts.
async fn connect(destination: &Destination, addresses: &[SocketAddr]) -> Result<TcpStream, ExecutorError> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(network(format!("`{}` does not accept connections on port {}", destination.host, destination.port), last))
}

fn request(question: &Question) -> Result<Request<Full<Bytes>>, ExecutorError> {
    let url = &question.url;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
    let host = HeaderValue::from_str(&host).map_err(|error| network(format!("`{host}` is no host"), error))?;
    let mut request = Request::new(Full::new(question.body.clone()));
    *request.method_mut() = question.method.clone();
    *request.uri_mut() =
        path.parse().map_err(|_| ExecutorError::permanent(format!("`{}` cannot be sent", shown(url))))?;
    *request.headers_mut() = question.headers.clone();
    request.headers_mut().insert(HOST, host);
    Ok(request)
}

/// A failure on the way that may pass.
fn network(message: String, error: impl StdError + Send + Sync + 'static) -> ExecutorError {
    ExecutorError::Retryable { message, source: Some(Box::new(error)) }
}

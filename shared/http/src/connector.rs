//! The only way to a socket: looks the name up, checks every address, connects, encrypts.
//!
//! The pool asks for a connection whenever it has none that is free, so this runs for every connection that is ever made.
//! A connection that is used again leads to where it was checked to lead, for the pool belongs to one list of hosts.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use http::Uri;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower::Service;
use url::Url;

use crate::destination::{Destination, ListedHost, Protection};
use crate::error::Error;

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
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

/// Makes connections to listed hosts.
#[derive(Clone)]
pub(crate) struct Connector {
    hosts: Arc<[ListedHost]>,
    resolver: Arc<dyn Resolve>,
    tls: Arc<OnceLock<Arc<ClientConfig>>>,
}

/// A plain or an encrypted connection.
pub(crate) type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

/// How long one address may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect(&uri).await })
    }
}

impl Connector {
    /// What connects to these hosts. It trusts the certificates of this machine unless there are others.
    pub(crate) fn new(hosts: Arc<[ListedHost]>, resolver: Arc<dyn Resolve>, roots: Option<RootCertStore>) -> Self {
        let tls = Arc::new(OnceLock::new());
        if let Some(roots) = roots {
            tls.get_or_init(|| configured(roots));
        }
        Connector { hosts, resolver, tls }
    }

    async fn connect(&self, uri: &Uri) -> Result<Connection, Error> {
        // The pool hands over scheme, host and port. The request was checked by these, but this is the place that counts.
        let url = Url::parse(&uri.to_string()).map_err(|_| Error::NoHost)?;
        let destination = Destination::of(&url, &self.hosts)?;
        let tcp = TokioIo::new(open(&destination, &self.addresses(&destination).await?).await?);
        match destination.protection {
            Protection::Plain => Ok(MaybeHttpsStream::Http(tcp)),
            Protection::Tls => self.encrypt(&destination, tcp).await,
        }
    }

    /// Looks the name up, once, and checks all that it stands for.
    async fn addresses(&self, destination: &Destination) -> Result<Vec<SocketAddr>, Error> {
        let host = &destination.host;
        let found = match destination.literal() {
            Some(address) => vec![address],
            None => {
                let looked_up = self.resolver.resolve(host).await;
                looked_up.map_err(|error| Error::unreachable(format!("`{host}` is not found"), error))?
            }
        };
        if found.is_empty() {
            return Err(Error::NoAddress { host: host.clone() });
        }
        destination.permit(&found, &self.hosts)
    }

    async fn encrypt(&self, destination: &Destination, tcp: TokioIo<TcpStream>) -> Result<Connection, Error> {
        let host = &destination.host;
        let name = ServerName::try_from(host.clone()).map_err(|_| Error::Unsendable { shown: host.clone() })?;
        let agreed = TlsConnector::from(self.tls()?).connect(name, TokioIo::new(tcp)).await;
        match agreed {
            Ok(encrypted) => Ok(MaybeHttpsStream::from(encrypted)),
            Err(error) => Err(Error::unreachable(format!("no encrypted connection to `{host}`"), error)),
        }
    }

    /// The certificates that this machine trusts, read at the first encrypted request.
    fn tls(&self) -> Result<Arc<ClientConfig>, Error> {
        if let Some(config) = self.tls.get() {
            return Ok(config.clone());
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(Error::NoCertificates);
        }
        Ok(self.tls.get_or_init(|| configured(roots)).clone())
    }
}

/// Connects to the first of the addresses that accepts.
async fn open(destination: &Destination, addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is written at once; waiting for more to send would only delay the next one.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    let what = format!("`{}` does not accept connections on port {}", destination.host, destination.port);
    Err(Error::unreachable(what, last))
}

/// Offers no other protocol than HTTP/1.1: there is less of it to get wrong, and connections are used again all the same.
fn configured(roots: RootCertStore) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows the usual versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

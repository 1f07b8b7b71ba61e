//! Why there is no response, or not all of it.

use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Why there is no response, or not all of it. It can be cloned because the pool of connections hands out references.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The host, or the port of it, is not listed.
    #[error("`{host}` is not among the hosts that may be called ({WHERE})")]
    NotListed {
        /// The host, with its port if that is not 443.
        host: String,
    },
    /// The name stands for an inner address that is not listed.
    #[error(
        "`{host}` is at {}, which is not on the public internet; it is called only if `{address}` is listed as well \
         ({WHERE})", address.ip()
    )]
    Inside {
        /// The name.
        host: String,
        /// Where it leads.
        address: SocketAddr,
    },
    /// Without encryption only this machine is called.
    #[error("`http` is for this machine only; `{host}` at {address} needs `https`")]
    Unprotected {
        /// The name.
        host: String,
        /// What it stands for.
        address: IpAddr,
    },
    /// The address has another scheme.
    #[error("`{0}` is not `https`")]
    Scheme(String),
    /// The address holds a user name or a password, which would end up in logs.
    #[error("the address holds credentials; they belong into a header")]
    Credentials,
    /// The address has no host.
    #[error("the address names no host")]
    NoHost,
    /// The address is none that HTTP can carry, or its host none that a certificate can have.
    #[error("`{shown}` cannot be sent")]
    Unsendable {
        /// The address without its query.
        shown: String,
    },
    /// No server could prove who it is.
    #[error("this machine trusts no certificate (SSL_CERT_FILE can name some)")]
    NoCertificates,
    /// No connection came about.
    #[error("{what}")]
    Unreachable {
        /// What failed on which host.
        what: String,
        /// Why.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The name stands for nothing.
    #[error("`{host}` has no address")]
    NoAddress {
        /// The name.
        host: String,
    },
    /// The server closed the connection, or what it sent is no HTTP. The request may have reached it.
    #[error("`{host}` broke the connection off")]
    BrokenOff {
        /// The name.
        host: String,
        /// What the connection says.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The server did not begin to answer in time. The request may have reached it.
    #[error("{request}: no answer within {} s", limit.as_secs())]
    Late {
        /// The method, and the address without its query.
        request: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The body did not end in time.
    #[error("the response was not complete in time; {bytes} bytes had come")]
    Incomplete {
        /// What had come, after decoding.
        bytes: u64,
    },
    /// The body ended too soon.
    #[error("the response broke off")]
    BodyBrokenOff {
        /// What the connection says.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The body has more bytes than the request allows.
    #[error("the response is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The body is encoded in a way that was not asked for. It cannot be looked through for secrets.
    #[error("the response is encoded as `{found}` (expected `gzip`, `deflate` or no encoding)")]
    Encoded {
        /// What the server says.
        found: String,
    },
    /// The body is not what its encoding says.
    #[error("the response cannot be unpacked")]
    Undecodable {
        /// What is wrong with it.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The response repeats a secret of the request.
    #[error("the response repeats the secret `{secret}`, so nothing of it is kept")]
    RepeatsSecret {
        /// The name of the secret.
        secret: String,
    },
}

/// Where hosts are listed, for error messages.
const WHERE: &str = "HTTP_ALLOWED_HOSTS, or --allow-host of `systole dev`";

impl Error {
    /// A failure to connect that says what failed.
    pub(crate) fn unreachable(what: String, source: impl StdError + Send + Sync + 'static) -> Self {
        Error::Unreachable { what, source: Arc::new(source) }
    }

    /// The failure behind it, for the source of another error.
    #[must_use]
    pub fn cause(&self) -> Option<Box<dyn StdError + Send + Sync>> {
        let (Error::Unreachable { source, .. }
        | Error::BrokenOff { source, .. }
        | Error::BodyBrokenOff { source }
        | Error::Undecodable { source }) = self
        else {
            return None;
        };
        Some(Box::new(source.clone()))
    }

    /// Whether the same request may go through later. If not, a person must change the request, the lists or the server.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Error::Unreachable { .. }
            | Error::NoAddress { .. }
            | Error::BrokenOff { .. }
            | Error::Late { .. }
            | Error::Incomplete { .. }
            | Error::BodyBrokenOff { .. }
            | Error::Undecodable { .. } => true,
            Error::NotListed { .. }
            | Error::Inside { .. }
            | Error::Unprotected { .. }
            | Error::Scheme(_)
            | Error::Credentials
            | Error::NoHost
            | Error::Unsendable { .. }
            | Error::NoCertificates
            | Error::TooLarge { .. }
            | Error::Encoded { .. }
            | Error::RepeatsSecret { .. } => false,
        }
    }
}

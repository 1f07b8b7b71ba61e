//! What a client asks of the world around it: a connection, the time, chance, and to be woken later.
//!
//! Behind this seam are the checked HTTP client in a program, and whatever a test or a simulation puts there.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use http_client::Request;

/// The world around a client.
#[async_trait]
pub trait Wire: Send + Sync {
    /// Sends a request and receives the whole answer, whatever its status.
    ///
    /// # Errors
    /// There is no answer; if the error is retryable, the request may nevertheless have arrived.
    async fn send(&self, request: Request) -> Result<WireAnswer, http_client::Error>;

    /// Waits before a request is sent again; never longer than the client's patience.
    async fn wait(&self, time: Duration);

    /// The time.
    fn now(&self) -> DateTime<Utc>;

    /// A number that nobody can foresee: for signatures, and so that clients who failed together do not return together.
    fn random(&self) -> u64;
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct WireAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, unpacked.
    pub body: Bytes,
}

/// The world of a program: the network.
pub struct Network {
    client: http_client::Client,
    now: Arc<Clock>,
}

/// Tells the time.
type Clock = dyn Fn() -> DateTime<Utc> + Send + Sync;

impl Network {
    /// Reaches what the client may call, by the clock of whoever runs it.
    pub fn new(client: http_client::Client, now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { client, now: Arc::new(now) }
    }
}

#[async_trait]
impl Wire for Network {
    async fn send(&self, request: Request) -> Result<WireAnswer, http_client::Error> {
        let response = self.client.send(request).await?;
        let (status, headers) = (response.status, response.headers.clone());
        Ok(WireAnswer { status, headers, body: response.bytes().await? })
    }

    #[expect(clippy::disallowed_methods, reason = "a try again within a call comes sooner than any beat")]
    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    fn random(&self) -> u64 {
        getrandom::u64().expect("an operating system draws random numbers")
    }
}

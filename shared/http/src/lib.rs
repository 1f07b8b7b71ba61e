//! The checked HTTP client: it reaches the hosts that are listed and nothing else, within limits of time and size.
//!
//! Who asks for an address is not trusted with the network: a definition can come from the bucket, a shop's address from
//! a setting. So the list of hosts belongs to the client for its whole life, and `connector.rs`, the only way to a socket,
//! checks every connection that it makes: the host and port, and each address that the name stands for. `destination.rs`
//! says what is allowed, `client.rs` sends, `body.rs` receives, `secrets.rs` finds what a response must not repeat.
//!
//! It follows no redirect, uses no proxy, keeps no cookies and does not repeat a request that may have reached the server:
//! the caller decides about repetitions, and [`Error::is_retryable`] says whether one can help.
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use http_client::{Client, RequestLimits, ListedHost, Request, Secrets, ClientSettings};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let host = ListedHost { host: "shop.example.com".to_owned(), port: None };
//! let client = Client::new(ClientSettings::for_hosts(vec![host]));
//! let mut secrets = Secrets::default();
//! secrets.add("SHOP", "Bearer 4711");
//! let request = Request {
//!     method: http::Method::GET,
//!     url: "https://shop.example.com/rest/V1/products?searchCriteria[pageSize]=100".parse()?,
//!     headers: [(http::header::AUTHORIZATION, "Bearer 4711".parse()?)].into_iter().collect(),
//!     body: bytes::Bytes::new(),
//!     secrets: Arc::new(secrets),
//!     limits: RequestLimits { time: Duration::from_secs(30), body_bytes: 10 * 1024 * 1024 },
//! };
//! let response = client.send(request).await?;
//! let (status, body) = (response.status, response.bytes().await?);
//! # let _ = (status, body);
//! # Ok(())
//! # }
//! ```
//!
//! **Invariant:** an inner address (loopback, private, link-local, metadata, …) is connected to only if exactly it and its
//! port are listed.
//! **Invariant:** neither header values nor the query of an address are in an error.

mod body;
mod client;
mod coding;
mod connector;
mod destination;
mod error;
mod secrets;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use client::{Client, ClientSettings, Request, RequestLimits, Response};
pub use connector::{Resolve, SystemResolver};
pub use destination::{ListedHost, shown};
pub use error::Error;
pub use rustls::RootCertStore;
pub use secrets::Secrets;

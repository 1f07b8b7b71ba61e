//! One request to the shop, before it has an address and a signature.

use std::fmt;

use bytes::Bytes;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use super::scope::ShopScope;

/// One request to the shop.
#[derive(Clone)]
pub struct ShopCall {
    /// The method.
    pub method: Method,
    /// For whom it speaks.
    pub scope: ShopScope,
    /// By which way it goes.
    pub lane: Lane,
    /// Whether it may come twice.
    pub repeat: Repeat,
    segments: Vec<String>,
    query: Vec<(String, String)>,
    body: Bytes,
}

/// By which way a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// It is answered when it is done.
    Plain,
    /// A list of calls that the shop keeps for its consumer.
    Bulk,
}

/// Whether a call may come twice, because nobody knows whether it came once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// A second time changes nothing.
    Harmless,
    /// A second time makes a second thing, or does something twice.
    Harmful,
}

/// A call in messages: its method and path. The query is left out, because it may hold addresses of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallName {
    /// The method.
    pub method: Method,
    /// The path with the store code, as sent.
    pub path: String,
}

/// What may stand in an address as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl ShopCall {
    /// Reads something. Names from outside are made fit for the path.
    #[must_use]
    pub fn get(segments: &[&str]) -> Self {
        Self::with(Method::GET, segments, Bytes::new())
    }

    /// Gives the shop something; a second time does harm unless the caller says otherwise.
    #[must_use]
    pub fn post(segments: &[&str], body: &Value) -> Self {
        Self::sending(Method::POST, segments, body)
    }

    /// Writes something that is the same after a second time.
    #[must_use]
    pub fn put(segments: &[&str], body: &Value) -> Self {
        Self::with(Method::PUT, segments, text_of(body))
    }

    /// Takes something away; a second time finds nothing.
    #[must_use]
    pub fn delete(segments: &[&str]) -> Self {
        Self::with(Method::DELETE, segments, Bytes::new())
    }

    /// Gives the shop something by a method of the caller's; a second time does harm unless the caller says otherwise.
    #[must_use]
    pub fn sending(method: Method, segments: &[&str], body: &Value) -> Self {
        Self { repeat: Repeat::Harmful, ..Self::with(method, segments, text_of(body)) }
    }

    fn with(method: Method, segments: &[&str], body: Bytes) -> Self {
        let segments = segments.iter().map(|segment| (*segment).to_owned()).collect();
        let (scope, lane, repeat) = (ShopScope::Global, Lane::Plain, Repeat::Harmless);
        Self { method, scope, lane, repeat, segments, query: Vec::new(), body }
    }

    /// Sends a list of calls for later. The shop takes the same list twice, and works through it twice.
    #[must_use]
    pub fn in_bulk(self) -> Self {
        Self { lane: Lane::Bulk, repeat: Repeat::Harmful, ..self }
    }

    /// Speaks for a store view, or for everybody.
    #[must_use]
    pub fn in_scope(self, scope: ShopScope) -> Self {
        Self { scope, ..self }
    }

    /// May come twice.
    #[must_use]
    pub fn repeatable(self) -> Self {
        Self { repeat: Repeat::Harmless, ..self }
    }

    /// Asks with these parameters.
    #[must_use]
    pub fn asking(mut self, query: impl IntoIterator<Item = (String, String)>) -> Self {
        self.query.extend(query);
        self
    }

    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }

    pub(crate) fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// A part of the path that every reader of addresses takes for a direction.
    pub(crate) fn dots(&self) -> Option<&str> {
        self.segments.iter().map(String::as_str).find(|segment| matches!(*segment, "." | ".." | ""))
    }

    pub(crate) fn path(&self) -> String {
        let segments: Vec<String> = self.segments.iter().map(|segment| encoded(segment)).collect();
        segments.join("/")
    }

    pub(crate) fn query_text(&self) -> String {
        let pairs: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        pairs.join("&")
    }

    pub(crate) fn name(&self, url: &Url) -> CallName {
        CallName { method: self.method.clone(), path: url.path().to_owned() }
    }
}

/// The body may hold what nobody should read, so it is left out.
impl fmt::Debug for ShopCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.method, self.path(), self.scope.code())
    }
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Makes a text fit for any part of an address, with blanks as `%20`, as the shop's own signatures have it.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

fn text_of(body: &Value) -> Bytes {
    body.to_string().into()
}

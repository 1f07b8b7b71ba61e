//! What a stage calls beside its storage: functions, events, web servers, a shell – and what it may call of each.
//!
//! All of it is optional, and by default nothing is allowed: a deployment names what its pipelines may reach, and the
//! executors refuse everything else. A definition can come from the bucket, so it must not be able to widen this.
//!
//! **Invariant:** a call from here may happen twice; whoever is called recognises a repetition by the key it is given.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::error::Result;

/// Invokes functions that are written in any language: AWS Lambda, or whatever serves its invocation path.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Invokes the function of a name or ARN with a JSON document and waits for its answer, `limit` at most.
    ///
    /// # Errors
    /// Nothing answered in time, or the caller is not let in. A function that ran and failed is an answer.
    async fn invoke(&self, function: &str, payload: Bytes, limit: Duration) -> Result<FunctionAnswer>;
}

/// What a function answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionAnswer {
    /// The document it returned, or the description of its failure.
    pub payload: Bytes,
    /// How the function failed (`Unhandled`, as Lambda calls it), if it did.
    pub failure: Option<String>,
}

/// Takes events that others outside may wait for: the default bus of EventBridge.
#[async_trait]
pub trait Events: Send + Sync {
    /// Puts events in order, however many there are. On `Err` some of them may have been put.
    ///
    /// # Errors
    /// At least one event was not taken.
    async fn put(&self, events: Vec<Event>) -> Result<()>;
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Who says so: `systole`.
    pub source: &'static str,
    /// What kind of thing happened: `Pipeline Status Changed`.
    pub detail_type: &'static str,
    /// The particulars. A repetition is recognised by what stands in here.
    pub detail: serde_json::Value,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// Reads secrets that lie outside this process and may change while it runs.
#[async_trait]
pub trait SecretReader: Send + Sync {
    /// The value of a secret, by the name that definitions use; `None` if the deployment names no such secret.
    ///
    /// What comes back is five minutes old at most.
    ///
    /// # Errors
    /// It cannot be read. The error names the secret and never its value.
    async fn read(&self, name: &str, now: DateTime<Utc>) -> Result<Option<Secret>>;
}

/// What the executors of a program may call. The default allows nothing.
#[derive(Clone, Default)]
pub struct Services {
    /// Functions to invoke, if the back end has any.
    pub functions: Option<Arc<dyn Functions>>,
    /// Which of them a definition may name.
    pub invokable: Invokable,
    /// Where functions find the files of the store.
    pub files_at: Option<FilesAt>,
    /// Where events go; without it they are only logged.
    pub events: Option<Arc<dyn Events>>,
    /// Which web servers may be called, and with which secrets of the environment.
    pub http: HttpPolicy,
    /// Where secrets are read that the environment only refers to, if it does.
    pub secrets: Option<Arc<dyn SecretReader>>,
    /// Whether commands may be run.
    pub shell: ShellPolicy,
}

/// Where the files of the store are, for functions that read and write them by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesAt {
    /// In the bucket of this name.
    Bucket(String),
    /// In this folder of this machine.
    Folder(String),
}

/// The functions that a definition may name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Invokable {
    patterns: Vec<String>,
}

/// The web servers that a definition may name, and the secrets that its headers may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpPolicy {
    /// Hosts, each alone or with the one port that is meant.
    pub hosts: Vec<AllowedHost>,
    /// Values by name, for headers that a definition must not contain.
    pub secrets: BTreeMap<String, Secret>,
}

/// A host that may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    /// A name, or an address without brackets; in small letters.
    pub host: String,
    /// The only port, if one was named; else that of https.
    pub port: Option<u16>,
}

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Whether commands may be run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ShellPolicy {
    /// No command is run.
    #[default]
    Refused,
    /// Definitions may run any command as the user of this process.
    Allowed {
        /// All that a command sees of the environment of this process: where programs are, and where it is at home.
        environment: BTreeMap<String, String>,
    },
}

/// Why a list of what may be called cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadList {
    /// An entry of [`AllowedHost`].
    #[error("`{0}` is not a host (examples: `api.example.com`, `127.0.0.1:9000`, `[::1]:9000`)")]
    Host(String),
    /// An entry of [`Invokable`].
    #[error("`{0}` is not the name or ARN of a function, or the beginning of one with `*` (example: `systole-erp-*`)")]
    Function(String),
}

impl Services {
    /// The value of a secret, by the name that definitions and settings use: one of the environment, or one that is read
    /// where the environment says; `None` if the deployment names no such secret.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn secret(&self, name: &str, now: DateTime<Utc>) -> Result<Option<Secret>> {
        if let Some(secret) = self.http.secrets.get(name) {
            return Ok(Some(secret.clone()));
        }
        match &self.secrets {
            Some(secrets) => secrets.read(name, now).await,
            None => Ok(None),
        }
    }
}

impl Invokable {
    /// Reads a list with commas: names or ARNs of functions; with a `*` at the end all that begin so.
    ///
    /// # Errors
    /// An entry that is none; `*` alone is none either, since it would allow every function of the account.
    pub fn parse(list: &str) -> std::result::Result<Self, BadList> {
        let patterns = entries(list).map(|entry| {
            let stem = entry.strip_suffix('*').unwrap_or(entry);
            let is_name = !stem.is_empty()
                && !stem.ends_with(":function:")
                && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:.$/".contains(&b));
            if is_name { Ok(entry.to_owned()) } else { Err(BadList::Function(entry.to_owned())) }
        });
        Ok(Invokable { patterns: patterns.collect::<std::result::Result<_, _>>()? })
    }

    /// Whether a definition may name this function. What is listed by its ARN may also be called by the name in it, so
    /// that one definition fits every stage.
    #[must_use]
    pub fn allows(&self, function: &str) -> bool {
        self.patterns.iter().any(|pattern| {
            let name = pattern.split_once(":function:").map(|(_, name)| name);
            fits(pattern, function) || name.is_some_and(|name| fits(name, function))
        })
    }

    /// The entries, as they were written.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

impl AllowedHost {
    /// Reads one entry: a name with or without a port, or an address with its port; IPv6 addresses in brackets.
    ///
    /// # Errors
    /// The text is no host.
    pub fn parse(entry: &str) -> std::result::Result<Self, BadList> {
        let bad = || BadList::Host(entry.to_owned());
        let (host, rest) = match entry.strip_prefix('[') {
            Some(inner) => {
                let (address, rest) = inner.split_once(']').ok_or_else(bad)?;
                address.parse::<Ipv6Addr>().map_err(|_| bad())?;
                (address, rest)
            }
            None => entry.split_at(entry.find(':').unwrap_or(entry.len())),
        };
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.parse().ok().filter(|port| *port > 0).ok_or_else(bad)?),
            None if rest.is_empty() => None,
            None => return Err(bad()),
        };
        let is_host = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b));
        let is_open_address = port.is_none() && host.parse::<IpAddr>().is_ok();
        if is_host && !is_open_address { Ok(AllowedHost { host: host.to_ascii_lowercase(), port }) } else { Err(bad()) }
    }

    /// Reads a list with commas.
    ///
    /// # Errors
    /// The first entry that is no host.
    pub fn parse_list(list: &str) -> std::result::Result<Vec<Self>, BadList> {
        entries(list).map(AllowedHost::parse).collect()
    }
}

impl Secret {
    /// Keeps a value from being printed.
    pub fn new(value: impl Into<String>) -> Self {
        Secret(value.into())
    }

    /// The value, for the one place that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

fn fits(pattern: &str, function: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(stem) => function.starts_with(stem),
        None => function == pattern,
    }
}

fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_invokable_by_its_name_or_by_the_beginning_of_it() {
        let list = Invokable::parse("systole-erp-*, tax ,arn:aws:lambda:eu-central-1:1:function:mail").unwrap();
        let arn = "arn:aws:lambda:eu-central-1:1:function:mail";
        for allowed in ["systole-erp-", "systole-erp-prices", "tax", arn, "mail"] {
            assert!(list.allows(allowed), "{allowed}");
        }
        let other = "arn:aws:lambda:eu-central-1:2:function:mail";
        for refused in ["systole-er", "taxes", "ta", "", "*", "mails", other, "x-systole-erp-prices"] {
            assert!(!list.allows(refused), "{refused}");
        }
        assert!(!Invokable::default().allows("tax"));
    }

    #[test]
    fn what_would_allow_every_function_is_refused() {
        for list in ["*", "a*b", "tax,*", "t ax", "ta?x", "arn:aws:lambda:eu-central-1:1:function:*"] {
            assert!(matches!(Invokable::parse(list), Err(BadList::Function(_))), "{list}");
        }
        assert_eq!(Invokable::parse(" , ").unwrap(), Invokable::default());
    }

    #[test]
    fn hosts_are_read_with_and_without_a_port() {
        let host = |host: &str, port| AllowedHost { host: host.to_owned(), port };
        let list = AllowedHost::parse_list("API.example.com, erp.example.com:8443, 127.0.0.1:9000,[::1]:9000");
        let expected = [
            host("api.example.com", None),
            host("erp.example.com", Some(8443)),
            host("127.0.0.1", Some(9000)),
            host("::1", Some(9000)),
        ];
        assert_eq!(list.unwrap(), expected);
    }

    #[test]
    fn what_is_no_host_is_named() {
        for entry in [
            "https://api.example.com",
            "*.example.com",
            "a:0",
            "a:",
            "a:99999",
            "[::1",
            "::1",
            "[x]:1",
            "a b",
            "10.0.0.1",
            "[::1]",
        ] {
            assert_eq!(AllowedHost::parse(entry), Err(BadList::Host(entry.to_owned())), "{entry}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secrets = BTreeMap::from([("ERP".to_owned(), Secret::new("hush"))]);
        let policy = HttpPolicy { hosts: Vec::new(), secrets };
        assert!(!format!("{policy:?}").contains("hush"));
        assert_eq!(policy.secrets["ERP"].reveal(), "hush");
    }
}

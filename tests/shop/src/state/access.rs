//! Who may come in: integrations, people, and what they have to show.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

/// What a caller may do.
#[derive(Debug, Clone, PartialEq)]
pub enum Rights {
    /// Everything.
    All,
    /// What lies under these names, e.g. `Magento_Catalog`.
    Only(Vec<String>),
}

impl Rights {
    /// Whether a resource is among them.
    pub(crate) fn cover(&self, resource: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => {
                names.iter().any(|name| resource == name || resource.starts_with(&format!("{name}::")))
            }
        }
    }
}

/// An integration with the four values that its page shows.
#[derive(Debug, Clone)]
pub struct Integration {
    /// Consumer key.
    pub consumer_key: String,
    /// Consumer secret.
    pub consumer_secret: String,
    /// Access token; also the bearer, where the shop allows that.
    pub token: String,
    /// Secret of the access token.
    pub token_secret: String,
    /// What it may do.
    pub rights: Rights,
    /// Whether somebody took its token back.
    pub is_revoked: bool,
}

/// A person who can sign in.
#[derive(Debug, Clone)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Password.
    pub password: String,
    /// What they may do.
    pub rights: Rights,
    /// Wrong passwords so far.
    pub failures: u32,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    pub integrations: Vec<Integration>,
    pub people: Vec<Person>,
    /// Whether an integration's token is taken as a bearer. Shops forbid it unless told otherwise.
    pub takes_bearer: bool,
    /// Tokens of people, with their rights and end.
    pub issued: BTreeMap<String, (Rights, DateTime<Utc>)>,
    /// Nonces that were used, by consumer.
    pub nonces: Vec<(String, String)>,
}

/// Wrong passwords after which an account is locked.
const MOST_FAILURES: u32 = 6;

/// How long a person's token lasts.
const TOKEN_SECONDS: i64 = 3600;

impl Access {
    /// Signs a person in, or says nothing about why not.
    pub(crate) fn sign_in(&mut self, name: &str, password: &str, now: DateTime<Utc>) -> Option<String> {
        let person = self.people.iter_mut().find(|person| person.name == name)?;
        if person.failures >= MOST_FAILURES || person.password != password {
            person.failures += 1;
            return None;
        }
        person.failures = 0;
        let rights = person.rights.clone();
        let end = now + Duration::seconds(TOKEN_SECONDS);
        let token = jwt(self.issued.len(), now, end);
        self.issued.insert(token.clone(), (rights, end));
        Some(token)
    }

    /// The rights of a bearer, none for one that the shop does not know.
    pub(crate) fn bearer(&self, token: &str, now: DateTime<Utc>) -> Option<Rights> {
        if let Some((rights, end)) = self.issued.get(token) {
            return (now < *end).then(|| rights.clone());
        }
        let integration = self.integrations.iter().find(|one| one.token == token && !one.is_revoked)?;
        self.takes_bearer.then(|| integration.rights.clone())
    }
}

/// A token of three parts whose end can be read.
fn jwt(number: usize, now: DateTime<Utc>, end: DateTime<Utc>) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({"kid": "1", "alg": "HS256"}));
    let body = part(json!({"uid": 1, "utypid": 2, "iat": now.timestamp(), "exp": end.timestamp(), "n": number}));
    let signed = format!("{head}.{body}");
    let signature = URL_SAFE_NO_PAD.encode(hmac_sha256("the shop's own key", &signed));
    format!("{signed}.{signature}")
}

/// HMAC-SHA256 of a text.
pub(crate) fn hmac_sha256(key: &str, text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::CustomerChange;
use super::address::Address;
use crate::entity::Stated;
use crate::finding::ChangeRefusal;

/// A customer of the catalogue's shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// As first written.
    pub email: String,
    /// Code of the website.
    pub website: String,
    /// The store view in which the customer signed up, or `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_view: Option<String>,
    /// Name of the customer group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Everything else by column, such as `firstname`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// What another shop made of the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<PasswordHash>,
    /// The addresses, in the order in which they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Address>,
}

/// The hash of a password. No message shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

/// A text that is no hash. It may be a password, so nothing of it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the hash of a password (expected `hash:salt:version` as a shop stores it)")]
pub struct NoPasswordHash;

/// The shortest hash in use, MD5, has so many hexadecimal digits.
const SHORTEST_HASH: usize = 32;

impl FromStr for PasswordHash {
    type Err = NoPasswordHash;

    fn from_str(text: &str) -> Result<Self, NoPasswordHash> {
        let text = text.trim();
        let hash = text.split(':').next().unwrap_or_default();
        let is_hexadecimal = hash.len() >= SHORTEST_HASH && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        // The form of crypt: `$2y$10$…`.
        let is_crypt = text.starts_with('$') && text.matches('$').count() >= 3 && !text.contains(char::is_whitespace);
        if is_hexadecimal || is_crypt { Ok(Self(text.to_owned())) } else { Err(NoPasswordHash) }
    }
}

impl PasswordHash {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl Customer {
    pub(super) fn apply(&mut self, change: &CustomerChange) -> Result<(), ChangeRefusal> {
        self.store_view = change.store_view.clone().or(self.store_view.take());
        self.group = change.group.clone().or(self.group.take());
        for (column, stated) in &change.values {
            match stated {
                Stated::Set(value) => self.values.insert(column.clone(), value.clone()),
                Stated::Clear => self.values.remove(column),
            };
        }
        match &change.password_hash {
            Some(Stated::Set(hash)) => self.password_hash = Some(hash.clone()),
            Some(Stated::Clear) => self.password_hash = None,
            None => {}
        }
        match &change.address {
            Some(address) => self.apply_address(address),
            None => Ok(()),
        }
    }
}

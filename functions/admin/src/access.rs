//! Who may do what: each request has an identity with a role, or is refused.
//!
//! On AWS somebody else has checked the caller before the function is called: the JWT authorizer of the HTTP API, or IAM
//! at the function's address. What they found comes with the event, not with the headers, so a client cannot make it up.
//! Who invokes the function directly writes that event, and nothing in it shows that; so IAM must let nobody, and the
//! roles and policies of `infra/` let callers through the address only.
//! [`Gate::Aws`] reads a role from it. [`Gate::Loopback`] is for a program that listens on its own machine only: whoever
//! is on the machine may do everything, but a web page that somebody there looks at may not.
//!
//! **Invariant:** there is no gate that lets an unknown caller in.

mod aws;
mod loopback;

use std::fmt;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::error::ApiError;

pub use aws::{BadRules, Rules};

/// What somebody may do; each role may do what the ones before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Look at everything.
    View,
    /// Spawn, stop, pause and repair pipelines.
    Operate,
    /// Change settings.
    Configure,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Their name, which goes into the audit.
    pub name: String,
    /// What they may do, if anything.
    pub role: Option<Role>,
}

/// How a caller becomes an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// By what API Gateway or the function's address has checked.
    Aws(Rules),
    /// By having come over the loopback address: as `local`, with every role.
    Loopback,
}

impl Role {
    /// All of them, the smallest first.
    pub const ALL: [Role; 3] = [Role::View, Role::Operate, Role::Configure];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Role::View => "view",
            Role::Operate => "operate",
            Role::Configure => "configure",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Gate {
    fn identify(&self, request: &Request) -> Result<Identity, ApiError> {
        match self {
            Gate::Aws(rules) => rules.identify(request.extensions()),
            Gate::Loopback => loopback::identify(request.method(), request.headers()),
        }
    }
}

/// Lets a request through to its route if the caller has the role, and tells the route who it is.
pub(crate) async fn authorize(
    State((gate, needed)): State<(Arc<Gate>, Role)>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let identity = gate.identify(&request)?;
    if identity.role < Some(needed) {
        let has = identity.role.map_or_else(|| "no role".to_owned(), |role| format!("the role `{role}`"));
        let (name, route) = (&identity.name, format!("{} {}", request.method(), request.uri().path()));
        return Err(ApiError::forbidden(format!("`{name}` has {has}; `{route}` needs the role `{needed}`")));
    }
    request.extensions_mut().insert(identity);
    Ok(next.run(request).await)
}

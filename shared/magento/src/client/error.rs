//! Why a call did not do what it should, in one form for all that a shop, a server before it or a network can say.

use std::error::Error as StdError;
use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use super::address::AddressError;
use super::call::CallName;

/// Why a call did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The shop, or a server before it, says no.
    #[error("{call}: {refusal}")]
    Refused {
        /// The call.
        call: CallName,
        /// What the shop says.
        refusal: Box<ShopRefusal>,
    },
    /// There was no answer, or none that could be received.
    #[error("{call}: no answer of the shop")]
    Unanswered {
        /// The call.
        call: CallName,
        /// Whether the shop may have done what it was asked.
        arrival: Arrival,
        /// What the connection says.
        #[source]
        source: http_client::Error,
    },
    /// The answer is not what this call is answered with.
    #[error("{call}: {status}: {problem}")]
    Unreadable {
        /// The call.
        call: CallName,
        /// The status.
        status: u16,
        /// What was found and what was expected.
        problem: String,
    },
    /// The answer is JSON, but not what this call is answered with.
    #[error("{what}: {problem}")]
    Misread {
        /// What was asked for.
        what: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// The call has no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The shop was not asked, because it would do what nobody wants.
    #[error("{0}")]
    Unsendable(String),
}

/// Whether a request may have reached the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// No connection came about.
    Never,
    /// It was sent; nobody knows what became of it.
    Perhaps,
}

/// What a shop says that does not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopRefusal {
    /// The status.
    pub status: u16,
    /// What kind of refusal it is.
    pub reason: RefusalReason,
    /// The shop's sentence with its values filled in.
    pub sentence: String,
    /// How long the shop wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// What kind of refusal it is, and so who can do something about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalReason {
    /// The token is unknown, expired or revoked, or has no right to this; the shop says the same to all of it.
    Rights {
        /// The right that the call needs.
        right: Option<String>,
    },
    /// The name or password is wrong, or the account is locked.
    SignIn,
    /// The signature is wrong, or its time.
    Signature,
    /// The shop has no such thing.
    NotThere,
    /// The shop has no such call.
    NoRoute,
    /// The path has no meaning for the shop; most often its store code is unknown.
    NoMeaning,
    /// The shop does not take this body.
    Invalid,
    /// The request has more items than the shop takes.
    TooMany {
        /// How many it takes.
        max: usize,
    },
    /// The request has more bytes than the shop takes.
    TooLarge,
    /// The shop met a lock of its own database and rolled everything back.
    LockConflict,
    /// The shop, or a server before it, asks for fewer requests.
    Busy,
    /// The shop is in maintenance mode; it takes nothing.
    Maintenance,
    /// A server before the shop got no answer of it.
    Gateway,
    /// The shop's program broke off; the same request will break it again.
    Crash,
    /// The shop's program met something it does not explain.
    Internal,
    /// The address has moved.
    Moved,
    /// Something that is not the shop's program answered.
    Page,
}

/// What to do about a certificate that is not trusted.
const CERTIFICATE: &str = " (the shop's certificate is none that this machine trusts: give the shop one of a public authority, \
                           or name the file of its authority in SSL_CERT_FILE where steps run)";

/// What to do about an address where nothing is.
const ADDRESS: &str = " (is the shop up, and is its address in setting `shop.url` right?)";

impl Error {
    /// Returns what the shop says, if it says no.
    #[must_use]
    pub fn refusal(&self) -> Option<&ShopRefusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            Self::Unanswered { .. }
            | Self::Unreadable { .. }
            | Self::Misread { .. }
            | Self::Address(_)
            | Self::Unsendable(_) => None,
        }
    }

    /// Says whether the same call may go through later. If not, a person must change something.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused { refusal, .. } => refusal.reason.may_pass(),
            Self::Unanswered { source, .. } => source.is_retryable(),
            Self::Unreadable { .. } | Self::Misread { .. } | Self::Address(_) | Self::Unsendable(_) => false,
        }
    }

    /// Says whether nobody knows what became of the request.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Unanswered { arrival, .. } => *arrival == Arrival::Perhaps,
            Self::Refused { refusal, .. } => refusal.reason == RefusalReason::Gateway,
            // A page with a good status may stand before a shop that has done its work.
            Self::Unreadable { .. } | Self::Misread { .. } => true,
            Self::Address(_) | Self::Unsendable(_) => false,
        }
    }

    /// Says whether the shop has no such thing.
    #[must_use]
    pub fn is_not_there(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.reason == RefusalReason::NotThere)
    }

    /// Returns the error with the failures behind it, as one sentence.
    #[must_use]
    pub fn told(&self) -> String {
        let mut told = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            let _ = write!(told, ": {error}");
            source = error.source();
        }
        if let Self::Unanswered { source, .. } = self {
            match (source, told.contains("certificate")) {
                (_, true) => told += CERTIFICATE,
                (http_client::Error::NoAddress { .. } | http_client::Error::Unreachable { .. }, false) => {
                    told += ADDRESS
                }
                _ => {}
            }
        }
        told
    }
}

impl RefusalReason {
    fn may_pass(&self) -> bool {
        match self {
            Self::LockConflict | Self::Busy | Self::Maintenance | Self::Gateway | Self::Internal => true,
            Self::Rights { .. }
            | Self::SignIn
            | Self::Signature
            | Self::NotThere
            | Self::NoRoute
            | Self::NoMeaning
            | Self::Invalid
            | Self::TooMany { .. }
            | Self::TooLarge
            | Self::Crash
            | Self::Moved
            | Self::Page => false,
        }
    }

    /// Says what a person can do about it, if the shop's own sentence does not.
    fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Rights { .. } => Some(
                "the token is wrong, expired or revoked, or its integration lacks this right; the shop says the same to \
                 all of it",
            ),
            Self::SignIn => Some("it is not tried again, because the shop locks the account after a few failures"),
            Self::Signature => {
                Some("are the four keys those of one integration, and does the clock of this machine go right?")
            }
            Self::NoRoute => Some("is the address that of the shop, and is the module of this call there?"),
            Self::NoMeaning => Some("is the store view known to the shop?"),
            Self::Crash => Some("the shop's exception.log says more"),
            Self::Internal => Some("the shop's exception.log says more under this number"),
            Self::Moved => Some("redirects are not followed; correct the address of the shop"),
            Self::Page => {
                Some("not the shop but something before it answered, such as a firewall or another web server")
            }
            Self::NotThere
            | Self::Invalid
            | Self::TooMany { .. }
            | Self::TooLarge
            | Self::LockConflict
            | Self::Busy
            | Self::Maintenance
            | Self::Gateway => None,
        }
    }
}

impl ShopRefusal {
    /// Says whether it is about what was sent, so that something else may be taken.
    #[must_use]
    pub fn is_about_what_was_sent(&self) -> bool {
        use RefusalReason as R;
        matches!(self.reason, R::Invalid | R::NotThere | R::Crash | R::TooLarge | R::TooMany { .. })
    }
}

impl fmt::Display for ShopRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.sentence)?;
        match self.reason.advice() {
            Some(advice) => write!(f, " ({advice})"),
            None => Ok(()),
        }
    }
}

//! Protocols that are wrong, by which the checks are checked.

/// A protocol that is wrong in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// As it is.
    None,
    /// Neither claim nor commit asks for the token or the owner.
    NoToken,
    /// The claim alone does not.
    ClaimWithoutToken,
    /// Nobody sends a message again.
    NoResend,
    /// A message is sent before its mark, and never again.
    SendFirst,
    /// The commit asks for the attempt, and not whether the step is still held.
    CommitWithoutLease,
    /// An attempt counts when it ends.
    CountAtFinish,
    /// A runner looks for the stop, and then claims.
    LookFirst,
    /// A beat enqueues whatever the step has become meanwhile.
    MarkWithoutCondition,
    /// A runner gives back what runs always, too, when it finds a stop.
    DropAlways,
    /// A runner begins although its lease has ended.
    BeginLate,
    /// What lives is taken over, too.
    TakeOverLiving,
    /// A runner that takes the next step as it ends one looks for no stop.
    TakeUnseen,
}

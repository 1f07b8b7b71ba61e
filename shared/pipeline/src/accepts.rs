//! What executors and conditions can be told: each argument is declared once, and this declaration is what checks a
//! definition, what reads the value, and what people are shown.
//!
//! ```
//! use pipeline::accepts::{Accepts, Argument, DeclaredArgument, Presence, WholeNumber};
//!
//! const RETRIES: Argument<WholeNumber> = Argument {
//!     name: "retries",
//!     kind: WholeNumber { from: 0, to: 9, unit: "times" },
//!     presence: Presence::Default("3"),
//!     meaning: "how often it is tried again",
//! };
//! const ARGUMENTS: &[&dyn DeclaredArgument] = &[&RETRIES];
//!
//! let given = [("retries".to_owned(), "5".to_owned())].into();
//! assert_eq!(RETRIES.of(&given).unwrap(), Some(5));
//! assert!(Accepts::Only(ARGUMENTS).declared("retries").is_some());
//! ```
//!
//! **Invariant:** a value is read by the very function that checked it, so a definition that was loaded cannot fail for its
//! arguments later; what a pipeline hands on is checked when it is read.

use std::error::Error;
use std::fmt::Debug;

use crate::arguments::Arguments;

mod description;
mod fault;
mod kind;
#[cfg(test)]
mod tests;

pub use description::{ArgumentDescription, ValueForm};
pub use fault::{Fault, FaultPlace, Given};
pub use kind::{
    DurationInWords, EarlierStep, Elsewhere, Flag, NameList, NamesOf, OneOf, Parsed, PipelineName, PointInTime, Text,
    WholeNumber,
};

/// Why an argument cannot have a value; who declares a kind of its own brings its own errors.
pub type BadArgument = Box<dyn Error + Send + Sync>;

/// What an executor or a condition can be told by the XML.
#[derive(Debug, Clone, Copy)]
pub enum Accepts {
    /// Any argument with any value.
    Anything,
    /// These arguments and no other.
    Only(&'static [&'static dyn DeclaredArgument]),
    /// These arguments, and any other as well.
    AlsoOthers {
        /// The arguments that mean something here.
        known: &'static [&'static dyn DeclaredArgument],
        /// What becomes of every other one, in words that follow "any other argument".
        others: &'static str,
    },
}

/// An argument: its declaration, and the way to read it.
#[derive(Debug, Clone, Copy)]
pub struct Argument<K> {
    /// Its key. One that ends with `.*` stands for every key that begins so, such as `header.Accept` for `header.*`.
    pub name: &'static str,
    /// What its values look like, and what is read from them.
    pub kind: K,
    /// Whether it must be there.
    pub presence: Presence,
    /// What it says, in a sentence without capital and period.
    pub meaning: &'static str,
}

/// Whether an argument must be there, and what holds without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The definition must have it.
    Required,
    /// It must be there when the step runs. The pipeline can hand it on, so a definition need not have it.
    HandedOn,
    /// It can be left out.
    Optional,
    /// It can be left out, and then has this value.
    Default(&'static str),
    /// Exactly one of these arguments must be there; this one is among them.
    OneOf(&'static [&'static str]),
    /// At most one of these arguments can be there; this one is among them.
    AtMostOneOf(&'static [&'static str]),
}

/// What the values of an argument look like.
pub trait ArgumentKind: Debug + Send + Sync {
    /// What is read from a value.
    type Value;

    /// Reads a value.
    ///
    /// # Errors
    /// The text is no such value; the message quotes it, says what is expected, and has an example.
    fn read(&self, text: &str) -> Result<Self::Value, BadArgument>;

    /// What people are told of the values.
    fn form(&self) -> ValueForm;

    /// Checks what stands for the star, if the argument's name ends with one.
    ///
    /// # Errors
    /// There is no argument of that key.
    fn check_key(&self, _rest: &str) -> Result<(), BadArgument> {
        Ok(())
    }

    /// Whether the value is the name of a step of the same pipeline that runs before.
    fn earlier_step(&self) -> Option<EarlierStep> {
        None
    }

    /// Whether the value is the name of something that any of the definitions can have, or several names with commas or
    /// spaces between. A name that none of them has is told when definitions are read.
    fn names_elsewhere(&self) -> Option<Elsewhere> {
        None
    }
}

/// An argument of whatever kind, as lists have it.
pub trait DeclaredArgument: Debug + Send + Sync {
    /// Its key; see [`Argument::name`].
    fn name(&self) -> &'static str;

    /// Whether it must be there.
    fn presence(&self) -> Presence;

    /// What it says.
    fn meaning(&self) -> &'static str;

    /// What people are told of its values.
    fn form(&self) -> ValueForm;

    /// Whether it names an earlier step; see [`ArgumentKind::earlier_step`].
    fn earlier_step(&self) -> Option<EarlierStep>;

    /// Whether it names pipelines or steps; see [`ArgumentKind::names_elsewhere`].
    fn names_elsewhere(&self) -> Option<Elsewhere>;

    /// Checks a value as it is read later.
    ///
    /// # Errors
    /// The text is no value of this kind.
    fn check(&self, text: &str) -> Result<(), BadArgument>;

    /// Checks what stands for the star in a key; see [`ArgumentKind::check_key`].
    ///
    /// # Errors
    /// There is no argument of that key.
    fn check_key(&self, key: &str) -> Result<(), BadArgument>;

    /// Whether a key is one of this argument.
    fn is_named(&self, key: &str) -> bool {
        match self.name().strip_suffix('*') {
            Some(start) => key.strip_prefix(start).is_some_and(|rest| !rest.is_empty()),
            None => key == self.name(),
        }
    }
}

impl<K: ArgumentKind> DeclaredArgument for Argument<K> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn presence(&self) -> Presence {
        self.presence
    }

    fn meaning(&self) -> &'static str {
        self.meaning
    }

    fn form(&self) -> ValueForm {
        self.kind.form()
    }

    fn earlier_step(&self) -> Option<EarlierStep> {
        self.kind.earlier_step()
    }

    fn names_elsewhere(&self) -> Option<Elsewhere> {
        self.kind.names_elsewhere()
    }

    fn check(&self, text: &str) -> Result<(), BadArgument> {
        self.kind.read(text).map(drop)
    }

    fn check_key(&self, key: &str) -> Result<(), BadArgument> {
        let start = self.name.strip_suffix('*');
        start.and_then(|start| key.strip_prefix(start)).map_or(Ok(()), |rest| self.kind.check_key(rest))
    }
}

impl<K: ArgumentKind> Argument<K> {
    /// Reads the argument, or what holds without it; `None` if it is not there.
    ///
    /// # Errors
    /// The value is none of its kind.
    pub fn of(&self, arguments: &Arguments) -> Result<Option<K::Value>, BadArgument> {
        let text = arguments.get(self.name).map(String::as_str);
        text.or(self.default()).map(|text| self.kind.read(text)).transpose()
    }

    /// The value that holds where the argument is left out.
    #[must_use]
    pub fn default(&self) -> Option<&'static str> {
        self.presence.default()
    }
}

impl Presence {
    /// The value that holds where the argument is left out.
    #[must_use]
    pub fn default(self) -> Option<&'static str> {
        match self {
            Presence::Default(value) => Some(value),
            Presence::Required
            | Presence::HandedOn
            | Presence::Optional
            | Presence::OneOf(_)
            | Presence::AtMostOneOf(_) => None,
        }
    }
}

impl Accepts {
    /// The arguments that are declared.
    #[must_use]
    pub fn known(&self) -> &'static [&'static dyn DeclaredArgument] {
        match self {
            Accepts::Anything => &[],
            Accepts::Only(known) | Accepts::AlsoOthers { known, .. } => known,
        }
    }

    /// The declaration of a key.
    #[must_use]
    pub fn declared(&self, key: &str) -> Option<&'static dyn DeclaredArgument> {
        self.known().iter().copied().find(|argument| argument.is_named(key))
    }

    /// Whether arguments that are not declared mean something, too.
    #[must_use]
    pub fn takes_others(&self) -> bool {
        match self {
            Accepts::Only(_) => false,
            Accepts::Anything | Accepts::AlsoOthers { .. } => true,
        }
    }

    /// What people are told of each argument.
    #[must_use]
    pub fn described(&self) -> Vec<ArgumentDescription> {
        self.known().iter().copied().map(ArgumentDescription::of).collect()
    }
}

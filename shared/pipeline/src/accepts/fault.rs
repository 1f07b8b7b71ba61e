//! What is wrong with the arguments that somebody gives.

use super::{Accepts, DeclaredArgument, Presence};
use crate::xml::{quoted, suggest};

/// What is wrong, and with which argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it is.
    pub at: FaultPlace,
    /// What was found and what is expected.
    pub message: String,
}

/// An argument: its key, and its value if that is known already.
pub type Given<'a> = (&'a str, Option<&'a str>);

/// Where a fault is among the arguments that were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultPlace {
    /// At the key of the argument with this index.
    Key(usize),
    /// At the value of the argument with this index.
    Value(usize),
    /// Nowhere: one of these is missing.
    Missing(Vec<&'static str>),
}

impl Accepts {
    /// Everything that is wrong with arguments: unknown keys and bad values in their order, then
    /// what is missing or too much.
    #[must_use]
    pub fn faults(&self, given: &[Given<'_>]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (index, (key, value)) in given.iter().enumerate() {
            let Some(argument) = self.declared(key) else {
                if let Some(message) = self.unknown(key, given) {
                    faults.push(Fault { at: FaultPlace::Key(index), message });
                }
                continue;
            };
            if let Err(bad) = argument.check_key(key) {
                faults.push(Fault { at: FaultPlace::Key(index), message: format!("argument {}: {bad}", quoted(key)) });
            }
            // What is not known before the pipeline is spawned is checked when it is read.
            let Some(value) = value else { continue };
            if argument.presence() == Presence::Required && value.trim().is_empty() {
                faults.push(Fault {
                    at: FaultPlace::Value(index),
                    message: format!("it is empty; {}", expects(argument)),
                });
            } else if let Err(bad) = argument.check(value) {
                faults.push(Fault { at: FaultPlace::Value(index), message: bad.to_string() });
            }
        }
        for argument in self.known() {
            faults.extend(misses(*argument, given));
        }
        faults
    }

    /// What is wrong with a key that is not declared. Where others are handed on, one that is nearly a declared key which
    /// is not there is taken for a slip of the pen: as something to hand on it would be lost without a word.
    fn unknown(&self, key: &str, given: &[Given<'_>]) -> Option<String> {
        let names = self.known().iter().map(|argument| argument.name());
        if self.takes_others() {
            let absent = names.filter(|name| !given.iter().any(|(key, _)| key == name));
            let near = suggest::remark(key, absent);
            return (!near.is_empty()).then(|| format!("the argument {} is not known{near}", quoted(key)));
        }
        let mut expected = suggest::expected(key, names);
        let near = suggest::remark(key, self.family_keys(key).iter().map(String::as_str));
        if !near.is_empty()
            && let Some(open) = expected.strip_suffix(')')
        {
            expected = format!("{open}{near})");
        }
        Some(format!("the argument {} is not known{expected}", quoted(key)))
    }

    /// The keys that `headr.Accept` could mean where there is `header.*`.
    fn family_keys(&self, key: &str) -> Vec<String> {
        let Some((_, rest)) = key.split_once('.') else { return Vec::new() };
        let mut keys = Vec::new();
        for argument in self.known() {
            if let Some(start) = argument.name().strip_suffix('*') {
                keys.push(format!("{start}{rest}"));
            }
        }
        keys
    }
}

/// What the absence of an argument is, or its presence beside another.
fn misses(argument: &dyn DeclaredArgument, given: &[Given<'_>]) -> Option<Fault> {
    match argument.presence() {
        Presence::Required => {
            let is_given = given.iter().any(|(key, _)| argument.is_named(key));
            (!is_given).then(|| missing(argument, &[argument.name()]))
        }
        // Each of a group has the rule; the first one speaks for all.
        Presence::OneOf(group) if group.first() == Some(&argument.name()) => {
            let found = given_of(group, given);
            if found.is_empty() { Some(missing(argument, group)) } else { not_both(group, &found) }
        }
        Presence::AtMostOneOf(group) if group.first() == Some(&argument.name()) => {
            not_both(group, &given_of(group, given))
        }
        Presence::OneOf(_)
        | Presence::AtMostOneOf(_)
        | Presence::HandedOn
        | Presence::Optional
        | Presence::Default(_) => None,
    }
}

/// Which of the arguments that were given belong to a group.
fn given_of(group: &[&str], given: &[Given<'_>]) -> Vec<usize> {
    let mut found = Vec::new();
    for (index, (key, _)) in given.iter().enumerate() {
        if group.contains(key) {
            found.push(index);
        }
    }
    found
}

fn missing(argument: &dyn DeclaredArgument, names: &[&'static str]) -> Fault {
    let message = format!("the argument {} is missing; {}", either(names), expects(argument));
    Fault { at: FaultPlace::Missing(names.to_vec()), message }
}

fn expects(argument: &dyn DeclaredArgument) -> String {
    format!("expected {}, as {}", argument.meaning(), argument.form().in_words())
}

fn not_both(group: &[&str], found: &[usize]) -> Option<Fault> {
    let second = found.get(1)?;
    Some(Fault { at: FaultPlace::Key(*second), message: format!("give either {}, not both", either(group)) })
}

fn either(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}

//! Whether pipelines and steps that conditions and executors name are there, in any of the definitions.
//!
//! A name that nobody has is no error: its definition may come later, or be broken for now. But a condition that waits for
//! it waits for ever, one that steps aside for it never does, and a step that spawns it fails when its turn comes.

use std::collections::BTreeSet;

use super::condition::accepts_of;
use super::node::Node;
use super::{Draft, Vocabulary};
use crate::accepts::{Accepts, Elsewhere};
use crate::id::Name;
use crate::words::words;
use crate::xml::kind::ElementKind;
use crate::xml::{Warning, quoted, suggest};

/// Every name that definitions have.
pub(super) struct NamesThere {
    /// Those of pipelines that are broken among them.
    pipelines: BTreeSet<String>,
    steps: BTreeSet<String>,
    /// Whether there may be more steps, in definitions that are broken.
    has_broken: bool,
}

impl NamesThere {
    /// Looks at all that is defined and not removed.
    pub(super) fn of<'d>(drafts: impl Iterator<Item = (&'d String, &'d Draft)>) -> Self {
        let mut there = Self { pipelines: BTreeSet::new(), steps: BTreeSet::new(), has_broken: false };
        for (name, draft) in drafts {
            there.pipelines.insert(name.clone());
            there.has_broken |= draft.node.is_none();
            let steps = draft.node.iter().flat_map(|node| node.of_kind(ElementKind::Step));
            there.steps.extend(steps.map(|step| step.identity.text.clone()));
        }
        there
    }

    /// What to tell of the names in a pipeline.
    pub(super) fn warnings(&self, pipeline: &Node, vocabulary: &Vocabulary) -> Vec<Warning> {
        let mut warnings = Vec::new();
        self.look_into(pipeline, vocabulary, &mut |place, message| {
            let position = place.attributes.get("value").map_or(&place.position, |value| &value.position);
            let pipeline = pipeline.identity.text.clone();
            warnings.push(Warning { position: position.clone(), message, pipeline });
        });
        warnings
    }

    fn look_into(&self, node: &Node, vocabulary: &Vocabulary, tell: &mut impl FnMut(&Node, String)) {
        if let Some(accepts) = accepts_of(node, vocabulary) {
            for argument in node.of_kind(ElementKind::Argument) {
                self.unknown(argument, accepts).into_iter().for_each(|message| tell(argument, message));
            }
        }
        node.children.iter().for_each(|child| self.look_into(child, vocabulary, tell));
    }

    fn unknown(&self, argument: &Node, accepts: Accepts) -> Vec<String> {
        let key = argument.identity.text.as_str();
        let elsewhere = accepts.declared(key).and_then(|declared| declared.names_elsewhere());
        let (Some(elsewhere), Some(value)) = (elsewhere, argument.attributes.get("value")) else { return Vec::new() };
        let (thing, there) = match elsewhere {
            Elsewhere::Pipelines => ("pipeline", &self.pipelines),
            // It may be a step of one that cannot be read.
            Elsewhere::Steps if self.has_broken => return Vec::new(),
            Elsewhere::Steps => ("step", &self.steps),
        };
        // What is no list of names is an error already.
        let names = words(&value.text, str::parse::<Name>).unwrap_or_default();
        let unknown = names.iter().filter(|name| !there.contains(name.as_str()));
        let tell = |name: &Name| {
            let near = suggest::remark(name.as_str(), there.iter().map(String::as_str));
            format!("argument `{key}`: no definition here has a {thing} {}{near}", quoted(name.as_str()))
        };
        unknown.map(tell).collect()
    }
}

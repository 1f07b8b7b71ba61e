//! Merges the files of pipeline definitions into definitions.
//!
//! `pipeline`, `step`, `pipeline_condition`, `step_condition` and `argument` define; the elements with `reference` in
//! front change what is defined: their attributes overwrite, their children are merged in, and with `remove="true"` they
//! take it away. Pipelines and steps are known by their name, conditions by their type (which occurs once in a pipeline or
//! step), arguments by their key.
//!
//! **The order of merging** is that of the files' names, and does not depend on the order in which they were read. First
//! every `pipeline` of every file is defined; then each `referencePipeline` is applied as it stands in the files. So a
//! file may refer to a pipeline of any other, the last file wins where two change the same attribute, and a reference may
//! remove a condition and define it anew.
//!
//! **Invariant:** a definition with an error anywhere, in its `pipeline` or in a reference to it, is left out and its
//! errors are reported; half a definition never runs. The others are not touched by that.

use std::collections::{BTreeMap, BTreeSet};

use crate::accepts::Accepts;
use crate::definition::Definition;
use crate::xml::kind::ElementKind;
use crate::xml::{self, Document, Error, PlacedText, Warning, XmlPosition, limits, suggest};

mod arguments;
mod condition;
mod define;
mod named_elsewhere;
mod node;
mod reference;
mod step_arguments;
#[cfg(test)]
mod tests;
mod warnings;

pub use condition::{BuiltIn, built_in};
use named_elsewhere::NamesThere;
use node::{Action, Entry, Errors, Node};

/// What a set of files defines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MergedDefinitions {
    /// The definitions without an error, in the order of their names.
    pub definitions: Vec<Definition>,
    /// Everything that is wrong, in the order of files and lines.
    pub errors: Vec<Error>,
    /// What is allowed and hardly meant, in the order of files and lines.
    pub warnings: Vec<Warning>,
}

/// What definitions may use beside what is built in: the executors and the conditions of a program. A name that is built
/// in means the built-in condition, so who registers refuses it.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// The types of pipeline conditions, and what each is told.
    pub pipeline_conditions: BTreeMap<String, Accepts>,
    /// The types of step conditions, and what each is told.
    pub step_conditions: BTreeMap<String, Accepts>,
    /// The executors, and what each is told. Without the list steps may ask for any and tell it anything.
    pub executors: Option<BTreeMap<String, Accepts>>,
}

/// Reads and merges files, each a name and its content.
///
/// A file that cannot be read adds its error and nothing else.
#[must_use]
pub fn load<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>, vocabulary: &Vocabulary) -> MergedDefinitions {
    let mut documents = Vec::new();
    let mut errors = Vec::new();
    for (name, bytes) in files {
        match xml::read(name, bytes) {
            Ok(document) => documents.push(document),
            Err(error) => errors.push(error),
        }
    }
    let mut merged = merge(documents, vocabulary);
    merged.report(errors);
    merged
}

/// Merges files that have been read; see the module for the rules.
#[must_use]
pub fn merge(mut documents: Vec<Document>, vocabulary: &Vocabulary) -> MergedDefinitions {
    documents.sort_by(|a, b| a.file.cmp(&b.file));
    let mut merging = Merging::default();
    merging.leave_out_repeated_files(&mut documents);
    let mut references = Vec::new();
    for document in &documents {
        let (entries, errors) = node::entries(document);
        merging.errors.extend(errors);
        for mut entry in entries {
            merging.warnings.append(&mut entry.warnings);
            match entry.action {
                Action::Define => merging.define(entry),
                Action::Change | Action::Remove => references.push(entry),
            }
        }
    }
    for reference in references {
        merging.refer(reference);
    }
    merging.finish(vocabulary)
}

impl MergedDefinitions {
    fn report(&mut self, errors: Vec<Error>) {
        self.errors.extend(errors);
        self.errors.sort();
        self.errors.dedup();
    }
}

/// A pipeline on its way to a definition.
struct Draft {
    /// Where its name is written.
    position: XmlPosition,
    /// Absent once it is known to be wrong.
    node: Option<Node>,
    /// Where it was removed.
    removed: Option<XmlPosition>,
}

#[derive(Default)]
struct Merging {
    drafts: BTreeMap<String, Draft>,
    errors: Vec<Error>,
    warnings: Vec<Warning>,
}

impl Merging {
    /// A file cannot come before or after one of the same name.
    fn leave_out_repeated_files(&mut self, documents: &mut Vec<Document>) {
        let repeated: BTreeSet<_> =
            documents.windows(2).filter(|pair| pair[0].file == pair[1].file).map(|pair| pair[0].file.clone()).collect();
        documents.retain(|document| !repeated.contains(&document.file));
        for file in repeated {
            let start = XmlPosition { file, line: 1, column: 1 };
            self.errors.push(start.error("two files have this name; neither is used"));
        }
    }

    fn define(&mut self, entry: Entry) {
        self.errors.extend(entry.errors);
        let Some(PlacedText { text, position }) = entry.name else { return };
        let Some(first) = self.drafts.get_mut(&text) else {
            self.drafts.insert(text, Draft { position, node: entry.node, removed: None });
            return;
        };
        let message = format!("the pipeline {} is defined twice (first at {})", xml::quoted(&text), first.position);
        self.errors.push(position.error(message));
        first.node = None;
    }

    fn refer(&mut self, entry: Entry) {
        self.errors.extend(entry.errors);
        let Some(PlacedText { text, position }) = entry.name else { return };
        let Some(draft) = self.drafts.get_mut(&text) else {
            let near = self.drafts.keys().map(String::as_str).filter(|_| self.errors.len() < limits::SUGGESTIONS);
            let message =
                format!("there is no pipeline {} to refer to{}", xml::quoted(&text), suggest::remark(&text, near));
            self.errors.push(position.error(message));
            return;
        };
        if let Some(removed) = &draft.removed {
            let message = format!("the pipeline {} was removed at {removed}", xml::quoted(&text));
            self.errors.push(position.error(message));
            return;
        }
        if entry.action == Action::Remove {
            draft.removed = Some(position);
        }
        let (Some(target), Some(reference)) = (&mut draft.node, entry.node) else {
            draft.node = None;
            return;
        };
        let mut errors = Errors::new();
        errors.within(ElementKind::Pipeline, &text, |errors| reference::apply(target, reference, errors));
        if !errors.list.is_empty() {
            draft.node = None;
            self.errors.extend(errors.list);
        }
    }

    fn finish(self, vocabulary: &Vocabulary) -> MergedDefinitions {
        let mut merged = MergedDefinitions { warnings: self.warnings, ..MergedDefinitions::default() };
        let mut errors = self.errors;
        let kept = || self.drafts.iter().filter(|(_, draft)| draft.removed.is_none());
        let there = NamesThere::of(kept());
        for (index, (_, draft)) in kept().enumerate() {
            if index == limits::DEFINITIONS {
                errors.push(draft.position.error(format!(
                    "more than {} pipelines; this one and those with later names are left out",
                    limits::DEFINITIONS
                )));
                break;
            }
            let Some(node) = &draft.node else { continue };
            match define::definition(node, vocabulary) {
                Ok(definition) => {
                    merged.warnings.extend(warnings::of(node, &definition));
                    merged.warnings.extend(there.warnings(node, vocabulary));
                    merged.definitions.push(definition);
                }
                Err(faults) => errors.extend(faults),
            }
        }
        merged.warnings.sort();
        merged.report(errors);
        merged
    }
}

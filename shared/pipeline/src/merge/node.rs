//! From elements to things: one file's tree is compared with the grammar, and what it defines or changes comes out.

use std::collections::BTreeMap;

use crate::definition::STEP_LIMIT;
use crate::xml::grammar::{CONFIG, ElementRole, Rule, boolean};
use crate::xml::kind::ElementKind;
use crate::xml::{
    Attribute, Document, Element, Error, PlacedText, Warning, XmlPosition, alias, limits, quoted, suggest,
};

/// A thing that is defined, or a change to one.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: ElementKind,
    pub(super) action: Action,
    /// Name, type or key; types in our words.
    pub(super) identity: PlacedText,
    /// The identity as the author wrote it, which messages name: a type may be a class of the original.
    pub(super) written: String,
    /// The argument that a reference's class name carries; part of what it refers to.
    pub(super) implied: Option<(&'static str, String)>,
    pub(super) position: XmlPosition,
    /// Without the identity and `remove`; by their proper names.
    pub(super) attributes: BTreeMap<&'static str, PlacedText>,
    pub(super) children: Vec<Node>,
    /// Which children were removed, and where that is written.
    pub(super) removed: BTreeMap<(ElementKind, String), XmlPosition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Define,
    Change,
    Remove,
}

/// An element of the root with what is wrong in it.
#[derive(Debug)]
pub(super) struct Entry {
    /// The pipeline's name, if it can be read.
    pub(super) name: Option<PlacedText>,
    /// Absent if there are errors.
    pub(super) node: Option<Node>,
    pub(super) action: Action,
    pub(super) errors: Vec<Error>,
    pub(super) warnings: Vec<Warning>,
}

/// Collects what is wrong, up to a limit, and knows whom it concerns.
pub(super) struct Errors {
    pub(super) list: Vec<Error>,
    /// What is accepted, and yet told; up to the same limit.
    warnings: Vec<Warning>,
    subject: String,
}

/// The entries of a file, and what is wrong outside of them.
pub(super) fn entries(document: &Document) -> (Vec<Entry>, Vec<Error>) {
    let root = &document.root;
    let mut errors = Errors::new();
    if root.name != CONFIG.element {
        errors.push(&root.position, format!("the root element is {} (expected `config`)", quoted(&root.name)));
        return (Vec::new(), errors.list);
    }
    read_attributes(root, &CONFIG, &mut errors);
    let mut entries = Vec::new();
    for element in &root.children {
        match CONFIG.child(&element.name) {
            Some(rule) => entries.push(entry(element, rule)),
            None => errors.push(&element.position, unknown_element(element, &CONFIG)),
        }
    }
    (entries, errors.list)
}

/// Most things of a kind that one thing may have.
pub(super) fn most(kind: ElementKind) -> usize {
    match kind {
        ElementKind::Pipeline => limits::DEFINITIONS,
        // A second one has the same name as the first, and is refused for that.
        ElementKind::StepDefaults => usize::MAX,
        ElementKind::Step => STEP_LIMIT,
        ElementKind::PipelineCondition | ElementKind::StepCondition | ElementKind::RecurringCondition => {
            limits::CONDITIONS
        }
        ElementKind::Argument => limits::ARGUMENTS,
    }
}

impl Node {
    pub(super) fn of_kind(&self, kind: ElementKind) -> impl Iterator<Item = &Node> {
        self.children.iter().filter(move |child| child.kind == kind)
    }

    /// Whether an argument is left to what the pipeline hands on.
    pub(super) fn is_handed_on(&self, key: &str) -> bool {
        let is_it = |child: &Node| child.identity.text == key && !child.attributes.contains_key("value");
        self.of_kind(ElementKind::Argument).any(is_it)
    }

    pub(super) fn argument(&self, key: &str) -> Option<&PlacedText> {
        self.of_kind(ElementKind::Argument).find(|child| child.identity.text == key)?.attributes.get("value")
    }

    /// What people call it: ``step `move_files` ``.
    pub(super) fn words(&self) -> String {
        match self.kind.identity() {
            Some(_) => format!("{} {}", self.kind.word(), quoted(&self.identity.text)),
            None => "`stepDefaults`".to_owned(),
        }
    }
}

impl Errors {
    pub(super) fn new() -> Self {
        Errors { list: Vec::new(), warnings: Vec::new(), subject: String::new() }
    }

    /// Whether further errors would not be reported; look for no more then, each costs a search for near words.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= limits::ERRORS
    }

    pub(super) fn push(&mut self, position: &XmlPosition, message: impl AsRef<str>) {
        if !self.is_full() {
            self.list.push(position.error(self.about(message.as_ref())));
        }
    }

    /// Tells of something that is accepted; whose pipeline it is in, is filled in by who knows that.
    fn warn(&mut self, position: &XmlPosition, message: &str) {
        if self.warnings.len() < limits::ERRORS {
            let (position, message) = (position.clone(), self.about(message));
            self.warnings.push(Warning { position, message, pipeline: String::new() });
        }
    }

    fn about(&self, message: &str) -> String {
        let separator = if self.subject.is_empty() { "" } else { ": " };
        format!("{}{separator}{message}", self.subject)
    }

    /// Does `work` for `kind`; its errors begin with the thing's words, after those of the step or pipeline it is in.
    pub(super) fn within<T>(&mut self, kind: ElementKind, identity: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let words = match identity {
            "" => kind.word().to_owned(),
            identity => format!("{} {}", kind.word(), quoted(identity)),
        };
        let inner = match kind {
            ElementKind::Pipeline | ElementKind::Step => words,
            ElementKind::PipelineCondition
            | ElementKind::StepCondition
            | ElementKind::RecurringCondition
            | ElementKind::StepDefaults
            | ElementKind::Argument => {
                format!("{}: {words}", self.subject)
            }
        };
        let outer = std::mem::replace(&mut self.subject, inner);
        let result = work(self);
        self.subject = outer;
        result
    }
}

fn entry(element: &Element, rule: &'static Rule) -> Entry {
    let mut errors = Errors::new();
    let node = match rule.role {
        ElementRole::Defines(kind) => node(element, rule, (kind, Action::Define), &mut errors),
        ElementRole::Refers(kind) => node(element, rule, (kind, Action::Change), &mut errors),
        ElementRole::Groups => None,
    };
    let name = node.as_ref().map(|node| node.identity.clone());
    let action = node.as_ref().map_or(Action::Define, |node| node.action);
    let node = node.filter(|_| errors.list.is_empty());
    let mut warnings = errors.warnings;
    for warning in &mut warnings {
        warning.pipeline = name.as_ref().map(|name| name.text.clone()).unwrap_or_default();
    }
    Entry { name, node, action, errors: errors.list, warnings }
}

/// Reads an element; `None` if its identity cannot be read. The recursion is as deep as the grammar, not as the file.
fn node(
    element: &Element,
    rule: &'static Rule,
    (kind, action): (ElementKind, Action),
    errors: &mut Errors,
) -> Option<Node> {
    let identity = identity(element, kind);
    let words = identity.as_ref().map_or(String::new(), |identity| identity.text.clone());
    errors.within(kind, &words, |errors| {
        let mut attributes = read_attributes(element, rule, errors);
        let mut children = read_children(element, rule, errors);
        kind.identity().map(|attribute| attributes.remove(attribute));
        let identity = identity?;
        let action = read_action(action, &mut attributes, element, errors);
        let written = identity.text.clone();
        let (identity, implied) = canonical(kind, identity, errors)?;
        if let (Action::Define, Some((key, value))) = (action, &implied) {
            children.insert(0, argument(key, value, &identity.position));
        }
        check_children(&children, errors);
        let (position, removed) = (element.position.clone(), BTreeMap::new());
        Some(Node { kind, action, identity, written, implied, position, attributes, children, removed })
    })
}

/// What tells the element from others of its kind; `None` if that is missing.
fn identity(element: &Element, kind: ElementKind) -> Option<PlacedText> {
    match kind.identity() {
        Some(attribute) => element.attribute(attribute).map(|attribute| attribute.value.clone()),
        None => Some(PlacedText { text: String::new(), position: element.position.clone() }),
    }
}

fn read_attributes(element: &Element, rule: &Rule, errors: &mut Errors) -> BTreeMap<&'static str, PlacedText> {
    let mut attributes: BTreeMap<&'static str, PlacedText> = BTreeMap::new();
    for Attribute { name, position, value } in &element.attributes {
        let Some(known) = rule.attribute(name) else {
            errors.push(position, unknown_attribute(name, rule));
            continue;
        };
        if let Err(bad) = (known.check)(&value.text) {
            errors.push(&value.position, bad.to_string());
        }
        if known.name != known.means {
            errors.warn(position, &format!("`{name}` is read as `{}`, which is how it is spelled", known.means));
        }
        if attributes.insert(known.means, value.clone()).is_some() {
            errors.push(position, format!("`{name}` says `{}` a second time", known.means));
        }
    }
    for missing in rule.attributes.iter().filter(|known| known.is_required && !attributes.contains_key(known.name)) {
        errors.push(&element.position, format!("the attribute `{}` is missing", missing.name));
    }
    attributes
}

fn read_children(element: &Element, rule: &Rule, errors: &mut Errors) -> Vec<Node> {
    let mut nodes = Vec::new();
    for child in &element.children {
        if errors.is_full() {
            break;
        }
        let Some(known) = rule.child(&child.name) else {
            errors.push(&child.position, unknown_element(child, rule));
            continue;
        };
        match known.role {
            ElementRole::Groups => {
                read_attributes(child, known, errors);
                nodes.extend(read_children(child, known, errors));
            }
            ElementRole::Defines(kind) => nodes.extend(node(child, known, (kind, Action::Define), errors)),
            ElementRole::Refers(kind) => nodes.extend(node(child, known, (kind, Action::Change), errors)),
        }
    }
    nodes
}

/// A reference with `remove="true"` removes, and then must say nothing else.
fn read_action(
    action: Action,
    attributes: &mut BTreeMap<&'static str, PlacedText>,
    element: &Element,
    errors: &mut Errors,
) -> Action {
    let remove = attributes.remove("remove");
    if remove.is_none_or(|remove| boolean(&remove.text) != Ok(true)) {
        let takes_value = element.name == "argument" || element.name == "referenceArgument";
        match (attributes.get("value"), attributes.get("from")) {
            (None, None) if takes_value => errors.push(&element.position, "the attribute `value` is missing"),
            (Some(_), Some(from)) => errors.push(&from.position, "give either `value` or `from`, not both"),
            _ => {}
        }
        return action;
    }
    if let Some(value) = attributes.values().next() {
        errors.push(&value.position, "what is removed cannot be changed as well");
    } else if let Some(child) = element.children.first() {
        errors.push(&child.position, "what is removed cannot be changed as well");
    }
    Action::Remove
}

/// Puts a class name of the original into our words.
fn canonical(
    kind: ElementKind,
    identity: PlacedText,
    errors: &mut Errors,
) -> Option<(PlacedText, Option<(&'static str, String)>)> {
    match kind {
        ElementKind::Pipeline | ElementKind::StepDefaults | ElementKind::Step | ElementKind::Argument => {
            Some((identity, None))
        }
        ElementKind::PipelineCondition | ElementKind::StepCondition | ElementKind::RecurringCondition => {
            match alias::condition(kind, &identity.text) {
                Ok(found) => Some((PlacedText { text: found.name, position: identity.position }, found.argument)),
                Err(error) => {
                    errors.push(&identity.position, error.to_string());
                    None
                }
            }
        }
    }
}

/// An argument that a class name stands for.
fn argument(key: &str, value: &str, position: &XmlPosition) -> Node {
    let value_of = |text: &str| PlacedText { text: text.to_owned(), position: position.clone() };
    Node {
        kind: ElementKind::Argument,
        action: Action::Define,
        identity: value_of(key),
        written: key.to_owned(),
        implied: None,
        position: position.clone(),
        attributes: BTreeMap::from([("value", value_of(value))]),
        children: Vec::new(),
        removed: BTreeMap::new(),
    }
}

/// Finds names that occur twice and too many of a kind.
fn check_children(children: &[Node], errors: &mut Errors) {
    let mut seen: BTreeMap<(ElementKind, &str), &XmlPosition> = BTreeMap::new();
    let mut counts: BTreeMap<ElementKind, usize> = BTreeMap::new();
    for child in children.iter().filter(|child| child.action == Action::Define) {
        if let Some(first) = seen.insert((child.kind, &child.identity.text), &child.identity.position) {
            errors.push(&child.identity.position, twice(child, first));
        }
        *counts.entry(child.kind).or_default() += 1;
    }
    for (kind, count) in counts {
        if let Some(child) = children.iter().filter(|child| child.kind == kind).nth(most(kind)) {
            errors.push(&child.position, format!("{count} {}s, more than {}", kind.word(), most(kind)));
        }
    }
}

pub(super) fn twice(node: &Node, first: &XmlPosition) -> String {
    format!("the {} is defined twice (first at {first})", node.words())
}

fn unknown_element(element: &Element, rule: &Rule) -> String {
    let expected = suggest::expected(&element.name, rule.children.iter().map(|child| child.element));
    // People leave out the elements that only hold others, as a step's `conditions`, and know stages from elsewhere.
    let group = rule.children.iter().find(|child| child.child(&element.name).is_some());
    let remark = match group {
        Some(group) => format!("; it belongs into `{}`", group.element),
        None if element.name == "stage" => "; steps of one `sortOrder` form a stage".to_owned(),
        None => String::new(),
    };
    format!("the element {} is not allowed in `{}`{expected}{remark}", quoted(&element.name), rule.element)
}

fn unknown_attribute(name: &str, rule: &Rule) -> String {
    let known = rule.attributes.iter().filter(|known| known.name == known.means).map(|known| known.name);
    let expected = suggest::expected(name, known);
    // What other systems call it.
    let limit =
        ["expireIn", "expire-in"].into_iter().find(|limit| name == "timeout" && rule.attribute(limit).is_some());
    let remark = limit.map(|limit| format!("; the most time that it may take is `{limit}`"));
    let remark = remark.unwrap_or_default();
    format!("the attribute {} is not allowed in `{}`{expected}{remark}", quoted(name), rule.element)
}

//! The templates as CloudFormation sees them in the end, and what the roles in them allow.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::Command;

use patience::{run, wait};
use serde_json::Value;

use super::recorder::Asked;
use crate::systole::{names, root};

/// The resources of all templates for one stage, with nothing left to resolve; see `processed_templates.py`.
///
/// That takes seconds and each test is a process of its own, so what was made once lies under `target/`, by the name of
/// what it was made of.
pub(super) fn processed(stage: &str) -> Value {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let made = folder.join(format!("templates-{stage}-{:016x}.json", ingredients()));
    let lock = File::create(folder.join("templates.lock")).unwrap();
    wait("the tests that process templates take turns").look(|| lock.try_lock());
    if !made.exists() {
        std::fs::write(made.with_extension("new"), process(stage)).unwrap();
        std::fs::rename(made.with_extension("new"), &made).unwrap();
    }
    serde_json::from_slice(&std::fs::read(made).unwrap()).unwrap()
}

/// A hash of what is processed and of what does it.
fn ingredients() -> u64 {
    let mut hasher = DefaultHasher::new();
    let templates = names(&root().join("infra")).into_iter().filter(|name| name.ends_with(".yaml"));
    let templates = templates.map(|name| format!("infra/{name}"));
    let tools = ["tests/processed_templates.py", "scripts/install-deploy-tools"].map(str::to_owned);
    for path in templates.chain(tools) {
        std::fs::read(root().join(&path)).unwrap().hash(&mut hasher);
        path.hash(&mut hasher);
    }
    hasher.finish()
}

fn process(stage: &str) -> Vec<u8> {
    // From scripts/install-deploy-tools.
    let python = root().join(".emulators/sam/bin/python");
    let output = run(Command::new(python).arg(root().join("tests/processed_templates.py")).arg(stage));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// One action on one pattern of resources that a role allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Right {
    pub(super) action: String,
    pub(super) resource: String,
}

/// A text, or each of a list of texts.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    match value.as_array() {
        Some(values) => values.iter().flat_map(texts).collect(),
        None => vec![value.as_str().unwrap_or_else(|| panic!("{value} is no text"))],
    }
}

/// All statements of a role, of all its policies.
pub(super) fn statements(role: &Value) -> Vec<&Value> {
    let policies = role["Properties"]["Policies"].as_array().expect("the policies are written out");
    policies.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap()).collect()
}

/// What a role allows, each action on each resource by itself.
pub(super) fn rights(role: &Value) -> Vec<Right> {
    rights_in(&statements(role), "Allow")
}

/// What some statements allow, or deny.
pub(super) fn rights_in(statements: &[&Value], effect: &str) -> Vec<Right> {
    let mut rights = Vec::new();
    for statement in statements.iter().filter(|statement| statement["Effect"] == effect) {
        for action in texts(&statement["Action"]) {
            for resource in texts(&statement["Resource"]) {
                // A statement may list what several services have; an action is about what its own has.
                let service = resource.split(':').nth(2).unwrap_or("*");
                if service == "*" || action.split(':').next() == Some(service) {
                    rights.push(Right { action: action.to_owned(), resource: resource.to_owned() });
                }
            }
        }
    }
    rights
}

/// Whether IAM lets a call through that some statements are all there is about: one allows it and none denies it.
///
/// `context` is what else IAM knows of the call. A condition about something else does not hold, and neither does one that
/// this does not know, which is an error.
pub(super) fn is_let_through(statements: &[&Value], asked: &Asked, context: &[(&str, &str)]) -> bool {
    let speaks = |effect: &str| {
        statements.iter().any(|statement| {
            let is_about = |right: &Right| right.allows(asked);
            rights_in(&[statement], effect).iter().any(is_about) && holds(&statement["Condition"], context)
        })
    };
    speaks("Allow") && !speaks("Deny")
}

/// Whether all tests of a condition hold.
fn holds(condition: &Value, context: &[(&str, &str)]) -> bool {
    let tests = condition.as_object().into_iter().flatten();
    let mut tests = tests.flat_map(|(operator, keys)| keys.as_object().unwrap().iter().map(move |of| (operator, of)));
    tests.all(|(operator, (key, wanted))| {
        let known = context.iter().find(|(name, _)| name == key).map(|(_, value)| *value);
        let is_equal = |value: &str| texts(wanted).iter().any(|wanted| matches(wanted, value));
        match operator.as_str() {
            "Bool" | "StringEquals" | "ArnEquals" => known.is_some_and(is_equal),
            // Holds, too, where nothing is known.
            "BoolIfExists" => known.is_none_or(is_equal),
            other => panic!("nobody knows what the condition {other} means"),
        }
    })
}

impl Right {
    /// As IAM decides: actions in any case, `*` for any number of characters.
    pub(super) fn allows(&self, asked: &Asked) -> bool {
        matches(&self.action.to_lowercase(), &asked.action.to_lowercase()) && matches(&self.resource, &asked.resource)
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| (0..=text.len()).filter_map(|at| text.get(at..)).any(|text| matches(rest, text))),
    }
}

#[test]
fn a_pattern_matches_as_in_iam() {
    for (pattern, text, is_match) in [
        ("arn:aws:s3:::b/work/*", "arn:aws:s3:::b/work/a/b", true),
        ("arn:aws:s3:::b/work/*", "arn:aws:s3:::b/works/a", false),
        ("arn:aws:s3:::b", "arn:aws:s3:::b/a", false),
        ("s3:Get*", "s3:GetObject", true),
        ("*:b", "a:b:b", true),
        ("a*c*e", "abcde", true),
        ("a*c*e", "abcd", false),
    ] {
        assert_eq!(matches(pattern, text), is_match, "{pattern} {text}");
    }
}

//! The grammar and `pipelines/pipeline.xsd` say the same: every element and attribute is tried in every place, and every
//! kind of value with good and bad ones, by the reader and by `xmllint`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use super::super::node;
use crate::xml;
use crate::xml::alias;
use crate::xml::grammar::{CONFIG, Rule};
use crate::xml::kind::ElementKind;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/pipeline.xsd");

/// A value of each attribute that is right for it.
const VALUES: &[(&str, &str)] = &[
    ("name", "n"),
    ("description", "d"),
    ("use-working-directory", "true"),
    ("expire-in", "1 hour"),
    ("priority", "low"),
    ("remove", "false"),
    ("executorType", "e"),
    ("sortOrder", "1"),
    ("sort_order", "1"),
    ("expireIn", "1 hour"),
    ("allowFailure", "true"),
    ("runAlwaysStep", "true"),
    ("type", "t"),
    ("key", "k"),
    ("value", "v"),
    ("from", "pipeline"),
    ("other", "o"),
];

/// Values of attributes of `pipeline` and `referenceStep`, good and bad.
const TRIED: &[(&str, &[&str])] = &[
    ("name", &["a", "A-b_c.9", "", " a", "a b", "ä", "a/b"]),
    ("use-working-directory", &["true", "false", "1", "0", " true ", "True", "yes", ""]),
    (
        "expire-in",
        &["2 hours", "1 day", " 1  hour\t30 minutes ", "1 week 1 day 1 hour 1 minute 1 second", "2 hourz", "2", ""],
    ),
    ("expire-in", &["1 day 1 day 1 day 1 day 1 day 1 day", "1.5 hours", "-1 hours", "2hours", "2 Hours", "two hours"]),
    ("priority", &["high", "normal", " low ", "HIGH", "urgent", ""]),
    ("sortOrder", &["10", "-10", " 0 ", "+7", "2147483647", "2147483648", "-2147483648", "1.0", "ten", ""]),
    (
        "executorType",
        &["a", "move_files-2.x", "Move", "", "a b", r"TechDivision\ProcessPipelines\Model\Executor\DropCache"],
    ),
    (
        "executorType",
        &[r"\TechDivision\ProcessPipelines\Model\Executor\DeletePipelineExecutor", r"My\Executor", r"a\b", r"\"],
    ),
    (
        "executorType",
        &[
            r"TechDivision\ProcessPipelines\Model\Executor\DropCache2",
            r"\\TechDivision\ProcessPipelines\Model\Executor\Reindex",
        ],
    ),
];

/// Types of the conditions of a pipeline and of a step, good and bad, beside the original's classes that we know.
const TYPES: &[&str] = &[
    "no_auto_spawn",
    "Attempts",
    "",
    r"\TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NoAutoSpawn",
    r"TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit12",
    r"TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit",
    r"TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Minutes5",
    r"\TechDivision\ProcessPipelines\Helper\Condition\Step\TimeBetweenAttempts\Minutes5",
    r"TechDivision\ProcessPipelines\Helper\Condition\Step\PreviousStepsCompleted\All",
    r"My\Condition",
];

#[test]
fn row_06_the_schema_and_the_reader_agree() {
    let mut documents = BTreeSet::new();
    let mut paths = vec![vec![&CONFIG]];
    while let Some(path) = paths.pop() {
        paths.extend(path.last().unwrap().children.iter().map(|child| [path.as_slice(), &[*child]].concat()));
        try_all(&path, &mut documents);
    }
    for (attribute, values) in TRIED {
        for value in *values {
            documents.insert(with_value(attribute, value));
        }
    }
    let classes = [ElementKind::PipelineCondition, ElementKind::StepCondition].map(alias::condition_classes).concat();
    for found in TYPES.iter().copied().chain(classes.iter().map(String::as_str)) {
        let conditions = |word: &str| format!(r#"<conditions><{word}_condition type="{found}"/></conditions>"#);
        let step = format!(r#"<step name="s" executorType="e">{}</step>"#, conditions("step"));
        documents.insert(format!(r#"<config><pipeline name="p">{step}</pipeline></config>"#));
        let step = format!(r#"<step name="s" executorType="e">{}</step>"#, conditions("recurring"));
        documents.insert(format!(r#"<config><pipeline name="p">{step}</pipeline></config>"#));
        documents.insert(format!(r#"<config><pipeline name="p">{}</pipeline></config>"#, conditions("pipeline")));
    }
    documents.extend(TWICE.iter().map(|document| (*document).to_owned()));
    let valid = valid_by_schema(&documents);
    assert!(valid.len() > 100 && valid.len() < documents.len() - 100, "{} of {}", valid.len(), documents.len());
    let mut differences = String::new();
    for document in &documents {
        if structure_is_read(document) != valid.contains(document.as_str()) {
            let by_schema = if valid.contains(document.as_str()) { "valid" } else { "not valid" };
            writeln!(differences, "{by_schema} by the schema only: {document}").unwrap();
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// Names that occur twice, and the same names where they may; and arguments that are left to the pipeline.
const TWICE: &[&str] = &[
    r#"<config><pipeline name="p"><step name="s" executorType="e"><arguments><argument key="k" from="pipeline"/></arguments></step></pipeline></config>"#,
    r#"<config><pipeline name="p"><step name="s" executorType="e"><arguments><argument key="k" from="elsewhere"/></arguments></step></pipeline></config>"#,
    r#"<config><pipeline name="p"><step name="s" executorType="e"/><step name="s" executorType="e"/></pipeline></config>"#,
    r#"<config><pipeline name="p"><step name="s" executorType="e"/></pipeline><pipeline name="q"><step name="s" executorType="e"/></pipeline></config>"#,
    r#"<config><pipeline name="p"><step name="s" executorType="e"><arguments><argument key="k" value="1"/><argument key="k" value="1"/></arguments></step></pipeline></config>"#,
    r#"<config><pipeline name="p"><step name="s" executorType="e"><arguments><argument key="k" value="1"/></arguments><arguments><argument key="k" value="1"/></arguments></step></pipeline></config>"#,
    r#"<config><pipeline name="p"><step name="s" executorType="e"><conditions><step_condition type="t"/><step_condition type="t"/></conditions></step></pipeline></config>"#,
    r#"<config><pipeline name="p"><step name="s" executorType="e"><conditions><recurring_condition type="t"/><recurring_condition type="t"/></conditions></step></pipeline></config>"#,
    r#"<config><referencePipeline name="p"><step name="s" executorType="e"><conditions><recurring_condition type="t"/><recurring_condition type="t"/></conditions></step></referencePipeline></config>"#,
    r#"<config><pipeline name="p"><step name="s" executorType="e"><conditions><step_condition type="t"/><recurring_condition type="t"/></conditions></step></pipeline></config>"#,
    r#"<config><pipeline name="p"><conditions><pipeline_condition type="t"/></conditions><conditions><pipeline_condition type="t"/></conditions></pipeline></config>"#,
    r#"<config><pipeline name="p"><conditions><pipeline_condition type="t"><argument key="k" value="1"/><arguments><argument key="k" value="2"/></arguments></pipeline_condition></conditions></pipeline></config>"#,
    r#"<config><referencePipeline name="p"/><referencePipeline name="p"/></config>"#,
    r#"<config><referencePipeline name="p"><referenceStep name="s"/><referenceStep name="s"/></referencePipeline></config>"#,
    r#"<other/>"#,
    r#"<config>text</config>"#,
    r#"<config><pipeline name="p">text</pipeline></config>"#,
    r#"<config xmlns="urn:x"/>"#,
];

/// At the end of `path`: each attribute there is, each element there is, and each required attribute left out.
fn try_all(path: &[&Rule], documents: &mut BTreeSet<String>) {
    let rule = path.last().unwrap();
    let required = |but: &str| -> String {
        rule.attributes
            .iter()
            .filter(|it| is_given(it.name, rule) && it.name != but)
            .map(|it| attribute(it.name))
            .collect()
    };
    documents.insert(around(path, &required(""), ""));
    for (name, _) in VALUES {
        let is_required = rule.attribute(name).is_some_and(|it| is_given(it.name, rule));
        let extra = if is_required { String::new() } else { attribute(name) };
        let skipped = if is_required { name } else { "" };
        // Whether an argument needs a value depends on `remove` or `from`, which no schema can say.
        let is_argument = rule.element == "argument" || rule.element == "referenceArgument";
        if !(is_argument && (*name == "value" || *name == "from")) {
            documents.insert(around(path, &(required(skipped) + &extra), ""));
        }
    }
    for child in elements() {
        let attributes: String =
            child.attributes.iter().filter(|it| is_given(it.name, child)).map(|it| attribute(it.name)).collect();
        documents.insert(around(path, &required(""), &format!("<{}{attributes}/>", child.element)));
    }
    documents.insert(around(path, &required(""), "<other/>"));
}

/// Whether a minimal element has the attribute.
fn is_given(name: &str, rule: &Rule) -> bool {
    let is_required = rule.attribute(name).is_some_and(|it| it.is_required);
    is_required || (rule.element.ends_with("rgument") && name == "value")
}

/// A document with the elements of `path` within each other, the last with these attributes and this content.
fn around(path: &[&Rule], attributes: &str, content: &str) -> String {
    let (last, outer) = path.split_last().unwrap();
    let mut document = String::new();
    for rule in outer {
        let given: String = rule.attributes.iter().filter(|it| it.is_required).map(|it| attribute(it.name)).collect();
        write!(document, "<{}{given}>", rule.element).unwrap();
    }
    write!(document, "<{}{attributes}>{content}</{}>", last.element, last.element).unwrap();
    for rule in outer.iter().rev() {
        write!(document, "</{}>", rule.element).unwrap();
    }
    document
}

fn attribute(name: &str) -> String {
    // The one name with a prefix is tried by the files that ship.
    let value = VALUES.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    format!(r#" {name}="{value}""#)
}

fn with_value(attribute: &str, value: &str) -> String {
    match attribute {
        "name" => format!(r#"<config><pipeline name="{value}"/></config>"#),
        "sortOrder" | "executorType" => {
            let step = format!(r#"<referenceStep name="s" {attribute}="{value}"/>"#);
            format!(r#"<config><referencePipeline name="p">{step}</referencePipeline></config>"#)
        }
        _ => format!(r#"<config><pipeline name="p" {attribute}="{value}"/></config>"#),
    }
}

/// One rule of each element's name.
fn elements() -> Vec<&'static Rule> {
    let mut all: Vec<&'static Rule> = vec![&CONFIG];
    let mut next = 0;
    while let Some(rule) = all.get(next).copied() {
        next += 1;
        for child in rule.children {
            if !all.iter().any(|known| known.element == child.element) {
                all.push(child);
            }
        }
    }
    all
}

fn structure_is_read(document: &str) -> bool {
    let Ok(document) = xml::read("x.xml", document.as_bytes()) else { return false };
    let (entries, errors) = node::entries(&document);
    errors.is_empty() && entries.iter().all(|entry| entry.errors.is_empty())
}

fn valid_by_schema(documents: &BTreeSet<String>) -> BTreeSet<&str> {
    let directory = tempfile::tempdir().unwrap();
    let name = |index: usize| format!("{index}.xml");
    for (index, document) in documents.iter().enumerate() {
        std::fs::write(directory.path().join(name(index)), document).unwrap();
    }
    // From the Debian package libxml2-utils.
    let output = patience::run(
        Command::new("xmllint")
            .current_dir(directory.path())
            .args(["--noout", "--schema"])
            .arg(Path::new(SCHEMA))
            .args((0..documents.len()).map(name)),
    );
    let answers = String::from_utf8(output.stderr).unwrap();
    assert!(!answers.contains("failed to compile"), "{answers}");
    let valid: BTreeSet<&str> = answers.lines().filter_map(|line| line.strip_suffix(" validates")).collect();
    documents
        .iter()
        .enumerate()
        .filter(|(index, _)| valid.contains(name(*index).as_str()))
        .map(|(_, it)| it.as_str())
        .collect()
}

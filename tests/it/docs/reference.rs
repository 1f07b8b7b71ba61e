//! The pages of docs/reference/ and the lists of the schema are made of what the code declares.
//!
//! `INSTA_UPDATE=always` writes them anew, as it does for snapshots.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use difference::assert_same_text;
use engine::reference::{self, Entry};
use import::configuration::{self, schema};
use pipeline::accepts::ArgumentDescription;

use crate::systole::{Running, program, root};

/// The lists of names in the schema, and the kind of entry that each is of.
const LISTS: [(&str, &str); 4] = [
    ("executorName", "executor"),
    ("pipelineConditionName", "pipeline condition"),
    ("stepConditionName", "step condition"),
    ("recurringConditionName", "recurring condition"),
];

#[test]
fn the_reference_of_executors_is_what_they_declare() {
    let intro = "# Executors\n\nWhat `executorType` of a step can be, and what its arguments say. `systole executors NAME` \
                 shows the same for a program with executors of your own.\nA definition that says anything else is refused \
                 with file, line and column.\nAn argument that a step does not have is taken from the arguments of its \
                 pipeline, if that has one of the name; for one that is required, the step says so with \
                 `from=\"pipeline\"` in the place of `value`.\nWhat reaches outside is explained with examples in \
                 [EXECUTORS.md](../EXECUTORS.md).\n";
    assert_page("EXECUTORS.md", intro, &entries(reference::executors(&steps::shipped()), "##"));
}

#[test]
fn the_reference_of_conditions_is_what_they_declare() {
    let mut by_kind: BTreeMap<&str, Vec<Entry>> = BTreeMap::new();
    for entry in reference::conditions(&steps::shipped()) {
        by_kind.entry(entry.kind).or_default().push(entry);
    }
    let mut page = String::new();
    for (kind, of_kind) in by_kind {
        let (first, rest) = kind.split_at(1);
        write!(page, "\n## {}{rest}s\n{}", first.to_uppercase(), entries(of_kind, "###")).unwrap();
    }
    let intro = "# Conditions\n\nWhat `type` of a condition can be, when it holds, and what its arguments say. `systole \
                 conditions NAME` shows the same for a program with conditions of your own.\nHow they work together is in \
                 [PIPELINES.md](../PIPELINES.md).\n";
    assert_page("CONDITIONS.md", intro, &page);
}

#[test]
fn the_reference_of_settings_is_what_they_declare() {
    let mut page = "\n| setting | value | default | for | what it does |\n|---|---|---|---|---|\n".to_owned();
    for it in reference::settings(&steps::shipped()) {
        let (value, default) = (cell(&it.value), cell(it.default));
        writeln!(
            page,
            "| `{}` | {value} | `{default}` | `{}` | {} |",
            it.name,
            it.scopes.join("`, `"),
            cell(it.description)
        )
        .unwrap();
    }
    let intro = "# Settings\n\nWhat `systole settings set` takes; `systole settings describe` shows the same. A value for a \
                 narrower scope (`pipeline:<name>`, `target:<name>`, `website:<code>`) wins over the one for all.\n";
    assert_page("SETTINGS.md", intro, &page);
}

#[test]
fn the_schema_tells_editors_of_every_executor_and_condition() {
    let program = steps::shipped();
    let all = [reference::executors(&program), reference::conditions(&program)].concat();
    let path = root().join("pipelines/pipeline.xsd");
    let mut schema = std::fs::read_to_string(&path).unwrap();
    for (list, kind) in LISTS {
        let start = format!("    <xs:simpleType name=\"{list}\">\n");
        let (before, rest) = schema.split_once(&start).unwrap_or_else(|| panic!("there is no list `{list}`"));
        let (_, after) = rest.split_once("    </xs:simpleType>\n").unwrap();
        let words: String = all.iter().filter(|entry| entry.kind == kind).map(enumeration).collect();
        let restricted = format!("        <xs:restriction base=\"xs:string\">\n{words}        </xs:restriction>\n");
        schema = format!("{before}{start}{restricted}    </xs:simpleType>\n{after}");
    }
    assert_file(&path, &schema);
}

#[test]
fn the_configuration_that_ships_and_its_schema_are_what_its_keys_declare() {
    let text = |value: &serde_json::Value| format!("{}\n", serde_json::to_string_pretty(&sorted(value)).unwrap());
    let folder = root().join("pipelines");
    assert_file(&folder.join(configuration::SHIPPED), &text(&schema::defaults()));
    assert_file(&folder.join(schema::SCHEMA), &text(&schema::schema(&import::entity::all())));
}

/// The same with the names of objects in order, whatever order the workspace keeps them in.
fn sorted(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(map) => {
            let map: BTreeMap<&String, serde_json::Value> =
                map.iter().map(|(name, value)| (name, sorted(value))).collect();
            map.into_iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        serde_json::Value::Array(list) => list.iter().map(sorted).collect(),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => value.clone(),
    }
}

/// The command line says the same as the page, in people's and in programs' words.
#[test]
fn the_command_line_tells_what_an_executor_a_condition_and_a_setting_take() {
    let told = |arguments: &[&str]| {
        let mut command = program();
        command.args(arguments);
        let ran = Running::start(command).end();
        (ran.code, ran.stdout.clone(), ran.stderr.clone())
    };
    let (code, text, _) = told(&["executors", "http_request"]);
    assert_eq!(code, Some(0));
    for said in ["`http_request`", "header.*", "whole number of seconds from 1 on", "Any other argument is refused."] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let (_, json, _) = told(&["--json", "executors", "wait"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["arguments"][0]["one_of"], serde_json::json!(["for", "until"]));
    let (_, text, _) = told(&["conditions", "named_pipelines_have_status"]);
    assert!(text.contains("pipeline condition `named") && text.contains("step condition `named"), "{text}");
    let (_, text, _) = told(&["settings", "describe", "log.level"]);
    assert!(text.contains("`error`, `warning`, `info`"), "{text}");
    let (code, _, complaint) = told(&["executors", "http_requets"]);
    assert_eq!(code, Some(1));
    assert!(complaint.contains("did you mean `http_request`?"), "{complaint}");
}

/// Each entry below a heading.
fn entries(entries: Vec<Entry>, heading: &str) -> String {
    let mut page = String::new();
    for entry in entries {
        let (first, rest) = entry.description.split_at(1);
        write!(page, "\n{heading} {}\n\n{}{rest}.\n", entry.name, first.to_uppercase()).unwrap();
        if !entry.arguments.is_empty() {
            page += "\n| argument | value | needed | what it says |\n|---|---|---|---|\n";
        }
        for argument in &entry.arguments {
            let (form, needed) = (argument.form.in_words(), argument.presence_in_words());
            let cells = [&form, &needed, argument.meaning].map(cell);
            writeln!(page, "| `{}` | {} |", argument.name, cells.join(" | ")).unwrap();
        }
        writeln!(page, "\n{}", entry.other_arguments_in_words()).unwrap();
    }
    page
}

/// A text in a cell of a table.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A word of the schema with what editors show at it.
fn enumeration(entry: &Entry) -> String {
    let argument = |it: &ArgumentDescription| {
        format!(" Argument {}: {}; {}; {}.", it.name, it.meaning, it.form.in_words(), it.presence_in_words())
    };
    let (first, rest) = entry.description.split_at(1);
    let told: String = entry.arguments.iter().map(argument).collect();
    let others =
        if entry.other_arguments.is_some() { format!(" {}", entry.other_arguments_in_words()) } else { String::new() };
    let text = format!("{}{rest}.{told}{others}", first.to_uppercase()).replace('`', "");
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "            <xs:enumeration value=\"{}\">\n                <xs:annotation><xs:documentation>{text}</xs:documentation>\
         </xs:annotation>\n            </xs:enumeration>\n",
        entry.name
    )
}

fn assert_page(name: &str, intro: &str, page: &str) {
    let made = "\nThis page is made of what the code declares; `INSTA_UPDATE=always cargo test -p tests --test it \
                docs::reference` writes it anew.\n";
    assert_file(&root().join("docs/reference").join(name), &format!("{intro}{made}{page}"));
}

/// Compares a file with what it should be, or writes it.
#[expect(clippy::disallowed_methods, reason = "the switch of snapshots, which is an environment variable")]
pub(super) fn assert_file(path: &Path, expected: &str) {
    if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let story = format!("{} is not what the code declares", path.display());
    assert_same_text(&found, expected, story);
}

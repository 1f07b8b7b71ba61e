//! Input that is made to hurt: each is refused with a clear word, in bounded memory, and nothing else suffers.

use std::fmt::Write;
use std::process::Command;

use serde_json::json;
use store::table::{Change, Condition, Relist};
use store::{keys, table};
use store_embedded::Options;

use crate::systole::{Ran, Running, Systole, program};

/// What the program may take of the machine's memory while it reads definitions, in KiB. A process of its own starts with
/// some hundred MiB of address space, most of which it never touches.
const MEMORY_KIB: u32 = 768 * 1024;

const STEP: &str = "<step name=\"a\" executorType=\"archive\"/>";

/// What `pipeline validate` says of a file.
fn validated(xml: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.xml");
    std::fs::write(&file, xml).unwrap();
    let mut command = Command::new("sh");
    let limited = format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\"");
    command.arg("-c").arg(limited).arg(program().get_program()).args(["--json", "pipeline", "validate"]).arg(&file);
    Running::start(command).end()
}

/// The problems of a file that is refused.
fn refused(xml: &str) -> String {
    let ran = validated(xml);
    assert_eq!(ran.code, Some(1), "{ran}");
    let json = ran.json();
    let problems = json["problems"].as_array().unwrap();
    assert!(problems.len() < 100, "{} problems", problems.len());
    let problems: Vec<&str> = problems.iter().map(|problem| problem.as_str().unwrap()).collect();
    let folder = problems[0].split("x.xml").next().unwrap();
    problems.join("\n").replace(folder, "")
}

fn pipeline(name: &str, inner: &str) -> String {
    format!("<config><pipeline name=\"{name}\">{inner}</pipeline></config>")
}

#[test]
fn fifty_megabytes_of_xml_are_refused() {
    let xml = pipeline("p", &" ".repeat(50 << 20));
    assert_eq!(refused(&xml), "x.xml:1:1: the file has more than 1048576 bytes");
}

#[test]
fn entities_are_refused() {
    let xml = "<!DOCTYPE c [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><config>&b;</config>";
    let said = refused(xml);
    assert!(said.starts_with("x.xml:1:1: ") && said.contains("DOCTYPE"), "{said}");
    let said = refused("<config><pipeline name=\"&lol;\"/></config>");
    assert!(said.starts_with("x.xml:1:"), "{said}");
}

#[test]
fn a_hundred_thousand_nested_elements_are_refused() {
    let said = refused(&"<config>".repeat(100_000));
    assert!(said.ends_with("more than 16 elements within each other"), "{said}");
}

#[test]
fn ten_thousand_steps_are_refused() {
    let mut steps = String::new();
    for n in 0..10_000 {
        write!(steps, "<step name=\"s{n}\" executorType=\"archive\"/>").unwrap();
    }
    let said = refused(&pipeline("p", &steps));
    assert!(said.starts_with("x.xml:1:") && said.ends_with("pipeline `p`: 10000 steps, more than 1000"), "{said}");
}

#[test]
fn references_in_a_circle_are_no_circle() {
    let xml = "<config><referencePipeline name=\"a\"><referencePipeline name=\"b\"/></referencePipeline></config>";
    let said = refused(xml);
    assert!(said.starts_with("x.xml:1:"), "{said}");
    // Two steps of which each waits for the other.
    let waits = |name: &str, other: &str, order: u32| {
        format!(
            "<step name=\"{name}\" executorType=\"archive\" sortOrder=\"{order}\"><conditions>\
             <step_condition type=\"depending_on_named_steps\"><argument key=\"steps\" value=\"{other}\"/></step_condition>\
             </conditions></step>"
        )
    };
    let said = refused(&pipeline("p", &(waits("a", "b", 10) + &waits("b", "a", 20))));
    assert!(
        said.ends_with("step `a`: `b` is not a step before this one: its order is 20, that of this one 10"),
        "{said}"
    );
}

#[test]
fn names_that_occur_twice_are_refused_where_they_occur() {
    let said = refused(&pipeline("p", &STEP.repeat(2)));
    assert!(said.starts_with("x.xml:1:") && said.contains("step `a`"), "{said}");
    let said = refused(&format!(
        "<config>{}</config>",
        "<pipeline name=\"p\"><step name=\"a\" executorType=\"archive\"/></pipeline>".repeat(2)
    ));
    assert!(said.contains("pipeline `p`"), "{said}");
}

#[test]
fn a_cron_expression_that_is_never_due_is_refused() {
    let xml = pipeline(
        "p",
        &format!(
            "<conditions><pipeline_condition type=\"cron_expression\"><argument key=\"expression\" value=\"0 0 30 2 *\"/>\
             </pipeline_condition></conditions>{STEP}"
        ),
    );
    let said = refused(&xml);
    assert!(said.starts_with("x.xml:1:") && said.contains("cron `0 0 30 2 *` is never due"), "{said}");
}

#[test]
fn an_item_of_a_newer_version_is_left_alone_and_named() {
    let systole = Systole::new();
    let by_hand = "<conditions><pipeline_condition type=\"no_auto_spawn\"/></conditions>";
    systole.overlay("fine.xml", &pipeline("fine", &format!("{by_hand}{STEP}")));
    let new_id = || systole.json(&["pipeline", "init", "fine"])["id"].as_str().unwrap().to_owned();
    let (newer, other) = (new_id(), new_id());
    let store = store_embedded::open(&systole.store(), Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let change = Change::Patch { attributes: [("schema".to_owned(), json!(2))].into(), listing: Relist::Keep };
    let key = keys::pipeline(&newer.parse().unwrap());
    let write = table::Write { key: key.clone(), condition: Condition::Present, change };
    runtime.block_on(store.table.write(write)).unwrap();
    let before = runtime.block_on(store.table.get(&key)).unwrap();

    let report = systole.json(&["heartbeat"]);
    let problem = report["problems"][0].as_str().unwrap();
    assert!(problem.contains(&newer) && problem.contains("a newer Systole wrote it"), "{problem}");
    let ran = systole.run(&["pipeline", "details", &newer]);
    assert!(ran.code == Some(1) && ran.stderr.contains("a newer Systole wrote it"), "{ran}");
    // Its message comes again until it lies in the dead letters.
    let ran = systole.run(&["run"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("a newer Systole wrote it"), "{ran}");
    // The other one ended, if only for want of a working directory.
    assert_eq!(systole.json(&["pipeline", "details", &other])["status"], json!("error"));
    assert_eq!(runtime.block_on(store.table.get(&key)).unwrap(), before);
}

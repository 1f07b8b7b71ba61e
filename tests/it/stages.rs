//! A stage on AWS by its name: where its storage is says its stack, and who works on it say the credentials.

use std::collections::HashMap;

use serde_json::Value;
use tests::{Provided, aws_with_variables};

use crate::systole::{Ran, Running, program};

/// Storage with a stack of its own.
struct Stage {
    /// Lent as long as this lives.
    storage: Provided,
    variables: HashMap<String, String>,
}

impl Stage {
    async fn new() -> Self {
        let (storage, variables) = aws_with_variables().await;
        Stage { storage, variables }
    }

    fn name(&self) -> &str {
        self.variables["TABLE_NAME"].strip_prefix("systole-").unwrap()
    }

    /// Runs a command on the stage, as somebody who calls themselves something else.
    fn run(&self, arguments: &[&str]) -> Ran {
        run(&[&["--stage", self.name()], arguments].concat())
    }
}

/// Runs a command that has no variable of any stage.
fn run(arguments: &[&str]) -> Ran {
    let mut command = program();
    for name in ["TABLE_NAME", "BUCKET_NAME", "STEP_DEAD_LETTERS_URL"] {
        command.env_remove(name);
    }
    for priority in ["HIGH", "NORMAL", "LOW"] {
        command.env_remove(format!("STEP_QUEUE_{priority}_URL"));
    }
    command.env("USER", "mallory").args(arguments);
    Running::start(command).end()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_is_found_by_its_name_and_the_audit_names_the_caller() {
    let stage = Stage::new().await;
    let set = stage.run(&["settings", "set", "spawning", "off", "--scope", "pipeline:catalog_import"]);
    assert_eq!(set.code, Some(0), "{set}");

    let audit = stage.run(&["--json", "audit"]);

    // What STS of the emulator says of everybody.
    let expected = "arn:aws:iam::000000000000:root (CLI)";
    let lines: Value = audit.json();
    let by: Vec<_> = lines.as_array().unwrap().iter().map(|line| line["by"].as_str().unwrap()).collect();
    assert_eq!(by, [expected], "{audit}");
    let kept = stage.storage.audit(10).await.unwrap();
    assert_eq!(kept.len(), 1, "it is the table of this stage: {kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_calls_themselves_something_else_on_aws() {
    let stage = Stage::new().await;
    for place in [["--by", "ann", "maintenance", "on"], ["maintenance", "on", "--by", "ann"]] {
        let refused = stage.run(&place);
        assert_eq!(refused.code, Some(1), "{refused}");
        let expected = "--by is for the embedded store; on AWS the audit names who the credentials belong to";
        assert!(refused.stderr.contains(expected), "{refused}");
    }
    let state = stage.run(&["--json", "maintenance", "status"]).json();
    assert_eq!(state["is_on"], false, "{state}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_that_is_not_there_is_told_with_what_was_looked_for() {
    let told = run(&["--stage", "nowhere", "pipeline", "list"]);
    assert_eq!(told.code, Some(1), "{told}");
    for part in ["cannot find stage `nowhere`", "no stack `systole-nowhere-storage` in eu-central-1", "AWS_REGION"] {
        assert!(told.stderr.contains(part), "{part}: {told}");
    }
    let told = run(&["--stage", "No/Where", "pipeline", "list"]);
    assert!(told.stderr.contains("`No/Where` is no name of a stage"), "{told}");
    let told = run(&["--aws", "pipeline", "list"]);
    assert!(told.stderr.contains("`--stage NAME` finds one") && told.stderr.contains("TABLE_NAME"), "{told}");
    let told = run(&["--aws", "--stage", "nowhere", "pipeline", "list"]);
    assert_eq!(told.code, Some(2), "{told}");
}

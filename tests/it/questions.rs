//! The ten questions that an operator asks at night: each takes one command, the one that docs/OPERATING.md shows for it.

use std::fs;

use crate::systole::{Systole, root};

const DEFINITION: &str = r#"<config>
    <pipeline name="failing" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="move" executorType="move_files" sortOrder="10"/>
    </pipeline>
</config>"#;

const FILE: &str = "product-import_20260801-120000_01.csv";

/// A question, the command that OPERATING.md shows for it, the arguments with which it is asked here, and what it tells.
struct Question<'a> {
    asked: &'static str,
    shown: &'static str,
    arguments: &'a [&'a str],
    told: &'a str,
}

#[test]
fn each_question_takes_one_command_that_the_documents_show() {
    let systole = Systole::new();
    systole.overlay("failing.xml", DEFINITION);
    let folder = systole.folder("files");
    let rows =
        "sku,attribute_set_code,product_type,name,price\nA-1,Default,simple,Apple,1\nA-2,Default,simple,Pear,2\n";
    fs::write(folder.join(FILE), rows).unwrap();
    let dropped = systole.json(&["import", "drop", folder.to_str().unwrap()]);
    let import = dropped["pipelines"][0]["id"].as_str().unwrap();
    let id = fail(&systole);
    // Another file that names no product which is not there already.
    let changed = format!("by {FILE}:3 in pipeline {import}");
    let imported = format!("{import}  catalog_import  success");
    let failed = "step `move` (attempt 1, since 20";
    let day = "24 hours";
    let others = || {
        fail(&systole);
    };
    let none = || {};
    for (question, before) in [
        (ask("What is broken?", "systole health", &["health"], "the last heartbeat was"), &none as &dyn Fn()),
        (ask("What is broken?", "systole pipeline list --status error", &LIST_ERRORS, &id), &none),
        (ask("Why?", "systole pipeline check ID", &["pipeline", "check", &id], "it failed for good"), &none),
        (ask("Since when?", "systole pipeline list --status error", &LIST_ERRORS, failed), &none),
        (ask("What did it log?", "systole step log ID STEP", &["step", "log", &id, "move"], "`bunch`"), &none),
        (
            ask("Run it again", "systole pipeline rerun ID", &["pipeline", "rerun", &id], "runs again what failed"),
            &none,
        ),
        (
            ask(
                "Cancel the others",
                "systole pipeline cancel --name NAME",
                &["pipeline", "cancel", "--name", "failing", "--yes"],
                "1 cancelled",
            ),
            &none,
        ),
        (
            ask(
                "Run all of that kind again",
                "systole pipeline rerun --name NAME --since \"24 hours\"",
                &["pipeline", "rerun", "--name", "failing", "--since", day, "--yes"],
                "2 rerun",
            ),
            // The one that was cancelled is gone; two more fail.
            &|| (0..2).for_each(|_| others()),
        ),
        (
            ask("What became of that file?", "systole pipeline search FILE", &["pipeline", "search", FILE], &imported),
            &none,
        ),
        (
            ask(
                "When was that product changed last, and by which file?",
                "systole catalog show SKU",
                &["catalog", "show", "a-2"],
                &changed,
            ),
            &none,
        ),
        (
            ask(
                "Let what runs end, and begin nothing more",
                "systole maintenance on --wait",
                &["maintenance", "on", "--wait"],
                "nothing is running",
            ),
            &none,
        ),
    ] {
        before();
        question.assert_is_answered(&systole);
    }
}

const LIST_ERRORS: [&str; 4] = ["pipeline", "list", "--status", "error"];

fn ask<'a>(asked: &'static str, shown: &'static str, arguments: &'a [&'a str], told: &'a str) -> Question<'a> {
    Question { asked, shown, arguments, told }
}

/// Lets a pipeline fail; its id.
fn fail(systole: &Systole) -> String {
    let spawned = systole.json(&["pipeline", "init", "failing"]);
    systole.json(&["heartbeat"]);
    systole.json(&["run"]);
    spawned["id"].as_str().unwrap().to_owned()
}

impl Question<'_> {
    #[track_caller]
    fn assert_is_answered(&self, systole: &Systole) {
        let Question { asked, shown, arguments, told } = self;
        let text = fs::read_to_string(root().join("docs/OPERATING.md")).unwrap();
        let row = text.lines().find(|line| line.starts_with(&format!("| {asked} | ")));
        let row = row.unwrap_or_else(|| panic!("docs/OPERATING.md has no row `{asked}`"));
        assert!(row.contains(&format!("`{shown}`")), "docs/OPERATING.md does not show `{shown}` for `{asked}`: {row}");
        let ran = systole.run(arguments);
        assert!(ran.code == Some(0) && ran.stdout.contains(told), "{asked} does not tell `{told}`: {ran}");
    }
}

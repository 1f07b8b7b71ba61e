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

/// A question, and the command that OPERATING.md shows for it.
struct Question {
    asked: &'static str,
    shown: &'static str,
}

const LIST_ERRORS: [&str; 4] = ["pipeline", "list", "--status", "error"];

#[test]
fn of_what_failed_each_question_takes_one_command() {
    let systole = night();
    let id = fail(&systole);
    ask("What is broken?", "systole health").tells(&systole, &["health"], "the last heartbeat was");
    ask("What is broken?", "systole pipeline list --status error").tells(&systole, &LIST_ERRORS, &id);
    ask("Why?", "systole pipeline check ID").tells(&systole, &["pipeline", "check", &id], "it failed for good");
    let failed = "step `move` (attempt 1 of 1, since 20";
    ask("Since when?", "systole pipeline list --status error").tells(&systole, &LIST_ERRORS, failed);
    ask("What did it log?", "systole step log ID STEP").tells(&systole, &["step", "log", &id, "move"], "`bunch`");
    let rerun = ask("Run it again", "systole pipeline rerun ID");
    rerun.tells(&systole, &["pipeline", "rerun", &id], "runs again what failed");
}

#[test]
fn to_many_pipelines_each_change_takes_one_command() {
    let systole = night();
    let id = fail(&systole);
    systole.json(&["pipeline", "rerun", &id]);
    let cancel = ask("Cancel the others", "systole pipeline cancel --name NAME");
    cancel.tells(&systole, &["pipeline", "cancel", "--name", "failing", "--yes"], "1 cancelled");
    fail(&systole);
    fail(&systole);
    let rerun = ask("Run all of that kind again", "systole pipeline rerun --name NAME --since \"24 hours\"");
    let of_a_day = ["pipeline", "rerun", "--name", "failing", "--since", "24 hours", "--yes"];
    rerun.tells(&systole, &of_a_day, "2 rerun");
    systole.json(&["run"]);
    let drain = ask("Let what runs end, and begin nothing more", "systole maintenance on --wait");
    drain.tells(&systole, &["maintenance", "on", "--wait"], "nothing is running");
}

#[test]
fn of_files_and_products_each_question_takes_one_command() {
    let systole = night();
    let folder = systole.folder("files");
    let rows =
        "sku,attribute_set_code,product_type,name,price\nA-1,Default,simple,Apple,1\nA-2,Default,simple,Pear,2\n";
    fs::write(folder.join(FILE), rows).unwrap();
    let dropped = systole.json(&["import", "drop", folder.to_str().unwrap()]);
    let import = dropped["pipelines"][0]["id"].as_str().unwrap();
    let imported = format!("{import}  catalog_import  success");
    let file = ask("What became of that file?", "systole pipeline search FILE");
    file.tells(&systole, &["pipeline", "search", FILE], &imported);
    // The second row of the file is in its third line.
    let changed = format!("by {FILE}:3 in pipeline {import}");
    let product = ask("When was that product changed last, and by which file?", "systole catalog show SKU");
    product.tells(&systole, &["catalog", "show", "a-2"], &changed);
}

fn night() -> Systole {
    let systole = Systole::new();
    systole.overlay("failing.xml", DEFINITION);
    systole
}

fn ask(asked: &'static str, shown: &'static str) -> Question {
    Question { asked, shown }
}

/// Lets a pipeline fail; its id.
fn fail(systole: &Systole) -> String {
    let spawned = systole.json(&["pipeline", "init", "failing"]);
    systole.json(&["heartbeat"]);
    systole.json(&["run"]);
    spawned["id"].as_str().unwrap().to_owned()
}

impl Question {
    /// Asks as OPERATING.md shows it.
    #[track_caller]
    fn tells(&self, systole: &Systole, arguments: &[&str], told: &str) {
        let Question { asked, shown } = self;
        let text = fs::read_to_string(root().join("docs/OPERATING.md")).unwrap();
        let row = text.lines().find(|line| line.starts_with(&format!("| {asked} | ")));
        let row = row.unwrap_or_else(|| panic!("docs/OPERATING.md has no row `{asked}`"));
        assert!(row.contains(&format!("`{shown}`")), "docs/OPERATING.md does not show `{shown}` for `{asked}`: {row}");
        let ran = systole.run(arguments);
        assert!(ran.code == Some(0) && ran.stdout.contains(told), "{asked} does not tell `{told}`: {ran}");
    }
}

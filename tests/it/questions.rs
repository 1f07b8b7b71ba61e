//! What an operator asks at night, each answered by one command that docs/OPERATING.md shows.

use crate::systole::{Systole, root};

const DEFINITION: &str = r#"<config>
    <pipeline name="failing" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="move" executorType="move_files" sortOrder="10"/>
    </pipeline>
</config>"#;

#[test]
fn each_question_takes_one_command_that_the_documents_show() {
    let systole = Systole::new();
    systole.overlay("failing.xml", DEFINITION);
    let spawned = systole.json(&["pipeline", "init", "failing", "-a", "file=product-import_7_01.csv"]);
    let id = spawned["id"].as_str().unwrap();
    systole.json(&["heartbeat"]);
    systole.json(&["run"]);
    let shown = std::fs::read_to_string(root().join("docs/OPERATING.md")).unwrap();
    let failed = "step `move` (attempt 1, since 20";
    let day = "24 hours";
    for (documented, arguments, told) in [
        ("systole health", &["health"][..], "the last heartbeat was"),
        ("systole pipeline list --status error", &["pipeline", "list", "--status", "error"], failed),
        ("systole pipeline check ID", &["pipeline", "check", id], "it failed for good"),
        ("systole step log ID STEP", &["step", "log", id, "move"], "needs an argument `bunch`"),
        ("systole pipeline search FILE", &["pipeline", "search", "product-import_7_01.csv"], failed),
        ("systole pipeline rerun ID", &["pipeline", "rerun", id], "runs again what failed"),
        ("systole pipeline cancel --name", &["pipeline", "cancel", "--name", "failing", "--yes"], "1 cancelled"),
        (
            "systole pipeline rerun --name",
            &["pipeline", "rerun", "--name", "failing", "--since", day, "--yes"],
            "1 rerun",
        ),
        ("systole maintenance on --wait", &["maintenance", "on", "--wait"], "nothing is running"),
    ] {
        assert!(shown.contains(documented), "docs/OPERATING.md does not show `{documented}`");
        if documented == "systole pipeline rerun --name" {
            // The one that was cancelled is gone; another one fails.
            systole.json(&["pipeline", "init", "failing"]);
            systole.json(&["run"]);
        }
        let ran = systole.run(arguments);
        assert!(ran.code == Some(0) && ran.stdout.contains(told), "{documented}: {ran}");
    }
}

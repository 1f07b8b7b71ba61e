//! What lists of pipelines say: where each stands and why, what is not shown, and how to see it.

use serde_json::{Value, json};

use crate::systole::{Ran, Systole, sample};

/// One step that fails for good, one that has two attempts, and one that waits for long.
const DEFINITIONS: &str = r#"<config>
    <pipeline name="failing" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="move" executorType="move_files" sortOrder="10"/>
    </pipeline>
    <pipeline name="retrying">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="fail" executorType="shell" sortOrder="10">
            <arguments><argument key="command" value="exit 75"/></arguments>
            <conditions><step_condition type="attempts_limit"><argument key="limit" value="2"/></step_condition></conditions>
        </step>
    </pipeline>
</config>"#;

fn systole() -> Systole {
    let systole = Systole::new();
    systole.overlay("lists.xml", DEFINITIONS);
    systole
}

fn ids(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[track_caller]
fn ok(systole: &Systole, arguments: &[&str]) -> Ran {
    let ran = systole.run(arguments);
    assert_eq!(ran.code, Some(0), "{ran}");
    ran
}

#[test]
fn a_list_that_is_cut_says_so_and_how_to_go_on_with_samples() {
    let systole = Systole::new();
    systole.overlay("a.xml", &sample("reports/engine/list-truncated/a.xml"));
    let mut spawned: Vec<String> =
        (0..25).map(|_| systole.json(&["pipeline", "init", "p"])["id"].as_str().unwrap().to_owned()).collect();
    let listed = ok(&systole, &["pipeline", "list"]);
    let told = listed.stdout.lines().last().unwrap();
    assert!(told.starts_with("20 of 25; --limit shows more, --after o"), "{listed}");
    let place = told.split("--after ").nth(1).unwrap().split(' ').next().unwrap();

    let first = ok(&systole, &["--json", "pipeline", "list"]);
    assert!(first.stderr.contains("20 of 25; --limit shows more"), "a program's list is whole JSON: {first}");
    let rest = ok(&systole, &["--json", "pipeline", "list", "--after", place]);
    assert_eq!(rest.stderr, "", "nothing is left out any more");
    let (first, rest) = (first.json(), rest.json());
    let mut seen: Vec<&str> = [ids(&first), ids(&rest)].concat();
    seen.sort_unstable();
    spawned.sort_unstable();
    assert_eq!(seen, spawned, "both pages together are all of them");

    let whole = ok(&systole, &["pipeline", "list", "--limit", "25"]);
    assert_eq!((whole.stdout.lines().count(), whole.stdout.contains("--limit")), (26, false), "{whole}");
    let status = ok(&systole, &["pipeline", "status"]);
    assert_eq!(status.stdout.lines().count(), 26, "one line for each open pipeline: {status}");
    let status = ok(&systole, &["pipeline", "status", "--limit", "3"]);
    assert!(status.stdout.contains("\n3 of 25; --limit shows more"), "{status}");
    let audit = ok(&systole, &["audit"]);
    assert!(audit.stdout.ends_with("\nthe latest 20 lines; --limit shows more\n"), "{audit}");
}

#[test]
fn a_row_says_what_failed_why_in_which_attempt_and_since_when() {
    let systole = systole();
    let id = systole.json(&["pipeline", "init", "failing", "-a", "file=Spring.csv"])["id"].as_str().unwrap().to_owned();
    systole.json(&["run"]);
    let listed = ok(&systole, &["pipeline", "list", "--status", "error"]);
    let row = listed.stdout.lines().nth(1).unwrap();
    let reason = "): step `move` needs an argument `bunch`";
    assert!(
        row.contains("  [file=Spring.csv] step `move` (attempt 1 of 1, since 20") && row.contains(reason),
        "{listed}"
    );
    let row = &systole.json(&["pipeline", "list", "--status", "error"])[0];
    let at = &row["stands_at"];
    assert_eq!((&row["arguments"], &at["step"]), (&json!({ "file": "Spring.csv" }), &json!("move")));
    assert_eq!((&at["status"], &at["attempt"], at["since"].is_string()), (&json!("error"), &json!(1), true), "{row:#}");

    for (text, found) in [("spring.CSV", 1), ("file=spring.csv", 1), ("file=spring", 1), ("file=summer", 0)] {
        assert_eq!(ids(&systole.json(&["pipeline", "search", text])), vec![&id[..]; found], "{text}");
    }
}

#[test]
fn pipelines_on_their_last_attempt_are_found() {
    let systole = systole();
    let shell = ["run", "--allow-shell"];
    let id = systole.json(&["pipeline", "init", "retrying"])["id"].as_str().unwrap().to_owned();
    let last = ["pipeline", "list", "--last-attempt"];
    assert_eq!(ids(&systole.json(&last)), Vec::<&str>::new(), "the first of two is not the last");
    let waiting = &systole.json(&["pipeline", "list"])[0]["stands_at"];
    assert_eq!((&waiting["attempt"], &waiting["attempts_limit"]), (&json!(1), &json!(2)), "{waiting:#}");
    systole.json(&shell);
    systole.json(&["heartbeat"]);
    assert_eq!(ids(&systole.json(&last)), [&id[..]]);
    let listed = ok(&systole, &last);
    assert!(listed.stdout.contains("step `fail` (attempt 2 of 2, since 20"), "{listed}");
    systole.json(&shell);
    assert_eq!(ids(&systole.json(&last)), Vec::<&str>::new(), "it has failed for good");
    let failed = &systole.json(&["pipeline", "list", "--status", "error"])[0]["stands_at"];
    assert_eq!((&failed["attempt"], &failed["is_last_attempt"]), (&json!(2), &json!(false)), "{failed:#}");
}

//! `pipeline validate`: what files would change if they lay in the store.

use serde_json::{Value, json};

use crate::systole::{Ran, Running, Systole, program};

const GREETING: &str = r#"<config><pipeline name="greeting">
    <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
    <step name="hello" executorType="wait" sortOrder="10"><arguments><argument key="for" value="1 second"/></arguments></step>
</pipeline></config>"#;

fn validate(systole: &Systole, path: &str) -> Ran {
    systole.run(&["--json", "pipeline", "validate", path])
}

fn change<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["changes"].as_array().unwrap().iter().find(|change| change["pipeline"] == name).unwrap_or(&Value::Null)
}

#[test]
fn files_and_folders_are_compared_with_what_the_store_has_in_force() {
    let systole = Systole::new();
    systole.overlay("greeting.xml", GREETING);
    systole.json(&["heartbeat"]);
    let folder = systole.folder("mine");
    let given = folder.to_str().unwrap();
    let ran = validate(&systole, given);
    assert!(ran.code == Some(1) && ran.stderr.contains("there is no file `*.xml` in the folder"), "{ran}");

    std::fs::write(folder.join("greeting.xml"), GREETING).unwrap();
    let ran = validate(&systole, given);
    assert_eq!((ran.code, &ran.json()["changes"], &ran.json()["replaces"]), (Some(0), &json!([]), &json!([])));
    assert!(systole.run(&["pipeline", "validate", given]).stdout.ends_with("\nchanges nothing that is in force\n"));

    std::fs::write(folder.join("greeting.xml"), GREETING.replace("1 second", "2 seconds")).unwrap();
    std::fs::create_dir(folder.join("more")).unwrap();
    std::fs::write(folder.join("more/new.xml"), GREETING.replace("greeting", "fresh")).unwrap();
    let report = validate(&systole, given).json();
    assert_eq!(report["replaces"], json!(["`pipelines/greeting.xml` of the store"]));
    let changed = change(&report, "greeting");
    assert_eq!((&changed["change"], &change(&report, "fresh")["change"]), (&json!("changed"), &json!("new")));
    assert_eq!(changed["details"], json!(["steps `hello` arguments for: \"1 second\" → \"2 seconds\""]));
    assert_eq!(change(&report, "catalog_import"), &Value::Null, "what ships stays as it is");
    let text = systole.run(&["pipeline", "validate", given]).stdout;
    assert!(text.contains("\nwould change what is in force:\n") && text.contains("\nnew `fresh`"), "{text}");

    // Taking its place with another name in it takes the pipeline away.
    std::fs::write(folder.join("greeting.xml"), GREETING.replace("greeting", "goodbye")).unwrap();
    assert_eq!(change(&validate(&systole, given).json(), "greeting")["change"], "gone");
    assert_eq!(systole.json(&["pipeline", "list"]), json!([]), "nothing was changed by all this");
}

#[test]
fn definitions_of_the_store_are_part_of_what_is_checked() {
    let systole = Systole::new();
    systole.overlay("half.xml", "<config>");
    let folder = systole.folder("mine");
    let path = folder.join("greeting.xml");
    std::fs::write(&path, GREETING).unwrap();
    let ran = validate(&systole, path.to_str().unwrap());
    let problems = ran.json()["problems"].clone();
    assert!(ran.code == Some(1) && problems[0].as_str().unwrap().starts_with("pipelines/half.xml:1:"), "{ran}");

    // Without a store, only with what ships; a store that somebody names must be there.
    let mut alone = program();
    alone.current_dir(&folder).args(["--json", "pipeline", "validate", "greeting.xml"]);
    let ran = Running::start(alone).end();
    assert_eq!((ran.code, &ran.json()["changes"][0]["change"]), (Some(0), &json!("new")), "{ran}");
    let mut wrong = program();
    wrong.current_dir(&folder).args(["--store", "nowhere", "pipeline", "validate", "greeting.xml"]);
    let ran = Running::start(wrong).end();
    assert!(ran.code == Some(1) && ran.stderr.contains("there is no store at `nowhere`"), "{ran}");
}

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

#[test]
fn the_suffix_may_be_in_capitals_and_what_is_not_read_is_named() {
    let systole = Systole::new();
    systole.overlay("Greeting.XML", GREETING);
    systole.overlay("fresh.xml.txt", &GREETING.replace("greeting", "fresh"));
    systole.overlay("catalog_import.Xml", &catalog_import());
    let unread = "fresh.xml.txt: the file is not read (the name of a definition file ends with `.xml`)";
    for command in [&["heartbeat"][..], &["health"], &["pipeline", "list", "--definitions"]] {
        let ran = systole.run(command);
        assert!(ran.code == Some(0) && ran.stdout.contains(&format!("warning: {unread}\n")), "{ran}");
        assert!(!ran.stdout.contains("problem"), "{ran}");
    }
    let names = systole.run(&["pipeline", "list", "--definitions"]).stdout;
    assert!(names.contains("greeting") && !names.contains("fresh "), "{names}");
    let check = systole.run(&["pipeline", "check", "catalog_import"]).stdout;
    assert!(check.starts_with("warning: catalog_import.Xml:"), "the file takes the place of the shipped one: {check}");

    let folder = systole.folder("mine");
    std::fs::write(folder.join("GREETING.xMl"), GREETING.replace("1 second", "2 seconds")).unwrap();
    std::fs::write(folder.join("other.xml~"), GREETING).unwrap();
    let ran = validate(&systole, folder.to_str().unwrap());
    let report = ran.json();
    assert_eq!(ran.code, Some(1), "{ran}");
    let problem = report["problems"][0].as_str().unwrap();
    assert!(problem.contains("the pipeline `greeting` is defined twice"), "{problem}");
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("other.xml~: the file is not read") && warnings.contains(unread), "{warnings}");
    std::fs::rename(folder.join("GREETING.xMl"), folder.join("Greeting.xml")).unwrap();
    let report = validate(&systole, folder.to_str().unwrap()).json();
    assert_eq!(report["replaces"], json!(["`pipelines/Greeting.XML` of the store"]));
    assert_eq!(change(&report, "greeting")["change"], "changed");
}

/// The shipped import with a step more, which waits for nothing.
fn catalog_import() -> String {
    let shipped = std::fs::read_to_string(crate::systole::root().join("pipelines/catalog_import.xml")).unwrap();
    let more = "<step name=\"more\" executorType=\"archive\" sortOrder=\"99\"/></pipeline>";
    assert!(shipped.contains("</pipeline>"), "{shipped}");
    // With the defaults of the file it would have their conditions.
    let (before, after) = shipped.split_once("<stepDefaults").unwrap();
    let (_, after) = after.split_once("</stepDefaults>").unwrap();
    format!("{before}{}", after.replace("</pipeline>", more))
}

//! The commands as people and scripts call them: what they print, in words and in JSON, and how they end.

use patience::run;
use serde_json::{Value, json};

use crate::systole::{Systole, ask, fixture, program, root, wait_for};

/// A definition that spawns by hand only and has nothing to do.
const IDLE: &str = r#"<config>
    <pipeline name="idle" description="Does nothing" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="first" executorType="archive" sortOrder="10"/>
        <step name="second" executorType="archive" sortOrder="20">
            <conditions><step_condition type="previous_steps_completed"/></conditions>
        </step>
    </pipeline>
</config>"#;

/// Runs a command for people.
#[track_caller]
fn say(systole: &Systole, arguments: &[&str]) -> String {
    let ran = systole.run(arguments);
    assert_eq!(ran.code, Some(0), "{ran}");
    ran.stdout
}

#[test]
fn every_command_explains_itself() {
    let commands = [
        "dev",
        "demo",
        "heartbeat",
        "run",
        "audit",
        "completions",
        "pipeline list",
        "pipeline status",
        "pipeline search",
        "pipeline init",
        "pipeline details",
        "pipeline check",
        "pipeline watch",
        "pipeline cancel",
        "pipeline pause",
        "pipeline resume",
        "pipeline validate",
        "step process",
        "step log",
        "step active",
        "settings list",
        "settings get",
        "settings set",
        "settings unset",
        "maintenance on",
        "maintenance off",
        "maintenance status",
        "queue status",
        "queue peek",
        "queue redrive",
        "import drop",
        "import list",
        "catalog show",
        "catalog export",
        "shop import",
        "shop export",
        "shop check",
        "shop facts",
        "shop compare",
    ];
    for command in commands {
        let output = run(program().args(command.split(' ')).arg("--help"));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("Usage: systole"), "{command}: {text}");
        // The example is of this very command.
        let example = text.split_once("Example").map(|(_, example)| example).unwrap_or_default();
        assert!(example.contains(&format!("systole {command}")), "{command}: {text}");
    }
    let output = run(program().arg("--help"));
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in ["Examples:\n  systole demo ", "Exit codes: 0 done, 1 failed, 2 wrong command line, 3 a pipeline"] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_wrong_command_line_is_told_from_a_failure() {
    let systole = Systole::new();
    for (arguments, expected) in [
        (&["pipelines"][..], "unrecognized subcommand 'pipelines'"),
        (&["pipeline", "list", "--status", "done"], "`done` is not a pipeline status"),
        (&["pipeline", "details", "4!"], "`4!` is not a pipeline id"),
        (&["pipeline", "init", "idle", "-a", "strict"], "`strict` is no KEY=VALUE"),
        (&["import", "drop"], "<PATHS>..."),
        (&["import", "drop", "x", "--timeout", "soon"], "`soon` is no number of seconds"),
        (&["dev", "--runners", "0"], "0 is not in 1..=64"),
        (&["dev", "--tick", "0"], "0 seconds are out of range"),
    ] {
        let ran = systole.run(arguments);
        assert_eq!(ran.code, Some(2), "{ran}");
        assert!(ran.stderr.contains(expected), "{ran}");
    }
}

#[test]
fn a_pipeline_is_spawned_shown_cancelled_and_listed() {
    let systole = Systole::new();
    systole.overlay("idle.xml", IDLE);
    let spawned = systole.json(&["pipeline", "init", "idle", "--argument", "a=1", "-a", "b=x=y"]);
    let id = spawned["id"].as_str().unwrap();
    assert_eq!(spawned, json!({ "id": id }));

    let details = systole.json(&["pipeline", "details", id]);
    let expected = json!({ "name": "idle", "status": "running", "spawned_by": "CLI" });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&details[key], value, "{details:#}");
    }
    let [first, second] = [&details["steps"][0], &details["steps"][1]];
    assert_eq!((&first["name"], &first["status"], &first["attempt"]), (&json!("first"), &json!("enqueued"), &json!(1)));
    assert_eq!(second["waits_for"], json!(["step `first` before it has not ended"]));
    let people = say(&systole, &["pipeline", "details", id]);
    for expected in [
        format!("idle {id}: running, spawned "),
        " step    status    attempt  time  note".to_owned(),
        " second  pending   0              step `first` before it has not ended".to_owned(),
    ] {
        assert!(people.contains(&expected), "{people}");
    }

    let cancelled = systole.json(&["pipeline", "cancel", id, "--reason", "Ann had enough"]);
    assert_eq!(cancelled, json!([{ "id": id, "cancelled": true }]));
    let ran = systole.run(&["pipeline", "cancel", id]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert_eq!(ran.stderr, format!("systole: pipeline {id} has ended, it is cancelled\n"));
    let people = say(&systole, &["pipeline", "details", id]);
    assert!(people.contains("stopped: Ann had enough"), "{people}");
    assert!(people.contains("second  cancelled  0              the pipeline was stopped: Ann had enough"), "{people}");

    systole.json(&["pipeline", "init", "idle"]);
    for (filter, found) in [
        (&[][..], 2),
        (&["--limit", "1"], 1),
        (&["--name", "idle", "--status", "cancelled"], 1),
        (&["--name", "catalog_import"], 0),
        (&["--status", "error"], 0),
    ] {
        let listed = systole.json(&[&["pipeline", "list"], filter].concat());
        assert_eq!(listed.as_array().unwrap().len(), found, "{filter:?}: {listed:#}");
    }
    let listed = systole.json(&["pipeline", "list"]);
    assert_eq!(
        (&listed[0]["status"], &listed[1]["status"]),
        (&json!("running"), &json!("cancelled")),
        "open ones first"
    );
    assert_eq!(say(&systole, &["pipeline", "list", "--status", "error"]), "nothing to show\n");
    let people = say(&systole, &["pipeline", "list"]);
    let header: Vec<&str> = people.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(header, ["id", "pipeline", "status", "spawned", "(UTC)", "time", "note"], "{people}");
    assert!(people.lines().nth(2).unwrap().ends_with(" Ann had enough"), "{people}");
}

#[test]
fn a_pipeline_that_is_not_there_is_no_table() {
    let systole = Systole::new();
    systole.json(&["heartbeat"]);
    for command in ["details", "cancel"] {
        let ran = systole.run(&["pipeline", command, "01jd9x4k7m3fq8zt0v2c"]);
        assert_eq!(ran.code, Some(1), "{ran}");
        assert_eq!(
            (ran.stdout.as_str(), ran.stderr.as_str()),
            ("", "systole: there is no pipeline 01jd9x4k7m3fq8zt0v2c\n")
        );
    }
    let ran = systole.run(&["pipeline", "init", "catalogue"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.starts_with("systole: there is no pipeline definition `catalogue` (known: "), "{ran}");
    assert!(ran.stderr.contains("catalog_import") && ran.stderr.ends_with(")\n"), "{ran}");
}

/// Authors check their files before there is a store.
#[test]
fn files_are_validated_without_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("idle.xml"), IDLE).unwrap();
    std::fs::write(path("bad.xml"), IDLE.replace("sortOrder=\"20\"", "sortOrder=\"late\"")).unwrap();
    let validate = |arguments: &[&str]| {
        let output = run(program().current_dir(folder.path()).args(["pipeline", "validate"]).args(arguments));
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        (output.status.code(), out, err)
    };
    let (code, out, _) = validate(&["idle.xml"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("no problems found\n"), "{out}");
    let row: Vec<&str> = out.lines().find(|line| line.starts_with(" idle ")).unwrap().split_whitespace().collect();
    assert_eq!(row, ["idle", "2", "Does", "nothing"], "{out}");
    let (code, out, _) = validate(&["--json", "idle.xml"]);
    let names = |json: &Value| {
        json["definitions"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect::<Vec<_>>()
    };
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["problems"]), (Some(0), &json!([])));
    // What ships is checked with it.
    assert!(names(&json).contains(&json!("idle")) && names(&json).contains(&json!("catalog_import")), "{json:#}");

    // What nobody means is allowed, but said.
    let (start, rest) = IDLE.split_once("<conditions>").unwrap();
    std::fs::write(path("idle.xml"), format!("{start}{}", rest.split_once("</conditions>").unwrap().1)).unwrap();
    let (code, out, _) = validate(&["idle.xml"]);
    assert_eq!(code, Some(0));
    assert!(
        out.starts_with("warning: idle.xml:2:5: pipeline `idle` has no condition, so every heartbeat spawns one more "),
        "{out}"
    );
    let (_, out, _) = validate(&["--json", "idle.xml"]);
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["warnings"].as_array().unwrap().len(), 1);
    std::fs::write(path("idle.xml"), IDLE).unwrap();

    let (code, out, _) = validate(&["idle.xml", "bad.xml"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("bad.xml:5:") && out.contains("`late` is not"), "{out}");
    let (code, out, err) = validate(&["idle.xml", "absent.xml"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(err, "systole: failed to read `absent.xml`: No such file or directory (os error 2)\n");
    assert!(!folder.path().join(".systole").exists());
}

#[test]
fn shipped_definitions_are_valid() {
    let shipped = root().join("pipelines/catalog_import.xml");
    let output = run(program().args(["--json", "pipeline", "validate", shipped.to_str().unwrap()]));
    assert!(output.status.success());
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["problems"], json!([]));
}

#[test]
fn beats_and_runs_are_made_by_hand() {
    let systole = Systole::new();
    assert_eq!(
        systole.json(&["import", "drop", "--no-wait", &fixture("header-only")])["dropped"]["files"],
        json!(["product-import_header_01.csv"])
    );
    let beat = systole.json(&["heartbeat"]);
    assert_eq!(
        (beat["spawned"].as_array().unwrap().len(), &beat["enqueued"], &beat["problems"]),
        (1, &json!(1), &json!([]))
    );
    assert_eq!(systole.json(&["run", "--max", "2"]), json!({ "messages": 2, "failed": 0 }));
    assert_eq!(say(&systole, &["run"]), "15 messages dealt with\n");
    let words = say(&systole, &["heartbeat"]);
    assert!(words.starts_with("0 spawned, 0 looked at, 0 enqueued, "), "{words}");
    assert_eq!(systole.json(&["pipeline", "list"])[0]["status"], "success");
    let arrival = &systole.json(&["import", "list"])[0];
    assert_eq!(arrival["pipeline"], systole.json(&["pipeline", "list"])[0]["id"]);
}

/// The whole first path, as the README's first command goes.
#[test]
fn the_demo_imports_and_a_second_one_changes_nothing() {
    let systole = Systole::new();
    let first = say(&systole, &["demo"]);
    for expected in [
        "shop     demo/shop.yaml (69 added, 2 changed, 0 removed)\n",
        "catalog_import ",
        ": success with findings after ",
        "step                   status   attempt  time",
        "import_products        success  1",
        "rows     2424: 1824 created, 600 updated, 0 unchanged, 0 skipped\n",
        "archive  ",
        "report   ",
    ] {
        assert!(first.contains(expected), "{expected}: {first}");
    }
    let report = first.lines().find_map(|line| line.strip_prefix("report   ")).unwrap();
    assert!(std::fs::read_to_string(report).unwrap().contains("`1,5` is not a number"));
    // Its advice can be followed as it is printed.
    let next = format!("systole-under-test --store {} import drop demo/delta ", systole.store().display());
    assert!(first.contains(&next), "{first}");
    let second = say(&systole, &["demo"]);
    assert!(second.contains("shop     told already; "), "{second}");
    assert!(second.contains("rows     2424: every row unchanged, 0 skipped\n"), "{second}");
    let delta = systole.run(&["import", "drop", "demo/delta"]);
    assert_eq!(delta.code, Some(13), "{delta}");
    assert!(delta.stdout.contains("rows     51: 1 created, 28 updated, 21 unchanged, 1 skipped\n"), "{delta}");

    let exported = say(&systole, &["catalog", "export"]);
    let products: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(products.len(), 1825);
    let skus: Vec<String> = products.iter().map(|product| product["sku"].as_str().unwrap().to_lowercase()).collect();
    assert!(skus.is_sorted(), "products come in the order of their skus");
    let sku = products[0]["sku"].as_str().unwrap();
    let mut shown = systole.json(&["catalog", "show", sku]);
    let change = shown.as_object_mut().unwrap().remove("last_change").unwrap();
    assert!(change["file"].as_str().unwrap().starts_with("product-import_"), "{change}");
    assert!(shown.as_object().unwrap().iter().all(|(key, value)| products[0][key] == *value), "{shown:#}");
    let ran = systole.run(&["catalog", "show", "nothing"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), "systole: there is no product `nothing`\n"));
}

#[test]
fn the_demo_is_readable_by_programs() {
    let systole = Systole::new();
    let json = systole.json(&["demo"]);
    assert_eq!(json["pipelines"][0]["status"], "success");
    assert_eq!(json["waiting"], json!({}));
    assert_eq!(json["dropped"]["files"].as_array().unwrap().len(), 4);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let systole = Systole::new();
    systole.json(&["import", "drop", &fixture("ragged-row")]);
    let binary = program();
    let script = format!(
        "'{}' --store '{}' catalog export | true; exit ${{PIPESTATUS[0]}}",
        binary.get_program().display(),
        systole.store().display()
    );
    let output = run(std::process::Command::new("bash").args(["-c", &script]));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn a_wait_ends_when_its_time_is_over() {
    let systole = Systole::new();
    // Another import is under way for as long as nobody runs its steps; this one is not its sibling's keeper.
    systole.overlay("idle.xml", &IDLE.replace("archive", "move_files"));
    systole.json(&["pipeline", "init", "idle"]);
    let ran = systole.run(&["import", "drop", "--no-ok", "--timeout", "0.5", &fixture("header-only")]);
    assert_eq!(ran.code, Some(4), "{ran}");
    assert!(ran.stdout.contains("no ok file for `product-import_header_01.csv`"), "{ran}");
}

/// The API is tested route by route beside its code; here it is served by the host.
#[test]
fn a_host_serves_the_api() {
    let systole = Systole::new();
    let (dev, address) = systole.dev(&[]);
    let health = wait_for("a heartbeat", || {
        let health = ask(address, "GET", "/health", "");
        health.body["last_beat_at"].is_string().then_some(health)
    });
    assert_eq!((health.status, &health.body["status"]), (200, &json!("ok")));
    let spawned = ask(address, "POST", "/pipelines", r#"{"name": "catalog_import"}"#);
    assert_eq!(spawned.status, 201);
    let id = spawned.body["id"].as_str().unwrap();
    // Nothing was dropped for it, which its first step says and its report survives.
    let ended = wait_for("the end of the pipeline", || {
        let details = ask(address, "GET", &format!("/pipelines/{id}"), "").body;
        details["ended_at"].is_string().then_some(details)
    });
    assert_eq!(
        (&ended["status"], &ended["steps"].as_array().unwrap().last().unwrap()["status"]),
        (&json!("error"), &json!("success"))
    );
    let message = ended["steps"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("step `move_files` needs an argument `bunch`; condition `bunch_complete` hands it over"),
        "{message}"
    );
    assert_eq!(ask(address, "GET", "/nowhere", "").status, 404);
    dev.signal("TERM");
    assert_eq!(dev.end().code, Some(0));
}

#[test]
fn a_file_of_which_no_row_can_be_used_is_told_as_such() {
    let systole = Systole::new();
    let file = systole.folder("files").join("product-import_1_01.csv");
    std::fs::write(&file, "sku,attribute_set_code,product_type,name\nA-1,Default,simple,Apple\n").unwrap();
    let ran = systole.run(&["import", "drop", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(13), "{ran}");
    let told = ran.stdout;
    assert!(told.contains("rows     1: every row skipped, the report says why\n"), "{told}");
}

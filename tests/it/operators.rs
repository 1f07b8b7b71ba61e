//! What operators do by the command line: look, hold, repeat, set, and bring dead letters back.

use std::path::Path;
use std::time::Duration;

use engine::reference::{self, Entry};
use patience::run;
use pipeline::Priority;
use serde_json::{Value, json};
use store::queue::{MAX_RECEIVES, Outgoing};
use store_embedded::Options;

use crate::systole::{Running, Systole, program};

/// Two steps that do nothing, and one that fails because it gets no files.
const DEFINITIONS: &str = r#"<config>
    <pipeline name="idle" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="first" executorType="archive" sortOrder="10"/>
        <step name="other" executorType="archive" sortOrder="10"/>
        <step name="second" executorType="archive" sortOrder="20">
            <conditions><step_condition type="previous_steps_completed"/></conditions>
        </step>
    </pipeline>
    <pipeline name="failing" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="move" executorType="move_files" sortOrder="10"/>
    </pipeline>
</config>"#;

/// What every heartbeat spawns.
const UNCONDITIONAL: &str = r#"<config><pipeline name="restless">
    <step name="only" executorType="archive" sortOrder="10"/>
    </pipeline></config>"#;

fn systole() -> Systole {
    let systole = Systole::new();
    systole.overlay("operators.xml", DEFINITIONS);
    systole
}

fn spawn(systole: &Systole, name: &str) -> String {
    systole.json(&["pipeline", "init", name])["id"].as_str().unwrap().to_owned()
}

/// What a command says for people.
#[track_caller]
fn say(systole: &Systole, arguments: &[&str]) -> String {
    let ran = systole.run(arguments);
    assert_eq!(ran.code, Some(0), "{ran}");
    ran.stdout
}

/// Why a command did not do what was asked for.
#[track_caller]
fn refused(systole: &Systole, arguments: &[&str]) -> String {
    let ran = systole.run(arguments);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.lines().count()), (Some(1), "", 1), "{ran}");
    ran.stderr.strip_prefix("systole: ").unwrap().trim_end().to_owned()
}

#[test]
fn settings_are_read_set_and_taken_back_and_every_change_is_audited() {
    let systole = systole();
    let by = ["--by", "ann"];
    assert_eq!(say(&systole, &["settings", "get", "clean_up.delete_after"]), "never\n");
    let set = ["settings", "set", "clean_up.delete_after", "4  weeks"];
    assert_eq!(
        say(&systole, &[&by[..], &set].concat()),
        "`clean_up.delete_after` for default is `4 weeks` now, it was not set\n"
    );
    let scoped = ["settings", "set", "clean_up.delete_after", "1 week", "--scope", "pipeline:idle"];
    assert_eq!(
        systole.json(&scoped),
        json!({ "name": "clean_up.delete_after", "scope": "pipeline:idle", "before": null, "value": "1 week" })
    );
    let held = systole.json(&["settings", "get", "clean_up.delete_after", "--scope", "pipeline:other"]);
    assert_eq!((&held["value"], &held["set_for"]), (&json!("4 weeks"), &json!("default")));
    let listed = say(&systole, &["settings", "list", "--set"]);
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[1].starts_with(" clean_up.delete_after  4 weeks  never    deletes pipelines"), "{listed}");
    assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["for", "pipeline:idle", "1", "week"], "{listed}");
    let all = systole.json(&["settings", "list"]);
    let named = |name: &str| all["settings"].as_array().unwrap().iter().find(|of| of["name"] == name).unwrap().clone();
    assert_eq!(named("clean_up.delete_after")["set"][0]["by"], "ann (CLI)");
    assert_eq!(named("maintenance")["value"], "false");

    let error = refused(&systole, &["settings", "set", "maintenace", "on"]);
    assert!(error.starts_with("there is no setting `maintenace`") && error.ends_with("did you mean `maintenance`?)"));
    let error = refused(&systole, &["settings", "set", "spawning", "perhaps"]);
    assert_eq!(error, "setting `spawning`: `perhaps` is neither `true` nor `false`");
    let error = refused(&systole, &["settings", "get", "spawning", "--scope", "shop:1"]);
    assert_eq!(
        error,
        "`shop:1` is no scope (expected `default`, `pipeline:<name>`, `target:<name>` or `website:<code>`)"
    );

    say(&systole, &["settings", "unset", "clean_up.delete_after", "--scope", "pipeline:idle"]);
    let audit = systole.json(&["audit"]);
    let lines: Vec<_> =
        audit.as_array().unwrap().iter().map(|line| (line["by"].clone(), line["what"].clone())).collect();
    let expected = [
        ("CLI", "unset `clean_up.delete_after` for pipeline:idle"),
        ("CLI", "set `clean_up.delete_after` for pipeline:idle to `1 week`"),
        ("ann (CLI)", "set `clean_up.delete_after` for default to `4 weeks`"),
    ];
    assert_eq!(lines, expected.map(|(by, what)| (json!(by), json!(what))));
    let table = say(&systole, &["audit", "--limit", "1"]);
    assert!(
        table.lines().nth(1).unwrap().ends_with("  CLI  unset `clean_up.delete_after` for pipeline:idle"),
        "{table}"
    );
}

#[test]
fn maintenance_holds_everything_until_it_is_switched_off() {
    let systole = systole();
    assert_eq!(systole.json(&["maintenance", "status"]), json!({ "is_on": false }));
    let on = systole.json(&["--by", "ann", "maintenance", "on"]);
    assert_eq!((&on["is_on"], &on["by"]), (&json!(true), &json!("ann (CLI)")));
    assert_eq!(systole.json(&["maintenance", "on"]), on, "who switched it first stays known");
    let text = say(&systole, &["maintenance", "status"]);
    assert!(text.starts_with("maintenance mode is on since ") && text.contains(" switched by ann (CLI)"), "{text}");

    let id = spawn(&systole, "idle");
    let why = systole.json(&["pipeline", "check", &id]);
    assert!(why["text"].as_str().unwrap().contains("maintenance mode is on"), "{why:#}");
    let why = say(&systole, &["pipeline", "check", "catalog_import"]);
    assert!(why.starts_with("catalog_import: ") && why.contains("maintenance mode is on"), "{why}");
    systole.json(&["heartbeat"]);
    assert_eq!(systole.json(&["queue", "status"])["queues"][1]["waiting"], 0);
    assert_eq!(systole.json(&["maintenance", "off"])["is_on"], false);
    systole.json(&["heartbeat"]);
    assert_eq!(systole.json(&["queue", "status"])["queues"][1]["waiting"], 2);
}

#[test]
fn row_27_stages_active_steps_and_reasons_are_told() {
    let systole = systole();
    assert_eq!(say(&systole, &["pipeline", "status"]), "nothing to show\n");
    assert_eq!(say(&systole, &["step", "active"]), "no step is enqueued or running\n");
    let id = spawn(&systole, "idle");
    let status = &systole.json(&["pipeline", "status"])[0];
    assert_eq!((&status["id"], &status["status"]), (&json!(id), &json!("running")));
    let stages = json!([
        { "sort_order": 10, "steps": { "enqueued": 2 } },
        { "sort_order": 20, "steps": { "pending": 1 } },
    ]);
    assert_eq!(status["stages"], stages);
    let line = say(&systole, &["pipeline", "status"]);
    assert!(line.lines().nth(1).unwrap().ends_with("  10: 2 enqueued · 20: 1 pending"), "{line}");

    let active = systole.json(&["step", "active"]);
    assert_eq!(
        (&active["by_status"], &active["by_name"]),
        (&json!({ "enqueued": 2 }), &json!({ "first": 1, "other": 1 }))
    );
    assert_eq!((&active["steps"][0]["pipeline"], &active["steps"][0]["attempt"]), (&json!(id), &json!(1)));
    let table = say(&systole, &["step", "active"]);
    assert!(table.ends_with("\n2 steps: 2 enqueued\nby name: 1 first, 1 other\n"), "{table}");

    let why = systole.json(&["pipeline", "check", &id[..12]]);
    assert_eq!((&why["id"], &why["steps"][2]["name"]), (&json!(id), &json!("second")));
    assert!(why["steps"][2]["text"].as_str().unwrap().contains("step `first` before it has not ended"), "{why:#}");
    let table = say(&systole, &["pipeline", "check", &id]);
    assert!(table.starts_with(&format!("idle {id}: running\n")), "{table}");
    let why = systole.json(&["pipeline", "check", "idle"]);
    assert_eq!((&why["is_due"], &why["conditions"][0]["answer"]), (&json!(false), &json!("unmet")));
    let error = refused(&systole, &["pipeline", "check", "idel"]);
    assert!(error.starts_with("there is no pipeline whose id begins with `idel`, and "), "{error}");
    assert!(error.contains("did you mean `idle`?"), "{error}");

    // Whoever wonders where all the pipelines come from asks here, too.
    systole.overlay("restless.xml", UNCONDITIONAL);
    let warning = "restless.xml:1:9: pipeline `restless` has no condition, so every heartbeat spawns one more ";
    let text = say(&systole, &["pipeline", "check", "restless"]);
    assert!(text.starts_with(&format!("warning: {warning}")) && text.contains("\nrestless: it is due "), "{text}");
    let why = systole.json(&["pipeline", "check", "restless"]);
    assert!(why["warnings"][0].as_str().unwrap().starts_with(warning), "{why:#}");
    assert_eq!(systole.json(&["pipeline", "check", "idle"])["warnings"], json!([]));
    std::fs::remove_file(systole.files().join("pipelines/restless.xml")).unwrap();

    systole.json(&["run"]);
    assert_eq!(systole.json(&["pipeline", "status"]), json!([]));
    let ended = say(&systole, &["pipeline", "status", "--all"]);
    assert!(ended.lines().nth(1).unwrap().ends_with("  10: 2 skipped · 20: 1 skipped"), "{ended}");
}

#[test]
fn pipelines_are_found_by_the_beginning_of_their_id_by_text_and_by_time() {
    let systole = systole();
    let spawned = systole.json(&["--by", "Ann", "pipeline", "init", "idle", "-a", "file=Spring.csv"]);
    let [one, two] = [spawned["id"].as_str().unwrap().to_owned(), spawn(&systole, "failing")];
    for (arguments, found) in [
        (&["spring"][..], vec![&one]),
        (&["ANN"], vec![&one]),
        (&[&two[..]], vec![&two]),
        (&["autumn"], vec![]),
        (&["--within", "1 hour", "--name", "failing"], vec![&two]),
        (&["i", "--status", "running", "--limit", "1"], vec![&two]),
    ] {
        let listed = systole.json(&[&["pipeline", "search"], arguments].concat());
        let ids: Vec<&str> = listed.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids, found, "{arguments:?}");
    }
    let ran = systole.run(&["pipeline", "search"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    let ran = systole.run(&["pipeline", "search", "--within", "soon"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("`soon` is not a duration"), "{ran}");

    let common = &one[..one.bytes().zip(two.bytes()).take_while(|(a, b)| a == b).count()];
    let error = refused(&systole, &["pipeline", "details", common]);
    assert!(
        error.starts_with(&format!("`{common}` begins 2 ids: {two} (failing, running), {one} (idle, running)")),
        "{error}"
    );
    assert!(error.ends_with("; give more of it"), "{error}");
    assert_eq!(systole.json(&["pipeline", "details", &one[..common.len() + 1]])["id"], one.as_str());
    assert_eq!(systole.json(&["pipeline", "details", "failing"])["id"], two.as_str(), "the latest of a name");
    let error = refused(&systole, &["pipeline", "details", "zzz"]);
    assert!(error.starts_with("there is no pipeline whose id begins with `zzz` and none of that name"), "{error}");
}

#[test]
fn several_pipelines_are_paused_resumed_and_cancelled_at_once() {
    let systole = systole();
    let ids = [spawn(&systole, "idle"), spawn(&systole, "idle")];
    let both = |key: &str| json!([{ "id": ids[0], key: true }, { "id": ids[1], key: true }]);
    assert_eq!(systole.json(&["pipeline", "pause", &ids[0], &ids[1]]), both("paused"));
    let statuses = systole.json(&["pipeline", "list", "--status", "paused"]);
    assert_eq!(statuses.as_array().unwrap().len(), 2, "{statuses:#}");
    let error = refused(&systole, &["pipeline", "pause", &ids[0]]);
    assert!(error.contains(&ids[0]) && error.contains("paused"), "{error}");
    let text = say(&systole, &["pipeline", "resume", &ids[0]]);
    assert_eq!(text, format!("{} goes on\n", ids[0]));

    // What cannot be done to one keeps nobody from the others.
    let ran = systole.run(&["--json", "pipeline", "resume", &ids[0], &ids[1]]);
    assert_eq!(ran.code, Some(1), "{ran}");
    let told = ran.json();
    assert_eq!((&told[0]["resumed"], &told[1]["resumed"]), (&json!(false), &json!(true)));
    assert!(ran.stderr.starts_with("systole: ") && ran.stderr.contains(told[0]["error"].as_str().unwrap()), "{ran}");

    let cancelled = systole.json(&["pipeline", "cancel", "--name", "idle", "--yes", "--reason", "Ann had enough"]);
    let mut cancelled: Vec<&str> =
        cancelled.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    cancelled.sort_unstable();
    let mut expected: Vec<&str> = ids.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(cancelled, expected);
    let error = refused(&systole, &["pipeline", "cancel", "--name", "idle"]);
    assert_eq!(error, "no pipeline of the name `idle` is pending or running or paused");
    for arguments in [&["pipeline", "cancel"][..], &["pipeline", "pause", &ids[0], "--name", "idle"]] {
        let ran = systole.run(arguments);
        assert_eq!(ran.code, Some(2), "{ran}");
    }
}

#[test]
fn a_step_is_processed_again_and_each_attempt_has_its_log() {
    let systole = systole();
    let id = spawn(&systole, "failing");
    let refusal = refused(&systole, &["step", "process", &id, "move"]);
    assert!(refusal.contains("`move`") && refusal.contains("enqueued"), "{refusal}");
    systole.json(&["run"]);
    let enqueued = systole.json(&["step", "process", &id, "move"]);
    assert_eq!(enqueued, json!({ "id": id, "step": "move", "enqueued": true }));
    systole.json(&["run"]);
    let logs = systole.json(&["step", "log", &id, "move"]);
    let attempts: Vec<&Value> = logs.as_array().unwrap().iter().map(|log| &log["attempt"]).collect();
    assert_eq!(attempts, [1, 2], "{logs:#}");
    assert!(logs[0]["log"].as_str().unwrap().contains("needs an argument `bunch`"), "{logs:#}");
    let text = say(&systole, &["step", "log", "failing", "move"]);
    let headings: Vec<&str> = text.lines().filter(|line| line.starts_with("---")).collect();
    assert_eq!(headings, ["--- ATTEMPT 1 ---", "--- ATTEMPT 2 ---"], "{text}");
    assert_eq!(say(&systole, &["step", "log", &id, "move", "--attempt", "2"]).matches("ATTEMPT").count(), 1);
    let details = say(&systole, &["pipeline", "details", &id, "--log"]);
    assert!(details.contains("\nlog of step `move`\n--- ATTEMPT 1 ---\n") && details.contains("--- ATTEMPT 2 ---\n"));
    assert_eq!(systole.json(&["pipeline", "details", &id, "--log"])["logs"]["move"], logs);

    let followed = systole.run(&["step", "log", &id, "move", "--follow"]);
    assert_eq!((followed.code, followed.stdout.as_str()), (Some(3), text.as_str()), "it has failed already");
    let error = refused(&systole, &["step", "log", &id, "move", "--attempt", "3"]);
    assert_eq!(error, format!("step `move` of pipeline {id} has no attempt 3 (made: 2)"));
    let error = refused(&systole, &["step", "log", &id, "remove"]);
    assert_eq!(error, format!("pipeline {id} has no step `remove` (expected `move`)"));
}

#[test]
fn dead_letters_are_explained_and_brought_back() {
    let systole = systole();
    let id = spawn(&systole, "idle");
    send(&systole, "no json");
    wear_out(&systole.store());
    let status = systole.json(&["queue", "status"]);
    assert_eq!((&status["dead_letters"], &status["queues"][1]["waiting"]), (&json!(3), &json!(0)), "{status:#}");
    let text = say(&systole, &["queue", "status"]);
    assert!(text.ends_with("\n3 dead letters; `systole queue peek` shows why\n"), "{text}");
    let letters = systole.json(&["queue", "peek"]);
    let of = |step: Value| letters.as_array().unwrap().iter().find(|letter| letter["step"] == step).unwrap();
    let first = of(json!("first"));
    assert_eq!(
        (&first["pipeline"], &first["pipeline_name"], &first["attempt"]),
        (&json!(id), &json!("idle"), &json!(1))
    );
    assert!(first["why"].as_str().unwrap().ends_with("a redrive runs it again"), "{first:#}");
    let bad = of(Value::Null);
    assert!(bad["why"].as_str().unwrap().starts_with("message `no json` is no step message: "), "{bad:#}");
    let text = say(&systole, &["queue", "peek", "--limit", "1"]);
    assert!(
        text.contains("\n  why   ")
            && text.ends_with("`systole queue redrive` moves all dead letters back to their queues\n")
    );

    assert_eq!(say(&systole, &["--by", "ann", "queue", "redrive"]), "3 dead letters moved back\n");
    assert_eq!(systole.json(&["queue", "redrive"]), json!({ "moved": 0 }));
    assert_eq!(say(&systole, &["queue", "peek"]), "no dead letters\n");
    let ran = systole.run(&["run"]);
    assert_eq!(ran.code, Some(1), "one of them is bad for ever: {ran}");
    assert_eq!(systole.json(&["pipeline", "details", &id])["status"], "success");
    let audit = say(&systole, &["audit"]);
    assert!(audit.contains("  ann (CLI)  moved the dead letters back (3)\n"), "{audit}");
}

#[test]
fn row_29_a_watch_tells_each_change_and_ends_as_the_pipeline_does() {
    let systole = systole();
    let id = spawn(&systole, "idle");
    let watch = systole.start(&["pipeline", "watch", &id, "--every", "0.05"]);
    watch.line("the enqueued step", |line| line.ends_with(&format!(" idle {id} first: enqueued")));
    systole.json(&["run"]);
    let ran = watch.end();
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.ends_with(&format!(" idle {id}: success\n")), "{ran}");
    assert!(!ran.stdout.contains('\x1b'), "a pipe gets no cursor movements: {ran}");

    let failing = spawn(&systole, "failing");
    let ran = systole.run(&["pipeline", "watch", "failing", "--timeout", "0.05"]);
    assert_eq!(ran.code, Some(4), "{ran}");
    systole.json(&["run"]);
    let ran = systole.run(&["--json", "pipeline", "watch", "failing"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (step, end) = (&lines[0], lines.last().unwrap());
    assert_eq!((&step["step"], &step["status"], &step["attempt"]), (&json!("move"), &json!("error"), &json!(1)));
    assert_eq!((&end["pipeline"], &end["step"], &end["status"]), (&json!(failing), &Value::Null, &json!("error")));

    let watch = systole.start(&["pipeline", "watch"]);
    watch.line("that there is nothing", |line| line.contains("no pipeline is open"));
    watch.signal("INT");
    assert_eq!(watch.end().code, Some(130));
}

#[test]
fn shells_get_their_completions_without_a_store() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, expected) in
        [("bash", "complete -F _systole"), ("zsh", "#compdef systole"), ("fish", "complete -c systole")]
    {
        let output = run(program().current_dir(folder.path()).args(["completions", shell]));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains(expected), "{shell}: {text}");
        for command in ["maintenance", "redrive", "watch"] {
            assert!(text.contains(command), "{shell} does not know `{command}`");
        }
    }
    let output = run(program().current_dir(folder.path()).args(["completions", "tcsh"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(!folder.path().join(".systole").exists());
}

/// A definition with one thing in it that may be right or wrong, and whether it is right.
const DOCUMENTS: [(&str, bool); 9] = [
    (r#"<step name="a" executorType="archive" sortOrder="10"/>"#, true),
    (r#"<step name="a" executorType="archive" sortOrder="late"/>"#, false),
    (r#"<step name="a b" executorType="archive" sortOrder="10"/>"#, false),
    (r#"<step name="a" executorType="archive" sortOrder="10" expireIn="2 hours"/>"#, true),
    (r#"<step name="a" executorType="archive" sortOrder="10" expireIn="2 hourz"/>"#, false),
    (r#"<step name="a" executorType="archive" sortOrder="10" colour="red"/>"#, false),
    (r#"<step name="a" executorType="archive" sortOrder="10"><argument/></step>"#, false),
    (
        r#"<step name="a" executorType="wait" sortOrder="10"><arguments><argument key="for" value="1 hour"/></arguments></step>"#,
        true,
    ),
    (r#"<stage/>"#, false),
];

#[test]
fn validate_and_the_schema_agree() {
    let folder = tempfile::tempdir().unwrap();
    let schema = crate::systole::root().join("pipelines/pipeline.xsd");
    for (number, (step, is_right)) in DOCUMENTS.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.xml"));
        std::fs::write(&path, format!("<config><pipeline name=\"p\">{step}</pipeline></config>")).unwrap();
        let validate = run(program().args(["pipeline", "validate"]).arg(&path));
        // From the Debian package libxml2-utils.
        let xmllint = run(std::process::Command::new("xmllint").args(["--noout", "--schema"]).args([&schema, &path]));
        assert_eq!((validate.status.success(), xmllint.status.success()), (is_right, is_right), "{step}");
    }
}

#[test]
fn validate_knows_every_executor_and_condition_that_ships() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.xml");
    let validate = |executor: &str, condition: &str| {
        // Some of them read what steps of these names left.
        let before = |name| format!("<step name=\"{name}\" executorType=\"archive\" sortOrder=\"-1\"/>");
        let mut steps = before("validate") + &before("transform");
        let executors: Vec<(&str, String)> =
            reference::executors(&steps::shipped()).iter().map(|entry| (entry.name, needed(entry))).collect();
        for (number, (name, needed)) in executors.into_iter().chain([(executor, String::new())]).enumerate() {
            steps += &format!(
                "<step name=\"s{number}\" executorType=\"{name}\" sortOrder=\"{number}\"><arguments>{needed}</arguments>\
                     <conditions><step_condition type=\"{condition}\"/></conditions></step>"
            );
        }
        std::fs::write(&path, format!("<config><pipeline name=\"p\">{steps}</pipeline></config>")).unwrap();
        let output = run(program().args(["pipeline", "validate"]).arg(&path));
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = validate("archive", "previous_steps_finished");
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = validate("archiv", "previous_steps_finished");
    assert!(
        code == Some(1) && text.contains("no executor `archiv`") && text.contains("did you mean `archive`?"),
        "{text}"
    );
    let (code, text) = validate("archive", "previous_step_finished");
    assert!(code == Some(1) && text.contains("did you mean `previous_steps_finished`?"), "{text}");
}

/// What an executor cannot do without, with the values of its examples.
fn needed(executor: &Entry) -> String {
    let needed = executor.arguments.iter().filter(|it| it.is_required || it.one_of.first() == Some(&it.name));
    needed.map(|it| format!("<argument key=\"{}\" value=\"{}\"/>", it.name, it.form.example)).collect()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn send(systole: &Systole, body: &str) {
    let store = store_embedded::open(&systole.store(), Options::default()).unwrap();
    let message = Outgoing { body: body.to_owned(), delay: Duration::ZERO };
    runtime().block_on(store.queue.send(Priority::Normal, vec![message])).unwrap();
}

/// Delivers every message as often as it may be, and nobody deals with it.
pub(crate) fn wear_out(store: &Path) {
    let store = store_embedded::open(store, Options::default()).unwrap();
    runtime().block_on(async {
        for _ in 0..=MAX_RECEIVES {
            for message in store.queue.receive(10, Duration::ZERO).await.unwrap() {
                store.queue.extend(&message.receipt, Duration::ZERO).await.unwrap();
            }
        }
    });
}

/// An alarm reads the field of this line, see `infra/alarms.yaml`.
#[test]
fn a_heartbeat_says_which_file_has_waited_for_hours() {
    let systole = systole();
    let beat = || {
        let mut command = program();
        command.arg("--store").arg(systole.store()).arg("heartbeat").env("SYSTOLE_LOG", "info");
        let ran = Running::start(command).end();
        assert_eq!(ran.code, Some(0), "{ran}");
        ran.stderr.lines().find(|line| line.contains("has waited")).map(str::to_owned)
    };
    for (name, hours) in [("product-import_1_01.csv", 3), ("other.txt", 2), ("product-import_2_01.csv", 0)] {
        let file = std::fs::File::create(systole.drop_area().join(name)).unwrap();
        let age = Duration::from_secs(hours * 3600 + 60);
        file.set_modified(file.metadata().unwrap().modified().unwrap() - age).unwrap();
    }
    let line = beat().expect("a file waits for long");
    assert!(line.contains("dropped file `product-import_1_01.csv` has waited for 3 hours"), "{line}");
    let seconds = line.split("oldest_wait_seconds").nth(1).unwrap();
    let seconds: String =
        seconds.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    assert!((10_860..10_900).contains(&seconds.parse::<u64>().unwrap()), "{line}");
    assert!(line.contains("files") && line.contains('2'), "{line}");

    for name in ["product-import_1_01.csv", "other.txt"] {
        std::fs::remove_file(systole.drop_area().join(name)).unwrap();
    }
    assert_eq!(beat(), None, "the last one came a minute ago");
}

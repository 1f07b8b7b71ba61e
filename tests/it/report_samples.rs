//! Reports of authors and operators about the engine, followed to the letter: what COMMANDS.txt says is run by a shell in
//! an empty folder. The other reports have their tests where their kind is tested.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::systole::{Ran, Running, Systole, ask, names, program, root, sample};

/// A folder in which the commands of a report are run.
struct Desk {
    folder: TempDir,
    commands: String,
}

impl Desk {
    /// The folder of a report: definitions lie in the store, everything else beside it.
    fn of(report: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let from = root().join("../shared/samples/reports/engine").join(report);
        let overlay = folder.path().join(".systole/files/pipelines");
        std::fs::create_dir_all(folder.path().join("bin")).unwrap();
        std::os::unix::fs::symlink(program().get_program(), folder.path().join("bin/systole")).unwrap();
        let desk = Desk { commands: String::new(), folder };
        for name in names(&from) {
            let text = desk.moved(&std::fs::read_to_string(from.join(&name)).unwrap());
            if name.ends_with(".xml") {
                std::fs::create_dir_all(&overlay).unwrap();
                std::fs::write(overlay.join(name), text).unwrap();
            } else {
                std::fs::write(desk.path().join(name), text).unwrap();
            }
        }
        let commands = std::fs::read_to_string(desk.path().join("COMMANDS.txt")).unwrap();
        Desk { commands, ..desk }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A text of the report that leaves alone what others have in the machine's folder for such things.
    fn moved(&self, text: &str) -> String {
        text.replace("/tmp/", &format!("{}/", self.path().display()))
    }

    /// Runs commands of the report.
    fn run(&self, commands: &str) -> Ran {
        let mut shell = Command::new("sh");
        shell.current_dir(self.path()).arg("-c").arg(format!("PATH=\"$PWD/bin:$PATH\"\n{commands}"));
        for variable in ["SYSTOLE_STORE", "SYSTOLE_LOG"] {
            shell.env_remove(variable);
        }
        Running::start(shell).end()
    }

    fn json(&self, command: &str) -> Value {
        self.run(&format!("systole --json {command}")).json()
    }
}

#[test]
fn a_schedule_that_never_comes_is_refused_as_a_setting() {
    let desk = Desk::of("cron-setting-never");
    let ran = desk.run(&format!("systole heartbeat >/dev/null; {}", desk.commands));
    assert!(ran.stdout == "1\n" && ran.stderr.contains("is never due"), "{ran}");
    let systole = Systole::new();
    let (dev, address) = systole.dev(&[]);
    for (setting, value) in [
        ("clean_up.cron", "0 0 31 2 *"),
        ("clean_up.cron", "0 0 30 2 *"),
        ("clean_up.cron", "0 0 31 4,6,9,11 *"),
        ("pipeline.cron", "0 0 31 feb *"),
    ] {
        let answer = ask(address, "PUT", &format!("/settings/{setting}"), &json!({ "value": value }).to_string());
        let said = answer.body["error"].as_str().unwrap_or_default();
        assert!(answer.status == 400 && said.contains("is never due"), "{setting} {value}: {answer:?}");
        let ran = systole.run(&["settings", "set", setting, value]);
        assert!(ran.code == Some(1) && ran.stderr.contains("is never due"), "{ran}");
    }
    dev.signal("TERM");
    assert_eq!(dev.end().code, Some(0));
}

#[test]
fn a_command_that_looks_creates_no_store() {
    let desk = Desk::of("looking-creates-store");
    let ran = desk.run(&desk.commands);
    assert!(ran.stdout == "1\n" && ran.stderr.contains("there is no store at `typo/`"), "{ran}");
    assert!(!desk.path().join("typo").exists(), "{ran}");
}

#[test]
fn a_misspelt_argument_is_refused_before_anything_is_sent() {
    let desk = Desk::of("misspelt-argument");
    // The rest of the commands would need the server that is never to be called.
    let validate = desk.commands.lines().find(|line| line.starts_with("systole pipeline validate")).unwrap();
    let ran = desk.run(validate);
    let file = ".systole/files/pipelines/a.xml";
    for (place, said) in [
        ("9:16", "did you mean `method`?"),
        ("10:16", "did you mean `body`?"),
        ("25:28", "`2 hourz` is not a duration"),
    ] {
        let line = ran.stdout.lines().find(|line| line.starts_with(&format!("{file}:{place}: ")));
        assert!(line.is_some_and(|line| line.contains(said)), "{place} {said}: {ran}");
    }
    assert!(ran.stdout.ends_with("\n1\n"), "{ran}");
    let ran = desk.run("systole heartbeat; systole pipeline init p; echo $?");
    assert!(ran.stdout.ends_with("\n1\n") && ran.stderr.contains("the argument `mehtod` is not known"), "{ran}");
}

#[test]
fn a_step_whose_host_dies_each_time_ends() {
    let desk = Desk::of("poison-step");
    let ran = desk.run(&desk.commands);
    let step = &desk.json("pipeline details p")["steps"][0];
    assert_eq!(step["status"], "error", "{step}: {ran}");
    let said = step["message"].as_str().unwrap();
    assert!(said.contains("it is the 7th time in a row that a runner died with this step"), "{said}");
    let pipeline = desk.run("systole pipeline details p");
    assert!(pipeline.stdout.contains("7th time in a row"), "{pipeline}");
}

#[test]
fn what_told_of_a_failure_tells_anew_once_the_step_has_succeeded() {
    let desk = Desk::of("run-always-after-retry");
    let ran = desk.run(&desk.commands);
    let details = desk.json("pipeline details catalog_import");
    assert_eq!(details["status"], "success", "{details}: {ran}");
    let report = find(&desk.path().join(".systole/files/archive"), "report.txt");
    let report = std::fs::read_to_string(report).unwrap();
    assert!(report.contains("created") && !report.contains("nothing was imported"), "{report}");
    assert_eq!(total(&report, "created"), "1", "{report}");
    assert!(ran.stdout.contains(&report), "{ran}");
    let kept = desk.json("catalog show A-1");
    assert!(kept.to_string().contains("Boot"), "{kept}");
}

/// The number in the last line of a report below the title of a column.
fn total<'r>(report: &'r str, title: &str) -> &'r str {
    let mut lines = report.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let titles = lines.find(|words| words.first() == Some(&"file")).unwrap_or_else(|| panic!("{report}"));
    let total = lines.find(|words| words.first() == Some(&"total")).unwrap_or_else(|| panic!("{report}"));
    total[titles.iter().position(|word| *word == title).unwrap()]
}

fn find(folder: &Path, name: &str) -> PathBuf {
    let listed = patience::run(Command::new("find").arg(folder).args(["-name", name]));
    let text = String::from_utf8(listed.stdout).unwrap();
    PathBuf::from(text.lines().next().unwrap_or_else(|| panic!("there is no `{name}` in `{}`", folder.display())))
}

#[test]
fn classes_of_the_original_are_named_wherever_one_looks() {
    let systole = Systole::new();
    let file = systole.folder("mine").join("original-reindex.xml");
    let text = sample("reports/newcomer/original-reindex.xml");
    std::fs::write(&file, &text).unwrap();
    systole.overlay("original-reindex.xml", &text);
    let reindex = r"2:31: step `a`: there is no executor for the class `TechDivision\ProcessPipelines\Model\Executor\Reindex`; indexes belong to the system that has them: use ";
    let cache = r"3:31: step `b`: there is no executor for the class `TechDivision\ProcessPipelines\Model\Executor\DropCache`; caches belong to the system that has them: use ";
    let file = file.to_str().unwrap();
    for (command, name) in [
        (&["pipeline", "validate", file][..], file),
        (&["heartbeat"], "original-reindex.xml"),
        (&["health"], "original-reindex.xml"),
        (&["pipeline", "init", "v"], "original-reindex.xml"),
        (&["pipeline", "list", "--definitions"], "original-reindex.xml"),
    ] {
        let ran = systole.run(command);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        for problem in [reindex, cache] {
            assert!(said.contains(&format!("{name}:{problem}")), "{ran}");
        }
    }
}

#[test]
fn a_reference_is_checked_with_the_definition_of_ones_own_in_the_store() {
    let systole = Systole::new();
    let file = systole.folder("mine").join("reference-own.xml");
    std::fs::write(&file, sample("reports/newcomer/reference-own.xml")).unwrap();
    let validate = ["pipeline", "validate", file.to_str().unwrap()];
    let _ = systole.run(&["heartbeat"]);
    let ran = systole.run(&validate);
    let expected = format!("{}:1:34: there is no pipeline `feeds` to refer to", file.display());
    assert!(ran.code == Some(1) && ran.stdout.contains(&expected), "{ran}");
    systole.overlay(
        "feeds.xml",
        r#"<config><pipeline name="feeds"><conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="a" executorType="archive" sortOrder="10"/></pipeline></config>"#,
    );
    let ran = systole.run(&validate);
    assert!(ran.code == Some(0) && ran.stdout.contains("changed `feeds`"), "{ran}");
    assert!(ran.stdout.contains(r#"priority: "normal" → "high""#), "{ran}");
}

/// The reports that are tested elsewhere, and where; those above name theirs.
const ELSEWHERE: &[(&str, &[&str])] = &[
    (
        "tests/it/commands/samples.rs",
        &[
            "argument-too-long",
            "daemon-holds-pipe",
            "log-tail-lost",
            "log-utf8-split",
            "retry-after-date",
            "second-ctrl-c-orphan",
            "http-then-import.xml",
        ],
    ),
    ("tests/it/lists.rs", &["list-truncated"]),
    ("tests/it/looking.rs", &["store-read-only"]),
    ("tests/it/bulk.rs", &["long-step.xml"]),
    (
        "shared/steps/tests/it/samples.rs",
        &[
            "cron-weekday-step",
            "dst-step-hours",
            "stale-sibling-eats-tick",
            "runner-budget.xml",
            "http-without-url.xml",
            "remove-validate.xml",
        ],
    ),
];

#[test]
fn no_report_about_the_engine_is_left_out_of_the_samples() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let mut tested = BTreeSet::new();
    for (path, reports) in ELSEWHERE.iter().chain(&[("tests/it/report_samples.rs", HERE)]) {
        let text = read(path);
        for report in *reports {
            assert!(text.contains(report), "`{path}` does not name `{report}`");
            tested.insert((*report).to_owned());
        }
    }
    let reports = root().join("../shared/samples/reports");
    let mut all: BTreeSet<String> = names(&reports.join("engine")).into_iter().collect();
    all.extend(names(&reports.join("newcomer")).into_iter().filter(|name| name.ends_with(".xml")));
    assert_eq!(tested, all);
}

const HERE: &[&str] = &[
    "cron-setting-never",
    "looking-creates-store",
    "misspelt-argument",
    "poison-step",
    "run-always-after-retry",
    "original-reindex.xml",
    "reference-own.xml",
];

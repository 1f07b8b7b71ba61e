//! The programs of the extension: `systole` knows it in every command, and its functions take the places of those that ship.
#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute and not what it calls")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// Runs `systole` with the extension over a store; its answer as JSON.
fn systole(store: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_extension-systole"));
    let output = command.arg("--store").arg(store).arg("--json").args(arguments).output().unwrap();
    let (told, failed) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "systole {arguments:?}: {told}{failed}");
    serde_json::from_str(&told).unwrap_or_else(|error| panic!("systole {arguments:?}: {error}: {told}{failed}"))
}

#[test]
fn every_command_knows_what_the_extension_adds() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path();
    let listed = systole(store, &["executors"]);
    let names: Vec<&str> = listed.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    for added in ["count_lines", "office_hours", "price_lists", "bunch_complete", "import_products"] {
        assert!(names.contains(&added), "{added}: {names:?}");
    }
    // There is no store before somebody works with one.
    systole(store, &["heartbeat"]);
    let file = format!("{FOLDER}/price_list.xml");
    let validated = systole(store, &["pipeline", "validate", &file]);
    assert_eq!(validated["problems"], serde_json::json!([]));

    // A step of the extension runs from the command line, as in `systole dev`.
    let count = "<config><pipeline name=\"count\"><conditions><pipeline_condition type=\"no_auto_spawn\"/></conditions>\
                 <step name=\"count\" executorType=\"count_lines\"/></pipeline></config>";
    for (key, content) in [("pipelines/count.xml", count), ("price-lists/acme.csv", "sku,price\na,1\n")] {
        let path = store.join("files").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    systole(store, &["pipeline", "init", "count", "-a", "file=price-lists/acme.csv"]);
    systole(store, &["run"]);
    let details = systole(store, &["pipeline", "details", "count"]);
    assert_eq!(details["status"], "success", "{details}");
    assert_eq!(details["steps"][0]["output"], serde_json::json!({ "lines": 2 }));
    // And the data fetcher asks for its pipeline in a heartbeat.
    let beat = systole(store, &["heartbeat"]);
    assert!(beat["spawned"][0].as_str().unwrap().starts_with("price_list "), "{beat}");
}

#[test]
fn the_functions_of_the_extension_are_deployed_in_the_places_of_those_that_ship() {
    let script = format!("{FOLDER}/../../scripts/build-functions");
    let list = |extension: &str| Command::new(&script).arg("--list").env("EXTENSION", extension).output().unwrap();
    let told = String::from_utf8(list(FOLDER).stdout).unwrap();
    let expected = "heartbeat: extension-heartbeat\nrunner: extension-runner\nintake: intake of Systole\n\
                    admin: extension-admin\n";
    assert_eq!(told, expected);
    let none = tempfile::tempdir().unwrap();
    std::fs::write(none.path().join("Cargo.toml"), "[package]\nname = \"none\"\n").unwrap();
    let refused = list(none.path().to_str().unwrap());
    assert!(!refused.status.success());
    let refused = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.contains("is a function (expected names that end in -heartbeat"), "{refused}");
}

/// Who copies it gets the same packages and versions as this crate is built and tested with.
#[test]
fn the_manifest_for_a_repository_of_ones_own_asks_for_what_this_one_does() {
    let read = |path: String| std::fs::read_to_string(path).unwrap();
    let (ours, own) = (read(format!("{FOLDER}/Cargo.toml")), read(format!("{FOLDER}/own-repository.toml")));
    let workspace = read(format!("{FOLDER}/../../Cargo.toml"));
    let names = |text: &str| -> Vec<String> {
        let dependencies = text.split_once("[dependencies]").unwrap().1;
        let lines = dependencies.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
        lines.map(|line| line.split([' ', '.']).next().unwrap().to_owned()).collect()
    };
    // The bounded waits of our tests are no package that others can have.
    let ours_for_others: Vec<String> = names(&ours).into_iter().filter(|name| name != "patience").collect();
    assert_eq!(ours_for_others, names(&own));
    let line_of = |text: &str, name: &str| {
        text.lines()
            .find(|line| line.starts_with(&format!("{name} = ")))
            .unwrap_or_else(|| panic!("no {name}"))
            .to_owned()
    };
    for name in names(&own) {
        let (here, there) = (line_of(&workspace, &name), line_of(&own, &name));
        if here.contains("path = ") {
            assert_eq!(there, format!("{name} = {{ git = \"SYSTOLE\", rev = \"REVISION\" }}"));
        } else {
            assert_eq!(there, here);
        }
    }
}

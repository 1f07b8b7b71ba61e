//! Which crate may depend on which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use patience::run;
use serde_json::Value;

use super::{files, tree};
use crate::systole::{names, root};

/// What each crate depends on, by folder. An edge more is a decision: it is written here, and the order of the layers in
/// ARCHITECTURE.md ("Dependencies go one way") must have it.
const NEEDED: [(&str, &[&str]); 17] = [
    (
        "cli",
        &[
            "admin",
            "catalog",
            "engine",
            "import",
            "operate",
            "pipeline",
            "steps",
            "store",
            "store-aws",
            "store-embedded",
        ],
    ),
    ("admin", &["engine", "operate", "pipeline", "steps", "store", "store-aws"]),
    ("heartbeat", &["engine", "steps", "store-aws"]),
    ("intake", &["engine", "steps", "store-aws"]),
    ("runner", &["engine", "steps", "store-aws"]),
    ("operate", &["catalog", "engine", "import", "orders", "pipeline", "steps", "store"]),
    ("steps", &["catalog", "engine", "http", "import", "magento", "orders", "pipeline", "store"]),
    ("engine", &["pipeline", "store"]),
    ("magento", &["catalog", "http", "import"]),
    ("catalog", &["import", "pipeline", "store"]),
    ("import", &[]),
    ("orders", &[]),
    ("http", &[]),
    ("store-aws", &["pipeline", "store"]),
    ("store-embedded", &["pipeline", "store"]),
    ("store", &["pipeline"]),
    ("pipeline", &[]),
];

/// Edges within a layer, with the reason. `cli` may name the function in one file only, see below.
const ASIDE: [(&str, &str, &str); 1] = [("cli", "admin", "`systole dev` hosts the API in its own process")];

/// They implement `store`; programs choose between them, and no library knows which one there is.
const BACK_ENDS: [&str; 2] = ["store-aws", "store-embedded"];

#[test]
fn every_edge_between_crates_is_a_written_decision() {
    let found = dependencies();
    let written: BTreeMap<String, BTreeSet<String>> = NEEDED
        .iter()
        .map(|(name, needs)| ((*name).to_owned(), needs.iter().map(|it| (*it).to_owned()).collect()))
        .collect();
    let mut wrong = Vec::new();
    let none = BTreeSet::new();
    for name in found.keys().chain(written.keys()).collect::<BTreeSet<_>>() {
        let (needs, listed) = (found.get(name).unwrap_or(&none), written.get(name).unwrap_or(&none));
        if !written.contains_key(name) {
            wrong.push(format!("`{name}` is new"));
        }
        wrong.extend(needs.difference(listed).map(|other| format!("`{name}` depends on `{other}`, which is new")));
        wrong.extend(listed.difference(needs).map(|other| format!("`{name}` does not depend on `{other}` any more")));
    }
    assert_eq!(wrong, Vec::<String>::new(), "judge it, then write it into `NEEDED` of {}", file!());
}

#[test]
fn the_edges_go_the_way_that_the_architecture_shows() {
    let layers = layers();
    let layer = |name: &str| {
        // A back end stands where `store` stands.
        let name = if BACK_ENDS.contains(&name) { "store" } else { name };
        layers.iter().position(|layer| layer.iter().any(|it| it == name))
    };
    let mut against = Vec::new();
    for (name, needs) in NEEDED {
        let own = layer(name).unwrap_or_else(|| panic!("ARCHITECTURE.md has no layer for `{name}`: {layers:?}"));
        for other in needs {
            let is_aside = ASIDE.iter().any(|(from, to, _)| (from, to) == (&name, other));
            let is_seam = BACK_ENDS.contains(&name) && *other == "store";
            let is_program = own == 0;
            let may_be =
                is_aside || is_seam || (layer(other) > Some(own) && (is_program || !BACK_ENDS.contains(other)));
            if !may_be {
                against.push(format!("{name} → {other}"));
            }
        }
    }
    assert_eq!(against, Vec::<String>::new(), "the layers are {layers:?}");
}

/// An edge aside stays as thin as its reason.
#[test]
fn the_command_line_names_a_function_where_it_hosts_it_and_nowhere_else() {
    let functions: Vec<&str> = ASIDE.iter().filter(|(from, ..)| *from == "cli").map(|(_, to, _)| *to).collect();
    let mut naming = BTreeSet::new();
    for file in files(&root().join("cli/src"), "rs") {
        let text = std::fs::read_to_string(&file).unwrap();
        if functions.iter().any(|function| text.contains(&format!("{function}::"))) {
            naming.insert(file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        }
    }
    assert_eq!(naming, BTreeSet::from(["cli/src/dev.rs".to_owned()]), "only `systole dev` may know {functions:?}");
}

#[test]
fn what_people_do_and_see_needs_no_function() {
    for package in ["operate", "steps"] {
        let reached = tree(&["--package", package]);
        let functions: Vec<_> =
            names(&root().join("functions")).into_iter().filter(|it| reached.contains(it)).collect();
        assert_eq!(functions, Vec::<String>::new(), "{package}");
    }
}

/// The layers as ARCHITECTURE.md draws them, from the top; `functions` stands for each of them.
fn layers() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let drawn = text.split_once("Dependencies go one way: `").unwrap().1.split('`').next().unwrap();
    let mut layers = Vec::new();
    for layer in drawn.split('→') {
        let mut members = Vec::new();
        for name in layer.split(',').map(str::trim) {
            match name {
                "functions" => members.extend(names(&root().join("functions"))),
                name => members.push(name.to_owned()),
            }
        }
        layers.push(members);
    }
    layers
}

/// What the crates of the product need of each other to be built, by folder.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let asked = ["metadata", "--no-deps", "--locked", "--format-version", "1"];
    let output = run(Command::new(env!("CARGO")).current_dir(root()).args(asked));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        let folder = folder.strip_prefix(root()).unwrap();
        if !["cli", "functions", "shared"].iter().any(|part| folder.starts_with(part)) {
            continue;
        }
        let needed = package["dependencies"].as_array().unwrap().iter().filter(|it| it["kind"].is_null());
        let ours = needed.filter_map(|it| Some(last(Path::new(it["path"].as_str()?)))).collect();
        found.insert(last(folder), ours);
    }
    found
}

fn last(folder: &Path) -> String {
    folder.file_name().unwrap().to_str().unwrap().to_owned()
}

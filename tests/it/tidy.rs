//! Rules that no compiler checks.

mod circles;
mod crates;
mod fields;
mod paths;
mod source;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use patience::run;
use serde_json::{Value, json};
use store::queue::MAX_RECEIVES;

use crate::systole::{names, program, root};

/// Longest `ARCHITECTURE.md`; what is longer is not read.
const ARCHITECTURE_LINES: usize = 300;

/// Crates that reach the network, files, databases, other processes or the clock.
const IO_CRATES: [&str; 18] = [
    "async-io",
    "async-std",
    "aws-config",
    "axum",
    "curl",
    "hyper",
    "isahc",
    "libsqlite3-sys",
    "mio",
    "native-tls",
    "reqwest",
    "rusqlite",
    "rustls",
    "socket2",
    "sqlx",
    "tempfile",
    "tokio",
    "ureq",
];

/// What reaches them in the standard library.
const IO_PATHS: [&str; 7] =
    ["std::fs", "std::net", "std::process", "std::env", "std::thread", "SystemTime::now", "Utc::now"];

#[test]
fn only_store_aws_reaches_the_aws_sdk() {
    assert!(tree(&["--package", "store-aws"]).iter().any(|name| name.starts_with("aws-sdk-")));
    let without = tree(&["--workspace", "--exclude", "store-aws", "--prune", "store-aws"]);
    let reaching: Vec<_> = without.iter().filter(|name| name.starts_with("aws-sdk-")).collect();
    assert_eq!(reaching, Vec::<&String>::new());
}

#[test]
fn the_domain_and_the_file_formats_do_no_io() {
    for package in ["pipeline", "import", "orders"] {
        let reaching: Vec<String> = tree(&["--package", package])
            .into_iter()
            .filter(|name| IO_CRATES.contains(&name.as_str()) || name.starts_with("aws-"))
            .collect();
        assert_eq!(reaching, Vec::<String>::new(), "{package}");
        for file in files(&root().join("shared").join(package).join("src"), "rs") {
            let is_test = |part: &std::ffi::OsStr| part == "tests" || part == "tests.rs";
            if file.iter().any(is_test) {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let found: Vec<_> = IO_PATHS.into_iter().filter(|path| code.contains(path)).collect();
            assert_eq!(found, Vec::<&str>::new(), "{}", file.display());
        }
    }
}

#[test]
fn every_definition_ships_and_loads() {
    let folder = root().join("pipelines");
    let files: Vec<String> = names(&folder).into_iter().filter(|name| name.ends_with(".xml")).collect();
    let shipped: Vec<&str> = steps::DEFINITIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(shipped, files);
    let paths = files.iter().map(|name| folder.join(name));
    let output = run(program().args(["--json", "pipeline", "validate"]).args(paths));
    let loaded: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(loaded["problems"], json!([]));
    assert!(!loaded["definitions"].as_array().unwrap().is_empty());
}

#[test]
fn every_function_is_deployed_under_the_name_of_its_binary() {
    let deployed = resources("functions.yaml");
    for folder in names(&root().join("functions")) {
        let manifest = std::fs::read_to_string(root().join("functions").join(&folder).join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("[[bin]]\nname = \"{folder}\"\n")), "{folder}: {manifest}");
        let code = format!("CodeUri: ../target/lambda/{folder}");
        let is_it = |lines: &&Vec<String>| lines.iter().any(|line| line.trim() == code);
        let function = deployed.values().find(is_it).unwrap_or_else(|| panic!("no function has `{code}`"));
        let has = |expected: &str| function.iter().any(|line| line.trim() == expected);
        assert!(has("Type: AWS::Serverless::Function"), "{folder}");
        assert!(has(&format!("FunctionName: !Sub systole-${{Stage}}-{folder}")), "{folder}");
    }
    let functions = deployed.values().flatten().filter(|line| line.trim() == "Type: AWS::Serverless::Function").count();
    assert_eq!(functions, names(&root().join("functions")).len());
}

/// Lambda's guard would cut a pipeline after about 16 steps: each of them is a runner that sends a message to runners.
#[test]
fn the_runner_may_call_runners() {
    let deployed = resources("functions.yaml");
    assert!(deployed["Runner"].iter().any(|line| line.trim() == "RecursiveLoop: Allow"), "{:#?}", deployed["Runner"]);
}

#[test]
fn the_runner_may_invoke_only_what_a_parameter_names() {
    let deployed = resources("functions.yaml");
    let is_role = |lines: &&Vec<String>| lines.iter().any(|line| line.contains("Type: AWS::IAM::Role"));
    let rights = deployed.values().filter(is_role).flatten();
    let rights = rights.filter(|line| !line.contains("Effect: Deny"));
    let mut may_invoke = rights.filter(|line| line.contains("lambda:InvokeFunction"));
    let only = "Action: lambda:InvokeFunction, Resource: !Ref InvokableFunctions }, !Ref AWS::NoValue]";
    assert!(may_invoke.next().unwrap().trim().ends_with(only));
    assert_eq!(may_invoke.next(), None);
    assert!(deployed["RunnerRole"].iter().any(|line| line.contains("!If [HasInvokable, ") && line.contains(only)));
    let template = std::fs::read_to_string(root().join("infra/functions.yaml")).unwrap();
    for parameter in ["InvokableFunctions: { Type: CommaDelimitedList", "HttpAllowedHosts: { Type: String"] {
        assert!(template.contains(&format!("{parameter}, Default: \"\" }}")), "{parameter} allows nothing by default");
    }
}

#[test]
fn no_role_may_do_everything_or_anywhere() {
    let mut roles = 0;
    for file in names(&root().join("infra")).into_iter().filter(|name| name.ends_with(".yaml")) {
        for (name, lines) in resources(&file) {
            if !lines.iter().any(|line| line.contains("Type: AWS::IAM::Role")) {
                continue;
            }
            roles += 1;
            // Switched off by default, and AWS knows no resource for these; `security/options.rs` looks at them.
            let is_optional = |line: &&String| line.contains("!If [HasVpc, ") || line.contains("!If [IsTraced, ");
            for line in lines.iter().filter(|line| !is_optional(line)) {
                let words = line.split([' ', ',', '[', ']', '{', '}', '"', '\'']);
                let wide: Vec<_> = words.filter(|word| *word == "*" || word.ends_with(":*")).collect();
                assert_eq!(wide, Vec::<&str>::new(), "{file}: {name}: {line}");
            }
        }
    }
    assert_eq!(roles, names(&root().join("functions")).len());
}

#[test]
fn queues_give_up_after_as_many_deliveries_as_the_seam_says() {
    let resources = resources("storage.yaml");
    let redrives: Vec<&String> = resources.values().flatten().filter(|line| line.contains("maxReceiveCount")).collect();
    assert!(redrives.len() >= 4, "{redrives:#?}");
    for redrive in redrives {
        assert!(redrive.contains(&format!("maxReceiveCount: {MAX_RECEIVES} ")), "{redrive}");
    }
}

#[test]
fn no_test_is_switched_off() {
    let off = [concat!("#[", "ignore"), concat!("#[cfg(", "any())]")];
    for folder in ["cli", "functions", "shared", "tests"] {
        for file in files(&root().join(folder), "rs") {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(!off.iter().any(|off| text.contains(off)), "{}", file.display());
        }
    }
}

#[test]
fn the_architecture_is_short_enough_to_be_read() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(text.lines().count() <= ARCHITECTURE_LINES, "{} lines", text.lines().count());
}

/// The names of the packages that a build depends on.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let output = run(Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .args(arguments));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
}

/// The lines of each resource of a template, without comments.
fn resources(template: &str) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(root().join("infra").join(template)).unwrap();
    let mut resources: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut name = None;
    let is_of_resources = |line: &&str| line.is_empty() || line.starts_with([' ', '#']);
    let lines = text.lines().skip_while(|line| *line != "Resources:").skip(1).take_while(is_of_resources);
    for line in lines {
        let line = line.split(" #").next().unwrap().trim_end();
        if line.trim_start().starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')) {
            name = head.split_once(':').map(|(name, _)| name.to_owned());
        }
        if let Some(name) = &name {
            resources.entry(name.clone()).or_default().push(line.to_owned());
        }
    }
    assert!(!resources.is_empty(), "no resources in {template}");
    resources
}

/// All files of a suffix in a folder and those below it.
fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in names(folder) {
        let path = folder.join(name);
        if path.is_dir() && !path.ends_with("target") {
            found.extend(files(&path, suffix));
        } else if path.extension().is_some_and(|other| other == suffix) {
            found.push(path);
        }
    }
    found
}

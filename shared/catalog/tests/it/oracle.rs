//! The shop's own importer as the referee of product rows.
//!
//! The probes beside the project say of many small files what the shop's importer made of each row. Every file is
//! imported into a catalogue that knows the same shop, and each row must have the same verdict and leave the same
//! values. Where we differ on purpose, `oracle/differences.tsv` says so, with the number of the referee's fact and a
//! reason.

mod differences;
mod facts;
mod fields;
mod products;
mod run;
mod suites;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use differences::{Difference, Listed};
use facts::Referee;
use fields::Fields;
use run::{Imported, Stored, Verdict, Verdicts};

/// The folder of the referee, which lies beside the project because of its licences.
fn folder() -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/imports/oracle"));
    assert!(folder.is_dir(), "the referee is expected in {}", folder.display());
    folder
}

fn json(path: &str) -> Value {
    let path = folder().join(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The probes of products; each one's first run.
fn probes() -> Vec<(String, Value)> {
    let mut names: Vec<String> = fs::read_dir(folder().join("probes/results"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
        .collect();
    names.sort();
    let mut probes = Vec::new();
    for name in names {
        let run = json(&format!("probes/results/{name}.json"))["runs"][0].take();
        if run["entity"] == "catalog_product" {
            probes.push((name, run));
        }
    }
    probes
}

/// Everything in which we differ from the referee over one probe: verdicts, and what is stored.
fn differences(name: &str, run: &Value, referee: &Referee) -> Vec<Difference> {
    let (mut found, ours, theirs) = differences_of_verdicts(name, run, (referee, &referee.products));
    // A file that the shop only looked at has left nothing to compare.
    let is_imported = run["import"].is_object();
    if is_imported && ours.file_verdict() == Verdict::Taken && theirs.file == Verdict::Taken {
        found.extend(differences_of_values(name, run, referee, (&ours, &theirs)));
    }
    found
}

/// The rows, or the file, that only one of us takes; and what both made of the file.
fn differences_of_verdicts(
    name: &str,
    run: &Value,
    (referee, before): (&Referee, &Stored),
) -> (Vec<Difference>, Imported, Verdicts) {
    let file = run["file"].as_str().unwrap();
    // Probes lie in the folder of the referee, the files of others beside it, and the demo is ours.
    let root = match file.split('/').next() {
        Some("probes") => folder(),
        Some("demo") => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")),
        _ => folder().join("../.."),
    };
    let file = root.join(file);
    let ours = run::import(&file, run, (referee, before));
    let theirs = run::verdicts(run);
    let mut found = Vec::new();
    if ours.file_verdict() != theirs.file {
        let place = "file".to_owned();
        let is = format!("{} ({})", ours.file_verdict().as_str(), ours.problem.clone().unwrap_or_default());
        found.push(Difference { probe: name.to_owned(), place, ours: is, theirs: theirs.file.as_str().to_owned() });
    }
    let is_read_by_both = ours.file_verdict() == Verdict::Taken && theirs.file == Verdict::Taken;
    for (number, row) in ours.rows.iter().filter(|_| is_read_by_both) {
        let verdict = theirs.rows.get(number).copied().unwrap_or(Verdict::Taken);
        if row.verdict != verdict {
            let place = format!("row {number}");
            let is = format!("{} {}", row.verdict.as_str(), row.problem);
            found.push(Difference { probe: name.to_owned(), place, ours: is, theirs: verdict.as_str().to_owned() });
        }
    }
    (found, ours, theirs)
}

/// Compares what is stored of the products of which both have taken every row.
fn differences_of_values(
    name: &str,
    run: &Value,
    referee: &Referee,
    (ours, theirs): (&Imported, &Verdicts),
) -> Vec<Difference> {
    let mut found = Vec::new();
    let stored = run["stored"]["products"].as_object().into_iter().flatten();
    let empty = Value::Null;
    for (sku, result) in stored {
        let rows = ours.rows.iter().filter(|(_, row)| row.key == import::name_key::name_key(sku));
        let mut rows = rows.peekable();
        let is_new = result["existed"] != true;
        if is_new && rows.peek().is_none() {
            continue;
        }
        if !rows.all(|(number, row)| row.verdict == Verdict::Taken && !theirs.rows.contains_key(number)) {
            continue;
        }
        let before = referee.json["products"].as_object().unwrap().iter();
        let before = before.filter(|(known, _)| import::name_key::name_key(known) == import::name_key::name_key(sku));
        let before = before.map(|(_, product)| product).next().filter(|_| !is_new).unwrap_or(&empty);
        let expected = fields::of_referee(&fields::overlaid(before, result));
        let is = ours.products.get(&import::name_key::name_key(sku)).map(fields::of_product).unwrap_or_default();
        for (field, ours, theirs) in unlike(&is, &expected) {
            found.push(Difference { probe: name.to_owned(), place: format!("{sku} {field}"), ours, theirs });
        }
    }
    found
}

fn unlike(ours: &Fields, theirs: &Fields) -> Vec<(String, String, String)> {
    let names: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let text = |fields: &Fields, name: &str| fields.get(name).cloned().unwrap_or_else(|| "nothing".to_owned());
    let pairs = names.into_iter().map(|name| (name.clone(), text(ours, name), text(theirs, name)));
    pairs.filter(|(_, ours, theirs)| ours != theirs).collect()
}

/// The files of other people that the referee added or updated in a fresh shop, leaving out what it could not use, and then
/// replaced and deleted.
fn files_of_others() -> Vec<(String, Vec<Value>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder().join("results")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let runs = json(&format!("results/{name}"))["runs"].take();
        let fits = |run: &&Value, behavior: &str, chain: &str| {
            let is = |key: &str, value: &str| run[key] == value;
            is("entity", "catalog_product")
                && is("behavior", behavior)
                && is("strategy", "skip")
                && is("base", "rich")
                && is("chain", chain)
        };
        let find = |behavior, chain| runs.as_array().unwrap().iter().find(|run| fits(run, behavior, chain)).cloned();
        let Some(first) = find("append", "fresh") else { continue };
        let behind = ["replace", "delete"].into_iter().filter_map(|what| find(what, "after the runs before it"));
        files.push((short_name(&name), [first].into_iter().chain(behind).collect()));
    }
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

/// The end of a name that stands for a path.
fn short_name(name: &str) -> String {
    let name = name.trim_end_matches(".csv.json");
    let parts: Vec<&str> = name.split("__").collect();
    parts[parts.len().saturating_sub(3)..].join("/").replace(' ', "_")
}

#[test]
fn samples_of_others_have_the_verdicts_of_the_referee_but_for_what_is_listed() {
    let referee = Referee::new("shop-rich.json");
    let files = files_of_others();
    let mut found = Vec::new();
    let mut runs_behind = 0;
    for (name, runs) in &files {
        let mut before = referee.products.clone();
        for run in runs {
            // What is done with the rows, unless it is the usual thing.
            let behavior = run["behavior"].as_str().filter(|behavior| *behavior != "append");
            let name = behavior.map_or_else(|| name.clone(), |behavior| format!("{behavior}:{name}"));
            runs_behind += usize::from(behavior.is_some());
            let (differences, ours, _) = differences_of_verdicts(&name, run, (&referee, &before));
            found.extend(differences);
            before = ours.products;
        }
    }
    Listed::read("others.tsv").check(&found);
    assert!(files.len() > 100, "only {} files were found", files.len());
    assert!(runs_behind > 100, "only {runs_behind} runs replaced or deleted");
}

#[test]
fn samples_of_the_referee_have_its_verdicts_and_its_values_but_for_what_is_listed() {
    let referee = Referee::new("shop-plain.json");
    let probes = probes();
    assert!(probes.len() > 355, "only {} probes were found", probes.len());
    let mut found = Vec::new();
    for (name, run) in &probes {
        found.extend(differences(name, run, &referee));
    }
    let listed = Listed::read("differences.tsv");
    listed.check(&found);
}

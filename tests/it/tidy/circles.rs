//! Files of one crate import each other in no circle, but for a module and its own children.
//!
//! What passes between a module and its descendants is left out altogether. So a way from another file to a module, on to
//! its child and from there back to the file is no circle here: `engine` has one, since an executor is handed the work, and
//! with it the context that holds the list of executors.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::paths::{Names, Place};
use super::source::modules_of;
use crate::systole::{names, root};

/// Who imports whom, with the place and the words of one import for each pair.
type Edges = BTreeMap<PathBuf, BTreeMap<PathBuf, String>>;

#[test]
fn no_files_import_each_other_in_a_circle() {
    let crates = names(&root().join("shared")).into_iter().map(|name| format!("shared/{name}"));
    let functions = names(&root().join("functions")).into_iter().map(|name| format!("functions/{name}"));
    let mut told = String::new();
    let mut edges = 0;
    for folder in crates.chain(functions).chain(["cli".to_owned()]) {
        let imports = imports_of(&root().join(&folder).join("src"));
        edges += imports.values().map(BTreeMap::len).sum::<usize>();
        for circle in circles(&imports) {
            write!(told, "{folder}: {}", tell(&circle, &imports)).unwrap();
        }
    }
    assert!(told.is_empty(), "what two files need of each other belongs into a third (STYLE.md, rooms)\n{told}");
    assert!(edges > 300, "only {edges} imports were found");
}

/// The imports between the files of a crate, those between a module and its descendants left out.
fn imports_of(src: &Path) -> Edges {
    let modules = modules_of(&src.join("lib.rs"));
    let names = Names::of(&modules);
    let mut edges = Edges::new();
    for module in &modules {
        for mention in names.mentions(module) {
            let Some(place) = names.resolve(&module.path, &mention.path) else { continue };
            // To import a module is no more than to name it; what is taken from it is looked at where it is taken.
            let target = match place {
                Place::Module(_) if mention.is_import => continue,
                Place::Module(path) | Place::Item(path) => names.file_of(&path),
            };
            if is_family(&module.file_path, &target.file_path) {
                continue;
            }
            let file = module.file.strip_prefix(src).unwrap();
            let target = target.file.strip_prefix(src).unwrap();
            let words = || format!("{}:{} takes `{}`", file.display(), mention.line, mention.path.join("::"));
            edges.entry(file.to_owned()).or_default().entry(target.to_owned()).or_insert_with(words);
        }
    }
    edges
}

/// Whether one module is the other one or stands above it.
fn is_family(one: &[String], other: &[String]) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// The shortest circle of each group of files that reach each other.
fn circles(edges: &Edges) -> Vec<Vec<PathBuf>> {
    let mut found: Vec<Vec<PathBuf>> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut shortest: Vec<Vec<PathBuf>> = edges.keys().filter_map(|file| circle_through(file, edges)).collect();
    shortest.sort_by_key(Vec::len);
    for circle in shortest {
        if !circle.iter().any(|file| seen.contains(file)) {
            seen.extend(circle.iter().cloned());
            found.push(circle);
        }
    }
    found
}

/// The shortest way from a file back to itself, without its last step.
fn circle_through(file: &Path, edges: &Edges) -> Option<Vec<PathBuf>> {
    let mut came_from: BTreeMap<&Path, &Path> = BTreeMap::new();
    let mut queue = VecDeque::from([file]);
    while let Some(at) = queue.pop_front() {
        for next in edges.get(at).into_iter().flat_map(BTreeMap::keys) {
            if next == file {
                let mut way = vec![at.to_owned()];
                while let Some(before) = came_from.get(way.last()?.as_path()) {
                    way.push((*before).to_owned());
                }
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(next.as_path()) {
                came_from.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    None
}

/// A circle file by file, with an import for each step.
fn tell(circle: &[PathBuf], edges: &Edges) -> String {
    let mut told = format!("a circle of {} files\n", circle.len());
    for (file, next) in circle.iter().zip(circle.iter().cycle().skip(1)) {
        writeln!(told, "    {} of {}", edges[file][next], next.display()).unwrap();
    }
    told
}

/// What is told of a crate with these files.
fn told_of(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let edges = imports_of(folder.path());
    circles(&edges).iter().map(|circle| tell(circle, &edges)).collect()
}

const THREE: (&str, &str) = ("lib.rs", "mod bread;\nmod flour;\nmod mill;");

#[test]
fn a_circle_is_told_file_by_file() {
    let told = told_of(&[
        THREE,
        ("bread.rs", "use std::fmt;\nuse crate::{flour::{Flour, self}};\npub(crate) struct Bread(Flour);"),
        ("flour.rs", "pub(crate) struct Flour;\nfn ground() {\n    vec![super::mill::Mill];\n}"),
        ("mill.rs", "use crate::bread::Bread as Meal;\npub(crate) struct Mill(Meal);"),
    ]);
    let expected = "a circle of 3 files
    bread.rs:2 takes `crate::flour::Flour` of flour.rs
    flour.rs:3 takes `super::mill::Mill` of mill.rs
    mill.rs:1 takes `crate::bread::Bread` of bread.rs
";
    assert_eq!(told, [expected]);
}

#[test]
fn a_module_and_its_children_are_no_circle() {
    let told = told_of(&[
        ("lib.rs", "mod mill;\npub use mill::Mill;"),
        ("mill.rs", "mod stone;\nuse stone::Stone;\npub struct Mill(Stone);\nmod sieve { use super::Mill; }"),
        ("mill/stone.rs", "mod grain;\nuse super::Mill;\nuse crate::Mill as Same;\npub struct Stone;"),
        ("mill/stone/grain.rs", "use crate::mill::{Mill, stone::Stone};"),
    ]);
    assert_eq!(told, [""; 0]);
}

#[test]
fn siblings_are_a_circle_and_so_are_modules_in_one_file_with_others() {
    let told = told_of(&[
        ("lib.rs", "mod mill;"),
        ("mill.rs", "mod sieve;\nmod stone;"),
        ("mill/sieve.rs", "use super::stone::Stone;\npub struct Sieve;"),
        ("mill/stone.rs", "pub struct Stone;\nmod inner {\n    use super::super::sieve::Sieve;\n}"),
    ]);
    let expected = "a circle of 2 files
    mill/sieve.rs:1 takes `super::stone::Stone` of mill/stone.rs
    mill/stone.rs:3 takes `super::super::sieve::Sieve` of mill/sieve.rs
";
    assert_eq!(told, [expected]);
}

/// `bread` takes from the parent what `mill` makes: that is an import of `mill`, not of the parent.
#[test]
fn a_re_export_counts_as_the_file_that_defines_the_item() {
    let files = [
        ("lib.rs", "mod bread;\nmod mill;\nmod shop;\npub use shop::Flour;"),
        ("shop.rs", "pub use crate::mill::{Flour, Grain};"),
        ("mill.rs", "use crate::bread::Bread;\npub struct Flour;\npub struct Grain;"),
    ];
    for taken in
        ["use crate::Flour;", "use crate::shop;\nfn f() { shop::Grain; }", "fn f(grain: crate::shop::Grain) {}"]
    {
        let told = told_of(&[&files[..], &[("bread.rs", taken)]].concat());
        assert_eq!(told.len(), 1, "{taken}: {told:?}");
        assert!(told[0].contains("of mill.rs") && !told[0].contains("shop.rs"), "{taken}: {told:?}");
    }
}

#[test]
fn tests_and_what_comes_from_other_crates_are_left_out() {
    let told = told_of(&[
        THREE,
        ("bread.rs", "use crate::flour::Flour;\nmod inner {}\n#[cfg(test)]\nmod tests;"),
        ("flour.rs", "#[cfg(test)]\nuse crate::bread::{Bread};\n#[cfg(test)]\nfn f() { crate::bread::Bread; }"),
        (
            "mill.rs",
            "use ::bread::Bread;\nuse flour::Flour;\n/// See [`crate::bread`].\n#[cfg(test)]\nmod t { use crate::bread::B; }",
        ),
    ]);
    assert_eq!(told, [""; 0]);
}

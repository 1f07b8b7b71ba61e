//! The tables of docs/IMPORT.md are made of what the code declares, and of the differences that its tests know.
//!
//! `INSTA_UPDATE=always` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use import::configuration::callback::CALLBACKS;
use import::configuration::keys::KEYS;
use import::entity::{self, ColumnDescription, Description, Need};

use super::reference::{assert_file, cell};
use crate::systole::root;

#[test]
fn the_tables_of_the_page_about_imports_are_what_the_code_declares() {
    let path = root().join("docs/IMPORT.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let made = [
        ("prefixes", prefixes()),
        ("keys", keys()),
        ("callbacks", callbacks()),
        ("columns", columns()),
        ("differences", differences()),
    ];
    let written = made.iter().fold(page, |page, (name, text)| with_made(&page, name, text));
    assert_file(&path, &written);
}

/// Every kind of difference that a test knows is on the page, with its fact and its reason.
#[test]
fn every_difference_from_the_importer_of_the_shop_is_on_the_page() {
    let page = std::fs::read_to_string(root().join("docs/IMPORT.md")).unwrap();
    let known = known_differences();
    assert!(known.len() > 50, "only {} differences were read", known.len());
    for (kind, fact, reason) in known {
        assert!(page.contains(&format!("| {kind} | {fact} | {} |", cell(&reason))), "{kind} {fact}: {reason}");
    }
}

/// The page with the part between two marks replaced; a mark without an end has nothing behind it yet.
fn with_made(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- made: {name} -->\n"), format!("<!-- end: {name} -->\n"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("there is no mark `{name}`"));
    let after = rest.split_once(&end).map_or(rest, |(_, after)| after);
    format!("{before}{begin}\n{text}\n{end}{after}")
}

fn prefixes() -> String {
    let mut table = "| files | rows speak of |\n|---|---|\n".to_owned();
    for Description { about, other_prefixes, .. } in entity::all() {
        let others: String = other_prefixes.iter().map(|prefix| format!(", `{prefix}_…`")).collect();
        writeln!(table, "| `{}_…`{others} | {} |", about.prefix, cell(about.summary)).unwrap();
    }
    table
}

fn keys() -> String {
    let mut table = "| key | value | default | example | what it says |\n|---|---|---|---|---|\n".to_owned();
    for key in KEYS {
        let [value, default, example, meaning] = [key.kind.in_words(), key.default, key.example, key.meaning].map(cell);
        writeln!(table, "| `{}` | {value} | `{default}` | `{example}` | {meaning} |", key.path()).unwrap();
    }
    table
}

fn callbacks() -> String {
    let mut table = "| callback | as it is written | what it does |\n|---|---|---|\n".to_owned();
    for callback in CALLBACKS {
        let [example, meaning] = [callback.example, callback.meaning].map(cell);
        writeln!(table, "| `{}` | `{example}` | {meaning} |", callback.name).unwrap();
    }
    table
}

fn columns() -> String {
    let mut text = String::new();
    for Description { about, columns, .. } in entity::all() {
        let key = about.key.join("`, `");
        let (first, rest) = about.name.split_at(1);
        let heading = format!("{}{}", first.to_uppercase(), rest.replace('_', " "));
        writeln!(
            text,
            "### {heading}\n\n{} (`{}_…`). A row is known by `{key}`.\n",
            sentence(about.summary),
            about.prefix
        )
        .unwrap();
        text += "| column | holds | needed | default | example | empty cell | empty-value constant | meaning |\n";
        text += "|---|---|---|---|---|---|---|---|\n";
        columns.iter().for_each(|column| text += &column_row(column));
        text += "\n";
    }
    text.trim_end().to_owned() + "\n"
}

fn column_row(column: &ColumnDescription) -> String {
    let needed = match column.need {
        Need::Always => "always".to_owned(),
        Need::New => "new".to_owned(),
        Need::NewIf(case) => format!("new, {case}"),
        Need::Never => String::new(),
    };
    let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{}`", cell(text)) };
    let cells = &column.cells;
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {} | {} |\n",
        column.name,
        cell(&cells.holds),
        cell(&needed),
        code(column.default),
        code(column.example),
        cell(cells.empty),
        cell(cells.empty_value),
        cell(column.meaning),
    )
}

fn sentence(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

fn differences() -> String {
    let mut table = "| kind | fact | what differs, and why |\n|---|---|---|\n".to_owned();
    for (kind, fact, reason) in known_differences() {
        writeln!(table, "| {kind} | {fact} | {} |", cell(&reason)).unwrap();
    }
    table
}

/// Kind, fact and reason of each difference that the tests against the importer of the shop know.
fn known_differences() -> BTreeSet<(String, u32, String)> {
    let folder = root().join("shared/catalog/tests/it");
    let mut known = BTreeSet::new();
    for table in ["oracle/differences.tsv", "oracle/others.tsv"] {
        let text = std::fs::read_to_string(folder.join(table)).unwrap();
        let mut lines = text.lines();
        let header: BTreeMap<&str, usize> =
            lines.next().unwrap().split('\t').enumerate().map(|(place, name)| (name, place)).collect();
        for line in lines.filter(|line| !line.trim().is_empty()) {
            let cells: Vec<&str> = line.split('\t').collect();
            let of = |name: &str| cells[header[name]].to_owned();
            known.insert((of("kind"), of("fact").parse().unwrap(), of("reason")));
        }
    }
    known.extend(meant_in_code(&std::fs::read_to_string(folder.join("referee/meant.rs")).unwrap()));
    known
}

/// The same of the list that is written as code: its fields stand in this order.
fn meant_in_code(text: &str) -> Vec<(String, u32, String)> {
    let string = r#""((?:[^"\\]|\\.|\\\n)*)""#;
    let meant = format!(r"fact:\s*(\d+),\s*kind:\s*{string},\s*reason:\s*{string}");
    let meant = regex::Regex::new(&meant).unwrap();
    let joined = regex::Regex::new(r"\\\n\s*").unwrap();
    let plain = |text: &str| joined.replace_all(text, "").replace("\\\"", "\"");
    let found = meant.captures_iter(text);
    found.map(|found| (plain(&found[2]), found[1].parse().unwrap(), plain(&found[3]))).collect()
}

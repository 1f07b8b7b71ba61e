//! The commands that the documents show, in their order.

use std::path::Path;

use crate::systole::root;

/// A command as it stands in a shell block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// The document, from the project's folder.
    pub(super) page: String,
    pub(super) line: usize,
    pub(super) text: String,
    /// What the document says that it prints.
    pub(super) output: Vec<String>,
}

/// The languages of blocks in which nothing is to be typed into a shell.
const NO_SHELL: [&str; 8] = ["csv", "json", "python", "rust", "text", "toml", "xml", "yaml"];

/// All commands of all documents.
pub(super) fn shown() -> Vec<Shown> {
    let mut pages: Vec<_> = super::super::pages().into_iter().filter(|page| page.exists()).collect();
    let examples = std::fs::read_dir(root().join("examples")).unwrap();
    pages.extend(examples.map(|example| example.unwrap().path().join("README.md")).filter(|page| page.exists()));
    pages.push(root().join("demo/README.md"));
    pages.sort();
    pages.iter().flat_map(|page| of_page(page)).collect()
}

fn of_page(page: &Path) -> Vec<Shown> {
    let name = page.strip_prefix(root()).unwrap().to_str().unwrap();
    of_text(name, &std::fs::read_to_string(page).unwrap())
}

/// The commands of a page: behind `$ ` where a block has that, otherwise each line.
pub(super) fn of_text(page: &str, text: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    // The language of the block that a line is in, and whether a command goes on in it.
    let (mut language, mut goes_on): (Option<&str>, bool) = (None, false);
    for (index, line) in text.lines().enumerate() {
        if let Some(rest) = line.trim_start().strip_prefix("```") {
            language = if language.is_some() { None } else { rest.trim().split(',').next() };
            goes_on = false;
            continue;
        }
        let Some(language) = language.filter(|language| !NO_SHELL.contains(language)) else { continue };
        assert!(["console", "sh"].contains(&language), "{page}:{}: a block of `{language}`", index + 1);
        let typed = if language == "sh" { Some(line) } else { line.strip_prefix("$ ") };
        if goes_on {
            let last = all.last_mut().unwrap();
            last.text = format!("{}\n{line}", last.text);
        } else if let Some(typed) = typed.filter(|typed| !typed.trim().is_empty()) {
            let (page, text) = (page.to_owned(), typed.to_owned());
            all.push(Shown { page, line: index + 1, text, output: Vec::new() });
        } else if let Some(last) = all.last_mut().filter(|_| !line.is_empty()) {
            last.output.push(line.to_owned());
        }
        goes_on = line.ends_with('\\');
    }
    all
}

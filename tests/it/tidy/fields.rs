//! The fields of log lines are one list: docs/DEBUGGING.md has it.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::source::{is_ident, is_sign, modules_of};
use crate::systole::{names, root};

/// The macros of `tracing` that take fields.
const MACROS: [&str; 12] = [
    "debug",
    "debug_span",
    "error",
    "error_span",
    "event",
    "info",
    "info_span",
    "span",
    "trace",
    "trace_span",
    "warn",
    "warn_span",
];

/// What stands before the fields and is none.
const NO_FIELDS: [&str; 3] = ["name", "parent", "target"];

#[test]
fn every_field_of_a_log_line_is_in_the_list_and_the_other_way_round() {
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    for folder in ["cli", "functions", "shared"] {
        let packages = if folder == "cli" { vec![String::new()] } else { names(&root().join(folder)) };
        for package in packages {
            for first in ["lib.rs", "main.rs"] {
                let first = root().join(folder).join(&package).join("src").join(first);
                if !first.exists() {
                    continue;
                }
                for module in modules_of(&first) {
                    let place = module.file.strip_prefix(root()).unwrap().display().to_string();
                    let fields = fields_of(&module.tokens).unwrap_or_else(|error| panic!("{place}: {error}"));
                    used.extend(fields.into_iter().map(|(field, line)| (field, format!("{place}:{line}"))));
                }
            }
        }
    }
    let listed = listed();
    let unlisted: Vec<_> = used.iter().filter(|(field, _)| !listed.contains(*field)).collect();
    assert!(unlisted.is_empty(), "docs/DEBUGGING.md, \"Fields of the log\", does not list {unlisted:?}");
    let unused: Vec<_> = listed.iter().filter(|field| !used.contains_key(*field)).collect();
    assert!(unused.is_empty(), "no line of the log has {unused:?}, which docs/DEBUGGING.md lists");
}

#[test]
fn fields_are_found_however_they_are_written() {
    let code = r#"
        fn f() {
            info!(a.b = %x, ?c, d, "message {}", e = 1);
            tracing::warn!(target: "t", f = g(h, i = 1), "{j}");
            vec![span!(Level::INFO, "k", l = 1), error_span!(parent: None, "m", n)];
            event!(name: "o", Level::WARN, { p = 1, %q.r }, "s");
            self.info("t");
            error!("u", v = 1);
        }
    "#;
    let found: Vec<String> = fields_of(&tokens(code)).unwrap().into_iter().map(|(field, _)| field).collect();
    assert_eq!(found, ["a.b", "c", "d", "f", "l", "n", "p", "q.r"]);
    let hidden = fields_of(&tokens("#[tracing::instrument(fields(a))] fn f() {}")).unwrap_err();
    assert!(hidden.contains("instrument"), "{hidden}");
}

/// The fields in the list.
fn listed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("docs/DEBUGGING.md")).unwrap();
    let section = text.split_once("\n## Fields of the log\n").unwrap().1.split("\n## ").next().unwrap();
    let names = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    names.flat_map(|names| names.split('`').step_by(2)).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The fields that code gives to its log lines, with the line that each stands in.
fn fields_of(tokens: &[TokenTree]) -> Result<Vec<(String, usize)>, String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let inner: Vec<_> = group.stream().into_iter().collect();
        let is_attribute = at > 0 && is_sign(tokens.get(at - 1), '#');
        if is_attribute && inner.iter().any(|it| is_ident(it, "instrument")) {
            return Err("`#[instrument]` makes fields of all arguments; name those that a reader needs".to_owned());
        }
        let is_called = at > 1 && is_sign(tokens.get(at - 1), '!');
        match tokens.get(at.wrapping_sub(2)) {
            Some(TokenTree::Ident(name)) if is_called && MACROS.iter().any(|it| name == it) => {
                let is_span = name.to_string().ends_with("span");
                fields_of_call(&inner, is_span, &mut found);
            }
            _ => {}
        }
        found.extend(fields_of(&inner)?);
    }
    Ok(found)
}

/// Reads what is given to one call: in a line all up to the message is a field, in a span all behind its name.
fn fields_of_call(arguments: &[TokenTree], is_span: bool, found: &mut Vec<(String, usize)>) {
    for argument in arguments.split(|token| is_sign(Some(token), ',')) {
        match argument.first() {
            Some(TokenTree::Literal(_)) if !is_span => return,
            Some(TokenTree::Group(braced)) if braced.delimiter() == Delimiter::Brace => {
                fields_of_call(&braced.stream().into_iter().collect::<Vec<_>>(), is_span, found);
            }
            _ => found.extend(field_of(argument)),
        }
    }
}

/// The field in one argument: `a.b = value`, `%a.b`, `?a.b` or `a.b`; a level, a target or a parent is none.
fn field_of(argument: &[TokenTree]) -> Option<(String, usize)> {
    let signs = argument.iter().take_while(|token| is_sign(Some(token), '%') || is_sign(Some(token), '?')).count();
    let argument = &argument[signs..];
    let TokenTree::Ident(first) = argument.first()? else { return None };
    let is_option = is_sign(argument.get(1), ':') && !is_sign(argument.get(2), ':');
    if is_option && NO_FIELDS.iter().any(|option| first == option) {
        return None;
    }
    let mut name = String::new();
    for token in argument {
        match token {
            TokenTree::Ident(part) => name.push_str(&part.to_string()),
            TokenTree::Punct(sign) if sign.as_char() == '.' => name.push('.'),
            TokenTree::Punct(sign) if sign.as_char() == '=' => break,
            // A path, such as the level.
            TokenTree::Punct(_) | TokenTree::Group(_) | TokenTree::Literal(_) => return None,
        }
    }
    Some((name, first.span().start().line))
}

fn tokens(code: &str) -> Vec<TokenTree> {
    code.parse::<TokenStream>().unwrap().into_iter().collect()
}

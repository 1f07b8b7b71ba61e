//! The files of a crate as tokens, without its tests.
//!
//! Tokens are enough for rules about names, and they show what a syntax tree hides: the inside of macros.

use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A module and what is written in it. A module that is written inside of another one's file has that file.
pub(super) struct Module {
    /// Its names from the crate's root on; none for the root itself.
    pub(super) path: Vec<String>,
    /// The path of the module whose file this is: a shorter one if this module stands inside of another one's file.
    pub(super) file_path: Vec<String>,
    pub(super) file: PathBuf,
    pub(super) tokens: Vec<TokenTree>,
}

/// Reads a crate from its first file on, following `mod`. What is only there for tests (`#[cfg(test)]`) is left out.
pub(super) fn modules_of(first: &Path) -> Vec<Module> {
    let mut found = Vec::new();
    read_file(first, first.parent().unwrap().to_owned(), Vec::new(), &mut found);
    found
}

/// Reads a file and those of its children, which lie in `children`.
fn read_file(file: &Path, children: PathBuf, path: Vec<String>, found: &mut Vec<Module>) {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let tokens = without_tests(tokens);
    let whole = Module { file_path: path.clone(), path, file: file.to_owned(), tokens };
    read_module(whole, &children, found);
}

/// Adds a module with all below it.
fn read_module(mut module: Module, children: &Path, found: &mut Vec<Module>) {
    let mut inside = Vec::new();
    let mut below = Vec::new();
    let mut own = Vec::new();
    let mut rest = std::mem::take(&mut module.tokens).into_iter().peekable();
    while let Some(token) = rest.next() {
        let name = match rest.peek() {
            Some(TokenTree::Ident(name)) if is_ident(&token, "mod") => name.to_string(),
            _ => {
                own.push(token);
                continue;
            }
        };
        rest.next();
        match rest.next() {
            Some(TokenTree::Group(body)) => inside.push((name, body)),
            _ => below.push(name),
        }
    }
    module.tokens = own;
    for name in below {
        let folder = children.join(&name);
        let path = [module.path.as_slice(), std::slice::from_ref(&name)].concat();
        read_file(&folder.with_extension("rs"), folder, path, found);
    }
    for (name, body) in inside {
        let path = [module.path.as_slice(), std::slice::from_ref(&name)].concat();
        let tokens = body.stream().into_iter().collect();
        let inner = Module { path, file_path: module.file_path.clone(), file: module.file.clone(), tokens };
        read_module(inner, &children.join(&name), found);
    }
    found.push(module);
}

/// The tokens without the items under `#[cfg(test)]`.
fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        match token {
            TokenTree::Punct(ref sign) if sign.as_char() == '#' && rest.peek().is_some_and(is_cfg_test) => {
                skip_item(&mut rest);
            }
            TokenTree::Group(group) => {
                let inner = without_tests(group.stream()).into_iter().collect();
                let mut stripped = Group::new(group.delimiter(), inner);
                stripped.set_span(group.span());
                kept.push(stripped.into());
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => kept.push(token),
        }
    }
    kept
}

fn is_cfg_test(token: &TokenTree) -> bool {
    let TokenTree::Group(attribute) = token else { return false };
    attribute.delimiter() == Delimiter::Bracket && attribute.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// Passes over the item that follows: up to its body, or its semicolon where it has none. The braces of a `use` are no
/// body.
fn skip_item(rest: &mut impl Iterator<Item = TokenTree>) {
    let mut is_use = false;
    for token in rest {
        is_use |= is_ident(&token, "use");
        match token {
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace && !is_use => return,
            TokenTree::Punct(sign) if sign.as_char() == ';' => return,
            TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Whether a token is this word.
pub(super) fn is_ident(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

/// Whether a token is this sign.
pub(super) fn is_sign(token: Option<&TokenTree>, expected: char) -> bool {
    matches!(token, Some(TokenTree::Punct(sign)) if sign.as_char() == expected)
}

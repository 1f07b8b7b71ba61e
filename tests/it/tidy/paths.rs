//! The paths that the modules of a crate name, and what they lead to.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenTree;

use super::source::{Module, is_ident, is_sign};

/// Names lead to names; one that leads to itself is of another crate.
const LONGEST_CHAIN: usize = 16;

/// A path that a module names.
pub(super) struct Mention {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
    /// Whether it stands in a `use` and names one thing.
    pub(super) is_import: bool,
}

/// What a path leads to.
#[derive(Clone)]
pub(super) enum Place {
    Module(Vec<String>),
    /// Something that is defined in the module.
    Item(Vec<String>),
}

/// What the names in the modules of a crate mean.
pub(super) struct Names<'a> {
    modules: BTreeMap<&'a [String], &'a Module>,
    /// What `use` made known in a module, and the path behind it.
    bound: BTreeMap<&'a [String], BTreeMap<String, Vec<String>>>,
    mentions: BTreeMap<&'a [String], Vec<Mention>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(modules: &'a [Module]) -> Self {
        let mut names = Names { modules: BTreeMap::new(), bound: BTreeMap::new(), mentions: BTreeMap::new() };
        for module in modules {
            let mut reader = Reader::default();
            reader.read(&module.tokens);
            names.modules.insert(&module.path, module);
            names.bound.insert(&module.path, reader.bound);
            names.mentions.insert(&module.path, reader.mentions);
        }
        names
    }

    /// The paths that a module names.
    pub(super) fn mentions(&self, module: &Module) -> &[Mention] {
        &self.mentions[module.path.as_slice()]
    }

    /// The module with a path.
    pub(super) fn file_of(&self, path: &[String]) -> &'a Module {
        self.modules[path]
    }

    /// What a path means in a module; nothing if it leads out of the crate, or to what was made by a macro.
    pub(super) fn resolve(&self, from: &[String], path: &[String]) -> Option<Place> {
        self.follow(from, path, LONGEST_CHAIN)
    }

    fn follow(&self, from: &[String], path: &[String], longest: usize) -> Option<Place> {
        let longest = longest.checked_sub(1)?;
        let supers = path.iter().take_while(|name| *name == "super").count();
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (from.to_vec(), &path[1..]),
            "super" => (from[..from.len().checked_sub(supers)?].to_vec(), &path[supers..]),
            name if self.is_known(from, name) => (from.to_vec(), path),
            _ => return None,
        };
        while let [name, tail @ ..] = rest {
            let child = [at.as_slice(), std::slice::from_ref(name)].concat();
            if self.modules.contains_key(child.as_slice()) {
                at = child;
            } else if let Some(behind) = self.bound[at.as_slice()].get(name) {
                match self.follow(&at, behind, longest)? {
                    Place::Module(path) => at = path,
                    item @ Place::Item(_) => return Some(item),
                }
            } else {
                return Some(Place::Item(at));
            }
            rest = tail;
        }
        Some(Place::Module(at))
    }

    fn is_known(&self, module: &[String], name: &str) -> bool {
        let child = [module, &[name.to_owned()]].concat();
        self.modules.contains_key(child.as_slice()) || self.bound[module].contains_key(name)
    }
}

#[derive(Default)]
struct Reader {
    bound: BTreeMap<String, Vec<String>>,
    mentions: Vec<Mention>,
    seen: BTreeSet<(Vec<String>, bool)>,
}

impl Reader {
    /// Reads what is imported, and the paths in all that is written.
    fn read(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            let is_continued = at > 1 && is_sign(tokens.get(at - 1), ':') && is_sign(tokens.get(at - 2), ':');
            match &tokens[at] {
                token if is_ident(token, "use") => {
                    let end = (at..tokens.len()).find(|it| is_sign(tokens.get(*it), ';')).unwrap_or(tokens.len());
                    self.read_use(&tokens[at + 1..end], &[]);
                    at = end;
                }
                // The end of `<A as B>::C` and of `::a::b` leads nowhere in this crate.
                TokenTree::Ident(first) if !is_continued => {
                    let line = first.span().start().line;
                    let path = path_at(&tokens[at..]);
                    at += 3 * (path.len() - 1);
                    if path.len() > 1 {
                        self.mention(path, line, false);
                    }
                }
                TokenTree::Group(group) => self.read(&group.stream().into_iter().collect::<Vec<_>>()),
                TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }

    /// Reads one path of a `use`, or several in braces.
    fn read_use(&mut self, tokens: &[TokenTree], before: &[String]) {
        // `::name` is another crate for sure.
        if before.is_empty() && is_sign(tokens.first(), ':') {
            return;
        }
        let mut path = before.to_vec();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(several) => {
                    let inner: Vec<_> = several.stream().into_iter().collect();
                    return inner.split(|it| is_sign(Some(it), ',')).for_each(|one| self.read_use(one, &path));
                }
                // What is taken is not known by name; the module itself stands for it.
                TokenTree::Punct(sign) if sign.as_char() == '*' => {
                    return self.mention(path, sign.span().start().line, false);
                }
                TokenTree::Ident(word) if word == "as" => {
                    return self.bind(path, tokens.get(at + 1));
                }
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        let last = tokens.iter().rfind(|token| matches!(token, TokenTree::Ident(_)));
        self.bind(path, last);
    }

    /// Notes what is imported under a name.
    fn bind(&mut self, path: Vec<String>, name: Option<&TokenTree>) {
        let Some(TokenTree::Ident(name)) = name else { return };
        let known_as = if name == "self" { path.last().cloned() } else { Some(name.to_string()) };
        if let Some(known_as) = known_as {
            self.bound.insert(known_as, path.clone());
        }
        self.mention(path, name.span().start().line, true);
    }

    fn mention(&mut self, path: Vec<String>, line: usize, is_import: bool) {
        if self.seen.insert((path.clone(), is_import)) {
            self.mentions.push(Mention { path, line, is_import });
        }
    }
}

/// The path that begins with the first token; its names are three tokens apart.
fn path_at(tokens: &[TokenTree]) -> Vec<String> {
    let mut path = Vec::new();
    for names in tokens.chunks(3) {
        let TokenTree::Ident(name) = &names[0] else { break };
        path.push(name.to_string());
        if !(is_sign(names.get(1), ':') && is_sign(names.get(2), ':')) {
            break;
        }
    }
    path
}

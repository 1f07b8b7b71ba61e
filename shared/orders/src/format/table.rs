//! The tables of formats, read into trees of elements.

/// A format: the tree of its elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The one element around all others.
    pub(super) root: Element,
}

/// An element of a format.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Element {
    /// As it is written.
    pub(super) name: String,
    /// What tells it from another element of the same name.
    word: Option<String>,
    /// For each of which list it is there, and what one of it is called below: `line`, `lines`.
    pub(super) each: Option<(String, String)>,
    /// What the document must have for it.
    pub(super) needs: Option<String>,
    /// What it holds.
    pub(super) text: Option<Source>,
    /// Its attributes in their order.
    pub(super) attributes: Vec<(String, Source)>,
    /// How long its text may be.
    pub(super) limit: Option<Limit>,
    /// What is in it.
    pub(super) children: Vec<Element>,
}

/// Where a text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// It is always the same.
    Literal(String),
    /// The first of these names that the document has.
    FirstOf(Vec<String>),
}

/// How long a text may be, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// A longer one ends the export.
    Stop(usize),
    /// A longer one is cut.
    Cut(usize),
    /// One of several elements that a longer one goes through; what is too much for all of them is cut.
    Part {
        /// Which one; the first is 1.
        index: usize,
        /// How many there are.
        of: usize,
        /// How much each of them holds.
        length: usize,
    },
}

/// Why a table cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TableError {
    /// The line, the first one is 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl Table {
    /// Reads a table: columns separated by tabs, lines that begin with `# ` left out.
    ///
    /// # Errors
    /// Names the line that makes no sense.
    pub fn read(text: &str) -> Result<Self, TableError> {
        let mut top = Element::default();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with("# ") {
                continue;
            }
            row(&mut top, line).map_err(|problem| TableError { line: index + 1, problem })?;
        }
        let [_] = top.children.as_slice() else {
            let problem = format!("there are {} outermost elements; expected one", top.children.len());
            return Err(TableError { line: 1, problem });
        };
        Ok(Self { root: top.children.remove(0) })
    }
}

fn row(top: &mut Element, line: &str) -> Result<(), String> {
    let mut columns = line.split('\t').map(str::trim);
    let path = columns.next().filter(|path| !path.is_empty()).ok_or("the element is missing")?;
    let (text, attributes, limit) = (columns.next(), columns.next(), columns.next());
    if columns.next().is_some() {
        return Err("has more than four columns; expected element, text, attributes, limit".to_owned());
    }
    let mut element = top;
    for part in path.split('/') {
        element = child(element, part)?;
    }
    if element.text.is_some() || !element.attributes.is_empty() {
        return Err(format!("`{path}` was said before"));
    }
    element.text = text.filter(|text| !text.is_empty()).map(source).transpose()?;
    for attribute in attributes.unwrap_or_default().split(';').map(str::trim).filter(|attribute| !attribute.is_empty())
    {
        let (name, value) = attribute.split_once('=').ok_or_else(|| format!("`{attribute}` has no `=`"))?;
        element.attributes.push((name.trim().to_owned(), source(value)?));
    }
    element.limit = limit.filter(|limit| !limit.is_empty()).map(read_limit).transpose()?;
    Ok(())
}

/// The child that a part of a path names; a new one if it is named for the first time.
fn child<'e>(element: &'e mut Element, part: &str) -> Result<&'e mut Element, String> {
    let (part, needs) = split_off(part, '?');
    let (part, each) = split_off(part, '*');
    let (name, word) = split_off(part, '#');
    let each = each.map(|each| {
        let names = each.split_once(':').map(|(one, list)| (one.to_owned(), list.to_owned()));
        names.ok_or_else(|| format!("`*{each}` names no list; expected `*line:lines`"))
    });
    let each = each.transpose()?;
    let found = element.children.iter().position(|child| child.name == name && child.word.as_deref() == word);
    let index = found.unwrap_or_else(|| {
        let (name, word) = (name.to_owned(), word.map(str::to_owned));
        element.children.push(Element { name, word, ..Element::default() });
        element.children.len() - 1
    });
    let child = &mut element.children[index];
    child.each = each.or(child.each.take());
    child.needs = needs.map(str::to_owned).or(child.needs.take());
    Ok(child)
}

fn split_off(text: &str, sign: char) -> (&str, Option<&str>) {
    text.split_once(sign).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn source(text: &str) -> Result<Source, String> {
    if let Some(literal) = text.strip_prefix('"') {
        let literal = literal.strip_suffix('"').ok_or_else(|| format!("`{text}` has no closing quote"))?;
        return Ok(Source::Literal(literal.to_owned()));
    }
    Ok(Source::FirstOf(text.split('|').map(|name| name.trim().to_owned()).collect()))
}

fn read_limit(text: &str) -> Result<Limit, String> {
    let words: Vec<&str> = text.split(' ').collect();
    let limit = match words.as_slice() {
        ["stop", length] => length.parse().ok().map(Limit::Stop),
        ["cut", length] => length.parse().ok().map(Limit::Cut),
        ["part", which, length] => which.split_once('/').and_then(|(index, of)| {
            Some(Limit::Part { index: index.parse().ok()?, of: of.parse().ok()?, length: length.parse().ok()? })
        }),
        _ => None,
    };
    limit.ok_or_else(|| format!("`{text}` is no limit; expected `stop 32`, `cut 150` or `part 1/3 50`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_element_are_one_tree() {
        let text = "# a comment\nA\t\tversion=\"1\"\nA/B\tx | y\nA/C*line:lines/D#one?line.sku\tline.sku\tz=q;w=\"e\"\tstop 32\nA/C/D#two\t\"l\"\n";
        let Table { root } = Table::read(text).unwrap();
        assert_eq!((root.name.as_str(), root.children.len()), ("A", 2));
        let lines = &root.children[1];
        assert_eq!(lines.each, Some(("line".to_owned(), "lines".to_owned())));
        assert_eq!(lines.children.len(), 2);
        assert_eq!((lines.children[0].limit, lines.children[0].attributes.len()), (Some(Limit::Stop(32)), 2));
        assert_eq!(lines.children[1].text, Some(Source::Literal("l".to_owned())));
    }

    #[test]
    fn a_row_that_makes_no_sense_is_named() {
        let told = |text: &str| Table::read(text).unwrap_err().to_string();
        assert_eq!(told("A\tx\nA\ty"), "line 2: `A` was said before");
        assert_eq!(told("A/B\tx\nB\ty"), "line 1: there are 2 outermost elements; expected one");
        assert_eq!(told("A\t\"x"), "line 1: `\"x` has no closing quote");
        assert_eq!(told("A\tx\ty"), "line 1: `y` has no `=`");
        assert_eq!(told("A\tx\t\tcut"), "line 1: `cut` is no limit; expected `stop 32`, `cut 150` or `part 1/3 50`");
        assert_eq!(told("A/B*lines\tx"), "line 1: `*lines` names no list; expected `*line:lines`");
        assert_eq!(
            told("A\tx\t\tcut 1\tz"),
            "line 1: has more than four columns; expected element, text, attributes, limit"
        );
    }
}

//! What a configuration can do with a cell before it is read: the list of callbacks.
//!
//! A new one is a variant, a line in [`CALLBACKS`], and an arm in `read` and in `apply`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::limits::{MAX_MADE_BYTES, REGEX_BYTES};
use super::number_locale;
use crate::date_format::DateFormat;
use crate::dialect::Dialect;
use crate::misfit::Misfit;
use crate::nearest::nearest;
use crate::number::NumberFormat;

/// One thing that is done with a cell.
///
/// An empty cell says nothing, and nothing is made of it but by [`Callback::Default`]; the empty-value constant stays.
#[derive(Debug, Clone)]
pub enum Callback {
    /// Takes blanks, or the characters named, off both ends.
    Trim(Option<String>),
    /// Small letters.
    Lower,
    /// Capitals.
    Upper,
    /// The first letter as a capital.
    Capitalize,
    /// Puts a text before it.
    Prefix(String),
    /// Puts a text behind it.
    Suffix(String),
    /// Replaces a text wherever it is.
    Replace {
        /// What is looked for.
        search: String,
        /// What comes in its place.
        replace: String,
    },
    /// Replaces what a pattern finds.
    ReplacePattern {
        /// The pattern.
        search: Regex,
        /// What comes in its place, with `$1` for the first group.
        replace: String,
    },
    /// Reads a date in one form and writes it as the other dates of the file are.
    Date(DateFormat),
    /// Reads a number in one form and writes it as the other numbers of the file are.
    Number(NumberFormat),
    /// Replaces whole values.
    Map {
        /// What comes in the place of each value.
        table: BTreeMap<String, String>,
        /// What becomes of others.
        otherwise: Otherwise,
    },
    /// Cuts at a separator and takes one of the parts, or joins them by another separator.
    Split {
        /// Where to cut.
        separator: String,
        /// What to take.
        take: Take,
    },
    /// Makes this of an empty cell.
    Default(String),
}

/// What becomes of a value that a table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// It stays.
    Keep,
    /// It cannot be used.
    Refuse,
    /// It counts as empty.
    Empty,
}

/// What is taken of a cell that was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// The part with this number, from 1, or from the end if it is negative.
    Part(i64),
    /// All, with this between them.
    Joined(String),
}

/// A callback, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallbackAbout {
    /// As configurations name it.
    pub name: &'static str,
    /// What stands behind the name, as a JSON Schema; empty if nothing needs to.
    pub schema: &'static str,
    /// Whether it can be named alone.
    pub stands_alone: bool,
    /// As it is written.
    pub example: &'static str,
    /// What it makes of the cell.
    pub meaning: &'static str,
}

const TEXT: &str = r#"{"type": "string"}"#;

/// The list of callbacks.
pub const CALLBACKS: [CallbackAbout; 12] = [
    CallbackAbout {
        name: "trim",
        schema: TEXT,
        stands_alone: true,
        example: r#"{"trim": "-*"}"#,
        meaning: "takes blanks off both ends, or the characters named",
    },
    CallbackAbout {
        name: "lower",
        schema: "",
        stands_alone: true,
        example: r#""lower""#,
        meaning: "makes small letters of capitals",
    },
    CallbackAbout {
        name: "upper",
        schema: "",
        stands_alone: true,
        example: r#""upper""#,
        meaning: "makes capitals of small letters",
    },
    CallbackAbout {
        name: "capitalize",
        schema: "",
        stands_alone: true,
        example: r#""capitalize""#,
        meaning: "makes a capital of the first letter",
    },
    CallbackAbout {
        name: "prefix",
        schema: TEXT,
        stands_alone: false,
        example: r#"{"prefix": "ERP-"}"#,
        meaning: "puts a text before it",
    },
    CallbackAbout {
        name: "suffix",
        schema: TEXT,
        stands_alone: false,
        example: r#"{"suffix": ".jpg"}"#,
        meaning: "puts a text behind it",
    },
    CallbackAbout {
        name: "replace",
        schema: r#"{"type": "object", "properties": {"search": {"type": "string"}, "pattern": {"type": "string"}, "replace": {"type": "string"}}, "required": ["replace"], "additionalProperties": false}"#,
        stands_alone: false,
        example: r#"{"replace": {"search": "&", "replace": "and"}}"#,
        meaning: "replaces a text wherever it is; `pattern` in the place of `search` is a regular expression, whose groups are \
                  `$1`, `$2` … in `replace`",
    },
    CallbackAbout {
        name: "date",
        schema: TEXT,
        stands_alone: false,
        example: r#"{"date": "d.m.Y"}"#,
        meaning: "reads a date that is written in this form only, and writes it as the other dates are; letters as in \
                  `source-date-format`",
    },
    CallbackAbout {
        name: "number",
        schema: r#"{"type": ["string", "object"], "properties": {"decimal-separator": {"type": "string"}, "grouping-separator": {"type": "string"}}, "required": ["decimal-separator"], "additionalProperties": false}"#,
        stands_alone: false,
        example: r#"{"number": "de_DE"}"#,
        meaning: "reads a number that is written as in this locale, or with `{\"decimal-separator\": \",\", \
                  \"grouping-separator\": \".\"}`, and writes it as the other numbers are",
    },
    CallbackAbout {
        name: "map",
        schema: r#"{"type": "object", "properties": {"table": {"type": "object", "additionalProperties": {"type": "string"}}, "otherwise": {"enum": ["keep", "refuse", "empty"]}}, "required": ["table"], "additionalProperties": false}"#,
        stands_alone: false,
        example: r#"{"map": {"table": {"rot": "Red", "blau": "Blue"}, "otherwise": "refuse"}}"#,
        meaning: "replaces whole values; those that the table does not have stay (`keep`, the default), cannot be used \
                  (`refuse`) or count as an empty cell (`empty`)",
    },
    CallbackAbout {
        name: "split",
        schema: r#"{"type": "object", "properties": {"separator": {"type": "string", "minLength": 1}, "part": {"type": "integer"}, "join": {"type": "string"}}, "required": ["separator"], "additionalProperties": false}"#,
        stands_alone: false,
        example: r#"{"split": {"separator": ";", "join": ","}}"#,
        meaning: "cuts at the separator and takes one `part` (1 is the first, -1 the last), or puts all parts, without blanks \
                  around them, together again with `join` between them",
    },
    CallbackAbout {
        name: "default",
        schema: TEXT,
        stands_alone: false,
        example: r#"{"default": "Default"}"#,
        meaning: "makes this of an empty cell; without it an empty cell stays empty, whatever the other callbacks are",
    },
];

/// Longest pattern of a regular expression.
const MAX_PATTERN_CHARS: usize = 1_000;

impl Callback {
    /// Reads a callback as a configuration writes it: `"trim"`, `{"prefix": "A-"}`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(written: &Value) -> Result<Self, Misfit> {
        let entries = written.as_object().filter(|entries| entries.len() == 1);
        let entry = entries.and_then(|entries| entries.iter().next());
        let (name, value) = match (written.as_str(), entry) {
            (Some(name), _) => (name, None),
            (None, Some((name, value))) => (name.as_str(), Some(value)),
            (None, None) => {
                return Err(Misfit::new(
                    "is no callback (expected `\"trim\"` or `{\"prefix\": \"A-\"}`, one name each)",
                ));
            }
        };
        let about = CALLBACKS.iter().find(|about| about.name == name).ok_or_else(|| unknown(name))?;
        let value = match value {
            None if !about.stands_alone => return Err(needs(about)),
            Some(_) if about.schema.is_empty() => {
                return Err(Misfit::new(format!("callback `{name}` takes nothing; write {}", about.example)));
            }
            value => value,
        };
        Self::of(name, value, about)
    }

    fn of(name: &str, value: Option<&Value>, about: &CallbackAbout) -> Result<Self, Misfit> {
        let text = || value.and_then(Value::as_str).map(str::to_owned).ok_or_else(|| needs(about));
        let fields = || Fields::of(value, about);
        Ok(match name {
            "trim" => Self::Trim(value.map(|_| text()).transpose()?),
            "lower" => Self::Lower,
            "upper" => Self::Upper,
            "capitalize" => Self::Capitalize,
            "prefix" => Self::Prefix(text()?),
            "suffix" => Self::Suffix(text()?),
            "replace" => replace(&fields()?)?,
            "date" => {
                let format = text()?;
                Self::Date(format.parse().map_err(|error| Misfit::new(format!("date format `{format}` {error}")))?)
            }
            "number" => Self::Number(number_format(value, about)?),
            "map" => map(&fields()?)?,
            "split" => split(&fields()?)?,
            _ => Self::Default(text()?),
        })
    }

    /// Makes another text of that of a cell.
    ///
    /// # Errors
    /// Says why it cannot; continues a sentence that starts with the text.
    pub fn apply<'t>(&self, text: Cow<'t, str>, dialect: &Dialect) -> Result<Cow<'t, str>, Misfit> {
        let is_empty = text.trim().is_empty();
        if let Self::Default(value) = self {
            return Ok(if is_empty { Cow::Owned(value.clone()) } else { text });
        }
        if is_empty || text.trim() == dialect.empty_value {
            return Ok(text);
        }
        let made = match self {
            Self::Trim(None) => text.trim().to_owned(),
            Self::Trim(Some(characters)) => text.trim_matches(|found| characters.contains(found)).to_owned(),
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
            Self::Capitalize => capitalized(&text),
            Self::Prefix(prefix) => format!("{prefix}{text}"),
            Self::Suffix(suffix) => format!("{text}{suffix}"),
            Self::Replace { search, replace } => text.replace(search, replace),
            Self::ReplacePattern { search, replace } => replaced(search, &text, replace)?,
            Self::Date(format) => rewritten_date(format, &text, dialect)?,
            Self::Number(format) => {
                let number = format.canonical(&text).ok_or_else(|| Misfit::new(format.expectation()))?;
                number.replace('.', &dialect.numbers.decimal.to_string())
            }
            Self::Map { table, otherwise } => match (table.get(text.trim()), otherwise) {
                (Some(value), _) => value.clone(),
                (None, Otherwise::Keep) => return Ok(text),
                (None, Otherwise::Empty) => String::new(),
                (None, Otherwise::Refuse) => return Err(missing_in(table, &text)),
            },
            Self::Split { separator, take } => taken(&text, separator, take)?,
            Self::Default(_) => return Ok(text),
        };
        match made.len() <= MAX_MADE_BYTES {
            true => Ok(Cow::Owned(made)),
            false => Err(Misfit::new(format!("becomes longer than {MAX_MADE_BYTES} bytes"))),
        }
    }
}

/// Replaces without making more than a cell may hold: a pattern that finds nothing everywhere would multiply it.
fn replaced(search: &Regex, text: &str, replace: &str) -> Result<String, Misfit> {
    let mut made = String::new();
    let mut end = 0;
    for found in search.captures_iter(text) {
        let whole = found.get_match();
        made.push_str(&text[end..whole.start()]);
        found.expand(replace, &mut made);
        end = whole.end();
        if made.len() > MAX_MADE_BYTES {
            return Err(Misfit::new(format!("becomes longer than {MAX_MADE_BYTES} bytes")));
        }
    }
    made.push_str(&text[end..]);
    Ok(made)
}

fn rewritten_date(format: &DateFormat, text: &str, dialect: &Dialect) -> Result<String, Misfit> {
    let date = format.parse(text).ok_or_else(|| Misfit::new(format!("is not a date (expected `{format}`)")))?;
    Ok(match dialect.dates.first() {
        Some(format) => format.write(date),
        None => date.format("%Y-%m-%d %H:%M:%S").to_string(),
    })
}

fn missing_in(table: &BTreeMap<String, String>, text: &str) -> Misfit {
    let hint = nearest(text, table.keys().map(String::as_str)).map(|near| format!(" (did you mean `{near}`?)"));
    Misfit::new(format!("is not in the table of the callback `map`{}", hint.unwrap_or_default()))
}

fn taken(text: &str, separator: &str, take: &Take) -> Result<String, Misfit> {
    let parts: Vec<&str> = text.split(separator).map(str::trim).collect();
    let part = match take {
        Take::Joined(join) => return Ok(parts.join(join)),
        Take::Part(part) => *part,
    };
    let place = usize::try_from(part.unsigned_abs()).unwrap_or(usize::MAX);
    let index = if part > 0 { place.checked_sub(1) } else { parts.len().checked_sub(place) };
    let found = index.and_then(|index| parts.get(index));
    found.map(|part| (*part).to_owned()).ok_or_else(|| Misfit::new(format!("has no part {part} between `{separator}`")))
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}

/// The entries of an object that stands behind the name of a callback.
struct Fields<'v> {
    entries: &'v Map<String, Value>,
    about: &'v CallbackAbout,
}

impl<'v> Fields<'v> {
    fn of(value: Option<&'v Value>, about: &'v CallbackAbout) -> Result<Self, Misfit> {
        let entries = value.and_then(Value::as_object).ok_or_else(|| needs(about))?;
        let schema: Value = serde_json::from_str(about.schema).expect("the schema of a callback is JSON");
        let mut known: Vec<&str> =
            schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        // Whether an object keeps its order is decided by what else is in the program.
        known.sort_unstable();
        for name in entries.keys() {
            if !known.contains(&name.as_str()) {
                let known = known.join("`, `");
                return Err(Misfit::new(format!("callback `{}` takes no `{name}` (expected `{known}`)", about.name)));
            }
        }
        Ok(Self { entries, about })
    }

    fn text(&self, name: &str) -> Result<Option<&'v str>, Misfit> {
        let Some(value) = self.entries.get(name) else { return Ok(None) };
        value
            .as_str()
            .map(Some)
            .ok_or_else(|| Misfit::new(format!("`{name}` of callback `{}` is not a text", self.about.name)))
    }

    fn needed(&self, name: &str) -> Result<&'v str, Misfit> {
        self.text(name)?.ok_or_else(|| {
            Misfit::new(format!("callback `{}` needs `{name}`, such as {}", self.about.name, self.about.example))
        })
    }
}

fn replace(fields: &Fields<'_>) -> Result<Callback, Misfit> {
    let replace = fields.needed("replace")?.to_owned();
    match (fields.text("search")?, fields.text("pattern")?) {
        (Some(""), None) => Err(Misfit::new("callback `replace` looks for nothing")),
        (Some(search), None) => Ok(Callback::Replace { search: search.to_owned(), replace }),
        (None, Some(pattern)) => Ok(Callback::ReplacePattern { search: compiled(pattern)?, replace }),
        _ => Err(Misfit::new("callback `replace` needs either `search` or `pattern`")),
    }
}

fn compiled(pattern: &str) -> Result<Regex, Misfit> {
    if pattern.chars().count() > MAX_PATTERN_CHARS {
        return Err(Misfit::new(format!("the pattern is longer than {MAX_PATTERN_CHARS} characters")));
    }
    let built = RegexBuilder::new(pattern).size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES).build();
    built.map_err(|error| {
        if let regex::Error::CompiledTooBig(limit) = error {
            return Misfit::new(format!(
                "pattern `{pattern}` takes more than {limit} bytes; are there repetitions of repetitions?"
            ));
        }
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Misfit::new(format!("pattern `{pattern}` is no regular expression: {reason}"))
    })
}

fn number_format(value: Option<&Value>, about: &CallbackAbout) -> Result<NumberFormat, Misfit> {
    if let Some(locale) = value.and_then(Value::as_str) {
        return locale_format(locale);
    }
    let fields = Fields::of(value, about)?;
    let read = |text: &str| separator(text).map_err(|problem| Misfit::new(format!("`{text}` {problem}")));
    let decimal = read(fields.needed("decimal-separator")?)?;
    let grouping = fields.text("grouping-separator")?.filter(|text| !text.is_empty()).map(read).transpose()?;
    if grouping == Some(decimal) {
        return Err(Misfit::new(format!("`{decimal}` cannot stand both before the fraction and between thousands")));
    }
    Ok(NumberFormat { decimal, grouping })
}

/// The format of a locale.
pub(super) fn locale_format(locale: &str) -> Result<NumberFormat, Misfit> {
    number_locale::format_of(locale).ok_or_else(|| {
        let known = number_locale::names().collect::<Vec<_>>().join("`, `");
        Misfit::new(format!(
            "locale `{locale}` is not known (known languages and countries: `{known}`); set the separators instead"
        ))
    })
}

/// A separator of numbers: one character that no number has otherwise.
pub(super) fn separator(text: &str) -> Result<char, Misfit> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(only), None) if !only.is_alphanumeric() && !['-', '+'].contains(&only) => Ok(only),
        _ => Err(Misfit::new("cannot separate the parts of a number (expected one character, such as `,`)")),
    }
}

fn map(fields: &Fields<'_>) -> Result<Callback, Misfit> {
    let table = fields.entries.get("table").and_then(Value::as_object).ok_or_else(|| needs(fields.about))?;
    let mut texts = BTreeMap::new();
    for (from, to) in table {
        let to =
            to.as_str().ok_or_else(|| Misfit::new(format!("the table of callback `map` has no text for `{from}`")))?;
        texts.insert(from.trim().to_owned(), to.to_owned());
    }
    let otherwise = match fields.text("otherwise")?.unwrap_or("keep") {
        "keep" => Otherwise::Keep,
        "refuse" => Otherwise::Refuse,
        "empty" => Otherwise::Empty,
        other => {
            return Err(Misfit::new(format!(
                "`otherwise` of callback `map` is `{other}` (expected `keep`, `refuse` or `empty`)"
            )));
        }
    };
    Ok(Callback::Map { table: texts, otherwise })
}

fn split(fields: &Fields<'_>) -> Result<Callback, Misfit> {
    let separator = fields.needed("separator")?.to_owned();
    let part = fields.entries.get("part");
    let take = match (part.map(Value::as_i64), fields.text("join")?) {
        _ if separator.is_empty() => return Err(Misfit::new("the separator of callback `split` is empty")),
        (Some(Some(part)), None) if part != 0 => Take::Part(part),
        (None, Some(join)) => Take::Joined(join.to_owned()),
        _ => {
            return Err(Misfit::new(
                "callback `split` needs either a `part` (1 for the first, -1 for the last) or `join`",
            ));
        }
    };
    Ok(Callback::Split { separator, take })
}

fn needs(about: &CallbackAbout) -> Misfit {
    Misfit::new(format!("callback `{}` is written like {}", about.name, about.example))
}

fn unknown(name: &str) -> Misfit {
    if name.contains(".callback") {
        return Misfit::new(format!(
            "`{name}` is a callback of the original that is not needed: what it checks and converts, every column does by itself"
        ));
    }
    let names = || CALLBACKS.iter().map(|about| about.name);
    Misfit::new(match nearest(name, names()) {
        Some(near) => format!("there is no callback `{name}` (did you mean `{near}`?)"),
        None => format!("there is no callback `{name}` (known: `{}`)", names().collect::<Vec<_>>().join("`, `")),
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    fn made(written: &Value, text: &str) -> String {
        let callback = Callback::read(written).unwrap();
        match callback.apply(Cow::Borrowed(text), &Dialect::m2if()) {
            Ok(made) => made.into_owned(),
            Err(problem) => format!("{text} {problem}"),
        }
    }

    fn refused(written: &Value) -> String {
        Callback::read(written).unwrap_err().to_string()
    }

    #[test]
    fn each_callback_makes_what_it_says() {
        for (written, text, expected) in [
            (json!("trim"), " a b ", "a b"),
            (json!({"trim": "-*"}), "-*a-b*", "a-b"),
            (json!("lower"), "ÄRGER", "ärger"),
            (json!("upper"), "straße", "STRASSE"),
            (json!("capitalize"), "ärger im Büro", "Ärger im Büro"),
            (json!({"prefix": "A-"}), "1", "A-1"),
            (json!({"suffix": ".jpg"}), "a", "a.jpg"),
            (json!({"replace": {"search": "&", "replace": "and"}}), "a & b", "a and b"),
            (json!({"replace": {"pattern": "(\\d+) *cm", "replace": "${1}0 mm"}}), "5 cm", "50 mm"),
            (json!({"date": "d.m.Y"}), "1.8.2026", "2026-08-01 00:00:00"),
            (json!({"number": "de_DE"}), "1.234,50", "1234.5"),
            (json!({"number": {"decimal-separator": "."}}), "12.50", "12.5"),
            (json!({"map": {"table": {"rot": "Red"}}}), " rot ", "Red"),
            (json!({"map": {"table": {"rot": "Red"}}}), "gelb", "gelb"),
            (json!({"map": {"table": {"rot": "Red"}, "otherwise": "empty"}}), "gelb", ""),
            (json!({"split": {"separator": ";", "join": ","}}), "a; b ;c", "a,b,c"),
            (json!({"split": {"separator": "/", "part": -1}}), "a/b/c", "c"),
            (json!({"default": "x"}), " ", "x"),
            (json!({"default": "x"}), "y", "y"),
        ] {
            assert_eq!(made(&written, text), expected, "{written}");
            // An empty cell says nothing, and the constant clears.
            if !written.to_string().contains("default") {
                assert_eq!(made(&written, ""), "", "{written}");
            }
            assert_eq!(made(&written, "__EMPTY__VALUE__"), "__EMPTY__VALUE__", "{written}");
        }
    }

    #[test]
    fn what_cannot_be_made_is_told() {
        assert_snapshot!(made(&json!({"date": "d.m.Y"}), "2026-08-01"), @"2026-08-01 is not a date (expected `d.m.Y`)");
        assert_snapshot!(made(&json!({"number": "de_DE"}), "12.5"), @"12.5 is not a number (expected one such as `1.019,99`)");
        assert_snapshot!(made(&json!({"map": {"table": {"rot": "Red"}, "otherwise": "refuse"}}), "roti"), @"roti is not in the table of the callback `map` (did you mean `rot`?)");
        assert_snapshot!(made(&json!({"split": {"separator": "/", "part": 3}}), "a/b"), @"a/b has no part 3 between `/`");
        assert_snapshot!(made(&json!({"replace": {"pattern": "", "replace": "x".repeat(2000)}}), &"y".repeat(1000)).chars().skip(1000).collect::<String>(), @" becomes longer than 1048576 bytes");
    }

    #[test]
    fn a_callback_that_is_none_is_refused() {
        assert_snapshot!(refused(&json!("trimm")), @"there is no callback `trimm` (did you mean `trim`?)");
        assert_snapshot!(refused(&json!("xyz")), @"there is no callback `xyz` (known: `trim`, `lower`, `upper`, `capitalize`, `prefix`, `suffix`, `replace`, `date`, `number`, `map`, `split`, `default`)");
        assert_snapshot!(refused(&json!("import_product.callback.visibility")), @"`import_product.callback.visibility` is a callback of the original that is not needed: what it checks and converts, every column does by itself");
        assert_snapshot!(refused(&json!(5)), @r#"is no callback (expected `"trim"` or `{"prefix": "A-"}`, one name each)"#);
        assert_snapshot!(refused(&json!({"trim": " ", "lower": 1})), @r#"is no callback (expected `"trim"` or `{"prefix": "A-"}`, one name each)"#);
        assert_snapshot!(refused(&json!("prefix")), @r#"callback `prefix` is written like {"prefix": "ERP-"}"#);
        assert_snapshot!(refused(&json!({"lower": true})), @r#"callback `lower` takes nothing; write "lower""#);
        assert_snapshot!(refused(&json!({"prefix": 5})), @r#"callback `prefix` is written like {"prefix": "ERP-"}"#);
        assert_snapshot!(refused(&json!({"replace": {"search": "a", "with": "b"}})), @"callback `replace` takes no `with` (expected `pattern`, `replace`, `search`)");
        assert_snapshot!(refused(&json!({"replace": {"replace": "b"}})), @"callback `replace` needs either `search` or `pattern`");
        assert_snapshot!(refused(&json!({"replace": {"pattern": "(", "replace": "b"}})), @"pattern `(` is no regular expression: unclosed group");
        assert_snapshot!(refused(&json!({"replace": {"pattern": "((a{100}){100}){100}", "replace": "b"}})), @"pattern `((a{100}){100}){100}` takes more than 262144 bytes; are there repetitions of repetitions?");
        assert_snapshot!(refused(&json!({"date": "d.m"})), @"date format `d.m` names no year (`Y` or `y`)");
        assert_snapshot!(refused(&json!({"number": "xx"})), @"locale `xx` is not known (known languages and countries: `cs`, `da`, `de`, `de_CH`, `en`, `en_ZA`, `es`, `es_MX`, `fi`, `fr`, `fr_CH`, `hu`, `it`, `it_CH`, `nb`, `nl`, `pl`, `pt`, `ro`, `sk`, `sv`, `tr`); set the separators instead");
        assert_snapshot!(refused(&json!({"number": {"decimal-separator": ",", "grouping-separator": ","}})), @"`,` cannot stand both before the fraction and between thousands");
        assert_snapshot!(refused(&json!({"map": {"table": {"a": 1}}})), @"the table of callback `map` has no text for `a`");
        assert_snapshot!(refused(&json!({"map": {"table": {}, "otherwise": "drop"}})), @"`otherwise` of callback `map` is `drop` (expected `keep`, `refuse` or `empty`)");
        assert_snapshot!(refused(&json!({"split": {"separator": ";", "part": 0}})), @"callback `split` needs either a `part` (1 for the first, -1 for the last) or `join`");
    }

    #[test]
    fn every_example_is_a_callback_and_every_schema_is_json() {
        for about in CALLBACKS {
            Callback::read(&serde_json::from_str(about.example).unwrap()).unwrap();
            assert!(about.schema.is_empty() || serde_json::from_str::<Value>(about.schema).is_ok(), "{}", about.name);
        }
    }
}

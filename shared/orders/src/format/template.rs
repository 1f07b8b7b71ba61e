//! Documents by a template that a merchant wrote (minijinja, the Jinja of Rust).
//!
//! A template sees `order`, all that the shop says in the words of its REST interface, and `document`, the same tree that the
//! other formats write. It can read nothing else: no file, no environment, no other order, no other template.
//!
//! **Limits:** `FUEL` instructions or as many times eight bytes of data, `MAX_BYTES` of output, `MAX_RECURSION` calls in
//! each other. A template that goes beyond one ends with an error of its own order.

mod filters;
mod value;

use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono_tz::Tz;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, context};

use super::written::Written;
use crate::document::{Group, Lookup};
use crate::order::Order;

/// What a template may do: a document of a thousand lines takes a hundredth of it.
const FUEL: u64 = 5_000_000;

/// Most bytes of a document.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// How deep macros may call each other.
const MAX_RECURSION: usize = 50;

/// The name under which errors speak of the template.
const NAME: &str = "template";

/// What the settings of a website say about its template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateSettings {
    /// What becomes of a name that the order does not have.
    pub undefined: Undefined,
    /// In which zone times are written that name none.
    pub zone: Tz,
    /// Tables of words, by name, for the filter `lookup`.
    pub lookups: BTreeMap<Box<str>, Lookup>,
}

/// What becomes of a name that the order does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undefined {
    /// It is an empty text, and so is everything below it.
    Lenient,
    /// It ends the document.
    Strict,
}

/// Why a template gives no document, for who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct TemplateError {
    /// The line of the template, the first is 1.
    pub line: usize,
    /// The column, the first is 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
}

impl Default for TemplateSettings {
    fn default() -> Self {
        Self { undefined: Undefined::Lenient, zone: Tz::UTC, lookups: BTreeMap::new() }
    }
}

/// Checks that a template can be read at all.
///
/// # Errors
/// Names the place that makes no sense.
pub fn check(template: &str) -> Result<(), TemplateError> {
    let environment = environment(&TemplateSettings::default());
    environment.template_from_named_str(NAME, template).map(drop).map_err(|error| told(&error, template))
}

/// Writes a document.
///
/// # Errors
/// The template makes no sense, reads what is not there (if that is strict), or goes beyond its limits.
pub fn write(
    template: &str,
    order: &Order,
    document: &Group,
    settings: &TemplateSettings,
) -> Result<Written, TemplateError> {
    let environment = environment(settings);
    let read = environment.template_from_named_str(NAME, template).map_err(|error| told(&error, template))?;
    let context = context! { order => value::of_json(&order.json), document => value::of_group(document) };
    let mut output = Bounded(Vec::new());
    read.render_captured_to(context, &mut output).map_err(|error| told(&error, template))?;
    Ok(Written { bytes: output.0, notes: Vec::new() })
}

fn environment(settings: &TemplateSettings) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(MAX_RECURSION);
    environment.set_debug(true);
    // A document is XML, CSV, EDIFACT or anything; the template says how a text is escaped.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(match settings.undefined {
        Undefined::Lenient => UndefinedBehavior::Chainable,
        Undefined::Strict => UndefinedBehavior::SemiStrict,
    });
    // A shop writes null for what is not there, and nobody wants to read `none` in a document.
    environment.set_formatter(|output, state, value| match value.is_none() {
        true => Ok(()),
        false => minijinja::escape_formatter(output, state, value),
    });
    // They make a text as large as they are told before anybody counts it.
    for unbounded in ["indent", "format"] {
        environment.remove_filter(unbounded);
    }
    filters::add(&mut environment, settings);
    environment
}

/// An error of the engine in words for who wrote the template, with its place.
fn told(error: &minijinja::Error, template: &str) -> TemplateError {
    let range = error.range().filter(|range| range.end <= template.len() && range.start < range.end);
    let start = range.as_ref().map_or(0, |range| range.start);
    let before = template.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |place| place + 1);
    let column = before[line_start..].chars().count() + 1;
    let line = if range.is_some() { before.matches('\n').count() + 1 } else { error.line().unwrap_or(1) };
    let expression = whole_name(template, start, range.map_or(start, |range| range.end));
    let problem = in_words(error, expression);
    TemplateError { line, column, problem }
}

fn in_words(error: &minijinja::Error, expression: &str) -> String {
    let kind = error.kind();
    if kind == ErrorKind::UndefinedError {
        return format!("`{expression}` is not there in this order");
    }
    if kind == ErrorKind::OutOfFuel {
        return "the template does not come to an end (a loop in a loop, or a text that doubles itself?)".to_owned();
    }
    if kind == ErrorKind::WriteFailure {
        return format!("the document grows beyond {} MiB", MAX_BYTES / 1024 / 1024);
    }
    if kind == ErrorKind::TemplateNotFound {
        return "a template can include no other one".to_owned();
    }
    error.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}"))
}

/// The name that ends at a place: the engine tells where the last part of it was looked up.
fn whole_name(template: &str, start: usize, end: usize) -> &str {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '[' | ']');
    let begin = template.get(..start).unwrap_or_default().trim_end_matches(is_of_name).len();
    template.get(begin..end).unwrap_or_default().trim()
}

/// Takes as many bytes as a document may have.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_BYTES {
            return Err(io::Error::other("too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! The `fields` of a request: an answer cut down to what is named.

use serde_json::{Map, Value};

/// What a request wants of an answer.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    name: String,
    inside: Option<Vec<Wanted>>,
}

/// Cuts an answer down to the named fields. Unknown names are no mistake: they are just not there.
pub(crate) fn cut(answer: Value, fields: &str) -> Value {
    let mut letters = fields.chars().peekable();
    let wanted = read(&mut letters);
    if wanted.is_empty() { answer } else { kept(answer, &wanted) }
}

fn read(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Vec<Wanted> {
    let mut list = Vec::new();
    let mut name = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '[' => {
                let inside = Some(read(letters));
                list.push(Wanted { name: std::mem::take(&mut name), inside });
            }
            ']' => break,
            ',' => take(&mut list, &mut name),
            _ => name.push(letter),
        }
    }
    take(&mut list, &mut name);
    list
}

fn take(list: &mut Vec<Wanted>, name: &mut String) {
    if !name.is_empty() {
        list.push(Wanted { name: std::mem::take(name), inside: None });
    }
}

fn kept(answer: Value, wanted: &[Wanted]) -> Value {
    match answer {
        Value::Array(list) => Value::Array(list.into_iter().map(|item| kept(item, wanted)).collect()),
        Value::Object(fields) => kept_fields(fields, wanted),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => answer,
    }
}

fn kept_fields(mut fields: Map<String, Value>, wanted: &[Wanted]) -> Value {
    let mut cut = Map::new();
    for one in wanted {
        let Some(value) = fields.remove(&one.name) else { continue };
        let value = match (&one.inside, value) {
            // An empty list of which fields are wanted turns into null.
            (Some(_), Value::Array(list)) if list.is_empty() => Value::Null,
            (Some(inside), value) => kept(value, inside),
            (None, value) => value,
        };
        cut.insert(one.name.clone(), value);
    }
    // An object of which nothing is left is an empty list in PHP.
    if cut.is_empty() { Value::Array(Vec::new()) } else { Value::Object(cut) }
}

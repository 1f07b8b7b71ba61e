//! Holds `openapi.json` against the routes, and every answer of every test against `openapi.json`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Api;
use crate::{OPENAPI, routes};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(OPENAPI).unwrap());

/// The methods that an item of `paths` may have.
const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// Words of a schema that the checker may pass over: they tell people more, or are held by the handlers' own tests.
const PASSED_OVER: [&str; 9] =
    ["description", "format", "examples", "default", "pattern", "minLength", "maxLength", "minimum", "maximum"];

/// Every operation that is described: method, path, description.
fn operations() -> impl Iterator<Item = (String, String, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| {
            assert!(METHODS.contains(&method.as_str()), "{path}: {method}");
            (method.to_uppercase(), path.clone(), operation)
        })
    })
}

/// The description of the route that a request goes to.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap();
    let fits = |template: &str| {
        let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        let pairs = template.iter().zip(&path);
        template.len() == path.len() && pairs.into_iter().all(|(part, word)| part.starts_with('{') || part == word)
    };
    let mut fitting: Vec<_> = operations().filter(|(asked, template, _)| asked == method && fits(template)).collect();
    // What is spelled out comes before what has a place for anything.
    fitting.sort_by_key(|(_, template, _)| template.matches('{').count());
    fitting.first().map(|(_, _, operation)| *operation)
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            let target = DOCUMENT.pointer(reference.strip_prefix('#').unwrap());
            target.unwrap_or_else(|| panic!("there is no `{reference}`"))
        }
        None => value,
    }
}

/// Fails unless an answer is as described.
#[track_caller]
pub(super) fn check(method: &str, path: &str, status: StatusCode, answer: &Value) {
    let error = &DOCUMENT["components"]["schemas"]["Error"];
    let schema = match operation(method, path) {
        None => error,
        Some(operation) => {
            let described = &operation["responses"][status.as_str()];
            assert!(described.is_object(), "{method} {path} answers {status}, which is not described: {answer}");
            &resolve(described)["content"]["application/json"]["schema"]
        }
    };
    let problems = problems(schema, answer, "");
    assert!(problems.is_empty(), "{method} {path}: {problems:?} in {answer}");
}

/// What is wrong with a value.
fn problems(schema: &'static Value, value: &Value, place: &str) -> Vec<String> {
    let schema = resolve(schema);
    let mut found = Vec::new();
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "type" if !has_type(rule, value) => found.push(format!("{place}: {value} is no {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => {
                found.push(format!("{place}: {value} is not in {rule}"))
            }
            "required" => {
                let missing =
                    rule.as_array().unwrap().iter().filter(|name| value.get(name.as_str().unwrap()).is_none());
                found.extend(missing.map(|name| format!("{place}: {name} is missing")));
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                found.extend(items.flat_map(|(index, item)| problems(rule, item, &format!("{place}/{index}"))));
            }
            "oneOf" => {
                let fitting =
                    rule.as_array().unwrap().iter().filter(|one| problems(one, value, place).is_empty()).count();
                if fitting != 1 {
                    found.push(format!("{place}: {fitting} schemas fit"));
                }
            }
            "properties" | "additionalProperties" => {}
            "type" | "enum" => {}
            word => assert!(PASSED_OVER.contains(&word), "the checker does not know `{word}`"),
        }
    }
    found.extend(field_problems(schema, value, place));
    found
}

fn field_problems(schema: &'static Value, value: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, field) in value.as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        match (schema["properties"].get(name), schema.get("additionalProperties")) {
            (Some(rule), _) => found.extend(problems(rule, field, &place)),
            (None, Some(Value::Bool(false))) => found.push(format!("{place} is not described")),
            (None, Some(rule)) => found.extend(problems(rule, field, &place)),
            (None, None) => {}
        }
    }
    found
}

fn has_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the checker does not know the type `{other}`"),
    };
    match rule.as_array() {
        Some(names) => names.iter().any(is),
        None => is(rule),
    }
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let described: BTreeSet<_> =
        operations().map(|(method, path, operation)| (method, path, operation["x-role"].to_string())).collect();
    let served: BTreeSet<_> = routes()
        .map(|(method, path, role)| (method.to_string(), path.to_owned(), json!(role.as_str()).to_string()))
        .collect();
    assert_eq!(described, served);
}

#[test]
fn every_place_of_a_path_and_every_reference_is_there() {
    for (method, path, operation) in operations() {
        let places: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let described: BTreeSet<&str> =
            parameters.filter(|one| one["in"] == "path").map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(places, described, "{method} {path}");
    }
    fn visit(value: &'static Value) {
        resolve(value);
        value.as_object().into_iter().flatten().for_each(|(_, field)| visit(field));
        value.as_array().into_iter().flatten().for_each(visit);
    }
    visit(&DOCUMENT);
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let problems = |schema: Value, value: Value| problems(Box::leak(Box::new(schema)), &value, "").len();
    let row = || {
        json!({ "type": "object", "required": ["a"], "additionalProperties": false,
                         "properties": { "a": { "type": ["integer", "null"] }, "b": { "enum": ["x"] } } })
    };
    for (value, expected) in [
        (json!({ "a": 1 }), 0),
        (json!({ "a": null, "b": "x" }), 0),
        (json!({}), 1),
        (json!({ "a": "1" }), 1),
        (json!({ "a": 1, "b": "y" }), 1),
        (json!({ "a": 1, "c": 1 }), 1),
        (json!([]), 2),
    ] {
        assert_eq!(problems(row(), value.clone()), expected, "{value}");
    }
    let list = || json!({ "type": "array", "items": { "oneOf": [{ "type": "string" }, { "type": "integer" }] } });
    assert_eq!(problems(list(), json!(["a", 1])), 0);
    assert_eq!(problems(list(), json!(["a", true, null])), 2);
}

/// The names in the answer to a field or parameter that is not known.
fn expected_names(answer: &Value) -> BTreeSet<String> {
    let error = answer["error"].as_str().unwrap();
    let (_, names) = error.split_once("expected").unwrap_or_else(|| panic!("{error}"));
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn row_28_fields_and_parameters_are_those_that_are_described() {
    let api = Api::new();
    for (method, template, operation) in operations() {
        let path = super::roles::filled(&template);
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        // Of orders, a list or an envelope may come as well; what an order says is the shop's affair.
        if let Some(properties) = body.is_object().then(|| resolve(body)["properties"].as_object()).flatten() {
            let described = properties.keys().cloned().collect();
            let (status, answer) = api.ask(&method, &path, "{\"no_such\": 1}").await;
            assert_eq!((status, expected_names(&answer)), (StatusCode::BAD_REQUEST, described), "{method} {path}");
        }
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let described: BTreeSet<String> =
            parameters.filter(|one| one["in"] == "query").map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        if !described.is_empty() {
            let (status, answer) = api.ask(&method, &format!("{path}?no_such=1"), "").await;
            assert_eq!((status, expected_names(&answer)), (StatusCode::BAD_REQUEST, described), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_description_is_served() {
    assert_eq!(Api::new().get("/openapi").await, (StatusCode::OK, DOCUMENT.clone()));
}

//! The list of routes: which right each needs, what it takes and which service answers.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::call::Call;
use crate::query::decoded;
use crate::refusal::Refusal;
use crate::shape::Parameter;

/// What a service gives back.
pub(crate) type Answer = Result<Value, Refusal>;

/// One route of the shop.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Path behind the store code, with `:name` for its parameters.
    pub path: &'static str,
    /// The right it needs, or [`ANYBODY`].
    pub resource: &'static str,
    /// The class and method that an operation of a bulk names.
    pub service: &'static str,
    /// The middle of the topic of an asynchronous call.
    pub topic: &'static str,
    /// What it takes beside the parameters of the path.
    pub takes: &'static [Parameter],
    /// The parameter of the path that goes into the object of the body, if the body holds nothing else.
    pub merges: Option<&'static str>,
    /// What answers.
    pub run: fn(&mut Call<'_>) -> Answer,
}

/// The resource of a route that needs no token.
pub(crate) const ANYBODY: &str = "anonymous";

/// A route that reads.
pub(crate) const fn get(path: &'static str, resource: &'static str, run: fn(&mut Call<'_>) -> Answer) -> Route {
    Route { method: "GET", path, resource, service: "", topic: "", takes: &[], merges: None, run }
}

/// A route that removes by what its path names.
pub(crate) const fn delete(path: &'static str, resource: &'static str, run: fn(&mut Call<'_>) -> Answer) -> Route {
    Route { method: "DELETE", ..get(path, resource, run) }
}

/// A route that takes a body.
pub(crate) const fn post(
    path: &'static str,
    resource: &'static str,
    takes: &'static [Parameter],
    run: fn(&mut Call<'_>) -> Answer,
) -> Route {
    Route { method: "POST", takes, ..get(path, resource, run) }
}

/// A route that takes a body and names what it changes.
pub(crate) const fn put(
    path: &'static str,
    resource: &'static str,
    takes: &'static [Parameter],
    run: fn(&mut Call<'_>) -> Answer,
) -> Route {
    Route { method: "PUT", ..post(path, resource, takes, run) }
}

impl Route {
    /// The same route with the names that asynchronous calls show.
    pub(crate) const fn named(mut self, service: &'static str, topic: &'static str) -> Self {
        self.service = service;
        self.topic = topic;
        self
    }

    /// The same route with the middle of its topic; the service is named after it.
    pub(crate) const fn on(mut self, topic: &'static str) -> Self {
        self.service = topic;
        self.topic = topic;
        self
    }

    /// The same route, whose path parameter goes into the body.
    pub(crate) const fn merging(mut self, parameter: &'static str) -> Self {
        self.merges = Some(parameter);
        self
    }

    /// Topic of an asynchronous call.
    pub(crate) fn topic(&self) -> String {
        format!("async.{}.{}", self.topic, self.method.to_lowercase())
    }

    /// Takes a path apart. Parameters win over nothing: a fixed word is preferred by the order of the list.
    fn matches(&self, segments: &[&str], form: Form) -> Option<BTreeMap<String, String>> {
        let own: Vec<&str> = self.path.trim_matches('/').split('/').collect();
        if own.len() != segments.len() {
            return None;
        }
        let mut found = BTreeMap::new();
        for (own, given) in own.iter().zip(segments) {
            match (own.strip_prefix(':'), form) {
                (Some(name), Form::Values) => {
                    found.insert(name.to_owned(), decoded(given));
                }
                (Some(name), Form::Names) if *given == by_name(name) => {
                    found.insert(name.to_owned(), String::new());
                }
                (None, _) if own == given => {}
                _ => return None,
            }
        }
        Some(found)
    }
}

/// Whether the path holds values, or the names of its parameters as those of a bulk do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Form {
    /// `products/A-1`.
    Values,
    /// `products/bySku`.
    Names,
}

/// Finds the route of a method and path.
pub(crate) fn find<'a>(
    routes: &'a [Route],
    method: &str,
    path: &str,
    form: Form,
) -> Option<(&'a Route, BTreeMap<String, String>)> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let fits = |route: &&Route| route.method == method;
    let mut found: Vec<_> = routes
        .iter()
        .filter(fits)
        .filter_map(|route| route.matches(&segments, form).map(|values| (route, values)))
        .collect();
    // The route with the fewest parameters is the more exact one.
    found.sort_by_key(|(_, values)| values.len());
    found.into_iter().next()
}

fn by_name(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    format!("by{}{}", first.map(String::from).unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use crate::api::routes;

    /// Routes that no module of the list has, with the module that brings them.
    const ELSEWHERE: [&str; 2] = ["/V1/modules", "/V1/directory/countries/:countryId"];

    /// Right and topic of every route of the real shop, by method and path.
    fn listed() -> BTreeMap<(String, String), (String, String)> {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/commerce-rest/own/routes-2.4.7.tsv");
        let text = fs::read_to_string(file).unwrap();
        let row = |line: &str| {
            let cells: Vec<String> = line.split('\t').map(|cell| cell.trim_end_matches('/').to_owned()).collect();
            ((cells[0].clone(), cells[1].clone()), (cells[4].clone(), cells[5].clone()))
        };
        text.lines().skip(1).map(row).collect()
    }

    #[test]
    fn every_route_has_the_right_and_the_topic_of_the_real_shop() {
        let listed = listed();
        let mut wrong = Vec::new();
        for route in routes().iter().filter(|route| !ELSEWHERE.contains(&route.path)) {
            let place = (route.method.to_owned(), route.path.to_owned());
            let Some((right, topic)) = listed.get(&place) else {
                wrong.push(format!("{} {}: the real shop has no such route", route.method, route.path));
                continue;
            };
            if right != route.resource {
                wrong.push(format!("{} {}: needs {}, not {right}", route.method, route.path, route.resource));
            }
            if route.method != "GET" && *topic != route.topic() {
                wrong.push(format!("{} {}: topic {}, expected {topic}", route.method, route.path, route.topic()));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

//! One request from its bytes to the bytes of its answer, without a connection.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::call::{Call, Origin};
use crate::chance::Chance;
use crate::consumer::{Items, schedule};
use crate::exchanges::items;
use crate::fields;
use crate::gate::{Mode, Place, place};
use crate::oauth;
use crate::page;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::route::{ANYBODY, Form, Route, find};
use crate::shape::{Rules, decoded};
use crate::state::State;
use crate::state::access::Rights;
use crate::state::attribute::Backend;
use crate::xml;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub method: String,
    /// Path with everything still encoded.
    pub path: String,
    pub query: String,
    /// Host and port that were asked.
    pub host: String,
    pub authorization: Option<String>,
    pub accept: Option<String>,
    pub accept_encoding: Option<String>,
    /// Whether it came through TLS.
    pub is_secure: bool,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
    /// Whether its SKU was unknown when it arrived.
    pub was_new: bool,
    /// Whether the test itself asks, without a token.
    pub is_trusted: bool,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
    /// The route that answered.
    pub route: Option<String>,
    /// Items of the request.
    pub items: usize,
}

/// What the answers need beside the database.
pub(crate) struct Service {
    pub routes: Vec<Route>,
    pub chance: Chance,
}

const JSON: &str = "application/json; charset=utf-8";
const XML: &str = "application/xml; charset=utf-8";
const HTML: &str = "text/html; charset=UTF-8";
const TEXT: &str = "text/plain;charset=UTF-8";

/// A page as an answer.
pub(crate) fn page(status: u16, title: &str) -> Reply {
    Reply { status, content_type: HTML, body: page::html(status, title), route: None, items: 1 }
}

impl Service {
    /// Answers a request.
    pub(crate) fn answer(&mut self, state: &mut State, request: &Request, now: DateTime<Utc>) -> Reply {
        if !request.path.starts_with(REST) {
            return page(404, "404 Not Found");
        }
        let mut seen = Seen { route: None, items: 1 };
        let answer = self.run(state, request, &mut seen, now);
        Reply { route: seen.route, items: seen.items, ..written(state, request, answer) }
    }

    fn run(
        &mut self,
        state: &mut State,
        request: &Request,
        seen: &mut Seen,
        now: DateTime<Utc>,
    ) -> Result<(u16, Value), Refusal> {
        check_accept(request)?;
        let place = place(&state.stores, &request.method, request.path.trim_start_matches(REST))?;
        let form = if place.mode == Mode::Bulk { Form::Names } else { Form::Values };
        let unknown = || Refusal::missing("Request does not match any route.");
        let (route, values) = find(&self.routes, &request.method, &place.path, form).ok_or_else(unknown)?;
        seen.route = Some(route.path.to_owned());
        let route = *route;
        authorize(state, request, route.resource, now)?;
        let body = body(request)?;
        seen.items = items(&body);
        let query = Query::read(&request.query);
        if place.mode != Mode::Plain {
            return self.queue(state, &route, Wish { place, values, body }, now).map(|answer| (202, answer));
        }
        let body = body.as_object().cloned().unwrap_or_default();
        let names_itself = names_itself(&route, &body, &values);
        let sent = arguments(state, &route, body, values)?;
        let fields = query.text("fields").map(str::to_owned);
        let mut call = Call {
            state,
            store: place.store,
            sent,
            names_itself,
            query,
            origin: Origin::Request,
            was_new: request.was_new,
            now,
        };
        let answer = (route.run)(&mut call)?;
        // A service that gives nothing back is answered with an empty list.
        let answer = if answer.is_null() { Value::Array(Vec::new()) } else { answer };
        Ok((200, if let Some(fields) = fields { fields::cut(answer, &fields) } else { answer }))
    }

    /// Checks all items before any of them is queued: one that is wrong refuses all of them, and is not named.
    fn queue(&mut self, state: &mut State, route: &Route, wish: Wish, now: DateTime<Utc>) -> Result<Value, Refusal> {
        let sent = match (wish.place.mode, wish.body) {
            (Mode::Bulk, Value::Array(list)) => list,
            (Mode::Bulk, Value::Object(fields)) => fields.into_iter().map(|(_, value)| value).collect(),
            (_, body) => vec![body],
        };
        let values = if wish.place.mode == Mode::Bulk { BTreeMap::new() } else { wish.values.clone() };
        let item = |item: Value| {
            let fields = item.as_object().cloned().unwrap_or_default();
            let mut checked = arguments(state, route, fields.clone(), values.clone())?;
            // What the path of a plain call would say stands beside the body in a bulk.
            for name in wish.values.keys() {
                if let Some(value) = fields.get(name) {
                    checked.entry(name.as_str()).or_insert_with(|| value.clone());
                }
            }
            Ok(checked)
        };
        let list = sent.into_iter().map(item).collect::<Result<Vec<_>, Refusal>>()?;
        let at = self.routes.iter().position(|one| one.method == route.method && one.path == route.path).unwrap_or(0);
        let items = Items { uuid: self.chance.uuid(), route: at, store: wish.place.store, list };
        Ok(schedule(state, &self.routes, items, now))
    }
}

/// Where every address of the interface begins.
const REST: &str = "/rest/";

/// What the log keeps of a request, refused or not.
struct Seen {
    route: Option<String>,
    items: usize,
}

/// An asynchronous request.
struct Wish {
    place: Place,
    values: BTreeMap<String, String>,
    body: Value,
}

/// Whether the object of the body has the value that the path would put into it.
fn names_itself(route: &Route, body: &Map<String, Value>, values: &BTreeMap<String, String>) -> bool {
    let Some(name) = route.merges else { return true };
    let own = body.values().next().and_then(|object| object.get(name)).and_then(Value::as_str);
    own == values.get(name).map(String::as_str)
}

/// The parameters of a call: those of the body checked, those of the path put in.
fn arguments(
    state: &State,
    route: &Route,
    mut body: Map<String, Value>,
    values: BTreeMap<String, String>,
) -> Result<Map<String, Value>, Refusal> {
    // Only a body with nothing but the object gets the value of the path into it.
    if let (Some(name), 1) = (route.merges, body.len())
        && let Some(value) = values.get(name)
        && let Some(object) = body.values_mut().next().and_then(Value::as_object_mut)
    {
        object.insert(name.to_owned(), Value::String(value.clone()));
    }
    let is_whole =
        |code: &str| state.attributes.by_code(code).is_some_and(|attribute| attribute.backend == Backend::Int);
    let most_items = state.limits.map(|limits| limits.items);
    let mut sent = decoded(&body, route.takes, &Rules { is_whole: &is_whole, most_items })?;
    sent.extend(values.into_iter().map(|(name, value)| (name, Value::String(value))));
    Ok(sent)
}

/// The shop writes JSON and XML, and fails at anything else.
fn check_accept(request: &Request) -> Result<(), Refusal> {
    let accept = request.accept.as_deref().unwrap_or_default();
    let is_fine = accept.is_empty() || ["json", "xml", "*/*"].iter().any(|known| accept.contains(known));
    if is_fine {
        Ok(())
    } else {
        Err(Refusal::Page { status: 500, title: "There has been an error processing your request" })
    }
}

/// A wrong token, no token and a missing right are told in the same words.
fn authorize(state: &mut State, request: &Request, resource: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
    if request.is_trusted {
        return Ok(());
    }
    let header = request.authorization.as_deref().unwrap_or_default();
    let rights = if header.starts_with("OAuth ") {
        let scheme = if request.is_secure { "https" } else { "http" };
        let address = format!("{scheme}://{}{}", request.host, request.path);
        let signed = oauth::Signed { method: &request.method, address: &address, query: &request.query };
        Some(oauth::check(&mut state.access, header, &signed, now)?)
    } else {
        header.strip_prefix("Bearer ").and_then(|token| state.access.bearer(token.trim(), now))
    };
    let is_allowed = resource == ANYBODY || rights.as_ref().is_some_and(|rights: &Rights| rights.cover(resource));
    if is_allowed {
        return Ok(());
    }
    let parameters = serde_json::json!({"resources": resource});
    Err(Refusal::told(401, "The consumer isn't authorized to access %resources.", parameters))
}

fn body(request: &Request) -> Result<Value, Refusal> {
    if request.body.is_empty() || request.method == "GET" {
        return Ok(Value::Object(Map::new()));
    }
    let media = request.content_type.as_deref().unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    match media {
        "" => return Err(Refusal::bad("Content-Type header is empty.")),
        "application/json" => {}
        other => {
            return Err(Refusal::bad(format!("Server cannot understand Content-Type HTTP header media type {other}")));
        }
    }
    serde_json::from_slice(&request.body).map_err(|_| Refusal::bad("Decoding error."))
}

fn written(state: &mut State, request: &Request, answer: Result<(u16, Value), Refusal>) -> Reply {
    let reply = |status, content_type, body| Reply { status, content_type, body, route: None, items: 1 };
    let (status, value) = match answer {
        Ok(answer) => answer,
        Err(Refusal::TypeError) => return reply(500, TEXT, page::TYPE_ERROR.to_owned()),
        Err(Refusal::Page { status, title }) => return page(status, title),
        Err(Refusal::Internal) => (500, Refusal::reported(state.report()).json()),
        Err(refusal) => (refusal.status(), refusal.json()),
    };
    if request.accept.as_deref().is_some_and(|accept| accept.contains("xml") && !accept.contains("json")) {
        return reply(status, XML, xml::document(&value));
    }
    reply(status, JSON, value.to_string())
}

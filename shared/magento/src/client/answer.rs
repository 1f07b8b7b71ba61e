//! Reads an answer: what the call asked for, or why not, in one form for all that can come.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use serde_json::Value;

use super::call::CallName;
use super::error::{Error, RefusalReason, ShopRefusal};
use super::message::{filled, in_one_line};
use super::wire::WireAnswer;

/// What the shop says when it met a lock of its database. The first is said of a product of which nothing was saved.
const LOCK_CONFLICTS: [&str; 4] = [
    "Could not save Source Item Configuration",
    "Database deadlock found when trying to get lock",
    "Database lock wait timeout exceeded",
    "Database connection error",
];

/// What stands on the page of a shop in maintenance mode; the pages of other servers say other things.
const MAINTENANCE_PAGE: &str = "due to maintenance downtime";

/// Most characters of a title that an error repeats.
const TITLE_CHARS: usize = 80;

/// Reads an answer.
pub(crate) fn read(call: &CallName, answer: &WireAnswer, now: DateTime<Utc>) -> Result<Value, Error> {
    let status = answer.status.as_u16();
    let body = serde_json::from_slice::<Value>(&answer.body);
    if answer.status.is_success() {
        return match body {
            Ok(body) => Ok(body),
            Err(_) if answer.body.is_empty() => Ok(Value::Null),
            Err(_) => Err(Error::Unreadable { call: call.clone(), status, problem: not_json(answer) }),
        };
    }
    let (reason, sentence) = match body.ok().as_ref().and_then(said) {
        Some(said) => (of_shop(answer.status, &said), said.sentence),
        None => of_page(answer),
    };
    let refusal = ShopRefusal { status, reason, sentence, retry_after: retry_after(answer, now) };
    Err(Error::Refused { call: call.clone(), refusal: Box::new(refusal) })
}

/// Says whether a sentence of the shop tells of a lock of its database.
#[must_use]
pub(crate) fn is_lock_conflict(sentence: &str) -> bool {
    LOCK_CONFLICTS.iter().any(|known| sentence.contains(known))
}

/// What the shop says in the body of a refusal.
struct Said {
    template: String,
    parameters: Option<Value>,
    sentence: String,
}

fn said(body: &Value) -> Option<Said> {
    let template = body.get("message")?.as_str()?.to_owned();
    let parameters = body.get("parameters").cloned();
    let sentence = sentence(body)?;
    Some(Said { template, parameters, sentence })
}

/// The sentence that an error of the shop makes: its message, and those of its parts that the message does not repeat.
#[must_use]
pub fn sentence(error: &Value) -> Option<String> {
    let template = error.get("message")?.as_str()?;
    let mut told = filled(template, error.get("parameters"));
    let parts = error.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for part in parts.iter().filter_map(sentence) {
        if !told.contains(part.trim_end_matches('.')) {
            told = format!("{told}; {part}");
        }
    }
    Some(told)
}

fn of_shop(status: StatusCode, said: &Said) -> RefusalReason {
    let Said { template, parameters, sentence } = said;
    let parameter = |name: &str| parameters.as_ref().and_then(|parameters| parameters.get(name));
    match status {
        StatusCode::UNAUTHORIZED if template.contains("isn't authorized") => {
            let right = parameter("resources").and_then(Value::as_str).map(str::to_owned);
            RefusalReason::Rights { right }
        }
        StatusCode::UNAUTHORIZED if template.contains("sign-in") => RefusalReason::SignIn,
        StatusCode::UNAUTHORIZED => RefusalReason::Signature,
        StatusCode::NOT_FOUND if template.contains("does not match any route") => RefusalReason::NoRoute,
        StatusCode::NOT_FOUND => RefusalReason::NotThere,
        StatusCode::BAD_REQUEST if template.contains("request cannot be processed") => RefusalReason::NoMeaning,
        StatusCode::BAD_REQUEST if template.starts_with("Maximum ") => {
            let max = parameter("max").and_then(Value::as_u64).and_then(|max| usize::try_from(max).ok());
            max.map_or(RefusalReason::Invalid, |max| RefusalReason::TooMany { max })
        }
        StatusCode::TOO_MANY_REQUESTS => RefusalReason::Busy,
        StatusCode::PAYLOAD_TOO_LARGE => RefusalReason::TooLarge,
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => RefusalReason::Gateway,
        StatusCode::SERVICE_UNAVAILABLE => RefusalReason::Maintenance,
        _ if is_lock_conflict(sentence) => RefusalReason::LockConflict,
        status if status.is_server_error() => RefusalReason::Internal,
        _ => RefusalReason::Invalid,
    }
}

/// What a page says that is no JSON: most of them come from something before the shop.
fn of_page(answer: &WireAnswer) -> (RefusalReason, String) {
    let text = String::from_utf8_lossy(&answer.body);
    let described = described(answer, &text);
    match answer.status {
        StatusCode::SERVICE_UNAVAILABLE if text.contains(MAINTENANCE_PAGE) => {
            (RefusalReason::Maintenance, "the shop is in maintenance mode".to_owned())
        }
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            (RefusalReason::Gateway, format!("the web server before the shop got no answer of it ({described})"))
        }
        StatusCode::TOO_MANY_REQUESTS => (RefusalReason::Busy, "too many requests".to_owned()),
        StatusCode::PAYLOAD_TOO_LARGE => {
            (RefusalReason::TooLarge, "the request is larger than the web server of the shop takes".to_owned())
        }
        StatusCode::INTERNAL_SERVER_ERROR => {
            (RefusalReason::Crash, format!("the shop's program broke off ({described})"))
        }
        status if status.is_redirection() => {
            let location = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok()).unwrap_or_default();
            let target = location.split(['?', '#']).next().unwrap_or_default();
            (RefusalReason::Moved, format!("the address has moved to `{}`", in_one_line(target)))
        }
        _ => (RefusalReason::Page, not_json(answer)),
    }
}

fn not_json(answer: &WireAnswer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    format!("{} (expected JSON)", described(answer, &text))
}

/// What kind of page it is, and what it calls itself.
fn described(answer: &WireAnswer, text: &str) -> String {
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("no type");
    let kind = kind.split(';').next().unwrap_or(kind).trim();
    let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title);
    let words = match (title, kind) {
        (Some(title), _) => in_one_line(title),
        (None, "text/plain") => in_one_line(text),
        (None, _) => String::new(),
    };
    let words: String = words.chars().take(TITLE_CHARS).collect();
    match words.as_str() {
        "" => format!("a page of type `{kind}`"),
        words => format!("a page of type `{kind}` that says `{words}`"),
    }
}

/// How long the server wants to be left alone: seconds, or a date.
fn retry_after(answer: &WireAnswer, now: DateTime<Utc>) -> Option<Duration> {
    let value = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at: DateTime<Utc> = httpdate::parse_http_date(value).ok()?.into();
    (at - now).to_std().ok()
}

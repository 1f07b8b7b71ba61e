//! What a step can tell `http_request`.

use engine::accepts::{
    Argument, ArgumentKind, BadArgument, DeclaredArgument, EarlierStep, OneOf, Parsed, Presence, Text, ValueForm,
    WholeNumber,
};
use http::StatusCode;
use http::header::HeaderName;
use url::Url;

use crate::general::artifact_name;

pub(super) const ARGUMENTS: &[&dyn DeclaredArgument] =
    &[&URL, &METHOD, &HEADERS, &BODY, &BODY_FROM, &TIMEOUT_SECONDS, &EXPECT, &SAVE_AS];

pub(super) const URL: Argument<Parsed<Url>> = Argument {
    name: "url",
    kind: Parsed { kind: "URL", example: "https://api.example.com/orders", read: url },
    presence: Presence::Required,
    meaning: "what is called: `https://…`, or `http://…` for listed ports of this machine",
};

pub(super) const METHOD: Argument<OneOf> = Argument {
    name: "method",
    kind: OneOf(&["GET", "POST", "PUT", "PATCH", "DELETE"]),
    presence: Presence::Default("GET"),
    meaning: "the method",
};

pub(super) const HEADERS: Argument<HeaderText> = Argument {
    name: "header.*",
    kind: HeaderText,
    presence: Presence::Optional,
    meaning: "a header; `secret:NAME` as the value stands for a secret of the deployment",
};

pub(super) const BODY: Argument<Text> = Argument {
    name: "body",
    kind: Text { example: "hello" },
    presence: Presence::AtMostOneOf(BODIES),
    meaning: "the text to send",
};

pub(super) const BODY_FROM: Argument<EarlierStep> = Argument {
    name: "body_from",
    kind: EarlierStep::IfThere,
    presence: Presence::AtMostOneOf(BODIES),
    meaning: "a step: the file that its output names as `file` is sent, or else its output as JSON",
};

const BODIES: &[&str] = &["body", "body_from"];

pub(super) const TIMEOUT_SECONDS: Argument<WholeNumber> = Argument {
    name: "timeout_seconds",
    kind: WholeNumber { from: 1, to: WholeNumber::UNLIMITED, unit: "seconds" },
    presence: Presence::Default("30"),
    meaning: "how long the whole request may take, cut to the time that the runner has",
};

pub(super) const EXPECT: Argument<Parsed<Vec<Expected>>> = Argument {
    name: "expect",
    kind: Parsed { kind: "list of statuses and classes of statuses, with commas", example: "2xx,409", read: expected },
    presence: Presence::Default("2xx"),
    meaning: "what counts as success",
};

pub(super) const SAVE_AS: Argument<Parsed<String>> = Argument {
    name: "save_as",
    kind: Parsed { example: "answer.json", ..artifact_name::FILE_NAME },
    presence: Presence::Default("response"),
    meaning: "the name of the file with the response",
};

/// Statuses that count as success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// One status: `404`.
    Status(u16),
    /// All of a class: `2xx`.
    Class(u16),
}

/// The text of a header, whose name stands for the star.
#[derive(Debug)]
pub(super) struct HeaderText;

/// Headers that belong to the connection and not to the step: with them a request could be smuggled into another one.
const OURS: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Why an argument cannot be read.
#[derive(Debug, thiserror::Error)]
enum BadHttpArgument {
    // Not quoted: it may have a secret in its query.
    #[error("it cannot be read, {error}; it should look like `https://api.example.com/orders`")]
    Url { error: url::ParseError },
    #[error("`{found}` is not a status (examples: `2xx`, `404`)")]
    Status { found: String },
    #[error("`{found}` is not the name of a header")]
    HeaderName { found: String },
    #[error("this header cannot be chosen by a step")]
    OurHeader,
}

impl Expected {
    /// Reads a list with commas: `2xx,409`.
    ///
    /// # Errors
    /// Names the entry that is none.
    pub(crate) fn read(list: &str) -> Result<Vec<Self>, BadArgument> {
        expected(list)
    }

    /// Whether a status counts as success.
    pub(crate) fn is(self, status: StatusCode) -> bool {
        match self {
            Expected::Status(code) => code == status.as_u16(),
            Expected::Class(class) => class == status.as_u16() / 100,
        }
    }
}

impl ArgumentKind for HeaderText {
    type Value = String;

    fn read(&self, text: &str) -> Result<String, BadArgument> {
        Ok(text.to_owned())
    }

    fn form(&self) -> ValueForm {
        ValueForm { example: "application/json", ..ValueForm::of("text") }
    }

    fn check_key(&self, name: &str) -> Result<(), BadArgument> {
        let header = HeaderName::from_bytes(name.as_bytes());
        let header = header.map_err(|_| BadHttpArgument::HeaderName { found: name.to_owned() })?;
        if is_header_of_ours(&header) { Err(BadHttpArgument::OurHeader)? } else { Ok(()) }
    }
}

/// Whether a header belongs to the connection, so that nobody else chooses it.
pub(crate) fn is_header_of_ours(header: &HeaderName) -> bool {
    OURS.contains(&header.as_str())
}

fn url(text: &str) -> Result<Url, BadArgument> {
    Ok(Url::parse(text).map_err(|error| BadHttpArgument::Url { error })?)
}

fn expected(list: &str) -> Result<Vec<Expected>, BadArgument> {
    list.split(',').map(str::trim).map(one_expected).collect()
}

fn one_expected(entry: &str) -> Result<Expected, BadArgument> {
    let class = entry.strip_suffix("xx").and_then(|class| class.parse().ok()).filter(|class| (1..=5).contains(class));
    let status = entry.parse().ok().filter(|status| (100..600).contains(status));
    let read = class.map(Expected::Class).or(status.map(Expected::Status));
    Ok(read.ok_or_else(|| BadHttpArgument::Status { found: entry.to_owned() })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_statuses_are_single_ones_or_classes() {
        let list = [Expected::Class(2), Expected::Status(404), Expected::Status(409)];
        assert_eq!(expected("2xx, 404,409").unwrap(), list);
        for bad in ["", "6xx", "0xx", "20x", "99", "600", "2xx,", "ok"] {
            assert!(expected(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_and_methods_are_checked() {
        for bad in ["0", "-1", "5s", "1.5", ""] {
            assert!(TIMEOUT_SECONDS.check(bad).is_err(), "{bad}");
        }
        for bad in ["get", "TRACE", "CONNECT", "", "GET /"] {
            assert!(METHOD.check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_method_that_is_allowed_is_one_of_the_protocol() {
        for method in METHOD.kind.0 {
            assert_eq!(method.parse::<http::Method>().unwrap().as_str(), *method);
        }
    }
}

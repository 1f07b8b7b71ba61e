//! The signature of OAuth 1.0a, checked as the shop checks it.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::state::access::{Access, Rights, hmac_sha256};

/// What RFC 3986 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How far a timestamp may lie ahead, in seconds. There is no limit for the past.
const AHEAD: i64 = 600;

/// A request as far as it is signed.
pub(crate) struct Signed<'a> {
    /// Method.
    pub method: &'a str,
    /// Address without query.
    pub address: &'a str,
    /// Raw query.
    pub query: &'a str,
}

/// Checks the header of a request and gives the rights of its integration.
pub(crate) fn check(
    access: &mut Access,
    header: &str,
    signed: &Signed<'_>,
    now: DateTime<Utc>,
) -> Result<Rights, Refusal> {
    let parameters = read_header(header);
    let part =
        |name: &str| parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()).unwrap_or_default();
    let refused = |message: &str| Refusal::told(401, message, Value::Null);
    let method = part("oauth_signature_method");
    if method != "HMAC-SHA256" {
        return Err(Refusal::bad_with("Signature method %1 is not supported", json!([method])));
    }
    let place = access.integrations.iter().position(|one| one.consumer_key == part("oauth_consumer_key"));
    let place = place.ok_or_else(|| refused("A consumer having the specified key does not exist"))?;
    let integration = access.integrations[place].clone();
    let time: i64 = part("oauth_timestamp").parse().unwrap_or(0);
    if time <= 0 || time > now.timestamp() + AHEAD {
        return Err(refused("An error occurred validating the nonce"));
    }
    let nonce = (integration.consumer_key.clone(), part("oauth_nonce"));
    if access.nonces.contains(&nonce) {
        let message = "The nonce is already being used by the consumer with ID %1";
        return Err(Refusal::told(401, message, json!([(place + 1).to_string()])));
    }
    access.nonces.push(nonce);
    if integration.token != part("oauth_token") || integration.is_revoked {
        return Err(refused("Access token has been revoked"));
    }
    let expected =
        signature(&integration.consumer_secret, &integration.token_secret, &base_string(signed, &parameters));
    if expected != part("oauth_signature") {
        return Err(refused("The signature is invalid. Verify and try again."));
    }
    Ok(integration.rights)
}

/// The names and values of the header.
fn read_header(header: &str) -> Vec<(String, String)> {
    let header = header.trim_start_matches("OAuth").trim();
    let pair = |part: &str| {
        let (name, value) = part.trim().split_once('=')?;
        Some((name.to_owned(), percent_decode_str(value.trim_matches('"')).decode_utf8_lossy().into_owned()))
    };
    header.split(',').filter_map(pair).collect()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// What is signed: method, address and sorted parameters.
pub(crate) fn base_string(signed: &Signed<'_>, header: &[(String, String)]) -> String {
    let own = header.iter().filter(|(name, _)| name != "oauth_signature" && name != "realm").cloned();
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let sent = signed.query.split('&').filter(|pair| !pair.is_empty()).filter_map(|pair| {
        let parts: Vec<&str> = pair.split('=').collect();
        // A pair with more than one sign of equality is left out.
        match parts.as_slice() {
            [name, value] => Some((decode(name), decode(value))),
            _ => None,
        }
    });
    let mut pairs: Vec<(String, String)> =
        own.chain(sent).map(|(name, value)| (encoded(&name), encoded(&value))).collect();
    pairs.sort_by(|(one, _), (other, _)| natural(one, other));
    let joined: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}&{}&{}", signed.method, encoded(signed.address), encoded(&joined.join("&")))
}

/// The signature of a base string.
pub(crate) fn signature(consumer_secret: &str, token_secret: &str, base: &str) -> String {
    let key = format!("{}&{}", encoded(consumer_secret), encoded(token_secret));
    STANDARD.encode(hmac_sha256(&key, base))
}

/// The order of names: numbers inside of them by their size, so that 10 comes after 2.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        match (left.chars().next(), right.chars().next()) {
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (number, rest) = digits(left);
                let (other_number, other_rest) = digits(right);
                if number != other_number {
                    return number.cmp(&other_number);
                }
                (left, right) = (rest, other_rest);
            }
            (Some(a), Some(b)) if a == b => (left, right) = (&left[a.len_utf8()..], &right[b.len_utf8()..]),
            (a, b) => return a.cmp(&b),
        }
    }
}

fn digits(text: &str) -> (u64, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].parse().unwrap_or(u64::MAX), &text[end..])
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    #[test]
    fn signatures_are_those_of_another_implementation() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../shared/samples/commerce-rest/own/oauth1-test-vectors.json");
        let vectors: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let header: Vec<(String, String)> =
            vectors["oauth"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect();
        for case in vectors["cases"].as_array().unwrap() {
            let pair = |(name, value): (&String, &Value)| format!("{}={}", encoded(name), encoded(&text(value)));
            let query: Vec<String> = case["query"].as_object().unwrap().iter().map(pair).collect();
            let (method, address, query) = (text(&case["method"]), text(&case["url"]), query.join("&"));
            let base = base_string(&Signed { method: &method, address: &address, query: &query }, &header);
            assert_eq!(base, text(&case["base_string"]), "{method} {address}");
            let signed = signature(&text(&vectors["consumer_secret"]), &text(&vectors["token_secret"]), &base);
            assert_eq!(signed, text(&case["signature"]), "{method} {address}");
        }
    }

    #[test]
    fn a_number_in_a_name_counts_by_its_size() {
        assert_eq!(natural("filters%5B10%5D", "filters%5B2%5D"), Ordering::Greater);
        assert_eq!(natural("a", "b"), Ordering::Less);
        assert_eq!(natural("a", "a1"), Ordering::Less);
    }
}

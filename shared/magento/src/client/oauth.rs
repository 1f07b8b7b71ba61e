//! Signs a request with the four keys of an integration: OAuth 1.0a with HMAC-SHA256, the one method that shops take.
//!
//! Magento's own ways are followed where they differ from the book: parameters are sorted naturally (`[2]` before `[10]`),
//! a JSON body is not signed, blanks are `%20`.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use sha2::Sha256;
use url::Url;

use super::call::encoded;
use super::secret::ShopSecret;

/// The four keys of an integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthKeys {
    /// The consumer key.
    pub consumer_key: String,
    /// The consumer secret.
    pub consumer_secret: ShopSecret,
    /// The access token.
    pub token: ShopSecret,
    /// The secret of the access token.
    pub token_secret: ShopSecret,
}

/// What makes a signature the only one of its kind: a shop takes none twice.
pub(crate) struct Moment {
    pub(crate) nonce: String,
    pub(crate) timestamp: i64,
}

/// Returns the value of the header that signs a request.
pub(crate) fn authorization(
    keys: &OAuthKeys,
    (method, url): (&Method, &Url),
    query: &[(String, String)],
    moment: &Moment,
) -> String {
    let timestamp = moment.timestamp.to_string();
    let ours = [
        ("oauth_consumer_key", keys.consumer_key.as_str()),
        ("oauth_nonce", &moment.nonce),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("oauth_timestamp", &timestamp),
        ("oauth_token", keys.token.expose()),
        ("oauth_version", "1.0"),
    ];
    let signed = base_string(method, url, query, &ours);
    let key = format!("{}&{}", encoded(keys.consumer_secret.expose()), encoded(keys.token_secret.expose()));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length will do");
    mac.update(signed.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let pairs = ours.iter().copied().chain([("oauth_signature", signature.as_str())]);
    let shown: Vec<String> = pairs.map(|(name, value)| format!("{name}=\"{}\"", encoded(value))).collect();
    format!("OAuth {}", shown.join(","))
}

fn base_string(method: &Method, url: &Url, query: &[(String, String)], ours: &[(&str, &str)]) -> String {
    let asked = query.iter().map(|(name, value)| (encoded(name), encoded(value)));
    let own = ours.iter().map(|(name, value)| (encoded(name), encoded(value)));
    let mut parameters: Vec<(String, String)> = asked.chain(own).collect();
    parameters.sort_by(|one, other| natural(&one.0, &other.0).then_with(|| one.1.cmp(&other.1)));
    let pairs: Vec<String> = parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut bare = url.clone();
    bare.set_query(None);
    format!("{method}&{}&{}", encoded(bare.as_str()), encoded(&pairs.join("&")))
}

/// Compares as PHP's `strnatcmp` does: runs of digits count as numbers.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    loop {
        let (digits, others) = (leading_digits(one), leading_digits(other));
        let order = match (digits, others) {
            (0, _) | (_, 0) => one.first().cmp(&other.first()),
            // Of numbers without leading zeros the longer one is larger.
            _ => digits.cmp(&others).then_with(|| one[..digits].cmp(&other[..others])),
        };
        if order != Ordering::Equal || one.is_empty() {
            return order;
        }
        let (step, other_step) = (digits.max(1), others.max(1));
        (one, other) = (&one[step..], &other[other_step..]);
    }
}

fn leading_digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    const VECTORS: &str = "../../../shared/samples/commerce-rest/own/oauth1-test-vectors.json";

    #[test]
    fn signatures_are_those_of_the_published_vectors() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(VECTORS);
        let vectors: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let oauth = |name: &str| vectors["oauth"][name].as_str().unwrap().to_owned();
        let keys = OAuthKeys {
            consumer_key: oauth("oauth_consumer_key"),
            consumer_secret: ShopSecret::new(vectors["consumer_secret"].as_str().unwrap()),
            token: ShopSecret::new(oauth("oauth_token")),
            token_secret: ShopSecret::new(vectors["token_secret"].as_str().unwrap()),
        };
        let moment = Moment { nonce: oauth("oauth_nonce"), timestamp: oauth("oauth_timestamp").parse().unwrap() };
        let cases = vectors["cases"].as_array().unwrap();
        assert!(cases.len() >= 3);
        for case in cases {
            let text = |name: &str| case[name].as_str().unwrap();
            let query = case["query"].as_object().unwrap().iter();
            let query: Vec<_> = query.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
            let (method, url) = (text("method").parse().unwrap(), text("url").parse().unwrap());
            assert_eq!(authorization(&keys, (&method, &url), &query, &moment), text("authorization"));
        }
    }

    #[test]
    fn the_tenth_filter_comes_after_the_second() {
        let name = |number: u32| encoded(&format!("searchCriteria[filter_groups][{number}][field]"));
        assert_eq!(natural(&name(10), &name(2)), Ordering::Greater);
        assert_eq!(natural(&name(2), &name(2)), Ordering::Equal);
        assert_eq!(natural("a", "ab"), Ordering::Less);
        assert_eq!(natural("a1", "aB"), Ordering::Less);
    }
}

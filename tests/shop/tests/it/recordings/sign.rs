//! Signs a request by OAuth 1.0a, with code of its own so that the shop's check is not its own judge.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use local_shop::Integration;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// What a header says beside the keys.
pub(crate) struct Stamp<'a> {
    pub method: &'a str,
    pub time: i64,
    pub nonce: &'a str,
}

/// The header of a GET without a query.
pub(crate) fn header(integration: &Integration, address: &str, stamp: &Stamp<'_>) -> String {
    let mut pairs = [
        ("oauth_consumer_key", integration.consumer_key.clone()),
        ("oauth_nonce", stamp.nonce.to_owned()),
        ("oauth_signature_method", stamp.method.to_owned()),
        ("oauth_timestamp", stamp.time.to_string()),
        ("oauth_token", integration.token.clone()),
        ("oauth_version", "1.0".to_owned()),
    ];
    pairs.sort();
    let joined: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let base = format!("GET&{}&{}", encoded(address), encoded(&joined.join("&")));
    let key = format!("{}&{}", integration.consumer_secret, integration.token_secret);
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(base.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let shown: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", encoded(value))).collect();
    format!("OAuth {}, oauth_signature=\"{}\"", shown.join(", "), encoded(&signature))
}

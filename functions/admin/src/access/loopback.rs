//! The gate of a program that listens on its own machine only.
//!
//! A web page from elsewhere can make the browser on this machine send requests here. It cannot read the answers, unless
//! its name is made to lead here (DNS rebinding): then the `Host` header has that name. And it can send writes blindly:
//! then the `Origin` header has its name. So both must name this machine.

use axum::http::header::{HOST, HeaderName, ORIGIN};
use axum::http::{HeaderMap, Method};

use super::{Identity, Role};
use crate::error::ApiError;

pub(super) fn identify(method: &Method, headers: &HeaderMap) -> Result<Identity, ApiError> {
    let host = text(headers, &HOST).unwrap_or_default();
    if !is_loopback(host) {
        let found: String = host.chars().take(100).collect();
        return Err(ApiError::forbidden(format!(
            "the header `Host` is `{found}`; expected `localhost`, `127.0.0.1` or `[::1]` with a port"
        )));
    }
    if !matches!(*method, Method::GET | Method::HEAD) && headers.contains_key(ORIGIN) {
        let origin = text(headers, &ORIGIN).unwrap_or_default();
        if origin.strip_prefix("http://") != Some(host) {
            let found: String = origin.chars().take(100).collect();
            return Err(ApiError::forbidden(format!(
                "the request comes from a page of `{found}`; changes are taken from `http://{host}` only"
            )));
        }
    }
    Ok(Identity { name: "local".to_owned(), role: Some(Role::Configure) })
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    // Two of them are one too many.
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}

fn is_loopback(host: &str) -> bool {
    let is_port = |port: &str| port.parse::<u16>().is_ok();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name,
        Some(_) if host != "[::1]" => return false,
        _ => host,
    };
    if let Some(address) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        return address.parse().is_ok_and(|address: std::net::Ipv6Addr| address.is_loopback());
    }
    name.eq_ignore_ascii_case("localhost")
        || name.parse().is_ok_and(|address: std::net::Ipv4Addr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(method: &str, headers: &[(&str, &str)]) -> Option<String> {
        let parse = |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        let headers: HeaderMap = headers.iter().map(parse).collect();
        identify(&method.parse().unwrap(), &headers).ok().map(|identity| identity.name)
    }

    #[test]
    fn only_names_of_this_machine_are_let_in() {
        for host in
            ["localhost", "localhost:7700", "LOCALHOST:80", "127.0.0.1:7700", "127.9.9.9", "[::1]:7700", "[::1]"]
        {
            assert_eq!(outcome("GET", &[("host", host)]).as_deref(), Some("local"), "{host}");
        }
        for host in [
            "evil.example:7700",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "10.0.0.1:7700",
            "0.0.0.0:7700",
            "[::2]:7700",
            "::1",
            "localhost:x",
            "localhost:7700:1",
            "",
            "[::1",
            "127.0.0.1@evil.example",
        ] {
            assert_eq!(outcome("GET", &[("host", host)]), None, "{host}");
        }
        assert_eq!(outcome("GET", &[]), None);
    }

    #[test]
    fn a_page_from_elsewhere_changes_nothing() {
        let host = ("host", "localhost:7700");
        for (method, origin, is_let_in) in [
            ("POST", "http://localhost:7700", true),
            ("GET", "https://evil.example", true),
            ("POST", "https://evil.example", false),
            ("PUT", "http://localhost:9999", false),
            ("DELETE", "https://localhost:7700", false),
            ("POST", "null", false),
        ] {
            let outcome = outcome(method, &[host, ("origin", origin)]);
            assert_eq!(outcome.is_some(), is_let_in, "{method} {origin}");
        }
    }
}

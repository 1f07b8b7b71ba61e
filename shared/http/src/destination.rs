//! Which web servers a request may go to: the hosts that are listed, at addresses of the public internet.
//!
//! A name is looked up once for each connection; every address it has is checked, and exactly those are connected to. So
//! neither a name that points into the private network nor one that changes between two look-ups leads to where it should
//! not.
//!
//! **Invariant:** an address inside a network (loopback, private, link-local, metadata, …) is reached only if exactly it
//! and its port are listed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use crate::error::Error;

/// A host that may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedHost {
    /// A name, or an address without brackets; in small letters.
    pub host: String,
    /// The only port, if one is named; else that of https. An address counts only with its port.
    pub port: Option<u16>,
}

/// Where a request goes, before its name is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The name or address, as TLS has it.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) protection: Protection,
    address: Option<IpAddr>,
}

/// Whether the request is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    Tls,
    Plain,
}

/// The part of an address that may be shown: query, fragment and credentials can be secret.
#[must_use]
pub fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

impl Destination {
    /// Reads where an address leads and refuses hosts that are not listed. The parser has turned every spelling of an
    /// IPv4 address (`0x7f.1`, `2130706433`, `0177.0.0.1`) into the same four numbers.
    pub(crate) fn of(url: &Url, hosts: &[ListedHost]) -> Result<Self, Error> {
        let protection = match url.scheme() {
            "https" => Protection::Tls,
            "http" => Protection::Plain,
            other => return Err(Error::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Credentials);
        }
        let (host, address) = match url.host() {
            Some(Host::Domain(name)) => (name.to_owned(), None),
            Some(Host::Ipv4(address)) => (address.to_string(), Some(IpAddr::V4(address))),
            Some(Host::Ipv6(address)) => (address.to_string(), Some(IpAddr::V6(address))),
            None => return Err(Error::NoHost),
        };
        let port = url.port_or_known_default().unwrap_or(443);
        let destination = Destination { host, port, protection, address };
        let is_listed = match address {
            Some(address) => is_listed(address, port, hosts),
            None => hosts.iter().any(|entry| destination.is_named_by(entry)),
        };
        if is_listed { Ok(destination) } else { Err(destination.not_listed()) }
    }

    /// The address, if the `url` has one instead of a name.
    pub(crate) fn literal(&self) -> Option<IpAddr> {
        self.address
    }

    /// Checks what the name was found to stand for; all of it must be allowed.
    pub(crate) fn permit(&self, found: &[IpAddr], hosts: &[ListedHost]) -> Result<Vec<SocketAddr>, Error> {
        for address in found.iter().map(IpAddr::to_canonical) {
            let host = self.host.clone();
            if !is_public(address) && !is_listed(address, self.port, hosts) {
                return Err(Error::Inside { host, address: SocketAddr::new(address, self.port) });
            }
            if self.protection == Protection::Plain && !address.is_loopback() {
                return Err(Error::Unprotected { host, address });
            }
        }
        Ok(found.iter().map(|address| SocketAddr::new(*address, self.port)).collect())
    }

    /// An entry without a port means the one of https.
    fn is_named_by(&self, entry: &ListedHost) -> bool {
        entry.host == self.host && entry.port.unwrap_or(443) == self.port
    }

    fn not_listed(&self) -> Error {
        let host = match self.address {
            Some(address) => SocketAddr::new(address, self.port).to_string(),
            None if self.port == 443 => self.host.clone(),
            None => format!("{}:{}", self.host, self.port),
        };
        Error::NotListed { host }
    }
}

/// Whether exactly this address and port are listed.
fn is_listed(address: IpAddr, port: u16, hosts: &[ListedHost]) -> bool {
    let is_it = |entry: &ListedHost| {
        let listed = entry.host.parse::<IpAddr>().ok().map(|listed| listed.to_canonical());
        listed == Some(address.to_canonical()) && entry.port == Some(port)
    };
    hosts.iter().any(is_it)
}

/// Whether an address belongs to the public internet.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Everything outside the blocks that IANA keeps for special purposes.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b); // carrier-grade NAT; some clouds keep metadata there
    let is_protocol = (a, b, c) == (192, 0, 0) || (a, b, c) == (192, 88, 99);
    let is_benchmark = a == 198 && (b & 0xfe) == 18;
    let is_reserved = a == 0 || a >= 224; // this network; multicast, reserved, broadcast
    !(address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || is_shared
        || is_protocol
        || is_benchmark
        || is_reserved)
}

/// Global unicast without the blocks that carry an IPv4 address inside (6to4, Teredo) or lead nowhere. NAT64
/// (`64:ff9b::/96`), unique local and mapped addresses lie outside of it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_global_unicast = a & 0xe000 == 0x2000;
    let is_protocol = a == 0x2001 && b < 0x0200; // Teredo, benchmarks, ORCHID
    let is_documentation = (a, b) == (0x2001, 0x0db8) || (a == 0x3fff && b < 0x1000);
    let is_6to4 = a == 0x2002;
    is_global_unicast && !is_protocol && !is_documentation && !is_6to4
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `api.example.com,127.0.0.1:9000,[::1]:9000`.
    fn listed(hosts: &str) -> Vec<ListedHost> {
        let read = |entry: &str| match entry.rsplit_once(':') {
            Some((host, port)) => {
                let host = host.trim_matches(['[', ']']).to_owned();
                ListedHost { host, port: Some(port.parse().unwrap()) }
            }
            None => ListedHost { host: entry.to_owned(), port: None },
        };
        hosts.split(',').map(read).collect()
    }

    /// What comes of a call to `url` if only `hosts` are listed and the name is at `found`.
    fn called(url: &str, hosts: &str, found: &[&str]) -> Result<Vec<SocketAddr>, String> {
        let (url, hosts) = (Url::parse(url).unwrap(), listed(hosts));
        let destination = Destination::of(&url, &hosts).map_err(|error| error.to_string())?;
        let found: Vec<IpAddr> = match destination.literal() {
            Some(address) => vec![address],
            None => found.iter().map(|address| address.parse().unwrap()).collect(),
        };
        destination.permit(&found, &hosts).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_inside_a_network_are_told_from_public_ones() {
        let inside = "0.0.0.0 0.1.2.3 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254 \
            169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.168.0.1 198.18.0.1 198.19.255.255 \
            198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 \
            ::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1::1 3fff::1 fc00::1 \
            fd00:ec2::254 fe80::1 fec0::1 ff02::1";
        for address in inside.split_whitespace() {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        let public = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 198.20.0.1 \
            223.255.255.255 2606:4700::1111 2a00:1450:4001::1 2001:4860:4860::8888 ::ffff:8.8.8.8";
        for address in public.split_whitespace() {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_listed_name_at_a_public_address_is_called_there() {
        let addresses = called("https://api.example.com/a?b=c", "api.example.com", &["1.1.1.1", "2606:4700::1111"]);
        assert_eq!(addresses.unwrap(), ["1.1.1.1:443".parse().unwrap(), "[2606:4700::1111]:443".parse().unwrap()]);
        assert!(called("https://API.example.com:8443/", "api.example.com:8443", &["1.1.1.1"]).is_ok());
    }

    #[test]
    fn a_host_or_port_that_is_not_listed_is_refused_before_any_look_up() {
        for (url, named) in [
            ("https://evil.example.com/", "`evil.example.com`"),
            ("https://api.example.com.evil.org/", "`api.example.com.evil.org`"),
            ("https://xapi.example.com/", "`xapi.example.com`"),
            ("https://api.example.com./", "`api.example.com.`"),
            ("https://api.example.com:8443/", "`api.example.com:8443`"),
            ("http://api.example.com/", "`api.example.com:80`"),
            ("https://1.1.1.1/", "`1.1.1.1:443`"),
        ] {
            let message = called(url, "api.example.com", &[]).unwrap_err();
            assert!(message.starts_with(&format!("{named} is not among the hosts")), "{url}: {message}");
        }
    }

    #[test]
    fn every_spelling_of_an_inner_address_is_refused() {
        for url in [
            "http://169.254.169.254/latest/meta-data/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://169.254.43518/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[fd00:ec2::254]/",
            "http://127.1/",
            "http://0/",
            "http://①②⑦.0.0.1/",
            "http://[::]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://169.254.169.254./",
            "http://%31%36%39.254.169.254/",
            "http://169\u{3002}254\u{ff0e}169\u{ff61}254/",
            "http://[::169.254.169.254]/",
            "http://[::127.0.0.1]:9000/",
            "http://[::1]:9000/",
            "http://[fe80::1]/",
            "http://[fec0::1]/",
            "http://[2002:a9fe:a9fe::1]/",
            "http://[2001:0:a9fe:a9fe::1]/",
            "http://127.0.0.1:9001/",
            "http://127.0.0.2:9000/",
            "http://localhost:9000/",
            "http://localhost.:9000/",
            "http://metadata.google.internal/",
            "http://instance-data/",
            "http://kubernetes.default.svc/",
            "http://api.example.com@127.0.0.1:9000/",
            "http://api.example.com%2f@169.254.169.254/",
        ] {
            assert!(called(url, "api.example.com,127.0.0.1:9000", &[]).is_err(), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_not_read_as_one() {
        for url in [
            "http://[fe80::1%25eth0]/",
            "http://[::1%lo]/",
            "http://[127.0.0.1]/",
            "http://256.256.256.256/",
            "http://1.2.3.4.5/",
            "http://0x100000000/",
            "http://127.0.0.1:99999/",
            "http://a b/",
            "http:///",
            "//127.0.0.1/",
            "127.0.0.1",
        ] {
            assert!(Url::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_name_with_one_inner_address_is_refused_unless_that_is_listed_too() {
        let hosts = "api.example.com";
        for inner in ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"] {
            let message = called("https://api.example.com/", hosts, &["1.1.1.1", inner]).unwrap_err();
            assert!(message.contains("which is not on the public internet"), "{inner}: {message}");
        }
        let hosts = "api.example.com,10.0.0.1:443";
        assert!(called("https://api.example.com/", hosts, &["10.0.0.1"]).is_ok());
        assert!(called("https://api.example.com/", hosts, &["10.0.0.2"]).is_err());
        assert!(called("https://api.example.com/", "api.example.com,10.0.0.1:444", &["10.0.0.1"]).is_err());
    }

    #[test]
    fn without_encryption_only_listed_ports_of_this_machine_are_called() {
        assert!(called("http://127.0.0.1:9000/", "127.0.0.1:9000", &[]).is_ok());
        assert!(called("http://[::1]:9000/", "[::1]:9000", &[]).is_ok());
        assert!(called("http://localhost:9000/", "localhost:9000,127.0.0.1:9000", &["127.0.0.1"]).is_ok());
        assert!(called("http://localhost:9000/", "localhost:9000", &["127.0.0.1"]).is_err());
        assert!(called("http://127.0.0.1:9001/", "127.0.0.1:9000", &[]).is_err());
        for (url, hosts, found) in [
            ("http://api.example.com/", "api.example.com:80", "1.1.1.1"),
            ("http://10.0.0.1/", "10.0.0.1:80", "10.0.0.1"),
        ] {
            let message = called(url, hosts, &[found]).unwrap_err();
            assert!(message.contains("needs `https`"), "{url}: {message}");
        }
    }

    #[test]
    fn credentials_and_other_schemes_are_refused() {
        let message = called("https://user:pass@api.example.com/", "api.example.com", &[]).unwrap_err();
        assert!(message.contains("credentials") && !message.contains("pass@"), "{message}");
        for url in [
            "ftp://api.example.com/",
            "file:///etc/passwd",
            "file://api.example.com/etc/passwd",
            "gopher://api.example.com:443/",
            "ws://api.example.com/",
            "unix:/run/docker.sock",
            "data:text/plain,a",
            "jar:https://api.example.com/!/a",
            "ldap://api.example.com:443/",
        ] {
            assert!(called(url, "api.example.com", &[]).is_err(), "{url}");
        }
    }

    #[test]
    fn what_is_shown_of_an_address_has_no_query_and_no_credentials() {
        let url = Url::parse("https://user:pass@api.example.com:8443/a/b?key=hush#top").unwrap();
        assert_eq!(shown(&url), "https://api.example.com:8443/a/b");
    }
}

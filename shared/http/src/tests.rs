//! The client against a server on this machine.

use std::error::Error as _;
use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flate2::write::GzEncoder;
use http::header::{AUTHORIZATION, HeaderMap};
use http::{Method, StatusCode};
use tokio::task::JoinSet;
use url::Url;

use crate::testing::{Server, answer, roots};
use crate::{Client, ClientSettings, Error, ListedHost, Request, RequestLimits, Resolve, Response, Secrets};

const LIMITS: RequestLimits = RequestLimits { time: Duration::from_secs(10), body_bytes: 1024 * 1024 };

/// A client that may call exactly this server.
fn client(server: &Server) -> Client {
    Client::new(ClientSettings::for_hosts(vec![listed(server)]))
}

fn listed(server: &Server) -> ListedHost {
    ListedHost { host: server.address.ip().to_string(), port: Some(server.address.port()) }
}

fn get(url: &str) -> Request {
    Request {
        method: Method::GET,
        url: Url::parse(url).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        secrets: Arc::default(),
        limits: LIMITS,
    }
}

fn with_token(url: &str) -> Request {
    let mut secrets = Secrets::default();
    secrets.add("SHOP", "Bearer hush-hush-hush");
    let headers = HeaderMap::from_iter([(AUTHORIZATION, "Bearer hush-hush-hush".parse().unwrap())]);
    Request { headers, secrets: Arc::new(secrets), ..get(url) }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// An answer with a body as it stands, and what the head says of its encoding.
fn encoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The body of an answer to a request that carries a token, or what is wrong with it.
async fn received(answer: &[u8]) -> Result<Bytes, Error> {
    let server = Server::with(&[answer]).await;
    client(&server).send(with_token(&server.url("/"))).await?.bytes().await
}

async fn whole(response: Response) -> Bytes {
    response.bytes().await.unwrap()
}

#[tokio::test]
async fn requests_one_after_the_other_share_a_connection() {
    let server = Server::with(&[answer("200 OK", "", "hello")]).await;
    let client = client(&server);
    for number in 0..5 {
        let response = client.send(get(&server.url(&format!("/{number}?page=1#top")))).await.unwrap();
        assert_eq!((response.status, whole(response).await), (StatusCode::OK, Bytes::from("hello")));
    }
    assert_eq!((server.requests().len(), server.connections()), (5, 1));
    let first = &server.requests()[0];
    assert!(first.starts_with("GET /0?page=1 HTTP/1.1\r\n"), "{first}");
    assert!(first.contains(&format!("host: {}\r\n", server.address)) && first.contains("accept-encoding: gzip\r\n"));
}

#[tokio::test]
async fn clones_send_at_once_and_mix_nothing_up() {
    let server = Server::with(&[answer("200 OK", "", "hello")]).await;
    let client = client(&server);
    let mut calls = JoinSet::new();
    for number in 0..50 {
        let (client, url) = (client.clone(), server.url(&format!("/{number}")));
        calls.spawn(async move { whole(client.send(get(&url)).await.unwrap()).await });
    }
    assert!(calls.join_all().await.iter().all(|body| body == "hello"));
    assert_eq!(server.requests().len(), 50);
    assert!(server.connections() <= 50, "{}", server.connections());
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_not_used_again() {
    let server = Server::with(&[answer("200 OK", "Connection: close\r\n", "a"), answer("200 OK", "", "b")]).await;
    let client = client(&server);
    for expected in ["a", "b"] {
        assert_eq!(whole(client.send(get(&server.url("/"))).await.unwrap()).await, expected);
    }
    assert_eq!(server.connections(), 2);
}

/// A response that nobody asked for must not become the answer to the next request.
#[tokio::test]
async fn what_comes_after_a_response_is_not_the_next_one() {
    let two = format!("{}{}", answer("200 OK", "", "first"), answer("200 OK", "", "smuggled"));
    let server = Server::with(&[two, answer("200 OK", "", "second")]).await;
    let client = client(&server);
    for expected in ["first", "second"] {
        assert_eq!(whole(client.send(get(&server.url("/"))).await.unwrap()).await, expected);
    }
}

/// Knows every name at the next of these addresses, and the last one from then on.
struct Moving {
    addresses: Vec<&'static str>,
    asked: AtomicUsize,
}

impl Moving {
    fn over(addresses: &[&'static str]) -> Arc<Self> {
        Arc::new(Moving { addresses: addresses.to_owned(), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Resolve for Moving {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(vec![self.addresses[asked.min(self.addresses.len() - 1)].parse().unwrap()])
    }
}

/// A client for `shop.example.com` at the port of the server, and at 127.0.0.1 there.
fn moving_client(server: &Server, names: Arc<Moving>) -> (Client, String) {
    let port = server.address.port();
    let hosts = vec![ListedHost { host: "shop.example.com".to_owned(), port: Some(port) }, listed(server)];
    (Client::new(ClientSettings { hosts, resolver: names, roots: None }), format!("http://shop.example.com:{port}/"))
}

#[tokio::test]
async fn every_new_connection_is_checked_and_a_kept_one_needs_no_look_up() {
    let closing = answer("200 OK", "Connection: close\r\n", "");
    let server = Server::with(&[answer("200 OK", "", ""), closing, answer("200 OK", "", "keys of the kingdom")]).await;
    let names = Moving::over(&["127.0.0.1", "127.0.0.2"]);
    let (client, url) = moving_client(&server, names.clone());
    for _ in 0..2 {
        whole(client.send(get(&url)).await.unwrap()).await;
    }
    assert_eq!(names.asked.load(Ordering::Relaxed), 1);
    let error = client.send(get(&url)).await.unwrap_err();
    let expected = "`shop.example.com` is at 127.0.0.2, which is not on the public internet";
    assert!(error.to_string().starts_with(expected) && !error.is_retryable(), "{error}");
    assert_eq!((names.asked.load(Ordering::Relaxed), server.requests().len()), (2, 2));
}

#[tokio::test]
async fn a_kept_connection_serves_no_other_host_or_port() {
    let server = Server::with(&[answer("200 OK", "", "")]).await;
    let (client, url) = moving_client(&server, Moving::over(&["127.0.0.1"]));
    whole(client.send(get(&url)).await.unwrap()).await;
    let port = server.address.port();
    for other in [format!("http://127.0.0.1:{}/", port ^ 1), format!("http://other.example.com:{port}/")] {
        let error = client.send(get(&other)).await.unwrap_err();
        assert!(matches!(error, Error::NotListed { .. }), "{other}: {error}");
    }
    // The same server under a name that is listed, too, is reached by a connection of its own.
    whole(client.send(get(&server.url("/"))).await.unwrap()).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn kept_connections_are_encrypted_like_the_first_one() {
    let server = Server::encrypted(&[answer("200 OK", "", "hello")]).await;
    let port = server.address.port();
    let hosts = vec![ListedHost { host: "shop.example.com".to_owned(), port: Some(port) }, listed(&server)];
    let client = Client::new(ClientSettings { hosts, resolver: Moving::over(&["127.0.0.1"]), roots: Some(roots()) });
    for _ in 0..3 {
        let response = client.send(get(&format!("https://shop.example.com:{port}/"))).await.unwrap();
        assert_eq!(whole(response).await, "hello");
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
    let error = client.send(get(&format!("https://127.0.0.1:{port}/"))).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(error.to_string(), "no encrypted connection to `127.0.0.1`");
    assert!(error.source().unwrap().to_string().starts_with("invalid peer certificate"), "{error:?}");
}

#[tokio::test]
async fn a_gzip_body_is_unpacked() {
    let body: String = (0..50_000).map(|number| format!("{number},")).collect();
    for encoding in ["gzip", "x-gzip", "GZIP"] {
        assert_eq!(received(&encoded(encoding, &gzip(body.as_bytes()))).await.unwrap(), body, "{encoding}");
    }
    let two = [gzip(b"first "), gzip(b"second")].concat();
    assert_eq!(received(&encoded("gzip", &two)).await.unwrap(), "first second");
    assert_eq!(received(&encoded("gzip", b"")).await.unwrap(), "");
    assert_eq!(received(&encoded("identity", b"plain")).await.unwrap(), "plain");
}

#[tokio::test]
async fn the_head_of_an_unpacked_response_says_nothing_of_how_it_was_packed() {
    let server = Server::with(&[encoded("gzip", &gzip(b"hello"))]).await;
    let response = client(&server).send(get(&server.url("/"))).await.unwrap();
    assert_eq!(response.headers, HeaderMap::new());
}

#[tokio::test]
async fn a_small_body_that_unpacks_to_a_huge_one_is_cut_off() {
    let bomb = gzip(&vec![0; 8 * 1024 * 1024]);
    assert!((bomb.len() as u64) < LIMITS.body_bytes);
    let error = received(&encoded("gzip", &bomb)).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit_bytes: 1_048_576 }), "{error}");
}

/// Stored blocks without content: bytes on the wire that stand for none.
#[tokio::test]
async fn a_body_that_unpacks_to_nothing_is_counted_as_it_comes() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03";
    let endless = [head.as_slice(), &[0x00, 0x00, 0x00, 0xff, 0xff].repeat(250_000)].concat();
    let error = received(&endless).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_body_that_is_not_what_its_encoding_says_may_be_so_next_time() {
    let whole = gzip(b"hello hello hello");
    let mut wrong_sum = whole.clone();
    let place = wrong_sum.len() - 6;
    wrong_sum[place] ^= 1;
    for body in
        [b"hello".as_slice(), &whole[..whole.len() - 9], &whole[..4], &wrong_sum, &[whole.as_slice(), b"more"].concat()]
    {
        let error = received(&encoded("gzip", body)).await.unwrap_err();
        assert!(matches!(error, Error::Undecodable { .. }) && error.is_retryable(), "{body:?}: {error}");
    }
}

/// What cannot be unpacked cannot be looked through.
fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn bare(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_deflated_body_is_unpacked_in_both_forms_that_servers_send() {
    // As if drawn: packs badly, so that it comes in many pieces.
    let noise: Vec<u8> =
        (0..200_000_u32).map(|number| b'a' + (number.wrapping_mul(2_654_435_761) >> 27) as u8 % 26).collect();
    for body in [b"hello".as_slice(), b"", &[0; 500_000], &noise] {
        for packed in [zlib(body), bare(body)] {
            assert!(received(&encoded("deflate", &packed)).await.unwrap() == body, "{} bytes", body.len());
        }
    }
    assert_eq!(received(&encoded("deflate", b"")).await.unwrap(), "");
}

#[tokio::test]
async fn a_deflated_body_that_is_cut_off_or_goes_on_is_no_body() {
    for whole in [zlib(b"hello hello hello"), bare(b"hello hello hello")] {
        let longer = [whole.as_slice(), b"x"].concat();
        for broken in [&whole[..1], &whole[..whole.len() - 1], &longer] {
            let error = received(&encoded("deflate", broken)).await.unwrap_err();
            assert!(matches!(error, Error::Undecodable { .. }), "{} bytes: {error}", broken.len());
        }
    }
}

#[tokio::test]
async fn a_deflated_body_counts_unpacked_and_is_looked_through() {
    let bomb = zlib(&vec![0; 8 * 1024 * 1024]);
    assert!(bomb.len() < 10_000);
    let error = received(&encoded("deflate", &bomb)).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn what_has_not_changed_may_be_as_long_as_it_is() {
    let answer = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99999999\r\n\r\n";
    assert_eq!(received(answer).await.unwrap(), "");
}

#[tokio::test]
async fn an_encoding_that_was_not_asked_for_is_refused() {
    for encoding in ["br", "zstd", "gzip, gzip", "deflate, gzip", "gzip\r\nContent-Encoding: br", "\u{e4}"] {
        let error = received(&encoded(encoding, b"hello")).await.unwrap_err();
        assert!(matches!(error, Error::Encoded { .. }) && !error.is_retryable(), "{encoding}: {error}");
    }
}

#[tokio::test]
async fn a_secret_in_a_head_or_a_body_is_refused_whatever_the_status() {
    let in_head = answer("401 No", "WWW-Authenticate: Bearer error=\"hush-hush-hush\"\r\n", "");
    let in_body = answer("500 Oops", "", "<pre>Authorization: Bearer hush-hush-hush</pre>");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhush-\r\n9\r\nhush-hush\r\n0\r\n\r\n";
    let packed = encoded("gzip", &gzip(b"{\"token\": \"hush-hush-hush\"}"));
    let deflated = encoded("deflate", &zlib(b"{\"token\": \"hush-hush-hush\"}"));
    for answer in [in_head.as_bytes(), in_body.as_bytes(), chunked.as_bytes(), &packed, &deflated] {
        let error = received(answer).await.unwrap_err();
        let expected = "the response repeats the secret `SHOP`, so nothing of it is kept";
        assert_eq!((error.to_string().as_str(), error.is_retryable()), (expected, false));
    }
}

#[tokio::test]
async fn nothing_comes_after_a_secret() {
    let body = format!("hush-hush-hush{}", ".".repeat(200_000));
    let server = Server::with(&[answer("200 OK", "", &body)]).await;
    let mut response = client(&server).send(with_token(&server.url("/"))).await.unwrap();
    assert!(matches!(response.chunk().await, Err(Error::RepeatsSecret { .. })));
    assert_eq!(response.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn time_and_size_are_those_of_the_request() {
    let server = Server::with(&[&answer("200 OK", "", "hello"), "", &answer("200 OK", "", "hello")]).await;
    let client = client(&server);
    let limited = |limits| Request { limits, ..get(&server.url("/a?key=hush")) };
    let small = client.send(limited(RequestLimits { body_bytes: 4, ..LIMITS })).await.unwrap_err();
    assert!(matches!(small, Error::TooLarge { limit_bytes: 4 }), "{small}");
    let late = client.send(limited(RequestLimits { time: Duration::from_millis(50), ..LIMITS })).await.unwrap_err();
    let expected = format!("GET http://{}/a: no answer within 0 s", server.address);
    assert_eq!((late.to_string(), late.is_retryable()), (expected, true));
    assert_eq!(whole(client.send(limited(RequestLimits { body_bytes: 5, ..LIMITS })).await.unwrap()).await, "hello");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_left() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    let many: String = (0..200).map(|number| format!("X-{number}: 1\r\n")).collect();
    for answer in [long, format!("HTTP/1.1 200 OK\r\n{many}\r\n")] {
        let error = received(answer.as_bytes()).await.unwrap_err();
        assert!(matches!(error, Error::BrokenOff { .. }) && error.is_retryable(), "{error}");
    }
}

#[tokio::test]
async fn an_error_shows_no_header_and_no_query() {
    let url = "https://nowhere.example.com/a?key=hush-query";
    let hosts = vec![ListedHost { host: "nowhere.example.com".to_owned(), port: None }];
    // An address for documentation, which is never public.
    let client = Client::new(ClientSettings { hosts, resolver: Moving::over(&["192.0.2.1"]), roots: None });
    let error = client.send(with_token(url)).await.unwrap_err();
    assert!(matches!(error, Error::Inside { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
}

//! `http_request` against a server on this machine.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http_client::Resolve;
use http_client::testing::{Server, answer, roots};
use serde_json::{Value, json};
use store::services::{Secret, SecretReader, Services};

use super::{called, kept, outcome, output, repeated, services, workshop};
use engine::runner::RunReport;
use steps::general::http_request::HttpRequest;
use workshop::Workshop;

/// Knows one name, at these addresses, and counts how often it is asked.
struct Names {
    addresses: Vec<IpAddr>,
    asked: AtomicUsize,
}

impl Names {
    fn at(addresses: &[&str]) -> Arc<Self> {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Names { addresses, asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if host == "shop.example.com" { Ok(self.addresses.clone()) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// A workshop whose step calls that server.
fn calling(server: &Server, path: &str, more: &[(&str, &str)]) -> Workshop {
    let url = server.url(path);
    let arguments = [&[("url", url.as_str())], more].concat();
    workshop(Arc::new(HttpRequest::default()), &arguments, services(&server.entry()))
}

#[tokio::test]
async fn the_response_is_kept_as_an_artifact_of_the_attempt() {
    let server =
        Server::with(&[&answer("200 OK", "Content-Type: text/csv\r\nSet-Cookie: hush\r\n", "sku,qty\na,1\n")]).await;
    let workshop = calling(&server, "/stock?key=hush", &[("save_as", "stock.csv")]);
    let id = called(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    let output = output(&workshop, &id).await;
    assert_eq!(output["status"], json!(200));
    assert_eq!(output["size_bytes"], json!(12));
    assert_eq!(output["headers"], json!({ "content-type": "text/csv" }));
    let file = output["file"].as_str().unwrap();
    assert!(file.starts_with(&format!("work/{id}/call/1-")) && file.ends_with("/stock.csv"), "{file}");
    assert_eq!(workshop.store().files.get(file, None).await.unwrap().unwrap(), "sku,qty\na,1\n");
    let request = &server.requests()[0];
    assert!(request.starts_with("GET /stock?key=hush HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: {}\r\n", server.entry())), "{request}");
    assert!(!request.contains("idempotency-key"), "{request}");
}

#[tokio::test]
async fn neither_secrets_nor_queries_are_kept_anywhere_but_in_the_definition() {
    let server = Server::with(&[&answer("401 Unauthorized", "", "no")]).await;
    let workshop = calling(&server, "/a?key=very-secret", &[("header.Authorization", "secret:ERP")]);
    let id = called(&workshop).await;
    assert!(server.requests()[0].contains("authorization: Bearer hush-hush\r\n"));
    let kept = kept(&workshop, &id).await;
    assert!(kept.contains("/a: status 401"), "{kept}");
    assert!(!kept.contains("hush-hush") && !kept.contains("very-secret"), "{kept}");
}

#[tokio::test]
async fn a_secret_that_the_deployment_does_not_have_is_named() {
    let server = Server::with(&[&answer("200 OK", "", "")]).await;
    let workshop = calling(&server, "/", &[("header.Authorization", "secret:SHOP")]);
    let id = called(&workshop).await;
    assert_eq!(
        outcome(&workshop, &id).await,
        "error for good argument `header.Authorization` asks for the secret `SHOP`, which is not there (set SECRET_SHOP)"
    );
    assert!(server.requests().is_empty());
}

/// Reads one secret, always the same.
struct Elsewhere;

#[async_trait]
impl SecretReader for Elsewhere {
    async fn read(&self, name: &str, _: DateTime<Utc>) -> store::Result<Option<Secret>> {
        Ok((name == "SHOP").then(|| Secret::new("Bearer from-elsewhere")))
    }
}

#[tokio::test]
async fn a_secret_that_is_read_elsewhere_is_sent_and_looked_for_like_any_other() {
    let server = Server::with(&[&answer("200 OK", "", "fine"), &answer("200 OK", "", "you sent from-elsewhere")]).await;
    for (name, expected) in [
        ("SHOP", "success "),
        ("SHOP", "error for good the response repeats the secret `SHOP`"),
        ("OTHER", "error for good argument `header.Authorization` asks for the secret `OTHER`, which is not there"),
    ] {
        let (url, value) = (server.url("/"), format!("secret:{name}"));
        let arguments = [("url", url.as_str()), ("header.Authorization", value.as_str())];
        let services = Services { secrets: Some(Arc::new(Elsewhere)), ..services(&server.entry()) };
        let workshop = workshop(Arc::new(HttpRequest::default()), &arguments, services);
        let id = called(&workshop).await;
        let outcome = outcome(&workshop, &id).await;
        assert!(outcome.starts_with(expected), "{name}: {outcome}");
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(
        requests.iter().all(|request| request.contains("authorization: Bearer from-elsewhere\r\n")),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_body_goes_out_with_a_key_that_is_equal_over_all_attempts() {
    let server = Server::with(&[&answer("500 Oops", "", ""), &answer("201 Created", "", "{}")]).await;
    let body = r#"{"sku": "a"}"#;
    let more = [("method", "POST"), ("body", body), ("header.Content-Type", "application/json")];
    let workshop = calling(&server, "/orders", &more);
    let id = called(&workshop).await;
    assert!(outcome(&workshop, &id).await.contains("/orders: status 500 Internal Server Error"));
    workshop.beat().await;
    workshop.run_all().await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert!(request.starts_with("POST /orders HTTP/1.1\r\n") && request.ends_with(body), "{request}");
        assert!(request.contains("content-type: application/json\r\n"), "{request}");
        assert!(request.contains(&format!("idempotency-key: {id}/call\r\n")), "{request}");
    }
}

#[tokio::test]
async fn a_request_whose_runner_died_is_sent_again_and_can_be_recognised() {
    let server = Server::with(&[&answer("201 Created", "", "{}")]).await;
    let workshop = calling(&server, "/orders", &[("method", "POST"), ("body", "a")]);
    let id = repeated(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    let requests = server.requests();
    assert_eq!((requests.len(), &requests[0]), (2, &requests[1]));
    assert!(requests[0].contains(&format!("idempotency-key: {id}/call\r\n")), "{}", requests[0]);
    // The file of the dead runner is there, too, but nothing leads to it.
    let file = output(&workshop, &id).await["file"].as_str().unwrap().to_owned();
    assert!(file.starts_with(&format!("work/{id}/call/2-")), "{file}");
}

#[tokio::test]
async fn what_an_earlier_step_left_can_be_sent() {
    let server = Server::with(&[&answer("204 No Content", "", "")]).await;
    let workshop = calling(&server, "/", &[("method", "PUT"), ("body_from", "first")]);
    let id = called(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    let request = server.requests().remove(0);
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), json!({ "by": "first", "attempt": 1 }));
    assert!(request.contains("content-type: application/json\r\n"), "{request}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_its_target_is_named() {
    let inner = Server::with(&[&answer("200 OK", "", "the keys of the kingdom")]).await;
    let location = format!("Location: {}?token=hush\r\n", inner.url("/latest/meta-data/"));
    let server = Server::with(&[&answer("302 Found", &location, "")]).await;
    let workshop = calling(&server, "/moved", &[]);
    let id = called(&workshop).await;
    let expected =
        format!("status 302 Found leads to `{}`; redirects are not followed", inner.url("/latest/meta-data/"));
    let outcome = outcome(&workshop, &id).await;
    assert!(outcome.starts_with("error for good ") && outcome.ends_with(&expected), "{outcome}");
    assert!(inner.requests().is_empty());
    assert!(!kept(&workshop, &id).await.contains("hush"));
}

#[tokio::test]
async fn a_metadata_address_is_refused_for_good_without_a_connection() {
    for url in ["http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://2852039166/"] {
        let workshop = workshop(Arc::new(HttpRequest::default()), &[("url", url)], services("shop.example.com"));
        let id = called(&workshop).await;
        let outcome = outcome(&workshop, &id).await;
        assert!(outcome.contains("for good") && outcome.contains("is not among the hosts"), "{url}: {outcome}");
    }
}

#[tokio::test]
async fn a_listed_name_that_stands_for_an_inner_address_is_refused() {
    let server = Server::with(&[&answer("200 OK", "", "")]).await;
    let names = Names::at(&["127.0.0.1"]);
    let url = format!("https://shop.example.com:{}/", server.address.port());
    let listed = format!("shop.example.com:{}", server.address.port());
    let workshop = workshop(Arc::new(HttpRequest::with_resolver(names)), &[("url", &url)], services(&listed));
    let id = called(&workshop).await;
    let outcome = outcome(&workshop, &id).await;
    assert!(outcome.contains("`shop.example.com` is at 127.0.0.1, which is not on the public internet"), "{outcome}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_called() {
    let server = Server::with(&[&answer("200 OK", "", "hello")]).await;
    // The system knows no such name: what is called is what was looked up, once.
    let names = Names::at(&["127.0.0.1"]);
    let port = server.address.port();
    let url = format!("http://shop.example.com:{port}/");
    let listed = format!("shop.example.com:{port},127.0.0.1:{port}");
    let executor = HttpRequest::with_resolver(names.clone());
    let workshop = workshop(Arc::new(executor), &[("url", &url)], services(&listed));
    let id = called(&workshop).await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    assert!(server.requests()[0].contains(&format!("host: shop.example.com:{port}\r\n")));
    assert_eq!(names.asked.load(Ordering::Relaxed), 1);
}

/// Knows the name at another address each time it is asked.
struct Rebinding {
    asked: AtomicUsize,
    addresses: [&'static str; 2],
}

#[async_trait]
impl Resolve for Rebinding {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(vec![self.addresses[asked.min(1)].parse().unwrap()])
    }
}

#[tokio::test]
async fn a_name_that_moves_inside_between_two_attempts_is_refused_then() {
    // The first connection ends, for one that is kept leads to where it was checked to lead.
    let busy = answer("500 Oops", "Connection: close\r\n", "");
    let server = Server::with(&[&busy, &answer("200 OK", "", "keys of the kingdom")]).await;
    let port = server.address.port();
    let url = format!("http://shop.example.com:{port}/");
    // The first address is listed, the second is another one of this machine.
    let listed = format!("shop.example.com:{port},127.0.0.1:{port}");
    let names = Rebinding { asked: AtomicUsize::new(0), addresses: ["127.0.0.1", "127.0.0.2"] };
    let executor = HttpRequest::with_resolver(Arc::new(names));
    let workshop = workshop(Arc::new(executor), &[("url", &url)], services(&listed));
    let id = called(&workshop).await;
    assert!(outcome(&workshop, &id).await.ends_with("status 500 Internal Server Error"));
    workshop.beat().await;
    workshop.run_all().await;
    let outcome = outcome(&workshop, &id).await;
    assert!(outcome.contains("`shop.example.com` is at 127.0.0.2, which is not on the public internet"), "{outcome}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_encrypted_server_must_prove_that_it_has_the_name() {
    for (host, expected) in [
        ("shop.example.com", "success "),
        ("127.0.0.1", "error no encrypted connection to `127.0.0.1`: invalid peer certificate"),
    ] {
        let server = Server::encrypted(&[&answer("200 OK", "", "hello")]).await;
        let port = server.address.port();
        let url = format!("https://{host}:{port}/");
        let listed = format!("{host}:{port},127.0.0.1:{port}");
        let executor = HttpRequest::trusting(Names::at(&["127.0.0.1"]), roots());
        let workshop = workshop(Arc::new(executor), &[("url", &url)], services(&listed));
        let id = called(&workshop).await;
        let outcome = outcome(&workshop, &id).await;
        assert!(outcome.starts_with(expected), "{outcome}");
        assert_eq!(server.requests().len(), usize::from(host == "shop.example.com"));
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = Server::encrypted(&[&answer("200 OK", "", "hello")]).await;
    let port = server.address.port();
    let url = format!("https://shop.example.com:{port}/");
    let listed = format!("shop.example.com:{port},127.0.0.1:{port}");
    let executor = HttpRequest::trusting(Names::at(&["127.0.0.1"]), http_client::RootCertStore::empty());
    let workshop = workshop(Arc::new(executor), &[("url", &url)], services(&listed));
    let id = called(&workshop).await;
    let outcome = outcome(&workshop, &id).await;
    assert!(outcome.starts_with("error no encrypted connection to `shop.example.com`"), "{outcome}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_name_that_nobody_knows_may_be_known_later() {
    let url = "https://nowhere.example.com/";
    let executor = HttpRequest::with_resolver(Names::at(&[]));
    let workshop = workshop(Arc::new(executor), &[("url", url)], services("nowhere.example.com"));
    let id = called(&workshop).await;
    let outcome = outcome(&workshop, &id).await;
    assert!(outcome.starts_with("error `nowhere.example.com` is not found"), "{outcome}");
}

#[tokio::test]
async fn a_response_that_is_too_large_is_cut_off_and_leaves_no_file() {
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 10485761\r\n\r\n".to_owned();
    let endless = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(10_500_000));
    for response in [announced, endless] {
        let server = Server::with(&[&response]).await;
        let workshop = calling(&server, "/", &[]);
        let id = called(&workshop).await;
        let outcome = outcome(&workshop, &id).await;
        assert_eq!(outcome, "error for good the response is larger than 10485760 bytes");
        let files = workshop.store().files.list(&format!("work/{id}/call/"), None, 10).await.unwrap();
        assert!(files.is_empty(), "{files:?}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_end_uses_up_its_time_and_no_more() {
    let server = Server::with(&["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"]).await;
    let workshop = calling(&server, "/", &[("timeout_seconds", "1")]);
    let id = called(&workshop).await;
    let outcome = outcome(&workshop, &id).await;
    assert_eq!(outcome, "error the response was not complete in time; 4 bytes had come");
    let files = workshop.store().files.list(&format!("work/{id}/call/"), None, 10).await.unwrap();
    assert!(files.is_empty(), "{files:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_after_the_timeout() {
    let server = Server::with(&[""]).await;
    let workshop = calling(&server, "/silent", &[("timeout_seconds", "1")]);
    let id = called(&workshop).await;
    let outcome = outcome(&workshop, &id).await;
    assert!(outcome.starts_with("error GET ") && outcome.ends_with("/silent: no answer within 1 s"), "{outcome}");
}

#[tokio::test]
async fn a_response_that_is_none_may_be_one_next_time() {
    let long_head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    for response in ["SSH-2.0-OpenSSH\r\n\r\n", &long_head] {
        let server = Server::with(&[response]).await;
        let workshop = calling(&server, "/", &[]);
        let id = called(&workshop).await;
        let outcome = outcome(&workshop, &id).await;
        assert!(outcome.starts_with("error `127.0.0.1` broke the connection off"), "{outcome}");
    }
}

#[tokio::test]
async fn statuses_are_told_apart() {
    for (status, expect, begins, ends) in [
        ("404 Nope", "2xx", "error for good", ": status 404 Not Found: there is nothing at this address"),
        ("404 Not Found", "2xx,404", "success", ""),
        ("400 Bad Request", "2xx", "error for good", ": status 400 Bad Request"),
        ("401 No", "2xx", "error for good", "the server does not let it in; look at the secret in its headers"),
        ("408 Timeout", "2xx", "error GET", ": status 408 Request Timeout"),
        ("425 Too Early", "2xx", "error GET", ": status 425 Too Early"),
        ("500 Oops", "2xx", "error GET", ": status 500 Internal Server Error"),
        ("599 What", "2xx", "error GET", ": status 599"),
        ("200 OK", "201", "error for good", ": status 200 OK"),
        ("304 Not Modified", "2xx", "error for good", "`304` in `expect` makes that success"),
        ("304 Not Modified", "2xx,304", "success", ""),
        ("300 Multiple Choices", "2xx", "error for good", "status 300 Multiple Choices redirects are not followed"),
    ] {
        let server = Server::with(&[&answer(status, "", "")]).await;
        let workshop = calling(&server, "/", &[("expect", expect)]);
        let id = called(&workshop).await;
        let outcome = outcome(&workshop, &id).await;
        assert!(outcome.starts_with(begins) && outcome.ends_with(ends), "{status} with {expect}: {outcome}");
    }
}

#[tokio::test]
async fn a_server_that_names_a_date_is_called_again_then_and_uses_up_no_attempt() {
    // By the clock of the server, which is not ours: ten minutes.
    let dates = "Date: Mon, 02 Feb 2026 02:00:00 GMT\r\nRetry-After: Mon, 02 Feb 2026 02:10:00 GMT\r\n";
    let server = Server::with(&[&answer("503 Busy", dates, ""), &answer("200 OK", "", "")]).await;
    let workshop = calling(&server, "/", &[]);
    let id = workshop.spawn().await;
    workshop.beat().await;
    assert!(workshop.run_all().await.contains(&RunReport::Continued));
    workshop.wait(9);
    workshop.run_all().await;
    assert_eq!(server.requests().len(), 1);
    workshop.wait(2);
    workshop.run_all().await;
    let record = workshop.step(&id, "call").await.record;
    assert_eq!((record.status, record.attempt), (pipeline::StepStatus::Success, 1));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_busy_server_that_does_not_say_how_long_is_waited_for_and_not_for_ever() {
    for busy in ["429 Too Many Requests", "503 Busy"] {
        let server = Server::with(&[&answer(busy, "Retry-After: soon\r\n", "")]).await;
        let workshop = calling(&server, "/", &[]);
        let id = workshop.spawn().await;
        workshop.beat().await;
        workshop.run_all().await;
        assert_eq!(workshop.step(&id, "call").await.record.attempt, 1);
        let log = workshop.step(&id, "call").await.record.log;
        assert!(log.contains(": waits 10 s, for the 1. of 8 times"), "{log}");
        for _ in 0..8 {
            assert_eq!(outcome(&workshop, &id).await, "enqueued ", "{busy}");
            workshop.wait(5);
            workshop.run_all().await;
        }
        let record = workshop.step(&id, "call").await.record;
        assert_eq!((record.status, record.attempt), (pipeline::StepStatus::Error, 1));
        assert!(outcome(&workshop, &id).await.ends_with(", also after 8 waits"), "{busy}");
        assert_eq!(server.requests().len(), 9);
    }
}

#[tokio::test]
async fn a_wait_that_the_server_asks_for_uses_up_no_attempt() {
    let busy = answer("429 Too Many Requests", "Retry-After: 1200\r\n", "");
    let server = Server::with(&[&busy, &answer("200 OK", "", "")]).await;
    let workshop = calling(&server, "/", &[]);
    let id = workshop.spawn().await;
    workshop.beat().await;
    assert!(workshop.run_all().await.contains(&RunReport::Continued));
    // 20 minutes are more than a message can wait: the step is woken after 15 and goes on waiting.
    workshop.wait(15);
    assert_eq!(workshop.run_all().await, [RunReport::Continued]);
    assert_eq!(server.requests().len(), 1);
    workshop.wait(6);
    workshop.run_all().await;
    assert_eq!(server.requests().len(), 2);
    let record = workshop.step(&id, "call").await.record;
    assert_eq!((record.status, record.attempt), (pipeline::StepStatus::Success, 1));
}

#[tokio::test]
async fn a_server_that_asks_to_wait_for_days_uses_up_an_attempt() {
    let busy = answer("503 Busy", "Retry-After: 172800\r\n", "");
    let server = Server::with(&[&busy]).await;
    let workshop = calling(&server, "/", &[]);
    let id = called(&workshop).await;
    let expected = "status 503 Service Unavailable for 172800 s, and 3600 s at most are waited";
    assert!(outcome(&workshop, &id).await.ends_with(expected));
}

#[tokio::test]
async fn without_a_list_nothing_is_called() {
    let server = Server::with(&[&answer("200 OK", "", "")]).await;
    let url = server.url("/");
    let workshop = workshop(Arc::new(HttpRequest::default()), &[("url", &url)], Default::default());
    let id = called(&workshop).await;
    assert!(outcome(&workshop, &id).await.contains("is not among the hosts that may be called"));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn arguments_that_make_no_request_are_refused_by_name() {
    for (argument, named) in [
        (("method", "TRACE"), "argument `method`: `TRACE` is none of the words"),
        (("header.Host", "evil"), "argument `header.Host`: this header cannot be chosen"),
        (("header.Transfer-Encoding", "chunked"), "argument `header.Transfer-Encoding`: this header cannot be chosen"),
        (("header.X Y", "1"), "`X Y` is not the name of a header"),
        (("save_as", "../../etc/passwd"), "`../../etc/passwd` is not a file name"),
        (("timeout_seconds", "soon"), "`soon` is not a whole number of seconds from 1 on"),
        (("expect", "ok"), "`ok` is not a status"),
    ] {
        let server = Server::with(&[&answer("200 OK", "", "")]).await;
        let workshop = calling(&server, "/", &[argument]);
        let problems = workshop.beat().await.problems.join("\n");
        assert!(problems.starts_with("0.xml:1:") && problems.contains(named), "{problems}");
        assert!(server.requests().is_empty());
    }
}

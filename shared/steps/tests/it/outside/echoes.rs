//! Servers that repeat a secret of the request: the response is refused, and the secret is kept nowhere.

use std::sync::Arc;

use http_client::testing::{Server, answer};

use super::{called, kept, outcome, services, workshop};
use steps::general::http_request::HttpRequest;
use workshop::Workshop;

const REFUSED: &str = "error for good the response repeats the secret `ERP`, so nothing of it is kept";

/// Lets a step ask with the secret `Bearer hush-hush`, and the server answer; the outcome, and what is kept.
async fn asked(response: &str) -> (String, String) {
    let server = Server::with(&[response]).await;
    let url = server.url("/orders");
    let arguments = [("url", url.as_str()), ("header.Authorization", "secret:ERP")];
    let workshop = workshop(Arc::new(HttpRequest::default()), &arguments, services(&server.entry()));
    let id = called(&workshop).await;
    assert!(server.requests()[0].contains("authorization: Bearer hush-hush\r\n"), "the secret was sent");
    (outcome(&workshop, &id).await, format!("{}\n{}", kept(&workshop, &id).await, files(&workshop).await))
}

/// All files, but for the definitions: their names and what is in them.
async fn files(workshop: &Workshop) -> String {
    let files = workshop.store().files.clone();
    let mut text = String::new();
    for file in files.list("", None, 1_000).await.unwrap() {
        let content = files.get(&file.key, None).await.unwrap().unwrap();
        text += &format!("{}: {}\n", file.key, String::from_utf8_lossy(&content));
    }
    text
}

#[tokio::test]
async fn a_header_that_repeats_a_secret_is_refused_and_kept_nowhere() {
    for status in ["200 OK", "302 Found", "401 Unauthorized", "429 Too Many Requests", "503 Busy"] {
        for header in [
            "ETag: \"hush-hush\"",
            "Location: https://shop.example.com/login/hush-hush",
            "Location: https://shop.example.com/?token=Bearer%20hush%2Dhush",
            "Content-Type: text/plain; token=hush-hush",
            "Last-Modified: hush-hush",
            "Retry-After: hush-hush",
            "Set-Cookie: a=1\r\nSet-Cookie: session=hush-hush",
            "X-Debug: authorization=Bearer hush-hush",
            "WWW-Authenticate: Basic aHVzaC1odXNo",
        ] {
            let (outcome, kept) = asked(&answer(status, &format!("{header}\r\n"), "a body")).await;
            assert_eq!(outcome, REFUSED, "{status} with {header}");
            for secret in ["hush", "aHVzaC1odXNo", "a body"] {
                assert!(!kept.contains(secret), "{status} with {header}: `{secret}` is kept: {kept}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_repeats_a_secret_is_refused_and_kept_nowhere() {
    let dots = "....".repeat(25_000);
    for status in ["200 OK", "401 Unauthorized", "503 Busy"] {
        // Short, at the end and in the middle of many pieces.
        for (before, after) in [("....", ""), (dots.as_str(), ""), (&dots, &dots)] {
            let (outcome, kept) = asked(&answer(status, "", &format!("{before}Bearer hush-hush{after}"))).await;
            assert_eq!(outcome, REFUSED, "{status} behind {} bytes", before.len());
            assert!(!kept.contains("hush") && !kept.contains("...."), "{status}: {} bytes are kept", kept.len());
        }
    }
}

#[tokio::test]
async fn a_response_that_repeats_nothing_is_kept() {
    let headers = "ETag: \"a1\"\r\nLocation: https://shop.example.com/orders/7?token=once\r\n";
    let (outcome, kept) = asked(&answer("201 Created", headers, "a body")).await;
    assert_eq!(outcome, "success ");
    for part in ["a body", "\\\"a1\\\"", "https://shop.example.com/orders/7\""] {
        assert!(kept.contains(part), "`{part}` is not in {kept}");
    }
    assert!(!kept.contains("once"), "{kept}");
}

//! Addresses for uploads: one file of the drop area, of one size, for a quarter of an hour.
//!
//! The emulator checks neither signatures nor times, so what a signature covers is read from the address.

use std::collections::BTreeMap;

use admin::Role;
use engine::{Context, Limits};
use serde_json::json;
use tests::{aws, embedded};

use super::caller::{Asking, signer};
use crate::stack::curl;

/// Names that would lead elsewhere, or that nobody could read in a list.
const BAD_NAMES: [&str; 22] = [
    "",
    ".",
    "..",
    ".hidden",
    "/etc/passwd",
    "../pipelines/a.xml",
    "..\\a.csv",
    "a/../../pipelines/a.xml",
    "a/b.csv",
    "a\\b.csv",
    "incoming/a.csv",
    "%2e%2e%2fpipelines%2fa.xml",
    "..%2fa.csv",
    "a.csv?x-id=PutObject",
    "a.csv#b",
    "a.csv\n",
    "a.csv\u{0}",
    "a b.csv",
    "ä.csv",
    "\u{202e}vsc.csv",
    "a.csv&X-Amz-Expires=604800",
    "s3://other/a.csv",
];

/// The parameters of an address.
fn parameters(url: &str) -> BTreeMap<&str, &str> {
    url.split_once('?').unwrap().1.split('&').map(|part| part.split_once('=').unwrap_or((part, ""))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_good_for_one_file_of_one_size_and_a_quarter_of_an_hour() {
    let storage = aws().await;
    let context = Context::new(storage.store.clone(), steps::shipped(), Limits::default());
    let asked = Asking::new(signer(Role::Operate), "POST", "/uploads");
    let ticket =
        asked.clone().with(&json!({ "name": "product-import_1_01.csv", "size_bytes": 5 })).ask(&context).await.json();
    assert_eq!((&ticket["key"], &ticket["method"]), (&json!("incoming/product-import_1_01.csv"), &json!("PUT")));
    let url = ticket["url"].as_str().unwrap();
    assert!(url.split('?').next().unwrap().ends_with("/incoming/product-import_1_01.csv"), "{url}");
    let found = parameters(url);
    assert_eq!((found["X-Amz-Expires"], ticket["valid_for_seconds"].as_u64()), ("900", Some(900)));
    assert_eq!(found["X-Amz-Algorithm"], "AWS4-HMAC-SHA256");
    // What the signature covers beside method, path and parameters.
    assert_eq!(found["X-Amz-SignedHeaders"], "content-length%3Bhost", "{url}");
    // The key for the signature is nowhere in it.
    assert!(!url.contains("X-Amz-Secret") && found["X-Amz-Signature"].len() == 64, "{url}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("product-import_1_01.csv");
    std::fs::write(&file, "sku,1").unwrap();
    let put = |url: &str| curl(["--upload-file", file.to_str().unwrap(), url]).status;
    assert_eq!(put(url), 200);
    assert_eq!(storage.files.get("incoming/product-import_1_01.csv", None).await.unwrap().unwrap(), "sku,1");

    // Other names, sizes and times have other signatures: none of them can be made from another.
    let other = asked.with(&json!({ "name": "product-import_2_01.csv", "size_bytes": 6 })).ask(&context).await.json();
    let other = other["url"].as_str().unwrap().to_owned();
    assert_ne!(parameters(&other)["X-Amz-Signature"], found["X-Amz-Signature"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_leads_out_of_the_drop_area() {
    for storage in [embedded().await, aws().await] {
        let context = Context::new(storage.store.clone(), steps::shipped(), Limits::default());
        for name in BAD_NAMES {
            let body = json!({ "name": name, "size_bytes": 1 });
            let asking = Asking::new(signer(Role::Operate), "POST", "/uploads").with(&body);
            let answered = asking.ask(&context).await;
            assert_eq!(answered.status, 400, "{name}: {answered:?}");
        }
        for name in
            ["..%2fpipelines%2fa.xml", "%2e%2e", ".hidden", "a%2fb.csv", "a%5cb.csv", "a%00.csv", "%2fetc%2fpasswd"]
        {
            let put = Asking {
                body: "<config/>".to_owned(),
                ..Asking::new(signer(Role::Operate), "PUT", format!("/uploads/{name}"))
            };
            let status = put.ask(&context).await.status;
            assert!([400, 404, 405].contains(&status), "{name}: {status}");
        }
        let too_large = json!({ "name": "a.csv", "size_bytes": 5_u64 * 1024 * 1024 * 1024 + 1 });
        let answered = Asking::new(signer(Role::Operate), "POST", "/uploads").with(&too_large).ask(&context).await;
        assert_eq!(answered.status, 413, "{answered:?}");
        assert_eq!(storage.files.list("", None, 10).await.unwrap(), []);
    }
}

//! Which keys there are.

use bytes::Bytes;
use store::Store;
use store::files::KEY_LIMIT_BYTES;

use super::{get, keys, put};
use crate::conformance::permanent;

super::super::on_every_back_end! {
    keys_are_unicode
    keys_may_be_long
    other_keys_are_refused
}

async fn keys_are_unicode(store: &Store) {
    let mut expected = vec![
        "größe/straße.csv",
        "日本語/ファイル",
        "🦀",
        "a b",
        "a+b",
        "a%20b",
        "a&b=c?d#e",
        "'quotes\"",
        "<xml>",
        "*",
        "~",
        ".hidden",
        "...",
        "a..b",
        "[1]{2}|^`",
        "$HOME",
        "e\u{301}",
        "é",
        "C:",
        "product-import_20260801-120000_01.csv",
    ];
    for key in &expected {
        put(store, key, *key).await;
    }
    for key in &expected {
        assert_eq!(get(store, key).await.unwrap(), *key);
        assert_eq!(store.files.info(key).await.unwrap().unwrap().key, *key);
        assert_eq!(keys(store, key).await.first().map(String::as_str), Some(*key));
    }
    expected.sort_unstable();
    assert_eq!(keys(store, "").await, expected);
    for key in expected {
        store.files.delete(key).await.unwrap();
        assert_eq!(get(store, key).await, None);
    }
}

async fn keys_may_be_long(store: &Store) {
    let key = ["x".repeat(200), "y".repeat(200), "z".repeat(200), "ä".repeat(100), "w".repeat(220)].join("/");
    assert_eq!(key.len(), KEY_LIMIT_BYTES);
    put(store, &key, "content").await;
    assert_eq!(get(store, &key).await.unwrap(), "content");
    assert_eq!(keys(store, &key[..701]).await, [key.as_str()]);
    assert!(store.files.copy(&key, "short").await.unwrap());
    store.files.delete(&key).await.unwrap();
    assert_eq!(keys(store, "").await, ["short"]);
}

async fn other_keys_are_refused(store: &Store) {
    put(store, "good", "content").await;
    let long = "x".repeat(KEY_LIMIT_BYTES + 1);
    for key in [
        "",
        "/",
        "/etc/passwd",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/..",
        "a/../b",
        "a/./b",
        "a\\b",
        "a\nb",
        "a\0b",
        "a\u{85}b",
        &long,
    ] {
        let bytes = || Bytes::from_static(b"evil");
        permanent(store.files.put(key, bytes()).await);
        permanent(store.files.put_if_absent(key, bytes()).await);
        permanent(store.files.upload(key).await.map(|_| ()));
        permanent(store.files.get(key, None).await);
        permanent(store.files.info(key).await);
        permanent(store.files.copy("good", key).await);
        permanent(store.files.copy(key, "copied").await);
        permanent(store.files.delete(key).await);
    }
    assert_eq!(keys(store, "").await, ["good"]);
}

//! The promises of the files seam.

mod keys;
mod list;
mod upload;

use std::collections::BTreeSet;

use bytes::Bytes;
use store::Store;
use store::files::{PutOutcome, Range};
use tokio::task::JoinSet;

super::on_every_back_end! {
    what_is_put_is_got
    an_absent_file_is_none
    an_empty_file_is_a_file
    a_put_replaces_the_file
    put_if_absent
    put_if_absent_lets_one_of_many_win
    a_put_is_never_half_there
    ranged_get
    a_copy_has_the_bytes
    a_copy_onto_itself_is_fine
    a_delete_removes_one_file
}

async fn put(store: &Store, key: &str, bytes: impl Into<Bytes>) {
    store.files.put(key, bytes.into()).await.unwrap();
}

async fn get(store: &Store, key: &str) -> Option<Bytes> {
    store.files.get(key, None).await.unwrap()
}

/// The keys of all files under a prefix.
async fn keys(store: &Store, prefix: &str) -> Vec<String> {
    store.files.list(prefix, None, 10_000).await.unwrap().into_iter().map(|info| info.key).collect()
}

async fn what_is_put_is_got(store: &Store) {
    put(store, "work/catalog-import/42/rows.csv", "sku;qty\n4711;3\n").await;
    let bytes = get(store, "work/catalog-import/42/rows.csv").await.unwrap();
    assert_eq!(bytes, "sku;qty\n4711;3\n");
    let info = store.files.info("work/catalog-import/42/rows.csv").await.unwrap().unwrap();
    assert_eq!((info.key.as_str(), info.size_bytes), ("work/catalog-import/42/rows.csv", 15));
    assert_eq!(store.files.list("", None, 10).await.unwrap(), vec![info]);
    let all_bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    put(store, "binary", all_bytes.clone()).await;
    assert_eq!(get(store, "binary").await.unwrap(), all_bytes);
}

async fn an_absent_file_is_none(store: &Store) {
    put(store, "folder/file", "x").await;
    for key in ["absent", "folder", "folder/fil", "folder/file2", "folder/file/below", "absent/file"] {
        assert_eq!(store.files.info(key).await.unwrap(), None, "{key}");
        assert_eq!(get(store, key).await, None, "{key}");
        assert_eq!(store.files.get(key, Some(Range { start: 0, length: 1 })).await.unwrap(), None, "{key}");
        assert!(!store.files.copy(key, "copied").await.unwrap(), "{key}");
        store.files.delete(key).await.unwrap();
    }
    assert_eq!(keys(store, "").await, ["folder/file"]);
}

async fn an_empty_file_is_a_file(store: &Store) {
    put(store, "empty", "").await;
    assert_eq!(get(store, "empty").await.unwrap(), "");
    assert_eq!(store.files.get("empty", Some(Range { start: 0, length: 10 })).await.unwrap().unwrap(), "");
    assert_eq!(store.files.info("empty").await.unwrap().unwrap().size_bytes, 0);
    assert!(store.files.copy("empty", "copied").await.unwrap());
    assert_eq!(keys(store, "").await, ["copied", "empty"]);
}

async fn a_put_replaces_the_file(store: &Store) {
    let mut fingerprints = BTreeSet::new();
    for content in ["first", "other", "", "a longer one"] {
        put(store, "file", content).await;
        assert_eq!(get(store, "file").await.unwrap(), content);
        let info = store.files.info("file").await.unwrap().unwrap();
        assert_eq!(info.size_bytes, content.len() as u64);
        assert_eq!(store.files.list("file", None, 1).await.unwrap(), vec![info.clone()]);
        assert!(fingerprints.insert(info.fingerprint), "`{content}` has the fingerprint of another content");
    }
}

async fn put_if_absent(store: &Store) {
    let put = |content: &'static str| store.files.put_if_absent("folder/file", Bytes::from_static(content.as_bytes()));
    assert_eq!(put("first").await.unwrap(), PutOutcome::Written);
    assert_eq!(put("second").await.unwrap(), PutOutcome::Existed);
    assert_eq!(get(store, "folder/file").await.unwrap(), "first");
    store.files.delete("folder/file").await.unwrap();
    assert_eq!(put("third").await.unwrap(), PutOutcome::Written);
    assert_eq!(get(store, "folder/file").await.unwrap(), "third");
    assert_eq!(keys(store, "").await, ["folder/file"]);
}

async fn put_if_absent_lets_one_of_many_win(store: &Store) {
    let mut writers = JoinSet::new();
    for writer in 0..20 {
        let store = store.clone();
        writers.spawn(async move {
            let content = format!("writer {writer}");
            (store.files.put_if_absent("folder/file", content.clone().into()).await.unwrap(), content)
        });
    }
    let mut outcomes = writers.join_all().await;
    outcomes.retain(|(outcome, _)| *outcome == PutOutcome::Written);
    let [(_, content)] = outcomes.as_slice() else { panic!("they won: {outcomes:?}") };
    assert_eq!(get(store, "folder/file").await.unwrap(), *content);
}

async fn a_put_is_never_half_there(store: &Store) {
    const SIZE: usize = 1024 * 1024;
    let content = |round: u8| Bytes::from(vec![round; SIZE]);
    put(store, "file", content(0)).await;
    let writer = store.clone();
    let writer = tokio::spawn(async move {
        for round in 1..=20 {
            put(&writer, "file", content(round)).await;
        }
    });
    while !writer.is_finished() {
        let bytes = get(store, "file").await.unwrap();
        assert_eq!(bytes.len(), SIZE);
        assert!(bytes.iter().all(|byte| *byte == bytes[0]), "it has bytes of two puts");
        assert_eq!(keys(store, "").await, ["file"]);
    }
    writer.await.unwrap();
    assert_eq!(get(store, "file").await.unwrap(), content(20));
}

async fn ranged_get(store: &Store) {
    put(store, "file", "0123456789").await;
    for (start, length, expected) in [
        (0, 10, "0123456789"),
        (0, 1, "0"),
        (3, 4, "3456"),
        (9, 1, "9"),
        (8, 100, "89"),
        (0, u64::MAX, "0123456789"),
        (5, u64::MAX, "56789"),
        (4, 0, ""),
        (10, 1, ""),
        (11, 5, ""),
        (1 << 40, 1, ""),
    ] {
        let bytes = store.files.get("file", Some(Range { start, length })).await.unwrap().unwrap();
        assert_eq!(bytes, expected, "{length} bytes from {start} on");
    }
}

async fn a_copy_has_the_bytes(store: &Store) {
    put(store, "incoming/file.csv", "content").await;
    put(store, "archive/old.csv", "old content").await;
    for to in ["archive/42/file.csv", "archive/old.csv", "größe + 100%/a b.csv"] {
        assert!(store.files.copy("incoming/file.csv", to).await.unwrap());
        assert_eq!(get(store, to).await.unwrap(), "content");
    }
    assert!(store.files.copy("größe + 100%/a b.csv", "again").await.unwrap());
    put(store, "incoming/file.csv", "changed").await;
    assert_eq!(get(store, "archive/42/file.csv").await.unwrap(), "content");
    assert_eq!(get(store, "again").await.unwrap(), "content");
}

async fn a_copy_onto_itself_is_fine(store: &Store) {
    put(store, "file", "content").await;
    assert!(store.files.copy("file", "file").await.unwrap());
    assert_eq!(get(store, "file").await.unwrap(), "content");
    assert!(!store.files.copy("absent", "absent").await.unwrap());
    assert_eq!(keys(store, "").await, ["file"]);
}

async fn a_delete_removes_one_file(store: &Store) {
    for key in ["a/b/1", "a/b/2", "a/c", "d"] {
        put(store, key, key.to_owned()).await;
    }
    for (key, left) in [("a/b/2", vec!["a/b/1", "a/c", "d"]), ("a/b/1", vec!["a/c", "d"]), ("d", vec!["a/c"])] {
        store.files.delete(key).await.unwrap();
        assert_eq!(get(store, key).await, None);
        assert_eq!(keys(store, "").await, left);
    }
    store.files.delete("a/c").await.unwrap();
    store.files.delete("a/c").await.unwrap();
    // What was a folder may be a file now.
    put(store, "a", "a file").await;
    assert_eq!(keys(store, "").await, ["a"]);
}

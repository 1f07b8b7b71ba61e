//! Files of unknown size.

use bytes::Bytes;
use store::Store;
use store::files::Range;

use super::{get, keys, put};

super::super::on_every_back_end! {
    an_upload_appears_whole_or_never
    a_small_upload_is_a_file
    an_empty_upload_is_an_empty_file
    an_upload_replaces_the_file_at_its_end
    an_aborted_upload_leaves_nothing
    a_dropped_upload_leaves_nothing
    two_uploads_do_not_mix
}

/// More than the 5 MiB that S3 asks of a part, and no multiple of anything.
const PIECE: usize = 6_000_001;

fn piece(number: u8) -> Bytes {
    vec![number; PIECE].into()
}

async fn an_upload_appears_whole_or_never(store: &Store) {
    let mut upload = store.files.upload("work/large.bin").await.unwrap();
    for number in 1..=4 {
        upload.write(piece(number)).await.unwrap();
        assert_eq!(store.files.info("work/large.bin").await.unwrap(), None);
        assert_eq!(keys(store, "").await, Vec::<String>::new());
    }
    upload.finish().await.unwrap();
    let info = store.files.info("work/large.bin").await.unwrap().unwrap();
    assert_eq!(info.size_bytes, 4 * PIECE as u64);
    assert_eq!(store.files.list("", None, 10).await.unwrap(), vec![info]);
    let whole = get(store, "work/large.bin").await.unwrap();
    assert_eq!(whole, (1..=4).flat_map(piece).collect::<Vec<u8>>());
    let seam = Range { start: PIECE as u64 - 2, length: 4 };
    assert_eq!(store.files.get("work/large.bin", Some(seam)).await.unwrap().unwrap(), vec![1, 1, 2, 2]);
    assert!(store.files.copy("work/large.bin", "copied").await.unwrap());
    assert_eq!(get(store, "copied").await.unwrap(), whole);
}

async fn a_small_upload_is_a_file(store: &Store) {
    let mut upload = store.files.upload("file").await.unwrap();
    for part in ["one,", "", "two,", "three"] {
        upload.write(Bytes::from_static(part.as_bytes())).await.unwrap();
    }
    upload.finish().await.unwrap();
    assert_eq!(get(store, "file").await.unwrap(), "one,two,three");
}

async fn an_empty_upload_is_an_empty_file(store: &Store) {
    store.files.upload("file").await.unwrap().finish().await.unwrap();
    assert_eq!(get(store, "file").await.unwrap(), "");
    assert_eq!(keys(store, "").await, ["file"]);
}

async fn an_upload_replaces_the_file_at_its_end(store: &Store) {
    put(store, "file", "old").await;
    let old = store.files.info("file").await.unwrap();
    let mut upload = store.files.upload("file").await.unwrap();
    upload.write(piece(1)).await.unwrap();
    upload.write(piece(2)).await.unwrap();
    assert_eq!(get(store, "file").await.unwrap(), "old");
    assert_eq!(store.files.info("file").await.unwrap(), old);
    upload.finish().await.unwrap();
    assert_eq!(store.files.info("file").await.unwrap().unwrap().size_bytes, 2 * PIECE as u64);
}

async fn an_aborted_upload_leaves_nothing(store: &Store) {
    for pieces in 0..=2 {
        let mut upload = store.files.upload("file").await.unwrap();
        for number in 0..pieces {
            upload.write(piece(number)).await.unwrap();
        }
        upload.abort().await.unwrap();
        assert_eq!(keys(store, "").await, Vec::<String>::new());
    }
}

async fn a_dropped_upload_leaves_nothing(store: &Store) {
    let mut upload = store.files.upload("file").await.unwrap();
    upload.write(piece(1)).await.unwrap();
    upload.write(piece(2)).await.unwrap();
    drop(upload);
    assert_eq!(store.files.info("file").await.unwrap(), None);
    assert_eq!(keys(store, "").await, Vec::<String>::new());
}

async fn two_uploads_do_not_mix(store: &Store) {
    let mut first = store.files.upload("file").await.unwrap();
    let mut second = store.files.upload("file").await.unwrap();
    first.write(piece(1)).await.unwrap();
    second.write(piece(2)).await.unwrap();
    first.write(piece(1)).await.unwrap();
    second.write(piece(2)).await.unwrap();
    second.finish().await.unwrap();
    first.finish().await.unwrap();
    let bytes = get(store, "file").await.unwrap();
    assert_eq!(bytes.len(), 2 * PIECE);
    assert!(bytes.iter().all(|byte| *byte == 1), "it has bytes of the other upload");
}

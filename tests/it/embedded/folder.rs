//! The folder of the files is a folder like any other: people put files there and look at them.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;

use bytes::Bytes;
use store::files::PutOutcome;

use super::{keys, open};
use crate::conformance::permanent;

#[tokio::test]
async fn a_file_that_was_copied_by_hand_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let incoming = folder.path().join("files/incoming");
    fs::write(incoming.join("products.csv"), "sku\n1\n").unwrap();
    assert_eq!(keys(&store).await, ["incoming/products.csv"]);
    assert_eq!(store.files.get("incoming/products.csv", None).await.unwrap().unwrap(), "sku\n1\n");
    assert!(store.files.copy("incoming/products.csv", "archive/products.csv").await.unwrap());
    store.files.delete("incoming/products.csv").await.unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("files/archive/products.csv")).unwrap(), "sku\n1\n");
    assert!(incoming.is_dir(), "nobody could copy the next file");
}

#[tokio::test]
async fn a_file_that_grows_changes_its_fingerprint() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut file = fs::File::create(folder.path().join("files/incoming/products.csv")).unwrap();
    let mut fingerprints = Vec::new();
    for line in ["sku\n", "1\n", "2\n"] {
        file.write_all(line.as_bytes()).unwrap();
        let info = store.files.info("incoming/products.csv").await.unwrap().unwrap();
        assert_eq!(store.files.list("", None, 1).await.unwrap(), vec![info.clone()]);
        assert!(!fingerprints.contains(&info.fingerprint));
        fingerprints.push(info.fingerprint);
    }
}

#[tokio::test]
async fn a_file_and_a_folder_cannot_share_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let put = |key: &'static str| store.files.put(key, Bytes::from_static(b"x"));
    put("a/b/c").await.unwrap();
    for key in ["a", "a/b"] {
        let error = permanent(put(key).await);
        assert!(error.contains(&format!("`{key}` is a folder, because there is `a/b/c`")), "{error}");
        let error = permanent(store.files.put_if_absent(key, Bytes::new()).await);
        assert!(error.contains(&format!("`{key}` is a folder")), "{error}");
    }
    let error = permanent(put("a/b/c/d/e").await);
    assert!(error.contains("`a/b/c/d/e` would lie below the file `a/b/c`"), "{error}");
    let error = permanent(store.files.put_if_absent("a/b/c/d", Bytes::new()).await);
    assert!(error.contains("`a/b/c/d` would lie below the file `a/b/c`"), "{error}");
    assert_eq!(keys(&store).await, ["a/b/c"]);
}

#[tokio::test]
async fn folders_without_files_are_no_obstacle_and_do_not_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fs::create_dir_all(folder.path().join("files/a/b/c")).unwrap();
    store.files.put("a", Bytes::from_static(b"x")).await.unwrap();
    fs::create_dir_all(folder.path().join("files/b/c")).unwrap();
    assert_eq!(store.files.put_if_absent("b", Bytes::new()).await.unwrap(), PutOutcome::Written);
    store.files.put("work/42/import/rows", Bytes::new()).await.unwrap();
    store.files.put("work/43/import/rows", Bytes::new()).await.unwrap();
    store.files.delete("work/42/import/rows").await.unwrap();
    assert!(!folder.path().join("files/work/42").exists());
    assert!(folder.path().join("files/work/43").exists());
    store.files.delete("work/43/import/rows").await.unwrap();
    assert!(!folder.path().join("files/work").exists());
    assert!(folder.path().join("files").exists());
}

#[tokio::test]
async fn links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let files = folder.path().join("files");
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    symlink(outside.path(), files.join("folder")).unwrap();
    symlink(outside.path().join("secret"), files.join("file")).unwrap();
    symlink("nowhere", files.join("broken")).unwrap();
    for key in ["folder/secret", "file", "broken"] {
        for error in [
            permanent(store.files.get(key, None).await),
            permanent(store.files.info(key).await),
            permanent(store.files.put(key, Bytes::from_static(b"evil")).await),
            permanent(store.files.copy(key, "copied").await),
            permanent(store.files.delete(key).await),
        ] {
            assert!(error.contains("is a symbolic link, which is not followed"), "{error}");
        }
    }
    assert_eq!(keys(&store).await, Vec::<String>::new());
    assert!(store.files.list("folder/", None, 10).await.unwrap().is_empty());
    assert_eq!(fs::read_to_string(outside.path().join("secret")).unwrap(), "secret");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn names_that_are_no_keys_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let files = folder.path().join("files");
    fs::write(files.join("a\nb"), "x").unwrap();
    fs::write(files.join("a\\b"), "x").unwrap();
    let latin_1 = std::os::unix::ffi::OsStringExt::from_vec(b"gr\xf6\xdfe".to_vec());
    let latin_1: std::ffi::OsString = latin_1;
    fs::write(files.join(latin_1), "x").unwrap();
    fs::write(files.join("good"), "x").unwrap();
    assert_eq!(keys(&store).await, ["good"]);
}

#[tokio::test]
async fn opening_sweeps_what_a_dead_process_left_and_spares_what_a_living_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let uploads = folder.path().join("uploads");
    fs::write(uploads.join(".left"), "half").unwrap();
    fs::create_dir(uploads.join("a folder of somebody")).unwrap();
    let mut upload = store.files.upload("file").await.unwrap();
    upload.write(Bytes::from_static(b"first, ")).await.unwrap();
    assert_eq!(fs::read_dir(&uploads).unwrap().count(), 3);
    let second = open(folder.path());
    assert_eq!(fs::read_dir(&uploads).unwrap().count(), 2);
    upload.write(Bytes::from_static(b"second")).await.unwrap();
    upload.finish().await.unwrap();
    assert_eq!(second.files.get("file", None).await.unwrap().unwrap(), "first, second");
    assert_eq!(fs::read_dir(&uploads).unwrap().count(), 1);
}

#[tokio::test]
async fn addresses_for_browsers_are_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let hour = std::time::Duration::from_secs(3600);
    assert_eq!(store.files.presign_put("file", 1, hour).await.unwrap(), None);
    assert_eq!(store.files.presign_get("file", hour).await.unwrap(), None);
}

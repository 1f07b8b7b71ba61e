//! A database that cannot be used is refused with a sentence that names it.

use std::path::Path;

use rusqlite::Connection;
use store::Error;
use store::table::Key;
use store_embedded::Options;

use super::open;
use crate::conformance::permanent;

fn refused(folder: &Path) -> String {
    permanent(store_embedded::open(folder, Options::default()).map(|_| ()))
}

#[test]
fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let path = folder.path().canonicalize().unwrap().join("store.sqlite3");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 1000).unwrap();
    let error = refused(folder.path());
    let expected = format!("database `{}` has schema 1000, this program knows 1 at most", path.display());
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn a_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("store.sqlite3");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    let error = refused(folder.path());
    assert!(error.contains(&format!("database `{}` has tables, but none of systole's", path.display())), "{error}");
}

#[test]
fn what_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("store.sqlite3"), "x".repeat(10_000)).unwrap();
    let error = refused(folder.path());
    assert!(error.contains("store.sqlite3` is no SQLite database"), "{error}");
}

#[tokio::test]
async fn a_damaged_database_says_so() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let path = folder.path().join("store.sqlite3");
    let mut bytes = std::fs::read(&path).unwrap();
    // The first page, with the schema, stays.
    bytes[4096..].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let error = match store_embedded::open(folder.path(), Options::default()) {
        Err(error) => permanent(Err::<(), Error>(error)),
        Ok(store) => permanent(store.table.get(&Key::new("p", "s")).await),
    };
    assert!(error.contains("store.sqlite3` is damaged: restore it from a backup"), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    std::fs::write(&file, "").unwrap();
    for root in [file.clone(), file.join("below")] {
        let error = refused(&root);
        assert!(error.contains(&root.display().to_string()), "{error}");
    }
}

#[test]
fn a_store_opens_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("deep").join("below");
    let stores: Vec<_> = (0..5).map(|_| open(&root)).collect();
    drop(stores);
    drop(open(&root));
    let names = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    // The log of the database has gone into it.
    assert_eq!(names, ["files", "store.sqlite3", "uploads"]);
}

#[test]
fn many_open_a_new_store_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| open(folder.path()));
        }
    });
}

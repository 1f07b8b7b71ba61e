//! Listings.

use difference::assert_same;
use store::Store;
use tokio::task::JoinSet;

use super::{keys, put};

super::super::on_every_back_end! {
    list_goes_in_the_order_of_keys
    list_pages_by_prefix
    list_begins_behind_any_key
    list_of_nothing_is_empty
    list_shows_more_than_a_thousand_files
}

/// In the order of their bytes: `-` and `.` come before `/`, digits and letters behind it.
const KEYS: [&str; 14] =
    ["A", "d-x", "d-x.csv", "d.x", "d/", "d/a", "d/a.b", "d/a/", "d/b", "d0", "e", "größe/1", "ß", "🦀"];

async fn fill(store: &Store) -> Vec<&'static str> {
    // Where the list has a folder, something lies in it.
    let keys: Vec<&str> = KEYS
        .into_iter()
        .map(|key| {
            if key == "d/" {
                "d/A"
            } else if key == "d/a/" {
                "d/aa/1"
            } else {
                key
            }
        })
        .collect();
    for key in &keys {
        put(store, key, *key).await;
    }
    keys
}

async fn paged(store: &Store, prefix: &str, limit: usize) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let page = store.files.list(prefix, keys.last().map(String::as_str), limit).await.unwrap();
        assert!(page.len() <= limit);
        let is_last = page.len() < limit;
        keys.extend(page.into_iter().map(|info| info.key));
        if is_last {
            return keys;
        }
    }
}

async fn list_goes_in_the_order_of_keys(store: &Store) {
    let expected = fill(store).await;
    let listed = store.files.list("", None, 100).await.unwrap();
    assert_eq!(listed.iter().map(|info| info.key.as_str()).collect::<Vec<_>>(), expected);
    for info in listed {
        assert_eq!(info.size_bytes, info.key.len() as u64);
        assert_eq!(store.files.info(&info.key).await.unwrap().unwrap(), info);
    }
}

async fn list_pages_by_prefix(store: &Store) {
    let all = fill(store).await;
    for prefix in ["", "A", "d", "d-", "d-x", "d/", "d/a", "d/aa", "d/aa/", "d/aa/1", "größe/", "g", "🦀", "e"] {
        let expected: Vec<&str> = all.iter().copied().filter(|key| key.starts_with(prefix)).collect();
        for limit in [1, 2, 3, 7, 100] {
            assert_eq!(paged(store, prefix, limit).await, expected, "`{prefix}` by {limit}");
        }
    }
}

async fn list_begins_behind_any_key(store: &Store) {
    let all = fill(store).await;
    for after in ["", "A", "a", "d", "d-x", "d/", "d/A", "d/a", "d/aa", "d/aa/", "d/aa/0", "d/aa/1", "d/z", "d0", "🦀"]
    {
        for prefix in ["", "d/", "d"] {
            let expected = all.iter().copied().filter(|key| key.starts_with(prefix) && *key > after);
            let listed = store.files.list(prefix, Some(after), 100).await.unwrap();
            let listed: Vec<String> = listed.into_iter().map(|info| info.key).collect();
            assert_eq!(listed, expected.collect::<Vec<_>>(), "`{prefix}` behind `{after}`");
        }
    }
}

async fn list_of_nothing_is_empty(store: &Store) {
    assert_eq!(keys(store, "").await, Vec::<String>::new());
    fill(store).await;
    for prefix in ["absent", "d/a/", "d/A/", "d//", "/", "../", "./", "d/../", "D", "dd"] {
        assert_eq!(keys(store, prefix).await, Vec::<String>::new(), "{prefix}");
    }
    assert_eq!(store.files.list("", None, 0).await.unwrap(), Vec::new());
}

async fn list_shows_more_than_a_thousand_files(store: &Store) {
    let mut expected: Vec<String> = (0..1_010).map(|n| format!("many/{n}.csv")).collect();
    let mut writers = JoinSet::new();
    for keys in expected.chunks(101) {
        let (store, keys) = (store.clone(), keys.to_vec());
        writers.spawn(async move {
            for key in keys {
                put(&store, &key, "x").await;
            }
        });
    }
    writers.join_all().await;
    expected.sort();
    assert_same(&keys(store, "many/").await, &expected, "all at once");
    assert_same(&paged(store, "many/", 1000).await, &expected, "by 1,000");
    assert_same(&paged(store, "", 337).await, &expected, "by 337");
    assert_eq!(store.files.list("many/1", None, 1005).await.unwrap().len(), 121);
}

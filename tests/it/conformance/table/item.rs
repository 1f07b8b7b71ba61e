//! One item: what is written, what is read, who wins.

use chrono::{TimeZone, Utc};
use serde_json::json;
use store::Store;
use store::table::{Change, Condition, Item, Key, Relist, Written};
use tokio::task::JoinSet;

use super::{apply, attributes, conflict, get, patch, place, put, put_listed, write};

super::super::on_every_back_end! {
    what_is_put_is_read
    values_come_back_as_they_were
    a_read_sees_what_was_answered
    a_put_if_absent_lets_one_of_many_writers_win
    a_version_lets_one_of_many_writers_win
    a_conflict_carries_the_current_item
    a_conflict_over_an_absent_item_carries_none
    versions_count_the_writes
    a_put_replaces_the_whole_item
    a_put_leaves_out_nulls
    a_patch_leaves_other_attributes
    a_patch_removes_null_attributes
    a_patch_replaces_nested_values
    a_patch_moves_within_the_listing
    a_patch_keeps_the_expiry
    a_patch_without_condition_makes_an_item
    a_delete_asks_its_condition
    deleting_what_is_not_there_is_fine
}

async fn what_is_put_is_read(store: &Store) {
    let key = Key::new("pipeline/größe", "step/🦀 0001");
    assert_eq!(get(store, &key).await, None);
    let expires_at = Utc.timestamp_opt(4_000_000_000, 999_000_000).unwrap();
    let change = Change::Put {
        attributes: attributes(json!({"status": "pending"})),
        listing: Some(place("open-1", "2026")),
        expires_at: Some(expires_at),
    };
    let written = apply(store, &key, Condition::Absent, change).await;
    let expected = Item {
        key: key.clone(),
        version: 1,
        attributes: attributes(json!({"status": "pending"})),
        listing: Some(place("open-1", "2026")),
        expires_at: Some(Utc.timestamp_opt(4_000_000_000, 0).unwrap()),
    };
    assert_eq!(written.as_ref(), Some(&expected));
    assert_eq!(get(store, &key).await, Some(expected));
}

async fn values_come_back_as_they_were(store: &Store) {
    let key = Key::new("p", "s");
    let fields = json!({
        "zero": 0, "one": 1, "minus": -1, "least": i64::MIN, "most": u64::MAX, "large": 9_007_199_254_740_993_i64,
        "yes": true, "no": false,
        "empty": "", "text": "line\nbreak, \"quotes\", nul \u{0}, größer, 🦀", "number as text": "007",
        "list": [], "map": {}, "mixed": [1, "1", null, true, [], {" ": ""}],
        "nested": {"a": {"b": [{"c": null, "d": {"e": -5}}]}},
        "name": "words that DynamoDB reserves", "status": "running", "a b.c#d:e": "names of all kinds", "größe": 1,
    });
    let written = apply(store, &key, Condition::Absent, put(fields.clone())).await.unwrap();
    assert_eq!(written.attributes, attributes(fields.clone()));
    assert_eq!(get(store, &key).await.unwrap().attributes, attributes(fields));
}

async fn a_read_sees_what_was_answered(store: &Store) {
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            let key = Key::new("p", format!("s{writer}"));
            for round in 1..=20 {
                apply(&store, &key, Condition::Any, patch(json!({"round": round}))).await;
                let item = get(&store, &key).await.unwrap();
                assert_eq!((item.version, &item.attributes["round"]), (round, &json!(round)));
            }
        });
    }
    writers.join_all().await;
}

async fn a_put_if_absent_lets_one_of_many_writers_win(store: &Store) {
    let written = race(store, Condition::Absent).await;
    let stored = get(store, &Key::new("p", "s")).await;
    assert_eq!(winners(&written, stored.as_ref()), 1);
}

async fn a_version_lets_one_of_many_writers_win(store: &Store) {
    apply(store, &Key::new("p", "s"), Condition::Absent, put(json!({"writer": "none"}))).await;
    let written = race(store, Condition::Version(1)).await;
    let stored = get(store, &Key::new("p", "s")).await;
    assert_eq!(winners(&written, stored.as_ref()), 1);
    assert_eq!(stored.unwrap().version, 2);
}

async fn race(store: &Store, condition: Condition) -> Vec<Written> {
    let mut writers = JoinSet::new();
    for writer in 0..20 {
        let store = store.clone();
        let write = write(&Key::new("p", "s"), condition, put(json!({"writer": writer})));
        writers.spawn(async move { store.table.write(write).await.unwrap() });
    }
    writers.join_all().await
}

/// Counts the writers that won, and asserts that all others were shown the winner's item.
fn winners(written: &[Written], stored: Option<&Item>) -> usize {
    let is_won = |written: &&Written| match written {
        Written::Applied(item) | Written::Conflict(item) => {
            assert_eq!(item.as_ref(), stored);
            matches!(written, Written::Applied(_))
        }
    };
    written.iter().filter(is_won).count()
}

async fn a_conflict_carries_the_current_item(store: &Store) {
    let key = Key::new("p", "s");
    let current = apply(store, &key, Condition::Absent, put_listed(json!({"a": 1}), "shard", "rank")).await;
    for (condition, change) in [
        (Condition::Absent, put(json!({"b": 2}))),
        (Condition::Absent, Change::Delete),
        (Condition::Version(2), put(json!({"b": 2}))),
        (Condition::Version(0), patch(json!({"b": 2}))),
        (Condition::Version(7), Change::Delete),
    ] {
        assert_eq!(conflict(store, &key, condition, change).await, current);
        assert_eq!(get(store, &key).await, current);
    }
}

async fn a_conflict_over_an_absent_item_carries_none(store: &Store) {
    let key = Key::new("p", "s");
    for (condition, change) in [
        (Condition::Present, put(json!({"a": 1}))),
        (Condition::Present, patch(json!({"a": 1}))),
        (Condition::Present, Change::Delete),
        (Condition::Version(1), put(json!({"a": 1}))),
        (Condition::Version(1), patch(json!({"a": 1}))),
        (Condition::Version(0), Change::Delete),
    ] {
        assert_eq!(conflict(store, &key, condition, change).await, None);
        assert_eq!(get(store, &key).await, None);
    }
}

async fn versions_count_the_writes(store: &Store) {
    let key = Key::new("p", "s");
    for (condition, change, version) in [
        (Condition::Absent, put(json!({"a": 1})), 1),
        (Condition::Version(1), put(json!({"a": 2})), 2),
        (Condition::Version(2), patch(json!({"a": 3})), 3),
        (Condition::Present, put(json!({"a": 4})), 4),
        (Condition::Present, patch(json!({"a": 5})), 5),
        (Condition::Any, patch(json!({"a": 6})), 6),
        (Condition::Any, put(json!({"a": 7})), 1),
        (Condition::Any, patch(json!({"a": 8})), 2),
    ] {
        assert_eq!(apply(store, &key, condition, change).await.unwrap().version, version);
        assert_eq!(get(store, &key).await.unwrap().version, version);
    }
    apply(store, &key, Condition::Version(2), Change::Delete).await;
    assert_eq!(apply(store, &key, Condition::Absent, put(json!({}))).await.unwrap().version, 1);
}

async fn a_put_replaces_the_whole_item(store: &Store) {
    let key = Key::new("p", "s");
    let change = Change::Put {
        attributes: attributes(json!({"a": 1, "b": 2})),
        listing: Some(place("shard", "rank")),
        expires_at: Some(Utc.timestamp_opt(4_000_000_000, 0).unwrap()),
    };
    apply(store, &key, Condition::Absent, change).await;
    let item = apply(store, &key, Condition::Version(1), put(json!({"b": 3}))).await.unwrap();
    assert_eq!((&item.attributes, &item.listing, item.expires_at), (&attributes(json!({"b": 3})), &None, None));
    assert_eq!(get(store, &key).await, Some(item));
}

async fn a_put_leaves_out_nulls(store: &Store) {
    let key = Key::new("p", "s");
    let written = apply(store, &key, Condition::Absent, put(json!({"a": null, "b": [null]}))).await.unwrap();
    assert_eq!(written.attributes, attributes(json!({"b": [null]})));
    assert_eq!(get(store, &key).await, Some(written));
}

async fn a_patch_leaves_other_attributes(store: &Store) {
    let key = Key::new("p", "s");
    apply(store, &key, Condition::Absent, put(json!({"a": 1, "b": "two"}))).await;
    let item = apply(store, &key, Condition::Version(1), patch(json!({"b": "three", "c": [4]}))).await.unwrap();
    assert_eq!(item.attributes, attributes(json!({"a": 1, "b": "three", "c": [4]})));
    assert_eq!(get(store, &key).await, Some(item));
}

async fn a_patch_removes_null_attributes(store: &Store) {
    let key = Key::new("p", "s");
    apply(store, &key, Condition::Absent, put(json!({"a": 1, "b": 2, "c": 3}))).await;
    let change = patch(json!({"a": null, "b": 4, "never there": null}));
    let item = apply(store, &key, Condition::Present, change).await.unwrap();
    assert_eq!(item.attributes, attributes(json!({"b": 4, "c": 3})));
    assert_eq!(get(store, &key).await, Some(item));
}

async fn a_patch_replaces_nested_values(store: &Store) {
    let key = Key::new("p", "s");
    apply(store, &key, Condition::Absent, put(json!({"a": {"b": 1, "c": 2}}))).await;
    let item = apply(store, &key, Condition::Present, patch(json!({"a": {"c": null}}))).await.unwrap();
    assert_eq!(item.attributes, attributes(json!({"a": {"c": null}})));
    assert_eq!(get(store, &key).await, Some(item));
}

async fn a_patch_moves_within_the_listing(store: &Store) {
    let key = Key::new("p", "s");
    apply(store, &key, Condition::Absent, put_listed(json!({"a": 1}), "shard", "1")).await;
    for (listing, expected) in [
        (Relist::Keep, Some(place("shard", "1"))),
        (Relist::List(place("shard", "2")), Some(place("shard", "2"))),
        (Relist::List(place("other", "2")), Some(place("other", "2"))),
        (Relist::Unlist, None),
        (Relist::Unlist, None),
        (Relist::Keep, None),
        (Relist::List(place("shard", "3")), Some(place("shard", "3"))),
    ] {
        let change = Change::Patch { attributes: attributes(json!({"a": 2})), listing };
        let item = apply(store, &key, Condition::Present, change).await.unwrap();
        assert_eq!(item.listing, expected);
        assert_eq!(get(store, &key).await, Some(item));
    }
}

async fn a_patch_keeps_the_expiry(store: &Store) {
    let key = Key::new("p", "s");
    let expires_at = Some(Utc.timestamp_opt(4_000_000_000, 0).unwrap());
    let change = Change::Put { attributes: attributes(json!({"a": 1})), listing: None, expires_at };
    apply(store, &key, Condition::Absent, change).await;
    let item = apply(store, &key, Condition::Present, patch(json!({"a": 2}))).await.unwrap();
    assert_eq!(item.expires_at, expires_at);
    assert_eq!(get(store, &key).await, Some(item));
}

async fn a_patch_without_condition_makes_an_item(store: &Store) {
    let key = Key::new("p", "s");
    let change =
        Change::Patch { attributes: attributes(json!({"a": 1, "b": null})), listing: Relist::List(place("s", "r")) };
    let item = apply(store, &key, Condition::Any, change).await.unwrap();
    assert_eq!((item.version, &item.attributes), (1, &attributes(json!({"a": 1}))));
    assert_eq!(item.listing, Some(place("s", "r")));
    assert_eq!(get(store, &key).await, Some(item));
}

async fn a_delete_asks_its_condition(store: &Store) {
    let key = Key::new("p", "s");
    for condition in [Condition::Version(1), Condition::Present, Condition::Any] {
        apply(store, &key, Condition::Absent, put(json!({"a": 1}))).await;
        assert!(conflict(store, &key, Condition::Version(2), Change::Delete).await.is_some());
        assert_eq!(apply(store, &key, condition, Change::Delete).await, None);
        assert_eq!(get(store, &key).await, None);
    }
}

async fn deleting_what_is_not_there_is_fine(store: &Store) {
    let key = Key::new("p", "s");
    assert_eq!(apply(store, &key, Condition::Any, Change::Delete).await, None);
    assert_eq!(apply(store, &key, Condition::Absent, Change::Delete).await, None);
}

//! Groups of writes: all or none.

use serde_json::json;
use store::Store;
use store::table::{Change, Condition, GROUP_LIMIT, GroupWritten, Key, Write};
use tokio::task::JoinSet;

use super::{apply, attributes, get, patch, put, write};
use crate::conformance::permanent;

super::super::on_every_back_end! {
    a_group_applies_all
    a_group_applies_all_or_none
    a_group_names_all_that_stand_in_the_way
    a_check_changes_nothing
    a_group_of_checks_alone
    a_group_of_one
    an_empty_group_is_applied
    a_group_takes_as_many_as_the_limit
    a_group_with_one_item_twice_is_refused
    groups_over_the_same_items_come_one_after_the_other
}

fn key(sort: &str) -> Key {
    Key::new("p", sort)
}

async fn a_group_applies_all(store: &Store) {
    apply(store, &key("patched"), Condition::Absent, put(json!({"a": 1}))).await;
    apply(store, &key("deleted"), Condition::Absent, put(json!({"a": 1}))).await;
    apply(store, &key("checked"), Condition::Absent, put(json!({"a": 1}))).await;
    let group = vec![
        write(&key("made"), Condition::Absent, put(json!({"a": 2}))),
        write(&key("patched"), Condition::Version(1), patch(json!({"a": null, "b": 2}))),
        write(&key("deleted"), Condition::Present, Change::Delete),
        write(&key("checked"), Condition::Version(1), Change::Check),
        write(&Key::new("other partition", "s"), Condition::Any, put(json!({"a": 3}))),
        write(&key("never there"), Condition::Any, Change::Delete),
    ];
    assert_eq!(store.table.write_group(group).await.unwrap(), GroupWritten::Applied);
    assert_eq!(get(store, &key("made")).await.unwrap().attributes, attributes(json!({"a": 2})));
    let patched = get(store, &key("patched")).await.unwrap();
    assert_eq!((patched.version, patched.attributes), (2, attributes(json!({"b": 2}))));
    assert_eq!(get(store, &key("deleted")).await, None);
    assert_eq!(get(store, &key("checked")).await.unwrap().version, 1);
    assert_eq!(get(store, &Key::new("other partition", "s")).await.unwrap().version, 1);
}

async fn a_group_applies_all_or_none(store: &Store) {
    let taken = apply(store, &key("taken"), Condition::Absent, put(json!({"a": 1}))).await;
    let listed = apply(store, &key("kept"), Condition::Absent, put(json!({"a": 1}))).await;
    let group = vec![
        write(&key("new"), Condition::Absent, put(json!({"a": 2}))),
        write(&key("taken"), Condition::Absent, put(json!({"a": 2}))),
        write(&key("kept"), Condition::Present, Change::Delete),
    ];
    let expected = GroupWritten::Conflict(vec![(1, taken.clone())]);
    assert_eq!(store.table.write_group(group).await.unwrap(), expected);
    assert_eq!(get(store, &key("new")).await, None);
    assert_eq!(get(store, &key("taken")).await, taken);
    assert_eq!(get(store, &key("kept")).await, listed);
}

async fn a_group_names_all_that_stand_in_the_way(store: &Store) {
    let first = apply(store, &key("1"), Condition::Absent, put(json!({"a": 1}))).await;
    apply(store, &key("2"), Condition::Absent, put(json!({"a": 1}))).await;
    let third = apply(store, &key("3"), Condition::Absent, put(json!({"a": 1}))).await;
    let group = vec![
        write(&key("1"), Condition::Version(9), patch(json!({"a": 2}))),
        write(&key("2"), Condition::Version(1), patch(json!({"a": 2}))),
        write(&key("3"), Condition::Absent, Change::Check),
        write(&key("4"), Condition::Present, Change::Delete),
    ];
    let expected = GroupWritten::Conflict(vec![(0, first), (2, third), (3, None)]);
    assert_eq!(store.table.write_group(group).await.unwrap(), expected);
    assert_eq!(get(store, &key("2")).await.unwrap().version, 1);
}

async fn a_check_changes_nothing(store: &Store) {
    let checked = apply(store, &key("checked"), Condition::Absent, put(json!({"a": 1}))).await;
    for (round, condition) in [Condition::Version(1), Condition::Present, Condition::Any].into_iter().enumerate() {
        let group = vec![
            write(&key("checked"), condition, Change::Check),
            write(&key("never there"), Condition::Absent, Change::Check),
            write(&key("written"), Condition::Any, put(json!({"round": round}))),
        ];
        assert_eq!(store.table.write_group(group).await.unwrap(), GroupWritten::Applied);
        assert_eq!(get(store, &key("checked")).await, checked);
        assert_eq!(get(store, &key("never there")).await, None);
        assert_eq!(get(store, &key("written")).await.unwrap().attributes["round"], json!(round));
    }
}

async fn a_group_of_checks_alone(store: &Store) {
    let item = apply(store, &key("1"), Condition::Absent, put(json!({"a": 1}))).await;
    let check = |condition| vec![write(&key("1"), condition, Change::Check)];
    assert_eq!(store.table.write_group(check(Condition::Version(1))).await.unwrap(), GroupWritten::Applied);
    let expected = GroupWritten::Conflict(vec![(0, item)]);
    assert_eq!(store.table.write_group(check(Condition::Version(2))).await.unwrap(), expected);
}

async fn a_group_of_one(store: &Store) {
    let group = || vec![write(&key("1"), Condition::Absent, put(json!({"a": 1})))];
    assert_eq!(store.table.write_group(group()).await.unwrap(), GroupWritten::Applied);
    let expected = GroupWritten::Conflict(vec![(0, get(store, &key("1")).await)]);
    assert_eq!(store.table.write_group(group()).await.unwrap(), expected);
}

async fn an_empty_group_is_applied(store: &Store) {
    assert_eq!(store.table.write_group(Vec::new()).await.unwrap(), GroupWritten::Applied);
}

async fn a_group_takes_as_many_as_the_limit(store: &Store) {
    let group = |size: usize| -> Vec<Write> {
        (0..size).map(|n| write(&key(&format!("{n:03}")), Condition::Absent, put(json!({"n": n})))).collect()
    };
    let refused = permanent(store.table.write_group(group(GROUP_LIMIT + 1)).await);
    assert!(refused.contains(&GROUP_LIMIT.to_string()), "{refused}");
    assert_eq!(get(store, &key("000")).await, None);
    assert_eq!(store.table.write_group(group(GROUP_LIMIT)).await.unwrap(), GroupWritten::Applied);
    assert_eq!(get(store, &key("099")).await.unwrap().attributes["n"], json!(99));
}

async fn a_group_with_one_item_twice_is_refused(store: &Store) {
    let group = vec![
        write(&key("1"), Condition::Absent, put(json!({"a": 1}))),
        write(&key("1"), Condition::Present, patch(json!({"a": 2}))),
    ];
    let refused = permanent(store.table.write_group(group).await);
    assert!(refused.contains("`p 1`"), "{refused}");
    assert_eq!(get(store, &key("1")).await, None);
}

/// Four writers count two items up together, by their versions: no count is lost, and both stay equal.
async fn groups_over_the_same_items_come_one_after_the_other(store: &Store) {
    for sort in ["left", "right"] {
        apply(store, &key(sort), Condition::Absent, put(json!({"count": 0}))).await;
    }
    let mut writers = JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        writers.spawn(async move {
            for _ in 0..5 {
                while !count_up(&store).await {}
            }
        });
    }
    writers.join_all().await;
    for sort in ["left", "right"] {
        let item = get(store, &key(sort)).await.unwrap();
        assert_eq!((item.version, &item.attributes["count"]), (21, &json!(20)));
    }
}

async fn count_up(store: &Store) -> bool {
    let (left, right) = (get(store, &key("left")).await.unwrap(), get(store, &key("right")).await.unwrap());
    let next = |item: &store::table::Item| json!({"count": item.attributes["count"].as_u64().unwrap() + 1});
    let group = vec![
        write(&left.key, Condition::Version(left.version), patch(next(&left))),
        write(&right.key, Condition::Version(right.version), patch(next(&right))),
    ];
    match store.table.write_group(group).await {
        Ok(written) => written == GroupWritten::Applied,
        // Many at one item: AWS may ask to come again.
        Err(error) => {
            assert!(error.is_retryable(), "{error:?}");
            false
        }
    }
}

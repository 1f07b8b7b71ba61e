//! What is refused, with a sentence that says why.

use serde_json::{Value, json};
use store::Store;
use store::table::{Change, Condition, ITEM_LIMIT_BYTES, Key, ListingQuery, Query, SortDirection};

use super::{apply, attributes, get, patch, put, put_listed, write};
use crate::conformance::permanent;

super::super::on_every_back_end! {
    an_item_may_be_as_big_as_the_limit
    a_bigger_item_is_refused_by_the_limit
    a_patch_cannot_make_an_item_too_big
    keys_are_neither_empty_nor_long
    values_are_no_floating_point_numbers
    names_that_cannot_be_are_refused
    a_patch_of_an_absent_item_is_refused
    a_check_alone_is_refused
    a_limit_of_zero_is_refused
}

async fn an_item_may_be_as_big_as_the_limit(store: &Store) {
    let key = Key::new("p", "s");
    let text = "\"\n".repeat((ITEM_LIMIT_BYTES - 200) / 2);
    apply(store, &key, Condition::Absent, put(json!({"text": text}))).await;
    assert_eq!(get(store, &key).await.unwrap().attributes["text"], json!(text));
    store.table.batch_put(vec![(key.clone(), attributes(json!({"other": text})))]).await.unwrap();
    assert_eq!(get(store, &key).await.unwrap().attributes["other"], json!(text));
}

async fn a_bigger_item_is_refused_by_the_limit(store: &Store) {
    let key = Key::new("p", "s");
    let text = "x".repeat(ITEM_LIMIT_BYTES);
    let in_names: Value = (0..400).map(|n| (format!("{n:01000}"), json!(n))).collect::<serde_json::Map<_, _>>().into();
    let in_list = json!({"list": vec!["x".repeat(1000); 400]});
    for fields in [json!({"text": text}), in_names, in_list] {
        let refused = permanent(store.table.write(write(&key, Condition::Any, put(fields.clone()))).await);
        assert!(refused.contains(&ITEM_LIMIT_BYTES.to_string()), "{refused}");
        let group = vec![
            write(&key, Condition::Any, put(fields.clone())),
            write(&Key::new("p", "t"), Condition::Any, put(json!({}))),
        ];
        let refused = permanent(store.table.write_group(group).await);
        assert!(refused.contains(&ITEM_LIMIT_BYTES.to_string()), "{refused}");
        let refused = permanent(store.table.batch_put(vec![(key.clone(), attributes(fields))]).await);
        assert!(refused.contains(&ITEM_LIMIT_BYTES.to_string()), "{refused}");
    }
    assert_eq!(get(store, &key).await, None);
    assert_eq!(get(store, &Key::new("p", "t")).await, None);
}

async fn a_patch_cannot_make_an_item_too_big(store: &Store) {
    let key = Key::new("p", "s");
    let text = "x".repeat(ITEM_LIMIT_BYTES * 2 / 3);
    let before = apply(store, &key, Condition::Absent, put(json!({"one": text}))).await;
    permanent(store.table.write(write(&key, Condition::Present, patch(json!({"two": text})))).await);
    assert_eq!(get(store, &key).await, before);
}

async fn keys_are_neither_empty_nor_long(store: &Store) {
    let long = "x".repeat(2049);
    for key in [Key::new("", "s"), Key::new("p", ""), Key::new(&long, "s"), Key::new("p", &long[..1025])] {
        for change in [put(json!({})), patch(json!({})), Change::Delete] {
            let refused = permanent(store.table.write(write(&key, Condition::Any, change)).await);
            assert!(refused.contains("bytes"), "{refused}");
        }
        permanent(store.table.batch_put(vec![(key, attributes(json!({})))]).await);
    }
    let key = Key::new(&long[..2048], &long[..1024]);
    apply(store, &key, Condition::Absent, put(json!({"a": 1}))).await;
    assert_eq!(get(store, &key).await.unwrap().key, key);
    for (shard, rank) in [("", "rank"), ("shard", "")] {
        permanent(store.table.write(write(&key, Condition::Any, put_listed(json!({}), shard, rank))).await);
    }
}

async fn values_are_no_floating_point_numbers(store: &Store) {
    let key = Key::new("p", "s");
    for value in [json!(0.5), json!([1, 2.0]), json!({"b": {"c": 1e300}})] {
        for change in [put(json!({"a": value})), patch(json!({"a": value}))] {
            let refused = permanent(store.table.write(write(&key, Condition::Any, change)).await);
            assert!(refused.contains("`a`") && refused.contains("floating point"), "{refused}");
        }
        permanent(store.table.batch_put(vec![(key.clone(), attributes(json!({"a": value})))]).await);
    }
    assert_eq!(get(store, &key).await, None);
}

async fn names_that_cannot_be_are_refused(store: &Store) {
    let key = Key::new("p", "s");
    for name in ["", "pk", "sk", "version", "listing_shard", "listing_rank", "expires_at"] {
        for change in [put(json!({name: "x"})), patch(json!({name: "x"}))] {
            let refused = permanent(store.table.write(write(&key, Condition::Any, change)).await);
            assert!(refused.contains(&format!("`{name}`")), "{refused}");
        }
    }
    for nested in [json!({"": 1}), json!([{"a": {"": 1}}])] {
        let refused = permanent(store.table.write(write(&key, Condition::Any, put(json!({"a": nested})))).await);
        assert!(refused.contains("`a`") && refused.contains("empty name"), "{refused}");
    }
}

async fn a_patch_of_an_absent_item_is_refused(store: &Store) {
    permanent(store.table.write(write(&Key::new("p", "s"), Condition::Absent, patch(json!({"a": 1})))).await);
}

async fn a_check_alone_is_refused(store: &Store) {
    permanent(store.table.write(write(&Key::new("p", "s"), Condition::Absent, Change::Check)).await);
}

async fn a_limit_of_zero_is_refused(store: &Store) {
    permanent(store.table.query(&Query { limit: Some(0), ..Query::prefix("p", "") }).await);
    let listing = ListingQuery { shard: "s".to_owned(), after: None, order: SortDirection::Ascending, limit: Some(0) };
    permanent(store.table.listing(&listing).await);
}

//! Parts of a partition.

use serde_json::json;
use store::Store;
use store::table::{Key, Query, SortDirection};

use super::attributes;

super::super::on_every_back_end! {
    query_goes_in_byte_order_both_ways
    query_pages_miss_and_repeat_nothing
    query_takes_a_prefix_literally
    query_begins_behind_any_cursor
    query_of_nothing_is_empty
    query_of_more_than_a_page_goes_on
}

/// In the order of their bytes, which is not that of the alphabet or of UTF-16.
const SORTS: [&str; 14] =
    ["META", "a", "a!", "a%b", "a*", "a_b", "ab", "a\u{7f}", "aß", "a€", "a\u{ffff}", "a\u{10000}", "a🦀", "b"];

async fn fill(store: &Store) {
    let item = |sort: &&str| (Key::new("p", *sort), attributes(json!({"sort": *sort})));
    store.table.batch_put(SORTS.iter().map(item).collect()).await.unwrap();
    let others = ["o", "p ", "pa"].map(|partition| (Key::new(partition, "a"), attributes(json!({}))));
    store.table.batch_put(others.into()).await.unwrap();
}

/// Reads page after page and returns the sort keys.
async fn sorts(store: &Store, mut query: Query) -> Vec<String> {
    let mut sorts = Vec::new();
    loop {
        let page = store.table.query(&query).await.unwrap();
        assert!(query.limit.is_none_or(|limit| page.entries.len() <= limit));
        sorts.extend(page.entries.into_iter().map(|item| {
            assert_eq!(item.key.partition, query.partition);
            item.key.sort
        }));
        query.after = Some(match page.next {
            Some(next) => next,
            None => return sorts,
        });
    }
}

fn expected(prefix: &str, order: SortDirection) -> Vec<&'static str> {
    let mut sorts: Vec<&str> = SORTS.into_iter().filter(|sort| sort.starts_with(prefix)).collect();
    if order == SortDirection::Descending {
        sorts.reverse();
    }
    sorts
}

async fn query_goes_in_byte_order_both_ways(store: &Store) {
    fill(store).await;
    for order in [SortDirection::Ascending, SortDirection::Descending] {
        let query = Query { order, ..Query::prefix("p", "") };
        assert_eq!(sorts(store, query).await, expected("", order));
    }
}

async fn query_pages_miss_and_repeat_nothing(store: &Store) {
    fill(store).await;
    for order in [SortDirection::Ascending, SortDirection::Descending] {
        for (prefix, limit) in [("", 1), ("", 3), ("", 14), ("", 15), ("a", 1), ("a", 4), ("a", 12), ("a", 100)] {
            let query = Query { order, limit: Some(limit), ..Query::prefix("p", prefix) };
            assert_eq!(sorts(store, query).await, expected(prefix, order), "{prefix} by {limit}");
        }
    }
}

async fn query_takes_a_prefix_literally(store: &Store) {
    fill(store).await;
    for prefix in ["M", "a", "a%", "a*", "a_", "a\u{7f}", "a\u{ffff}", "a\u{10000}", "ab", "b", "c", "B"] {
        for order in [SortDirection::Ascending, SortDirection::Descending] {
            let query = Query { order, ..Query::prefix("p", prefix) };
            assert_eq!(sorts(store, query).await, expected(prefix, order), "{prefix}");
        }
    }
}

async fn query_begins_behind_any_cursor(store: &Store) {
    fill(store).await;
    for after in ["META", "a", "aa", "a%b", "Z", "zzz", "a🦀", "\u{1}"] {
        for prefix in ["", "a"] {
            for order in [SortDirection::Ascending, SortDirection::Descending] {
                let query = Query { order, after: Some(after.to_owned()), ..Query::prefix("p", prefix) };
                let mut expected = expected(prefix, order);
                expected.retain(|sort| if order == SortDirection::Ascending { *sort > after } else { *sort < after });
                assert_eq!(sorts(store, query).await, expected, "{prefix} {order:?} behind {after}");
            }
        }
    }
}

async fn query_of_nothing_is_empty(store: &Store) {
    fill(store).await;
    for (partition, prefix) in [("nobody", ""), ("p", "nothing"), ("P", "")] {
        let page = store.table.query(&Query::prefix(partition, prefix)).await.unwrap();
        assert_eq!((page.entries, page.next), (Vec::new(), None));
    }
}

async fn query_of_more_than_a_page_goes_on(store: &Store) {
    let text = "x".repeat(100_000);
    let item = |n: usize| (Key::new("p", format!("{n:02}")), attributes(json!({"text": text})));
    store.table.batch_put((0..30).map(item).collect()).await.unwrap();
    let first = store.table.query(&Query::prefix("p", "")).await.unwrap();
    assert!(first.entries.len() < 30 && first.next.is_some(), "3 MB came at once");
    for order in [SortDirection::Ascending, SortDirection::Descending] {
        let mut expected: Vec<String> = (0..30).map(|n| format!("{n:02}")).collect();
        if order == SortDirection::Descending {
            expected.reverse();
        }
        assert_eq!(sorts(store, Query { order, ..Query::prefix("p", "") }).await, expected);
    }
}

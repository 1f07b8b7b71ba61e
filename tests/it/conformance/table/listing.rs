//! The sparse listing, which may lag behind.

use serde_json::json;
use store::Store;
use store::table::{Change, Condition, Key, Listed, ListingQuery, Relist, SortDirection};
use tests::eventually;

use super::{apply, attributes, place, put, put_listed};

super::super::on_every_back_end! {
    the_listing_shows_only_listed_items_and_forgets_unlisted_ones
    the_listing_goes_by_rank_both_ways
    the_listing_pages_miss_and_repeat_nothing
}

fn query(shard: &str) -> ListingQuery {
    ListingQuery { shard: shard.to_owned(), after: None, order: SortDirection::Ascending, limit: None }
}

async fn listed(store: &Store, mut query: ListingQuery) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    loop {
        let page = store.table.listing(&query).await.unwrap();
        assert!(query.limit.is_none_or(|limit| page.entries.len() <= limit));
        entries.extend(page.entries.into_iter().map(|Listed { key, rank }| (rank, key.sort)));
        query.after = Some(match page.next {
            Some(next) => next,
            None => return entries,
        });
    }
}

async fn await_listed(store: &Store, query: ListingQuery, expected: &[(&str, &str)]) {
    let expected: Vec<(String, String)> =
        expected.iter().map(|(rank, sort)| ((*rank).to_owned(), (*sort).to_owned())).collect();
    eventually(&format!("{query:?} shows {expected:?}"), || async {
        (listed(store, query.clone()).await == expected).then_some(())
    })
    .await;
}

async fn the_listing_shows_only_listed_items_and_forgets_unlisted_ones(store: &Store) {
    let key = |sort: &str| Key::new("p", sort);
    apply(store, &key("plain"), Condition::Absent, put(json!({}))).await;
    for sort in ["one", "two", "three", "four", "five"] {
        apply(store, &key(sort), Condition::Absent, put_listed(json!({}), "shard", sort)).await;
    }
    apply(store, &key("elsewhere"), Condition::Absent, put_listed(json!({}), "other", "one")).await;
    let all = [("five", "five"), ("four", "four"), ("one", "one"), ("three", "three"), ("two", "two")];
    await_listed(store, query("shard"), &all).await;

    let unlist = Change::Patch { attributes: attributes(json!({})), listing: Relist::Unlist };
    apply(store, &key("one"), Condition::Present, unlist).await;
    apply(store, &key("two"), Condition::Present, put(json!({}))).await;
    apply(store, &key("three"), Condition::Present, Change::Delete).await;
    let relist = Change::Patch { attributes: attributes(json!({})), listing: Relist::List(place("shard", "z")) };
    apply(store, &key("four"), Condition::Present, relist).await;
    await_listed(store, query("shard"), &[("five", "five"), ("z", "four")]).await;
    await_listed(store, query("other"), &[("one", "elsewhere")]).await;
    await_listed(store, query("nobody"), &[]).await;
}

async fn the_listing_goes_by_rank_both_ways(store: &Store) {
    let ranks = ["2026-01", "2026-02", "2027-01", "a", "ß", "🦀"];
    for (place, rank) in ranks.iter().enumerate() {
        let key = Key::new(format!("pipeline/{}", 9 - place), "META");
        apply(store, &key, Condition::Absent, put_listed(json!({}), "shard", rank)).await;
    }
    let mut expected = ranks.map(|rank| (rank, "META"));
    await_listed(store, query("shard"), &expected).await;
    expected.reverse();
    await_listed(store, ListingQuery { order: SortDirection::Descending, ..query("shard") }, &expected).await;
}

/// Items of one rank come in any order.
async fn the_listing_pages_miss_and_repeat_nothing(store: &Store) {
    for n in 0..10 {
        let key = Key::new(format!("p{}", n % 3), format!("{n}"));
        apply(store, &key, Condition::Absent, put_listed(json!({}), "shard", &format!("{}", n / 4))).await;
    }
    for order in [SortDirection::Ascending, SortDirection::Descending] {
        for limit in [1, 3, 10, 11] {
            let query = ListingQuery { order, limit: Some(limit), ..query("shard") };
            eventually(&format!("{query:?} shows ten items"), || async {
                let mut entries = listed(store, query.clone()).await;
                entries.sort_by(|left, right| left.1.cmp(&right.1));
                let expected: Vec<_> = (0..10).map(|n| ((n / 4).to_string(), n.to_string())).collect();
                (entries == expected).then_some(())
            })
            .await;
        }
    }
}

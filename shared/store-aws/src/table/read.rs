//! Reads: one item, a part of a partition, a part of the index.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use store::table::{Item, Key, Listed, Listing, ListingQuery, Page, Query, SortDirection};
use store::{Error, Result};

use super::item::{LISTING_INDEX, LISTING_SHARD, PARTITION, SORT, SdkItem, read_listed, stored_key, stored_listing};
use super::{DynamoTable, check_key, read};
use crate::sdk_error::{During, OrPermanent};

impl DynamoTable {
    pub(crate) async fn get_item(&self, key: &Key) -> Result<Option<Item>> {
        let operation = format!("get item `{key}`");
        check_key(&operation, key)?;
        let reply = self
            .client
            .get_item()
            .table_name(&self.table_name)
            .set_key(Some(stored_key(key)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .during(&operation)?;
        match reply.item {
            Some(stored) => Ok(Some(read(&operation, stored)?)),
            None => Ok(None),
        }
    }

    /// One page of DynamoDB is one page here, so that a call never reads more than 1 MB.
    pub(crate) async fn query_items(&self, query: &Query) -> Result<Page<Item, String>> {
        let operation = format!("query `{} {}*`", query.partition, query.sort_prefix);
        let start = match start_of(query) {
            Start::Nowhere => return Ok(Page { entries: Vec::new(), next: None }),
            Start::First => None,
            Start::Behind(sort) => Some(stored_key(&Key::new(&query.partition, sort))),
        };
        let request = self
            .client
            .query()
            .table_name(&self.table_name)
            .key_condition_expression(if query.sort_prefix.is_empty() { WHOLE } else { PREFIXED })
            .expression_attribute_names("#partition", PARTITION)
            .expression_attribute_values(":partition", AttributeValue::S(query.partition.clone()))
            .set_exclusive_start_key(start)
            .scan_index_forward(query.order == SortDirection::Ascending)
            .set_limit(limit(&operation, query.limit)?)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let request = match query.sort_prefix.as_str() {
            "" => request,
            prefix => request
                .expression_attribute_names("#sort", SORT)
                .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned())),
        };
        let reply = request.send().await.during(&operation)?;
        let entries = reply.items.unwrap_or_default().into_iter().map(|stored| read(&operation, stored));
        Ok(Page { entries: entries.collect::<Result<_>>()?, next: reply.last_evaluated_key.and_then(sort_of) })
    }

    pub(crate) async fn query_listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        let operation = format!("query listing `{}`", query.shard);
        let reply = self
            .client
            .query()
            .table_name(&self.table_name)
            .index_name(LISTING_INDEX)
            .key_condition_expression("#shard = :shard")
            .expression_attribute_names("#shard", LISTING_SHARD)
            .expression_attribute_values(":shard", AttributeValue::S(query.shard.clone()))
            .set_exclusive_start_key(query.after.as_ref().map(|after| listing_start(&query.shard, after)))
            .scan_index_forward(query.order == SortDirection::Ascending)
            .set_limit(limit(&operation, query.limit)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .during(&operation)?;
        let read = |stored| read_listed(stored).or_permanent(&operation);
        let entries = reply.items.unwrap_or_default().into_iter().map(read).collect::<Result<_>>()?;
        Ok(Page { entries, next: reply.last_evaluated_key.map(read).transpose()? })
    }
}

/// All items of a partition.
const WHOLE: &str = "#partition = :partition";
/// The items of a partition whose sort key begins with a prefix.
const PREFIXED: &str = "#partition = :partition AND begins_with(#sort, :prefix)";

/// Where a query begins.
#[derive(Debug, PartialEq)]
enum Start<'a> {
    First,
    Behind(&'a str),
    Nowhere,
}

/// DynamoDB refuses a start key outside of the prefix, so a cursor before or behind all of it is answered here.
fn start_of(query: &Query) -> Start<'_> {
    let Some(after) = query.after.as_deref() else { return Start::First };
    if !after.is_empty() && after.starts_with(&query.sort_prefix) {
        return Start::Behind(after);
    }
    let is_before_all = after < query.sort_prefix.as_str() || after.is_empty();
    let goes_up = query.order == SortDirection::Ascending;
    if is_before_all == goes_up { Start::First } else { Start::Nowhere }
}

fn listing_start(shard: &str, after: &Listed) -> SdkItem {
    let mut start = stored_key(&after.key);
    start.extend(stored_listing(&Listing { shard: shard.to_owned(), rank: after.rank.clone() }));
    start
}

fn sort_of(mut last: SdkItem) -> Option<String> {
    match last.remove(SORT) {
        Some(AttributeValue::S(sort)) => Some(sort),
        _ => None,
    }
}

/// DynamoDB refuses a limit of 0.
fn limit(operation: &str, limit: Option<usize>) -> Result<Option<i32>> {
    match limit {
        Some(0) => Err(Error::permanent(operation, "a limit of 0 asks for nothing")),
        limit => Ok(limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_outside_of_the_prefix_is_before_or_behind_everything() {
        use SortDirection::{Ascending, Descending};
        for (prefix, after, order, start) in [
            ("", None, Ascending, Start::First),
            ("", Some("s"), Ascending, Start::Behind("s")),
            ("", Some(""), Ascending, Start::First),
            ("", Some(""), Descending, Start::Nowhere),
            ("step/", Some("step/7"), Ascending, Start::Behind("step/7")),
            ("step/", Some("step/"), Descending, Start::Behind("step/")),
            ("step/", Some("meta"), Ascending, Start::First),
            ("step/", Some("meta"), Descending, Start::Nowhere),
            ("step/", Some("z"), Ascending, Start::Nowhere),
            ("step/", Some("z"), Descending, Start::First),
            ("step/", Some("step"), Ascending, Start::First),
        ] {
            let query = Query { after: after.map(Into::into), order, ..Query::prefix("p", prefix) };
            assert_eq!(start_of(&query), start, "{query:?}");
        }
    }
}

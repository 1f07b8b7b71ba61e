//! Items as rows: reading, querying, listing and purging.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::types::{Type, Value as Sql};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};
use store::table::{Item, Key, Listed, Listing, ListingQuery, Page, Query, SortDirection};

use crate::attribute_cache::AttributeCache;
use crate::session::Session;

/// A page ends after this much text, as DynamoDB's does, so that no query holds the thread for long.
const PAGE_BYTES: usize = 1024 * 1024;

/// As many entries of a listing as DynamoDB has in a page.
const PAGE_ENTRIES: usize = 10_000;

/// Expired items that opening the store deletes at most.
pub(crate) const PURGE_AT_OPEN: u32 = 1000;

/// A row that nobody has parsed yet.
pub(crate) struct StoredRow {
    pub(crate) version: u64,
    /// The attributes as JSON.
    pub(crate) text: String,
    pub(crate) listing: Option<Listing>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl StoredRow {
    pub(crate) fn into_item(self, key: Key, cache: &AttributeCache) -> rusqlite::Result<Item> {
        let attributes = match cache.parse(&self.text) {
            Ok(attributes) => attributes,
            Err(error) => return Err(rusqlite::Error::FromSqlConversionFailure(1, Type::Text, Box::new(error))),
        };
        let StoredRow { version, listing, expires_at, .. } = self;
        Ok(Item { key, version, attributes, listing, expires_at })
    }

    /// Reads the first five columns: version, attributes, shard, rank, `expires_at`.
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let listing = match (row.get(2)?, row.get(3)?) {
            (Some(shard), Some(rank)) => Some(Listing { shard, rank }),
            _ => None,
        };
        let expires_at: Option<i64> = row.get(4)?;
        Ok(StoredRow {
            version: row.get::<_, i64>(0)?.unsigned_abs(),
            text: row.get(1)?,
            listing,
            expires_at: expires_at.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        })
    }
}

pub(crate) fn stored(connection: &Connection, key: &Key) -> rusqlite::Result<Option<StoredRow>> {
    connection
        .prepare_cached(
            "SELECT version, attributes, shard, rank, expires_at FROM item WHERE partition = ?1 AND sort = ?2",
        )?
        .query_row((&key.partition, &key.sort), StoredRow::from_row)
        .optional()
}

pub(crate) fn get(session: &Session, key: &Key) -> rusqlite::Result<Option<Item>> {
    match stored(session, key)? {
        Some(stored) => Ok(Some(stored.into_item(key.clone(), &session.attribute_cache)?)),
        None => Ok(None),
    }
}

/// Gets the items that are there, each once, from one snapshot.
pub(crate) fn get_all(session: &Session, keys: &[Key]) -> rusqlite::Result<Vec<Item>> {
    // One transaction instead of one for each key.
    let _transaction = session.unchecked_transaction()?;
    let keys: HashSet<&Key> = keys.iter().collect();
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        found.extend(get(session, key)?);
    }
    Ok(found)
}

pub(crate) fn query(session: &Session, query: &Query) -> rusqlite::Result<Page<Item, String>> {
    let (from, until) = bounds(query);
    let mut statement = select_partition(session, query.order)?;
    let mut rows = statement.query((&query.partition, from, until))?;
    let mut entries: Vec<Item> = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        if bytes >= PAGE_BYTES || query.limit.is_some_and(|limit| entries.len() >= limit) {
            let next = entries.last().map(|item| item.key.sort.clone());
            return Ok(Page { entries, next });
        }
        let stored = StoredRow::from_row(row)?;
        bytes += stored.text.len();
        entries.push(stored.into_item(Key::new(&query.partition, row.get::<_, String>(5)?), &session.attribute_cache)?);
    }
    Ok(Page { entries, next: None })
}

fn select_partition(connection: &Connection, order: SortDirection) -> rusqlite::Result<CachedStatement<'_>> {
    connection.prepare_cached(match order {
        SortDirection::Ascending => {
            "SELECT version, attributes, shard, rank, expires_at, sort FROM item
             WHERE partition = ?1 AND sort >= ?2 AND sort < ?3 ORDER BY sort"
        }
        SortDirection::Descending => {
            "SELECT version, attributes, shard, rank, expires_at, sort FROM item
             WHERE partition = ?1 AND sort >= ?2 AND sort < ?3 ORDER BY sort DESC"
        }
    })
}

/// The sort keys of a query as `from` (inclusive) and `until` (exclusive).
fn bounds(query: &Query) -> (String, Sql) {
    let first = query.sort_prefix.clone();
    let last = prefix_end(&query.sort_prefix);
    match (&query.after, query.order) {
        (None, _) => (first, last.map_or(NO_BOUND, Sql::Text)),
        // A text and a zero byte is what comes right after the text.
        (Some(after), SortDirection::Ascending) => (first.max(format!("{after}\0")), last.map_or(NO_BOUND, Sql::Text)),
        (Some(after), SortDirection::Descending) => {
            // The cursor may lie behind everything with the prefix.
            let until = match last {
                Some(last) => last.min(after.clone()),
                None => after.clone(),
            };
            (first, Sql::Text(until))
        }
    }
}

/// SQLite orders every blob behind every text.
const NO_BOUND: Sql = Sql::Blob(Vec::new());

/// The first text behind all that begin with `prefix`, in the order of bytes, which is that of code points.
fn prefix_end(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

pub(crate) fn listing(connection: &Connection, query: &ListingQuery) -> rusqlite::Result<Page<Listed, Listed>> {
    let mut statement = connection.prepare_cached(match query.order {
        SortDirection::Ascending => {
            "SELECT partition, sort, rank FROM item WHERE shard = ?1 AND (rank, partition, sort) > (?2, ?3, ?4)
             ORDER BY rank, partition, sort"
        }
        SortDirection::Descending => {
            "SELECT partition, sort, rank FROM item WHERE shard = ?1 AND (rank, partition, sort) < (?2, ?3, ?4)
             ORDER BY rank DESC, partition DESC, sort DESC"
        }
    })?;
    let text = |text: &String| Sql::Text(text.clone());
    let (rank, partition, sort) = match (&query.after, query.order) {
        (Some(Listed { key, rank }), _) => (text(rank), text(&key.partition), text(&key.sort)),
        (None, SortDirection::Ascending) => {
            (Sql::Text(String::new()), Sql::Text(String::new()), Sql::Text(String::new()))
        }
        (None, SortDirection::Descending) => (NO_BOUND, NO_BOUND, NO_BOUND),
    };
    let mut rows = statement.query((&query.shard, rank, partition, sort))?;
    let mut entries: Vec<Listed> = Vec::new();
    while let Some(row) = rows.next()? {
        if entries.len() >= query.limit.unwrap_or(PAGE_ENTRIES).min(PAGE_ENTRIES) {
            let next = entries.last().cloned();
            return Ok(Page { entries, next });
        }
        let key = Key { partition: row.get(0)?, sort: row.get(1)? };
        entries.push(Listed { key, rank: row.get(2)? });
    }
    Ok(Page { entries, next: None })
}

/// Deletes up to `limit` items that have expired.
pub(crate) fn purge(connection: &Connection, now: DateTime<Utc>, limit: u32) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "DELETE FROM item WHERE (partition, sort) IN
             (SELECT partition, sort FROM item WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute((now.timestamp(), limit))
}

#[cfg(test)]
mod tests {
    use super::prefix_end;

    #[test]
    fn a_prefix_ends_before_the_next_code_point() {
        assert_eq!(prefix_end(""), None);
        assert_eq!(prefix_end("step#").as_deref(), Some("step$"));
        assert_eq!(prefix_end("a\u{7f}").as_deref(), Some("a\u{80}"));
        assert_eq!(prefix_end("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(prefix_end("a\u{10ffff}\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(prefix_end("\u{10ffff}"), None);
    }
}

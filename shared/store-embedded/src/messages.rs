//! Messages as rows.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pipeline::Priority;
use rusqlite::{Connection, OptionalExtension};
use store::queue::{DeadLetter, Depth, MAX_RECEIVES, Outgoing, Receipt, Received};

/// Names one delivery of one message: each delivery counts up, so an old receipt fits no later delivery.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery {
    id: i64,
    receive_count: u32,
}

impl Delivery {
    /// Reads back the handle of a receipt, or `None` if it is none of ours.
    pub(crate) fn from_handle(handle: &str) -> Option<Delivery> {
        let (id, receive_count) = handle.split_once('.')?;
        Some(Delivery { id: id.parse().ok()?, receive_count: receive_count.parse().ok()? })
    }

    fn to_handle(self) -> String {
        format!("{}.{}", self.id, self.receive_count)
    }
}

pub(crate) fn send(
    connection: &Connection,
    priority: Priority,
    messages: &[Outgoing],
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare_cached("INSERT INTO message (priority, body, visible_at) VALUES (?1, ?2, ?3)")?;
    for Outgoing { body, delay } in messages {
        insert.execute((priority.as_str(), body, later(now, *delay).timestamp_millis()))?;
    }
    Ok(())
}

/// What a receive found.
pub(crate) struct TakenMessages {
    pub(crate) messages: Vec<Received>,
    /// If there is none: when the first of those that are hidden falls due.
    pub(crate) due: Option<DateTime<Utc>>,
}

/// Delivers up to `limit` messages that are due, the higher priority first, and hides them until `hidden_until`.
pub(crate) fn take(
    connection: &Connection,
    limit: usize,
    hidden_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> rusqlite::Result<TakenMessages> {
    let mut messages = Vec::new();
    for priority in Priority::ALL {
        while messages.len() < limit {
            let Some(received) = take_next(connection, priority, hidden_until, now)? else { break };
            messages.push(received);
        }
    }
    let due = if messages.is_empty() { next_due(connection)? } else { None };
    Ok(TakenMessages { messages, due })
}

/// Delivers the message of a queue that has been due for longest, and buries those before it that have had all their
/// deliveries.
fn take_next(
    connection: &Connection,
    priority: Priority,
    hidden_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> rusqlite::Result<Option<Received>> {
    let mut next = connection.prepare_cached(
        "SELECT id, receive_count, body FROM message WHERE priority = ?1 AND dead_at IS NULL AND visible_at <= ?2
         ORDER BY visible_at, id LIMIT 1",
    )?;
    loop {
        let due = next
            .query_row((priority.as_str(), now.timestamp_millis()), |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?, row.get::<_, String>(2)?))
            })
            .optional()?;
        let Some((id, receives, body)) = due else { return Ok(None) };
        if receives < MAX_RECEIVES {
            let delivery = Delivery { id, receive_count: receives + 1 };
            connection
                .prepare_cached("UPDATE message SET visible_at = ?2, receive_count = ?3 WHERE id = ?1")?
                .execute((id, hidden_until.timestamp_millis(), delivery.receive_count))?;
            let receipt = Receipt { priority, handle: delivery.to_handle() };
            return Ok(Some(Received { id: id.to_string(), receipt, body, receive_count: delivery.receive_count }));
        }
        connection
            .prepare_cached("UPDATE message SET dead_at = ?2 WHERE id = ?1")?
            .execute((id, now.timestamp_millis()))?;
    }
}

/// When the first message of all queues falls due or has; `None` if they have none.
fn next_due(connection: &Connection) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let mut first =
        connection.prepare_cached("SELECT min(visible_at) FROM message WHERE priority = ?1 AND dead_at IS NULL")?;
    let mut due: Option<i64> = None;
    for priority in Priority::ALL {
        let next: Option<i64> = first.query_row([priority.as_str()], |row| row.get(0))?;
        due = due.into_iter().chain(next).min();
    }
    Ok(due.and_then(DateTime::from_timestamp_millis))
}

/// Sets when the message comes again, if the delivery is its last and it still is hidden.
pub(crate) fn hide(
    connection: &Connection,
    delivery: Delivery,
    hidden_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE message SET visible_at = ?3
             WHERE id = ?1 AND receive_count = ?2 AND dead_at IS NULL AND visible_at > ?4",
        )?
        .execute((delivery.id, delivery.receive_count, hidden_until.timestamp_millis(), now.timestamp_millis()))?;
    Ok(())
}

/// Deletes the message, if the delivery is its last.
pub(crate) fn delete(connection: &Connection, delivery: Delivery) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM message WHERE id = ?1 AND receive_count = ?2 AND dead_at IS NULL")?
        .execute((delivery.id, delivery.receive_count))?;
    Ok(())
}

pub(crate) fn depth(connection: &Connection, priority: Priority, now: DateTime<Utc>) -> rusqlite::Result<Depth> {
    let of_queue = (priority.as_str(), now.timestamp_millis());
    // A long queue is counted in the index alone; what is hidden is little, and must be looked at.
    let waiting = connection
        .prepare_cached("SELECT count(*) FROM message WHERE priority = ?1 AND dead_at IS NULL AND visible_at <= ?2")?
        .query_row(of_queue, |row| row.get(0).map(i64::unsigned_abs))?;
    let (in_flight, delayed) = connection
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE receive_count > 0), count(*) FILTER (WHERE receive_count = 0)
             FROM message WHERE priority = ?1 AND dead_at IS NULL AND visible_at > ?2",
        )?
        .query_row(of_queue, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    Ok(Depth { waiting, in_flight: in_flight.unsigned_abs(), delayed: delayed.unsigned_abs() })
}

pub(crate) fn count_dead_letters(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT count(*) FROM message WHERE dead_at IS NOT NULL")?
        .query_row([], |row| row.get(0).map(i64::unsigned_abs))
}

pub(crate) fn dead_letters(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<DeadLetter>> {
    connection
        .prepare_cached("SELECT id, body FROM message WHERE dead_at IS NOT NULL ORDER BY dead_at, id LIMIT ?1")?
        .query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok(DeadLetter { id: row.get::<_, i64>(0)?.to_string(), body: row.get(1)? })
        })?
        .collect()
}

/// Brings the dead letters back to their queues, with all their deliveries before them.
pub(crate) fn redrive(connection: &Connection, now: DateTime<Utc>) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "UPDATE message SET dead_at = NULL, receive_count = 0, visible_at = ?1 WHERE dead_at IS NOT NULL",
        )?
        .execute([now.timestamp_millis()])
}

/// `now` and a span, or the end of time.
pub(crate) fn later(now: DateTime<Utc>, span: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(span).ok().and_then(|span| now.checked_add_signed(span)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

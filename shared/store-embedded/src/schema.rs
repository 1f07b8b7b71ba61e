//! The SQLite file: its name and its tables.

use rusqlite::Connection;

/// The name of the database in the folder of a store.
pub(crate) const DATABASE: &str = "store.sqlite3";

/// The name of the log that SQLite keeps beside it.
pub(crate) const LOG: &str = "store.sqlite3-wal";

/// The schema that this program reads and writes; counts up with every change to [`SCHEMA`].
pub(crate) const SCHEMA_VERSION: i64 = 1;

/// `WITHOUT ROWID` keeps a partition's items side by side, so a query reads neighbouring pages. Times of messages are
/// milliseconds, times of expiry seconds, since 1970. `AUTOINCREMENT` because a receipt must never fit a later message.
pub(crate) const SCHEMA: &str = "
    CREATE TABLE item (
        partition TEXT NOT NULL,
        sort TEXT NOT NULL,
        version INTEGER NOT NULL,
        attributes TEXT NOT NULL,
        shard TEXT,
        rank TEXT,
        expires_at INTEGER,
        PRIMARY KEY (partition, sort)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX item_listing ON item (shard, rank) WHERE shard IS NOT NULL;
    CREATE INDEX item_expiry ON item (expires_at) WHERE expires_at IS NOT NULL;

    CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        priority TEXT NOT NULL,
        body TEXT NOT NULL,
        visible_at INTEGER NOT NULL,
        receive_count INTEGER NOT NULL DEFAULT 0,
        dead_at INTEGER
    ) STRICT;
    CREATE INDEX message_due ON message (priority, visible_at) WHERE dead_at IS NULL;
    CREATE INDEX message_dead ON message (dead_at) WHERE dead_at IS NOT NULL;
";

/// The one number that a statement answers with, such as the version of the schema that a file has.
pub(crate) fn number(connection: &Connection, sql: &str) -> rusqlite::Result<i64> {
    connection.query_row(sql, [], |row| row.get(0))
}

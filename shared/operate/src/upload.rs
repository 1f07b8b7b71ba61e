//! Putting a file into the drop area from outside.

use std::time::Duration;

use bytes::Bytes;
use engine::Context;
use futures::{Stream, StreamExt};
use serde::Serialize;
use steps::import::DROP_PREFIX;

use super::claims::Claims;
use super::{AuditStamp, note};

/// Where a file can be put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ticket {
    /// The key that the file will have.
    pub key: String,
    /// The address to `PUT` the bytes to; `None` if the back end makes none and the bytes come through the API.
    pub url: Option<String>,
    /// How long the address is good.
    pub valid_for_seconds: u64,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its name would not do in the drop area.
    #[error(
        "`{name}` is no name for a dropped file (expected 1 to 200 letters, digits, `.`, `_` or `-`, not beginning with `.`; \
         example: `product-import_20260801-120000_01.csv`)"
    )]
    Name {
        /// The name, shortened.
        name: String,
    },
    /// No pipeline would ever take it.
    #[error("`{name}` cannot be dropped: {why}")]
    Unclaimed {
        /// The name.
        name: String,
        /// Why not.
        why: String,
    },
    /// It is empty where it may not be, or too large.
    #[error("`{name}` has {size_bytes} bytes; at most {LIMIT_BYTES} can be put at once")]
    Size {
        /// The name.
        name: String,
        /// Its size, as far as it was read.
        size_bytes: u64,
    },
    /// It did not come to its end.
    #[error("`{name}` broke off after {size_bytes} bytes and was dropped")]
    BrokeOff {
        /// The name.
        name: String,
        /// How much of it came.
        size_bytes: u64,
    },
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Most bytes of one file: what S3 takes in one put.
pub const LIMIT_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// How long an address is good: long enough to begin a put over a slow line.
const VALID_FOR: Duration = Duration::from_secs(15 * 60);

/// Makes an address to which a client can put one file of exactly this size into the drop area.
///
/// # Errors
/// The name or the size will not do, no pipeline takes such a file, or the store did not answer.
pub async fn ticket(context: &Context, name: &str, size_bytes: u64, stamp: AuditStamp<'_>) -> Result<Ticket, Error> {
    let key = key(name)?;
    if size_bytes > LIMIT_BYTES {
        return Err(Error::Size { name: name.to_owned(), size_bytes });
    }
    claimed(context, name).await?;
    let url = context.store.files.presign_put(&key, size_bytes, VALID_FOR).await?;
    if url.is_some() {
        note(context, &format!("asked to upload `{key}` ({size_bytes} bytes)"), stamp).await;
    }
    Ok(Ticket { key, url, valid_for_seconds: VALID_FOR.as_secs() })
}

/// Whether the back end makes addresses, so that no bytes need to come through us.
///
/// # Errors
/// The name will not do, or the store did not answer.
pub async fn takes_addresses(context: &Context, name: &str) -> Result<bool, Error> {
    Ok(context.store.files.presign_put(&key(name)?, 1, VALID_FOR).await?.is_some())
}

/// Takes the bytes of a file into the drop area, where it appears when all have come, or never; returns how many came.
///
/// # Errors
/// The name or the size will not do, no pipeline takes such a file, the bytes broke off, or the store did not answer.
pub async fn take<E>(
    context: &Context,
    name: &str,
    mut bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    stamp: AuditStamp<'_>,
) -> Result<u64, Error> {
    let key = key(name)?;
    claimed(context, name).await?;
    let mut upload = context.store.files.upload(&key).await?;
    let mut size_bytes = 0;
    while let Some(piece) = bytes.next().await {
        let Ok(piece) = piece else {
            upload.abort().await?;
            return Err(Error::BrokeOff { name: name.to_owned(), size_bytes });
        };
        size_bytes += piece.len() as u64;
        // The client may have named no size, or a wrong one.
        if size_bytes > LIMIT_BYTES {
            upload.abort().await?;
            return Err(Error::Size { name: name.to_owned(), size_bytes });
        }
        upload.write(piece).await?;
    }
    upload.finish().await?;
    note(context, &format!("uploaded `{key}` ({size_bytes} bytes)"), stamp).await;
    Ok(size_bytes)
}

/// Refuses what would lie in the drop area for ever.
async fn claimed(context: &Context, name: &str) -> Result<(), Error> {
    match Claims::load(context).await?.refusal(name) {
        Some(why) => Err(Error::Unclaimed { name: name.to_owned(), why }),
        None => Ok(()),
    }
}

fn key(name: &str) -> Result<String, Error> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=200).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(is_allowed) {
        return Ok(format!("{DROP_PREFIX}{name}"));
    }
    Err(Error::Name { name: name.chars().take(60).flat_map(char::escape_default).collect() })
}

//! Receives a body: decodes it, counts it, looks for secrets in it, and gives out what has been looked at.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use crate::coding::Coding;
use crate::error::Error;
use crate::secrets::SecretScan;

/// A body on its way.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    incoming: Incoming,
    coding: Coding,
    watch: SecretScan,
    limit_bytes: u64,
    until: Instant,
    /// What came and is not decoded yet.
    packed: Bytes,
    /// Bytes on the wire. Encoded bytes may stand for nothing, so they count as well.
    came_bytes: u64,
    /// Bytes after decoding.
    size_bytes: u64,
    has_ended: bool,
}

/// How much of a body may come, and until when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    pub(crate) bytes: u64,
    pub(crate) until: Instant,
}

impl ResponseBody {
    pub(crate) fn new(incoming: Incoming, coding: Coding, watch: SecretScan, limits: BodyLimits) -> Self {
        let BodyLimits { bytes: limit_bytes, until } = limits;
        let packed = Bytes::new();
        ResponseBody {
            incoming,
            coding,
            watch,
            limit_bytes,
            until,
            packed,
            came_bytes: 0,
            size_bytes: 0,
            has_ended: false,
        }
    }

    /// The next piece that has been looked at; nothing after the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        while !self.has_ended {
            let piece = self.looked_at().await;
            // Nothing comes after an error: what would follow a secret may be the rest of it.
            self.has_ended |= piece.is_err();
            let piece = piece?;
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    /// The next piece without a secret, which may be empty; the last one at the end.
    async fn looked_at(&mut self) -> Result<Bytes, Error> {
        match self.decoded().await? {
            Some(piece) => self.watch.take(piece),
            None => {
                self.has_ended = true;
                self.watch.finish()
            }
        }
    }

    /// The next piece, decoded and counted, which may be empty; nothing at the end.
    async fn decoded(&mut self) -> Result<Option<Bytes>, Error> {
        if self.packed.is_empty() {
            match self.received().await? {
                Some(packed) => self.packed = packed,
                None => {
                    let rest = self.coding.finish()?;
                    self.count(&rest)?;
                    return Ok(Some(rest).filter(|rest| !rest.is_empty()));
                }
            }
        }
        let piece = self.coding.decode(&mut self.packed)?;
        self.count(&piece)?;
        Ok(Some(piece))
    }

    /// The next bytes from the wire; nothing at the end.
    async fn received(&mut self) -> Result<Option<Bytes>, Error> {
        let Ok(frame) = timeout_at(self.until, self.incoming.frame()).await else {
            return Err(Error::Incomplete { bytes: self.size_bytes });
        };
        let Some(frame) = frame else { return Ok(None) };
        let frame = frame.map_err(|error| Error::BodyBrokenOff { source: Arc::new(error) })?;
        // Trailers are no data; they are left out, so a secret in them goes nowhere.
        let bytes = frame.into_data().unwrap_or_default();
        self.came_bytes += bytes.len() as u64;
        if self.came_bytes > self.limit_bytes {
            return Err(Error::TooLarge { limit_bytes: self.limit_bytes });
        }
        Ok(Some(bytes))
    }

    fn count(&mut self, piece: &Bytes) -> Result<(), Error> {
        self.size_bytes += piece.len() as u64;
        if self.size_bytes > self.limit_bytes { Err(Error::TooLarge { limit_bytes: self.limit_bytes }) } else { Ok(()) }
    }
}

//! Undoes the encoding of a body, a little at a time.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, HeaderMap};

use crate::error::Error;

/// How a body is encoded, and what has been decoded of it so far.
#[derive(Debug)]
pub(crate) enum Coding {
    /// Not at all.
    Plain,
    /// By gzip.
    Gzip {
        decoder: Box<MultiGzDecoder<Vec<u8>>>,
        /// A response without a body may still say that it is encoded.
        has_begun: bool,
    },
}

/// How much is decoded at once. A byte can stand for a thousand, so this bounds the memory that one look at the size of
/// the body comes after to a megabyte.
const STEP_BYTES: usize = 1024;

/// Most characters of the encoding that an error quotes.
const QUOTED_CHARS: usize = 40;

impl Coding {
    /// What the head of the response says.
    ///
    /// # Errors
    /// Anything but gzip: it was not asked for.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Error> {
        let said = headers.get_all(CONTENT_ENCODING).into_iter();
        let names: Vec<&str> = said.map(|value| value.to_str().unwrap_or("not readable")).collect();
        match names.join(", ").trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Coding::Plain),
            "gzip" | "x-gzip" => {
                Ok(Coding::Gzip { decoder: Box::new(MultiGzDecoder::new(Vec::new())), has_begun: false })
            }
            other => Err(Error::Encoded { found: other.chars().take(QUOTED_CHARS).collect() }),
        }
    }

    pub(crate) fn is_packed(&self) -> bool {
        matches!(self, Coding::Gzip { .. })
    }

    /// Takes a piece from the front of what came and gives what it stands for, which may be nothing yet.
    pub(crate) fn decode(&mut self, packed: &mut Bytes) -> Result<Bytes, Error> {
        match self {
            Coding::Plain => Ok(std::mem::take(packed)),
            Coding::Gzip { decoder, has_begun } => {
                let piece = packed.split_to(packed.len().min(STEP_BYTES));
                *has_begun |= !piece.is_empty();
                decoder.write_all(&piece).map_err(undecodable)?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
        }
    }

    /// What is left at the end of the body. After that nothing is.
    pub(crate) fn finish(&mut self) -> Result<Bytes, Error> {
        match std::mem::replace(self, Coding::Plain) {
            Coding::Gzip { mut decoder, has_begun: true } => {
                // Says whether the length and the checksum at the end are there and right.
                decoder.try_finish().map_err(undecodable)?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
            Coding::Plain | Coding::Gzip { .. } => Ok(Bytes::new()),
        }
    }
}

fn undecodable(error: io::Error) -> Error {
    Error::Undecodable { source: Arc::new(error) }
}

//! Undoes the encoding of a body, a little at a time.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
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
    /// By deflate, which is not asked for and sent nevertheless.
    Deflate(Box<Inflate>),
}

/// The state of a body that is encoded by deflate.
#[derive(Debug, Default)]
pub(crate) struct Inflate {
    /// Nothing until two bytes have come.
    decoder: Option<Decompress>,
    /// The first bytes, as long as they are too few to tell what they begin.
    begun: Vec<u8>,
    has_ended: bool,
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
    /// Anything but gzip and deflate: it was not asked for.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Error> {
        let said = headers.get_all(CONTENT_ENCODING).into_iter();
        let names: Vec<&str> = said.map(|value| value.to_str().unwrap_or("not readable")).collect();
        match names.join(", ").trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Coding::Plain),
            "gzip" | "x-gzip" => {
                Ok(Coding::Gzip { decoder: Box::new(MultiGzDecoder::new(Vec::new())), has_begun: false })
            }
            "deflate" => Ok(Coding::Deflate(Box::default())),
            other => Err(Error::Encoded { found: other.chars().take(QUOTED_CHARS).collect() }),
        }
    }

    pub(crate) fn is_packed(&self) -> bool {
        !matches!(self, Coding::Plain)
    }

    /// Takes a piece from the front of what came and gives what it stands for, which may be nothing yet.
    pub(crate) fn decode(&mut self, packed: &mut Bytes) -> Result<Bytes, Error> {
        match self {
            Coding::Plain => Ok(std::mem::take(packed)),
            Coding::Deflate(inflate) => inflate.decode(&packed.split_to(packed.len().min(STEP_BYTES))),
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
            Coding::Deflate(inflate) => inflate.finish(),
            Coding::Plain | Coding::Gzip { .. } => Ok(Bytes::new()),
        }
    }
}

impl Inflate {
    fn decode(&mut self, piece: &[u8]) -> Result<Bytes, Error> {
        self.begun.extend_from_slice(piece);
        if self.decoder.is_none() && self.begun.len() < 2 {
            return Ok(Bytes::new());
        }
        let packed = std::mem::take(&mut self.begun);
        // RFC 9110 means the zlib format by the name; some servers send the bare stream, which cannot begin like it.
        let decoder = self.decoder.get_or_insert_with(|| Decompress::new(is_zlib(&packed)));
        let mut plain = Vec::with_capacity(STEP_BYTES);
        let (before, mut rest) = (decoder.total_in(), packed.as_slice());
        while !rest.is_empty() {
            if self.has_ended {
                return Err(undecodable(io::Error::other("something follows its end")));
            }
            plain.reserve(STEP_BYTES);
            let status = decoder.decompress_vec(rest, &mut plain, FlushDecompress::None).map_err(broken)?;
            let taken = usize::try_from(decoder.total_in() - before).unwrap_or(packed.len());
            rest = &packed[taken.min(packed.len())..];
            self.has_ended = status == Status::StreamEnd;
        }
        // What was taken in may stand for more than there was room for.
        while !self.has_ended && plain.len() == plain.capacity() {
            plain.reserve(STEP_BYTES);
            let status = decoder.decompress_vec(&[], &mut plain, FlushDecompress::None).map_err(broken)?;
            self.has_ended = status == Status::StreamEnd;
        }
        Ok(plain.into())
    }

    /// A stream that was cut off has no end. A response without a body may still say that it is encoded.
    fn finish(&self) -> Result<Bytes, Error> {
        if self.has_ended || (self.decoder.is_none() && self.begun.is_empty()) {
            return Ok(Bytes::new());
        }
        Err(undecodable(io::Error::from(io::ErrorKind::UnexpectedEof)))
    }
}

/// Whether bytes begin the zlib format: the first says method 8, and the first two together are a multiple of 31.
fn is_zlib(packed: &[u8]) -> bool {
    let [first, second, ..] = packed else { return false };
    first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)).is_multiple_of(31)
}

fn broken(error: flate2::DecompressError) -> Error {
    undecodable(error.into())
}

fn undecodable(error: io::Error) -> Error {
    Error::Undecodable { source: Arc::new(error) }
}

//! The JSON of a thing as it is stored: as it is, or packed if it would not fit an item.
//!
//! An item holds 400 KB. An attribute with tens of thousands of options has more, and packs to a tenth.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// From how many bytes on a thing is packed: most are not, so that people can read them where they are stored.
const PACKED_FROM_BYTES: usize = 200_000;

/// Most bytes of a thing that was packed; what has more was not written by us.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// What a packed thing begins with; JSON begins with a brace.
const PACKED: &str = "gzip:";

/// Why a packed thing cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// It is not in base64.
    #[error("is packed and cannot be decoded")]
    Decode(#[source] base64::DecodeError),
    /// It is no gzip of a text.
    #[error("is packed and cannot be unpacked")]
    Unpack(#[source] std::io::Error),
}

/// Packs a JSON text if it is large.
pub(super) fn pack(json: String) -> String {
    if json.len() < PACKED_FROM_BYTES {
        return json;
    }
    let mut packing = GzEncoder::new(Vec::new(), Compression::default());
    packing.write_all(json.as_bytes()).expect("memory takes every byte");
    let packed = packing.finish().expect("memory takes every byte");
    format!("{PACKED}{}", STANDARD.encode(packed))
}

/// The JSON text of what was stored.
pub(super) fn unpack(stored: &str) -> Result<Option<String>, UnpackError> {
    let Some(packed) = stored.strip_prefix(PACKED) else { return Ok(None) };
    let packed = STANDARD.decode(packed).map_err(UnpackError::Decode)?;
    let mut json = String::new();
    GzDecoder::new(packed.as_slice()).take(MAX_BYTES).read_to_string(&mut json).map_err(UnpackError::Unpack)?;
    Ok(Some(json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_the_same() {
        let small = r#"{"a":1}"#.to_owned();
        assert_eq!((pack(small.clone()), unpack(&small).unwrap()), (small.clone(), None));
        let large: String = (0..40_000).map(|number| format!("{{\"label\":\"Option {number}\"}},")).collect();
        let packed = pack(large.clone());
        assert!(packed.len() < 390_000, "{} bytes of {}", packed.len(), large.len());
        assert_eq!(unpack(&packed).unwrap(), Some(large));
    }

    #[test]
    fn what_cannot_be_unpacked_is_told() {
        assert_eq!(unpack("gzip:!").unwrap_err().to_string(), "is packed and cannot be decoded");
        assert_eq!(unpack("gzip:aGFsbG8=").unwrap_err().to_string(), "is packed and cannot be unpacked");
    }
}

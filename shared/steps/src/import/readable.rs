//! Makes a dropped file readable: unpacks it, and turns its characters into UTF-8.
//!
//! Streams: memory does not grow with the file. A packed file that grows beyond all measure is refused, and the name of a
//! file in an archive is shown and never used as a path.

mod stored;

use std::io::{self, Read};

use bytes::Bytes;
use encoding_rs::{DecoderResult, Encoding};
use engine::{ExecutorError, Work};
use import::content::{self, Content};
use store::files::Range;
use tokio::sync::mpsc;

use stored::StoredReader;

/// Bytes that are handed on at a time.
const PIECE_BYTES: usize = 1024 * 1024;

/// How many times its packed size a file may have, beside what any file may have: CSV files come to a hundredth at best.
const MAX_GROWTH: u64 = 500;

/// Bytes that any packed file may have once it is unpacked.
const ALWAYS_ALLOWED_BYTES: u64 = 64 * 1024 * 1024;

/// Most bytes of a file once it is unpacked.
const MAX_UNPACKED_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// What must be done to a file so that its rows can be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Making {
    content: Content,
    /// The characters that the file is said to be written in, if they are not UTF-8.
    charset: Option<&'static Encoding>,
    size_bytes: u64,
}

/// Why a file cannot be made readable; reads as the end of a sentence that starts with the file.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("cannot be unpacked: {0}; was it sent completely?")]
    Damaged(String),
    #[error(
        "cannot be unpacked: {0}; was it sent completely? If it is a workbook of a spreadsheet program, open it there and save \
         it as `CSV UTF-8 (comma delimited)`"
    )]
    DamagedZip(String),
    #[error("holds {0} files ({1}); expected exactly one CSV file in an archive")]
    Several(usize, String),
    #[error("holds no file; expected exactly one CSV file in an archive")]
    Empty,
    #[error("grows to more than {0} bytes when it is unpacked; nothing of it was imported")]
    TooLarge(u64),
    #[error(
        "holds bytes that are no text in {0}; set `from-charset` in the configuration (or the argument `charset` of this step) to the characters that it has"
    )]
    Charset(&'static str),
    #[error("{0}")]
    Other(&'static str),
    #[error("could not be read")]
    Store(#[source] io::Error),
}

impl Making {
    /// Looks at the first bytes of a file.
    pub(super) async fn look(
        work: &Work<'_>,
        key: &str,
        charset: Option<&'static Encoding>,
    ) -> Result<Option<Self>, ExecutorError> {
        let files = &work.store.files;
        let Some(info) = files.info(key).await? else { return Ok(None) };
        let range = Range { start: 0, length: content::FIRST_BYTES as u64 };
        let Some(first) = files.get(key, Some(range)).await? else { return Ok(None) };
        Ok(Some(Self { content: content::recognise(&first), charset, size_bytes: info.size_bytes }))
    }

    /// Says whether the file can be read as it lies there. What no import reads is told when its rows are checked.
    pub(super) fn is_readable(self) -> bool {
        match self.content {
            Content::Text => self.charset.is_none(),
            Content::Other(_) => true,
            Content::Gzip | Content::Zip | Content::Utf16 => false,
        }
    }

    /// Writes the file as it can be read.
    ///
    /// # Errors
    /// The store did not answer, or the file cannot be made readable; nothing is written then.
    pub(super) async fn write(self, work: &Work<'_>, from: &str, to: &str) -> Result<u64, ExecutorError> {
        let reader = StoredReader::new(work.store.files.clone(), from.to_owned(), self.size_bytes);
        // Two pieces wait at most: the thread that unpacks is as fast as the store that takes them.
        let (sender, mut pieces) = mpsc::channel::<Bytes>(2);
        // A thread of its own, for unpackers cannot wait for the store. It ends when nobody takes its pieces any more.
        let unpacking = tokio::task::spawn_blocking(move || self.unpack(reader, &sender));
        let mut upload = work.store.files.upload(to).await?;
        let mut written = 0;
        while let Some(piece) = pieces.recv().await {
            written += piece.len() as u64;
            upload.write(piece).await?;
        }
        let unpacked = unpacking.await.map_err(|_| ExecutorError::permanent("unpacking has stopped".to_owned()))?;
        match unpacked {
            Ok(()) => {
                upload.finish().await?;
                Ok(written)
            }
            Err(Unreadable::Store(source)) => {
                upload.abort().await?;
                Err(ExecutorError::Retryable {
                    message: format!("file `{from}` could not be read"),
                    source: Some(source.into()),
                })
            }
            Err(problem) => {
                upload.abort().await?;
                Err(ExecutorError::permanent(format!("file `{from}` {problem}")))
            }
        }
    }

    fn unpack(self, mut reader: StoredReader, pieces: &mpsc::Sender<Bytes>) -> Result<(), Unreadable> {
        match self.content {
            Content::Gzip => {
                let mut unpacked = flate2::read::MultiGzDecoder::new(reader);
                self.decode(&mut unpacked, pieces)
            }
            Content::Zip => {
                let mut archive = zip::ZipArchive::new(reader).map_err(damaged)?;
                let index = only_entry(&mut archive)?;
                let mut entry = archive.by_index(index).map_err(damaged)?;
                self.decode(&mut entry, pieces)
            }
            Content::Text | Content::Utf16 | Content::Other(_) => self.decode(&mut reader, pieces),
        }
    }

    /// Hands the bytes of a plain file on, as UTF-8.
    fn decode(self, plain: &mut dyn Read, pieces: &mpsc::Sender<Bytes>) -> Result<(), Unreadable> {
        let mut input = vec![0; PIECE_BYTES];
        let first = fill(plain, &mut input)?;
        if let Content::Other(what) = content::recognise(&input[..first]) {
            return Err(Unreadable::Other(what));
        }
        // The mark of a file counts more than what is said of it.
        let marked = Encoding::for_bom(&input[..first]).map(|(encoding, _)| encoding);
        let Some(encoding) = marked.or(self.charset).filter(|encoding| *encoding != encoding_rs::UTF_8) else {
            return self.hand_on(plain, (input, first), pieces);
        };
        let mut decoder = encoding.new_decoder();
        let mut output = vec![0; decoder.max_utf8_buffer_length(PIECE_BYTES).unwrap_or(4 * PIECE_BYTES)];
        let (mut filled, mut total) = (first, 0);
        loop {
            let is_last = filled == 0;
            let (result, _, written) =
                decoder.decode_to_utf8_without_replacement(&input[..filled], &mut output, is_last);
            if result != DecoderResult::InputEmpty {
                return Err(Unreadable::Charset(encoding.name()));
            }
            total += written as u64;
            self.check_size(total)?;
            if pieces.blocking_send(Bytes::copy_from_slice(&output[..written])).is_err() || is_last {
                return Ok(());
            }
            filled = fill(plain, &mut input)?;
        }
    }

    fn hand_on(
        self,
        plain: &mut dyn Read,
        (mut input, mut filled): (Vec<u8>, usize),
        pieces: &mpsc::Sender<Bytes>,
    ) -> Result<(), Unreadable> {
        let mut total = 0;
        while filled > 0 {
            total += filled as u64;
            self.check_size(total)?;
            // Nobody waits for the pieces if the step has been given up.
            if pieces.blocking_send(Bytes::copy_from_slice(&input[..filled])).is_err() {
                return Ok(());
            }
            filled = fill(plain, &mut input)?;
        }
        Ok(())
    }

    fn check_size(self, total: u64) -> Result<(), Unreadable> {
        // Checked with every piece, so that of a file that grows for ever no more than this is unpacked.
        let by_growth = self.size_bytes.saturating_mul(MAX_GROWTH).max(ALWAYS_ALLOWED_BYTES);
        let most = by_growth.min(MAX_UNPACKED_BYTES);
        if total > most { Err(Unreadable::TooLarge(most)) } else { Ok(()) }
    }
}

/// The place of the one file in an archive. What systems add on their own is none.
fn only_entry(archive: &mut zip::ZipArchive<StoredReader>) -> Result<usize, Unreadable> {
    let mut found = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        if !entry.is_dir() && !name.starts_with("__MACOSX/") && !name.ends_with(".DS_Store") {
            found.push((index, name));
        }
    }
    match &found[..] {
        [] => Err(Unreadable::Empty),
        [(index, _)] => Ok(*index),
        several => {
            let names = several.iter().take(3).map(|(_, name)| format!("`{}`", name.escape_debug()));
            Err(Unreadable::Several(several.len(), names.collect::<Vec<_>>().join(", ")))
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(plain: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, Unreadable> {
    let mut filled = 0;
    while filled < buffer.len() {
        match plain.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The store says so in words of its own; all other errors are those of an unpacker.
            Err(error) if stored::is_of_store(&error) => return Err(Unreadable::Store(error)),
            Err(error) => return Err(Unreadable::Damaged(error.to_string())),
        }
    }
    Ok(filled)
}

fn damaged(error: zip::result::ZipError) -> Unreadable {
    if let zip::result::ZipError::Io(error) = error {
        let is_of_store = stored::is_of_store(&error);
        return if is_of_store { Unreadable::Store(error) } else { Unreadable::DamagedZip(error.to_string()) };
    }
    Unreadable::DamagedZip(error.to_string())
}

//! `systole import errors`: the rows to correct, as they lie in the archive.

use std::io::{self, Write};

use anyhow::{Context as _, bail};
use operate::ImportFile;
use store::files::Range;

use crate::arguments::ErrorsArguments;
use crate::installation::Installation;
use crate::outcome::ExitReason;

/// Bytes that are read and printed at once.
const PIECE_BYTES: u64 = 1024 * 1024;

pub(super) async fn run(installation: &Installation, options: &ErrorsArguments) -> anyhow::Result<ExitReason> {
    let context = &installation.context;
    let row = operate::import_named(context, &options.reference).await?;
    let key = operate::import_file(context, &row, &ImportFile::Errors(options.file.as_deref())).await?;
    let mut start = 0;
    loop {
        let range = Range { start, length: PIECE_BYTES };
        let Some(bytes) = context.store.files.get(&key, Some(range)).await? else { bail!("`{key}` went away") };
        if bytes.is_empty() {
            return Ok(ExitReason::Ok);
        }
        start += bytes.len() as u64;
        // As they are: what a cell holds is for a file and not for a terminal.
        io::stdout().write_all(&bytes).context("failed to write to standard output")?;
    }
}

//! What the disk under the store allows: a commit that survives a power cut takes one flush at least.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::time::Instant;

use crate::{Found, runners};

const FLUSHES: u32 = 1000;

pub(crate) fn measure() -> anyhow::Result<Found> {
    let folder = runners::folder()?;
    let mut file = File::create(folder.path().join("block"))?;
    let block = [0_u8; 4096];
    file.write_all(&block)?;
    let begun = Instant::now();
    for _ in 0..FLUSHES {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&block)?;
        file.sync_data()?;
    }
    let each = begun.elapsed() / FLUSHES;
    Ok(Found::from([("flush_ms".to_owned(), each.as_secs_f64() * 1e3)]))
}

//! `systole import export`: a file of what the own catalogue has.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};

use anyhow::Context as _;
use catalog::own::ThingCursor;

use crate::arguments::ExportArguments;
use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::Output;

/// Findings that are told one by one.
const TOLD: u64 = 20;

pub(crate) async fn export(installation: &Installation, options: &ExportArguments) -> anyhow::Result<ExitReason> {
    // Asked first: a word that is no entity must not leave an empty file.
    let mut export = operate::export(&installation.context, &options.entity, ThingCursor::default()).await?;
    let mut file: Box<dyn Write> = match &options.file {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("failed to write {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(BufWriter::new(io::stdout())),
    };
    let mut findings = 0;
    let mut text = export.header();
    loop {
        match file.write_all(text.as_bytes()) {
            Ok(()) => {}
            // The other end of the pipe is closed, as by `head`.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitReason::Ok),
            Err(error) => return Err(error).context("failed to write the file"),
        }
        let Some(page) = export.next().await? else { break };
        for finding in page.findings {
            findings += 1;
            if findings <= TOLD {
                Output::complain(&finding.to_string());
            }
        }
        text = page.text;
    }
    match file.flush() {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error).context("failed to write the file"),
        Ok(()) | Err(_) => {}
    }
    if findings > TOLD {
        Output::complain(&format!("and {} more findings", findings - TOLD));
    }
    Ok(if findings == 0 { ExitReason::Ok } else { ExitReason::WithFindings })
}

//! `systole demo`: tells the shop that the project ships and imports its catalogue, in front of you.

use std::path::Path;
use std::time::Duration;

use anyhow::bail;

use crate::arguments::{DEFAULT_STORE, DemoArguments};
use crate::import_commands;
use crate::installation::{Installation, Place};
use crate::outcome::ExitReason;
use crate::output::Output;
use crate::shop_commands;

const TIMEOUT: Duration = Duration::from_secs(300);

pub(crate) async fn run(
    installation: &Installation,
    options: &DemoArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let Place::Embedded(root) = &installation.place else {
        bail!("the demo runs on the embedded store; leave out --stage and --aws");
    };
    if !options.data.is_dir() {
        bail!(
            "there is no folder `{}`; run the demo in the project's folder or name one with --data",
            options.data.display()
        );
    }
    output.say(&format!("store    {} (embedded: one SQLite file and one folder)", root.display()))?;
    output.say(&shop_commands::tell_if_untold(installation, &options.shop).await?)?;
    let dropped = import_commands::put(installation, std::slice::from_ref(&options.data), true, output).await?;
    let waited =
        import_commands::wait(installation, import_commands::Awaited::Files(&dropped), TIMEOUT, output).await?;
    let reason = import_commands::show(installation, &dropped, &waited, output)?;
    output.say(&next(&program(root)))?;
    // Its files have a wrong cell on purpose, so that there is something to see; a build must not fail because of it.
    Ok(if reason == ExitReason::WithFindings { ExitReason::Ok } else { reason })
}

/// How this program was called, with the store that it worked on.
fn program(store: &Path) -> String {
    let name = std::env::args().next().unwrap_or_else(|| "systole".to_owned());
    if store == Path::new(DEFAULT_STORE) { name } else { format!("{name} --store {}", store.display()) }
}

fn next(program: &str) -> String {
    let lines = [
        ("demo", "the same again: every row is unchanged now"),
        ("import drop demo/delta", "a morning's changes, one row of them broken"),
        ("pipeline list", "what ran"),
        ("shop export shop.yaml", "what the shop has, and so what files may name"),
        ("catalog export", "the products, one JSON object a line"),
        ("dev", "keep it running, and drop files of your own"),
    ];
    let lines = lines.map(|(command, what)| format!("\n  {program} {command:24} {what}"));
    format!("\nTry next:{}", lines.concat())
}

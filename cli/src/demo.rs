//! `systole demo`: imports the catalogue that the project ships, in front of you.

use std::time::Duration;

use anyhow::bail;

use crate::arguments::DemoArguments;
use crate::drop;
use crate::outcome::ExitReason;
use crate::output::Output;
use crate::target::{Place, Target};

const TIMEOUT: Duration = Duration::from_secs(300);

pub(crate) async fn run(target: &Target, options: &DemoArguments, output: &Output) -> anyhow::Result<ExitReason> {
    let Place::Embedded(root) = &target.place else {
        bail!("the demo runs on the embedded store; leave out --aws");
    };
    if !options.data.is_dir() {
        bail!(
            "there is no folder `{}`; run the demo in the project's folder or name one with --data",
            options.data.display()
        );
    }
    output.say(&format!("store    {} (embedded: one SQLite file and one folder)", root.display()));
    let dropped = drop::put(target, std::slice::from_ref(&options.data), true, output).await?;
    let waited = drop::wait(target, &dropped, TIMEOUT, output).await?;
    let reason = drop::show(target, &waited, output)?;
    output.say(NEXT);
    Ok(reason)
}

const NEXT: &str = "
Try next:
  make demo                                  again: every row is unchanged now
  target/debug/systole import drop demo/delta    a morning's changes
  target/debug/systole pipeline list         what ran
  target/debug/systole catalog export        the products, one JSON object a line
  target/debug/systole dev                   keep it running, and drop files of your own";

//! `systole shop …`.

mod asking;

use std::path::Path;

use anyhow::Context as _;
use operate::AuditStamp;
use operate::shop::{self, Purpose, ShopImport, ShopText};

use crate::arguments::{ShopCommand, ShopImportArguments};
use crate::installation::{Installation, now};
use crate::outcome::ExitReason;
use crate::output::{Output, count};
use import::shop::ShopChanges;

/// Most names of a kind that are printed; `--json` has all.
const LISTED: usize = 20;

/// How a shop is written down.
enum Form {
    Yaml,
    Json,
}

/// `systole shop …`.
pub(crate) async fn run(
    installation: &Installation,
    command: ShopCommand,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    match command {
        ShopCommand::Import(options) => import(installation, &options, output).await,
        ShopCommand::Check(options) => asking::check(installation, &options, output).await,
        ShopCommand::Facts(options) => asking::facts(installation, &options, output).await,
        ShopCommand::Compare(options) => asking::compare(installation, &options, output).await,
        ShopCommand::Export { file } => export(installation, &file, output).await,
    }
}

async fn import(
    installation: &Installation,
    options: &ShopImportArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    form_of(&options.file)?;
    let name = options.file.display().to_string();
    let text = std::fs::read_to_string(&options.file).with_context(|| format!("failed to read {name}"))?;
    let purpose = match (options.plan, options.remove_used) {
        (true, _) => Purpose::Plan,
        (false, true) => Purpose::WriteAndRemoveUsed,
        (false, false) => Purpose::Write,
    };
    let stamp = AuditStamp { by: &installation.by, at: now() };
    let told = ShopText { file: &name, text: &text, purpose };
    let done = shop::import_shop(&installation.context, told, stamp).await?;
    output.show(&done, in_words)?;
    Ok(ExitReason::Ok)
}

/// Makes the shop what a file tells, and says so in one line. A shop that somebody has told is left alone.
pub(crate) async fn tell_if_untold(installation: &Installation, file: &Path) -> anyhow::Result<String> {
    let name = file.display().to_string();
    if shop::shop(&installation.context).await?.is_told {
        return Ok(format!("shop     told already; {name} is left alone"));
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("failed to read {name}"))?;
    let stamp = AuditStamp { by: &installation.by, at: now() };
    let told = ShopText { file: &name, text: &text, purpose: Purpose::Write };
    let done = shop::import_shop(&installation.context, told, stamp).await?;
    let ShopChanges { added, changed, removed } = &done.changes;
    let changes = format!("{} added, {} changed, {} removed", added.len(), changed.len(), removed.len());
    Ok(format!("shop     {name} ({changes})"))
}

async fn export(installation: &Installation, file: &Path, output: &Output) -> anyhow::Result<ExitReason> {
    let form = form_of(file)?;
    let shop = shop::shop(&installation.context).await?;
    let text = match form {
        Form::Yaml => shop.to_yaml(),
        Form::Json => shop.to_json(),
    };
    std::fs::write(file, text).with_context(|| format!("failed to write {}", file.display()))?;
    let plain = if shop.is_told { "" } else { "; nobody has told of the shop, so it is a plain Magento" };
    output.say(&format!("wrote the shop to {}{plain}", file.display()))?;
    Ok(ExitReason::Ok)
}

fn form_of(file: &Path) -> anyhow::Result<Form> {
    match file.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase).as_deref() {
        Some("yaml" | "yml") => Ok(Form::Yaml),
        Some("json") => Ok(Form::Json),
        _ => anyhow::bail!(
            "{} is neither YAML nor JSON by its name (expected `.yaml`, `.yml` or `.json`)",
            file.display()
        ),
    }
}

fn in_words(done: &ShopImport) -> String {
    let changes = &done.changes;
    let mut lines = Vec::new();
    for (what, names) in [("added", &changes.added), ("changed", &changes.changed), ("removed", &changes.removed)] {
        lines.extend(names.iter().take(LISTED).map(|name| format!("{what} {name}")));
        let more = names.len().saturating_sub(LISTED);
        if more > 0 {
            lines.push(format!("{what} {more} more; --json lists them"));
        }
    }
    for used in &done.used {
        lines.push(format!("{} is used by {}: {}", used.name, used.used_by, used.example));
    }
    let end = match (changes.is_empty(), done.is_plan) {
        (true, true) => "nothing would change".to_owned(),
        (true, false) => "nothing has changed".to_owned(),
        (false, is_plan) => {
            let number = changes.added.len() + changes.changed.len() + changes.removed.len();
            let end = if is_plan { "nothing was written: this is a plan" } else { "the shop is as the file tells" };
            format!("{}; {end}", count(number, "change"))
        }
    };
    lines.push(end);
    lines.join("\n")
}

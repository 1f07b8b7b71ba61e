//! `systole order …`.

mod settings;
mod templates;
mod words;

use std::path::Path;

use anyhow::Context as _;
use operate::AuditStamp;
use operate::orders::{self, Doubt, OrderFilter};

use crate::arguments::{OrderCommand, OrderListArguments, StatusWord};
use crate::installation::{Installation, now};
use crate::outcome::ExitReason;
use crate::output::Output;

/// `systole order …`.
pub(crate) async fn run(
    installation: &Installation,
    command: OrderCommand,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let context = &installation.context;
    match command {
        OrderCommand::Import { file } => return import(installation, &file, output).await,
        OrderCommand::List(options) => list(installation, &options, output).await?,
        OrderCommand::Show { order } => output.show(&orders::show(context, &order).await?, |it| words::details(it))?,
        OrderCommand::Why { order } => output.show(&orders::why(context, &order, now()).await?, |it| words::why(it))?,
        OrderCommand::Export { order } => {
            let why = orders::export(context, &order, stamp(installation)).await?;
            output.show(&why, |why| words::why(std::slice::from_ref(why)))?;
        }
        OrderCommand::Reset { order, although_received } => {
            let doubt = if although_received { Doubt::Cleared } else { Doubt::Respected };
            let reset = orders::reset(context, &order, doubt, stamp(installation)).await?;
            output.show(&reset, |order| format!("the export of order {} begins anew", order.row.key))?;
        }
        OrderCommand::Settings(command) => return settings::run(installation, command, output).await,
        OrderCommand::Template(command) => return templates::run(installation, command, output).await,
    }
    Ok(ExitReason::Ok)
}

async fn import(installation: &Installation, file: &Path, output: &Output) -> anyhow::Result<ExitReason> {
    let text = read(file)?;
    let taken = orders::import(&installation.context, &text, now()).await?;
    output.show(&taken, |taken| words::taken(taken))?;
    let is_refused = taken.iter().any(|order| order.problem.is_some());
    Ok(if is_refused { ExitReason::WithFindings } else { ExitReason::Ok })
}

async fn list(installation: &Installation, options: &OrderListArguments, output: &Output) -> anyhow::Result<()> {
    use orders::ExportStatus;
    let status = options.status.map(|status| match status {
        StatusWord::Pending => ExportStatus::Pending,
        StatusWord::Scheduled => ExportStatus::Scheduled,
        StatusWord::Error => ExportStatus::Error,
        StatusWord::Exported => ExportStatus::Exported,
    });
    let filter = OrderFilter {
        status,
        website: options.website.clone(),
        needs_attention: options.attention,
        month: options.month.as_deref().map(orders::month).transpose()?,
    };
    let limit = usize::from(options.limit);
    let list = orders::list(&installation.context, &filter, limit, now()).await?;
    output.show(&list, |list| words::list(&list.orders))?;
    if list.is_cut {
        output.note(&format!("there are more than {limit}; --limit shows more, --month those of a month"))?;
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))
}

fn stamp(installation: &Installation) -> AuditStamp<'_> {
    AuditStamp { by: &installation.by, at: now() }
}

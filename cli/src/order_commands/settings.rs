//! `systole order settings …`.

use operate::orders::websites::{self, WebsiteRow};

use super::words::time;
use super::{read, stamp};
use crate::arguments::OrderSettingsCommand;
use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::{Output, table};

pub(super) async fn run(
    installation: &Installation,
    command: OrderSettingsCommand,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let context = &installation.context;
    match command {
        OrderSettingsCommand::List => {
            let (rows, problems) = websites::list(context).await?;
            output.show(&rows, |rows| in_words(rows))?;
            problems.iter().try_for_each(|problem| output.note(problem))?;
        }
        OrderSettingsCommand::Get { website } => {
            let (rows, _) = websites::list(context).await?;
            let row = rows.into_iter().find(|row| row.code == website);
            let row = row.ok_or_else(|| anyhow::anyhow!("there is no website `{website}`"))?;
            output.show(&row, |row| serde_json::to_string_pretty(&row.settings).unwrap_or_default())?;
        }
        OrderSettingsCommand::Set { website, file } => {
            let row = websites::set(context, &website, &read(&file)?, stamp(installation)).await?;
            output.show(&row, |row| format!("website {}: {}", row.code, summary(row)))?;
        }
    }
    Ok(ExitReason::Ok)
}

fn in_words(rows: &[WebsiteRow]) -> String {
    if rows.is_empty() {
        return "there are no websites; `systole order settings set` makes one".to_owned();
    }
    let cells = rows.iter().map(|row| {
        let stores: Vec<String> = row.stores.iter().map(ToString::to_string).collect();
        let trouble = row.stopped_by.clone().or_else(|| row.waits_for.clone()).unwrap_or_default();
        vec![row.code.clone(), stores.join(", "), summary(row), trouble]
    });
    table(&["website", "stores", "exports", "in the way"], cells.collect::<Vec<_>>())
}

fn summary(row: &WebsiteRow) -> String {
    let since = row.go_live_at.map(|at| format!(" since {}", time(at))).unwrap_or_default();
    let is_on = if row.is_enabled { format!("on{since}") } else { "off".to_owned() };
    format!("{is_on}, {} by {}", row.format, row.transport)
}

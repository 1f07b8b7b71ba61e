//! What is going to be done to many pipelines, shown before it is done.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};

use anyhow::bail;
use operate::view::ListRow;
use operate::{ListedPipeline, PipelineFilter};
use pipeline::PipelineId;
use serde_json::json;

use super::Change;
use crate::arguments::Chosen;
use crate::installation::{Installation, now};
use crate::output::{self, Output, count};
use crate::pipeline_commands::list::listed;

/// Most pipelines that are changed at once; whoever has more calls again.
const MOST: usize = 1_000;

/// Most pipelines that are shown before.
const SHOWN: usize = 20;

/// Which pipelines something is done to.
pub(super) struct Plan {
    pub(super) ids: Vec<PipelineId>,
    /// The first of them, as a list shows them.
    rows: Vec<ListRow>,
    /// How many there are of each name and status.
    counts: BTreeMap<String, usize>,
    /// Whether others fit that are not among them.
    is_cut: bool,
}

/// What a person says of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
}

impl Plan {
    /// Finds the pipelines that fit.
    pub(super) async fn of(installation: &Installation, change: &Change, chosen: &Chosen) -> anyhow::Result<Plan> {
        let statuses = match chosen.status {
            Some(status) => vec![status],
            None => change.statuses(),
        };
        let in_words = statuses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        let filter = PipelineFilter {
            name: chosen.name.as_ref().map(ToString::to_string),
            statuses,
            spawned_after: chosen.since.map(|since| since.before(now())),
            limit: MOST,
            ..PipelineFilter::default()
        };
        let found = listed(installation, filter).await?;
        if found.rows.is_empty() {
            let of_name = match &chosen.name {
                Some(name) => format!(" of the name `{name}`"),
                None => String::new(),
            };
            let since = if chosen.since.is_some() { " and was spawned since then" } else { "" };
            bail!("no pipeline{of_name} is {in_words}{since}");
        }
        let shown = &found.rows[..found.rows.len().min(SHOWN)];
        let rows = operate::rows(&installation.context, shown, now()).await?;
        let mut counts = BTreeMap::new();
        for row in &found.rows {
            *counts.entry(kind(row)).or_default() += 1;
        }
        let is_cut = found.left_out.is_some();
        Ok(Plan { ids: found.rows.into_iter().map(|row| row.id).collect(), rows, counts, is_cut })
    }

    /// Shows it and asks; where nobody can be asked, nothing is done.
    pub(super) fn ask(&self, change: &Change, output: &Output) -> anyhow::Result<Answer> {
        let (verb, _) = change.words();
        output.show(&json!({ "would": verb, "ids": self.ids, "counts": self.counts }), |_| self.in_words(verb))?;
        // A script that forgot `--yes` must not hang, and must not change anything.
        if !(output.is_live() && io::stdin().is_terminal()) {
            Output::complain("nothing was changed; --yes does it");
            return Ok(Answer::No);
        }
        write!(io::stdout(), "{verb} them? [y/N] ")?;
        io::stdout().flush()?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        let is_yes = matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes");
        Ok(if is_yes { Answer::Yes } else { Answer::No })
    }

    fn in_words(&self, verb: &str) -> String {
        let table = super::super::list::pipeline_table(&self.rows);
        let counts: Vec<String> = self.counts.iter().map(|(kind, number)| format!("{number} {kind}")).collect();
        let all = count(self.ids.len(), "pipeline");
        let more = match self.ids.len().checked_sub(self.rows.len()) {
            None | Some(0) => String::new(),
            Some(more) => format!("\n… and {more} more"),
        };
        let cut = if self.is_cut { "; more fit, which take another call" } else { "" };
        format!("{table}{more}\n\nwould {verb} {all}: {}{cut}", counts.join(", "))
    }
}

/// The name and the status of a pipeline.
fn kind(row: &ListedPipeline) -> String {
    match row.readable() {
        Some(pipeline) => format!("{} ({})", pipeline.name(), output::harmless(pipeline.status.as_str())),
        None => "unreadable".to_owned(),
    }
}

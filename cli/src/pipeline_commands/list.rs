//! `systole pipeline list` and `search`, and what all lists of pipelines share: which rows, and what was left out.

use operate::view::{ListRow, PipelineRow, StandsAt};
use operate::{Cursor, ListedPipeline, PipelineFilter};

use crate::arguments::ListArguments;
use crate::installation::{Installation, now};
use crate::output::{self, Output, time};

/// Most pipelines of a list if nobody says otherwise.
const SHOWN: usize = 20;

/// Most pipelines that are left out and counted: more are as good as too many, and each of them is read.
const COUNTED: usize = 1_000;

/// Pipelines of a list.
pub(super) struct Listed {
    pub(super) rows: Vec<ListedPipeline>,
    pub(super) left_out: Option<LeftOut>,
}

/// What a list does not show because of its limit.
pub(super) struct LeftOut {
    count: usize,
    /// Whether there are more than were counted.
    has_more: bool,
    /// The place to go on from.
    next: Cursor,
}

pub(super) async fn list(installation: &Installation, filter: PipelineFilter, output: &Output) -> anyhow::Result<()> {
    let listed = listed(installation, filter).await?;
    let rows = operate::rows(&installation.context, &listed.rows, now()).await?;
    output.show(&rows, |rows| pipeline_table(rows))?;
    listed.tell(output)
}

/// What a command line asks for.
pub(super) fn filter(chosen: ListArguments) -> PipelineFilter {
    let ListArguments { name, status, last_attempt, limit, after } = chosen;
    PipelineFilter {
        name,
        statuses: status.into_iter().collect(),
        is_on_last_attempt: last_attempt,
        limit: limit.unwrap_or(SHOWN),
        after,
        ..PipelineFilter::default()
    }
}

/// The pipelines that a filter asks for, and what it leaves out.
pub(super) async fn listed(installation: &Installation, filter: PipelineFilter) -> anyhow::Result<Listed> {
    let (rows, next) = rows(installation, filter.clone()).await?;
    let Some(next) = next else { return Ok(Listed { rows, left_out: None }) };
    let rest = PipelineFilter { after: Some(next.clone()), limit: COUNTED, ..filter };
    let (others, more) = self::rows(installation, rest).await?;
    let left_out = LeftOut { count: others.len(), has_more: more.is_some(), next };
    Ok(Listed { rows, left_out: (left_out.count > 0).then_some(left_out) })
}

/// The rows that a filter asks for, and where to go on if it has a limit; a page may be short, and others follow it.
async fn rows(
    installation: &Installation,
    mut filter: PipelineFilter,
) -> anyhow::Result<(Vec<ListedPipeline>, Option<Cursor>)> {
    let mut rows = Vec::new();
    loop {
        let page = operate::list(&installation.context, &filter, now()).await?;
        filter.limit -= page.rows.len().min(filter.limit);
        rows.extend(page.rows);
        if filter.limit == 0 || page.next.is_none() {
            return Ok((rows, page.next));
        }
        filter.after = page.next;
    }
}

impl Listed {
    /// Says how many pipelines are not shown, and how to see them.
    pub(super) fn tell(&self, output: &Output) -> anyhow::Result<()> {
        let Some(LeftOut { count, has_more, next }) = &self.left_out else { return Ok(()) };
        let (shown, all) = (self.rows.len(), self.rows.len() + count);
        let of = if *has_more { format!("more than {all}") } else { all.to_string() };
        output.note(&format!("{shown} of {of}; --limit shows more, --after {next} goes on behind them"))
    }
}

pub(super) fn pipeline_table(rows: &[ListRow]) -> String {
    output::table(&["id", "pipeline", "status", "spawned (UTC)", "time", "note"], rows.iter().map(cells))
}

fn cells(row: &ListRow) -> Vec<String> {
    match row {
        ListRow::Readable(row) => vec![
            row.id.clone(),
            row.name.clone(),
            row.standing(),
            time(row.spawned_at),
            output::duration(row.duration_ms),
            note(row),
        ],
        ListRow::Unreadable { id, name, spawned_at, problem } => vec![
            id.clone(),
            name.clone().unwrap_or_default(),
            "unreadable".to_owned(),
            time(*spawned_at),
            String::new(),
            problem.clone(),
        ],
    }
}

/// What its steps are told, where it stands and why, or who spawned it.
fn note(row: &PipelineRow) -> String {
    let arguments: Vec<String> = row.arguments.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut note = if arguments.is_empty() { String::new() } else { format!("[{}] ", arguments.join(" ")) };
    let at = row.stands_at.as_ref().map(in_words);
    match (at, &row.stopped) {
        (Some(at), Some(reason)) => note += &format!("{at}; stopped: {reason}"),
        (Some(at), None) => note += &at,
        (None, Some(reason)) => note += &format!("stopped: {reason}"),
        (None, None) => note += &row.spawned_by,
    }
    note
}

fn in_words(at: &StandsAt) -> String {
    let mut known = Vec::new();
    if at.attempt > 0 {
        known.push(format!("attempt {}", output::attempt(at.attempt, at.attempts_limit)));
    }
    if let Some(since) = at.since {
        known.push(format!("since {}", time(since)));
    }
    format!("step `{}` ({}): {}", at.step, known.join(", "), at.reason)
}

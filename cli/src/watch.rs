//! `systole pipeline watch`: what pipelines do, live.
//!
//! On a terminal the picture is printed anew in its place; elsewhere every change is a line. Watching only reads: the work
//! is done by `systole dev` or the functions.

mod changes;
mod picture;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use operate::view::PipelineDetails;
use pipeline::{PipelineId, PipelineStatus};

use self::changes::ChangeTracker;
use self::picture::Picture;
use crate::arguments::WatchArguments;
use crate::host;
use crate::ids::resolve_or_latest;
use crate::installation::{Installation, Place, now};
use crate::outcome::ExitReason;
use crate::output::{Output, Reader};
use crate::pipeline_commands::details;
use crate::signals::Signals;

/// Most open pipelines that are watched at once; a person cannot follow more.
const WATCHED: usize = 20;

/// After how long without a heartbeat a person is told so: on AWS one comes every minute.
const HEARTBEAT_LATE: Duration = Duration::from_secs(150);

pub(crate) async fn run(
    installation: &Installation,
    arguments: &WatchArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let chosen = match &arguments.id {
        Some(reference) => Some(resolve_or_latest(installation, reference).await?),
        None => None,
    };
    let mut watch = PipelineWatch { installation, chosen, seen: BTreeSet::new() };
    let mut screen = Screen::new(output);
    let mut signals = Signals::listen()?;
    let (_stopper, mut stop) = host::stop_signal();
    let began = Instant::now();
    loop {
        let looked = watch.look().await?;
        if screen.show(&looked)? == Reader::Gone {
            return Ok(ExitReason::Ok);
        }
        if let Some(reason) = watch.ended(&looked) {
            return Ok(reason);
        }
        if arguments.timeout.is_some_and(|timeout| began.elapsed() >= timeout) {
            return Ok(ExitReason::TimedOut);
        }
        tokio::select! {
            () = stop.sleep(arguments.every) => {}
            () = signals.next() => return Ok(ExitReason::Interrupted),
        }
    }
}

struct PipelineWatch<'a> {
    installation: &'a Installation,
    /// The one to watch; all open ones if there is none.
    chosen: Option<PipelineId>,
    /// Those that were open in an earlier look: their end is shown, too.
    seen: BTreeSet<PipelineId>,
}

/// What one look saw.
struct Looked {
    pipelines: Vec<PipelineDetails>,
    /// What a person should know beside the pipelines.
    remark: Option<String>,
}

impl PipelineWatch<'_> {
    async fn look(&mut self) -> anyhow::Result<Looked> {
        let ids = match &self.chosen {
            Some(id) => vec![id.clone()],
            None => self.open().await?,
        };
        let mut pipelines = Vec::new();
        for id in &ids {
            pipelines.push(details(self.installation, id).await?);
        }
        let is_open = pipelines.iter().any(|details| details.pipeline.status.is_open());
        let remark = if is_open { self.late_heartbeat().await? } else { None };
        let nothing = || "no pipeline is open; waiting for the next one (Ctrl-C ends)".to_owned();
        Ok(Looked { remark: remark.or_else(|| pipelines.is_empty().then(nothing)), pipelines })
    }

    /// The open pipelines, and those that have ended since the last look.
    async fn open(&mut self) -> anyhow::Result<Vec<PipelineId>> {
        let open = self.installation.context.store.open_pipelines(WATCHED).await?;
        let open: BTreeSet<PipelineId> = open.into_iter().map(|open| open.id).collect();
        let shown = self.seen.union(&open).cloned().collect();
        self.seen = open;
        Ok(shown)
    }

    async fn late_heartbeat(&self) -> anyhow::Result<Option<String>> {
        let last = self.installation.context.store.last_beat().await?;
        let age = last.and_then(|last| (now() - last).to_std().ok());
        let age = match (last, age) {
            (None, _) => "there has been no heartbeat yet".to_owned(),
            (_, Some(age)) if age > HEARTBEAT_LATE => format!("no heartbeat for {} min", age.as_secs() / 60),
            _ => return Ok(None),
        };
        Ok(Some(match &self.installation.place {
            Place::Embedded(_) => format!("{age}; `systole dev` beats and runs steps"),
            Place::Aws { .. } => format!("{age}; look at the function `heartbeat` and its schedule"),
        }))
    }

    /// How the watch ends, if the one pipeline has.
    fn ended(&self, looked: &Looked) -> Option<ExitReason> {
        self.chosen.as_ref()?;
        match looked.pipelines.first()?.pipeline.status {
            PipelineStatus::Pending | PipelineStatus::Running | PipelineStatus::Paused => None,
            PipelineStatus::Success => Some(ExitReason::Ok),
            PipelineStatus::Error | PipelineStatus::Cancelled => Some(ExitReason::PipelineFailed),
        }
    }
}

/// Where the looks are shown.
enum Screen<'a> {
    /// A terminal: the lines that the last picture took are printed anew.
    Live { picture: Picture, lines: usize },
    /// A file, a pipe or a program: one line for each change.
    Lines { changes: ChangeTracker, output: &'a Output },
}

impl<'a> Screen<'a> {
    fn new(output: &'a Output) -> Self {
        if output.is_live() {
            Screen::Live { picture: Picture { paint: output.paint() }, lines: 0 }
        } else {
            Screen::Lines { changes: ChangeTracker::default(), output }
        }
    }

    fn show(&mut self, looked: &Looked) -> anyhow::Result<Reader> {
        match self {
            Screen::Live { picture, lines } => {
                let size = terminal_size::terminal_size();
                let (width, height) = size.map_or((80, 24), |(width, height)| (width.0.into(), height.0.into()));
                let drawn = picture.draw(&looked.pipelines, looked.remark.as_deref(), width, height);
                // Up to where the last picture began, and everything below is wiped.
                let wipe = if *lines > 0 { format!("\x1b[{lines}A\r\x1b[J") } else { String::new() };
                *lines = drawn.len();
                let mut text = wipe;
                for line in drawn {
                    text += &line;
                    text.push('\n');
                }
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("failed to write to the terminal")?;
                Ok(Reader::Listens)
            }
            Screen::Lines { changes, output } => {
                for change in changes.since_last(&looked.pipelines, looked.remark.as_deref(), now()) {
                    let line = output.pick(&change.in_words(), || change.as_json());
                    if Output::line(&line)? == Reader::Gone {
                        return Ok(Reader::Gone);
                    }
                }
                Ok(Reader::Listens)
            }
        }
    }
}

//! The command lines of `systole pipeline …` and `systole step …`.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{Args, Subcommand};
use pipeline::{Name, PipelineStatus};

use super::pipeline_reference::PipelineReference;
use super::{BadOptionValue, key_value, period, seconds};

#[derive(Debug, Subcommand)]
pub(crate) enum PipelineCommand {
    /// Lists pipelines, open ones first.
    #[command(after_help = LIST_EXAMPLES)]
    List {
        #[command(flatten)]
        chosen: ListArguments,
        /// Lists the definitions that can be spawned instead.
        #[arg(long)]
        definitions: bool,
    },
    /// Shows in one line each how many steps of each stage stand where; the open pipelines, if nothing else is asked for.
    #[command(after_help = "Example:\n  systole pipeline status --name catalog_import")]
    Status {
        #[command(flatten)]
        chosen: ListArguments,
        /// Shows pipelines that have ended, too.
        #[arg(long)]
        all: bool,
    },
    /// Finds pipelines by a text in their id, name, cause or arguments, or by the time of their spawn.
    #[command(
        after_help = "Examples:\n  systole pipeline search 20260801-120000\n  systole pipeline search --within \"24 hours\" \
                      --status error"
    )]
    Search {
        /// The beginning of an id, or a text in name, cause or arguments (a value, or `key=value`); capitals count nothing.
        #[arg(required_unless_present = "within")]
        text: Option<String>,
        /// Only those that were spawned so long ago at most, such as `24 hours`.
        #[arg(long, value_parser = period, value_name = "DURATION")]
        within: Option<Duration>,
        #[command(flatten)]
        chosen: ListArguments,
    },
    /// Spawns a pipeline now, whatever its conditions say.
    #[command(after_help = "Example:\n  systole pipeline init nightly_export -a since=2026-08-01 -a strict=true")]
    Init {
        /// The name of its definition.
        name: String,
        /// What its steps are told.
        #[arg(long = "argument", short, value_name = "KEY=VALUE", value_parser = key_value)]
        arguments: Vec<(String, String)>,
    },
    /// Shows a pipeline with its steps and why they wait.
    #[command(after_help = DETAILS_EXAMPLES)]
    Details {
        /// Its id or the beginning of it; a definition's name stands for its latest pipeline.
        id: PipelineReference,
        /// Shows the logs of all attempts, too.
        #[arg(long)]
        log: bool,
    },
    /// Tells why a pipeline does not go on, step by step, or why none is spawned, condition by condition.
    #[command(after_help = "Examples:\n  systole pipeline check 01m804t3nd0z\n  systole pipeline check catalog_import")]
    Check {
        /// The name of a definition, or a pipeline's id or the beginning of it.
        #[arg(value_name = "ID|DEFINITION")]
        what: String,
    },
    /// Shows a pipeline live until it has ended, and ends with the exit code of its outcome.
    #[command(after_help = WATCH_EXAMPLES)]
    Watch(WatchArguments),
    /// Stops pipelines: nothing more is begun but their run-always steps.
    #[command(after_help = CANCEL_EXAMPLES)]
    Cancel {
        #[command(flatten)]
        which: Which,
        /// Why, for those who look at it later.
        #[arg(long, default_value = "cancelled by CLI")]
        reason: String,
    },
    /// Holds pipelines: nothing more is enqueued, what runs goes on to its end, and no time to expiry passes.
    #[command(
        after_help = "Examples:\n  systole pipeline pause 01m804t3nd0z\n  systole pipeline pause --name catalog_import --yes"
    )]
    Pause {
        #[command(flatten)]
        which: Which,
    },
    /// Runs the steps that failed again, whatever their conditions and attempts say; their pipelines go on behind them.
    #[command(after_help = RERUN_EXAMPLES)]
    Rerun {
        #[command(flatten)]
        which: Which,
    },
    /// Ends the hold of pipelines.
    #[command(
        after_help = "Examples:\n  systole pipeline resume 01m804t3nd0z\n  systole pipeline resume --name catalog_import --yes"
    )]
    Resume {
        #[command(flatten)]
        which: Which,
    },
    /// Checks definition files as the heartbeat does when it loads them, and says what they would change.
    #[command(after_help = VALIDATE_EXAMPLES)]
    Validate {
        /// The files, or folders of them. Those of the store and those that ship are checked with them.
        #[arg(required = true, value_name = "FILE|FOLDER")]
        paths: Vec<PathBuf>,
    },
}

const LIST_EXAMPLES: &str = "\
Examples:
  systole pipeline list --status error                 what failed, where, why and since when
  systole pipeline list --last-attempt                 what fails for good if it fails once more
  systole pipeline list --definitions";

const DETAILS_EXAMPLES: &str = "\
Examples:
  systole pipeline details 01m804t3nd0zr36at44k --log
  systole pipeline details catalog_import              the latest one of that name";

const WATCH_EXAMPLES: &str = "\
Examples:
  systole pipeline watch catalog_import                the latest one of that name
  systole pipeline watch 01m804t3nd0z && next-command
  systole pipeline watch                               all open pipelines, until Ctrl-C

Exit codes: 0 success, 3 error or cancelled, 4 the time of --timeout is over, 130 Ctrl-C.";

const CANCEL_EXAMPLES: &str = "\
Examples:
  systole pipeline cancel 01m804t3nd0z 01m804v7aa --reason \"wrong files\"
  systole pipeline cancel --name catalog_import        shows all open ones of that name, and asks
  systole pipeline cancel --name catalog_import --yes  does not ask";

const VALIDATE_EXAMPLES: &str = "\
Examples:
  systole pipeline validate my_pipeline.xml && cp my_pipeline.xml .systole/files/pipelines/
  systole pipeline validate my-pipelines/              all files of a folder, against the store `.systole` if it is there
  systole --stage prod pipeline validate my-files/    against the definitions of the stage `prod`";

const RERUN_EXAMPLES: &str = "\
Examples:
  systole pipeline rerun 01m804t3nd0z
  systole pipeline rerun --name catalog_import --since \"24 hours\"        shows which, and asks
  systole pipeline rerun --name catalog_import --since \"24 hours\" --yes  does not ask";

/// Which pipelines to show.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only pipelines of this definition.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Only pipelines that stand there: pending, running, paused, success, error or cancelled.
    #[arg(long)]
    pub(crate) status: Option<PipelineStatus>,
    /// Only open pipelines of which a step is enqueued or running in the last attempt that it has.
    #[arg(long)]
    pub(crate) last_attempt: bool,
    /// Most pipelines to show: 20 if nothing is said, but `pipeline status` shows all that are open.
    #[arg(long, value_parser = limit, value_name = "COUNT")]
    pub(crate) limit: Option<usize>,
    /// Goes on behind the place that an earlier list named.
    #[arg(long, value_name = "PLACE")]
    pub(crate) after: Option<operate::Cursor>,
}

/// Which pipelines to change: those that are named, or all that fit.
#[derive(Debug, Args)]
pub(crate) struct Which {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Does it to all that fit without showing them first.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Chosen {
    /// Their ids or the beginnings of them.
    #[arg(value_name = "ID", conflicts_with_all = ["name", "status", "since"])]
    pub(crate) ids: Vec<PipelineReference>,
    /// All pipelines of this definition to which it can be done.
    #[arg(long)]
    pub(crate) name: Option<Name>,
    /// All pipelines that stand there.
    #[arg(long)]
    pub(crate) status: Option<PipelineStatus>,
    /// All that were spawned within that time (`24 hours`), or since then (`2026-08-01`, `2026-08-01T12:00:00Z`).
    #[arg(long, value_name = "DURATION|TIME")]
    pub(crate) since: Option<Since>,
}

/// Since when pipelines were spawned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// So long ago at most.
    Within(Duration),
    /// Then or later.
    At(DateTime<Utc>),
}

impl Since {
    /// The time itself.
    pub(crate) fn before(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Since::Within(duration) => now - duration,
            Since::At(at) => at,
        }
    }
}

impl FromStr for Since {
    type Err = BadOptionValue;

    fn from_str(text: &str) -> Result<Self, BadOptionValue> {
        let day = || Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN).and_utc());
        let moment = || Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc());
        match period(text) {
            Ok(duration) => Ok(Since::Within(duration)),
            Err(_) => {
                day().or_else(moment).map(Since::At).ok_or_else(|| BadOptionValue::Since { found: text.to_owned() })
            }
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// Its id or the beginning of it; a definition's name stands for its latest pipeline. All open ones, if there is none.
    pub(crate) id: Option<PipelineReference>,
    /// Ends after so many seconds, whatever has become of the pipeline.
    #[arg(long, value_parser = seconds, value_name = "SECONDS")]
    pub(crate) timeout: Option<Duration>,
    /// Seconds between two looks.
    #[arg(long, default_value = "0.5", value_parser = seconds, value_name = "SECONDS")]
    pub(crate) every: Duration,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StepCommand {
    /// Enqueues one step again, whatever its conditions, its attempts and its pipeline's status say.
    #[command(after_help = "Example:\n  systole step process 01m804t3nd0z import_products")]
    Process {
        /// The pipeline's id or the beginning of it.
        id: PipelineReference,
        /// The step's name.
        step: Name,
    },
    /// Shows the logs of a step's attempts, whole.
    #[command(
        after_help = "Examples:\n  systole step log 01m804t3nd0z import_products --attempt 2\n  systole step log \
                      catalog_import import_products --follow"
    )]
    Log {
        /// The pipeline's id or the beginning of it; a definition's name stands for its latest pipeline.
        id: PipelineReference,
        /// The step's name.
        step: Name,
        /// Only the log of this attempt.
        #[arg(long, value_name = "NUMBER")]
        attempt: Option<u32>,
        /// Shows what comes until the step has ended.
        #[arg(long, short, conflicts_with = "attempt")]
        follow: bool,
    },
    /// Lists the steps that are enqueued or running in all open pipelines, and how many there are of each.
    #[command(after_help = "Example:\n  systole step active")]
    Active {
        /// Goes on behind the place that an earlier list named.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
    },
}

fn limit(text: &str) -> Result<usize, BadOptionValue> {
    match text.parse() {
        Ok(limit @ 1..=10_000) => Ok(limit),
        _ => Err(BadOptionValue::Limit { found: text.to_owned() }),
    }
}

//! The command lines of `systole settings …`, `maintenance …` and `queue …`.

use std::time::Duration;

use clap::Subcommand;

use super::seconds;

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Lists every setting with what holds, what is set for narrower scopes, and what it does.
    #[command(after_help = "Example:\n  systole settings list --set")]
    List {
        /// Only those of which something is set.
        #[arg(long)]
        set: bool,
    },
    /// Shows what settings mean and take, without looking at what is set; needs no store.
    #[command(after_help = "Example:\n  systole settings describe clean_up.cron")]
    Describe {
        /// Only this one.
        name: Option<String>,
    },
    /// Prints the value that holds, for all or for one scope.
    #[command(after_help = "Example:\n  systole settings get clean_up.delete_after --scope pipeline:catalog_import")]
    Get {
        /// Its name.
        name: String,
        /// For whom: `default`, `pipeline:<name>`, `target:<name>` or `website:<code>`.
        #[arg(long, default_value = "default")]
        scope: String,
    },
    /// Sets a value, for all or for one scope.
    #[command(
        after_help = "Examples:\n  systole settings set spawning off --scope pipeline:catalog_import\n  systole settings \
                      set clean_up.delete_after \"26 weeks\""
    )]
    Set {
        /// Its name.
        name: String,
        /// The value.
        value: String,
        /// For whom: `default`, `pipeline:<name>`, `target:<name>` or `website:<code>`.
        #[arg(long, default_value = "default")]
        scope: String,
    },
    /// Takes a value back, so that the wider scope or the default holds.
    #[command(after_help = "Example:\n  systole settings unset spawning --scope pipeline:catalog_import")]
    Unset {
        /// Its name.
        name: String,
        /// For whom: `default`, `pipeline:<name>`, `target:<name>` or `website:<code>`.
        #[arg(long, default_value = "default")]
        scope: String,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum MaintenanceCommand {
    /// Switches it on: nothing is spawned and nothing enqueued; running steps end.
    #[command(
        after_help = "Examples:\n  systole maintenance on --by ann\n  systole maintenance on --wait --timeout 600"
    )]
    On {
        /// Waits until no step is running any more.
        #[arg(long)]
        wait: bool,
        /// Longest wait in seconds.
        #[arg(long, requires = "wait", value_parser = seconds, value_name = "SECONDS")]
        timeout: Option<Duration>,
    },
    /// Switches it off.
    #[command(after_help = "Example:\n  systole maintenance off")]
    Off,
    /// Tells whether it is on, who switched it and when.
    #[command(after_help = "Example:\n  systole maintenance status")]
    Status,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum QueueCommand {
    /// Tells how many messages wait, are with runners, or are not due yet, for each priority, and how many are dead.
    #[command(after_help = "Example:\n  systole queue status")]
    Status,
    /// Shows dead letters (messages that were delivered too often) and why they are dead.
    #[command(after_help = "Example:\n  systole queue peek --limit 50")]
    Peek {
        /// Most messages to show.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=100), value_name = "COUNT")]
        limit: u8,
    },
    /// Moves all dead letters back to their queues; what is stale by now does nothing there.
    #[command(after_help = "Example:\n  systole queue redrive")]
    Redrive,
}

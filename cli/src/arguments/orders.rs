//! The command lines of `systole order …`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// Takes orders in: a file with one order, a list, or the answer of a shop to a search.
    #[command(after_help = "Example:\n  systole order import order.json")]
    Import {
        /// The file, JSON as the shop's REST interface has it.
        file: PathBuf,
    },
    /// Lists orders and where their exports stand, the latest first.
    #[command(
        after_help = "Examples:\n  systole order list --status error\n  systole order list --website base --month 2026-11"
    )]
    List(OrderListArguments),
    /// Shows an order with its lines and what happened to it; a number that several stores have shows all of them.
    #[command(after_help = "Example:\n  systole order show 000000041")]
    Show {
        /// Its number, or store and number as in `1-000000041`.
        #[arg(value_name = "ORDER")]
        order: String,
    },
    /// Tells why an order leaves or not: each rule that refuses it.
    #[command(after_help = "Example:\n  systole order why 000000041")]
    Why {
        /// Its number, or store and number as in `1-000000041`.
        #[arg(value_name = "ORDER")]
        order: String,
    },
    /// Lets the next beat look at an order that waits.
    #[command(after_help = "Example:\n  systole order export 1-000000041")]
    Export {
        /// Its number, or store and number as in `1-000000041`.
        #[arg(value_name = "ORDER")]
        order: String,
    },
    /// Begins anew with the export of an order. What has left or is on its way stays.
    #[command(after_help = "Example:\n  systole order reset 1-000000041")]
    Reset {
        /// Its number, or store and number as in `1-000000041`.
        #[arg(value_name = "ORDER")]
        order: String,
        /// Does so although its document may have been received; the new one goes under another key.
        #[arg(long)]
        although_received: bool,
    },
    /// Says what holds for the orders of websites: stores, rules, format, transport.
    #[command(subcommand)]
    Settings(OrderSettingsCommand),
    /// Writes, tries and publishes the templates by which documents are made.
    #[command(subcommand)]
    Template(TemplateCommand),
}

#[derive(Debug, Args)]
pub(crate) struct OrderListArguments {
    /// Only those whose export stands there.
    #[arg(long, value_enum)]
    pub(crate) status: Option<StatusWord>,
    /// Only those of this website.
    #[arg(long, value_name = "CODE")]
    pub(crate) website: Option<String>,
    /// Only those that a person should see to.
    #[arg(long)]
    pub(crate) attention: bool,
    /// Only those that were placed in this month, as `2026-11`; else those of the last two years.
    #[arg(long, value_name = "MONTH")]
    pub(crate) month: Option<String>,
    /// Most orders to show.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000), value_name = "COUNT")]
    pub(crate) limit: u16,
}

/// Where the export of an order stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StatusWord {
    Pending,
    Scheduled,
    Error,
    Exported,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrderSettingsCommand {
    /// Lists the websites, with what stands in the way of their orders.
    List,
    /// Prints what is set for a website.
    Get {
        /// Its code.
        website: String,
    },
    /// Sets what holds for a website, with a file in JSON. It is checked as a whole before anything changes.
    #[command(after_help = "Example:\n  systole order settings set base base.json")]
    Set {
        /// Its code.
        website: String,
        /// The file.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// Prints a template: the published one if nothing else is said.
    Get {
        /// The code of the website.
        website: String,
        #[command(flatten)]
        which: WhichTemplate,
    },
    /// Keeps a file as the draft of a website's template.
    Set {
        /// The code of the website.
        website: String,
        /// The file.
        file: PathBuf,
    },
    /// Shows what a template makes of the last orders, or the exact error. Nothing is sent.
    #[command(
        after_help = "Examples:\n  systole order template try base\n  systole order template try base new.j2 --last 5"
    )]
    Try {
        /// The code of the website.
        website: String,
        /// A file; else the draft.
        file: Option<PathBuf>,
        /// On how many orders.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100), value_name = "COUNT")]
        last: u16,
    },
    /// Publishes the draft, or brings an earlier version back as a new one. Orders that wait for it go by themselves.
    Publish {
        /// The code of the website.
        website: String,
        /// The version to bring back.
        #[arg(long, value_name = "NUMBER")]
        version: Option<u64>,
    },
    /// Lists the versions, the latest first.
    History {
        /// The code of the website.
        website: String,
    },
    /// Shows what differs between a version, or the published one, and the draft.
    Diff {
        /// The code of the website.
        website: String,
        /// The version.
        #[arg(long, value_name = "NUMBER")]
        version: Option<u64>,
    },
}

#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct WhichTemplate {
    /// This version.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) version: Option<u64>,
    /// The draft.
    #[arg(long)]
    pub(crate) draft: bool,
}

//! The command lines of `systole shop …`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::seconds;
use crate::service_arguments::ServiceArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum ShopCommand {
    /// Tells which shop it is, with a file in YAML or JSON; from then on files may only name what the shop has.
    #[command(after_help = "Examples:\n  systole shop export shop.yaml\n  systole shop import --plan shop.yaml\n  \
                            systole shop import shop.yaml")]
    Import(ShopImportArguments),
    /// Checks whether imports can work with the shop that settings name: address, certificate, access, rights, consumer, clock.
    #[command(
        after_help = "Ends with 13 if something is amiss, and says what to do.\n\nExamples:\n  systole shop check\n  \
                            systole shop check --shop eu"
    )]
    Check(ShopAskArguments),
    /// Asks the shop anew what it has (store views, attributes, categories …), which imports go by.
    #[command(after_help = "Example:\n  systole shop facts")]
    Facts(ShopAskArguments),
    /// Compares CSV files with what the shop has, and changes nothing.
    #[command(after_help = "Ends with 13 if a value differs.\n\nExample:\n  systole shop compare my-catalogue/")]
    Compare(ShopCompareArguments),
    /// Writes down what is known of the shop: a plain Magento if nobody has told it.
    #[command(after_help = "Example:\n  systole shop export shop.yaml")]
    Export {
        /// The file, `.yaml` or `.json`.
        file: PathBuf,
    },
}

impl ShopCommand {
    /// What steps may call that this process runs for the command, if it runs any.
    pub(crate) fn services(&self) -> Option<&ServiceArguments> {
        match self {
            Self::Check(ask) | Self::Facts(ask) | Self::Compare(ShopCompareArguments { ask, .. }) => {
                Some(&ask.services)
            }
            Self::Import(_) | Self::Export { .. } => None,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ShopAskArguments {
    /// The name of the shop; without it all that settings name.
    #[arg(long, value_name = "NAME")]
    pub(crate) shop: Option<String>,
    /// Longest wait in seconds.
    #[arg(long, default_value = "600", value_parser = seconds, value_name = "SECONDS")]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) services: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ShopCompareArguments {
    /// CSV files, packed or not, or folders of them.
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) ask: ShopAskArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ShopImportArguments {
    /// The file, `.yaml` or `.json`.
    pub(crate) file: PathBuf,
    /// Only tells what would change.
    #[arg(long)]
    pub(crate) plan: bool,
    /// Removes what the file lacks although products or customers use it.
    #[arg(long, conflicts_with = "plan")]
    pub(crate) remove_used: bool,
}

//! The command lines of `systole shop …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ShopCommand {
    /// Tells which shop it is, with a file in YAML or JSON; from then on files may only name what the shop has.
    #[command(after_help = "Examples:\n  systole shop export shop.yaml\n  systole shop import --plan shop.yaml\n  \
                            systole shop import shop.yaml")]
    Import(ShopImportArguments),
    /// Writes down what is known of the shop: a plain Magento if nobody has told it.
    #[command(after_help = "Example:\n  systole shop export shop.yaml")]
    Export {
        /// The file, `.yaml` or `.json`.
        file: PathBuf,
    },
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

//! The command line of imports.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use pipeline::PipelineId;

use super::seconds;
use crate::service_arguments::ServiceArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Imports CSV files now, and shows how far it is and what came of it.
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArguments),
    /// Checks CSV files and prints all that is found; nothing is imported.
    #[command(after_help = VALIDATE_EXAMPLES)]
    Validate(CheckArguments),
    /// Puts CSV files and then their ok file into the drop area, and waits for the import.
    #[command(after_help = DROP_EXAMPLES)]
    Drop(DropArguments),
    /// Writes the ok files that release files of the drop area.
    #[command(after_help = OK_FILE_EXAMPLES)]
    OkFile(OkFileArguments),
    /// Lists the files of the drop area and what they wait for.
    #[command(after_help = "Example:\n  systole import list")]
    List,
    /// Lists imports and what came of each, the latest first.
    #[command(after_help = "Example:\n  systole import history --limit 50")]
    History(HistoryArguments),
    /// Shows an import: its rows, what was found, its report, its rows to correct.
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// The id of its pipeline, shortened or not, its bunch, or the identifier of that; the latest is meant.
        #[arg(value_name = "PIPELINE|BUNCH")]
        reference: String,
    },
    /// Prints the rows of an import that are to be corrected, as a CSV file that can be dropped again.
    #[command(after_help = ERRORS_EXAMPLES)]
    Errors(ErrorsArguments),
    /// Writes a file of what the own catalogue has, which an import takes for the same.
    ///
    /// Tells on standard error what a file cannot say; then it ends with 13.
    #[command(after_help = super::catalog::EXPORT_EXAMPLES)]
    Export(super::ExportArguments),
    /// Shows the configuration of imports, and where each value stands.
    #[command(after_help = CONFIGURATION_EXAMPLES)]
    Configuration(ConfigurationArguments),
}

const CONFIGURATION_EXAMPLES: &str = "\
Examples:
  systole import configuration                                what holds for all imports
  systole import configuration products                       what holds for files of products
  systole import configuration products --operation replace   what holds when products are replaced
  systole import configuration --check configuration/my.json  checks a file as if it lay in the store

Without a store, files that are checked are read over what ships alone.";

#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigurationArguments {
    /// The entity whose files are asked about, such as `products`.
    pub(crate) entity: Option<String>,
    /// The pipeline that imports them.
    #[arg(long, value_name = "NAME")]
    pub(crate) pipeline: Option<String>,
    /// What is done with the rows: `add-update`, `replace` or `delete`.
    #[arg(long, value_name = "OPERATION")]
    pub(crate) operation: Option<String>,
    /// Files to read together with those of the store, in the place of those of their names.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) check: Vec<PathBuf>,
}

const RUN_EXAMPLES: &str = "\
Examples:
  systole import run my-files/                     all CSV files of a folder
  systole import run product-import_spring_01.csv  one file
  systole import run --dry-run my-files/           what an import of them would do; nothing is written

It does what `drop` does, and shows how many rows come in a second and how long it will take. Files are named
<prefix>_<identifier>_<counter>.csv; those of one identifier are imported as one.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 the import failed, 4 waited in vain,
13 done with findings: values, rows, files or columns were left out, and the report says which.";

const VALIDATE_EXAMPLES: &str = "\
Examples:
  systole import validate product-import_spring_01.csv
  systole import validate my-files/ > findings.txt

The files are judged by what the shop has; those of attribute sets, attributes and categories count for the files behind them.

Exit codes: 0 nothing found, 1 failed, 2 wrong command line, 3 a file cannot be read to its end, 4 waited in vain,
13 values, rows, files or columns would be left out.";

const DROP_EXAMPLES: &str = "\
Examples:
  systole import drop my-files/                     all CSV and ok files of a folder
  systole import drop product-import_spring_01.csv  one file; an ok file is written for it
  systole import drop --no-wait my-files/           leave the work to `systole dev`

Files are named <prefix>_<identifier>_<counter>.csv; those of one identifier are imported as one.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 the import failed, 4 waited in vain,
13 done with findings: values, rows, files or columns were left out, and the report says which.";

const OK_FILE_EXAMPLES: &str = "\
Examples:
  systole import ok-file spring                        for all files of an identifier
  systole import ok-file product-import_spring_01.csv  for one file

The files lie in the drop area already; the ok file says that they are complete.";

const SHOW_EXAMPLES: &str = "\
Examples:
  systole import show spring    the latest import of files <prefix>_spring_<counter>.csv
  systole import show 01k9c4    the import of a pipeline";

const ERRORS_EXAMPLES: &str = "\
Examples:
  systole import errors spring > product-import_spring_01.csv
  systole import errors 01k9c4 --file product-import_spring_01.csv > product-import_spring_01.csv

The first three columns say what is wrong with each row. Correct the cells, leave these columns as they are, and drop the file.";

impl ImportCommand {
    /// What steps may call that this process runs for the command, if it runs any.
    pub(crate) fn services(&self) -> Option<&ServiceArguments> {
        match self {
            Self::Run(RunArguments { services, .. })
            | Self::Validate(CheckArguments { services, .. })
            | Self::Drop(DropArguments { services, .. }) => Some(services),
            Self::OkFile(_)
            | Self::List
            | Self::History(_)
            | Self::Show { .. }
            | Self::Errors(_)
            | Self::Configuration(_)
            | Self::Export(_) => None,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// CSV and ok files, or folders of them.
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Only shows what would be created, updated, left unchanged and deleted; the files stay where they are.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Longest wait in seconds.
    #[arg(long, default_value = "86400", value_parser = seconds, value_name = "SECONDS")]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) services: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// CSV files, packed or not, or folders of them.
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Longest wait in seconds.
    #[arg(long, default_value = "86400", value_parser = seconds, value_name = "SECONDS")]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) services: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DropArguments {
    /// CSV and ok files, or folders of them.
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Does not write an ok file for CSV files that come without one.
    #[arg(long)]
    pub(crate) no_ok: bool,
    /// Returns at once instead of waiting for the import.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Longest wait in seconds.
    #[arg(long, default_value = "600", value_parser = seconds, value_name = "SECONDS")]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) services: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct OkFileArguments {
    /// Names of files in the drop area, or the identifier of some.
    #[arg(required = true, value_name = "BUNCH|FILE")]
    pub(crate) names: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArguments {
    /// Most imports to show.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000), value_name = "COUNT")]
    pub(crate) limit: u16,
    /// Goes on behind the import of this pipeline, as the last line of the list before says.
    #[arg(long, value_name = "PIPELINE")]
    pub(crate) after: Option<PipelineId>,
}

#[derive(Debug, Args)]
pub(crate) struct ErrorsArguments {
    /// The id of its pipeline, shortened or not, its bunch, or the identifier of that; the latest is meant.
    #[arg(value_name = "PIPELINE|BUNCH")]
    pub(crate) reference: String,
    /// The file whose rows are meant, if several have some.
    #[arg(long, value_name = "NAME")]
    pub(crate) file: Option<String>,
}

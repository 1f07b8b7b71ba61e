//! What people look at in the own catalogue, and take out of it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Lists products: all, or those of a category, of an attribute set, or with an address.
    ///
    /// While an import holds listings back, they show what was there before it began.
    #[command(after_help = CATALOG_EXAMPLES)]
    List(CatalogListArguments),
    /// Shows one product, and which line of which file changed it last, when, and in which pipeline.
    #[command(after_help = "Examples:\n  systole catalog show SKU-1\n  systole catalog show SKU-1 --store-view de_DE")]
    Show {
        /// Its sku.
        sku: String,
        /// Shows the values of a store view: its own, and for the rest those for everybody.
        #[arg(long, value_name = "CODE")]
        store_view: Option<String>,
    },
    /// Shows the categories as a tree.
    #[command(after_help = "Example:\n  systole catalog categories --store-view de_DE")]
    Categories {
        /// Shows names and addresses of a store view.
        #[arg(long, value_name = "CODE")]
        store_view: Option<String>,
    },
    /// Tells whether imports hold listings back, and who brings them in order.
    #[command(after_help = "Example:\n  systole catalog listing")]
    Listing,
    /// Brings the listings in order: drops what nobody sees any more, puts what is missing.
    #[command(after_help = "Example:\n  systole catalog reindex")]
    Reindex,
    /// Writes all products to standard output, one JSON object a line, in the order of their skus.
    #[command(after_help = "Example:\n  systole catalog export | head")]
    Export,
}

const CATALOG_EXAMPLES: &str = "\
Examples:
  systole catalog list --category \"Default Category/Gear/Bags\"
  systole catalog list --attribute-set Bag --store-view de_DE
  systole catalog list --url-key joust-duffle-bag";

#[derive(Debug, Args)]
pub(crate) struct CatalogListArguments {
    /// Path of a category, from the root on.
    #[arg(long, value_name = "PATH", group = "under")]
    pub(crate) category: Option<String>,
    /// Name of an attribute set.
    #[arg(long, value_name = "NAME", group = "under")]
    pub(crate) attribute_set: Option<String>,
    /// The part of an address that names a product.
    #[arg(long, value_name = "KEY", group = "under")]
    pub(crate) url_key: Option<String>,
    /// Shows the values of a store view, and finds addresses of it.
    #[arg(long, value_name = "CODE")]
    pub(crate) store_view: Option<String>,
    /// Most products to show.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200), value_name = "COUNT")]
    pub(crate) limit: u16,
    /// Goes on behind the cursor that the page before has told.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}

pub(super) const EXPORT_EXAMPLES: &str = "\
Examples:
  systole import export products products.csv       all products into a file
  systole import export categories | head           the first categories

Entities: attribute_sets, attributes, categories, products, prices, tier_prices, stock, source_items, media, links,
variants, custom_options, url_rewrites, customers, customer_addresses. Products have all of their parts; the files of
parts are for those who want to change nothing else.";

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// What to write, such as `products`.
    pub(crate) entity: String,
    /// The file to write; standard output if it is left out.
    pub(crate) file: Option<PathBuf>,
}

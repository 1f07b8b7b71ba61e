//! Custom options: what the customer may choose or enter when buying a product.

use super::product::{Product, ProductColumn};
use super::product_part::{ProductPart, columns, contents};
use super::{About, Column, ExecutorAbout};

/// Custom options of products, for all store views or for one.
pub struct CustomOptions;

impl ProductPart for CustomOptions {
    const PART: About = About {
        name: "custom_options",
        singular: "custom option row",
        prefix: "custom-options",
        summary: "what the customer may choose or enter with products that there are",
        key: &["sku"],
        validate: ExecutorAbout {
            name: "validate_custom_options",
            description: "checks every row of the custom option files",
        },
        import: ExecutorAbout {
            name: "import_custom_options",
            description: "merges the rows of the custom option files into the products",
        },
    };
    const PART_COLUMNS: &'static [Column<ProductColumn>] =
        &columns(["sku", "store_view_code", "custom_options", "original_data"]);

    fn take(product: &mut Product, store_view: Option<&str>) {
        contents(product, store_view).for_each(|shown| shown.custom_options.clear());
    }
}

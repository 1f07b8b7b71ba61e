//! Variants: the variations among which a configurable product lets the customer choose.

use super::product::{Product, ProductColumn};
use super::product_part::{ProductPart, columns};
use super::{About, Column, ExecutorAbout};

/// Variations of configurable products.
pub struct Variants;

impl ProductPart for Variants {
    const PART: About = About {
        name: "variants",
        singular: "variant row",
        prefix: "product-import-variant",
        summary: "the variations of configurable products that there are",
        key: &["sku"],
        validate: ExecutorAbout { name: "validate_variants", description: "checks every row of the variant files" },
        import: ExecutorAbout {
            name: "import_variants",
            description: "merges the rows of the variant files into the products",
        },
    };
    const PART_COLUMNS: &'static [Column<ProductColumn>] = &columns([
        "sku",
        "configurable_variations",
        "configurable_variation_labels",
        "configurable_variations_position",
        "original_data",
    ]);

    fn take(product: &mut Product, store_view: Option<&str>) {
        // A store view has no variations of its own.
        if store_view.is_none() {
            product.variations.clear();
            product.variation_labels.clear();
            product.variation_positions.clear();
        }
    }
}

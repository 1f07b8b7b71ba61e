//! Links: which products a product points to, and which make up a grouped product.

use super::product::{Product, ProductColumn};
use super::product_part::{ProductPart, columns};
use super::{About, Column, ExecutorAbout};

/// Related products, cross-sells, up-sells and the products of grouped products.
pub struct Links;

impl ProductPart for Links {
    const PART: About = About {
        name: "links",
        singular: "link row",
        prefix: "product-import-link",
        summary: "related products, cross-sells, up-sells and the members of grouped products",
        key: &["sku"],
        validate: ExecutorAbout { name: "validate_links", description: "checks every row of the link files" },
        import: ExecutorAbout {
            name: "import_links",
            description: "merges the rows of the link files into the products",
        },
    };
    const PART_COLUMNS: &'static [Column<ProductColumn>] = &columns([
        "sku",
        "related_skus",
        "related_position",
        "crosssell_skus",
        "crosssell_position",
        "upsell_skus",
        "upsell_position",
        "associated_skus",
        "associated_position",
        "original_data",
    ]);

    fn take(product: &mut Product, store_view: Option<&str>) {
        // A store view has no links of its own.
        if store_view.is_none() {
            product.links.clear();
            product.associated.clear();
        }
    }
}

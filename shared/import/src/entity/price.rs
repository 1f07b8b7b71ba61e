//! Prices: a file of skus and prices changes nothing but prices.

use super::product::{Product, ProductColumn};
use super::product_part::{ProductPart, columns, contents};
use super::{About, Column, ExecutorAbout};

/// Prices of products, for all store views or for one.
pub struct Prices;

/// What the part is made of.
const PRICES: [&str; 7] = [
    "price",
    "special_price",
    "special_price_from_date",
    "special_price_to_date",
    "map_price",
    "msrp_price",
    "msrp_display_actual_price_type",
];

impl ProductPart for Prices {
    const PART: About = About {
        name: "prices",
        singular: "price",
        prefix: "product-import-price",
        summary: "prices and special prices of products that there are",
        key: &["sku"],
        validate: ExecutorAbout { name: "validate_prices", description: "checks every row of the price files" },
        import: ExecutorAbout {
            name: "import_prices",
            description: "merges the rows of the price files into the products",
        },
    };
    const PART_COLUMNS: &'static [Column<ProductColumn>] = &columns([
        "sku",
        "store_view_code",
        "price",
        "special_price",
        "special_price_from_date",
        "special_price_to_date",
        "map_price",
        "msrp_price",
        "msrp_display_actual_price_type",
        "original_data",
    ]);
    // A product without a price cannot be sold, so there is nothing to replace by less or to delete.
    const PART_OPERATIONS: &'static [&'static str] = &["add-update"];

    fn take(product: &mut Product, store_view: Option<&str>) {
        for shown in contents(product, store_view) {
            shown.values.retain(|code, _| !PRICES.contains(&code.as_str()));
        }
    }
}

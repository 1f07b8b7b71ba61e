//! Stock: quantities and stock settings of products, the classic way with one stock for all.
//!
//! Flags follow what a row says, as a shop's own do when a merchant saves a product:
//!
//! - a quantity sells a product out, or puts it back into stock, unless the row itself says `is_in_stock`; what is sold
//!   out cannot be in stock, whatever the row says, as in Magento;
//! - a setting with a value is used instead of the shop's own, unless the row itself says `use_config_…`;
//! - the quantity is that of the source `default`, if the product has a source item of that name.

use super::product::{Product, ProductColumn};
use super::product_part::{ProductPart, columns};
use super::{About, Column, ExecutorAbout};

/// Quantities and stock settings of products.
pub struct Stock;

impl ProductPart for Stock {
    const PART: About = About {
        name: "stock",
        singular: "stock row",
        prefix: "product-import-inventory",
        summary: "quantities and stock settings of products that there are",
        key: &["sku"],
        validate: ExecutorAbout { name: "validate_stock", description: "checks every row of the stock files" },
        import: ExecutorAbout {
            name: "import_stock",
            description: "merges the rows of the stock files into the products",
        },
    };
    const PART_COLUMNS: &'static [Column<ProductColumn>] = &columns([
        "sku",
        "qty",
        "qty_relative",
        "out_of_stock_qty",
        "use_config_min_qty",
        "is_qty_decimal",
        "allow_backorders",
        "use_config_backorders",
        "min_cart_qty",
        "use_config_min_sale_qty",
        "max_cart_qty",
        "use_config_max_sale_qty",
        "is_in_stock",
        "notify_on_stock_below",
        "use_config_notify_stock_qty",
        "manage_stock",
        "use_config_manage_stock",
        "use_config_qty_increments",
        "qty_increments",
        "use_config_enable_qty_inc",
        "enable_qty_increments",
        "is_decimal_divided",
        "website_id",
        "deferred_stock_update",
        "use_config_deferred_stock_update",
        "original_data",
    ]);
    // A product always has a stock; a sold-out one has a quantity of 0.
    const PART_OPERATIONS: &'static [&'static str] = &["add-update"];

    fn take(product: &mut Product, store_view: Option<&str>) {
        // A store view has no stock of its own.
        if store_view.is_none() {
            product.stock.clear();
        }
    }
}

//! URL rewrites: under which address a store view shows a product, and which addresses lead there from earlier.
//!
//! An address that a row replaces is kept beside the new one, for links and bookmarks that people have; the operations
//! `replace` and `delete` forget it.

use super::product::{Product, ProductChange, ProductColumn, ProductValue};
use super::product_part::{ProductPart, columns, contents};
use super::{About, Column, ExecutorAbout, WrittenRow};
use crate::dialect::Dialect;

/// Addresses of products, for all store views or for one.
pub struct UrlRewrites;

const URL_KEY: &str = "url_key";

const COLUMNS: [Column<ProductColumn>; 8] = {
    let mut columns = columns([
        "sku",
        "store_view_code",
        "url_key",
        "visibility",
        "categories",
        "product_websites",
        "original_data",
        "old_url_keys",
    ]);
    columns[4].kind = ProductColumn::Ignored;
    columns[4].meaning = "the categories under which the product has addresses; not read, those of the product count";
    columns[5].kind = ProductColumn::Ignored;
    columns[5].meaning = "the websites that offer the product; not read, those of the product count";
    columns
};

impl ProductPart for UrlRewrites {
    const PART: About = About {
        name: "url_rewrites",
        singular: "url rewrite",
        prefix: "url-rewrite",
        summary: "addresses of products that there are, and where earlier ones lead",
        key: &["sku"],
        validate: ExecutorAbout {
            name: "validate_url_rewrites",
            description: "checks every row of the url rewrite files",
        },
        import: ExecutorAbout {
            name: "import_url_rewrites",
            description: "merges the rows of the url rewrite files into the products",
        },
    };
    const PART_COLUMNS: &'static [Column<ProductColumn>] = &COLUMNS;

    fn take(product: &mut Product, store_view: Option<&str>) {
        for shown in contents(product, store_view) {
            shown.values.remove(URL_KEY);
            shown.old_url_keys.clear();
        }
    }

    fn make_whole(product: &mut Product) {
        product.name_address();
    }

    /// A row that replaces an address keeps the one before, unless it says which ones there are.
    fn complete(row: &mut WrittenRow, dialect: &Dialect) {
        if row.cell("old_url_keys").is_empty() {
            row.set("old_url_keys", &dialect.empty_value);
        }
    }

    fn follow(before: &Product, product: &mut Product, change: &ProductChange) {
        // What a row says of earlier addresses is all of them.
        if change.old_url_keys.is_some() {
            return;
        }
        let store_view = change.store_view.as_deref();
        let (old, new) = (address(before, store_view), address(product, store_view));
        let (Some(old), Some(new)) = (old, new) else { return };
        if let Some(shown) = contents(product, store_view).next()
            && old != new
        {
            // An address that is in use again leads nowhere else.
            shown.old_url_keys.retain(|key| *key != new && *key != old);
            shown.old_url_keys.push(old);
        }
    }
}

fn address(product: &Product, store_view: Option<&str>) -> Option<String> {
    match product.value(URL_KEY, store_view) {
        Some(ProductValue::Text(key)) => Some(key.clone()),
        Some(ProductValue::List(_)) | None => None,
    }
}

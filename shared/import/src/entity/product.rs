//! Products: from the cells of a row to a typed [`ProductChange`], and from changes to a [`Product`].
//!
//! A row of a product file is a change, not a product: an empty cell says nothing, so a file of skus and prices
//! changes prices only. Numbers, dates and flags become text in one canonical form, so that importing a file again
//! changes nothing.
//!
//! A row without a store view code speaks for the product as a whole, one with a code only for the texts, prices and
//! images that its store view shows.

mod addresses;
mod apply;
mod attribute;
mod cell_place;
mod change;
mod claims;
mod columns;
mod image_path;
mod images;
mod kind;
mod listed;
mod parts;
mod read;
mod relations;
mod row_scope;
mod shop_columns;
mod shop_names;
#[cfg(test)]
mod shop_tests;
mod stock;
#[cfg(test)]
mod tests;
mod thing;
mod write;

pub use apply::{ApplyError, CreateError};
pub(in crate::entity) use columns::COLUMNS;
pub(in crate::entity) use kind::ProductColumn;
pub(in crate::entity) use stock::DEFAULT_SOURCE;

pub use change::{ImageChange, ProductChange, ProductType, ProductValue, QuantityChange};
pub use parts::{
    AdditionalImage, AssociatedProduct, CategoryLink, Link, LinkType, SourceItem, TierPrice, Variation, Video,
};
pub use thing::{Image, Product, StoreViewContent};

use crate::across::claims::{Claim, Reference};
use crate::entity::{
    About, Cells, ChangeEffect, Column, Entity, ExecutorAbout, ListedUnder, Reading, Removal, Stated, Thing, Writing,
};
use crate::finding::ChangeRefusal;
use crate::named::Named;
use crate::shop::ShopFacts;

/// Products, with everything that a product file says about them.
pub struct Products;

impl Entity for Products {
    type ColumnKind = kind::ProductColumn;
    type EntityChange = ProductChange;
    type Thing = Product;

    const ABOUT: About = About {
        name: "products",
        singular: "product",
        prefix: "product-import",
        summary: "products of every type, with their texts, prices, stock, categories, images and relations",
        key: &["sku"],
        validate: ExecutorAbout {
            name: "validate_products",
            description: "checks every row of the product files and collects the categories they name",
        },
        import: ExecutorAbout {
            name: "import_products",
            description: "merges the rows of the product files into the catalogue",
        },
    };
    const OTHER_PREFIXES: &'static [&'static str] =
        &["product-import-simple", "product-import-bundle", "product-import-additional-attribute", "catalog_product"];
    const COLUMNS: &'static [Column<kind::ProductColumn>] = columns::COLUMNS;

    const OTHER_NAMES: &'static [(&'static str, &'static str)] = shop_columns::OTHER_NAMES;

    fn changed_at(change: &ProductChange) -> Option<&str> {
        match change.values.get("updated_at")? {
            Stated::Set(ProductValue::Text(at)) => Some(at),
            Stated::Set(ProductValue::List(_)) | Stated::Clear => None,
        }
    }

    fn was_changed_at(product: &Product) -> Option<&str> {
        match product.default.values.get("updated_at")? {
            ProductValue::Text(at) => Some(at),
            ProductValue::List(_) => None,
        }
    }

    const HAS_SHOP_COLUMNS: bool = true;

    fn cells(kind: kind::ProductColumn) -> Cells {
        columns::cells(kind)
    }

    fn read_cells(reading: &mut Reading<'_, kind::ProductColumn>) -> Option<ProductChange> {
        read::read(reading)
    }

    fn key(change: &ProductChange) -> String {
        Product::key(&change.sku)
    }

    /// The product type is that of the row, or of an earlier row of the product.
    fn missing_if_new(change: &ProductChange) -> Vec<ChangeRefusal> {
        read::missing_if_new(change)
    }

    fn create(change: &ProductChange) -> Result<Product, ChangeRefusal> {
        Product::create(change).map_err(ChangeRefusal::of_row)
    }

    fn apply(product: &mut Product, change: &ProductChange) -> Result<ChangeEffect, ChangeRefusal> {
        product.apply(change).map_err(ChangeRefusal::of_row)
    }

    /// The row of a store view takes away what this view shows, and never the product.
    fn remove(product: &mut Product, change: &ProductChange) -> Removal {
        match &change.store_view {
            None => Removal::Whole,
            Some(view) if product.store_views.remove(view).is_some() => Removal::Part,
            Some(_) => Removal::Nothing,
        }
    }

    fn write(product: &Product, writing: &mut Writing<'_>) {
        write::write(product, writing);
    }

    fn is_written(column: &Column<kind::ProductColumn>) -> bool {
        write::is_written(column.name, column.kind)
    }

    fn written_columns_of_shop(shop: &ShopFacts) -> Vec<String> {
        write::image_columns(shop)
    }

    fn column_of_shop(name: &str, shop: &ShopFacts) -> Option<kind::ProductColumn> {
        shop_columns::column_of_shop(name, shop)
    }

    fn row_name(change: &ProductChange) -> Option<String> {
        Some(format!("{}\n{}", Self::key(change), change.store_view.as_deref().unwrap_or_default()))
    }

    fn references(change: &ProductChange) -> Vec<Reference> {
        claims::references(change)
    }

    fn claims(change: &ProductChange, shop: &ShopFacts) -> Vec<Claim> {
        claims::claims(change, shop)
    }

    fn with_address(change: &ProductChange, address: &str) -> Option<ProductChange> {
        let mut change = change.clone();
        change.values.insert("url_key".to_owned(), Stated::Set(ProductValue::Text(address.to_owned())));
        Some(change)
    }

    fn name_others(change: &ProductChange, shop: &ShopFacts, named: &mut Named) {
        if let Some(Stated::Set(links)) = &change.categories {
            links.iter().for_each(|link| named.add_category(&link.path));
        }
        for (code, stated) in &change.values {
            match stated {
                Stated::Set(ProductValue::Text(label)) => named.add_option(code, label, shop),
                Stated::Set(ProductValue::List(labels)) => {
                    labels.iter().for_each(|label| named.add_option(code, label, shop));
                }
                Stated::Clear => {}
            }
        }
    }
}

impl Thing for Product {
    const NAME: &'static str = "product";
    const SCHEMA: u32 = 1;
    const IS_LISTED: bool = true;

    fn listed_under(&self) -> Vec<ListedUnder> {
        listed::listed_under(self)
    }

    fn holds(&self, under: &ListedUnder) -> bool {
        claims::holds(self, under)
    }
}

//! Files that speak of a part of products, such as their prices or their images.
//!
//! Their columns are columns of a product file and mean the same there, so [`ProductPart`] needs to say little more than
//! which they are. Such a file changes products and makes none: a row whose product is not there is refused.
//!
//! **Invariant:** a part never makes a product, and never takes one away.

mod columns;
#[cfg(test)]
mod tests;

use super::product::{Product, ProductChange, ProductColumn, Products, StoreViewContent};
use super::{About, Cells, ChangeEffect, Column, Entity, Reading, Removal, Writing, WrittenRow};
use crate::across::claims::{Claim, Reference};
use crate::dialect::Dialect;
use crate::finding::ChangeRefusal;
use crate::named::Named;
use crate::shop::ShopFacts;

pub(super) use columns::columns;

/// A part of products that has files of its own.
pub trait ProductPart: Send + Sync + 'static {
    /// What it is called, and how its files are.
    const PART: About;

    /// Other prefixes of its files.
    const PART_OTHER_PREFIXES: &'static [&'static str] = &[];

    /// The columns of a product file that its files have.
    const PART_COLUMNS: &'static [Column<ProductColumn>];

    /// What an import can do with its rows.
    const PART_OPERATIONS: &'static [&'static str] = &["add-update", "replace", "delete"];

    /// Says whether a column belongs to the part that only this shop has, such as an image of its own.
    #[must_use]
    fn is_of_part(_kind: &ProductColumn) -> bool {
        false
    }

    /// Takes the part from a product: what a store view has of it, or all of it.
    fn take(product: &mut Product, store_view: Option<&str>);

    /// Gives a product what it cannot be without, if its part was taken and not given anew.
    fn make_whole(_product: &mut Product) {}

    /// Adds to a row that is written what would follow from it otherwise.
    fn complete(_row: &mut WrittenRow, _dialect: &Dialect) {}

    /// Brings in line what follows from a change that was applied.
    fn follow(_before: &Product, _product: &mut Product, _change: &ProductChange) {}
}

impl<P: ProductPart> Entity for P {
    type ColumnKind = ProductColumn;
    type EntityChange = ProductChange;
    type Thing = Product;

    const ABOUT: About = P::PART;
    const OTHER_PREFIXES: &'static [&'static str] = P::PART_OTHER_PREFIXES;
    const COLUMNS: &'static [Column<ProductColumn>] = P::PART_COLUMNS;
    const OPERATIONS: &'static [&'static str] = P::PART_OPERATIONS;
    const MAKES_THINGS: bool = false;

    fn cells(kind: ProductColumn) -> Cells {
        Products::cells(kind)
    }

    fn read_cells(reading: &mut Reading<'_, ProductColumn>) -> Option<ProductChange> {
        Products::read_cells(reading)
    }

    fn key(change: &ProductChange) -> String {
        Products::key(change)
    }

    fn create(change: &ProductChange) -> Result<Product, ChangeRefusal> {
        Err(not_there(&change.sku))
    }

    fn renew(before: Option<&Product>, change: &ProductChange) -> Result<Product, ChangeRefusal> {
        let mut product = before.cloned().ok_or_else(|| not_there(&change.sku))?;
        take::<P>(&mut product, None);
        // Whether this comes to what there was does not matter: the caller compares.
        let _ = Self::apply(&mut product, change)?;
        P::make_whole(&mut product);
        Ok(product)
    }

    fn apply(product: &mut Product, change: &ProductChange) -> Result<ChangeEffect, ChangeRefusal> {
        let mut changed = product.clone();
        let _ = Products::apply(&mut changed, change)?;
        P::follow(product, &mut changed, change);
        if *product == changed {
            return Ok(ChangeEffect::Unchanged);
        }
        *product = changed;
        Ok(ChangeEffect::Changed)
    }

    fn remove(product: &mut Product, change: &ProductChange) -> Removal {
        let before = product.clone();
        take::<P>(product, change.store_view.as_deref());
        P::make_whole(product);
        if *product == before { Removal::Nothing } else { Removal::Part }
    }

    const HAS_SHOP_COLUMNS: bool = true;

    /// Writes those cells of a product's rows that belong to the part; rows without any are left out.
    fn write(product: &Product, writing: &mut Writing<'_>) {
        let mut whole = Writing::new(writing.dialect, writing.shop);
        whole.has_additional_attributes = false;
        Products::write(product, &mut whole);
        let of_shop = Self::written_columns_of_shop(writing.shop);
        let is_of_part = |name: &str| {
            let column = P::PART_COLUMNS.iter().find(|column| column.name == name);
            column.map_or_else(|| of_shop.iter().any(|column| column == name), Self::is_written)
        };
        for mut row in whole.into_rows() {
            row.keep(is_of_part);
            if row.columns().any(|column| !PLACE.contains(&column)) {
                P::complete(&mut row, writing.dialect);
                writing.push(row);
            }
        }
    }

    fn is_written(column: &Column<ProductColumn>) -> bool {
        Products::is_written(column)
    }

    fn written_columns_of_shop(shop: &ShopFacts) -> Vec<String> {
        let columns = Products::written_columns_of_shop(shop).into_iter();
        columns.filter(|name| Self::column_of_shop(name, shop).is_some()).collect()
    }

    fn unwritten(product: &Product) -> Option<Product> {
        let mut product = product.clone();
        take::<P>(&mut product, None);
        Some(product)
    }

    fn column_of_shop(name: &str, shop: &ShopFacts) -> Option<ProductColumn> {
        Products::column_of_shop(name, shop).filter(P::is_of_part)
    }

    fn references(change: &ProductChange) -> Vec<Reference> {
        Products::references(change)
    }

    fn claims(change: &ProductChange, shop: &ShopFacts) -> Vec<Claim> {
        Products::claims(change, shop)
    }

    fn name_others(change: &ProductChange, shop: &ShopFacts, named: &mut Named) {
        Products::name_others(change, shop, named);
    }
}

/// The columns that say what a row is about.
const PLACE: [&str; 2] = ["sku", "store_view_code"];

/// Takes the part from a product, and the store views that then show nothing of their own.
fn take<P: ProductPart>(product: &mut Product, store_view: Option<&str>) {
    P::take(product, store_view);
    product.store_views.retain(|_, shown| *shown != StoreViewContent::default());
}

/// Says that a row speaks of a product that the catalogue does not have.
pub(super) fn not_there(sku: &str) -> ChangeRefusal {
    ChangeRefusal::of_row(format!("product `{sku}` does not exist, and this kind of file makes none; import it first"))
}

/// What a store view shows of a product, or what all of them and the default do.
pub(super) fn contents<'p>(
    product: &'p mut Product,
    store_view: Option<&str>,
) -> impl Iterator<Item = &'p mut StoreViewContent> {
    let code = store_view.map(str::to_owned);
    let default = code.is_none().then_some(&mut product.default);
    let views = product.store_views.iter_mut().filter(move |(view, _)| code.as_ref().is_none_or(|code| code == *view));
    default.into_iter().chain(views.map(|(_, shown)| shown))
}

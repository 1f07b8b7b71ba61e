//! What files speak of, one kind of thing each: an [`Entity`] reads its rows and knows how they change a thing.
//!
//! Everything that handles files, checkpoints, findings, reports and targets is written once over [`Entity`].
//! An entity is a type without a value: all it needs comes as an argument, so it can be used from anywhere and tested
//! without anything around it. What differs from file to file is in [`Columns`], what differs from row to row in
//! [`Reading`].
//!
//! A new entity is one file below this folder and two lines here: its module, and its name in [`visit_all`].
//!
//! **Invariant:** reading a row and applying its change are pure; the same change applied twice changes a thing once.

pub mod attribute;
pub mod attribute_set;
pub mod category;
mod column_search;
mod columns;
pub mod custom_option;
pub mod customer;
pub mod customer_address;
mod description;
pub(crate) mod entity_type;
mod form;
mod learning;
pub mod link;
mod listed_under;
pub mod media;
pub mod price;
pub mod product;
pub mod product_part;
mod reading;
mod row_above;
mod row_plan;
pub mod source_item;
mod spreadsheet;
mod stated;
pub mod stock;
#[cfg(test)]
mod tests;
pub(crate) mod thing;
pub mod tier_price;
pub mod url_rewrite;
pub mod variant;
mod writing;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use columns::{Columns, KnownColumn, ReadingRules, UnknownNames};
pub use description::{About, Cells, Column, ColumnDescription, Description, ExecutorAbout, Need, column};
pub use entity_type::EntityType;
pub use form::{Form, FormError};
pub use listed_under::ListedUnder;
pub use reading::{EntityRow, Reading, UnknownStoreView};
pub use row_above::RowAbove;
pub use stated::Stated;
pub use thing::{Above, ChangeEffect, JsonError, Removal, Thing};
pub use writing::{Writing, WrittenRow};

use crate::across::claims::{Claim, Reference};
use crate::csv::{self, CsvRow, Header};
use crate::errors_file;
use crate::finding::ChangeRefusal;
use crate::named::Named;
use crate::shop::ShopFacts;

/// A kind of thing that files speak of, such as products.
pub trait Entity: Sized + Send + Sync + 'static {
    /// Tells the columns apart for [`Entity::read_cells`].
    type ColumnKind: Clone + fmt::Debug + Send + Sync + 'static;

    /// What one row says about one thing; what it does not say is left alone. A draft keeps it, to apply it once more.
    type EntityChange: fmt::Debug + Serialize + DeserializeOwned + Send + Sync;

    /// What the changes add up to. Several entities may speak of the same things, as prices and stock do of products.
    type Thing: Thing;

    /// What the entity is called, and how its files are.
    const ABOUT: About;

    /// Other prefixes of its files, such as those that a Magento shop gives to what it exports. The first one is that of
    /// [`About`].
    const OTHER_PREFIXES: &'static [&'static str] = &[];

    /// Every column with a meaning, in the order in which people read about them.
    const COLUMNS: &'static [Column<Self::ColumnKind>];

    /// Names that the shop itself uses for some of the columns, such as `status` for `product_online`.
    const OTHER_NAMES: &'static [(&'static str, &'static str)] = &[];

    /// Whether a shop has columns of its own for it, see [`Entity::column_of_shop`].
    const HAS_SHOP_COLUMNS: bool = false;

    /// Whether its things are below others of their kind, as categories are. The key of such a thing is that of the one
    /// above it, a slash, and more; whatever is below a thing is deleted with it.
    ///
    /// Its files are read once for each level, and in each time more of the shop is known. So whether a row makes a change
    /// must not depend on what the shop has of the entity's things; `create` and `apply` may refuse it.
    const NESTS: bool = false;

    /// Whether its rows make things. Those that speak of a part of things only change what is there.
    const MAKES_THINGS: bool = true;

    /// What an import can do with its rows, in the words of definitions: some or all of [`crate::operation::Operation::ALL`].
    const OPERATIONS: &'static [&'static str] = &["add-update", "replace", "delete"];

    /// Says what the cells of a kind of column hold, for the documentation.
    fn cells(kind: Self::ColumnKind) -> Cells;

    /// Reads the cells of a row, and notes what is wrong with them. Returns nothing if the row as a whole cannot be used.
    fn read_cells(reading: &mut Reading<'_, Self::ColumnKind>) -> Option<Self::EntityChange>;

    /// Returns the key of the thing that a change speaks of, in the form in which keys compare.
    fn key(change: &Self::EntityChange) -> String;

    /// Returns what a change lacks if its thing is new; each of it costs the row.
    ///
    /// Only the caller knows whether the thing exists. Most entities make new things of any row.
    #[must_use]
    fn missing_if_new(_change: &Self::EntityChange) -> Vec<ChangeRefusal> {
        Vec::new()
    }

    /// Makes a new thing of a change.
    ///
    /// # Errors
    /// Says why a thing cannot begin with this change.
    fn create(change: &Self::EntityChange) -> Result<Self::Thing, ChangeRefusal>;

    /// Makes a thing anew of a change, as the replace operation does with the first row of each thing.
    ///
    /// Most entities speak of whole things and forget what there was. Those that speak of a part keep the rest of it.
    ///
    /// # Errors
    /// Says why there cannot be such a thing.
    fn renew(_before: Option<&Self::Thing>, change: &Self::EntityChange) -> Result<Self::Thing, ChangeRefusal> {
        Self::create(change)
    }

    /// Merges a change: what it does not state stays, what it clears goes, what it sets replaces.
    ///
    /// # Errors
    /// Says why the change cannot be made; the thing is then as it was.
    fn apply(thing: &mut Self::Thing, change: &Self::EntityChange) -> Result<ChangeEffect, ChangeRefusal>;

    /// Takes from a thing what the delete operation takes away because of a row. Most rows stand for the whole thing.
    fn remove(_thing: &mut Self::Thing, _change: &Self::EntityChange) -> Removal {
        Removal::Whole
    }

    /// When a row says that its thing was changed last, in the canonical form of dates; most rows do not say.
    fn changed_at(_change: &Self::EntityChange) -> Option<&str> {
        None
    }

    /// When the rows before said so.
    fn was_changed_at(_thing: &Self::Thing) -> Option<&str> {
        None
    }

    /// Says what a column means that only this shop has, such as an attribute. Most entities have no such columns.
    #[must_use]
    fn column_of_shop(_name: &str, _shop: &ShopFacts) -> Option<Self::ColumnKind> {
        None
    }

    /// Says whether a cell may be filled in a row that names no thing. Such a row goes on about the thing of the row above.
    /// Most entities have no such rows.
    #[must_use]
    fn goes_on(_kind: &Self::ColumnKind) -> bool {
        false
    }

    /// Adds the other things that must be there before the change can be made. Most entities name none.
    fn name_others(_change: &Self::EntityChange, _shop: &ShopFacts, _named: &mut Named) {}

    /// Names what a change speaks of, if a second row of a file that speaks of the same is worth knowing. Of most entities
    /// several rows may speak of one thing.
    #[must_use]
    fn row_name(_change: &Self::EntityChange) -> Option<String> {
        None
    }

    /// Returns the other things of its kind that a change names. Most entities name none.
    #[must_use]
    fn references(_change: &Self::EntityChange) -> Vec<Reference> {
        Vec::new()
    }

    /// Returns what a change states that no other thing may have. Most entities state no such thing.
    #[must_use]
    fn claims(_change: &Self::EntityChange, _shop: &ShopFacts) -> Vec<Claim> {
        Vec::new()
    }

    /// Returns the change of a new thing with an address of its own, because the one made of its name is taken. Most entities
    /// claim no address.
    #[must_use]
    fn with_address(_change: &Self::EntityChange, _address: &str) -> Option<Self::EntityChange> {
        None
    }

    /// Writes the rows that make a thing again, in the order of [`Entity::read_cells`]: rows that others need first.
    fn write(thing: &Self::Thing, writing: &mut Writing<'_>);

    /// Says whether files that are written have a column. Most columns are.
    #[must_use]
    fn is_written(_column: &Column<Self::ColumnKind>) -> bool {
        true
    }

    /// Names the columns that files have because of this shop, such as images of its own. Most entities have none.
    #[must_use]
    fn written_columns_of_shop(_shop: &ShopFacts) -> Vec<String> {
        Vec::new()
    }

    /// Returns what is left of a thing without what [`Entity::write`] writes; nothing if its rows say all.
    #[must_use]
    fn unwritten(_thing: &Self::Thing) -> Option<Self::Thing> {
        None
    }

    /// Returns the key of the thing that must stand before this one in a file. Most stand in any order.
    #[must_use]
    fn stands_behind(_thing: &Self::Thing) -> Option<String> {
        None
    }

    /// Returns the things that the one of a change is below, the topmost first.
    #[must_use]
    fn above(_change: &Self::EntityChange) -> Vec<Above<Self::EntityChange>> {
        Vec::new()
    }

    /// Returns the prefixes of its files, the usual one first.
    #[must_use]
    fn prefixes() -> Vec<&'static str> {
        [&[Self::ABOUT.prefix], Self::OTHER_PREFIXES].concat()
    }

    /// Looks up the columns of a file.
    ///
    /// # Errors
    /// Fails if the file lacks a column that says what its rows speak of.
    fn columns(file: &str, header: &Header, rules: ReadingRules) -> Result<Columns<Self::ColumnKind>, csv::Error> {
        column_search::search::<Self>(file, header, rules)
    }

    /// Reads a row: what it says, and what is wrong with it.
    #[must_use]
    fn read(columns: &Columns<Self::ColumnKind>, row: &CsvRow) -> EntityRow<Self::EntityChange> {
        reading::read::<Self>(columns, row)
    }

    /// Describes the entity without its types.
    #[must_use]
    fn description() -> Description {
        let columns = Self::COLUMNS.iter().map(|column| column.describe(Self::cells(column.kind.clone())));
        let added = errors_file::COLUMNS.iter().map(|column| column.describe(errors_file::cells()));
        Description {
            about: Self::ABOUT,
            other_prefixes: Self::OTHER_PREFIXES,
            columns: columns.chain(added).collect(),
            other_names: Self::OTHER_NAMES,
            has_shop_columns: Self::HAS_SHOP_COLUMNS,
        }
    }
}

/// Does something for every entity, with its types at hand.
pub trait Visitor {
    /// Does it for one of them.
    fn visit<E: Entity>(&mut self);
}

/// The list of entities: whoever does something for each of them comes by here.
pub fn visit_all(visitor: &mut impl Visitor) {
    visitor.visit::<attribute_set::AttributeSets>();
    visitor.visit::<attribute::Attributes>();
    visitor.visit::<category::Categories>();
    visitor.visit::<product::Products>();
    visitor.visit::<price::Prices>();
    visitor.visit::<tier_price::TierPrices>();
    visitor.visit::<stock::Stock>();
    visitor.visit::<source_item::SourceItems>();
    visitor.visit::<media::Media>();
    visitor.visit::<link::Links>();
    visitor.visit::<variant::Variants>();
    visitor.visit::<custom_option::CustomOptions>();
    visitor.visit::<url_rewrite::UrlRewrites>();
    visitor.visit::<customer::Customers>();
    visitor.visit::<customer_address::CustomerAddresses>();
}

/// Describes every entity, for the documentation, the command line and the names of files.
#[must_use]
pub fn all() -> Vec<Description> {
    #[derive(Default)]
    struct Descriptions(Vec<Description>);
    impl Visitor for Descriptions {
        fn visit<E: Entity>(&mut self) {
            self.0.push(E::description());
        }
    }
    let mut descriptions = Descriptions::default();
    visit_all(&mut descriptions);
    descriptions.0
}

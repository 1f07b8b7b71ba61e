//! Attributes: what products have beside what every product has, with their options and labels.
//!
//! A row without a store view code speaks for the attribute, one with a code for the labels and swatches that its store
//! view shows; its options are told by their place among those that the row without a code has listed.

mod apply;
mod change;
mod columns;
mod options;
mod read;
#[cfg(test)]
mod tests;
pub(crate) mod thing;
mod write;

use super::{About, Cells, ChangeEffect, Column, Entity, ExecutorAbout, Reading, Removal, Writing};
use crate::finding::ChangeRefusal;

pub use change::{AttributeChange, OptionChange};
pub use columns::{AttributeColumn, Setting};

pub use thing::{Attribute, AttributeOption, AttributeOptions, AttributeScope, SetPlace, Swatch};

/// Attributes with their options.
pub struct Attributes;

impl Entity for Attributes {
    type ColumnKind = AttributeColumn;
    type EntityChange = AttributeChange;
    type Thing = Attribute;

    const ABOUT: About = About {
        name: "attributes",
        singular: "attribute",
        prefix: "attribute-import",
        summary: "attributes with their options, labels, swatches and places in attribute sets",
        key: &["attribute_code"],
        validate: ExecutorAbout { name: "validate_attributes", description: "checks every row of the attribute files" },
        import: ExecutorAbout {
            name: "import_attributes",
            description: "merges the rows of the attribute files into what the catalogue knows of the shop",
        },
    };
    const COLUMNS: &'static [Column<AttributeColumn>] = columns::COLUMNS;

    fn cells(kind: AttributeColumn) -> Cells {
        columns::cells(kind)
    }

    fn read_cells(reading: &mut Reading<'_, AttributeColumn>) -> Option<AttributeChange> {
        read::read(reading)
    }

    fn key(change: &AttributeChange) -> String {
        change.entity_type.key(&change.code)
    }

    fn missing_if_new(change: &AttributeChange) -> Vec<ChangeRefusal> {
        // A row of a store view cannot make an attribute, whatever it holds; `create` says so.
        if change.store_view.is_some() || change.input.is_some() {
            return Vec::new();
        }
        let problem = format!("is needed because attribute `{}` is new", change.code);
        vec![ChangeRefusal::of_column("frontend_input", problem)]
    }

    fn create(change: &AttributeChange) -> Result<Attribute, ChangeRefusal> {
        Attribute::create(change)
    }

    fn apply(attribute: &mut Attribute, change: &AttributeChange) -> Result<ChangeEffect, ChangeRefusal> {
        attribute.apply(change)
    }

    fn write(attribute: &Attribute, writing: &mut Writing<'_>) {
        write::write(attribute, writing);
    }

    fn is_written(column: &Column<AttributeColumn>) -> bool {
        // As the sample files of the original misspell it.
        column.name != "search_weigh"
    }

    /// A row of a store view takes away what its view shows, any other row the whole attribute.
    fn remove(attribute: &mut Attribute, change: &AttributeChange) -> Removal {
        match &change.store_view {
            None => Removal::Whole,
            Some(view) => attribute.remove_view(view),
        }
    }
}

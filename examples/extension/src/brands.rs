//! Brands: an entity of one column, which is as small as an entity can be.

use import::Entity;
use import::entity::{
    About, Cells, ChangeEffect, Column, ExecutorAbout, Form, Need, Reading, Thing, Writing, WrittenRow, column,
};
use import::finding::ChangeRefusal;
use serde::{Deserialize, Serialize};

/// The brands of products.
pub struct Brands;

/// A brand, and what a row says about it: both are its code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Brand {
    /// As it was first written.
    pub code: String,
}

impl Thing for Brand {
    const NAME: &'static str = "brand";
    const SCHEMA: u32 = 1;
}

impl Entity for Brands {
    type ColumnKind = Form;
    type EntityChange = Brand;
    type Thing = Brand;

    const ABOUT: About = About {
        name: "brands",
        singular: "brand",
        prefix: "brand-import",
        summary: "the brands of products",
        key: &["code"],
        validate: ExecutorAbout { name: "validate_brands", description: "checks every row of the brand files" },
        import: ExecutorAbout {
            name: "import_brands",
            description: "merges the rows of the brand files into the brands",
        },
    };
    const COLUMNS: &'static [Column<Form>] =
        &[Column { need: Need::Always, ..column("code", Form::Name, "acme", "the brand") }];

    fn cells(form: Form) -> Cells {
        form.cells()
    }

    fn read_cells(reading: &mut Reading<'_, Form>) -> Option<Brand> {
        Some(Brand { code: reading.key("code", 64)?.to_owned() })
    }

    fn key(change: &Brand) -> String {
        change.code.to_lowercase()
    }

    fn create(change: &Brand) -> Result<Brand, ChangeRefusal> {
        Ok(change.clone())
    }

    // There is nothing of a brand but its code, so a row about one that is there says nothing new.
    fn apply(_brand: &mut Brand, _change: &Brand) -> Result<ChangeEffect, ChangeRefusal> {
        Ok(ChangeEffect::Unchanged)
    }

    fn write(brand: &Brand, writing: &mut Writing<'_>) {
        let mut row = WrittenRow::default();
        row.set("code", &brand.code);
        writing.push(row);
    }
}

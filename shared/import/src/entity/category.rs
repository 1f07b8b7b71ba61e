//! Categories: the tree under which a shop shows its products.
//!
//! A row without a store view code speaks for the category, one with a code for what its store view shows of it.
//! The key is the path, so a category cannot move; files put it elsewhere by another path.

mod columns;
mod read;
#[cfg(test)]
mod tests;
pub(crate) mod thing;
mod url_keys;
mod write;

use super::{About, Above, Cells, ChangeEffect, Column, Entity, ExecutorAbout, Reading, Removal, Stated, Writing};
use crate::finding::ChangeRefusal;

pub use columns::{CategoryColumn, Choice};
pub use read::CategoryChange;

pub use thing::Category;
pub use url_keys::named_beside_others;

/// Categories with what each store view shows of them.
pub struct Categories;

impl Entity for Categories {
    type ColumnKind = CategoryColumn;
    type EntityChange = CategoryChange;
    type Thing = Category;

    const ABOUT: About = About {
        name: "categories",
        singular: "category",
        prefix: "category-import",
        summary: "categories with their texts, addresses, images and designs",
        key: &["path"],
        validate: ExecutorAbout { name: "validate_categories", description: "checks every row of the category files" },
        import: ExecutorAbout {
            name: "import_categories",
            description: "merges the rows of the category files into the catalogue, parents before children",
        },
    };
    const COLUMNS: &'static [Column<CategoryColumn>] = columns::COLUMNS;
    const NESTS: bool = true;

    fn cells(kind: CategoryColumn) -> Cells {
        columns::cells(kind)
    }

    fn read_cells(reading: &mut Reading<'_, CategoryColumn>) -> Option<CategoryChange> {
        read::read(reading)
    }

    fn key(change: &CategoryChange) -> String {
        change.path.key()
    }

    fn above(change: &CategoryChange) -> Vec<Above<CategoryChange>> {
        let mut above = Vec::new();
        let mut next = change.path.parent();
        while let Some(path) = next {
            next = path.parent();
            above.push(Above { name: path.to_string(), change: CategoryChange::of(path) });
        }
        above.reverse();
        above
    }

    fn changed_at(change: &CategoryChange) -> Option<&str> {
        match change.values.get("updated_at")? {
            Stated::Set(at) => Some(at),
            Stated::Clear => None,
        }
    }

    fn was_changed_at(thing: &Category) -> Option<&str> {
        thing.values.get("updated_at").map(String::as_str)
    }

    fn create(change: &CategoryChange) -> Result<Category, ChangeRefusal> {
        if let Some(view) = &change.store_view {
            let path = &change.path;
            let problem = format!("category `{path}` does not exist; a row for store view `{view}` cannot create it");
            return Err(ChangeRefusal::of_row(problem));
        }
        if let Some(problem) = &change.refusal {
            return Err(ChangeRefusal::of_column("url_key", problem.clone()));
        }
        let mut category = Category::named(change.path.clone());
        // Whether a named category becomes another one by this does not matter: it is new.
        let _ = Self::apply(&mut category, change)?;
        Ok(category)
    }

    fn apply(category: &mut Category, change: &CategoryChange) -> Result<ChangeEffect, ChangeRefusal> {
        let before = category.clone();
        let values = match &change.store_view {
            None => {
                category.attribute_set = change.attribute_set.clone().or(category.attribute_set.take());
                &mut category.values
            }
            Some(view) => category.store_views.entry(view.clone()).or_default(),
        };
        for (column, stated) in &change.values {
            match stated {
                Stated::Set(text) => drop(values.insert(column.clone(), text.clone())),
                Stated::Clear => drop(values.remove(column)),
            }
        }
        category.store_views.retain(|_, values| !values.is_empty());
        Ok(if *category == before { ChangeEffect::Unchanged } else { ChangeEffect::Changed })
    }

    fn write(category: &Category, writing: &mut Writing<'_>) {
        write::write(category, writing);
    }

    fn is_written(column: &Column<CategoryColumn>) -> bool {
        column.kind != CategoryColumn::Ignored
    }

    /// A row of a store view takes away what its view shows, any other row the category and what is below it.
    fn remove(category: &mut Category, change: &CategoryChange) -> Removal {
        match &change.store_view {
            None => Removal::Whole,
            Some(view) if category.store_views.remove(view).is_some() => Removal::Part,
            Some(_) => Removal::Nothing,
        }
    }
}

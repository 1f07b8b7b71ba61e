//! The way back: from a category to the rows that make it again.

use std::collections::BTreeMap;

use super::Category;
use super::columns::{COLUMNS, CategoryColumn};
use crate::cell;
use crate::entity::{Form, Writing, WrittenRow};

const URL_KEY: &str = "url_key";

/// Writes a category: a row for it as a whole, and one for each store view that shows something of its own.
pub(super) fn write(category: &Category, writing: &mut Writing<'_>) {
    let mut row = row_of(category, writing);
    write_values(&category.values, &mut row, writing);
    // A category that nobody has given an address has one all the same; a reader would work it out anew.
    if !category.values.contains_key(URL_KEY) {
        row.set(URL_KEY, category.url_key(None));
    }
    writing.push(row);
    for (view, values) in &category.store_views {
        let mut row = row_of(category, writing);
        row.set("store_view_code", view);
        write_values(values, &mut row, writing);
        writing.push(row);
    }
}

fn row_of(category: &Category, writing: &Writing<'_>) -> WrittenRow {
    let mut row = WrittenRow::default();
    row.set("path", category.path.written(writing.dialect.level_separator));
    row.set("attribute_set_code", category.attribute_set.clone().unwrap_or_default());
    row
}

fn write_values(values: &BTreeMap<String, String>, row: &mut WrittenRow, writing: &Writing<'_>) {
    let dialect = writing.dialect;
    let mut additional = Vec::new();
    for (name, value) in values {
        let column = COLUMNS.iter().find(|column| column.name == name).map(|column| column.kind);
        match column {
            Some(CategoryColumn::Value(form) | CategoryColumn::ForAll(form)) => {
                row.set(name, form.written(value, dialect.numbers));
            }
            Some(CategoryColumn::Name) => row.set(name, Form::Text.written(value, dialect.numbers)),
            Some(
                CategoryColumn::Path
                | CategoryColumn::StoreView
                | CategoryColumn::AttributeSet
                | CategoryColumn::UrlKey
                | CategoryColumn::Position
                | CategoryColumn::Choice(_)
                | CategoryColumn::ChoiceOrCode(_)
                | CategoryColumn::Choices(_)
                | CategoryColumn::AdditionalAttributes
                | CategoryColumn::Ignored,
            ) => row.set(name, value),
            None => additional.push(cell::write::raw_pair(name, &cell::write::value(value, dialect), dialect)),
        }
    }
    row.set("additional_attributes", additional.join(&dialect.field_separator.to_string()));
}

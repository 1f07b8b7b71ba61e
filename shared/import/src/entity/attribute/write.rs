//! The way back: from an attribute to the rows that make it again.

use std::collections::{BTreeMap, BTreeSet};

use super::{Attribute, AttributeScope, SetPlace, Swatch};
use crate::cell;
use crate::dialect::Dialect;
use crate::entity::{Writing, WrittenRow};

/// Writes an attribute: a row for it, one for each other place in sets, and one for each store view.
pub(super) fn write(attribute: &Attribute, writing: &mut Writing<'_>) {
    let mut by_order: BTreeMap<Option<u32>, Vec<&SetPlace>> = BTreeMap::new();
    for place in attribute.sets.values() {
        by_order.entry(place.sort_order).or_default().push(place);
    }
    let mut places = by_order.into_iter();
    let mut row = row_of(attribute);
    write_places(places.next(), &mut row, writing.dialect);
    write_whole(attribute, &mut row, writing.dialect);
    writing.push(row);
    // A row has one place for all sets that it names.
    for place in places {
        let mut row = row_of(attribute);
        write_places(Some(place), &mut row, writing.dialect);
        writing.push(row);
    }
    for view in views(attribute) {
        let mut row = row_of(attribute);
        write_view(attribute, view, &mut row, writing.dialect);
        writing.push(row);
    }
}

fn row_of(attribute: &Attribute) -> WrittenRow {
    let mut row = WrittenRow::default();
    row.set("attribute_code", &attribute.code);
    row.set("entity_type_code", attribute.entity_type.code());
    row
}

fn write_places(place: Option<(Option<u32>, Vec<&SetPlace>)>, row: &mut WrittenRow, dialect: &Dialect) {
    let Some((sort_order, places)) = place else { return };
    row.set("attribute_set_name", cell::write::list(places.iter().map(|place| place.set.as_str()), dialect));
    if places.iter().any(|place| !place.group.is_empty()) {
        row.set("attribute_group_name", cell::write::places(places.iter().map(|place| place.group.as_str()), dialect));
    }
    row.set_order("sort_order", sort_order);
}

fn write_whole(attribute: &Attribute, row: &mut WrittenRow, dialect: &Dialect) {
    row.set("frontend_input", &attribute.input);
    row.set("frontend_label", &attribute.label);
    row.set("apply_to", cell::write::list(attribute.apply_to.iter().map(String::as_str), dialect));
    row.set(
        "is_global",
        match attribute.scope {
            AttributeScope::StoreView => "0",
            AttributeScope::Global => "1",
            AttributeScope::Website => "2",
        },
    );
    row.set_flag("is_required", attribute.is_required);
    row.set_flag("is_unique", attribute.is_unique);
    row.set_flag("is_user_defined", attribute.is_user_defined);
    for (column, text) in &attribute.settings {
        row.set(column, text);
    }
    let options = &attribute.options;
    if options.is_empty() {
        return;
    }
    row.set(
        "attribute_option_values",
        cell::write::places(options.iter().map(|option| option.label.as_str()), dialect),
    );
    write_swatches(options.iter().map(|option| option.swatch.as_ref()), row, dialect);
    if options.iter().any(|option| option.sort_order.is_some()) {
        let orders = options.iter().map(|option| option.sort_order.map(|order| order.to_string()));
        let orders: Vec<String> = orders.map(Option::unwrap_or_default).collect();
        row.set("attribute_option_sort_order", cell::write::places(orders.iter().map(String::as_str), dialect));
    }
}

fn write_view(attribute: &Attribute, view: &str, row: &mut WrittenRow, dialect: &Dialect) {
    row.set("store_view_code", view);
    row.set("frontend_label", attribute.store_labels.get(view).cloned().unwrap_or_default());
    let has_any = |option: &super::AttributeOption| {
        option.store_labels.contains_key(view) || option.store_swatches.contains_key(view)
    };
    if attribute.options.iter().any(has_any) {
        let labels = attribute.options.iter().map(|option| option.store_labels.get(view).map_or("", String::as_str));
        row.set("attribute_option_values", cell::write::places(labels, dialect));
        write_swatches(attribute.options.iter().map(|option| option.store_swatches.get(view)), row, dialect);
    }
}

/// Writes a swatch for each option, or nothing if no option has one.
fn write_swatches<'s>(
    swatches: impl Iterator<Item = Option<&'s Swatch>> + Clone,
    row: &mut WrittenRow,
    dialect: &Dialect,
) {
    if swatches.clone().all(|swatch| swatch.is_none()) {
        return;
    }
    let entry = |swatch: Option<&Swatch>| {
        let (kind, value) = match swatch {
            Some(Swatch::Text(text)) => ("0", Some(text)),
            Some(Swatch::Color(color)) => ("1", Some(color)),
            Some(Swatch::Image(path)) => ("2", Some(path)),
            None => ("3", None),
        };
        let value = value.map(|value| ("value".to_owned(), value.clone()));
        cell::Pairs::from_iter([("type".to_owned(), kind.to_owned())].into_iter().chain(value))
    };
    let entries: Vec<cell::Pairs> = swatches.map(entry).collect();
    row.set("attribute_option_swatch", cell::write::entries(&entries, &["type"], dialect));
}

/// The store views that show something of their own.
fn views(attribute: &Attribute) -> BTreeSet<&str> {
    let of_options =
        attribute.options.iter().flat_map(|option| option.store_labels.keys().chain(option.store_swatches.keys()));
    attribute.store_labels.keys().chain(of_options).map(String::as_str).collect()
}

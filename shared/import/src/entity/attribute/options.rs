//! The options of an attribute as cells list them: labels, swatches and places, each in the order of the labels.

use std::collections::BTreeSet;

use super::change::{AttributeChange, OptionChange};
use super::columns::AttributeColumn;
use super::{Attribute, Swatch};
use crate::cell::{self, Pairs};
use crate::entity::{Reading, Stated};
use crate::finding::Severity;
use crate::name_key::name_key;

const VALUES: &str = "attribute_option_values";
const SWATCHES: &str = "attribute_option_swatch";
const ORDERS: &str = "attribute_option_sort_order";

/// Inputs whose attributes have options. Those of `boolean` are yes and no in the words of the shop.
const WITH_OPTIONS: [&str; 5] = ["select", "multiselect", "boolean", "swatch_visual", "swatch_text"];

/// Why a text is no swatch; reads as the end of a sentence that starts with the cell.
#[derive(Debug, thiserror::Error)]
enum SwatchError {
    #[error(
        "has `{0}` as `type` of a swatch (expected `0` for a text, `1` for a colour, `2` for an image, `3` for none)"
    )]
    Type(String),
    #[error("has a swatch without `{0}`")]
    Missing(&'static str),
    #[error("has `{0}` as a colour (example: `#ff8800`)")]
    Color(String),
}

/// Reads what a row says of the options.
pub(super) fn read(
    cells: &mut Reading<'_, AttributeColumn>,
    change: &AttributeChange,
    known: Option<&Attribute>,
) -> Option<Stated<Vec<OptionChange>>> {
    let text = match cells.stated(cells.cell(VALUES)) {
        None => {
            report_without_options(cells);
            return None;
        }
        Some(Stated::Clear) => return Some(Stated::Clear),
        Some(Stated::Set(text)) => text,
    };
    let input = change.input.as_deref().or(known.map(|known| known.input.as_str()));
    if let Some(input) = input.filter(|input| !WITH_OPTIONS.contains(input)) {
        let problem = format!(
            "are options, but attribute `{}` is entered as {input} (options have select, multiselect and boolean)",
            change.code
        );
        cells.note(VALUES, Some(text), problem, Severity::Value);
        return None;
    }
    let labels = cells.usable(VALUES, text, cell::places(text, cells.columns().dialect()))?;
    let labels = match (&change.store_view, known) {
        (None, _) => distinct(cells, text, labels)?,
        (Some(_), Some(known)) => as_listed(cells, text, labels, known)?,
        // Refused when it is applied: a row of a store view creates nothing.
        (Some(_), None) => labels,
    };
    let count = labels.len();
    let swatches = swatches(cells, count);
    let orders = orders(cells, count);
    let options = labels.into_iter().enumerate().map(|(place, label)| OptionChange {
        label: Some(label).filter(|label| !label.is_empty()),
        sort_order: orders.get(place).copied().flatten(),
        swatch: swatches.get(place).cloned().flatten(),
    });
    Some(Stated::Set(options.collect()))
}

/// Says that what goes with options by its place cannot be used without them.
fn report_without_options(cells: &mut Reading<'_, AttributeColumn>) {
    for column in [SWATCHES, ORDERS] {
        let found = cells.cell(column);
        if cells.stated(found).is_some() {
            let problem = format!("goes with the options of `{VALUES}`, which is empty");
            cells.note(column, Some(found), problem, Severity::Value);
        }
    }
}

/// The labels of a row for everybody. One gap would give all labels of store views to the wrong options.
fn distinct(cells: &mut Reading<'_, AttributeColumn>, text: &str, labels: Vec<String>) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    for (index, label) in labels.iter().enumerate() {
        let problem = match label.as_str() {
            "" => format!("has no label at place {}", index + 1),
            label if !seen.insert(name_key(label)) => format!("names option `{label}` twice"),
            _ => continue,
        };
        cells.note(VALUES, Some(text), problem, Severity::Value);
        return None;
    }
    Some(labels)
}

/// The labels of a row for a store view: one for each option that the row for everybody has listed; empty ones say nothing.
fn as_listed(
    cells: &mut Reading<'_, AttributeColumn>,
    text: &str,
    labels: Vec<String>,
    known: &Attribute,
) -> Option<Vec<String>> {
    let listed = known.listed();
    if labels.len() == listed {
        return Some(labels);
    }
    let problem = format!(
        "lists {}, but the row without store view code lists {listed}; they go together by their place",
        labels.len()
    );
    cells.note(VALUES, Some(text), problem, Severity::Value);
    None
}

fn swatches(cells: &mut Reading<'_, AttributeColumn>, count: usize) -> Vec<Option<Swatch>> {
    let Some(Stated::Set(text)) = cells.stated(cells.cell(SWATCHES)) else { return Vec::new() };
    let entries = cell::entries(text, cells.columns().dialect());
    let Some(entries) = cells.usable(SWATCHES, text, entries) else { return Vec::new() };
    if !goes_with_labels(cells, (SWATCHES, text), entries.len(), count) {
        return Vec::new();
    }
    let mut swatches = Vec::new();
    for entry in &entries {
        let swatch = swatch(entry);
        let taken = entry.get("type").is_some_and(|kind| kind.trim() == "2");
        if let (true, Ok(Some(Swatch::Color(color)))) = (taken, &swatch) {
            let problem = format!("has `{color}` as an image; it is taken as the colour that it is (type 1)");
            cells.note(SWATCHES, Some(text), problem, Severity::Notice);
        }
        let Some(swatch) = cells.usable(SWATCHES, text, swatch) else { return Vec::new() };
        swatches.push(swatch);
    }
    swatches
}

/// Reads one swatch; type 3 is none.
fn swatch(entry: &Pairs) -> Result<Option<Swatch>, SwatchError> {
    let kind = entry.get("type").ok_or(SwatchError::Missing("type"))?.trim();
    if kind == "3" {
        return Ok(None);
    }
    let value = entry.get("value").map(|value| value.trim()).filter(|value| !value.is_empty());
    let value = value.ok_or(SwatchError::Missing("value"))?.to_owned();
    match kind {
        "0" => Ok(Some(Swatch::Text(value))),
        "1" if is_color(&value) => Ok(Some(Swatch::Color(value.to_ascii_lowercase()))),
        "1" => Err(SwatchError::Color(value)),
        // The original's own sample files give colours this type.
        "2" if is_color(&value) => Ok(Some(Swatch::Color(value.to_ascii_lowercase()))),
        "2" => Ok(Some(Swatch::Image(value))),
        other => Err(SwatchError::Type(other.to_owned())),
    }
}

fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn orders(cells: &mut Reading<'_, AttributeColumn>, count: usize) -> Vec<Option<u32>> {
    let Some(Stated::Set(text)) = cells.stated(cells.cell(ORDERS)) else { return Vec::new() };
    let places = cell::places(text, cells.columns().dialect());
    let Some(places) = cells.usable(ORDERS, text, places) else { return Vec::new() };
    if !goes_with_labels(cells, (ORDERS, text), places.len(), count) {
        return Vec::new();
    }
    let mut orders = Vec::new();
    for place in &places {
        let order = match place.trim() {
            "" => Ok(None),
            text => text.parse::<u32>().map(Some).map_err(|_| format!("has `{text}`, which is not a place")),
        };
        let Some(order) = cells.usable(ORDERS, text, order) else { return Vec::new() };
        orders.push(order);
    }
    orders
}

/// Whether a list has as many entries as there are labels, to which they belong by their place.
fn goes_with_labels(
    cells: &mut Reading<'_, AttributeColumn>,
    (column, text): (&str, &str),
    found: usize,
    labels: usize,
) -> bool {
    if found != labels {
        let problem = format!("lists {found}, but `{VALUES}` lists {labels}; they go together by their place");
        cells.note(column, Some(text), problem, Severity::Value);
    }
    found == labels
}

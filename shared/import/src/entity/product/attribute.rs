//! Values of the attributes that only this shop has: what may be in a cell follows from the attribute's input.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::cell_place::CellPlace;
use super::change::ProductValue;
use super::parts::Variation;
use super::read::ProductReading;
use crate::cell;
use crate::dialect::Dialect;
use crate::entity::UnknownNames;
use crate::entity::attribute::{Attribute, AttributeScope};
use crate::entity::form::Form;
use crate::entity::stated::Stated;
use crate::finding::Severity;
use crate::misfit::Misfit;
use crate::nearest::UnknownName;

/// Pieces between separators that the label of one option may consist of.
const MAX_LABEL_PIECES: usize = 8;

/// Why a cell does not name options; reads as the end of a sentence that starts with the cell.
#[derive(Debug, Clone, PartialEq, Eq)]
enum OptionsError {
    Cell(cell::Error),
    /// The part of the cell that is no option.
    Unknown(String),
}

impl ProductReading<'_, '_> {
    /// Reads the value of an attribute that the shop has.
    pub(super) fn read_attribute(&mut self, place: CellPlace<'_>, stated: Stated<&str>) {
        let shop = self.cells.shop();
        let Some(attribute) = shop.attributes.get(place.name) else {
            return self.read_unknown_attribute(place, stated);
        };
        let text = match stated {
            Stated::Set(text) => text,
            Stated::Clear if attribute.is_required && self.change.store_view.is_none() => {
                let problem = format!("would remove `{}`, which every product needs", attribute.code);
                return self.cells.note(place.label, None, problem, Severity::Value);
            }
            Stated::Clear => return self.set_value(place.name, Stated::Clear),
        };
        if attribute.has_options() && self.cells.columns().unknown_names() == UnknownNames::Taken {
            return self.read_unknown_attribute(place, stated);
        }
        // What can be chosen in lists of the shop's own code, no file ever says.
        if has_known_options(attribute) {
            return self.read_options(place, attribute, text);
        }
        let unquoted = cell::unquote_whole(text);
        // Blanks around a text are part of it unless quotes say where it ends.
        let text = if matches!(unquoted, Cow::Owned(_)) { &unquoted } else { text };
        let form = form_of(attribute);
        if let Some(value) = self.cells.canonical(place.label, form, Stated::Set(text)) {
            self.set_value(place.name, value.map(ProductValue::Text));
        }
    }

    /// Reads a value of an attribute of which nothing is known but its code.
    fn read_unknown_attribute(&mut self, place: CellPlace<'_>, stated: Stated<&str>) {
        let value = match stated {
            Stated::Clear => Stated::Clear,
            Stated::Set(text) => {
                let values = cell::values(text, self.cells.columns().dialect());
                let Some(values) = self.cells.usable(place.label, text, values) else { return };
                match value_of(values) {
                    Some(value) => Stated::Set(value),
                    None => return,
                }
            }
        };
        self.set_value(place.name, value);
    }

    fn read_options(&mut self, place: CellPlace<'_>, attribute: &Attribute, text: &str) {
        let dialect = self.cells.columns().dialect();
        let labels = match options(attribute, text, dialect) {
            Ok(labels) => labels,
            Err(OptionsError::Cell(error)) => {
                self.cells.note(place.label, Some(text), error, Severity::Value);
                return;
            }
            Err(OptionsError::Unknown(_)) if self.cells.columns().unknown_names() != UnknownNames::Refused => {
                match self.new_options(attribute, text) {
                    Ok(labels) => labels,
                    Err(error) => return self.cells.note(place.label, Some(text), error, Severity::Value),
                }
            }
            Err(OptionsError::Unknown(label)) => {
                let problem = unknown_option(attribute, &label);
                return self.cells.note(place.label, Some(&label), problem, Severity::Value);
            }
        };
        if let Some(value) = value_of(labels) {
            self.set_value(place.name, Stated::Set(value));
        }
    }

    /// Takes labels that are no options yet, and notes which ones have to be created.
    fn new_options(&mut self, attribute: &Attribute, text: &str) -> Result<Vec<String>, cell::Error> {
        let dialect = self.cells.columns().dialect();
        let labels = match attribute.input == "multiselect" {
            true => cell::values(text, dialect)?,
            false => vec![cell::unquote_whole(text).into_owned()],
        };
        let mut taken = Vec::new();
        for label in labels.iter().map(|label| label.trim()).filter(|label| !label.is_empty()) {
            let known = option_label(attribute, label);
            if known.is_none() {
                let new = self.change.new_options.entry(attribute.code.clone()).or_default();
                new.insert(label.to_owned());
            }
            taken.push(known.unwrap_or(label).to_owned());
        }
        Ok(taken)
    }

    /// Checks what tells variations apart, and spells the options as the shop does. Says what is wrong.
    pub(super) fn check_variations(&mut self, variations: &mut [Variation]) -> Result<(), Misfit> {
        let shop = self.cells.shop();
        let unknown_names = self.cells.columns().unknown_names();
        for variation in variations {
            for (code, label) in variation.options.iter_mut().filter(|(_, label)| !label.is_empty()) {
                let Some(attribute) = shop.attributes.get(code) else {
                    if unknown_names == UnknownNames::Taken {
                        continue;
                    }
                    let known = shop.attributes.keys().map(String::as_str);
                    return Err(Misfit::new(format!("`{code}` {}", UnknownName::new("attribute", code, known))));
                };
                if !attribute.has_options() || attribute.input == "multiselect" {
                    return Err(Misfit::new(format!(
                        "attribute `{code}` cannot tell variations apart, because it is no dropdown"
                    )));
                }
                if attribute.scope != AttributeScope::Global {
                    return Err(Misfit::new(format!(
                        "attribute `{code}` cannot tell variations apart, because it differs by store view"
                    )));
                }
                match option_label(attribute, label) {
                    Some(known) => known.clone_into(label),
                    None if unknown_names == UnknownNames::Refused => {
                        return Err(Misfit::new(format!("`{label}` {}", unknown_option(attribute, label))));
                    }
                    None if unknown_names == UnknownNames::Taken => {}
                    None => {
                        let new = self.change.new_options.entry(attribute.code.clone()).or_default();
                        new.insert(label.clone());
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn set_value(&mut self, name: &str, value: Stated<ProductValue>) {
        self.change.values.insert(name.to_owned(), value);
    }
}

/// Says that a label is not one of the options of an attribute.
pub(super) fn unknown_option(attribute: &Attribute, label: &str) -> String {
    let known = attribute.options.iter().map(|option| option.label.as_str());
    let hint = UnknownName::new("option", label, known).hint();
    format!("is not an option of attribute `{}`{hint}", attribute.code)
}

/// The label of an option as the shop writes it.
pub(super) fn option_label<'a>(attribute: &'a Attribute, text: &str) -> Option<&'a str> {
    attribute.option(text).map(|option| option.label.as_str())
}

/// Whether the values of an attribute are known labels.
pub(super) fn has_known_options(attribute: &Attribute) -> bool {
    attribute.has_options() && (attribute.is_user_defined || !attribute.options.is_empty())
}

pub(super) fn form_of(attribute: &Attribute) -> Form {
    let kept_as = attribute.settings.get("backend_type").map(String::as_str);
    match (attribute.input.as_str(), kept_as) {
        ("boolean", _) => Form::Flag,
        ("price", _) => Form::Number,
        ("weight", _) => Form::NotNegative,
        ("date" | "datetime", _) => Form::Date,
        ("text", Some("int")) => Form::Whole,
        ("text", Some("decimal")) => Form::Number,
        ("textarea", _) | (_, Some("text")) => Form::Text,
        _ => Form::Line,
    }
}

/// The value that several labels or texts make; nothing if there are none.
fn value_of(mut values: Vec<String>) -> Option<ProductValue> {
    let mut seen = BTreeSet::new();
    values.retain(|value| !value.is_empty() && seen.insert(value.clone()));
    match values.len() {
        0 => None,
        1 => Some(ProductValue::Text(values.remove(0))),
        _ => Some(ProductValue::List(values)),
    }
}

/// Finds the options that a cell names: one, or several separated by `|` or by the separator of lists.
fn options(attribute: &Attribute, text: &str, dialect: &Dialect) -> Result<Vec<String>, OptionsError> {
    let whole = cell::unquote_whole(text);
    if let Some(label) = option_label(attribute, &whole) {
        return Ok(vec![label.to_owned()]);
    }
    if attribute.input != "multiselect" {
        return Err(OptionsError::Unknown(whole.into_owned()));
    }
    let mut labels = Vec::new();
    for part in cell::split(&whole, dialect.value_separator, &[]).map_err(OptionsError::Cell)? {
        match option_label(attribute, &cell::unquote(part)) {
            Some(label) => labels.push(label.to_owned()),
            None => labels.append(&mut options_of_list(attribute, part, dialect)?),
        }
    }
    Ok(labels)
}

/// Finds options in a list; a label may hold the separator, so the longest run of pieces that is one counts.
fn options_of_list(attribute: &Attribute, text: &str, dialect: &Dialect) -> Result<Vec<String>, OptionsError> {
    let pieces = cell::split(text, dialect.field_separator, &[]).map_err(OptionsError::Cell)?;
    let separator = dialect.field_separator.to_string();
    let mut labels = Vec::new();
    let mut rest = pieces.as_slice();
    while let Some(first) = rest.first() {
        let longest = rest.len().min(MAX_LABEL_PIECES);
        let runs = (1..=longest).rev();
        let found = runs.into_iter().find_map(|length| {
            let run = rest[..length].join(&separator);
            let label = option_label(attribute, &cell::unquote(&run))?;
            Some((length, label))
        });
        match found {
            Some((length, label)) => {
                labels.push(label.to_owned());
                rest = &rest[length..];
            }
            None if first.trim().is_empty() => rest = &rest[1..],
            None => return Err(OptionsError::Unknown(cell::unquote(first).into_owned())),
        }
    }
    Ok(labels)
}

//! What a configuration comes to for one import, ready to be used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::callback::{self, Callback};
use super::place::{ConfigurationPlace, Problem, Scope};
use super::{SHIPPED, Said, values};
use crate::dialect::Dialect;
use crate::misfit::Misfit;
use crate::name_key::name_key;
use crate::number::NumberFormat;

/// What the files of an entity are read with.
#[derive(Debug, Clone, Default)]
pub struct EntitySettings {
    /// How cells are written.
    pub dialect: Dialect,
    /// The characters of its files, if somebody says so.
    pub charset: Option<&'static Encoding>,
    /// By name of the column in files, in small letters.
    pub mappings: BTreeMap<String, Mapping>,
    /// By column.
    pub defaults: BTreeMap<String, Placed<String>>,
    /// By column.
    pub callbacks: BTreeMap<String, Placed<Arc<[Callback]>>>,
    /// Columns that are left out.
    pub left_out: BTreeMap<String, ConfigurationPlace>,
    /// By column: values that count as empty, in the form in which names compare.
    pub empty_values: BTreeMap<String, BTreeSet<String>>,
    /// By column: values whose rows are left out.
    pub left_out_rows: BTreeMap<String, Placed<BTreeSet<String>>>,
    /// Columns that count for new things only; `*` for all.
    pub only_for_new: BTreeSet<String>,
    /// Columns whose empty cells remove what is stored.
    pub clearing: BTreeSet<String>,
    /// Lists to which a row adds, rather than naming all of it.
    pub added_to: BTreeSet<ListPart>,
    /// Whether an import stops at what cannot be used.
    pub is_strict: bool,
}

/// The columns as which a column of a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Their names.
    pub targets: Vec<String>,
    /// Where it stands.
    pub place: ConfigurationPlace,
}

/// Something that a configuration says, and where.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// What it says.
    pub value: T,
    /// Where it stands.
    pub place: ConfigurationPlace,
}

/// A part of a product that is a list of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListPart {
    /// Its websites.
    Websites,
    /// Its categories.
    Categories,
    /// Its additional images.
    AdditionalImages,
    /// Related, up-sell and cross-sell products.
    Links,
    /// The variants of a configurable product.
    Variants,
}

/// The keys that say whether a row names all of a list.
const CLEAN_UPS: [(&str, ListPart); 5] = [
    ("params/clean-up-website-product-relations", ListPart::Websites),
    ("params/clean-up-category-product-relations", ListPart::Categories),
    ("params/clean-up-media-gallery", ListPart::AdditionalImages),
    ("params/clean-up-links", ListPart::Links),
    ("params/clean-up-variants", ListPart::Variants),
];

impl EntitySettings {
    /// Says whether rows are read as they are written in the file.
    #[must_use]
    pub fn changes_no_row(&self) -> bool {
        let Self { mappings, defaults, callbacks, left_out, empty_values, left_out_rows, clearing, .. } = self;
        mappings.is_empty()
            && defaults.is_empty()
            && callbacks.is_empty()
            && left_out.is_empty()
            && empty_values.is_empty()
            && left_out_rows.is_empty()
            && clearing.is_empty()
    }
}

/// What values come to. They were checked when they were read; what is damaged since counts as not said.
pub(super) fn settings(of: &[&Said]) -> EntitySettings {
    let mut settings = EntitySettings::default();
    let mut numbers = Numbers::default();
    for said in of {
        set(&mut settings, &mut numbers, said);
    }
    settings.dialect.numbers = numbers.format();
    settings
}

/// How numbers are written, while the values that say so are gathered.
#[derive(Default)]
struct Numbers {
    locale: Option<NumberFormat>,
    decimal: Option<char>,
    grouping: Option<Option<char>>,
}

impl Numbers {
    fn format(&self) -> NumberFormat {
        let base = self.locale.unwrap_or(NumberFormat::PLAIN);
        NumberFormat { decimal: self.decimal.unwrap_or(base.decimal), grouping: self.grouping.unwrap_or(base.grouping) }
    }
}

fn set(settings: &mut EntitySettings, numbers: &mut Numbers, said: &Said) {
    let Said { key, value, .. } = said;
    let dialect = &mut settings.dialect;
    match key.as_str() {
        "delimiter" => put(&mut dialect.format.delimiter, values::ascii(value)),
        "enclosure" => put(&mut dialect.format.quote, values::ascii(value)),
        "escape" => put(&mut dialect.format.escape, values::optional_ascii(value)),
        "multiple-field-delimiter" => put(&mut dialect.field_separator, values::character(value)),
        "multiple-value-delimiter" => put(&mut dialect.value_separator, values::character(value)),
        "category-delimiter" => put(&mut dialect.level_separator, values::character(value)),
        "empty-attribute-value-constant" => put(&mut dialect.empty_value, values::text(value).map(str::to_owned)),
        "date-converter/source-date-format" => put(&mut dialect.dates, values::date_formats(value)),
        "from-charset" => settings.charset = values::charset(value).ok(),
        "number-converter/locale" => {
            numbers.locale = value.as_str().and_then(|locale| callback::locale_format(locale).ok());
        }
        "number-converter/decimal-separator" => {
            numbers.decimal = value.as_str().and_then(|text| callback::separator(text).ok());
        }
        "number-converter/grouping-separator" => numbers.grouping = values::optional_separator(value).ok(),
        "strict-mode" => put(&mut settings.is_strict, values::flag(value)),
        "black-listing/columns" => {
            settings.left_out = names(value).map(|name| (name, said.place.clone())).collect();
        }
        "ignore-attribute-value-on-update" => settings.only_for_new = names(value).collect(),
        "params/clean-up-empty-columns" => settings.clearing = names(value).collect(),
        clean_up => match CLEAN_UPS.iter().find(|(name, _)| *name == clean_up) {
            Some((_, part)) if *value == Value::Bool(false) => drop(settings.added_to.insert(*part)),
            Some((_, part)) => drop(settings.added_to.remove(part)),
            None => set_entry(settings, said),
        },
    }
}

/// Sets an entry of a key that has entries.
fn set_entry(settings: &mut EntitySettings, said: &Said) {
    let Said { key, entry: Some(entry), value, place, .. } = said else { return };
    let (entry, place) = (entry.clone(), place.clone());
    match key.as_str() {
        "header-mappings" => {
            let targets = values::targets(value).unwrap_or_default().into_iter().map(values::column).collect();
            settings.mappings.insert(entry, Mapping { targets, place });
        }
        "default-values" => {
            if let Ok(text) = values::text(value) {
                settings.defaults.insert(entry, Placed { value: text.to_owned(), place });
            }
        }
        "callbacks" => {
            if let Ok(callbacks) = values::callbacks(value) {
                settings.callbacks.insert(entry, Placed { value: callbacks.into(), place });
            }
        }
        "black-listing/values" => {
            settings.empty_values.insert(entry, keys_of(value));
        }
        "black-listing/rows" => {
            settings.left_out_rows.insert(entry, Placed { value: keys_of(value), place });
        }
        _ => {}
    }
}

fn put<T>(to: &mut T, value: Result<T, Misfit>) {
    if let Ok(value) = value {
        *to = value;
    }
}

fn names(value: &Value) -> impl Iterator<Item = String> {
    values::texts(value).unwrap_or_default().into_iter().map(values::column).collect::<Vec<_>>().into_iter()
}

fn keys_of(value: &Value) -> BTreeSet<String> {
    values::texts(value).unwrap_or_default().into_iter().map(name_key).collect()
}

/// What contradicts itself in what holds for an import.
pub(super) fn contradictions(of: &[&Said]) -> Vec<Problem> {
    let EntitySettings { dialect, .. } = settings(of);
    let quote = char::from(dialect.format.quote);
    let of_cells = [
        ("multiple-field-delimiter", dialect.field_separator),
        ("multiple-value-delimiter", dialect.value_separator),
        ("category-delimiter", dialect.level_separator),
    ];
    let mut pairs = vec![
        (["delimiter", "enclosure"], char::from(dialect.format.delimiter) == quote),
        (["escape", "delimiter"], dialect.format.escape == Some(dialect.format.delimiter)),
        (
            ["number-converter/decimal-separator", "number-converter/grouping-separator"],
            dialect.numbers.grouping == Some(dialect.numbers.decimal),
        ),
    ];
    for (index, (name, separator)) in of_cells.into_iter().enumerate() {
        for (other, of_other) in of_cells.into_iter().skip(index + 1) {
            pairs.push(([name, other], separator == of_other));
        }
        // A pair is `code=value`, and a quote encloses parts of cells.
        pairs.push(([name, name], ['=', '"'].contains(&separator)));
    }
    let clashing = pairs.into_iter().filter(|(_, is_clash)| *is_clash);
    clashing.filter_map(|(keys, _)| clash(of, keys)).collect()
}

/// Tells of two keys that contradict each other, at the narrower of them.
fn clash(of: &[&Said], keys: [&str; 2]) -> Option<Problem> {
    let locale = keys[0].starts_with("number-converter").then_some("number-converter/locale");
    let concerned = |said: &&&Said| keys.contains(&said.key.as_str()) || locale == Some(said.key.as_str());
    let said: Vec<&&Said> = of.iter().filter(concerned).collect();
    let narrowest =
        said.iter().max_by_key(|said| (&said.scope, said.place.file != SHIPPED, keys.contains(&said.key.as_str())))?;
    let text = match keys {
        [one, other] if one == other => {
            format!("`{one}` separates nothing: `=` and `\"` have a meaning of their own in cells")
        }
        [one, other] => format!("`{one}` and `{other}` are the same character, so nobody can tell them apart"),
    };
    // Only imports for which both hold.
    let scope = said.iter().fold(Scope::default(), |scope, said| scope.within(&said.scope));
    Some(Problem { place: narrowest.place.clone(), scope, text })
}

//! The file in which people tell which shop it is: YAML or JSON, one entry a thing.
//!
//! A part that the file has is told as a whole: what is not in it is not in the shop. A part that it lacks stays as it is.
//! What every shop has (attributes and sets of Magento's own, the root category) need not be told; a shop that lacks some
//! of it says so under `without`.
//!
//! What is wrong is told with line and pointer, all of it at once.
//!
//! **Invariant:** what is written of a shop reads back as the same shop.

mod check;
mod document;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ShopBasics, ShopFacts, Source, Stock, StoreView, TaxClass, Website};
use crate::category_path::CategoryPath;
use crate::entity::attribute::thing::Attribute;
use crate::entity::attribute_set::thing::AttributeSet;
use crate::entity::category::thing::Category;
use crate::entity::entity_type::EntityType;
use crate::nearest::UnknownName;
use document::Document;

/// Most problems that are told of one file.
const MAX_PROBLEMS: usize = 100;

/// A file, read and checked for itself. Whether it fits what it leaves out shows in [`ShopFile::over`].
#[derive(Debug, Clone, Default)]
pub struct ShopFile {
    told: Told,
    document: Document,
}

/// What a file tells. Whatever is none is not told and stays as it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
struct Told {
    websites: Option<Vec<Website>>,
    store_views: Option<Vec<StoreView>>,
    customer_groups: Option<Vec<String>>,
    tax_classes: Option<Vec<TaxClass>>,
    sources: Option<Vec<Source>>,
    stocks: Option<Vec<Stock>>,
    currency: Option<String>,
    has_website_prices: Option<bool>,
    download_hosts: Option<Vec<String>>,
    attribute_sets: Option<Vec<AttributeSet>>,
    attributes: Option<Vec<Attribute>>,
    categories: Option<Vec<Category>>,
    #[serde(skip_serializing_if = "Without::is_nothing")]
    without: Without,
}

/// What every shop has and this one does not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Without {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attribute_sets: Vec<NamedSet>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<NamedAttribute>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<CategoryPath>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedSet {
    name: String,
    #[serde(default, skip_serializing_if = "EntityType::is_product")]
    entity_type: EntityType,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedAttribute {
    code: String,
    #[serde(default, skip_serializing_if = "EntityType::is_product")]
    entity_type: EntityType,
}

/// Something wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblem {
    /// The line, from 1.
    pub line: Option<u64>,
    /// Where in the file, as a JSON pointer: `/store_views/2/website`.
    pub pointer: String,
    /// What was found and what was expected.
    pub problem: String,
}

/// Everything that is wrong with a file, by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadShopFile {
    /// Its name.
    pub file: String,
    /// What is wrong with it.
    pub problems: Vec<FileProblem>,
}

impl ShopFile {
    /// Reads a file in YAML or JSON.
    ///
    /// # Errors
    /// Says everything that is wrong with the text.
    pub fn read(file: &str, text: &str) -> Result<Self, BadShopFile> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let bad = |problems| BadShopFile::new(file, problems);
        let document = Document::read(text).map_err(|problem| bad(vec![problem]))?;
        let mut reading = Reading { document: &document, problems: Vec::new() };
        let told = reading.told();
        if reading.problems.is_empty() {
            return Ok(Self { told, document });
        }
        Err(bad(reading.problems))
    }

    /// Returns the shop as it will be: what the file tells, over what it leaves as it is.
    ///
    /// # Errors
    /// Says everything in the file that does not fit together: names of what is not there, things that are there twice.
    pub fn over(&self, file: &str, shop: &ShopFacts) -> Result<ShopFacts, BadShopFile> {
        let desired = self.laid_over(shop);
        let problems = check::problems(&self.told, &self.document, &desired);
        if problems.is_empty() { Ok(desired) } else { Err(BadShopFile::new(file, problems)) }
    }

    fn laid_over(&self, shop: &ShopFacts) -> ShopFacts {
        let Told { websites, store_views, customer_groups, tax_classes, sources, stocks, .. } = self.told.clone();
        let Told { currency, has_website_prices, download_hosts, without, .. } = self.told.clone();
        let known = shop.basics.clone();
        let basics = ShopBasics {
            websites: websites.unwrap_or(known.websites),
            store_views: store_views.unwrap_or(known.store_views),
            customer_groups: customer_groups.unwrap_or(known.customer_groups),
            tax_classes: tax_classes.unwrap_or(known.tax_classes),
            sources: sources.unwrap_or(known.sources),
            stocks: stocks.unwrap_or(known.stocks),
            currency: currency.unwrap_or(known.currency),
            has_website_prices: has_website_prices.unwrap_or(known.has_website_prices),
            download_hosts: download_hosts.unwrap_or(known.download_hosts),
        };
        let plain = ShopFacts::plain();
        let by_key = |set: &AttributeSet| set.entity_type.key(&set.name);
        let mut sets =
            complete(self.told.attribute_sets.as_deref(), (&shop.attribute_sets, plain.attribute_sets), by_key);
        let by_key = |attribute: &Attribute| attribute.entity_type.key(&attribute.code);
        let mut attributes = complete(self.told.attributes.as_deref(), (&shop.attributes, plain.attributes), by_key);
        let by_key = |category: &Category| category.path.key();
        let mut categories = complete(self.told.categories.as_deref(), (&shop.categories, plain.categories), by_key);
        sets.retain(|key, _| !without.attribute_sets.iter().any(|set| set.entity_type.key(&set.name) == *key));
        attributes.retain(|key, _| !without.attributes.iter().any(|named| named.entity_type.key(&named.code) == *key));
        categories.retain(|key, _| !without.categories.iter().any(|path| path.key() == *key));
        ShopFacts { basics, attribute_sets: sets, attributes, categories, is_told: true }
    }
}

impl ShopFacts {
    /// Writes the shop as YAML.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        yaml::from_json(&self.to_json())
    }

    /// Writes the shop as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(&self.told()).expect("a shop has text keys only");
        json.push('\n');
        json
    }

    fn told(&self) -> Told {
        let basics = self.basics.clone();
        let plain = Self::plain();
        let sets = plain.attribute_sets.into_iter().filter(|(key, _)| !self.attribute_sets.contains_key(key));
        let attributes = plain.attributes.into_iter().filter(|(key, _)| !self.attributes.contains_key(key));
        let categories = plain.categories.into_iter().filter(|(key, _)| !self.categories.contains_key(key));
        Told {
            websites: Some(basics.websites),
            store_views: Some(basics.store_views),
            customer_groups: Some(basics.customer_groups),
            tax_classes: Some(basics.tax_classes),
            sources: Some(basics.sources),
            stocks: Some(basics.stocks),
            currency: Some(basics.currency),
            has_website_prices: Some(basics.has_website_prices),
            download_hosts: Some(basics.download_hosts),
            attribute_sets: Some(self.attribute_sets.values().cloned().collect()),
            attributes: Some(self.attributes.values().cloned().collect()),
            categories: Some(self.categories.values().cloned().collect()),
            without: Without {
                attribute_sets: sets
                    .map(|(_, set)| NamedSet { name: set.name, entity_type: set.entity_type })
                    .collect(),
                attributes: attributes
                    .map(|(_, attribute)| NamedAttribute { code: attribute.code, entity_type: attribute.entity_type })
                    .collect(),
                categories: categories.map(|(_, category)| category.path).collect(),
            },
        }
    }
}

impl Without {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// The things that a file tells and those that every shop has; what was there if it tells none.
fn complete<T: Clone>(
    told: Option<&[T]>,
    (known, plain): (&BTreeMap<String, T>, BTreeMap<String, T>),
    key: impl Fn(&T) -> String,
) -> BTreeMap<String, T> {
    let Some(told) = told else { return known.clone() };
    let mut all = plain;
    for thing in told {
        all.insert(key(thing), thing.clone());
    }
    all
}

/// A document while it is taken apart.
struct Reading<'d> {
    document: &'d Document,
    problems: Vec<FileProblem>,
}

impl Reading<'_> {
    const PARTS: [&'static str; 13] = [
        "websites",
        "store_views",
        "customer_groups",
        "tax_classes",
        "sources",
        "stocks",
        "currency",
        "has_website_prices",
        "download_hosts",
        "attribute_sets",
        "attributes",
        "categories",
        "without",
    ];

    fn told(&mut self) -> Told {
        let Value::Object(parts) = &self.document.value else {
            let parts = Self::PARTS.join("`, `");
            let problem = format!("holds {}; expected some of `{parts}`", kind_of(&self.document.value));
            self.problems.push(self.document.problem("", problem));
            return Told::default();
        };
        for name in parts.keys().filter(|name| !Self::PARTS.contains(&name.as_str())) {
            let hint = UnknownName::new("part", name, Self::PARTS.into_iter()).hint();
            let hint =
                if hint.is_empty() { format!(" (expected some of `{}`)", Self::PARTS.join("`, `")) } else { hint };
            let pointer = format!("/{}", document::escaped(name));
            self.problems.push(self.document.problem(&pointer, format!("`{name}` is no part of a shop{hint}")));
        }
        Told {
            websites: self.list("websites"),
            store_views: self.list("store_views"),
            customer_groups: self.list("customer_groups"),
            tax_classes: self.list("tax_classes"),
            sources: self.list("sources"),
            stocks: self.list("stocks"),
            currency: self.one("currency"),
            has_website_prices: self.one("has_website_prices"),
            download_hosts: self.list("download_hosts"),
            attribute_sets: self.list("attribute_sets"),
            attributes: self.list("attributes"),
            categories: self.list("categories"),
            without: self.one("without").unwrap_or_default(),
        }
    }

    fn one<T: DeserializeOwned>(&mut self, part: &str) -> Option<T> {
        let value = self.document.value.get(part)?;
        self.read(&format!("/{part}"), value)
    }

    /// Reads a part entry by entry, so that each that is wrong is told.
    fn list<T: DeserializeOwned>(&mut self, part: &str) -> Option<Vec<T>> {
        let value = self.document.value.get(part)?;
        let pointer = format!("/{part}");
        let Value::Array(entries) = value else {
            let problem = format!("is {}; expected a list", kind_of(value));
            self.problems.push(self.document.problem(&pointer, problem));
            return None;
        };
        let read = (0..).zip(entries).filter_map(|(index, entry)| self.read(&format!("{pointer}/{index}"), entry));
        Some(read.collect())
    }

    fn read<T: DeserializeOwned>(&mut self, pointer: &str, value: &Value) -> Option<T> {
        match serde_path_to_error::deserialize(value) {
            Ok(read) => Some(read),
            Err(error) => {
                let pointer = format!("{pointer}{}", pointer_of(error.path()));
                let problem = in_our_words(&error.into_inner().to_string());
                self.problems.push(self.document.problem(&pointer, problem));
                None
            }
        }
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", document::escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(segment).collect()
}

/// Adds to what serde says the name that may have been meant, and what helps if a text looks like something else.
fn in_our_words(problem: &str) -> String {
    let quoted: Vec<&str> = problem.split('`').skip(1).step_by(2).collect();
    let mut names = quoted.into_iter();
    let is_unknown = problem.starts_with("unknown field") || problem.starts_with("unknown variant");
    if let (true, Some(found)) = (is_unknown, names.next()) {
        let known: Vec<&str> = names.collect();
        let hint = UnknownName::new("name", found, known.iter().copied()).hint();
        let hint = if hint.is_empty() { format!(" (known: `{}`)", known.join("`, `")) } else { hint };
        return format!("`{found}` is not known here{hint}");
    }
    if problem.ends_with("expected a string") {
        return format!("{problem}; put it in quotes if it is a text");
    }
    problem.to_owned()
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

impl BadShopFile {
    fn new(file: &str, mut problems: Vec<FileProblem>) -> Self {
        problems.sort_by(|one, other| (one.line, &one.pointer).cmp(&(other.line, &other.pointer)));
        Self { file: file.to_owned(), problems }
    }
}

impl fmt::Display for BadShopFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, FileProblem { line, pointer, problem }) in self.problems.iter().take(MAX_PROBLEMS).enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            f.write_str(&self.file)?;
            if let Some(line) = line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
            if !pointer.is_empty() {
                write!(f, "{pointer}: ")?;
            }
            f.write_str(problem)?;
        }
        match self.problems.len().saturating_sub(MAX_PROBLEMS) {
            0 => Ok(()),
            more => write!(f, "\n… and {more} more"),
        }
    }
}

impl std::error::Error for BadShopFile {}

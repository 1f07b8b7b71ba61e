use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::kind::Relation;
use super::parts::{
    AdditionalImage, AssociatedProduct, CategoryLink, Link, LinkType, SourceItem, TierPrice, Variation,
};
use super::read::ProductReading;
use crate::category_path::{CategoryPath, CategoryPathError};
use crate::cell::{self, Pairs};
use crate::dialect::Dialect;
use crate::entity::stated::Stated;
use crate::finding::Severity;
use crate::number;

/// Why a cell cannot be read as what it relates to; reads as the end of a sentence that starts with the cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum RelationError {
    #[error(transparent)]
    Cell(#[from] cell::Error),
    #[error(transparent)]
    Path(#[from] CategoryPathError),
    #[error("has no `{key}` in entry {number}")]
    MissingKey { key: &'static str, number: usize },
    #[error("has neither `{}` nor `{}` as `{key}` in entry {number}", words[0], words[1])]
    Neither { words: [&'static str; 2], key: &'static str, number: usize },
    #[error("has no attribute that tells variation `{sku}` apart")]
    NoAttribute { sku: String },
    #[error("gives variations `{first}` and `{second}` different attributes")]
    DifferentAttributes { first: String, second: String },
    #[error("holds `{text}`, which is not a number")]
    NotANumber { text: String },
    #[error("goes with positions of which `{text}` is none")]
    NotAPosition { text: String },
}

impl ProductReading<'_, '_> {
    /// Reads a column that says how the product relates to other things: lists, pairs, lists of pairs.
    pub(super) fn read_relation(&mut self, column: &str, relation: Relation, stated: Stated<&str>) {
        match relation {
            Relation::Websites => self.change.websites = self.list(column, stated),
            Relation::Categories => {
                let positions = self.cells.cell("categories_position");
                self.change.categories =
                    self.read_list(column, stated, |text, dialect| categories(text, positions, dialect));
            }
            Relation::Links(link_type) => self.read_links(column, link_type, stated),
            Relation::AssociatedSkus => {
                let positions = self.cells.cell("associated_position");
                self.change.associated =
                    self.read_list(column, stated, |text, dialect| associated(text, positions, dialect));
            }
            Relation::Variations => self.read_variations(column, stated),
            Relation::VariationLabels => self.change.variation_labels = self.read_list(column, stated, pairs),
            Relation::VariationPositions => self.change.variation_positions = self.read_list(column, stated, pairs),
            Relation::BundleValues => self.change.bundle_values = self.read_list(column, stated, bundle_values),
            Relation::BundlePositions => self.change.bundle_positions = self.read_list(column, stated, pairs),
            Relation::TierPrices => self.change.tier_prices = self.read_list(column, stated, tier_prices),
            Relation::SourceItems => self.change.source_items = self.read_list(column, stated, source_items),
            Relation::DownloadableLinks => {
                self.change.downloadable_links = self.read_list(column, stated, downloadables)
            }
            Relation::DownloadableSamples => {
                self.change.downloadable_samples = self.read_list(column, stated, downloadables)
            }
        }
    }

    pub(super) fn list(&mut self, column: &str, stated: Stated<&str>) -> Option<Stated<Vec<String>>> {
        self.read_list(column, stated, |text, dialect| Ok(cell::list(text, dialect)?))
    }

    pub(super) fn read_custom_options(&mut self, column: &str, stated: Stated<&str>) {
        self.change.custom_options = self.read_list(column, stated, custom_options);
    }

    pub(super) fn read_additional_images(&mut self, column: &str, stated: Stated<&str>) {
        let [labels, positions, disabled, hidden] =
            ["additional_image_labels", "additional_image_positions", "additional_image_disabled", "disabled_images"]
                .map(|name| self.cells.cell(name));
        let disabled = if disabled.trim().is_empty() { hidden } else { disabled };
        self.change.additional_images = self.read_list(column, stated, |text, dialect| {
            let labels = cell::places(labels, dialect)?;
            let positions = positions_in(positions, dialect)?;
            let disabled: HashSet<String> = cell::list(disabled, dialect)?.into_iter().collect();
            let paths = cell::places(text, dialect)?;
            let images = paths.into_iter().enumerate().filter(|(_, path)| !path.is_empty());
            Ok(images
                .map(|(index, path)| AdditionalImage {
                    label: labels.get(index).cloned().unwrap_or_default(),
                    position: positions.get(index).copied().flatten(),
                    is_disabled: disabled.contains(&path),
                    path,
                })
                .collect())
        });
    }

    fn read_variations(&mut self, column: &str, stated: Stated<&str>) {
        self.change.variations = self.read_list(column, stated, variations);
        let Some(Stated::Set(variations)) = &self.change.variations else { return };
        let mut seen = BTreeMap::new();
        let twins = variations.iter().find_map(|variation| {
            let earlier = seen.insert(&variation.options, &variation.sku)?;
            Some(format!("variations `{earlier}` and `{}` have the same options", variation.sku))
        });
        if let Some(problem) = twins {
            self.cells.note(column, None, problem, Severity::Notice);
        }
    }

    fn read_links(&mut self, column: &str, link_type: LinkType, stated: Stated<&str>) {
        let positions = match link_type {
            LinkType::Related => "related_position",
            LinkType::Crosssell => "crosssell_position",
            LinkType::Upsell => "upsell_position",
        };
        let positions = self.cells.cell(positions);
        let links = self.read_list(column, stated, |text, dialect| {
            let positions = positions_in(positions, dialect)?;
            let skus = cell::places(text, dialect)?;
            let links = skus.into_iter().enumerate().filter(|(_, sku)| !sku.is_empty());
            Ok(links.map(|(index, sku)| Link { sku, position: position_at(&positions, index) }).collect())
        });
        if let Some(links) = links {
            self.change.links.insert(link_type, links);
        }
    }

    fn read_list<T>(
        &mut self,
        column: &str,
        stated: Stated<&str>,
        read: impl FnOnce(&str, &Dialect) -> Result<T, RelationError>,
    ) -> Option<Stated<T>> {
        match stated {
            Stated::Clear => Some(Stated::Clear),
            Stated::Set(text) => {
                let value = read(text, self.cells.columns().dialect());
                self.cells.usable(column, text, value).map(Stated::Set)
            }
        }
    }
}

fn pairs(text: &str, dialect: &Dialect) -> Result<Pairs, RelationError> {
    Ok(cell::pairs(text, dialect)?)
}

fn categories(text: &str, positions: &str, dialect: &Dialect) -> Result<Vec<CategoryLink>, RelationError> {
    let positions = positions_in(positions, dialect)?;
    let mut seen = BTreeSet::new();
    let mut links = Vec::new();
    for (index, path) in cell::paths(text, dialect)?.into_iter().enumerate() {
        let path = CategoryPath::parse(&path, dialect.level_separator)?;
        if seen.insert(path.clone()) {
            let position = positions.get(index).copied().flatten();
            links.push(CategoryLink { path, position });
        }
    }
    Ok(links)
}

fn associated(text: &str, positions: &str, dialect: &Dialect) -> Result<Vec<AssociatedProduct>, RelationError> {
    let positions = positions_in(positions, dialect)?;
    let mut products = Vec::new();
    for entry in cell::list(text, dialect)? {
        let (sku, quantity) = entry.rsplit_once('=').unwrap_or((&entry, "0"));
        products.push(AssociatedProduct {
            sku: sku.trim().to_owned(),
            quantity: amount(quantity)?,
            position: position_at(&positions, products.len()),
        });
    }
    Ok(products)
}

fn variations(text: &str, dialect: &Dialect) -> Result<Vec<Variation>, RelationError> {
    let mut variations: Vec<Variation> = Vec::new();
    for (number, mut options) in numbered_entries(text, dialect)? {
        let sku = options.remove("sku").filter(|sku| !sku.is_empty());
        let sku = sku.ok_or(RelationError::MissingKey { key: "sku", number })?;
        if options.is_empty() {
            return Err(RelationError::NoAttribute { sku });
        }
        if let Some(first) = variations.first().filter(|first| !first.options.keys().eq(options.keys())) {
            return Err(RelationError::DifferentAttributes { first: first.sku.clone(), second: sku });
        }
        variations.push(Variation { sku, options });
    }
    Ok(variations)
}

fn bundle_values(text: &str, dialect: &Dialect) -> Result<Vec<Pairs>, RelationError> {
    let mut selections = Vec::new();
    for (number, mut selection) in numbered_entries(text, dialect)? {
        require(&selection, number, &["name", "sku"])?;
        for key in ["price", "default_qty"] {
            if let Some(value) = selection.get_mut(key).filter(|value| !value.is_empty()) {
                *value = amount(value)?;
            }
        }
        selections.push(selection);
    }
    Ok(selections)
}

fn tier_prices(text: &str, dialect: &Dialect) -> Result<Vec<TierPrice>, RelationError> {
    let mut prices = Vec::new();
    for (number, entry) in numbered_entries(text, dialect)? {
        require(&entry, number, &["qty", "price"])?;
        let text = |key: &str, default: &str| {
            entry.get(key).filter(|text| !text.is_empty()).map_or(default, |text| text).to_owned()
        };
        let value_type = match text("value_type", "Fixed").to_ascii_lowercase().as_str() {
            "fixed" => "Fixed",
            "discount" => "Discount",
            _ => return Err(RelationError::Neither { words: ["Fixed", "Discount"], key: "value_type", number }),
        };
        prices.push(TierPrice {
            quantity: amount(&text("qty", ""))?,
            price: amount(&text("price", ""))?,
            value_type: value_type.to_owned(),
            website: text("website", "All Websites"),
            customer_group: text("customer_group", "ALL GROUPS"),
        });
    }
    Ok(prices)
}

fn source_items(text: &str, dialect: &Dialect) -> Result<Vec<SourceItem>, RelationError> {
    let mut items = Vec::new();
    for (number, entry) in numbered_entries(text, dialect)? {
        require(&entry, number, &["source_code", "quantity"])?;
        let status = entry.get("status").map_or("1", String::as_str);
        if !["0", "1"].contains(&status) {
            return Err(RelationError::Neither { words: ["1", "0"], key: "status", number });
        }
        items.push(SourceItem {
            source: entry["source_code"].clone(),
            quantity: amount(&entry["quantity"])?,
            status: status.to_owned(),
        });
    }
    Ok(items)
}

fn downloadables(text: &str, dialect: &Dialect) -> Result<Vec<Pairs>, RelationError> {
    required_entries(text, dialect, &["title"])
}

fn custom_options(text: &str, dialect: &Dialect) -> Result<Vec<Pairs>, RelationError> {
    required_entries(text, dialect, &["name", "type"])
}

fn required_entries(text: &str, dialect: &Dialect, keys: &[&'static str]) -> Result<Vec<Pairs>, RelationError> {
    let mut entries = Vec::new();
    for (number, entry) in numbered_entries(text, dialect)? {
        require(&entry, number, keys)?;
        entries.push(entry);
    }
    Ok(entries)
}

fn numbered_entries(text: &str, dialect: &Dialect) -> Result<impl Iterator<Item = (usize, Pairs)>, RelationError> {
    let entries = cell::entries(text, dialect)?;
    Ok((1..).zip(entries))
}

fn require(entry: &Pairs, number: usize, keys: &[&'static str]) -> Result<(), RelationError> {
    let is_there = |key: &str| entry.get(key).is_some_and(|value| !value.is_empty());
    match keys.iter().find(|key| !is_there(key)) {
        Some(key) => Err(RelationError::MissingKey { key, number }),
        None => Ok(()),
    }
}

fn amount(text: &str) -> Result<String, RelationError> {
    number::canonical(text).ok_or_else(|| RelationError::NotANumber { text: text.to_owned() })
}

/// Reads positions that stand beside a list; an empty one is none.
fn positions_in(text: &str, dialect: &Dialect) -> Result<Vec<Option<u32>>, RelationError> {
    if text.trim().is_empty() || text.trim() == dialect.empty_value {
        return Ok(Vec::new());
    }
    let position = |text: String| match text.as_str() {
        "" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| RelationError::NotAPosition { text: digits.to_owned() }),
    };
    cell::places(text, dialect)?.into_iter().map(position).collect()
}

/// The position given for an entry of a list, or its place in the list, from 1 on.
fn position_at(positions: &[Option<u32>], index: usize) -> u32 {
    let running = u32::try_from(index + 1).unwrap_or(u32::MAX);
    positions.get(index).copied().flatten().unwrap_or(running)
}

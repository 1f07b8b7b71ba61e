use std::collections::{BTreeMap, BTreeSet};

use super::cell_place::CellPlace;
use super::image_path::ImagePathError;
use super::kind::Relation;
use super::parts::{AssociatedProduct, CategoryLink, Link, LinkType, SourceItem, TierPrice, Variation};
use super::read::ProductReading;
use crate::category_path::{CategoryPath, CategoryPathError};
use crate::cell::{self, Pairs};
use crate::dialect::Dialect;
use crate::entity::stated::Stated;
use crate::finding::Severity;
use crate::name_key::name_key;
use crate::number;
use crate::shop::ShopFacts;

/// What a customer may be asked for.
const OPTION_TYPES: [&str; 10] =
    ["field", "area", "file", "drop_down", "radio", "checkbox", "multiple", "date", "date_time", "time"];

/// Characters of a category path; a shop makes an address of it that has no more.
const MAX_PATH_CHARS: usize = 255;

/// Digits behind a comma that may be those of a decimal number.
const MAX_FRACTION_CHARS: usize = 4;

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
    #[error("holds `{text}`; several of them are separated by `{separator}`")]
    ForeignSeparator { text: char, separator: char },
    #[error("holds `{number}` where a sku is expected; is the comma before it that of a decimal number?")]
    DecimalComma { number: String },
    #[error("has `{text}` as `{key}` in entry {number} (expected {expected})")]
    Unusable { text: String, key: &'static str, number: usize, expected: &'static str },
    #[error("holds a path of more than {MAX_PATH_CHARS} characters")]
    LongPath,
    #[error("names `{sku}` twice")]
    Twice { sku: String },
    #[error("holds `{path}`, which {problem}")]
    Image { path: String, problem: ImagePathError },
    #[error("goes with positions of which `{text}` is none")]
    NotAPosition { text: String },
}

impl ProductReading<'_, '_> {
    /// Reads a column that says how the product relates to other things: lists, pairs, lists of pairs.
    pub(super) fn read_relation(&mut self, relation: Relation, place: CellPlace<'_>, stated: Stated<&str>) {
        let column = place.label;
        match relation {
            Relation::Websites => self.read_websites(place, stated),
            Relation::Categories => {
                let positions = self.cells.cell("categories_position");
                let shop = self.cells.shop();
                self.change.categories =
                    self.read_list(column, stated, |text, dialect| categories(text, positions, (dialect, shop)));
            }
            Relation::Links(link_type) => self.read_links(column, link_type, stated),
            Relation::AssociatedSkus => {
                let positions = self.cells.cell("associated_position");
                let members = self.read_list(column, stated, |text, dialect| associated(text, positions, dialect));
                if let Some(Stated::Set(members)) = &members {
                    let own = name_key(&self.change.sku);
                    self.question_own_sku(column, members.iter().any(|member| name_key(&member.sku) == own));
                }
                self.change.associated = members;
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

    fn read_variations(&mut self, column: &str, stated: Stated<&str>) {
        let mut stated = self.read_list(column, stated, variations);
        if let Some(Stated::Set(variations)) = &mut stated
            && let Err(problem) = self.check_variations(variations)
        {
            return self.cells.note(column, None, problem, Severity::Value);
        }
        self.change.variations = stated;
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

    /// Says that a product names itself, which leads nowhere.
    fn question_own_sku(&mut self, column: &str, is_named: bool) {
        if is_named {
            self.cells.note(column, None, "names the product of the row itself", Severity::Notice);
        }
    }

    fn read_links(&mut self, column: &str, link_type: LinkType, stated: Stated<&str>) {
        let positions = match link_type {
            LinkType::Related => "related_position",
            LinkType::Crosssell => "crosssell_position",
            LinkType::Upsell => "upsell_position",
        };
        let positions = self.cells.cell(positions);
        let links: Option<Stated<Vec<Link>>> = self.read_list(column, stated, |text, dialect| {
            let positions = positions_in(positions, dialect)?;
            let skus = cell::places(text, dialect)?;
            let links = skus.into_iter().enumerate().filter(|(_, sku)| !sku.is_empty());
            Ok(links.map(|(index, sku)| Link { sku, position: position_at(&positions, index) }).collect())
        });
        if let Some(links) = links {
            if let Stated::Set(others) = &links {
                let own = name_key(&self.change.sku);
                self.question_own_sku(column, others.iter().any(|link| name_key(&link.sku) == own));
            }
            self.change.links.insert(link_type, links);
        }
    }

    pub(super) fn read_list<T>(
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

fn categories(
    text: &str,
    positions: &str,
    (dialect, shop): (&Dialect, &ShopFacts),
) -> Result<Vec<CategoryLink>, RelationError> {
    let positions = positions_in(positions, dialect)?;
    let mut seen = BTreeSet::new();
    let mut links = Vec::new();
    for (index, path) in cell::paths(text, dialect)?.into_iter().enumerate() {
        let path = known_spelling(CategoryPath::parse(&path, dialect.level_separator)?, shop);
        if path.to_string().chars().count() > MAX_PATH_CHARS {
            return Err(RelationError::LongPath);
        }
        check_is_one_category(&path, dialect, shop)?;
        if seen.insert(path.key()) {
            let position = positions.get(index).copied().flatten();
            links.push(CategoryLink { path, position });
        }
    }
    Ok(links)
}

/// Spells a path as the shop spells it, as far down as the shop has it.
fn known_spelling(path: CategoryPath, shop: &ShopFacts) -> CategoryPath {
    let mut above = Some(path.clone());
    while let Some(place) = above {
        if let Some(known) = shop.categories.get(&place.key()) {
            return path.spelled_like(&known.path);
        }
        above = place.parent();
    }
    path
}

/// Refuses a path in which another one begins behind a character that separates lists elsewhere.
fn check_is_one_category(path: &CategoryPath, dialect: &Dialect, shop: &ShopFacts) -> Result<(), RelationError> {
    let root = name_key(&path.levels()[0]);
    for level in path.levels() {
        for (index, found) in level.match_indices([';', '|']) {
            let rest = name_key(&level[index + found.len()..]);
            if rest == root || root.starts_with(&format!("{rest}{found}")) || shop.categories.contains_key(&rest) {
                let text = found.chars().next().unwrap_or_default();
                return Err(RelationError::ForeignSeparator { text, separator: dialect.field_separator });
            }
        }
    }
    Ok(())
}

fn associated(text: &str, positions: &str, dialect: &Dialect) -> Result<Vec<AssociatedProduct>, RelationError> {
    let positions = positions_in(positions, dialect)?;
    let mut products: Vec<AssociatedProduct> = Vec::new();
    let mut has_quantity = false;
    for (index, entry) in cell::list(text, dialect)?.into_iter().enumerate() {
        // `A=1,5` is read as product `A` and product `5`.
        if has_quantity && entry.len() <= MAX_FRACTION_CHARS && entry.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RelationError::DecimalComma { number: entry });
        }
        has_quantity = entry.contains('=');
        let (sku, quantity) = entry.rsplit_once('=').unwrap_or((&entry, "0"));
        if let Some(foreign) = sku.chars().find(|found| [';', '|'].contains(found)).filter(|_| sku.contains('=')) {
            return Err(RelationError::ForeignSeparator { text: foreign, separator: dialect.field_separator });
        }
        let quantity = if quantity.trim().is_empty() { "0".to_owned() } else { amount(quantity)? };
        let product =
            AssociatedProduct { sku: sku.trim().to_owned(), quantity, position: position_at(&positions, index) };
        let key = name_key(&product.sku);
        products.retain(|earlier| name_key(&earlier.sku) != key);
        products.push(product);
    }
    Ok(products)
}

fn variations(text: &str, dialect: &Dialect) -> Result<Vec<Variation>, RelationError> {
    let mut variations: Vec<Variation> = Vec::new();
    for (number, mut options) in numbered_entries(text, dialect)? {
        options = options.into_iter().map(|(code, label)| (code.to_lowercase(), label)).collect();
        let sku = options.remove("sku").filter(|sku| !sku.is_empty());
        let sku = sku.ok_or(RelationError::MissingKey { key: "sku", number })?;
        if options.is_empty() {
            return Err(RelationError::NoAttribute { sku });
        }
        if let Some(first) = variations.first().filter(|first| !first.options.keys().eq(options.keys())) {
            return Err(RelationError::DifferentAttributes { first: first.sku.clone(), second: sku });
        }
        if variations.iter().any(|earlier| name_key(&earlier.sku) == name_key(&sku)) {
            return Err(RelationError::Twice { sku });
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
    let options = required_entries(text, dialect, &["name", "type"])?;
    for (number, option) in (1..).zip(&options) {
        check_custom_option(option, number)?;
    }
    Ok(options)
}

fn check_custom_option(option: &Pairs, number: usize) -> Result<(), RelationError> {
    let unusable = |key: &'static str, expected| {
        let text = option.get(key).cloned().unwrap_or_default();
        RelationError::Unusable { text, key, number, expected }
    };
    let stated = |key: &str| option.get(key).filter(|text| !text.is_empty());
    if stated("type").is_none_or(|found| !OPTION_TYPES.contains(&found.to_lowercase().as_str())) {
        return Err(unusable(
            "type",
            "`field`, `area`, `file`, `drop_down`, `radio`, `checkbox`, `multiple`, `date`, `date_time` or `time`",
        ));
    }
    if stated("price").is_some_and(|price| number::canonical(price).is_none()) {
        return Err(unusable("price", "a number with a decimal point"));
    }
    if stated("max_characters").is_some_and(|most| most.parse::<u32>().is_err()) {
        return Err(unusable("max_characters", "a whole number"));
    }
    Ok(())
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
pub(super) fn positions_in(text: &str, dialect: &Dialect) -> Result<Vec<Option<u32>>, RelationError> {
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

//! How a product relates to other things: lists, pairs, lists of pairs.

mod categories;
mod entries;
mod members;
mod positions;

use std::collections::BTreeMap;

use categories::categories;
use entries::{bundle_values, custom_options, downloadables, source_items, tier_prices, variations, videos};
use members::associated;
use positions::position_at;
pub(super) use positions::positions_in;

use super::cell_place::CellPlace;
use super::image_path::ImagePathError;
use super::kind::Relation;
use super::parts::{Link, LinkType};
use super::read::ProductReading;
use crate::category_path::CategoryPathError;
use crate::cell::{self, Pairs};
use crate::dialect::Dialect;
use crate::entity::stated::Stated;
use crate::finding::Severity;
use crate::name_key::name_key;

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
    #[error("has `{key}` in entry {number} (known are {known})")]
    UnknownKey { key: String, number: usize, known: &'static str },
    #[error("holds a path of more than {} characters", categories::MAX_PATH_CHARS)]
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

    pub(super) fn read_videos(&mut self, column: &str, stated: Stated<&str>) {
        self.change.videos = self.read_list(column, stated, videos);
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

//! What the rows of a block say of one product, put together.

use std::collections::BTreeMap;

use import::Entity;
use import::configuration::ListPart;
use import::entity::product::{ProductChange, ProductType, Products};
use import::finding::ChangeRefusal;
use serde_json::Value;

use super::body::ProductBody;
use super::stored::Stored;
use super::{Making, ProductRow};
use crate::bulk::BulkRoute;
use crate::client::{ShopScope, sku_key};
use crate::facts::ShopKnowledge;
use crate::target::afterwards::Afterwards;
use crate::target::refused;
use crate::target::relations::Relations;
use crate::target::tally::RowTally;

/// What all rows of a block say of one product in one scope.
#[derive(Clone)]
pub(super) struct ProductGroup {
    pub(super) sku: String,
    pub(super) scope: ShopScope,
    pub(super) rows: Vec<usize>,
    pub(super) product_type: Option<ProductType>,
    pub(super) body: ProductBody,
    pub(super) is_new: bool,
    /// Categories that it is in and shall not be in any more.
    pub(super) removed: Vec<i64>,
    /// What is sent once the product is there, and what it names.
    pub(super) then: Afterwards,
}

impl ProductGroup {
    pub(super) fn route(&self) -> BulkRoute {
        if self.is_new { BulkRoute::SaveProducts } else { BulkRoute::UpdateProducts }
    }

    /// Puts off what names others until the product is there: nobody knows what it will have by then.
    pub(super) fn put_off(mut self) -> Self {
        let variations = std::mem::take(&mut self.then.relations.variations);
        self.then.relations = Relations { variations, ..std::mem::take(&mut self.body.relations) };
        self.then.source_items = self.body.source_items.take();
        self
    }

    /// The same by a call that makes no product: that is what it does with an attribute set and a type.
    pub(super) fn without_making(mut self) -> Self {
        self.is_new = false;
        self.body.fields.remove("attribute_set_id");
        self.body.fields.remove("type_id");
        self
    }
}

/// In which order lists are handed over: what others are made of comes first, store views come last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    New,
    NewOfOthers,
    Global,
    View(String),
}

impl Turn {
    pub(super) fn of(group: &ProductGroup) -> Self {
        let is_of_others = group.product_type.is_some_and(|kind| match kind {
            ProductType::Configurable | ProductType::Bundle | ProductType::Grouped => true,
            ProductType::Simple | ProductType::Virtual | ProductType::Downloadable | ProductType::Giftcard => false,
        });
        match &group.scope {
            ShopScope::View(code) => Self::View(code.clone()),
            ShopScope::Global if group.is_new && is_of_others => Self::NewOfOthers,
            ShopScope::Global if group.is_new => Self::New,
            ShopScope::Global => Self::Global,
        }
    }
}

/// Puts together what rows say of the same product in the same scope; the latest counts.
pub(super) fn group(
    known: &ShopKnowledge,
    stored: &Stored,
    tally: &mut RowTally,
    (rows, making): (Vec<ProductRow>, Making),
) -> Vec<ProductGroup> {
    let mut groups: Vec<ProductGroup> = Vec::new();
    let mut places: BTreeMap<(ShopScope, String), usize> = BTreeMap::new();
    for ProductRow { row, change, if_known } in rows {
        let scope = ShopScope::of(change.store_view.as_deref());
        let is_for_all = scope == ShopScope::Global;
        let key = (scope.clone(), sku_key(&change.sku));
        let of_all = places.get(&(ShopScope::Global, key.1.clone())).map(|place| &groups[*place]);
        let made = of_all.filter(|group| group.is_new);
        let exists = stored.is_there(&change.sku) || made.is_some();
        let change = if_known.filter(|_| exists).unwrap_or(change);
        let is_there = exists || stored.open.contains(&key.1);
        let refusals = check_row(stored, &change, (is_there, making), places.contains_key(&key));
        if !refusals.is_empty() {
            refusals.into_iter().for_each(|refusal| tally.refuse(row, refusal));
            continue;
        }
        let set = change.attribute_set.clone().or_else(|| made.and_then(|group| group.body.set.clone()));
        let set = set.or_else(|| set_of(known, stored.get(&ShopScope::Global, &change.sku)));
        let kind = change.product_type.or_else(|| made.and_then(|group| group.product_type));
        let kind = kind.or_else(|| type_of(stored.get(&ShopScope::Global, &change.sku)));
        let mut body = places.get(&key).map(|place| groups[*place].body.clone()).unwrap_or_default();
        match body.take(known, &change, (set.as_deref(), kind)) {
            Ok(unsent) => unsent.into_iter().for_each(|(column, problem)| tally.note(row, Some(&column), problem)),
            Err(refusal) => {
                tally.refuse(row, refusal);
                continue;
            }
        }
        match places.get(&key) {
            Some(place) => {
                groups[*place].rows.push(row);
                groups[*place].body = body;
            }
            None => {
                places.insert(key, groups.len());
                // The shop's own spelling stays: a product that is written in another one is renamed.
                let spelled = stored.get(&ShopScope::Global, &change.sku).and_then(|product| product["sku"].as_str());
                let sku = spelled.unwrap_or(&change.sku).trim().to_owned();
                groups.push(ProductGroup {
                    sku,
                    scope,
                    rows: vec![row],
                    product_type: kind,
                    body,
                    is_new: !exists && is_for_all && making == Making::Allowed,
                    removed: Vec::new(),
                    then: Afterwards::default(),
                });
            }
        }
    }
    groups
}

/// Says whether a row names a part of a list of which other parts shall stay.
fn states_list_of_part(change: &ProductChange) -> bool {
    change.added_to.iter().any(|part| match part {
        ListPart::Websites => change.websites.is_some(),
        ListPart::Categories => change.categories.is_some(),
        ListPart::AdditionalImages => change.additional_images.is_some(),
        ListPart::Links => !change.links.is_empty(),
        ListPart::Variants => change.variations.is_some(),
    })
}

/// Says why a row makes or changes no product.
fn check_row(
    stored: &Stored,
    change: &ProductChange,
    (is_there, making): (bool, Making),
    has_rows: bool,
) -> Vec<ChangeRefusal> {
    let sku = &change.sku;
    if !is_there && (making == Making::Refused || change.store_view.is_some()) {
        let why =
            if making == Making::Refused { "this kind of file makes none" } else { "a row of a store view makes none" };
        return vec![refused(format!("product `{sku}` does not exist in the shop, and {why}; import it first"))];
    }
    if !is_there && !has_rows {
        return Products::missing_if_new(change);
    }
    if !change.added_to.is_empty() && states_list_of_part(change) {
        let problem = "adds to a list, as a `clean-up-…` switch of the configuration says; into a shop only whole lists can be \
                       written, so set the switch to `true` for this pipeline";
        return vec![refused(problem.to_owned())];
    }
    let before = type_of(stored.get(&ShopScope::Global, sku));
    match (before, change.product_type) {
        (Some(before), Some(wanted)) if before != wanted => {
            vec![refused(format!("product `{sku}` is {before} and cannot become {wanted}"))]
        }
        _ => Vec::new(),
    }
}

fn type_of(product: Option<&Value>) -> Option<ProductType> {
    product?["type_id"].as_str()?.parse().ok()
}

fn set_of(known: &ShopKnowledge, product: Option<&Value>) -> Option<String> {
    let id = product?["attribute_set_id"].as_i64()?;
    let key = known.ids.attribute_sets.iter().find(|(_, known)| **known == id)?.0;
    known.facts.attribute_sets.get(key).map(|set| set.name.clone())
}

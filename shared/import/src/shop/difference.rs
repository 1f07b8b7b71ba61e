//! What a new description of a shop adds, changes and removes, in the names that people use.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::ShopFacts;
use crate::entity::attribute::thing::{Attribute, AttributeOption};
use crate::entity::entity_type::EntityType;
use crate::name_key::name_key;

/// What something of a shop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Setting,
    Website,
    StoreView,
    CustomerGroup,
    TaxClass,
    Source,
    Stock,
    AttributeSet,
    Attribute,
    /// Of an attribute, whose code stands with it.
    Option,
    Category,
}

/// Something of a shop; shows itself as `website `de``, or `option `Red` of attribute `color``.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShopName {
    pub(super) kind: Kind,
    /// The key of the attribute that has the option.
    pub(super) of: Option<String>,
    /// As names of this kind compare.
    pub(super) key: String,
    pub(super) name: String,
}

/// What becomes of a shop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ShopChanges {
    /// What is new.
    pub added: Vec<ShopName>,
    /// What is there and now differs.
    pub changed: Vec<ShopName>,
    /// What is gone.
    pub removed: Vec<ShopName>,
}

impl ShopChanges {
    /// Finds out what becomes of a shop.
    #[must_use]
    pub fn between(before: &ShopFacts, after: &ShopFacts) -> Self {
        let (was, is) = (contents(before), contents(after));
        let mut changes = Self::default();
        for (name, content) in &is {
            match was.get(name) {
                None => changes.added.push(name.clone()),
                Some(earlier) if earlier != content => changes.changed.push(name.clone()),
                Some(_) => {}
            }
        }
        changes.removed.extend(was.into_keys().filter(|name| !is.contains_key(name)));
        let is_silent = changes == Self::default();
        if is_silent && (&before.basics, &before.attributes) != (&after.basics, &after.attributes) {
            changes.changed.push(ShopName::new(Kind::Setting, "order of what the shop has"));
        }
        changes
    }

    /// Says whether nothing becomes of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl ShopName {
    /// Something whose name is exact.
    pub(super) fn new(kind: Kind, name: &str) -> Self {
        Self { kind, of: None, key: name.to_owned(), name: name.to_owned() }
    }

    /// Something whose name compares as the shop compares names.
    pub(super) fn keyed(kind: Kind, name: &str) -> Self {
        Self { key: name_key(name), ..Self::new(kind, name) }
    }

    fn of_type(kind: Kind, entity_type: EntityType, name: &str) -> Self {
        let shown = if entity_type.is_product() { name.to_owned() } else { format!("{name} of {entity_type}") };
        Self { kind, of: None, key: entity_type.key(name), name: shown }
    }
}

/// Everything of a shop by name, and what there is to say of it.
fn contents(shop: &ShopFacts) -> BTreeMap<ShopName, String> {
    let mut all = BTreeMap::new();
    let mut add = |name: ShopName, content: &dyn erased::Json| drop(all.insert(name, content.json()));
    let basics = &shop.basics;
    basics.websites.iter().for_each(|website| add(ShopName::new(Kind::Website, &website.code), website));
    basics.store_views.iter().for_each(|view| add(ShopName::new(Kind::StoreView, &view.code), view));
    basics.customer_groups.iter().for_each(|group| add(ShopName::new(Kind::CustomerGroup, group), group));
    basics.tax_classes.iter().for_each(|class| add(ShopName::keyed(Kind::TaxClass, &class.name), class));
    basics.sources.iter().for_each(|source| add(ShopName::new(Kind::Source, &source.code), source));
    basics.stocks.iter().for_each(|stock| add(ShopName::new(Kind::Stock, &stock.name), stock));
    add(ShopName::new(Kind::Setting, "currency"), &basics.currency);
    add(ShopName::new(Kind::Setting, "has_website_prices"), &basics.has_website_prices);
    add(ShopName::new(Kind::Setting, "download_hosts"), &basics.download_hosts);
    for set in shop.attribute_sets.values() {
        add(ShopName::of_type(Kind::AttributeSet, set.entity_type, &set.name), set);
    }
    for (key, attribute) in &shop.attributes {
        let alone = Attribute { options: Vec::new().into(), listed: None, ..attribute.clone() };
        add(ShopName::of_type(Kind::Attribute, attribute.entity_type, &attribute.code), &alone);
        for option in attribute.options.iter() {
            add(ShopName::option(key, option), option);
        }
    }
    for category in shop.categories.values() {
        let name = ShopName { key: category.path.key(), ..ShopName::new(Kind::Category, &category.path.to_string()) };
        add(name, category);
    }
    all
}

impl ShopName {
    fn option(attribute: &str, option: &AttributeOption) -> Self {
        Self { of: Some(attribute.to_owned()), ..Self::keyed(Kind::Option, &option.label) }
    }
}

/// Values of several types as JSON.
mod erased {
    use serde::Serialize;

    pub(super) trait Json {
        fn json(&self) -> String;
    }

    impl<T: Serialize> Json for T {
        fn json(&self) -> String {
            serde_json::to_string(self).expect("a shop has text keys only")
        }
    }
}

impl fmt::Display for ShopName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Setting => "setting",
            Kind::Website => "website",
            Kind::StoreView => "store view",
            Kind::CustomerGroup => "customer group",
            Kind::TaxClass => "tax class",
            Kind::Source => "source",
            Kind::Stock => "stock",
            Kind::AttributeSet => "attribute set",
            Kind::Attribute => "attribute",
            Kind::Option => "option",
            Kind::Category => "category",
        };
        write!(f, "{kind} `{}`", self.name)?;
        match &self.of {
            Some(attribute) => write!(f, " of attribute `{attribute}`"),
            None => Ok(()),
        }
    }
}

impl Serialize for ShopName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

use serde::{Deserialize, Serialize};

use crate::entity::thing::Thing;
use crate::name_key::name_key;
use crate::nearest::UnknownName;

/// What a shop has that no file speaks of. Few enough to be kept as one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShopBasics {
    /// The websites, the default one first.
    pub websites: Vec<Website>,
    /// The store views, the default one first.
    pub store_views: Vec<StoreView>,
    /// Names of the customer groups.
    pub customer_groups: Vec<String>,
    /// The tax classes.
    pub tax_classes: Vec<TaxClass>,
    /// Where goods lie.
    pub sources: Vec<Source>,
    /// What is sold from which sources.
    pub stocks: Vec<Stock>,
    /// Code of the currency in which prices are kept, such as `EUR`.
    pub currency: String,
    /// Whether a website may have prices of its own.
    pub has_website_prices: bool,
    /// Hosts from which downloads may come.
    pub download_hosts: Vec<String>,
}

/// A website.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Website {
    /// Its code, such as `base`.
    pub code: String,
    /// The category under which its products are; the first root if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_category: Option<String>,
}

/// A store view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreView {
    /// Its code, such as `de_DE`.
    pub code: String,
    /// Code of its website.
    pub website: String,
}

/// A tax class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxClass {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: TaxClassKind,
}

/// What a tax class is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxClassKind {
    /// For products.
    Product,
    /// For customers.
    Customer,
}

/// Where goods lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its code, such as `default`.
    pub code: String,
    /// Whether anything is sold from there.
    #[serde(default = "yes")]
    pub is_enabled: bool,
}

/// What is sold from which sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stock {
    /// Its name.
    pub name: String,
    /// Codes of its sources.
    pub sources: Vec<String>,
}

impl Thing for ShopBasics {
    const NAME: &'static str = "basics";
    const SCHEMA: u32 = 1;
    const IS_FACT: bool = true;
}

impl ShopBasics {
    /// Finds a website by its code, which is exact.
    ///
    /// # Errors
    /// Names the nearest code if there is none of this one.
    pub fn website(&self, code: &str) -> Result<&Website, UnknownName> {
        let found = self.websites.iter().find(|website| website.code == code);
        found
            .ok_or_else(|| UnknownName::new("website", code, self.websites.iter().map(|website| website.code.as_str())))
    }

    /// Finds a store view by its code, which is exact.
    ///
    /// # Errors
    /// Names the nearest code if there is none of this one.
    pub fn store_view(&self, code: &str) -> Result<&StoreView, UnknownName> {
        let found = self.store_views.iter().find(|view| view.code == code);
        found
            .ok_or_else(|| UnknownName::new("store view", code, self.store_views.iter().map(|view| view.code.as_str())))
    }

    /// Finds the name of a customer group, which is exact.
    ///
    /// # Errors
    /// Names the nearest one if there is none of this name.
    pub fn customer_group(&self, name: &str) -> Result<&str, UnknownName> {
        let found = self.customer_groups.iter().find(|known| *known == name);
        let known = self.customer_groups.iter().map(String::as_str);
        found.map(String::as_str).ok_or_else(|| UnknownName::new("customer group", name, known))
    }

    /// Finds a tax class for products by its name, whatever its case.
    ///
    /// # Errors
    /// Names the nearest one if there is none of this name.
    pub fn product_tax_class(&self, name: &str) -> Result<&str, UnknownName> {
        let classes = || self.tax_classes.iter().filter(|class| class.kind == TaxClassKind::Product);
        let key = name_key(name);
        let found = classes().find(|class| name_key(&class.name) == key);
        let known = classes().map(|class| class.name.as_str());
        found.map(|class| class.name.as_str()).ok_or_else(|| UnknownName::new("tax class", name, known))
    }

    /// Finds a source by its code, which is exact.
    ///
    /// # Errors
    /// Names the nearest code if there is none of this one.
    pub fn source(&self, code: &str) -> Result<&Source, UnknownName> {
        let found = self.sources.iter().find(|source| source.code == code);
        found.ok_or_else(|| UnknownName::new("source", code, self.sources.iter().map(|source| source.code.as_str())))
    }
}

fn yes() -> bool {
    true
}

use std::collections::BTreeMap;
use std::sync::Arc;

use import::entity::attribute::{Attribute, AttributeOption, AttributeScope, SetPlace};
use import::entity::attribute_set::AttributeSet;
use import::entity::category::Category;
use import::entity::product::Product;
use import::name_key::name_key;
use import::shop::{ShopBasics, ShopFacts, Source, Stock, StoreView, TaxClass, TaxClassKind, Website};
use serde_json::Value;

use super::products;

/// The shop in which the referee ran, as a catalogue of ours knows it.
pub(super) struct Referee {
    pub(super) json: Value,
    pub(super) shop: Arc<ShopFacts>,
    /// What was there before each run, by key.
    pub(super) products: BTreeMap<String, Product>,
}

impl Referee {
    pub(super) fn new(file: &str) -> Self {
        let json = super::json(file);
        let shop = Arc::new(facts(&json));
        let products = json["products"].as_object().unwrap().iter();
        let products = products.map(|(sku, product)| (name_key(sku), products::product(sku, product))).collect();
        Self { json, shop, products }
    }
}

fn facts(json: &Value) -> ShopFacts {
    let sets = texts(&json["attribute sets"]);
    let attributes = list(&json["product attributes"]).iter().map(|attribute| self::attribute(attribute, &sets));
    let categories = texts(&json["categories"]).into_iter().filter(|path| !path.is_empty());
    let categories = categories.map(|path| Category::named(path.parse().unwrap()));
    ShopFacts {
        basics: basics(json),
        attribute_sets: sets
            .iter()
            .map(|name| (name_key(name), AttributeSet { name: name.clone(), ..AttributeSet::default() }))
            .collect(),
        attributes: attributes.map(|attribute| (name_key(&attribute.code), attribute)).collect(),
        categories: categories.map(|category| (category.path.key(), category)).collect(),
        is_told: true,
    }
}

fn basics(json: &Value) -> ShopBasics {
    let website = |website: &Value| Website { code: text(&website["code"]), root_category: None };
    let view = |view: &Value| StoreView { code: text(&view["code"]), website: text(&view["website"]) };
    let class = |class: &Value| TaxClass {
        name: text(&class["class_name"]),
        kind: if class["class_type"] == "PRODUCT" { TaxClassKind::Product } else { TaxClassKind::Customer },
    };
    let source = |source: &Value| Source { code: text(&source["source_code"]), is_enabled: source["enabled"] == 1 };
    let stock = |stock: &Value| Stock { name: text(&stock["name"]), sources: vec![text(&stock["sources"])] };
    ShopBasics {
        websites: list(&json["websites"]).iter().map(website).collect(),
        store_views: list(&json["store views"]).iter().map(view).collect(),
        customer_groups: texts(&json["customer groups"]),
        tax_classes: list(&json["tax classes"]).iter().map(class).collect(),
        sources: list(&json["sources"]).iter().map(source).collect(),
        stocks: list(&json["stocks"]).iter().map(stock).collect(),
        currency: text(&json["currency"]),
        has_website_prices: json["price scope"] != "global",
        download_hosts: texts(&json["links for downloads allowed from"]),
    }
}

fn attribute(json: &Value, sets: &[String]) -> Attribute {
    let scope = match json["scope"].as_str().unwrap() {
        "store view" => AttributeScope::StoreView,
        "website" => AttributeScope::Website,
        "global" => AttributeScope::Global,
        other => panic!("`{other}` is no scope"),
    };
    let own_sets = if json["sets"] == "all" { sets.to_vec() } else { texts(&json["sets"]) };
    let place = |set: String| (name_key(&set), SetPlace { set, ..SetPlace::default() });
    let option = |label: String| AttributeOption { label, ..AttributeOption::default() };
    let types = json["apply_to"].as_str().unwrap_or_default().split(',').filter(|name| !name.is_empty());
    Attribute {
        code: text(&json["attribute_code"]),
        input: json["frontend_input"].as_str().unwrap_or("text").to_owned(),
        scope,
        is_required: json["is_required"] == 1,
        is_unique: json["is_unique"] == 1,
        is_user_defined: json["is_user_defined"] == 1,
        apply_to: types.map(str::to_owned).collect(),
        label: String::new(),
        store_labels: BTreeMap::new(),
        options: texts(&json["options"]).into_iter().map(option).collect(),
        sets: own_sets.into_iter().map(place).collect(),
        settings: [("backend_type".to_owned(), text(&json["backend_type"]))].into(),
        ..Attribute::default()
    }
}

fn list(json: &Value) -> &[Value] {
    json.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn texts(json: &Value) -> Vec<String> {
    list(json).iter().map(text).collect()
}

fn text(json: &Value) -> String {
    json.as_str().unwrap_or_else(|| panic!("{json} is no text")).to_owned()
}

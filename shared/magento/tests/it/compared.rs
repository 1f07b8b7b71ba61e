//! Compares products of the shop field by field with what files say of them.

use std::collections::{BTreeMap, BTreeSet};

use import::entity::product::{LinkType, Product, ProductType, ProductValue};
use import::name_key::name_key;
use magento::facts::ShopKnowledge;
use serde_json::Value;

use crate::importing::Shop;

/// What is compared of one product.
pub(crate) struct Compared<'c> {
    pub(crate) known: &'c ShopKnowledge,
    /// Numbers of products by sku.
    pub(crate) ids: &'c BTreeMap<String, i64>,
    /// What lies where: quantity and status by sku and source.
    pub(crate) stock: &'c BTreeMap<(String, String), (f64, i64)>,
}

/// Columns that stand for other codes in the shop.
const CODES: [(&str, &str); 7] = [
    ("special_price_from_date", "special_from_date"),
    ("special_price_to_date", "special_to_date"),
    ("new_from_date", "news_from_date"),
    ("new_to_date", "news_to_date"),
    ("meta_keywords", "meta_keyword"),
    ("msrp_price", "msrp"),
    ("display_product_options_in", "options_container"),
];

const VISIBILITIES: [&str; 4] = ["Not Visible Individually", "Catalog", "Search", "Catalog, Search"];

impl Compared<'_> {
    /// Everything in which a product of the shop is otherwise than its file says.
    pub(crate) async fn differences(&self, shop: &Shop, product: &Product) -> Vec<String> {
        let there = shop.product(&product.sku).await;
        let mut pairs: Vec<(String, String, String)> = Vec::new();
        let mut compare = |what: &str, wanted: String, found: String| pairs.push((what.to_owned(), wanted, found));
        compare("type", product.product_type.to_string(), text(&there["type_id"]));
        for (code, value) in &product.default.values {
            if let Some((wanted, found)) = self.value(product, (code, value), &there) {
                compare(code, wanted, found);
            }
        }
        let extension = &there["extension_attributes"];
        let websites: BTreeSet<i64> = product.websites.iter().map(|code| self.known.ids.websites[code]).collect();
        compare("websites", said(&websites), said(&numbers(&extension["website_ids"])));
        let categories: BTreeSet<i64> =
            product.categories.iter().map(|link| self.known.ids.categories[&link.path.key()]).collect();
        let found = extension["category_links"].as_array().into_iter().flatten();
        let found: BTreeSet<i64> = found.filter_map(|link| link["category_id"].as_str()?.parse().ok()).collect();
        compare("categories", said(&categories), said(&found));
        compare("links", said(&links(product)), said(&links_of(&there)));
        let variations: BTreeSet<i64> =
            product.variations.iter().map(|variation| self.ids[&name_key(&variation.sku)]).collect();
        compare("variations", said(&variations), said(&numbers(&extension["configurable_product_links"])));
        compare("bundle", said(&bundle(product)), said(&bundle_of(extension)));
        compare("downloads", said(&downloads(product)), said(&downloads_of(extension)));
        compare("images", said(&images(product)), said(&images_of(product, &there)));
        compare("tier prices", said(&tiers(product)), said(&tiers_of(&there)));
        for item in &product.source_items {
            let found = self.stock.get(&(name_key(&product.sku), item.source.clone()));
            let wanted = (item.quantity.parse::<f64>().unwrap(), i64::from(item.status == "1"));
            compare(&format!("stock at {}", item.source), said(&Some(&wanted)), said(&found));
        }
        let has_own_stock = !product.source_items.iter().any(|item| item.source == "default");
        if let Some(quantity) = product.stock.get("qty").filter(|_| has_own_stock && is_counted(product)) {
            compare("qty", number(quantity), number(&text(&extension["stock_item"]["qty"])));
        }
        let told = |(what, wanted, found): (String, String, String)| {
            (wanted != found).then(|| format!("{} {what}: `{found}` instead of `{wanted}`", product.sku))
        };
        pairs.into_iter().filter_map(told).collect()
    }

    /// What a value is in the shop's words, and what the shop has.
    fn value(
        &self,
        product: &Product,
        (column, value): (&str, &ProductValue),
        there: &Value,
    ) -> Option<(String, String)> {
        let code = CODES.iter().find(|(name, _)| *name == column).map_or(column, |(_, code)| code);
        let wanted = match value {
            ProductValue::Text(text) => text.clone(),
            ProductValue::List(labels) => labels.join("|"),
        };
        let is_made_up =
            matches!(product.product_type, ProductType::Configurable | ProductType::Grouped | ProductType::Bundle);
        let attribute = |code: &str| {
            let attributes = there["custom_attributes"].as_array().unwrap();
            attributes.iter().find(|one| one["attribute_code"] == code).map_or(String::new(), |one| text(&one["value"]))
        };
        Some(match code {
            "created_at" | "updated_at" | "url_path" | "save_rewrites_history" => return None,
            "price" | "weight" if is_made_up => return None,
            "name" => (wanted, text(&there["name"])),
            "price" | "weight" => (number(&wanted), number(&text(&there[code]))),
            "product_online" => (wanted, text(&there["status"])),
            "visibility" => {
                let place = VISIBILITIES.iter().position(|word| *word == wanted).unwrap();
                ((place + 1).to_string(), text(&there["visibility"]))
            }
            // A group has none in any shop.
            "tax_class_name" if product.product_type == ProductType::Grouped => return None,
            "tax_class_name" => {
                let id = self.known.ids.product_tax_classes.get(&name_key(&wanted)).copied().unwrap_or(0);
                (id.to_string(), attribute("tax_class_id"))
            }
            code if code.starts_with("bundle_") => return None,
            code => {
                let input = self.known.facts.attribute(code).map_or("text", |known| known.input.as_str());
                match input {
                    "select" | "multiselect" if !self.known.ids.options[code].is_empty() => {
                        let ids: BTreeSet<String> = wanted
                            .split('|')
                            .map(|label| self.known.ids.options[code][&name_key(label)].clone())
                            .collect();
                        let found: BTreeSet<String> = attribute(code).split(',').map(str::to_owned).collect();
                        (said(&ids), said(&found))
                    }
                    "date" | "datetime" => (wanted.replace('T', " "), attribute(code)),
                    "price" | "weight" => (number(&wanted), number(&attribute(code))),
                    _ => (wanted, attribute(code)),
                }
            }
        })
    }
}

fn is_counted(product: &Product) -> bool {
    matches!(product.product_type, ProductType::Simple | ProductType::Virtual | ProductType::Downloadable)
}

fn said(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn number(text: &str) -> String {
    text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| number.to_string())
}

fn numbers(list: &Value) -> BTreeSet<i64> {
    list.as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
}

fn links(product: &Product) -> BTreeSet<String> {
    let word = |kind: &LinkType| match kind {
        LinkType::Related => "related",
        LinkType::Crosssell => "crosssell",
        LinkType::Upsell => "upsell",
    };
    let of_kind = |(kind, links): (&LinkType, &Vec<import::entity::product::Link>)| {
        let one = |link: &import::entity::product::Link| format!("{} {} {}", word(kind), link.sku, link.position);
        links.iter().map(one).collect::<Vec<_>>()
    };
    let members = product.associated.iter();
    let members =
        members.map(|member| format!("associated {} {} {}", member.sku, member.position, number(&member.quantity)));
    product.links.iter().flat_map(of_kind).chain(members).collect()
}

fn links_of(there: &Value) -> BTreeSet<String> {
    let one = |link: &Value| {
        let kind = text(&link["link_type"]);
        let quantity = match kind.as_str() {
            "associated" => format!(" {}", number(&text(&link["extension_attributes"]["qty"]))),
            _ => String::new(),
        };
        format!("{kind} {} {}{quantity}", text(&link["linked_product_sku"]), link["position"])
    };
    there["product_links"].as_array().into_iter().flatten().map(one).collect()
}

fn bundle(product: &Product) -> BTreeSet<String> {
    let one = |pairs: &import::cell::Pairs| {
        let quantity = pairs.get("default_qty").map_or("1", String::as_str);
        format!("{} {} {} {}", pairs["name"], pairs["type"], pairs["sku"], number(quantity))
    };
    product.bundle_values.iter().map(one).collect()
}

fn bundle_of(extension: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for option in extension["bundle_product_options"].as_array().into_iter().flatten() {
        for link in option["product_links"].as_array().into_iter().flatten() {
            let (title, kind) = (text(&option["title"]), text(&option["type"]));
            found.insert(format!("{title} {kind} {} {}", text(&link["sku"]), number(&text(&link["qty"]))));
        }
    }
    found
}

fn downloads(product: &Product) -> BTreeSet<String> {
    let one = |pairs: &import::cell::Pairs| pairs["title"].clone();
    product.downloadable_links.iter().chain(&product.downloadable_samples).map(one).collect()
}

fn downloads_of(extension: &Value) -> BTreeSet<String> {
    let lists = ["downloadable_product_links", "downloadable_product_samples"];
    let items = lists.iter().flat_map(|name| extension[*name].as_array().into_iter().flatten());
    items.map(|item| text(&item["title"])).collect()
}

/// The roles of images, each with the name of its file.
fn images(product: &Product) -> BTreeSet<String> {
    let role = |(column, image): (&String, &import::entity::product::Image)| {
        let role = match column.as_str() {
            "base_image" => "image",
            "thumbnail_image" => "thumbnail",
            other => other,
        };
        Some(format!("{role} {}", file_name(image.path.as_ref()?)))
    };
    let additional = product.default.additional_images.iter().map(|image| format!("- {}", file_name(&image.path)));
    product.default.images.iter().filter_map(role).chain(additional).collect()
}

fn images_of(product: &Product, there: &Value) -> BTreeSet<String> {
    let named: BTreeSet<String> =
        product.default.additional_images.iter().map(|image| file_name(&image.path)).collect();
    let mut found = BTreeSet::new();
    for entry in there["media_gallery_entries"].as_array().into_iter().flatten() {
        let file = file_name(&text(&entry["file"]));
        let types: Vec<&str> = entry["types"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        found.extend(types.iter().map(|role| format!("{role} {file}")));
        found.extend((types.is_empty() || named.contains(&file)).then(|| format!("- {file}")));
    }
    found
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_lowercase()
}

fn tiers(product: &Product) -> BTreeSet<String> {
    product.tier_prices.iter().map(|tier| format!("{} {}", number(&tier.quantity), number(&tier.price))).collect()
}

fn tiers_of(there: &Value) -> BTreeSet<String> {
    let one = |tier: &Value| {
        let percent = &tier["extension_attributes"]["percentage_value"];
        let price = if percent.is_null() { &tier["value"] } else { percent };
        format!("{} {}", number(&text(&tier["qty"])), number(&text(price)))
    };
    there["tier_prices"].as_array().into_iter().flatten().map(one).collect()
}

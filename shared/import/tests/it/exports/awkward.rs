//! Texts that are hard to write: quotes, line breaks, separators, blanks, the word that clears a cell.

use std::collections::BTreeMap;

use import::category_path::CategoryPath;
use import::cell::Pairs;
use import::entity::attribute::{Attribute, AttributeOption, AttributeScope, Attributes, SetPlace, Swatch};
use import::entity::attribute_set::{AttributeGroup, AttributeSet, AttributeSets};
use import::entity::category::{Categories, Category};
use import::entity::customer::{Address, Customer, Customers};
use import::entity::customer_address::CustomerAddresses;
use import::entity::product::{
    AdditionalImage, AssociatedProduct, CategoryLink, Image, Link, LinkType, Product, ProductType, ProductValue,
    StoreViewContent, Variation, Video,
};
use import::entity::{EntityType, Visitor, visit_all};
use import::finding::Finding;
use proptest::prelude::*;

use super::catalogue::Catalogue;

const EMPTY_VALUE: &str = "__EMPTY__VALUE__";

/// A text as a cell can hold it: not blank throughout.
fn text() -> impl Strategy<Value = String> {
    let odd = "[ \"',;|=/\\\\\n\r\taBß€\u{2028}\u{feff}-]{0,5}";
    (odd, "[a-zÄ\"']", odd).prop_map(|(before, middle, after)| format!("{before}{middle}{after}"))
}

/// As [`text`], and the word that clears a cell.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![6 => text(), 1 => Just(EMPTY_VALUE.to_owned())]
}

/// A text without blanks around it, as keys and labels are.
fn trimmed() -> impl Strategy<Value = String> {
    any_text().prop_map(|text| text.trim().to_owned())
}

/// The part of an address that names a thing.
fn key() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,3})?"
}

fn pairs(first: &'static [&'static str]) -> impl Strategy<Value = Pairs> {
    let others = prop::collection::btree_map("[a-z_]{1,6}", prop_oneof![any_text(), Just(String::new())], 0..3);
    let needed = prop::collection::vec(any_text(), first.len());
    (others, needed).prop_map(|(mut pairs, needed)| {
        // What these hold is a number.
        pairs.retain(|key, _| !["price", "type", "sku", "name", "title"].contains(&key.as_str()));
        pairs.extend(first.iter().map(|key| (*key).to_owned()).zip(needed));
        pairs
    })
}

const LABELS: [&str; 7] = ["Red", "Dark, blue", "a|b", "\"x\"", " led", "5\" = wide", EMPTY_VALUE];

fn shop() -> Catalogue {
    let mut catalogue = Catalogue::new();
    let attribute = |code: &str, input: &str, labels: &[&str]| Attribute {
        code: code.to_owned(),
        input: input.to_owned(),
        scope: AttributeScope::StoreView,
        is_user_defined: true,
        options: labels
            .iter()
            .map(|label| AttributeOption { label: (*label).to_owned(), ..Default::default() })
            .collect(),
        ..Attribute::default()
    };
    let shade = Attribute { scope: AttributeScope::Global, ..attribute("shade", "select", &LABELS) };
    for attribute in [
        shade,
        attribute("memo", "textarea", &[]),
        attribute("mood", "select", &LABELS),
        attribute("tags", "multiselect", &LABELS),
        attribute("back_image", "media_image", &[]),
    ] {
        catalogue.shop.attributes.insert(attribute.code.clone(), attribute);
    }
    catalogue
}

fn values() -> impl Strategy<Value = BTreeMap<String, ProductValue>> {
    let label = || prop::sample::select(&LABELS[..]).prop_map(|label| ProductValue::Text(label.to_owned()));
    let labels = prop::sample::subsequence(&LABELS[..], 2..5)
        .prop_map(|labels| ProductValue::List(labels.into_iter().map(str::to_owned).collect()));
    let line = || any_text().prop_map(|text| ProductValue::Text(text.replace(['\n', '\r', '\t'], " ")));
    let memo = prop_oneof![any_text(), Just(String::new()), Just("  ".to_owned())].prop_map(ProductValue::Text);
    let one = prop_oneof![
        line().prop_map(|value| ("meta_title", value)),
        any_text().prop_map(|text| ("description", ProductValue::Text(text))),
        memo.prop_map(|value| ("memo", value)),
        label().prop_map(|value| ("mood", value)),
        prop_oneof![label().boxed(), labels.boxed()].prop_map(|value| ("tags", value)),
        Just(("special_price", ProductValue::Text("0.5".to_owned()))),
        Just(("new_from_date", ProductValue::Text("2026-08-01T12:00:00".to_owned()))),
        Just(("map_enabled", ProductValue::Text("use_config".to_owned()))),
    ];
    prop::collection::vec(one, 0..6)
        .prop_map(|list| list.into_iter().map(|(code, value)| (code.to_owned(), value)).collect())
}

fn video() -> impl Strategy<Value = Video> {
    let optional = || prop_oneof![trimmed(), Just(String::new())];
    (optional(), optional(), prop::option::of(0..9u32), any::<bool>()).prop_map(
        |(title, description, position, is_hidden)| Video {
            url: "https://example.com/v?a=1&b=2,3|4".to_owned(),
            image: String::new(),
            title,
            description,
            position,
            is_hidden,
        },
    )
}

fn content() -> impl Strategy<Value = StoreViewContent> {
    let path = || "/[a-z]{1,3}\\.jpg";
    // Files of media alone have no place for the word that clears a cell.
    let image = (path(), prop::option::of(text()), prop::option::of(0..9u32));
    let image = image.prop_map(|(path, label, position)| Image { path: Some(path), label, position });
    let roles = prop::sample::select(vec!["base_image".to_owned(), "back_image".to_owned()]);
    let label = prop_oneof![any_text(), Just(String::new())];
    let additional = (label, prop::option::of(0..9u32), any::<bool>());
    let option = pairs(&["name"]).prop_map(|pairs| {
        let mut pairs = pairs;
        pairs.insert("type".to_owned(), "field".to_owned());
        pairs
    });
    let parts = (
        values(),
        prop::collection::btree_map(roles, image, 0..3),
        prop::collection::btree_map(path(), additional, 0..3),
        prop::collection::vec(path(), 0..3),
        prop::collection::vec(option, 0..3),
        prop::collection::btree_set(key(), 0..3),
        prop::collection::vec(video(), 0..3),
    );
    parts.prop_map(|(values, images, additional, hidden_images, custom_options, old, videos)| {
        let additional = additional.into_iter().map(|(path, (label, position, is_disabled))| AdditionalImage {
            path,
            label,
            position,
            is_disabled,
        });
        StoreViewContent {
            values,
            images,
            additional_images: additional.collect(),
            hidden_images,
            videos,
            custom_options,
            old_url_keys: old.into_iter().collect(),
        }
    })
}

/// A path whose names have a letter each, for a category without any has no address.
fn path() -> impl Strategy<Value = CategoryPath> {
    let level =
        prop_oneof![4 => text().prop_map(|text| format!("{}a", text.trim_start())), 1 => Just(EMPTY_VALUE.to_owned())];
    let levels = prop::collection::vec(level.prop_map(|level| format!("\"{}\"", level.replace('"', "\"\""))), 1..3);
    levels.prop_map(|levels| format!("Default Category/{}", levels.join("/")).parse().unwrap())
}

fn categories() -> impl Strategy<Value = Vec<CategoryLink>> {
    let links = prop::collection::vec((path(), prop::option::of(0..99u32)), 0..3);
    links.prop_map(|links| {
        let numbered = links.into_iter().enumerate();
        // Each has an address of its own.
        let numbered = numbered.map(|(number, (path, position))| CategoryLink {
            path: format!("{path}/{number}").parse().unwrap(),
            position,
        });
        numbered.collect()
    })
}

fn variations() -> impl Strategy<Value = Vec<Variation>> {
    let labels = prop::sample::subsequence(&LABELS[..], 0..4);
    (labels, prop::collection::vec(trimmed(), 4)).prop_map(|(labels, skus)| {
        let option = |label: &str| BTreeMap::from([("shade".to_owned(), label.to_owned())]);
        let named = labels.iter().zip(skus).enumerate();
        // Two variations are two products.
        named
            .map(|(number, (label, sku))| Variation { sku: format!("{sku}{number}"), options: option(label) })
            .collect()
    })
}

fn links() -> impl Strategy<Value = BTreeMap<LinkType, Vec<Link>>> {
    let link = (trimmed(), 1..9u32).prop_map(|(sku, position)| Link { sku: format!("{sku}x"), position });
    let kinds = prop::sample::select(vec![LinkType::Related, LinkType::Upsell]);
    prop::collection::btree_map(kinds, prop::collection::vec(link, 1..3), 0..3)
}

fn product() -> impl Strategy<Value = Product> {
    let sku = "[A-Z]{1,3}[,|\"/;' ]{0,2}[0-9]{1,2}";
    let relations = (categories(), variations(), links(), prop::collection::vec(pairs(&["title"]), 0..3));
    let bundle = prop::collection::btree_map("[a-z ,|\"]{0,4}z", any_text(), 0..3);
    let views = prop::collection::btree_map(prop::sample::select(vec!["default", "de_DE"]), content(), 0..3);
    let parts = (sku, text(), key(), relations, bundle, content(), views);
    parts.prop_map(|(sku, name, key, (categories, variations, links, downloads), pairs, mut default, views)| {
        let name = name.replace(['\n', '\r', '\t'], " ");
        for (code, text) in [("name", name), ("url_key", key), ("price", "9.5".to_owned())] {
            default.values.insert(code.to_owned(), ProductValue::Text(text));
        }
        let member = AssociatedProduct { sku: format!("{sku}-1"), quantity: "2".to_owned(), position: 7 };
        let views = views.into_iter().filter(|(_, shown)| *shown != StoreViewContent::default());
        let pairs: Pairs = pairs.into_iter().map(|(code, text)| (code.trim().to_owned(), text)).collect();
        Product {
            product_type: ProductType::Simple,
            attribute_set: "Default".to_owned(),
            websites: vec!["base".to_owned()],
            default,
            store_views: views.map(|(view, shown)| (view.to_owned(), shown)).collect(),
            stock: BTreeMap::from(
                [("qty", "3"), ("is_in_stock", "1")].map(|(key, text)| (key.to_owned(), text.to_owned())),
            ),
            quantity_changes: Vec::new(),
            source_items: Vec::new(),
            tier_prices: Vec::new(),
            associated: vec![member],
            variation_labels: pairs.clone(),
            variation_positions: Pairs::new(),
            bundle_values: Vec::new(),
            bundle_positions: pairs,
            downloadable_links: downloads.clone(),
            downloadable_samples: downloads,
            sku,
            categories,
            variations,
            links,
        }
    })
}

fn structure() -> impl Strategy<Value = (AttributeSet, Attribute, Category)> {
    let group = ("[a-z]{1,4}", prop::option::of(0..9u32), any::<bool>()).prop_map(|(code, sort_order, is_default)| {
        AttributeGroup { code, tab: "basic".to_owned(), sort_order, is_default }
    });
    let groups = prop::collection::btree_map("[a-z,\"|=/]{1,5}", group, 0..3);
    let swatch = || {
        prop::option::of(prop_oneof![
            trimmed().prop_map(|text| Swatch::Text(format!("{text}x"))),
            Just(Swatch::Color("#00ff88".to_owned())),
            Just(Swatch::Image("/a.png".to_owned())),
        ])
    };
    let option = (any_text(), prop::option::of(any_text()), swatch(), swatch(), prop::option::of(0..9u32));
    let options = prop::collection::vec(option, 0..4);
    let names = || prop::sample::select(vec!["name", "description", "meta_title"]);
    let values = || prop::collection::btree_map(names(), text(), 0..3);
    (trimmed(), groups, options, path(), values(), values(), any_text()).prop_map(
        |(name, mut groups, options, path, values, of_view, layout)| {
            let mut is_first = true;
            groups.values_mut().for_each(|group| group.is_default &= std::mem::take(&mut is_first));
            let name = format!("{}x", name.replace(|c: char| c.is_control() || c == '\u{2028}', " ").trim());
            let set = AttributeSet { name, groups, ..AttributeSet::default() };
            let options =
                options.into_iter().enumerate().map(|(place, (label, of_view, swatch, other, sort_order))| {
                    AttributeOption {
                        // No two labels are the same.
                        label: format!("{label}{place}"),
                        store_labels: of_view.map(|label| ("de_DE".to_owned(), label)).into_iter().collect(),
                        store_swatches: other.map(|swatch| ("de_DE".to_owned(), swatch)).into_iter().collect(),
                        sort_order,
                        swatch,
                    }
                });
            let attribute = Attribute {
                code: "shade".to_owned(),
                input: "select".to_owned(),
                label: "Shade".to_owned(),
                options: options.collect(),
                sets: BTreeMap::from([(
                    "default".to_owned(),
                    SetPlace { set: "Default".to_owned(), ..SetPlace::default() },
                )]),
                ..Attribute::default()
            };
            let mut category = Category::named(path);
            category.values = values.into_iter().map(|(code, text)| (code.to_owned(), text)).collect();
            category.values.insert("url_key".to_owned(), "a-key".to_owned());
            category.values.insert("custom_layout_update_file".to_owned(), layout);
            if !of_view.is_empty() {
                let of_view = of_view.into_iter().map(|(code, text)| (code.to_owned(), text)).collect();
                category.store_views.insert("de_DE".to_owned(), of_view);
            }
            (set, attribute, category)
        },
    )
}

fn customer() -> impl Strategy<Value = Customer> {
    let address = (text(), text(), prop::option::of("[0-9]{1,4}"), prop::option::of("[0-9]{1,4}")).prop_map(
        |(street, city, increment_id, entity_id)| Address {
            values: [("firstname", "A"), ("lastname", "B"), ("street", &street), ("city", &city), ("country_id", "DE")]
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into(),
            increment_id,
            entity_id,
            is_default_billing: false,
            is_default_shipping: false,
        },
    );
    (text(), text(), prop::collection::vec(address, 0..3)).prop_map(|(first, middle, mut addresses)| {
        for (number, address) in addresses.iter_mut().enumerate() {
            // No two addresses are the same.
            address.values.insert("company".to_owned(), format!("{number}"));
            address.increment_id = address.increment_id.take().map(|id| format!("{number}{id}"));
            address.entity_id = address.entity_id.take().map(|id| format!("{number}{id}"));
            address.is_default_shipping = number == 1;
        }
        Customer {
            email: "a@example.com".to_owned(),
            website: "base".to_owned(),
            store_view: Some("default".to_owned()),
            group: Some("General".to_owned()),
            values: [("firstname", first.trim()), ("lastname", "B"), ("middlename", &middle)]
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into(),
            password_hash: None,
            addresses,
        }
    })
}

/// Puts a thing into a catalogue, and the same into another one by its export.
struct Exported {
    catalogue: Catalogue,
    anew: Catalogue,
}

impl Visitor for Exported {
    fn visit<E: import::Entity>(&mut self) {
        let name = E::ABOUT.name;
        let (text, findings) = self.catalogue.export::<E>();
        assert_eq!(shown(&findings), "", "the export of {name}:\n{text}");
        let found = self.anew.import::<E>(text.as_bytes());
        assert_eq!(shown(&found), "", "the import of {name}:\n{text}");
        assert_eq!(self.anew.export::<E>().0, text, "{name}");
    }
}

fn shown(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn round(catalogue: Catalogue) -> Catalogue {
    let mut exported = Exported { anew: Catalogue::new(), catalogue };
    visit_all(&mut exported);
    assert_eq!(exported.anew.products, exported.catalogue.products);
    assert_eq!(exported.anew.customers, exported.catalogue.customers);
    exported.anew
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn awkward_products_are_the_same_after_export_and_import(product in product()) {
        let mut catalogue = shop();
        // Those that the product names are there.
        for link in &product.categories {
            catalogue.shop.categories.entry(link.path.key()).or_insert_with(|| Category::named(link.path.clone()));
        }
        let key = Product::key(&product.sku);
        catalogue.products.insert(key, product);
        round(catalogue);
    }

    #[test]
    fn awkward_sets_attributes_and_categories_are_the_same_after_export_and_import((set, attribute, category) in structure()) {
        let mut catalogue = Catalogue::new();
        let key = EntityType::Product.key(&set.name);
        catalogue.shop.attribute_sets.insert(key.clone(), set.clone());
        catalogue.shop.attributes.insert("shade".to_owned(), attribute.clone());
        // What it is below has a row of its own.
        for above in above(&category) {
            catalogue.shop.categories.entry(above.path.key()).or_insert(above);
        }
        catalogue.shop.categories.insert(category.path.key(), category.clone());
        let anew = round(catalogue);
        prop_assert_eq!(anew.shop.attribute_sets.get(&key), Some(&set));
        prop_assert_eq!(anew.shop.attributes.get("shade"), Some(&attribute));
        prop_assert_eq!(anew.shop.categories.get(&category.path.key()), Some(&category));
    }

    #[test]
    fn awkward_customers_are_the_same_after_export_and_import(customer in customer()) {
        let mut catalogue = Catalogue::new();
        catalogue.customers.insert("base/a@example.com".to_owned(), customer);
        round(catalogue);
    }
}

/// What a category is below.
fn above(category: &Category) -> Vec<Category> {
    let mut above = Vec::new();
    let mut next = category.path.parent();
    while let Some(path) = next {
        next = path.parent();
        above.push(Category::named(path));
    }
    above
}

#[test]
fn what_a_file_cannot_say_is_told() {
    let mut catalogue = Catalogue::new();
    let customer = Customer {
        email: "a@example.com".to_owned(),
        website: "base".to_owned(),
        store_view: None,
        group: Some("General".to_owned()),
        values: [("firstname", "A"), ("lastname", "B"), ("middlename", EMPTY_VALUE)]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into(),
        password_hash: None,
        addresses: Vec::new(),
    };
    catalogue.customers.insert("base/a@example.com".to_owned(), customer);
    let (_, findings) = catalogue.export::<Customers>();
    insta::assert_snapshot!(shown(&findings), @"export.csv:2: column `middlename`: cannot be written such that it is read as the same again");
    assert_eq!(catalogue.export::<CustomerAddresses>().1, []);
    let mut category = Category::named("Default Category/A".parse().unwrap());
    category.values.insert("gone".to_owned(), "x".to_owned());
    catalogue.shop.categories.insert(category.path.key(), category);
    insta::assert_snapshot!(shown(&catalogue.export::<Categories>().1), @"export.csv:3: column `additional_attributes`: `gone` is not an attribute of categories of the shop");
    assert_eq!(catalogue.export::<AttributeSets>().1, []);
    assert_eq!(catalogue.export::<Attributes>().1, []);
}

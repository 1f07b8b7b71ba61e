//! Whole catalogues arrive complete, and a second import of them sends no write at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use catalog::target::{BlockOutcome, ItemOutcome, RowChange};
use import::Entity;
use import::entity::attribute::Attributes;
use import::entity::attribute_set::AttributeSets;
use import::entity::product::{Product, ProductChange, ProductType, ProductValue, Products};
use import::entity::{ChangeEffect, EntityType, Stated, UnknownNames};
use import::name_key::name_key;
use import::named::Named;
use import::operation::Operation;
use import::shop::{ShopFacts, ShopFile};
use magento::client::{SearchCriteria, ShopCall};
use magento::target::{MagentoTarget, VolatileMemory};
use serde_json::{Value, json};

use crate::compared::Compared;
use crate::importing::{Shop, add, give_rows, read_rows};

/// Rows that are given to the target together, as by the step of an import.
const BLOCK: usize = 500;

/// The files of a folder below the project or beside it, by name.
fn files(folder: &str) -> Vec<String> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut paths: Vec<PathBuf> = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "csv"));
    paths.sort();
    let read = |path: &Path| String::from_utf8(fs::read(path).unwrap()).unwrap();
    paths.iter().map(|path| read(path)).collect()
}

/// Makes the categories and options that rows name, as the steps before an import of products do.
async fn make_named(target: &MagentoTarget, files: &[String]) {
    let facts = target.knowledge().await.unwrap().facts.clone();
    let mut named = Named::default();
    for csv in files {
        let (rows, _) = read_rows::<Products>(facts.clone(), UnknownNames::OptionsTaken, csv);
        rows.iter().for_each(|row| Products::name_others(&row.change, &facts, &mut named));
    }
    target.make_categories(&named.categories).await.unwrap();
    target.add_options(&named.options).await.unwrap();
}

fn rows(facts: &ShopFacts, files: &[String]) -> Vec<RowChange<ProductChange>> {
    let read = |csv: &String| read_rows::<Products>(facts.clone(), UnknownNames::Refused, csv).0;
    files.iter().flat_map(read).collect()
}

/// Imports rows by blocks, and asks for them to their end.
async fn import(shop: &Shop, target: &MagentoTarget, rows: &[RowChange<ProductChange>]) -> BlockOutcome {
    let mut outcome = BlockOutcome::default();
    for block in rows.chunks(BLOCK) {
        add(&mut outcome, give_rows::<Products>(target, Operation::AddUpdate, block.to_vec()).await.unwrap());
    }
    shop.settle::<Products>(target, outcome).await
}

fn refused(outcome: &BlockOutcome) -> Vec<String> {
    let told = |item: &ItemOutcome| match item {
        ItemOutcome::Refused(finding) => Some(finding.to_string()),
        ItemOutcome::Created | ItemOutcome::Updated | ItemOutcome::Unchanged | ItemOutcome::Deleted => None,
    };
    outcome.items.iter().filter_map(told).collect()
}

/// The products that rows make of nothing.
fn products(rows: &[RowChange<ProductChange>]) -> Vec<Product> {
    let mut products: BTreeMap<String, Product> = BTreeMap::new();
    for row in rows {
        let key = Product::key(&row.change.sku);
        match products.get_mut(&key) {
            Some(product) => {
                let _: ChangeEffect = product.apply(&row.change).unwrap();
            }
            None => drop(products.insert(key, Product::create(&row.change).unwrap())),
        }
    }
    // An address that no row states is made of the name, by every catalogue in its own way.
    let states_address = rows.iter().filter(|row| row.change.values.contains_key("url_key"));
    let stated: BTreeSet<String> = states_address.map(|row| Product::key(&row.change.sku)).collect();
    for (key, product) in &mut products {
        if !stated.contains(key) {
            product.default.values.remove("url_key");
        }
    }
    products.into_values().collect()
}

async fn compare(shop: &Shop, target: &MagentoTarget, rows: &[RowChange<ProductChange>]) -> Vec<String> {
    let known = target.knowledge().await.unwrap();
    let list = async |path: &[&str]| shop.client.list(ShopCall::get(path), SearchCriteria::default()).await.unwrap();
    let id = |product: &Value| (name_key(product["sku"].as_str().unwrap()), product["id"].as_i64().unwrap());
    let ids: BTreeMap<String, i64> = list(&["products"]).await.iter().map(id).collect();
    let item = |item: &Value| {
        let place = (name_key(item["sku"].as_str().unwrap()), item["source_code"].as_str().unwrap().to_owned());
        (place, (item["quantity"].as_f64().unwrap(), item["status"].as_i64().unwrap()))
    };
    let stock = list(&["inventory", "source-items"]).await.iter().map(item).collect();
    let compared = Compared { known: &known, ids: &ids, stock: &stock };
    let mut differences = Vec::new();
    for product in products(rows) {
        differences.extend(compared.differences(shop, &product).await);
    }
    differences
}

/// The shop of the demo: websites, sources, sets and attributes.
async fn demo_shop() -> Shop {
    let shop = Shop::start().await;
    shop.local.add_website("shop_de", "shop_de_view");
    shop.local.add_website("shop_fr", "fr_FR");
    for code in ["north", "south"] {
        let source = json!({"source_code": code, "name": code, "country_id": "DE", "postcode": "1", "enabled": true});
        shop.client.call(&ShopCall::post(&["inventory", "sources"], &json!({"source": source}))).await.unwrap();
    }
    let yaml = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/shop.yaml")).unwrap();
    let facts = ShopFile::read("shop.yaml", &yaml).unwrap().over("shop.yaml", &ShopFacts::plain()).unwrap();
    let there = shop.target().knowledge().await.unwrap();
    let mut sets = "attribute_set_name,based_on\n".to_owned();
    for set in
        facts.attribute_sets.values().filter(|set| set.entity_type == EntityType::Product && set.name != "Default")
    {
        sets += &format!("{},Default\n", set.name);
    }
    shop.import::<AttributeSets>(&sets).await;
    let mut attributes =
        "attribute_code,attribute_set_name,frontend_input,is_global,attribute_option_values\n".to_owned();
    let is_new = |code: &str| there.facts.attribute(code).is_none();
    for attribute in facts.product_attributes().filter(|attribute| is_new(&attribute.code) || attribute.is_user_defined)
    {
        let quoted = |text: &str| format!("\"\"{text}\"\"");
        let options: Vec<String> = attribute.options.iter().map(|option| quoted(&option.label)).collect();
        let sets: Vec<&str> = attribute.sets.values().map(|place| place.set.as_str()).collect();
        let (code, input) = (&attribute.code, &attribute.input);
        attributes += &format!("{code},\"{}\",{input},1,\"{}\"\n", sets.join(","), options.join(","));
    }
    let told = shop.import::<Attributes>(&attributes).await;
    assert!(!told.contains("a.csv"), "{told}");
    shop
}

#[tokio::test]
async fn the_demo_catalogue_arrives_complete_and_a_second_import_sends_no_write() {
    let shop = demo_shop().await;
    let files = files("demo/catalog");
    let target = shop.target();
    make_named(&target, &files).await;
    let rows = rows(&target.knowledge().await.unwrap().facts, &files);
    let first = import(&shop, &target, &rows).await;
    assert_eq!(refused(&first), Vec::<String>::new());
    assert_eq!(compare(&shop, &target, &rows).await, Vec::<String>::new());
    shop.local.forget_exchanges();
    let second = import(&shop, &shop.target(), &rows).await;
    let changed = second.items.iter().filter(|item| **item != ItemOutcome::Unchanged).count();
    assert_eq!((changed, shop.writes()), (0, Vec::new()));
}

const SAMPLES: &str = "../shared/samples/imports/techdivision-import-sample-data/generic/data/products";

/// The shop of the sample catalogue: the sets and attributes that its rows name.
async fn sample_shop(files: &[String]) -> Shop {
    let shop = Shop::start().await;
    let known = shop.target().knowledge().await.unwrap();
    let (mut sets, mut attributes) = (BTreeSet::new(), BTreeMap::new());
    for csv in files {
        for row in read_rows::<Products>(known.facts.clone(), UnknownNames::Taken, csv).0 {
            sets.extend(row.change.attribute_set.clone());
            for (code, stated) in &row.change.values {
                let is_known = known.facts.attribute(code).is_some() || is_other_name(code);
                if let (false, Stated::Set(value)) = (is_known, stated) {
                    let is_list = matches!(value, ProductValue::List(_));
                    *attributes.entry(code.clone()).or_insert(false) |= is_list;
                }
            }
            if let Some(Stated::Set(variations)) = &row.change.variations {
                attributes
                    .extend(variations.iter().flat_map(|one| one.options.keys()).map(|code| (code.clone(), false)));
            }
        }
    }
    let mut csv = "attribute_set_name,based_on\n".to_owned();
    sets.iter().filter(|set| *set != "Default").for_each(|set| csv += &format!("{set},Default\n"));
    shop.import::<AttributeSets>(&csv).await;
    let sets: Vec<String> = sets.into_iter().collect();
    let mut csv = "attribute_code,attribute_set_name,frontend_input,is_global\n".to_owned();
    for (code, is_list) in attributes {
        let input = if is_list { "multiselect" } else { "select" };
        csv += &format!("{code},\"{}\",{input},1\n", sets.join(","));
    }
    csv += &format!("color,\"{}\",select,1\n", sets.join(","));
    let told = shop.import::<Attributes>(&csv).await;
    assert!(!told.contains("a.csv"), "{told}");
    shop
}

/// Columns that have another name in the shop, or none.
fn is_other_name(column: &str) -> bool {
    Products::OTHER_NAMES.iter().any(|(_, name)| *name == column) || ["product_online", "url_path"].contains(&column)
}

#[tokio::test]
async fn the_sample_catalogue_arrives_complete_and_a_second_import_sends_no_write() {
    // Gift cards are products of Adobe Commerce only.
    let folders = ["add-update", "grouped"].iter();
    let files: Vec<String> = folders.flat_map(|folder| files(&format!("{SAMPLES}/{folder}"))).collect();
    let shop = sample_shop(&files).await;
    // Rows of a store view say what all see already: without a memory nobody knows whether it has that on its own account.
    let memory = Arc::new(VolatileMemory::default());
    let target = shop.target().remembering(memory.clone());
    make_named(&target, &files).await;
    let mut rows = rows(&target.knowledge().await.unwrap().facts, &files);
    rows.retain(|row| row.change.product_type != Some(ProductType::Giftcard));
    let first = import(&shop, &target, &rows).await;
    assert_eq!(refused(&first), Vec::<String>::new());
    assert_eq!(compare(&shop, &target, &rows).await, Vec::<String>::new());
    shop.local.forget_exchanges();
    let second = import(&shop, &shop.target().remembering(memory), &rows).await;
    let changed = second.items.iter().filter(|item| **item != ItemOutcome::Unchanged).count();
    assert_eq!((changed, shop.writes()), (0, Vec::new()));
}

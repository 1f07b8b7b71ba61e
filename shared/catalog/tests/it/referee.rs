//! The shop's own importer as the referee of tier prices, source items, customers and their addresses.
//!
//! The probes and results beside the project say what Magento made of each row of many files. Every file is imported into
//! a catalogue of the same shop, and each row must have the same verdict and leave the same values. Where we differ on
//! purpose, `meant.rs` says so, with the number of the referee's fact and a reason.

mod meant;
mod run;
mod suites;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use import::entity::customer::Customers;
use import::entity::customer_address::CustomerAddresses;
use import::entity::product::Product;
use import::entity::source_item::SourceItems;
use import::entity::tier_price::TierPrices;
use import::operation::Operation;
use serde_json::Value;

use meant::{DIFFERENCES, Meant};
use run::{IsKnown, Ours, Shop, import};

/// Row numbers, from 1, of the rows that are not taken or only in part.
type Refused = BTreeSet<usize>;

fn folder() -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/imports/oracle"));
    assert!(folder.is_dir(), "the referee is expected in {}", folder.display());
    folder
}

fn json(path: PathBuf) -> Value {
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows that the referee did not take.
fn refused_by_referee(run: &Value, rows: usize) -> Refused {
    let errors = |part: &str| run[part]["errors"].as_array().cloned().unwrap_or_default();
    let mut refused = Refused::new();
    for error in errors("validate").into_iter().chain(errors("import")) {
        match error["row"].as_u64() {
            Some(row) => {
                refused.insert(usize::try_from(row).unwrap());
            }
            // An error of the file as a whole.
            None => refused.extend(1..=rows),
        }
    }
    refused
}

/// The parts of products that are compared, as the referee tells them.
fn parts_of_referee(product: &Value) -> BTreeMap<&'static str, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let prices = product["tier_prices"].as_array().into_iter().flatten().map(|price| {
        let is_percent = price["percent"].is_string();
        let amount = if is_percent { format!("{}%", text(&price["percent"])) } else { text(&price["value"]) };
        format!("{} from {}: {amount}", text(&price["group"]), text(&price["qty"]))
    });
    let sources = product["sources"].as_object().into_iter().flatten();
    let sources = sources.filter(|(_, item)| item.is_object());
    let sources = sources.map(|(code, item)| format!("{code}: {} {}", text(&item["qty"]), text(&item["status"])));
    BTreeMap::from([("tier_prices", sorted(prices)), ("sources", sorted(sources))])
}

fn parts_of_ours(product: &Product) -> BTreeMap<&'static str, String> {
    let prices = product.tier_prices.iter().map(|price| {
        let percent = if price.value_type == "Discount" { "%" } else { "" };
        format!("{} from {}: {}{percent}", price.customer_group, price.quantity, price.price)
    });
    let sources = product.source_items.iter().map(|item| format!("{}: {} {}", item.source, item.quantity, item.status));
    BTreeMap::from([("tier_prices", sorted(prices)), ("sources", sorted(sources))])
}

fn sorted(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.join(", ")
}

/// Lays what a run changed over what was there before.
fn overlaid(before: &Value, change: &Value) -> Value {
    let (Some(known), Some(changed)) = (before.as_object(), change.as_object()) else { return change.clone() };
    let mut whole = known.clone();
    for (name, value) in changed {
        let before = known.get(name).unwrap_or(&Value::Null);
        whole.insert(name.clone(), overlaid(before, value));
    }
    Value::Object(whole)
}

/// Everything in which we differ from the referee over one run.
async fn differences(name: &str, run: &Value, shop: &Shop) -> Vec<(String, String)> {
    let file = run["file"].as_str().unwrap();
    let root = if file.starts_with("imports/") { folder().join("../..") } else { folder() };
    let bytes = fs::read(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let operation = match run["behavior"].as_str().unwrap() {
        "delete" => Operation::Delete,
        "replace" => Operation::Replace,
        _ => Operation::AddUpdate,
    };
    let is_known = if run["chain"] == "after the runs before it" { IsKnown::Yes } else { IsKnown::No };
    let ours = match run["entity"].as_str().unwrap() {
        "advanced_pricing" => import::<TierPrices>(&bytes, operation, shop, is_known).await,
        "stock_sources" => import::<SourceItems>(&bytes, operation, shop, is_known).await,
        "customer" => import::<Customers>(&bytes, operation, shop, is_known).await,
        _ => import::<CustomerAddresses>(&bytes, operation, shop, is_known).await,
    };
    let theirs = refused_by_referee(run, ours.rows);
    let refuses = ours.refused.difference(&theirs).map(|row| format!("row {row} refused"));
    let takes = theirs.difference(&ours.refused).map(|row| format!("row {row} taken"));
    let mut found: Vec<String> = refuses.chain(takes).collect();
    // An import that was broken off has stored whatever came first.
    if run["import"].is_object() && run["import"]["exception"].is_null() {
        found.extend(differences_of_products(run, shop, &ours));
        found.extend(differences_of_customers(run, &ours));
    }
    found.into_iter().map(|what| (name.to_owned(), what)).collect()
}

fn differences_of_products(run: &Value, shop: &Shop, ours: &Ours) -> Vec<String> {
    let mut found = Vec::new();
    for (sku, result) in run["stored"]["products"].as_object().into_iter().flatten() {
        let theirs = parts_of_referee(&overlaid(&shop.json["products"][sku.as_str()], &result["changed"]));
        let theirs =
            if result["changed"].is_object() { theirs } else { parts_of_referee(&shop.json["products"][sku.as_str()]) };
        let is = parts_of_ours(&ours.products[&sku.to_lowercase()]);
        for (part, theirs) in theirs {
            if is[part] != theirs {
                found.push(format!("{sku} {part}: `{}` instead of `{theirs}`", is[part]));
            }
        }
    }
    found
}

fn differences_of_customers(run: &Value, ours: &Ours) -> Vec<String> {
    let mut found = Vec::new();
    for customer in run["stored"]["customers"].as_array().into_iter().flatten() {
        // Results of files with people in them are masked.
        let (Some(email), Some(website)) = (customer["email"].as_str(), customer["web"].as_str()) else { continue };
        let Some(first_name) = customer["firstname"].as_str().filter(|_| !email.contains('…')) else { continue };
        let Some(is) = ours.customers.get(&format!("{website}/{}", email.to_lowercase())) else {
            found.push(format!("{email} is not there"));
            continue;
        };
        let text = |column: &str| is.values.get(column).map(String::as_str);
        let names = [text("firstname"), text("lastname")];
        if names != [Some(first_name), customer["lastname"].as_str()] {
            found.push(format!("{email} is called {names:?}"));
        }
    }
    found
}

#[tokio::test]
async fn samples_of_the_referee_have_its_verdicts_and_its_values_but_for_what_is_listed() {
    let shops = BTreeMap::from([("plain", Shop::named("plain")), ("rich", Shop::named("rich"))]);
    let mut found = BTreeSet::new();
    let mut runs = 0;
    for results in ["probes/results", "results"] {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder().join(results)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            for run in json(file)["runs"].as_array().unwrap() {
                let is_ours = ["advanced_pricing", "stock_sources", "customer", "customer_address"]
                    .contains(&run["entity"].as_str().unwrap());
                // The other strategy stops at the first row that this one leaves out.
                if is_ours && run["strategy"] == "skip" {
                    let base = run["base"].as_str().unwrap();
                    let file = run["file"].as_str().unwrap().rsplit('/').next().unwrap();
                    let name = format!("{file} {} {base}", run["behavior"].as_str().unwrap());
                    found.extend(differences(&name, run, &shops[base]).await);
                    runs += 1;
                }
            }
        }
    }
    assert!(runs > 40, "only {runs} runs were found");
    for meant in DIFFERENCES {
        let Meant { files, places, fact, kind, reason } = meant;
        assert!((1..=103).contains(fact) && ["stricter", "kinder", "safer"].contains(kind) && !reason.is_empty());
        for (file, place) in files.iter().flat_map(|file| places.iter().map(move |place| (file, place))) {
            let is_found = found.remove(&((*file).to_owned(), (*place).to_owned()));
            assert!(is_found, "{file}: `{place}` is listed as a difference and is none");
        }
    }
    let left: Vec<String> = found.iter().map(|(file, what)| format!("{file} | {what}")).collect();
    assert!(left.is_empty(), "{} differences are not listed\n{}", left.len(), left.join("\n"));
}

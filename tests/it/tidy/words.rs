//! `pipeline`, `store` and `engine` know nothing of what is done with them.

use super::{files, tree};
use crate::systole::root;

/// The packages that know nothing of commerce, and those of it, which they must not reach.
const GENERAL: [&str; 3] = ["pipeline", "store", "engine"];
const OF_COMMERCE: [&str; 6] = ["import", "catalog", "magento", "orders", "steps", "operate"];

/// What a word must not begin with: in code, in comments, in the names of files.
const BEGINNINGS: [&str; 9] =
    ["arrival", "bunch", "catalog", "customer", "invoice", "product", "shipment", "shop", "sku"];

/// Words in a row that must not be said. An order of a shop is counted and has parts; that of steps or bytes is not.
const PHRASES: [&str; 15] = [
    "an order",
    "drop area",
    "each order",
    "every order",
    "new order",
    "one order",
    "order export",
    "order id",
    "order import",
    "order item",
    "order state",
    "ordered",
    "orders",
    "per order",
    "sales order",
];

#[test]
fn pipeline_store_and_engine_know_nothing_of_a_shop() {
    for package in GENERAL {
        let reached = tree(&["--package", package]);
        let reached: Vec<&str> = OF_COMMERCE.into_iter().filter(|other| reached.contains(*other)).collect();
        assert_eq!(reached, Vec::<&str>::new(), "{package} depends on packages of commerce");
        let folder = root().join("shared").join(package);
        for file in files(&folder.join("src"), "rs") {
            let name = file.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            assert_eq!(of_commerce(&name), None, "{package}/{name}: the name of the file");
            // A file named so would be about those of a shop; the others have no file of their own.
            assert!(!name.ends_with("/order.rs"), "{package}/{name}: the name of the file is a word of shops");
            let text = std::fs::read_to_string(&file).unwrap();
            for (number, line) in text.lines().enumerate() {
                assert_eq!(of_commerce(line), None, "{package}/{name}:{}: {line}", number + 1);
            }
        }
    }
}

#[test]
fn words_of_a_shop_are_seen_in_code_comments_and_names() {
    let shop =
        ["/// Per order.", "struct OrderItem;", "order_id", "HTTPShop", "skus", "src/customer.rs", "let MyProduct"];
    for line in shop {
        assert!(of_commerce(line).is_some(), "{line}");
    }
    for line in ["in order", "sort_order", "Order::Ascending", "WorkOrder", "reorder it", "workshop", "whisked"] {
        assert_eq!(of_commerce(line), None, "{line}");
    }
}

/// The first thing of a shop that a line speaks of.
fn of_commerce(line: &str) -> Option<&'static str> {
    let words = words(line);
    let begins = |beginning: &&str| words.iter().any(|word| word.starts_with(*beginning));
    let says = |phrase: &&str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.windows(phrase.len()).any(|row| row == phrase)
    };
    BEGINNINGS.into_iter().find(begins).or_else(|| PHRASES.into_iter().find(says))
}

/// The words of a line in small letters, those of `camelCase` and `snake_case` apart.
fn words(line: &str) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    let mut words = vec![String::new()];
    for (at, letter) in letters.iter().enumerate() {
        let is_after_small = at > 0 && letters[at - 1].is_lowercase();
        let is_before_small = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let is_beginning = letter.is_uppercase() && (is_after_small || is_before_small);
        if is_beginning || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            words.last_mut().unwrap().extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

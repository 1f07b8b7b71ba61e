//! `systole import configuration`: what holds for imports, and where each value stands.

use crate::systole::{Running, Systole, program};

/// A shop with one file of the configuration.
fn configured(text: &str) -> Systole {
    let systole = Systole::new();
    let folder = systole.files().join("configuration");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("shop.json"), text).unwrap();
    // Only work creates a store.
    systole.run(&["heartbeat"]);
    systole
}

#[test]
fn every_value_is_shown_with_the_file_and_the_place_in_it() {
    let systole = configured("{\"entities\": {\"products\": {\n\"header-mappings\": {\"Preis\": \"price\"}}}}");
    let ran = systole.run(&["import", "configuration", "products"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let line = |key: &str| ran.stdout.lines().find(|line| line.contains(key)).unwrap_or_else(|| panic!("{key}: {ran}"));
    let mapping = line("header-mappings `preis`");
    assert!(mapping.contains("configuration/shop.json:2 /entities/products/header-mappings/Preis"), "{mapping}");
    assert!(mapping.contains("products"), "{mapping}");
    assert!(line("empty-attribute-value-constant").contains("import-configuration.json:"), "{ran}");
    let stock = systole.run(&["import", "configuration", "stock"]);
    assert!(!stock.stdout.contains("header-mappings"), "{stock}");
    let ran = systole.run(&["import", "configuration", "product"]);
    assert_eq!((ran.code, ran.stderr.contains("did you mean `products`?")), (Some(1), true), "{ran}");
}

#[test]
fn what_is_wrong_is_told_here_by_health_and_by_a_heartbeat() {
    let systole = configured("{\n\"delimiter\": \";;\"}");
    let problem = "configuration/shop.json:2: /delimiter: `;;` is not one character";
    for command in [&["import", "configuration"][..], &["health"], &["heartbeat"]] {
        let ran = systole.run(command);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains(problem), "{command:?}: {ran}");
    }
}

#[test]
fn a_file_can_be_checked_before_it_lies_in_the_store() {
    let systole = configured("{\"delimiter\": \";\"}");
    let folder = systole.folder("drafts");
    std::fs::write(folder.join("shop.json"), "{\"delimiter\": \"|\", \"entities\": {\"stok\": {}}}").unwrap();
    let draft = folder.join("shop.json");
    let ran = systole.run(&["import", "configuration", "--check", draft.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stdout.contains("there is no entity `stok` (did you mean `stock`?)"), "{ran}");
    let shown = systole.json(&["import", "configuration"]);
    let delimiter = shown["values"].as_array().unwrap().iter().find(|value| value["key"] == "delimiter").unwrap();
    assert_eq!(delimiter["value"], ";", "a check changes nothing");
}

#[test]
fn files_are_checked_without_a_store() {
    let systole = Systole::new();
    let folder = systole.folder("drafts");
    std::fs::write(folder.join("shop.json"), "{\"entities\": {\n\"stok\": {}}}").unwrap();
    for command in [&["import", "configuration", "--check", "shop.json"][..], &["pipeline", "validate", "."]] {
        let mut alone = program();
        alone.current_dir(&folder).args(command);
        let ran = Running::start(alone).end();
        let problem = "configuration/shop.json:2: /entities/stok: there is no entity `stok` (did you mean `stock`?)";
        assert_eq!((ran.code, ran.stdout.contains(problem)), (Some(1), true), "{ran}");
    }
    assert!(!folder.join(".systole").exists(), "a check makes no store");
}

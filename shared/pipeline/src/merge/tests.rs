use super::*;

const SHIPPED: &str = include_str!("../../../../pipelines/catalog_import.xml");

#[test]
fn the_shipped_definition_loads() {
    let merged = load([("catalog_import.xml", SHIPPED.as_bytes())]);
    assert_eq!(merged.errors, []);
    println!("{:#?}", merged.definitions);
}

//! The definitions that ship, and what they may not say.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use pipeline::merge::load;
use workshop::Workshop;

use crate::classes::without_list;

#[test]
fn the_shipped_import_loads() {
    let program = steps::shipped();
    let files: BTreeMap<_, _> = program.definitions.iter().map(|(name, xml)| (name.as_str(), xml.as_ref())).collect();
    let file = ("catalog_import.xml", files["catalog_import.xml"]);
    let merged = load([file], &program.vocabulary());
    assert_eq!(merged.errors, []);
    let [definition] = merged.definitions.as_slice() else { panic!("one definition") };
    let steps = definition.steps.iter().map(|step| format!("{} {} {}", step.sort_order, step.name, step.executor));
    assert_snapshot!(steps.collect::<Vec<_>>().join("\n"), @"
    10 move_files move_files
    20 validate validate
    25 index_suspend index_suspend
    30 import_attribute_sets import_attribute_sets
    40 import_attributes import_attributes
    50 create_options create_options
    60 import_categories import_categories
    70 create_categories create_categories
    80 import_products import_products
    82 import_variants import_variants
    84 import_links import_links
    86 import_custom_options import_custom_options
    88 publish publish
    90 archive archive
    94 index_resume index_resume
    96 reindex reindex
    100 report report
    ");
    let stored = serde_json::to_string(&definition.conditions[0]).unwrap();
    assert_snapshot!(
        stored,
        @r#"{"type":"bunch_complete","arguments":{"prefixes":"attribute-set-import attribute-import category-import product-import product-import-simple product-import-bundle product-import-additional-attribute catalog_product product-import-variant product-import-link custom-options"},"description":"The files of an import have arrived completely"}"#
    );
}

#[test]
fn bunches_are_asked_for_with_prefixes_or_refused() {
    let cases = [
        r#"<argument key="prefixes" value="product-import, price-import"/>"#,
        r#"<argument key="prefixes" value="product_import"/>"#,
        r#"<argument key="prefix" value="product-import"/>"#,
        "",
    ];
    let mut table = String::new();
    for case in cases {
        let condition = format!(r#"<pipeline_condition type="bunch_complete">{case}</pipeline_condition>"#);
        let text = format!(
            r#"<config><pipeline name="p"><conditions>{condition}</conditions><step name="s" executorType="e"/></pipeline></config>"#
        );
        let merged = load([("x.xml", text.as_bytes())], &steps::shipped().conditions().vocabulary());
        let errors: Vec<String> = merged.errors.iter().map(ToString::to_string).collect();
        table +=
            &format!("{case}\n    {}\n", if errors.is_empty() { "fine".to_owned() } else { errors.join("\n    ") });
    }
    assert_snapshot!(table, @r#"
    <argument key="prefixes" value="product-import, price-import"/>
        fine
    <argument key="prefixes" value="product_import"/>
        x.xml:1:114: pipeline `p`: condition `bunch_complete`: argument `prefixes`: `product_import` is not a file prefix (expected ASCII letters, digits, `-` or `.`, or `advanced_pricing`, `catalog_product`, `customer_address`, `customer_composite`, `stock_sources`)
    <argument key="prefix" value="product-import"/>
        x.xml:1:97: pipeline `p`: condition `bunch_complete`: the argument `prefix` is not known (expected `prefixes`)

        x.xml:1:40: pipeline `p`: condition `bunch_complete`: the argument `prefixes` is missing; expected the part of the file names before the first underscore, in the order in which a bunch imports them, as list of file prefixes (example: `product-import, price-import`)
    "#);
}

#[tokio::test]
async fn who_asks_for_a_broken_pipeline_is_told_all_that_is_wrong_in_its_file() {
    let workshop = Workshop::running(steps::shipped());
    let files = workshop.store().files.clone();
    let broken = r#"<config><pipeline name="p"><conditions><pipeline_condition type="cron_expression"/></conditions>
<step name="a" executorType="no_such"/>
<step name="b" executorType="report"><arguments><argument key="colour" value="red"/></arguments></step></pipeline></config>"#;
    files.put("pipelines/broken.xml", broken.into()).await.unwrap();
    files.put("pipelines/other.xml", r#"<config><pipeline name="q"/></config>"#.into()).await.unwrap();
    let error = workshop.restarted().definitions.find(files.as_ref(), "p").await.unwrap_err();
    assert_snapshot!(without_list(&error.to_string()), @"the definition cannot be used: broken.xml:1:40: pipeline `p`: condition `cron_expression`: the argument `expression` is missing; expected when it falls due, as cron expression (example: `30 2 * * *`); broken.xml:2:30: step `a`: there is no executor `no_such` (expected one of all); broken.xml:3:64: step `b`: the argument `colour` is not known (expected `imported_by`, `validated_by` or `bunch`)");
}

//! The definitions that ship, and what the schema tells authors of the conditions that ship.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use pipeline::condition::is_built_in;
use pipeline::merge::{Accepts, load};

const SCHEMA: &str = include_str!("../../../../pipelines/pipeline.xsd");

#[test]
fn the_shipped_import_loads() {
    let program = steps::shipped();
    let files: BTreeMap<_, _> = program.definitions.iter().map(|(name, xml)| (name.as_str(), xml.as_ref())).collect();
    let file = ("catalog_import.xml", files["catalog_import.xml"]);
    let mut merged = load([file], &program.conditions().vocabulary());
    merged.refuse_unknown_executors(&program.executors().names().into_iter().collect());
    assert_eq!(merged.errors, []);
    let [definition] = merged.definitions.as_slice() else { panic!("one definition") };
    let steps = definition.steps.iter().map(|step| format!("{} {} {}", step.sort_order, step.name, step.executor));
    assert_snapshot!(steps.collect::<Vec<_>>().join("\n"), @"
    10 move_files move_files
    20 validate validate_products
    30 import_categories import_categories
    40 import_products import_products
    50 archive archive
    60 report report
    ");
    let stored = serde_json::to_string(&definition.conditions[0]).unwrap();
    assert_snapshot!(
        stored,
        @r#"{"type":"bunch_complete","arguments":{"prefixes":"product-import"},"description":"The files of an import have arrived completely"}"#
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
        x.xml:1:114: pipeline `p`: condition `bunch_complete`: `product_import` is not a file prefix (expected ASCII letters, digits, `-` or `.`)
    <argument key="prefix" value="product-import"/>
        x.xml:1:97: pipeline `p`: condition `bunch_complete`: the argument `prefix` is not known (expected `prefixes`)

        x.xml:1:40: pipeline `p`: condition `bunch_complete`: the argument `prefixes` is missing
    "#);
}

/// The package `pipeline` holds the schema to the conditions that are built in.
#[test]
fn the_schema_tells_authors_of_every_condition_that_ships_and_of_its_arguments() {
    let vocabulary = steps::shipped().conditions().vocabulary();
    for (of_type, registered) in
        [("pipelineConditionName", vocabulary.pipeline_conditions), ("stepConditionName", vocabulary.step_conditions)]
    {
        let (_, told) = SCHEMA.split_once(&format!("<xs:simpleType name=\"{of_type}\">")).unwrap();
        let (told, _) = told.split_once("</xs:simpleType>").unwrap();
        let told: BTreeMap<&str, &str> = told
            .split("<xs:enumeration value=\"")
            .skip(1)
            .map(|rest| rest.split_once('"').unwrap())
            .filter(|(name, _)| !is_built_in(name))
            .collect();
        assert_eq!(told.keys().collect::<Vec<_>>(), registered.keys().collect::<Vec<_>>(), "{of_type}");
        for (name, accepts) in &registered {
            let Accepts::Only(arguments) = accepts else { panic!("`{name}` does not say what it takes") };
            for argument in *arguments {
                assert!(
                    told[name.as_str()].contains(argument.name),
                    "`{name}`: nothing is told of `{}`",
                    argument.name
                );
            }
        }
    }
}

use insta::assert_snapshot;
use serde_json::json;

use super::*;
use crate::entity;

fn loaded(files: &[(&str, &str)]) -> LoadedConfiguration {
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    load(&files, &entity::all())
}

fn problems(text: &str) -> String {
    let problems: Vec<String> = loaded(&[("a.json", text)]).problems.iter().map(ToString::to_string).collect();
    problems.join("\n")
}

fn import(pipeline: &str, entity: &str, operation: &str) -> Scope {
    Scope {
        pipeline: Some(pipeline.to_owned()),
        entity: Some(entity.to_owned()),
        operation: Some(operation.to_owned()),
    }
}

/// What holds for products of the catalogue import.
fn shown(loaded: &LoadedConfiguration) -> String {
    let of = loaded.configuration.of(&import("catalog_import", "products", "add-update"));
    let line = |said: &&Said| {
        let entry = said.entry.as_ref().map(|entry| format!("[{entry}]")).unwrap_or_default();
        format!("{}{entry} = {} ({} {})\n", said.key, said.value, said.place, said.place.pointer)
    };
    of.iter().map(line).collect()
}

#[test]
fn later_files_and_narrower_scopes_win() {
    let first = r#"{
        "delimiter": ";",
        "header-mappings": {"Artikel": "sku", "Preis": "price"},
        "entities": {"products": {"delimiter": "|", "operations": {"add-update": {"enclosure": "'"}}}}
    }"#;
    let second = r#"{
        "multiple-value-delimiter": "~",
        "header-mappings": {"Preis": null, " PREIS netto": "special_price"},
        "entities": {"catalog_product": {"default-values": {"Attribute_Set_Code": "Bag"}}},
        "pipelines": {"catalog_import": {"delimiter": "\t"}, "price_import": {"delimiter": ":"}}
    }"#;
    let loaded = loaded(&[("a.json", first), ("b.json", second)]);
    assert_eq!(loaded.problems, []);
    assert_snapshot!(shown(&loaded), @r#"
    default-values[attribute_set_code] = "Bag" (b.json:4 /entities/catalog_product/default-values/Attribute_Set_Code)
    delimiter = "\t" (b.json:5 /pipelines/catalog_import/delimiter)
    enclosure = "'" (a.json:4 /entities/products/operations/add-update/enclosure)
    header-mappings[artikel] = "sku" (a.json:3 /header-mappings/Artikel)
    header-mappings[preis netto] = "special_price" (b.json:3 /header-mappings/ PREIS netto)
    multiple-value-delimiter = "~" (b.json:2 /multiple-value-delimiter)
    "#);
}

#[test]
fn null_takes_away_all_entries_of_a_wider_scope() {
    let text = r#"{
        "header-mappings": {"a": "sku", "b": "name"},
        "entities": {"products": {"header-mappings": null, "operations": {"add-update": {"header-mappings": {"c": "price"}}}}}
    }"#;
    assert_snapshot!(shown(&loaded(&[("a.json", text)])), @r#"header-mappings[c] = "price" (a.json:3 /entities/products/operations/add-update/header-mappings/c)"#);
}

#[test]
fn what_is_wrong_is_told_with_file_line_and_pointer() {
    assert_snapshot!(problems(r#"{
        "delimeter": ";",
        "enclosure": "''",
        "strict-mode": "yes",
        "from-charset": "utf-9",
        "archive-dir": "x",
        "date-converter": {"source-date-format": ["d.m.Y", "d.M.Y"], "format": "d"},
        "number-converter": {"locale": "de_XX", "decimal-separator": "1"},
        "empty-attribute-value-constant": " ",
        "header-mappings": {"Preis": "", "Name": ["name", "Na me"], "x/y": 5},
        "default-values": {"sku": 5},
        "callbacks": {"name": ["trim", "trimm"], "Na me": "trim", "sku": {"map": {"table": {"a": "1", "a": "2"}}}},
        "black-listing": {"columns": "sku", "values": {"sku": "a"}, "skus": []},
        "ignore-attribute-value-on-update": ["*", "na me"],
        "entities": {"product": {}, "stock": {"default-values": {"qtty": "1"}}, "prices": []},
        "operations": {"update": {}},
        "pipelines": {"catalog_import": {"pipelines": {}, "entities": {"products": {"entities": {}}}}},
        "callbacks": {}
    }"#), @r#"
    a.json:6: /archive-dir: key `archive-dir` of the original has no meaning here: archives lie below `archive/`
    a.json:13: /black-listing/columns: `sku` is not a list of texts; expected: list of columns
    a.json:13: /black-listing/skus: there is no key `skus` (known: `columns`, `rows`, `values`)
    a.json:13: /black-listing/values/sku: `a` is not a list of texts; expected: object from columns to lists of texts
    a.json:18: /callbacks: the name stands here twice; only one of them can count
    a.json:12: /callbacks/Na me: `Na me` is not a column (columns are named as they are read, such as `sku`)
    a.json:12: /callbacks/name/1: there is no callback `trimm` (did you mean `trim`?)
    a.json:12: /callbacks/sku: `a` stands here twice; only one of them can count
    a.json:7: /date-converter/format: there is no key `format` (known: `source-date-format`)
    a.json:7: /date-converter/source-date-format: `["d.m.Y","d.M.Y"]` is no form of dates: `d.M.Y` holds `M`, which stands for nothing here (known are `d` `j` `m` `n` `Y` `y` `H` `G` `h` `g` `i` `s` `A` `a`; a letter that stands for itself has a backslash before it); expected: form of dates, or a list of them
    a.json:11: /default-values/sku: `5` is not a text; expected: object from columns to texts
    a.json:2: /delimeter: there is no key `delimeter` (did you mean `delimiter`?)
    a.json:9: /empty-attribute-value-constant: ` ` is empty (an empty cell says nothing, so it cannot clear as well); expected: text
    a.json:3: /enclosure: `''` is not one character (example: `";"`); expected: one ASCII character
    a.json:15: /entities/prices: found a list, expected an object
    a.json:15: /entities/product: there is no entity `product` (did you mean `products`?)
    a.json:5: /from-charset: `utf-9` is no character set (examples: `utf-8`, `windows-1252`, `iso-8859-15`, `utf-16le`); expected: name of a character set
    a.json:10: /header-mappings/Name: `Na me` is not a column (columns are named as they are read, such as `sku`)
    a.json:10: /header-mappings/Preis: `` names no column (to leave a column out, name it in `black-listing`); expected: object from columns of files to a column or a list of columns
    a.json:10: /header-mappings/x~1y: `5` is not a text; expected: object from columns of files to a column or a list of columns
    a.json:14: /ignore-attribute-value-on-update: `na me` is not a column (columns are named as they are read, such as `sku`)
    a.json:8: /number-converter/decimal-separator: `1` cannot separate the parts of a number (expected one character, such as `,`); expected: one character that is no letter or digit
    a.json:16: /operations/update: there is no operation `update` (did you mean `add-update`?)
    a.json:17: /pipelines/catalog_import/entities/products/entities: `entities` has no place here (`pipelines` stands at the top, `entities` there or in a pipeline, `operations` in any of them)
    a.json:17: /pipelines/catalog_import/pipelines: `pipelines` has no place here (`pipelines` stands at the top, `entities` there or in a pipeline, `operations` in any of them)
    a.json:4: /strict-mode: `yes` is neither `true` nor `false`; expected: `true` or `false`
    "#);
}

#[test]
fn a_file_that_is_no_configuration_is_told() {
    assert_snapshot!(problems("{\n\"delimiter\": \";\"\n\"enclosure\": \"'\"}"), @"a.json:3: /: the file is not JSON: expected `,` or `}` at line 3 column 1; nothing of it is used");
    assert_snapshot!(problems("[]"), @"a.json:1: /: found a list, expected an object");
    assert_snapshot!(problems(""), @"a.json:1: /: the file is not JSON: EOF while parsing a value at line 1 column 0; nothing of it is used");
    assert_snapshot!(problems(&"{\"a\":".repeat(100_000)), @"a.json:1: /: the file has more than 262144 bytes");
    assert_snapshot!(problems(&format!("{{\"callbacks\": {{\"sku\": {}1{}}}}}", "[".repeat(60), "]".repeat(60))), @"a.json:1: /: the file is nested more than 16 levels deep");
}

#[test]
fn what_contradicts_itself_after_merging_is_told_at_the_narrower_value() {
    let text = r#"{
        "delimiter": ";",
        "multiple-field-delimiter": "~",
        "entities": {"products": {"enclosure": ";"}, "stock": {"multiple-value-delimiter": "="}},
        "pipelines": {"catalog_import": {"multiple-value-delimiter": "~"}},
        "number-converter": {"locale": "de_DE", "decimal-separator": "."}
    }"#;
    assert_snapshot!(problems(text), @r#"
    a.json:4: /entities/products/enclosure: `delimiter` and `enclosure` are the same character, so nobody can tell them apart
    a.json:4: /entities/stock/multiple-value-delimiter: `multiple-value-delimiter` separates nothing: `=` and `"` have a meaning of their own in cells
    a.json:6: /number-converter/decimal-separator: `number-converter/decimal-separator` and `number-converter/grouping-separator` are the same character, so nobody can tell them apart
    a.json:5: /pipelines/catalog_import/multiple-value-delimiter: `multiple-field-delimiter` and `multiple-value-delimiter` are the same character, so nobody can tell them apart
    "#);
}

#[test]
fn a_problem_stops_the_imports_in_its_scope_only() {
    let loaded =
        loaded(&[("a.json", r#"{"entities": {"products": {"delimiter": 5}}, "pipelines": {"x": {"escape": 5}}}"#)]);
    let stopped = |pipeline: &str, entity: &str| loaded.problems_of(&import(pipeline, entity, "replace")).count();
    assert_eq!((stopped("catalog_import", "products"), stopped("catalog_import", "stock")), (1, 0));
    assert_eq!((stopped("x", "products"), stopped("x", "stock")), (2, 1));
}

#[test]
fn a_configuration_is_what_it_was_after_it_was_kept() {
    let loaded =
        loaded(&[("a.json", r#"{"entities": {"products": {"callbacks": {"sku": "trim"}}}, "delimiter": ";"}"#)]);
    let kept = Configuration::from_json(loaded.configuration.to_json().as_bytes()).unwrap();
    assert_eq!((&kept, kept.digest()), (&loaded.configuration, loaded.configuration.digest()));
    assert_ne!(kept.digest(), Configuration::default().digest());
}

#[test]
fn too_much_is_refused_and_not_read() {
    let large = format!("{{\"$comment\": \"{}\"}}", "x".repeat(FILE_BYTES - 100));
    let names: Vec<String> = (0..5).map(|number| format!("{number}.json")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), large.as_str())).collect();
    assert_snapshot!(loaded(&files).problems[0], @"4.json:1: /: there are more than 100 files, or more than 1048576 bytes in them; this file and those behind it are not read");
    let names: Vec<String> = (0..=MAX_FILES).map(|number| format!("{number:03}.json")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "{}")).collect();
    assert_eq!(loaded(&files).problems[0].place.file, "100.json");
    let patterns: Vec<_> = (0..101).map(|n| json!({"replace": {"pattern": format!("a{n}"), "replace": ""}})).collect();
    let text = json!({"callbacks": {"name": patterns}}).to_string();
    assert_snapshot!(problems(&text), @"a.json:1: /callbacks/name: there are more than 100 patterns (`replace` without a pattern takes any number)");
}

#[test]
fn the_defaults_are_what_holds_without_a_configuration() {
    let shipped = schema::defaults().to_string();
    let loaded = loaded(&[(SHIPPED, &shipped)]);
    assert_eq!(loaded.problems, []);
    let settings = loaded.configuration.settings(&Scope::default());
    let unset = EntitySettings::default();
    assert_eq!(settings.dialect, unset.dialect);
    assert_eq!((settings.is_strict, &settings.added_to), (unset.is_strict, &unset.added_to));
    assert_eq!((settings.changes_no_row(), settings.only_for_new), (true, unset.only_for_new));
    assert_eq!(settings.charset, Some(encoding_rs::UTF_8));
}

#[test]
fn every_example_of_a_key_is_a_value_of_it() {
    for key in keys::KEYS {
        let value: Value = serde_json::from_str(key.example).unwrap();
        let text = match key.group {
            "" => json!({ key.name: value }),
            group => json!({ group: { key.name: value } }),
        };
        let loaded = loaded(&[("a.json", &text.to_string())]);
        assert_eq!((loaded.problems, loaded.configuration.said().is_empty()), (vec![], false), "{}", key.path());
        let unset = format!("{:?}", EntitySettings::default());
        let set = format!("{:?}", loaded.configuration.settings(&Scope::default()));
        assert_ne!(set, unset, "{} does nothing", key.path());
    }
}

#[test]
fn numbers_follow_the_locale_and_what_is_said_beside_it() {
    let shipped = schema::defaults().to_string();
    let numbers = |text: &str| {
        loaded(&[(SHIPPED, &shipped), ("a.json", text)]).configuration.settings(&Scope::default()).dialect.numbers
    };
    let german = numbers(r#"{"number-converter": {"locale": "de_DE"}}"#);
    assert_eq!(german.canonical("1.019,99").as_deref(), Some("1019.99"));
    let ungrouped = numbers(r#"{"number-converter": {"locale": "de_DE", "grouping-separator": ""}}"#);
    assert_eq!((ungrouped.canonical("1.019,99"), ungrouped.canonical("1019,99").as_deref()), (None, Some("1019.99")));
    let french = numbers(r#"{"number-converter": {"locale": "fr_FR"}}"#);
    assert_eq!(french.canonical("1\u{202f}019,99").as_deref(), Some("1019.99"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[{}\\[\\]:,\" a-z0-9\\\\-]{0,60}") {
        let _ = loaded(&[("a.json", &text)]);
    }
}

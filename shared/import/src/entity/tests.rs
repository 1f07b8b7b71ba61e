use std::collections::BTreeSet;
use std::sync::Arc;

use patience::wait;
use serde::Deserialize;

use super::*;
use crate::csv::{CsvFormat, ReadRow, RowReader};
use crate::dialect::Dialect;
use crate::file_name::{PREFIXES_WITH_UNDERSCORE, split_prefix};
use crate::operation::Operation;

/// Reads one row of pairs of column and cell.
pub(super) fn read<E: Entity>(cells: &[(&str, &str)]) -> EntityRow<E::EntityChange> {
    read_in::<E>(&ShopFacts::plain(), cells)
}

/// Reads one row of pairs of column and cell for a shop.
pub(super) fn read_in<E: Entity>(shop: &ShopFacts, cells: &[(&str, &str)]) -> EntityRow<E::EntityChange> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |texts: Vec<&str>| texts.into_iter().map(quoted).collect::<Vec<_>>().join(",");
    let names = line(cells.iter().map(|cell| cell.0).collect());
    let texts = line(cells.iter().map(|cell| cell.1).collect());
    let mut reader = RowReader::new(CsvFormat::RFC_4180);
    reader.feed(format!("{names}\n{texts}\n").as_bytes());
    reader.finish();
    let ReadRow::Row(row) = reader.next_row().unwrap() else { panic!("{names}\n{texts} is not a row") };
    let shop = Arc::new(shop.clone());
    let rules = ReadingRules { unknown_names: UnknownNames::Taken, shop, ..ReadingRules::default() };
    let columns = E::columns("a.csv", reader.header().unwrap(), rules).unwrap();
    E::read(&columns, &row)
}

/// Reads all rows of a small file.
pub(super) fn read_all<E: Entity>(text: &str, rules: ReadingRules) -> Vec<EntityRow<E::EntityChange>> {
    let mut reader = RowReader::new(CsvFormat::RFC_4180);
    reader.feed(text.as_bytes());
    reader.finish();
    let mut rows = Vec::new();
    let wait = wait("the reader comes to the end of the file");
    loop {
        wait.go_on();
        match reader.next_row().unwrap() {
            ReadRow::Row(row) => {
                let columns = E::columns("a.csv", reader.header().unwrap(), rules.clone()).unwrap();
                rows.push(E::read(&columns, &row));
            }
            ReadRow::Bad(bad) => panic!("{bad}"),
            ReadRow::NeedsInput | ReadRow::End => return rows,
        }
    }
}

/// What the rows of a small file say, a line each, without what they do not say; and what is wrong with them.
pub(super) fn said<E: Entity>(text: &str, rules: ReadingRules) -> String {
    let mut lines = Vec::new();
    for row in read_all::<E>(text, rules) {
        lines.extend(row.findings.iter().map(|finding| format!("{finding} ({:?})", finding.severity)));
        let Some(change) = row.change else { continue };
        let mut json = serde_json::to_value(change).unwrap();
        // Other packages of the workspace make JSON objects keep the order of their fields.
        json.sort_all_objects();
        let says_something = |value: &serde_json::Value| {
            let is_empty =
                value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
            !value.is_null() && !is_empty
        };
        let parts = json.as_object().unwrap().iter().filter(|(_, value)| says_something(value));
        let parts: Vec<String> = parts.map(|(part, value)| format!("{part}: {value}")).collect();
        lines.push(parts.join(", "));
    }
    lines.join("\n")
}

/// A cell of every column that a row needs to say which thing it speaks of.
fn key<E: Entity>() -> Vec<(&'static str, &'static str)> {
    let is_key = |column: &&Column<E::ColumnKind>| E::ABOUT.key.contains(&column.name);
    E::COLUMNS.iter().filter(is_key).map(|column| (column.name, column.example)).collect()
}

/// The examples of all columns, in a row that speaks for all store views.
fn examples<E: Entity>() -> Vec<(&'static str, &'static str)> {
    let is_for_all = |column: &&Column<E::ColumnKind>| column.name != "store_view_code";
    E::COLUMNS.iter().filter(is_for_all).map(|column| (column.name, column.example)).collect()
}

struct CheckedDescriptions {
    names: BTreeSet<&'static str>,
    prefixes: BTreeSet<&'static str>,
}

impl Visitor for CheckedDescriptions {
    fn visit<E: Entity>(&mut self) {
        let About { name, validate, import, .. } = E::ABOUT;
        assert_eq!([validate.name, import.name], [format!("validate_{name}"), format!("import_{name}")]);
        assert!(self.names.insert(name), "two entities are called `{name}`");
        for prefix in E::prefixes() {
            assert!(self.prefixes.insert(prefix), "two entities have files named `{prefix}_…`");
            let is_known = split_prefix(prefix) == (prefix, None);
            assert!(is_known, "`{prefix}` has an underscore, which ends the prefix of a file's name");
        }
        let mut columns = BTreeSet::new();
        for column in E::COLUMNS {
            assert!(columns.insert(column.name), "{name} have two columns `{}`", column.name);
            let is_key = E::ABOUT.key.contains(&column.name);
            assert_eq!(is_key, column.need == Need::Always, "whether every row needs `{}`", column.name);
            let texts = [column.example, column.meaning];
            assert!(texts.iter().all(|text| !text.is_empty()), "column `{}` is described by half", column.name);
        }
        let words =
            E::OPERATIONS.iter().map(|word| Operation::ALL.iter().position(|(known, _)| known == word).unwrap());
        assert!(words.is_sorted() && E::OPERATIONS[0] == "add-update", "{name}: {:?}", E::OPERATIONS);
        assert!(!E::ABOUT.key.is_empty() && E::ABOUT.key.iter().all(|key| columns.contains(key)));
    }
}

#[test]
fn every_entity_is_described_in_full_and_like_no_other() {
    let mut checked = CheckedDescriptions { names: BTreeSet::new(), prefixes: BTreeSet::new() };
    visit_all(&mut checked);
    for prefix in PREFIXES_WITH_UNDERSCORE {
        assert!(checked.prefixes.contains(prefix), "no entity has files named `{prefix}_…`");
    }
}

struct ReadExamples;

impl Visitor for ReadExamples {
    fn visit<E: Entity>(&mut self) {
        for column in E::COLUMNS {
            let mut cells = key::<E>();
            if !cells.iter().any(|cell| cell.0 == column.name) {
                cells.push((column.name, column.example));
            }
            let mut row = read::<E>(&cells);
            if !row.findings.is_empty() {
                // A column that belongs to another, as the code of a group does to its name, is read beside all others.
                row = read::<E>(&examples::<E>());
                row.findings.retain(|finding| finding.column.as_deref() == Some(column.name));
            }
            assert!(row.change.is_some(), "the example of column `{}` makes no change", column.name);
            assert_eq!(row.findings, [], "the example of column `{}` cannot be used", column.name);
        }
    }
}

#[test]
fn every_example_of_a_column_can_be_used() {
    visit_all(&mut ReadExamples);
}

#[test]
fn what_a_new_thing_lacks_is_described_as_needed() {
    struct Lacks;
    impl Visitor for Lacks {
        fn visit<E: Entity>(&mut self) {
            let change = read::<E>(&key::<E>()).change.unwrap();
            for refusal in E::missing_if_new(&change) {
                let name = refusal.column.expect("what is missing is a column");
                let column = E::COLUMNS.iter().find(|column| column.name == name).expect("the column is known");
                assert!(matches!(column.need, Need::New | Need::NewIf(_)), "{name}: {:?}", column.need);
            }
        }
    }
    visit_all(&mut Lacks);
}

/// A thing to which the rows of an entity can be applied.
fn thing<E: Entity>() -> E::Thing {
    let mut cells = key::<E>();
    let is_needed = |column: &&Column<E::ColumnKind>| matches!(column.need, Need::New | Need::NewIf(_));
    cells.extend(E::COLUMNS.iter().filter(is_needed).map(|column| (column.name, column.example)));
    let change = read::<E>(&cells).change.unwrap();
    let stored = match E::create(&change) {
        Ok(thing) => return thing,
        Err(_) if E::Thing::NAME == "product" => {
            r#"{"schema":1,"sku":"24-MB01","product_type":"simple","attribute_set":"Default"}"#
        }
        Err(_) => r#"{"schema":1,"email":"a@example.com","website":"base"}"#,
    };
    E::Thing::from_json(stored).unwrap()
}

#[test]
fn every_change_that_is_made_twice_is_made_once() {
    struct Twice;
    impl Visitor for Twice {
        fn visit<E: Entity>(&mut self) {
            for column in E::COLUMNS {
                let mut cells = key::<E>();
                if !cells.iter().any(|cell| cell.0 == column.name) {
                    cells.push((column.name, column.example));
                }
                let change = read::<E>(&cells).change.unwrap();
                let mut thing = thing::<E>();
                let Ok(_) = E::apply(&mut thing, &change) else { continue };
                let once = thing.clone();
                assert_eq!(
                    E::apply(&mut thing, &change),
                    Ok(ChangeEffect::Unchanged),
                    "{} of {}",
                    column.name,
                    E::ABOUT.name
                );
                assert_eq!(thing, once, "{} of {}", column.name, E::ABOUT.name);
                assert_eq!(E::Thing::from_json(&once.to_json()).unwrap(), once, "{} of {}", column.name, E::ABOUT.name);
            }
        }
    }
    visit_all(&mut Twice);
}

#[test]
fn every_column_that_can_be_read_is_written() {
    struct WriteExamples;
    impl Visitor for WriteExamples {
        fn visit<E: Entity>(&mut self) {
            let change = read::<E>(&examples::<E>()).change.unwrap();
            let mut thing = E::create(&change).unwrap_or_else(|_| thing::<E>());
            let _ = E::apply(&mut thing, &change).unwrap();
            let (dialect, shop) = (Dialect::default(), ShopFacts::plain());
            let mut writing = Writing::new(&dialect, &shop);
            E::write(&thing, &mut writing);
            let rows = writing.into_rows();
            // The examples are those of a row for everybody; positions that are running numbers are understood.
            let is_left_out =
                |column: &Column<_>| column.name == "store_view_code" || column.default.starts_with("running numbers");
            let expected = E::COLUMNS.iter().filter(|column| E::is_written(column) && !is_left_out(column));
            let is_silent = |name: &&str| rows.iter().all(|row| row.cell(name).is_empty());
            let silent: Vec<&str> = expected.map(|column| column.name).filter(is_silent).collect();
            assert_eq!(silent, [""; 0], "columns of {} that are read and never written", E::ABOUT.name);
        }
    }
    visit_all(&mut WriteExamples);
    WriteExamples.visit::<Brands>();
}

/// The smallest entity there can be: things that have a code and nothing else.
struct Brands;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Brand {
    code: String,
}

impl Thing for Brand {
    const NAME: &'static str = "brand";
    const SCHEMA: u32 = 1;
}

impl Entity for Brands {
    type ColumnKind = Form;
    type EntityChange = Brand;
    type Thing = Brand;

    const ABOUT: About = About {
        name: "brands",
        singular: "brand",
        prefix: "brand-import",
        summary: "the brands of products",
        key: &["code"],
        validate: ExecutorAbout { name: "validate_brands", description: "checks every row of the brand files" },
        import: ExecutorAbout { name: "import_brands", description: "merges the rows of the brand files" },
    };
    const COLUMNS: &'static [Column<Form>] =
        &[Column { need: Need::Always, ..column("code", Form::Text, "acme", "the brand") }];

    fn cells(form: Form) -> Cells {
        form.cells()
    }

    fn read_cells(reading: &mut Reading<'_, Form>) -> Option<Brand> {
        Some(Brand { code: reading.key("code", 20)?.to_owned() })
    }

    fn key(change: &Brand) -> String {
        change.code.to_lowercase()
    }

    fn create(change: &Brand) -> Result<Brand, ChangeRefusal> {
        Ok(change.clone())
    }

    fn apply(_: &mut Brand, _: &Brand) -> Result<ChangeEffect, ChangeRefusal> {
        Ok(ChangeEffect::Unchanged)
    }

    fn write(brand: &Brand, writing: &mut Writing<'_>) {
        let mut row = WrittenRow::default();
        row.set("code", &brand.code);
        writing.push(row);
    }
}

#[test]
fn an_entity_of_one_column_needs_little() {
    let mut checked = CheckedDescriptions { names: BTreeSet::new(), prefixes: BTreeSet::new() };
    checked.visit::<Brands>();
    ReadExamples.visit::<Brands>();
    let row = read::<Brands>(&[("code", " acme")]);
    assert_eq!(row.change, None);
    assert_eq!(row.findings[0].to_string(), "a.csv:2: column `code`: ` acme` starts or ends with a blank");
}

#[test]
fn a_file_without_its_key_cannot_be_read() {
    let mut reader = RowReader::new(CsvFormat::RFC_4180);
    reader.feed(b"name\nacme\n");
    reader.next_row().unwrap();
    let error = Brands::columns("a.csv", reader.header().unwrap(), ReadingRules::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1: the header has no column `code`; the first line must name the columns, and it holds `name`"
    );
}

#[test]
fn a_description_is_data() {
    let mut json = serde_json::to_value(Brands::description()).unwrap();
    // Every entity has those of a file of errors behind its own.
    let columns = json["columns"].as_array_mut().unwrap();
    let added: Vec<_> = columns.split_off(1).iter().map(|column| column["name"].clone()).collect();
    assert_eq!(added, ["error_line", "error_column", "error_message"]);
    let expected = serde_json::json!({
        "name": "brands", "singular": "brand", "prefix": "brand-import", "summary": "the brands of products", "key": ["code"],
        "validate": { "name": "validate_brands", "description": "checks every row of the brand files" },
        "import": { "name": "import_brands", "description": "merges the rows of the brand files" },
        "columns": [{
            "name": "code", "need": "always", "default": "", "example": "acme", "meaning": "the brand",
            "holds": "text", "empty": "costs the row", "empty_value": "removes what is stored",
        }],
    });
    assert_eq!(json, expected);
    let names: Vec<&str> = all().iter().map(|description| description.about.name).collect();
    assert_eq!(names[..4], ["attribute_sets", "attributes", "categories", "products"]);
}

//! Rows of every entity, what the first bytes of a file tell, and files that describe a shop.

use std::sync::Arc;

use import::Entity;
use import::content::{FIRST_BYTES, recognise, recognise_format};
use import::csv::{CsvFormat, CsvRow, Header};
use import::entity::{ChangeEffect, ReadingRules, RowAbove, Thing, UnknownNames, Visitor, visit_all};
use import::operation::Operation;
use import::shop::{ShopFacts, ShopFile};

use super::files::rows;

/// Most rows of an input that are looked at.
const ROWS: usize = 50;

/// Reads an input as a file of every entity, in a shop that is known and in one that is not.
pub(crate) fn rows_of_every_entity(data: &[u8]) {
    let Some((header, rows)) = rows(data, CsvFormat::RFC_4180) else { return };
    let rows = &rows[..rows.len().min(ROWS)];
    let shop = Arc::new(ShopFacts::plain());
    for unknown_names in [UnknownNames::Refused, UnknownNames::Taken] {
        for (_, operation) in Operation::ALL {
            let rules = ReadingRules { shop: shop.clone(), operation, unknown_names, ..ReadingRules::default() };
            read_as_every_entity(&header, rows, rules);
        }
    }
}

fn read_as_every_entity(header: &Header, rows: &[CsvRow], rules: ReadingRules) {
    visit_all(&mut File { header, rows, rules, only: None });
}

/// Reads rows as those of one entity.
pub(super) fn read_as(entity: &str, header: &Header, rows: &[CsvRow], rules: ReadingRules) {
    visit_all(&mut File { header, rows: &rows[..rows.len().min(ROWS)], rules, only: Some(entity) });
}

/// A file, whatever its rows speak of.
struct File<'a> {
    header: &'a Header,
    rows: &'a [CsvRow],
    rules: ReadingRules,
    /// The entity to read it as, instead of every one.
    only: Option<&'a str>,
}

impl Visitor for File<'_> {
    fn visit<E: Entity>(&mut self) {
        if self.only.is_some_and(|only| only != E::ABOUT.name) {
            return;
        }
        let Ok(columns) = E::columns("a_b_01.csv", self.header, self.rules.clone()) else { return };
        let mut above = RowAbove::of::<E>(&columns);
        let mut thing: Option<E::Thing> = None;
        for row in self.rows {
            let mut row = row.clone();
            if above.is_continued_by(&row) {
                above.complete(&mut row);
            } else {
                above.pass(&row);
            }
            let read = E::read(&columns, &row);
            assert_eq!((read.line, read.next), (row.position.line, row.next));
            let Some(change) = read.change else {
                assert!(!read.findings.is_empty(), "{}: a row is left out and nobody says why", E::ABOUT.name);
                continue;
            };
            assert!(!E::key(&change).is_empty(), "{}: {change:?}", E::ABOUT.name);
            let missing = E::missing_if_new(&change);
            match &mut thing {
                Some(thing) => assert_twice_is_once::<E>(thing, &change),
                None if missing.is_empty() => thing = E::create(&change).ok(),
                None => {}
            }
            let _ = E::renew(thing.as_ref(), &change);
            if let Some(mut thing) = thing.clone() {
                let _ = E::remove(&mut thing, &change);
            }
        }
    }
}

/// Whatever a row says, saying it again changes nothing, and what it makes is read back as it was written.
fn assert_twice_is_once<E: Entity>(thing: &mut E::Thing, change: &E::EntityChange) {
    let before = thing.clone();
    match E::apply(thing, change) {
        Err(_) => assert_eq!(*thing, before, "{}: a change that was refused left something behind", E::ABOUT.name),
        Ok(_) => {
            let once = thing.clone();
            let again = E::apply(thing, change);
            assert_eq!((again, &*thing), (Ok(ChangeEffect::Unchanged), &once), "{}: {change:?}", E::ABOUT.name);
            let read = E::Thing::from_json(&once.to_json()).expect("a thing is read as it was written");
            assert_eq!(read, once, "{}", E::ABOUT.name);
        }
    }
}

/// What the first bytes of a file tell.
pub(crate) fn contents(data: &[u8]) {
    let first = &data[..data.len().min(FIRST_BYTES)];
    let content = recognise(first);
    assert_eq!(recognise(first), content);
    for usual in [CsvFormat::RFC_4180, CsvFormat { delimiter: b';', ..CsvFormat::RFC_4180 }] {
        let found = recognise_format(first, usual);
        let start = usize::try_from(found.header.byte_offset).expect("an input fits into memory");
        assert!(start <= first.len() && (1..=2).contains(&found.header.line), "{found:?}");
        assert!(found.notice.is_some() || found.format == usual, "another format, and nobody says so: {found:?}");
    }
}

/// A file that says which shop it is.
pub(crate) fn shops(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for name in ["shop.yaml", "shop.json"] {
        let Ok(file) = ShopFile::read(name, &text) else { continue };
        let Ok(shop) = file.over(name, &ShopFacts::plain()) else { continue };
        let written = shop.to_yaml();
        let again = ShopFile::read("shop.yaml", &written).unwrap_or_else(|error| panic!("{error}:\n{written}"));
        let shop_again =
            again.over("shop.yaml", &ShopFacts::plain()).unwrap_or_else(|error| panic!("{error}:\n{written}"));
        assert_eq!(shop_again.to_yaml(), written, "written as another shop");
    }
}

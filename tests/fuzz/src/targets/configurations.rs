//! The configuration of imports, and files that are read with one.

use std::sync::Arc;

use import::configuration::{self, Configuration, LoadedConfiguration, Scope};
use import::entity::{self, ReadingRules};
use import::operation::Operation;
use import::shop::ShopFacts;
use steps::import::configuration::SHIPPED;

use super::entities::read_as;
use super::files::rows;
use crate::input::sections;

/// The section whose lines are a CSV file; all others are files of the configuration, in their order.
const ROWS: &str = "rows";

/// Most files of a configuration that are looked at.
const FILES: usize = 5;

/// Reads files of a configuration over the one that ships, and rows with what they say.
pub(crate) fn configurations(data: &[u8]) {
    let sections = sections(data);
    let csv = sections.iter().find(|section| section.title() == ROWS);
    let said = sections
        .iter()
        .filter(|section| section.title() != ROWS)
        .take(FILES)
        .map(|section| (section.title().into_owned(), section.content.to_vec()));
    let shipped = (configuration::SHIPPED.to_owned(), SHIPPED.as_bytes().to_vec());
    let files: Vec<(String, Vec<u8>)> = std::iter::once(shipped).chain(said).collect();
    let loaded = configuration::load(&files, &entity::all());
    assert_eq!(configuration::load(&files, &entity::all()), loaded, "read twice");
    assert_places(&files, &loaded);
    assert_kept(&loaded.configuration);
    let Some(csv) = csv else { return };
    let shop = Arc::new(ShopFacts::plain());
    for description in entity::all() {
        let entity = description.about.name;
        let scope = Scope { entity: Some(entity.to_owned()), ..Scope::default() };
        if loaded.problems_of(&scope).next().is_some() {
            // Nothing is imported with a configuration that is broken.
            continue;
        }
        let settings = loaded.configuration.settings(&scope);
        let Some((header, rows)) = rows(csv.content, settings.dialect.format) else { continue };
        let rules = ReadingRules {
            shop: shop.clone(),
            operation: Operation::AddUpdate,
            dialect: settings.dialect.clone(),
            settings: Arc::new(settings),
            ..ReadingRules::default()
        };
        read_as(entity, &header, &rows, rules);
    }
}

/// Whatever is said, wrong or not, stands on a line of a file.
fn assert_places(files: &[(String, Vec<u8>)], loaded: &LoadedConfiguration) {
    let places = loaded.problems.iter().map(|problem| &problem.place);
    for place in places.chain(loaded.configuration.said().iter().map(|said| &said.place)) {
        let of_name = files.iter().filter(|(name, _)| *name == place.file);
        let lines = of_name.map(|(_, bytes)| bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1).max();
        assert!(lines.is_some_and(|lines| (1..=lines).contains(&place.line)), "{place:?} is in no file");
    }
    assert!(loaded.problems.iter().all(|problem| !problem.text.is_empty()), "{:?}", loaded.problems);
}

/// A pipeline keeps what it was spawned with, and nothing else.
fn assert_kept(configuration: &Configuration) {
    let read =
        Configuration::from_json(configuration.to_json().as_bytes()).expect("a configuration is read as written");
    assert_eq!((&read, read.digest()), (configuration, configuration.digest()));
}

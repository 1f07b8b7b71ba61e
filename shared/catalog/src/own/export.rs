//! Exports: files of what the own catalogue has, page by page, so that neither memory nor a request grows with it.

use std::marker::PhantomData;
use std::mem;
use std::sync::Arc;

use async_trait::async_trait;
use import::Entity;
use import::dialect::Dialect;
use import::entity::{About, Thing, Visitor, visit_all};
use import::export::{Export, in_order};
use import::finding::Finding;
use import::shop::ShopFacts;
use store::table::Table;

use super::error::Error;
use super::pages::{ThingCursor, page};
use super::shop::shop_facts;

/// Things that are read at once.
const PAGE: usize = 200;

/// Facts that are written at once; they are in memory anyway.
const FACTS_PER_PAGE: usize = 1_000;

/// Some rows of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportedPage {
    /// The rows as text, without the header.
    pub text: String,
    /// How many rows these are.
    pub rows: u64,
    /// What cannot be written such that it is read as the same again, or would not pass validation.
    pub findings: Vec<Finding>,
}

/// The file of an entity while it is written.
#[async_trait]
pub trait OpenExport: Send {
    /// The first row of the file.
    fn header(&self) -> String;

    /// Writes the next rows, possibly none; nothing behind the last ones.
    ///
    /// # Errors
    /// The store did not answer, or something kept cannot be understood.
    async fn next(&mut self) -> Result<Option<ExportedPage>, Error>;

    /// Where to go on after what was written; none behind the last rows.
    fn cursor(&self) -> Option<&ThingCursor>;
}

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportFormat {
    /// How its cells are written.
    pub dialect: Dialect,
    /// Whether it begins with the mark of UTF-8, without which its reader would take it for another character set.
    pub has_mark: bool,
}

/// An entity of which files can be written.
#[async_trait]
pub trait Exporter: Send + Sync {
    /// What the entity is called, and how its files are.
    fn about(&self) -> About;

    /// Begins a file of a name, or goes on behind a cursor.
    ///
    /// # Errors
    /// The store did not answer, or something kept cannot be understood.
    async fn open(
        &self,
        table: Arc<dyn Table>,
        file: &str,
        format: ExportFormat,
        from: ThingCursor,
    ) -> Result<Box<dyn OpenExport>, Error>;
}

/// Exports the things of an entity that the own catalogue keeps.
pub struct ExportOf<E>(PhantomData<E>);

impl<E> Default for ExportOf<E> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// The exporters of every entity that ships.
#[must_use]
pub fn exporters() -> Vec<Arc<dyn Exporter>> {
    struct All(Vec<Arc<dyn Exporter>>);
    impl Visitor for All {
        fn visit<E: Entity>(&mut self) {
            self.0.push(Arc::new(ExportOf::<E>::default()));
        }
    }
    let mut all = All(Vec::new());
    visit_all(&mut all);
    all.0
}

#[async_trait]
impl<E: Entity> Exporter for ExportOf<E> {
    fn about(&self) -> About {
        E::ABOUT
    }

    async fn open(
        &self,
        table: Arc<dyn Table>,
        file: &str,
        format: ExportFormat,
        from: ThingCursor,
    ) -> Result<Box<dyn OpenExport>, Error> {
        let ExportFormat { dialect, has_mark } = format;
        let shop = shop_facts(table.as_ref()).await?;
        let mut facts = shop.clone();
        let export = Export::begin(file, dialect, Arc::new(shop));
        Ok(match E::Thing::IS_FACT {
            true => Box::new(FactExport::<E> { export, has_mark, facts: ordered::<E>(&mut facts), next: Some(from) }),
            false => Box::new(ThingExport::<E> { export, has_mark, table, next: Some(from) }),
        })
    }
}

/// The header as the file begins with it.
fn marked(header: String, has_mark: bool) -> String {
    if has_mark { format!("\u{feff}{header}") } else { header }
}

/// The facts of an entity, in the order of a file.
fn ordered<E: Entity>(shop: &mut ShopFacts) -> Vec<E::Thing> {
    let facts = shop.facts_of::<E::Thing>().map(mem::take).unwrap_or_default();
    in_order::<E>(&facts).into_iter().map(|(_, thing)| thing.clone()).collect()
}

struct FactExport<E: Entity> {
    export: Export<E>,
    has_mark: bool,
    facts: Vec<E::Thing>,
    /// Its partition is how many are written.
    next: Option<ThingCursor>,
}

struct ThingExport<E: Entity> {
    export: Export<E>,
    has_mark: bool,
    table: Arc<dyn Table>,
    next: Option<ThingCursor>,
}

#[async_trait]
impl<E: Entity> OpenExport for FactExport<E> {
    fn header(&self) -> String {
        marked(self.export.header(), self.has_mark)
    }

    async fn next(&mut self) -> Result<Option<ExportedPage>, Error> {
        let Some(ThingCursor { partition: from, .. }) = self.next.take() else { return Ok(None) };
        let mut exported = ExportedPage::default();
        for thing in self.facts.iter().skip(from).take(FACTS_PER_PAGE) {
            exported.add(self.export.write(thing));
        }
        let behind = from + FACTS_PER_PAGE;
        self.next = (behind < self.facts.len()).then_some(ThingCursor { partition: behind, after: None });
        Ok(Some(exported))
    }

    fn cursor(&self) -> Option<&ThingCursor> {
        self.next.as_ref()
    }
}

#[async_trait]
impl<E: Entity> OpenExport for ThingExport<E> {
    fn header(&self) -> String {
        marked(self.export.header(), self.has_mark)
    }

    async fn next(&mut self) -> Result<Option<ExportedPage>, Error> {
        let Some(cursor) = self.next.take() else { return Ok(None) };
        let read = page::<E::Thing>(self.table.as_ref(), &cursor, PAGE).await?;
        let mut exported = ExportedPage::default();
        for thing in read.things.iter().filter_map(|(_, kept)| kept.thing.as_ref()) {
            exported.add(self.export.write(thing));
        }
        self.next = read.next;
        Ok(Some(exported))
    }

    fn cursor(&self) -> Option<&ThingCursor> {
        self.next.as_ref()
    }
}

impl ExportedPage {
    fn add(&mut self, written: import::export::WrittenThing) {
        self.text.push_str(&written.text);
        self.rows += written.rows;
        self.findings.extend(written.findings);
    }
}

//! A catalogue in memory: what files say, and files of what it has.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use import::Entity;
use import::csv::{ReadRow, RowReader};
use import::dialect::Dialect;
use import::entity::category::Category;
use import::entity::customer::Customer;
use import::entity::product::Product;
use import::entity::{Columns, EntityRow, ReadingRules, Thing, UnknownNames};
use import::export::Export;
use import::finding::{Finding, Severity};
use import::named::Named;
use import::shop::{ShopFacts, StoreView, Website};
use patience::wait;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Catalogue {
    pub(super) shop: ShopFacts,
    pub(super) products: BTreeMap<String, Product>,
    pub(super) customers: BTreeMap<String, Customer>,
}

impl Catalogue {
    /// A plain shop with some more store views, which somebody has told.
    pub(super) fn new() -> Self {
        let mut shop = ShopFacts::plain();
        for code in ["de_de", "en_us", "de_DE", "en_US"] {
            shop.basics.store_views.push(StoreView { code: code.to_owned(), website: "base".to_owned() });
        }
        shop.basics.websites.push(Website { code: "additional_base".to_owned(), root_category: None });
        shop.basics.has_website_prices = true;
        shop.is_told = true;
        Self { shop, products: BTreeMap::new(), customers: BTreeMap::new() }
    }

    pub(super) fn things<T: Thing>(&mut self) -> &mut BTreeMap<String, T> {
        let Self { shop, products, customers } = self;
        if T::IS_FACT {
            return shop.facts_of::<T>().unwrap();
        }
        let kinds: [&mut dyn Any; 2] = [products, customers];
        kinds.into_iter().find_map(<dyn Any>::downcast_mut).expect("files speak of products, customers and facts")
    }

    /// Imports a file, creates the options and categories that it names, and tells all findings but notices of the first
    /// pass.
    pub(super) fn import<E: Entity>(&mut self, text: &[u8]) -> Vec<Finding> {
        let mut named = Named::default();
        for row in self.read::<E>(text, UnknownNames::OptionsTaken) {
            if let Some(change) = &row.change {
                E::name_others(change, &self.shop, &mut named);
            }
        }
        for (code, labels) in &named.options {
            let attribute = self.shop.attributes.get_mut(code).unwrap();
            attribute.add_options(labels.values().map(String::as_str));
        }
        for path in &named.categories {
            let category = || Category::named(path.clone());
            self.shop.categories.entry(path.key()).or_insert_with(category);
        }
        let mut findings = Vec::new();
        for row in self.read::<E>(text, UnknownNames::Refused) {
            findings.extend(row.findings);
            let Some(change) = row.change else { continue };
            if let Err(refusal) = self.apply::<E>(&change) {
                findings.push(Finding::refused("file", row.line, refusal));
            }
        }
        findings
    }

    fn apply<E: Entity>(&mut self, change: &E::EntityChange) -> Result<(), import::finding::ChangeRefusal> {
        let things = self.things::<E::Thing>();
        let key = E::key(change);
        if let Some(thing) = things.get_mut(&key) {
            return E::apply(thing, change).map(drop);
        }
        if let Some(missing) = E::missing_if_new(change).into_iter().next() {
            return Err(missing);
        }
        things.insert(key, E::create(change)?);
        Ok(())
    }

    fn read<E: Entity>(&self, text: &[u8], unknown_names: UnknownNames) -> Vec<EntityRow<E::EntityChange>> {
        let rules = ReadingRules { unknown_names, shop: Arc::new(self.shop.clone()), ..ReadingRules::default() };
        let mut reader = RowReader::new(rules.dialect.format);
        reader.feed(text);
        reader.finish();
        let mut columns: Option<Columns<_>> = None;
        let mut rows = Vec::new();
        let wait = wait("the reader comes to the end of the file");
        loop {
            wait.go_on();
            match reader.next_row().unwrap() {
                ReadRow::Row(row) => {
                    let header = reader.header().unwrap();
                    let columns = columns.get_or_insert_with(|| E::columns("file", header, rules.clone()).unwrap());
                    let row = E::read(columns, &row);
                    if let (true, Some(change)) = (E::Thing::IS_FACT, &row.change) {
                        let _ = columns.shop_mut().learn::<E>(change);
                    }
                    rows.push(row);
                }
                ReadRow::Bad(bad) => {
                    let findings = vec![Finding::bad_row("file", &bad)];
                    rows.push(EntityRow {
                        line: bad.position.line,
                        next: bad.next,
                        change: None,
                        if_known: None,
                        findings,
                    });
                }
                ReadRow::NeedsInput | ReadRow::End => return rows,
            }
        }
    }

    /// Writes a file of all things of an entity; tells what it says of them.
    pub(super) fn export<E: Entity>(&mut self) -> (String, Vec<Finding>) {
        let shop = Arc::new(self.shop.clone());
        let mut export = Export::<E>::begin("export.csv", Dialect::default(), shop);
        let mut text = export.header();
        let mut findings = Vec::new();
        for thing in in_order::<E>(self.things::<E::Thing>()) {
            let written = export.write(thing);
            text += &written.text;
            findings.extend(written.findings);
        }
        (text, findings)
    }
}

/// Things with those in front that must stand there.
fn in_order<E: Entity>(things: &BTreeMap<String, E::Thing>) -> Vec<&E::Thing> {
    import::export::in_order::<E>(things).into_iter().map(|(_, thing)| thing).collect()
}

/// Findings that are more than a notice.
pub(super) fn problems(findings: &[Finding]) -> Vec<String> {
    findings.iter().filter(|finding| finding.severity > Severity::Notice).map(ToString::to_string).collect()
}

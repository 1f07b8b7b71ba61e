//! Finds out which column of a file means what, by the names that the entity, the shop and the configuration know.

use std::collections::HashMap;
use std::sync::Arc;

use super::columns::{Columns, KnownColumn, ReadingRules, Things, column_named, counts_for_new_only};
use super::row_plan::{CellSource, PlannedCell, RowPlan};
use super::{Description, Entity};
use crate::configuration::{ConfigurationPlace, EntitySettings};
use crate::csv::{self, ErrorKind, Header};
use crate::errors_file;
use crate::finding::{Finding, Severity};
use crate::nearest::nearest;
use crate::operation::Operation;

/// Looks up the columns of a file among those that its entity knows.
pub(super) fn search<E: Entity>(
    file: &str,
    header: &Header,
    rules: ReadingRules,
) -> Result<Columns<E::ColumnKind>, csv::Error> {
    let keeps_some = rules.operation == Operation::AddUpdate && !rules.settings.only_for_new.is_empty();
    let for_known = match keeps_some {
        true => {
            let mut columns = ColumnSearch::<E>::new(file, header, rules.clone(), Things::Known).columns()?;
            // Rows are read with the shop of the columns below, which learns of the rows.
            columns.rules.shop = Arc::default();
            Some(Box::new(columns))
        }
        false => None,
    };
    let columns = ColumnSearch::<E>::new(file, header, rules, Things::New).columns()?;
    Ok(Columns { for_known, ..columns })
}

/// A search through the header of a file.
struct ColumnSearch<'h, E: Entity> {
    file: &'h str,
    header: &'h Header,
    rules: ReadingRules,
    things: Things,
    found: Found<E::ColumnKind>,
}

struct Found<K> {
    known: Vec<KnownColumn<K>>,
    indexes: HashMap<Arc<str>, usize>,
    /// Who else is read as a column, by its name: the name in the file, and where it is mapped.
    sources: HashMap<Arc<str>, (String, Option<ConfigurationPlace>)>,
    unknown: Vec<String>,
    plan: Option<RowPlan>,
    findings: Vec<Finding>,
}

/// A column of the file, as one column that it is read as.
struct Written<'w> {
    index: usize,
    name: &'w str,
    /// Where the configuration says that it is read as another.
    mapped: Option<&'w ConfigurationPlace>,
}

impl<'h, E: Entity> ColumnSearch<'h, E> {
    fn new(file: &'h str, header: &'h Header, rules: ReadingRules, things: Things) -> Self {
        let found = Found {
            known: Vec::new(),
            indexes: HashMap::new(),
            sources: HashMap::new(),
            unknown: Vec::new(),
            plan: (!rules.settings.changes_no_row() || things == Things::Known).then(RowPlan::default),
            findings: Vec::new(),
        };
        Self { file, header, rules, things, found }
    }

    /// Goes through the header.
    fn columns(mut self) -> Result<Columns<E::ColumnKind>, csv::Error> {
        let settings = self.rules.settings.clone();
        for (index, name) in self.header.names().iter().enumerate() {
            if errors_file::is_added(name) {
                continue;
            }
            match settings.mappings.get(&name.trim().to_lowercase()) {
                None => self.take(&Written { index, name, mapped: None }, name, &settings)?,
                Some(mapping) => {
                    for target in &mapping.targets {
                        let written = Written { index, name, mapped: Some(&mapping.place) };
                        self.take(&written, target, &settings)?;
                    }
                }
            }
        }
        self.add_defaults(&settings);
        if let Some(missing) = E::ABOUT.key.iter().find(|column| !self.found.indexes.contains_key(**column)) {
            return Err(self.header.missing(missing));
        }
        let Found { known, indexes, unknown, plan, findings, .. } = self.found;
        let file = self.file.to_owned();
        Ok(Columns {
            origin: file.clone(),
            file,
            rules: self.rules,
            known,
            indexes,
            unknown,
            plan,
            findings,
            things: self.things,
            for_known: None,
        })
    }

    /// Takes a column of the file as the one of a name.
    fn take(&mut self, written: &Written<'_>, target: &str, settings: &EntitySettings) -> Result<(), csv::Error> {
        let Some((name, kind)) = column_named::<E>(target, &self.rules.shop) else {
            if let Some(place) = written.mapped {
                self.note(
                    written.name,
                    format!("is read as `{target}`, as {place} says, which is not a column{}", near::<E>(target)),
                );
            }
            self.found.unknown.push(written.name.to_owned());
            return Ok(());
        };
        if self.is_left_out(&name, written.name, settings) {
            return Ok(());
        }
        let name: Arc<str> = Arc::from(name);
        if let Some((other, mapped)) = self.found.sources.get(&name) {
            let Some(place) = written.mapped.or(mapped.as_ref()) else {
                // Spelled in two ways the same column is there twice; the first one counts.
                self.found.unknown.push(written.name.to_owned());
                return Ok(());
            };
            let (one, other, place) = (other.clone(), written.name.to_owned(), place.to_string());
            let kind = ErrorKind::MappedTwice { name: name.to_string(), one, other, place };
            return Err(csv::Error { line: self.header.line(), kind });
        }
        let is_respelled = written.name.trim() != written.name || written.name.chars().any(char::is_uppercase);
        if is_respelled && written.mapped.is_none() {
            let problem = format!("is read as column `{name}`; write it like this, without blanks and capitals");
            self.note(written.name, problem);
        }
        self.found.sources.insert(name.clone(), (written.name.to_owned(), written.mapped.cloned()));
        let source = CellSource::Cell { index: written.index, written: written.name.to_owned() };
        self.add(name, kind, source, settings);
        Ok(())
    }

    /// Adds the columns that the file does not have and that have a default.
    fn add_defaults(&mut self, settings: &EntitySettings) {
        for (column, default) in &settings.defaults {
            let Some((name, kind)) = column_named::<E>(column, &self.rules.shop) else {
                let problem =
                    format!("has a default, as {} says, but is not a column{}", default.place, near::<E>(column));
                self.note(column, problem);
                continue;
            };
            if self.found.indexes.contains_key(&*name) || self.is_left_out(&name, &name, settings) {
                continue;
            }
            self.add(Arc::from(name), kind, CellSource::Default(default.clone()), settings);
        }
    }

    fn add(&mut self, name: Arc<str>, kind: E::ColumnKind, source: CellSource, settings: &EntitySettings) {
        let index = match (&mut self.found.plan, &source) {
            (Some(plan), _) => plan.add(PlannedCell::new(&name, source, settings)),
            (None, CellSource::Cell { index, .. }) => *index,
            (None, CellSource::Default(_)) => return,
        };
        self.found.indexes.insert(name.clone(), index);
        self.found.known.push(KnownColumn { index, name, kind });
    }

    /// Says whether a column does not count, and tells so once per file.
    fn is_left_out(&mut self, name: &str, written: &str, settings: &EntitySettings) -> bool {
        if let Some(place) = settings.left_out.get(name) {
            self.note(written, format!("is left out, as {place} says"));
            return true;
        }
        self.things == Things::Known && counts_for_new_only::<E>(name, settings)
    }

    fn note(&mut self, column: &str, problem: String) {
        let found = Some(column.to_owned());
        let finding = Finding::about(self.file, self.header.line(), problem, Severity::Notice);
        self.found.findings.push(Finding { found, ..finding });
    }
}

/// The column that may have been meant, for the end of a sentence.
fn near<E: Entity>(name: &str) -> String {
    let Description { columns, .. } = E::description();
    let near = nearest(name, columns.iter().map(|column| column.name));
    near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default()
}

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Categories;
use super::columns::{CategoryColumn, Choice};
use super::url_keys;
use crate::category_path::CategoryPath;
use crate::cell;
use crate::entity::columns::KnownColumn;
use crate::entity::{Column, EntityType, Form, Reading, Stated};
use crate::finding::Severity;
use crate::name_key::name_key;
use crate::url_key;

/// What one row says about one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryChange {
    /// Its place in the tree, as written in the file.
    pub path: CategoryPath,
    /// The store view that the row speaks for; all of them if there is none.
    pub store_view: Option<String>,
    /// Name of its attribute set.
    pub attribute_set: Option<String>,
    /// What the shop shows of it, by column.
    pub values: BTreeMap<String, Stated<String>>,
    /// Why no new category can be made of the row.
    pub refusal: Option<String>,
}

/// Columns that hold the start and the end of a time.
const FROM: &str = "custom_design_from";
const TO: &str = "custom_design_to";

impl CategoryChange {
    /// Says nothing of a category but that it is there.
    #[must_use]
    pub fn of(path: CategoryPath) -> Self {
        Self { path, store_view: None, attribute_set: None, values: BTreeMap::new(), refusal: None }
    }
}

/// Reads a row; nothing comes of one whose category nobody could tell.
pub(super) fn read(cells: &mut Reading<'_, CategoryColumn>) -> Option<CategoryChange> {
    let path = path(cells)?;
    let store_view = cells.store_view().ok()?;
    let mut change = CategoryChange { store_view, ..CategoryChange::of(path) };
    if cells.is_delete() {
        return may_go(cells, &change).then_some(change);
    }
    for column in cells.columns().known() {
        if let Some(stated) = cells.stated(cells.cell_of(column)) {
            read_cell(cells, &mut change, column, stated);
        }
    }
    check_dates(cells, &mut change);
    read_url_key(cells, &mut change);
    Some(change)
}

fn path(cells: &mut Reading<'_, CategoryColumn>) -> Option<CategoryPath> {
    let text = cells.cell("path");
    if text.trim().is_empty() {
        cells.note("path", None, "is empty", Severity::Row);
        return None;
    }
    match CategoryPath::parse(text, cells.columns().dialect().level_separator) {
        Ok(path) => Some(path),
        Err(error) => {
            cells.note("path", Some(text), error, Severity::Row);
            None
        }
    }
}

/// The category under which a website has its products stays: the website could show none without it.
fn may_go(cells: &mut Reading<'_, CategoryColumn>, change: &CategoryChange) -> bool {
    let key = change.path.key();
    let mut websites = cells.shop().basics.websites.iter();
    let root_of = websites.find(|website| website.root_category.as_deref().is_some_and(|root| name_key(root) == key));
    let Some(website) = root_of.filter(|_| change.store_view.is_none()) else { return true };
    let problem = format!("is the root category of website `{}` and cannot be deleted", website.code);
    cells.note("path", Some(&change.path.to_string()), problem, Severity::Row);
    false
}

fn read_cell(
    cells: &mut Reading<'_, CategoryColumn>,
    change: &mut CategoryChange,
    column: &KnownColumn<CategoryColumn>,
    stated: Stated<&str>,
) {
    let name = &*column.name;
    let value = match column.kind {
        CategoryColumn::Path | CategoryColumn::StoreView | CategoryColumn::UrlKey | CategoryColumn::Ignored => return,
        CategoryColumn::AttributeSet => return read_attribute_set(cells, change, stated),
        CategoryColumn::AdditionalAttributes => return read_additional_attributes(cells, change, stated),
        // The same for all store views; files repeat it in the rows of each.
        CategoryColumn::ForAll(_) | CategoryColumn::Position if change.store_view.is_some() => return,
        CategoryColumn::Name if stated == Stated::Clear && change.store_view.is_none() => {
            return cells.note(name, None, "cannot be cleared: a category has a name", Severity::Value);
        }
        CategoryColumn::Name => cells.canonical(name, Form::Text, stated),
        CategoryColumn::Value(form) | CategoryColumn::ForAll(form) => cells.canonical(name, form, stated),
        CategoryColumn::Position => cells.order(name).map(|order| order.map(|order| order.to_string())),
        CategoryColumn::Choice(choice) => read_choice(cells, name, choice, stated),
        CategoryColumn::ChoiceOrCode(choice) => read_choices(cells, name, (choice, 1), stated),
        CategoryColumn::Choices(choice) => read_choices(cells, name, (choice, usize::MAX), stated),
    };
    if let Some(value) = value {
        change.values.insert(name.to_owned(), value);
    }
}

fn read_attribute_set(cells: &mut Reading<'_, CategoryColumn>, change: &mut CategoryChange, stated: Stated<&str>) {
    // A row of a store view repeats it; it is the same for all of them.
    let (Stated::Set(text), None) = (stated, &change.store_view) else { return };
    let set = cells.shop().attribute_set_of(EntityType::Category, text).map(|set| set.name.clone());
    change.attribute_set = cells.usable("attribute_set_code", text, set);
}

const ADDITIONAL: &str = "additional_attributes";

fn read_additional_attributes(
    cells: &mut Reading<'_, CategoryColumn>,
    change: &mut CategoryChange,
    stated: Stated<&str>,
) {
    // Nobody can clear attributes without naming them.
    let Stated::Set(text) = stated else { return };
    let pairs = cell::raw_pairs(text, cells.columns().dialect());
    for (code, value) in cells.usable(ADDITIONAL, text, pairs).unwrap_or_default() {
        for name in cells.mapped(&code) {
            read_additional_attribute(cells, change, (&name, &value));
        }
    }
}

fn read_additional_attribute(
    cells: &mut Reading<'_, CategoryColumn>,
    change: &mut CategoryChange,
    (code, value): (&str, &str),
) {
    if !cells.columns().lets_count::<Categories>(&name_key(code)) {
        return;
    }
    let Some(attribute) = cells.shop().attribute_of(EntityType::Category, code) else {
        let own = super::columns::COLUMNS.iter().find(|column: &&Column<_>| column.name == name_key(code));
        let why = match own {
            Some(column) => format!("is written into column `{}`", column.name),
            None => "is not an attribute of categories of the shop".to_owned(),
        };
        return cells.note(ADDITIONAL, Some(code), why, Severity::Value);
    };
    let Some(value) = cells.made(&format!("{ADDITIONAL}: {}", attribute.code), &attribute.code, value) else { return };
    let stated = cells.stated(&value).map(|stated| stated.map(|value| cell::unquote(value).into_owned()));
    if let Some(stated) = stated {
        change.values.insert(attribute.code.clone(), stated);
    }
}

fn read_choice(
    cells: &mut Reading<'_, CategoryColumn>,
    name: &str,
    choice: Choice,
    stated: Stated<&str>,
) -> Option<Stated<String>> {
    match stated {
        Stated::Clear => Some(Stated::Clear),
        Stated::Set(text) => cells.usable(name, text, choice.find(text)).map(|word| Stated::Set(word.to_owned())),
    }
}

fn read_choices(
    cells: &mut Reading<'_, CategoryColumn>,
    name: &str,
    (choice, most): (Choice, usize),
    stated: Stated<&str>,
) -> Option<Stated<String>> {
    let text = match stated {
        Stated::Clear => return Some(Stated::Clear),
        Stated::Set(text) => text,
    };
    let dialect = cells.columns().dialect();
    let separators = [dialect.value_separator, dialect.field_separator];
    let mut words = Vec::new();
    for word in text.split(separators).map(str::trim).filter(|word| !word.is_empty()) {
        words.push(choice.find_or_code(word, |code| cells.shop().attribute(code).is_some()));
    }
    if words.len() > most {
        cells.note(name, Some(text), "names several orders (expected one)", Severity::Value);
        return None;
    }
    let words: Result<Vec<String>, _> = words.into_iter().collect();
    cells.usable(name, text, words).map(|words| Stated::Set(words.join(",")))
}

fn check_dates(cells: &mut Reading<'_, CategoryColumn>, change: &mut CategoryChange) {
    if let (Some(Stated::Set(from)), Some(Stated::Set(to))) = (change.values.get(FROM), change.values.get(TO))
        && to < from
    {
        change.values.remove(TO);
        let found = cells.cell(TO);
        cells.note(TO, Some(found), format_args!("is before `{FROM}`"), Severity::Value);
    }
}

/// Reads the address, or makes one of the name if the category has none.
fn read_url_key(cells: &mut Reading<'_, CategoryColumn>, change: &mut CategoryChange) {
    match cells.stated(cells.cell("url_key")) {
        Some(Stated::Set(text)) => {
            if let Some(Stated::Set(key)) = cells.form("url_key", Form::UrlKey) {
                state_url_key(cells, change, text, key);
            }
        }
        Some(Stated::Clear) if change.store_view.is_some() => {
            change.values.insert("url_key".to_owned(), Stated::Clear);
        }
        // A store view without an address of its own has that for everybody.
        Some(Stated::Clear) | None if change.store_view.is_some() => {}
        Some(Stated::Clear) | None => make_url_key(cells, change),
    }
}

/// Two categories below one cannot have the same address. One that exists keeps the address that it has then; a new one
/// would have none, so it is refused when it is made.
fn state_url_key(cells: &mut Reading<'_, CategoryColumn>, change: &mut CategoryChange, text: &str, key: String) {
    let taken_by = url_keys::taken_by(cells.shop(), &change.path, change.store_view.as_deref(), &key);
    let Some(other) = taken_by else {
        change.values.insert("url_key".to_owned(), Stated::Set(key));
        return;
    };
    let problem = format!("is the address of category `{other}` beside it; give it one of its own");
    let is_known = cells.shop().categories.contains_key(&change.path.key()) && !cells.is_replace();
    match is_known || change.store_view.is_some() {
        true => cells.note("url_key", Some(text), problem, Severity::Value),
        false => change.refusal = Some(format!("`{text}` {problem}")),
    }
}

/// An address that nobody has written may be another one: it gets a number if the category beside has it.
fn make_url_key(cells: &mut Reading<'_, CategoryColumn>, change: &mut CategoryChange) {
    let known = cells.shop().categories.get(&change.path.key()).filter(|_| !cells.is_replace());
    let name = match (change.values.get("name"), known) {
        (Some(Stated::Set(name)), _) => name.clone(),
        (_, Some(known)) => known.name().to_owned(),
        (_, None) => change.path.name().to_owned(),
    };
    let plain = url_key::from_text(&name);
    let stored = known.and_then(|known| known.values.get("url_key"));
    if plain.is_empty() {
        if stored.is_none() {
            cells.note("name", Some(&name), "has no letter or digit that an address can hold", Severity::Notice);
        }
        return;
    }
    let key = match stored {
        Some(stored) if url_keys::is_numbered(stored, &plain) => stored.clone(),
        Some(_) => return,
        None => url_keys::free(cells.shop(), &change.path, &plain),
    };
    // Told each time the row is read, so that a repeated import reports the same.
    if key != plain
        && let Some(other) = url_keys::taken_by(cells.shop(), &change.path, None, &plain)
    {
        let problem = format!("makes the address `{plain}`, which category `{other}` beside it has; it gets `{key}`");
        cells.note("name", Some(&name), problem, Severity::Notice);
    }
    change.values.insert("url_key".to_owned(), Stated::Set(key));
}

use super::change::AttributeChange;
use super::columns::{AttributeColumn, Setting};
use super::{Attribute, AttributeScope, SetPlace, options};
use crate::cell;
use crate::entity::columns::KnownColumn;
use crate::entity::product::ProductType;
use crate::entity::{EntityType, Form, Reading, Stated};
use crate::finding::Severity;
use crate::name_key::name_key;

/// Longest code that a shop takes.
const MAX_CODE_CHARS: usize = 60;

/// How attributes are entered.
const INPUTS: [&str; 18] = [
    "boolean",
    "date",
    "datetime",
    "file",
    "gallery",
    "hidden",
    "image",
    "media_image",
    "multiline",
    "multiselect",
    "price",
    "select",
    "swatch_text",
    "swatch_visual",
    "text",
    "textarea",
    "weee",
    "weight",
];

/// What holds the values of attributes.
const BACKEND_TYPES: [&str; 6] = ["datetime", "decimal", "int", "static", "text", "varchar"];

/// Which backend types an input can have. The original checks no other inputs.
const BACKENDS: [(&str, &[&str]); 12] = [
    ("boolean", &["int"]),
    ("date", &["datetime"]),
    ("datetime", &["datetime"]),
    ("media_image", &["varchar"]),
    ("multiselect", &["varchar", "text"]),
    ("price", &["decimal"]),
    ("select", &["varchar", "int"]),
    ("swatch_text", &["varchar", "int"]),
    ("swatch_visual", &["varchar", "int"]),
    ("text", &["varchar", "text", "int", "decimal"]),
    ("textarea", &["text"]),
    ("weee", &["static"]),
];

/// Reads a row; nothing comes of one that does not name its attribute.
pub(super) fn read(cells: &mut Reading<'_, AttributeColumn>) -> Option<AttributeChange> {
    let code = code(cells)?;
    let entity_type = cells.entity_type()?;
    let store_view = cells.store_view().ok()?;
    let known = cells.shop().attribute_of(entity_type, &code);
    let mut change = AttributeChange { code, entity_type, store_view, ..AttributeChange::default() };
    if cells.is_delete() {
        return may_go(cells, &change, known).then_some(change);
    }
    change.label = cells.form("frontend_label", Form::Text);
    if change.store_view.is_some() {
        report_misplaced(cells);
    } else {
        read_for_all(cells, &mut change, known);
    }
    change.options = options::read(cells, &change, known);
    Some(change)
}

fn code(cells: &mut Reading<'_, AttributeColumn>) -> Option<String> {
    let code = cells.key("attribute_code", MAX_CODE_CHARS)?;
    let is_code = code.starts_with(|first: char| first.is_ascii_alphabetic())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_code {
        let problem = "is not an attribute code (expected ASCII letters, digits and `_`, a letter first)";
        cells.note("attribute_code", Some(code), problem, Severity::Row);
    }
    is_code.then(|| code.to_owned())
}

/// A shop cannot be without the attributes that it comes with.
fn may_go(cells: &mut Reading<'_, AttributeColumn>, change: &AttributeChange, known: Option<&Attribute>) -> bool {
    let is_of_shop = known.is_some_and(|known| !known.is_user_defined) && change.store_view.is_none();
    if is_of_shop {
        let problem = "comes with the shop and cannot be deleted";
        cells.note("attribute_code", Some(&change.code), problem, Severity::Row);
    }
    !is_of_shop
}

fn read_for_all(cells: &mut Reading<'_, AttributeColumn>, change: &mut AttributeChange, known: Option<&Attribute>) {
    change.input = one_of(cells, "frontend_input", &INPUTS, "a way to enter an attribute");
    change.scope = scope(cells);
    change.is_required = cells.flag("is_required");
    change.is_unique = cells.flag("is_unique");
    change.is_user_defined = cells.flag("is_user_defined");
    change.apply_to = apply_to(cells, change.entity_type);
    change.sets = sets(cells, change.entity_type);
    for column in cells.columns().known() {
        if let AttributeColumn::Setting(setting) = column.kind
            && let Some(stated) = self::setting(cells, column, setting)
        {
            // The sample files of the original misspell it.
            let name = if &*column.name == "search_weigh" { "search_weight" } else { &*column.name };
            change.settings.insert(name.to_owned(), stated);
        }
    }
    let input = change.input.as_deref().or(known.map(|known| known.input.as_str()));
    if let Some(backend) = backend_type(cells, input) {
        change.settings.insert("backend_type".to_owned(), Stated::Set(backend));
    }
}

/// Reads a word of a list of words; nothing can be cleared that an attribute cannot be without.
fn one_of(
    cells: &mut Reading<'_, AttributeColumn>,
    column: &str,
    words: &'static [&'static str],
    kind: &str,
) -> Option<String> {
    let Some(Stated::Set(text)) = cells.stated(cells.cell(column)) else { return None };
    let key = name_key(text);
    let known = words.iter().find(|word| **word == key);
    let known = known.ok_or_else(|| format!("is not {kind} (expected `{}`)", words.join("`, `")));
    cells.usable(column, text, known).map(|word| (*word).to_owned())
}

fn scope(cells: &mut Reading<'_, AttributeColumn>) -> Option<Stated<AttributeScope>> {
    let text = match cells.stated(cells.cell("is_global"))? {
        Stated::Clear => return Some(Stated::Clear),
        Stated::Set(text) => text,
    };
    let scope = match text.trim() {
        "0" => Ok(AttributeScope::StoreView),
        "1" => Ok(AttributeScope::Global),
        "2" => Ok(AttributeScope::Website),
        _ => Err("is not a scope (expected `0` for store view, `1` for global or `2` for website)"),
    };
    cells.usable("is_global", text, scope).map(Stated::Set)
}

fn apply_to(cells: &mut Reading<'_, AttributeColumn>, entity_type: EntityType) -> Option<Stated<Vec<String>>> {
    let text = match cells.stated(cells.cell("apply_to"))? {
        Stated::Clear => return Some(Stated::Clear),
        Stated::Set(text) => text,
    };
    let mut types = cells.usable("apply_to", text, cell::list(text, cells.columns().dialect()))?;
    if entity_type.is_product() {
        for word in &types {
            let problem =
                word.parse::<ProductType>().map(drop).map_err(|error| format!("names `{word}`, which {error}"));
            cells.usable("apply_to", text, problem)?;
        }
        types.iter_mut().for_each(|word| word.make_ascii_lowercase());
    }
    Some(Stated::Set(types))
}

/// The sets that a row puts its attribute into, each with the group at the same place of the list of groups.
fn sets(cells: &mut Reading<'_, AttributeColumn>, entity_type: EntityType) -> Vec<SetPlace> {
    let Some(Stated::Set(text)) = cells.stated(cells.cell("attribute_set_name")) else { return Vec::new() };
    let names = cell::list(text, cells.columns().dialect());
    let Some(names) = cells.usable("attribute_set_name", text, names) else { return Vec::new() };
    let groups = groups(cells, names.len());
    let sort_order = match cells.order("sort_order") {
        Some(Stated::Set(order)) => Some(order),
        Some(Stated::Clear) | None => None,
    };
    let mut places = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let group = groups.get(place).cloned().unwrap_or_default();
        match cells.shop().attribute_set_of(entity_type, name) {
            Ok(set) => {
                let place = SetPlace { set: set.name.clone(), group, sort_order };
                report_new_group(cells, entity_type, &place);
                places.push(place);
            }
            Err(unknown) => {
                let problem = format!("{unknown}; the attribute does not get into it");
                cells.note("attribute_set_name", Some(name), problem, Severity::Value);
            }
        }
    }
    places
}

/// The groups of a row, one for each of its sets; a single one is that of all sets.
fn groups(cells: &mut Reading<'_, AttributeColumn>, sets: usize) -> Vec<String> {
    let Some(Stated::Set(text)) = cells.stated(cells.cell("attribute_group_name")) else { return Vec::new() };
    let groups = cell::places(text, cells.columns().dialect());
    let Some(mut groups) = cells.usable("attribute_group_name", text, groups) else { return Vec::new() };
    if groups.len() == 1 {
        groups = vec![groups[0].clone(); sets];
    }
    if groups.len() == sets {
        return groups;
    }
    let problem =
        format!("lists {}, but `attribute_set_name` lists {sets}; they go together by their place", groups.len());
    cells.note("attribute_group_name", Some(text), problem, Severity::Value);
    Vec::new()
}

/// A set may have groups that no set file has told of, so an unknown one may be meant or misspelt.
fn report_new_group(cells: &mut Reading<'_, AttributeColumn>, entity_type: EntityType, place: &SetPlace) {
    let shop = cells.shop();
    let Ok(set) = shop.attribute_set_of(entity_type, &place.set) else { return };
    let key = name_key(&place.group);
    let mut groups = shop.groups(set).peekable();
    if key.is_empty() || groups.peek().is_none() || groups.any(|group| name_key(group) == key) {
        return;
    }
    let near = match crate::nearest::nearest(&place.group, shop.groups(set)) {
        Some(near) => format!(" (did you mean `{near}`?)"),
        None => String::new(),
    };
    let problem = format!("is a new group of attribute set `{}`{near}", place.set);
    cells.note("attribute_group_name", Some(&place.group), problem, Severity::Notice);
}

fn setting(
    cells: &mut Reading<'_, AttributeColumn>,
    column: &KnownColumn<AttributeColumn>,
    setting: Setting,
) -> Option<Stated<String>> {
    let name = &*column.name;
    let stated = cells.stated(cells.cell_of(column))?;
    let form = match (setting, &stated) {
        (_, Stated::Clear) => return Some(Stated::Clear),
        (Setting::Text, _) => Form::Text,
        (Setting::Flag, _) => Form::Flag,
        (Setting::Number, _) => Form::NotNegative,
        (Setting::Filter, Stated::Set(text)) => return filter(cells, name, text),
        (Setting::Pairs, Stated::Set(text)) => {
            let pairs = cell::pairs(text, cells.columns().dialect());
            return cells.usable(name, text, pairs).map(|_| Stated::Set(text.trim().to_owned()));
        }
    };
    cells.canonical(name, form, stated)
}

fn filter(cells: &mut Reading<'_, AttributeColumn>, name: &str, text: &str) -> Option<Stated<String>> {
    let level = text.trim();
    let problem = "is not a way to filter (expected `0` for none, `1` with results only or `2` for all)";
    let level = if matches!(level, "0" | "1" | "2") { Ok(level.to_owned()) } else { Err(problem) };
    cells.usable(name, text, level).map(Stated::Set)
}

fn backend_type(cells: &mut Reading<'_, AttributeColumn>, input: Option<&str>) -> Option<String> {
    let backend = one_of(cells, "backend_type", &BACKEND_TYPES, "a type of values")?;
    let possible = input.and_then(|input| BACKENDS.iter().find(|(known, _)| *known == input));
    let Some((input, possible)) = possible.filter(|(_, possible)| !possible.contains(&backend.as_str())) else {
        return Some(backend);
    };
    let problem = format!("cannot hold what is entered as {input} (expected `{}`)", possible.join("` or `"));
    cells.note("backend_type", Some(&backend), problem, Severity::Value);
    None
}

/// Says that a row of a store view cannot speak for the attribute as a whole. Columns that tell which attribute it is
/// are repeated there by habit.
fn report_misplaced(cells: &mut Reading<'_, AttributeColumn>) {
    let is_stated = |column: &&KnownColumn<AttributeColumn>| {
        column.kind.is_for_all() && cells.stated(cells.cell_of(column)).is_some()
    };
    let misplaced: Vec<String> =
        cells.columns().known().iter().filter(is_stated).map(|column| column.name.to_string()).collect();
    let Some((first, rest)) = misplaced.split_first() else { return };
    let others = match rest {
        [] => String::new(),
        rest => format!(" (also: `{}`)", rest.join("`, `")),
    };
    let problem = format!("counts only on the row without store view code and is left out here{others}");
    cells.note(first, None, problem, Severity::Notice);
}

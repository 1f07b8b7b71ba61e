use serde::{Deserialize, Serialize};

use crate::entity::reading::Reading;
use crate::entity::{EntityType, Form, Stated};
use crate::finding::Severity;
use crate::name_key::name_key;

/// Longest name of a set that a catalogue takes.
const MAX_NAME_CHARS: usize = 255;

/// What a column of an attribute set file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeSetColumn {
    /// Name of the set.
    Name,
    /// What the set is for.
    EntityType,
    /// The set that it is made from.
    BasedOn,
    /// Its place among the sets.
    SortOrder,
    /// Name of one of its groups.
    GroupName,
    /// Code of that group.
    GroupCode,
    /// Tab of that group.
    GroupTab,
    /// Place of that group in the set.
    GroupSortOrder,
    /// Whether that group takes what names no group.
    IsDefaultGroup,
}

/// What one row says about one set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeSetChange {
    /// As written in the file.
    pub name: String,
    /// What the set is for.
    pub entity_type: EntityType,
    /// The set that it is made from, as the shop writes it.
    pub based_on: Option<String>,
    /// Its place among the sets.
    pub sort_order: Option<Stated<u32>>,
    /// One of its groups.
    pub group: Option<GroupChange>,
}

/// What one row says about one group of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChange {
    /// As written in the file.
    pub name: String,
    /// Its code.
    pub code: Option<Stated<String>>,
    /// Its tab.
    pub tab: Option<Stated<String>>,
    /// Its place in the set.
    pub sort_order: Option<Stated<u32>>,
    /// Whether it takes what names no group.
    pub is_default: Option<bool>,
}

/// Columns that say something about the group of a row.
const OF_GROUP: [&str; 4] =
    ["attribute_group_code", "attribute_group_tab_group_code", "attribute_group_sort_order", "default_id"];

/// Reads a row; nothing comes of one that does not name its set.
pub(super) fn read(cells: &mut Reading<'_, AttributeSetColumn>) -> Option<AttributeSetChange> {
    let name = cells.key("attribute_set_name", MAX_NAME_CHARS)?.to_owned();
    let entity_type = cells.entity_type()?;
    let nothing = AttributeSetChange { name, entity_type, based_on: None, sort_order: None, group: None };
    if cells.is_delete() {
        return may_go(cells, &nothing).then_some(nothing);
    }
    let based_on = match base(cells, &nothing) {
        Ok(base) => base,
        Err(CannotBegin) => return None,
    };
    let sort_order = cells.order("sort_order");
    let group = group(cells);
    Some(AttributeSetChange { based_on, sort_order, group, ..nothing })
}

/// A set that other sets are based on would take their attributes with it.
fn may_go(cells: &mut Reading<'_, AttributeSetColumn>, change: &AttributeSetChange) -> bool {
    let key = name_key(&change.name);
    let sets = cells.shop().attribute_sets.values();
    let mut others = sets.filter(|set| set.entity_type == change.entity_type && name_key(&set.name) != key);
    let on_it = others.find(|set| set.based_on.as_ref().is_some_and(|base| name_key(base) == key));
    let Some(other) = on_it else { return true };
    let problem = format!("cannot go, because set `{}` is based on it", other.name);
    cells.note("attribute_set_name", Some(&change.name), problem, Severity::Row);
    false
}

/// The set cannot be made of its row; a finding says why.
struct CannotBegin;

/// The set that a row bases its set on. A set that exists is not made from another any more.
fn base(
    cells: &mut Reading<'_, AttributeSetColumn>,
    change: &AttributeSetChange,
) -> Result<Option<String>, CannotBegin> {
    let Some(Stated::Set(text)) = cells.stated(cells.cell("based_on")) else { return Ok(None) };
    let is_known = cells.shop().attribute_set_of(change.entity_type, &change.name).is_ok();
    if !is_known && name_key(text) == name_key(&change.name) {
        cells.note("based_on", Some(text), "is the set itself, which does not exist yet", Severity::Row);
        return Err(CannotBegin);
    }
    match cells.shop().attribute_set_of(change.entity_type, text) {
        Ok(base) => Ok(Some(base.name.clone())),
        Err(unknown) if is_known => {
            cells.note("based_on", Some(text), unknown, Severity::Value);
            Ok(None)
        }
        // Without its base a new set would lack most of its attributes.
        Err(unknown) => {
            cells.note("based_on", Some(text), unknown, Severity::Row);
            Err(CannotBegin)
        }
    }
}

fn group(cells: &mut Reading<'_, AttributeSetColumn>) -> Option<GroupChange> {
    let Some(Stated::Set(name)) = cells.stated(cells.cell("attribute_group_name")) else {
        let stated = OF_GROUP.into_iter().find(|column| cells.stated(cells.cell(column)).is_some());
        if let Some(column) = stated {
            let found = cells.cell(column);
            cells.note(column, Some(found), "belongs to a group, but `attribute_group_name` is empty", Severity::Value);
        }
        return None;
    };
    Some(GroupChange {
        name: name.trim().to_owned(),
        code: cells.form("attribute_group_code", Form::Text),
        tab: cells.form("attribute_group_tab_group_code", Form::OneOf(["basic", "advanced"])),
        sort_order: cells.order("attribute_group_sort_order"),
        is_default: cells.flag("default_id"),
    })
}

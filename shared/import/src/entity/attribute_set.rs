//! Attribute sets: which attributes a product has, and in which groups people see them.
//!
//! A row speaks for a set and for one of its groups; a set with several groups has several rows.

mod read;
#[cfg(test)]
mod tests;
pub(crate) mod thing;

use super::{
    About, Cells, ChangeEffect, Column, Entity, ExecutorAbout, Need, Reading, Stated, Writing, WrittenRow, column,
};
use crate::finding::ChangeRefusal;
use crate::name_key::name_key;
use crate::url_key;

pub use read::{AttributeSetChange, AttributeSetColumn, GroupChange};

pub use thing::{AttributeGroup, AttributeSet};

/// Attribute sets with their groups.
pub struct AttributeSets;

impl Entity for AttributeSets {
    type ColumnKind = AttributeSetColumn;
    type EntityChange = AttributeSetChange;
    type Thing = AttributeSet;

    const ABOUT: About = About {
        name: "attribute_sets",
        singular: "attribute set",
        prefix: "attribute-set-import",
        summary: "attribute sets with their groups",
        key: &["attribute_set_name"],
        validate: ExecutorAbout {
            name: "validate_attribute_sets",
            description: "checks every row of the attribute set files",
        },
        import: ExecutorAbout {
            name: "import_attribute_sets",
            description: "merges the rows of the attribute set files into what the catalogue knows of the shop",
        },
    };
    const COLUMNS: &'static [Column<AttributeSetColumn>] = COLUMNS;

    fn cells(kind: AttributeSetColumn) -> Cells {
        match kind {
            AttributeSetColumn::Name => {
                Cells { empty_value: "is taken as text", ..Cells::holding("text of at most 255 characters") }
            }
            AttributeSetColumn::EntityType => {
                Cells::saying_nothing("`catalog_product`, `catalog_category`, `customer` or `customer_address`")
            }
            AttributeSetColumn::BasedOn => Cells::holding("name of an attribute set").kept(),
            AttributeSetColumn::SortOrder | AttributeSetColumn::GroupSortOrder => {
                Cells::holding("whole number, 0 or more")
            }
            AttributeSetColumn::GroupName => Cells::saying_nothing("text"),
            AttributeSetColumn::GroupCode => Cells { empty_value: "makes it from the name", ..Cells::holding("text") },
            AttributeSetColumn::GroupTab => Cells::holding("`basic` or `advanced`"),
            AttributeSetColumn::IsDefaultGroup => Cells::holding("`1` or `0`").kept(),
        }
    }

    fn read_cells(reading: &mut Reading<'_, AttributeSetColumn>) -> Option<AttributeSetChange> {
        read::read(reading)
    }

    fn key(change: &AttributeSetChange) -> String {
        change.entity_type.key(&change.name)
    }

    fn create(change: &AttributeSetChange) -> Result<AttributeSet, ChangeRefusal> {
        let mut set = AttributeSet {
            name: change.name.clone(),
            entity_type: change.entity_type,
            based_on: change.based_on.clone(),
            ..AttributeSet::default()
        };
        // Whether an empty set becomes another one by this does not matter: it is new.
        let _ = Self::apply(&mut set, change)?;
        Ok(set)
    }

    /// A set that exists stays based on what it was made from, as in the original: copying again would undo what people
    /// have changed since.
    fn apply(set: &mut AttributeSet, change: &AttributeSetChange) -> Result<ChangeEffect, ChangeRefusal> {
        let before = set.clone();
        apply_order(change.sort_order.as_ref(), &mut set.sort_order);
        if let Some(group) = &change.group {
            set.apply_group(group);
        }
        Ok(if *set == before { ChangeEffect::Unchanged } else { ChangeEffect::Changed })
    }

    /// Writes a row for each group; the first one speaks for the set, too.
    fn write(set: &AttributeSet, writing: &mut Writing<'_>) {
        let mut first = set.row();
        first.set("based_on", set.based_on.clone().unwrap_or_default());
        first.set_order("sort_order", set.sort_order);
        let mut groups = set.groups.iter();
        if let Some((name, group)) = groups.next() {
            group.write(name, &mut first);
        }
        writing.push(first);
        for (name, group) in groups {
            let mut row = set.row();
            group.write(name, &mut row);
            writing.push(row);
        }
    }

    fn stands_behind(set: &AttributeSet) -> Option<String> {
        set.based_on.as_ref().map(|base| set.entity_type.key(base))
    }
}

impl AttributeSet {
    fn row(&self) -> WrittenRow {
        let mut row = WrittenRow::default();
        row.set("attribute_set_name", &self.name);
        row.set("entity_type_code", self.entity_type.code());
        row
    }

    fn apply_group(&mut self, change: &GroupChange) {
        if change.is_default == Some(true) {
            self.groups.values_mut().for_each(|group| group.is_default = false);
        }
        let key = name_key(&change.name);
        let known = self.groups.keys().find(|name| name_key(name) == key).cloned();
        let group = self.groups.entry(known.unwrap_or_else(|| change.name.clone())).or_default();
        Stated::replace(change.code.as_ref(), &mut group.code);
        if group.code.is_empty() {
            group.code = url_key::from_text(&change.name);
        }
        Stated::replace(change.tab.as_ref(), &mut group.tab);
        apply_order(change.sort_order.as_ref(), &mut group.sort_order);
        group.is_default = change.is_default.unwrap_or(group.is_default);
    }
}

impl AttributeGroup {
    fn write(&self, name: &str, row: &mut WrittenRow) {
        row.set("attribute_group_name", name);
        row.set("attribute_group_code", &self.code);
        row.set("attribute_group_tab_group_code", &self.tab);
        row.set_order("attribute_group_sort_order", self.sort_order);
        row.set_flag("default_id", self.is_default);
    }
}

/// Does what a cell says to a place that may be unknown.
fn apply_order(stated: Option<&Stated<u32>>, stored: &mut Option<u32>) {
    match stated {
        Some(Stated::Set(order)) => *stored = Some(*order),
        Some(Stated::Clear) => *stored = None,
        None => {}
    }
}

/// Every column with a meaning, in the order of the reference.
const COLUMNS: &[Column<AttributeSetColumn>] = &[
    Column {
        need: Need::Always,
        ..column("attribute_set_name", AttributeSetColumn::Name, "Bag", "the set; upper and lower case are the same")
    },
    column(
        "based_on",
        AttributeSetColumn::BasedOn,
        "Default",
        "the set whose groups and attributes a new set has, too; a set that exists stays as it is",
    ),
    Column {
        default: "catalog_product",
        ..column("entity_type_code", AttributeSetColumn::EntityType, "catalog_product", "what the set is for")
    },
    column("sort_order", AttributeSetColumn::SortOrder, "2", "place among the sets"),
    column(
        "attribute_group_name",
        AttributeSetColumn::GroupName,
        "Measures",
        "the group of the set for which the columns `attribute_group_…` and `default_id` speak",
    ),
    Column {
        default: "made from the name",
        ..column("attribute_group_code", AttributeSetColumn::GroupCode, "measures", "code of the group")
    },
    column("attribute_group_tab_group_code", AttributeSetColumn::GroupTab, "basic", "the tab that shows the group"),
    column("attribute_group_sort_order", AttributeSetColumn::GroupSortOrder, "20", "place of the group in the set"),
    Column {
        default: "0",
        ..column(
            "default_id",
            AttributeSetColumn::IsDefaultGroup,
            "1",
            "whether attributes that name no group go into this one; a set has one such group",
        )
    },
];

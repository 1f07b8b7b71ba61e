use std::borrow::Cow;

use serde::Serialize;

/// What an entity is called, and how its files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct About {
    /// Many of them: `products`.
    pub name: &'static str,
    /// One of them: `product`.
    pub singular: &'static str,
    /// Start of the names of its files: `product-import`.
    pub prefix: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// The columns that together say which thing a row speaks of; a file without one of them cannot be read.
    pub key: &'static [&'static str],
    /// The executor that checks its files: `validate_<name>`.
    pub validate: ExecutorAbout,
    /// The executor that merges its files into what a target keeps: `import_<name>`.
    pub import: ExecutorAbout,
}

/// What an executor of an entity is called. Written out, so that a search for the name in a definition finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ExecutorAbout {
    /// The name that definitions use.
    pub name: &'static str,
    /// What it does, in one line for people.
    pub description: &'static str,
}

/// A column with a meaning.
///
/// Made with [`fn@column`]; what a column has beyond that is overwritten: `Column { need: Need::Always, ..column(…) }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<K> {
    /// As the header of a file names it.
    pub name: &'static str,
    /// What the entity does with it.
    pub kind: K,
    /// Whether a row needs it.
    pub need: Need,
    /// What holds for a new thing if the cell is empty; nothing holds if this is empty.
    pub default: &'static str,
    /// A cell that can be used.
    pub example: &'static str,
    /// What the cell says, for people.
    pub meaning: &'static str,
}

/// Whether a row needs a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Every row does.
    Always,
    /// A row does whose thing is new.
    New,
    /// A row does whose thing is new, in the case that is told.
    NewIf(&'static str),
    /// No row does.
    Never,
}

/// What the cells of a kind of column hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cells {
    /// What can be written into them.
    pub holds: Cow<'static, str>,
    /// What an empty one means.
    pub empty: &'static str,
    /// What the empty-value constant means.
    pub empty_value: &'static str,
}

/// An entity without its types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// What it is called, and how its files are.
    #[serde(flatten)]
    pub about: About,
    /// Other prefixes of its files.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub other_prefixes: &'static [&'static str],
    /// Every column with a meaning, in the order in which people read about them.
    pub columns: Vec<ColumnDescription>,
    /// Names that the shop itself uses for some of the columns.
    #[serde(skip)]
    pub other_names: &'static [(&'static str, &'static str)],
    /// Whether a shop has more columns, such as its attributes.
    #[serde(skip)]
    pub has_shop_columns: bool,
}

/// A column of an entity without its types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnDescription {
    /// As the header of a file names it.
    pub name: &'static str,
    /// Whether a row needs it.
    pub need: Need,
    /// What holds for a new thing if the cell is empty; nothing holds if this is empty.
    pub default: &'static str,
    /// A cell that can be used.
    pub example: &'static str,
    /// What the cell says, for people.
    pub meaning: &'static str,
    /// What can be written into the cell, and what it means if there is nothing.
    #[serde(flatten)]
    pub cells: Cells,
}

impl Description {
    /// Says whether a column has a meaning in every shop, by its name in small letters.
    #[must_use]
    pub fn has_column(&self, name: &str) -> bool {
        let is_other = self.other_names.iter().any(|(other, _)| *other == name);
        is_other || self.columns.iter().any(|column| column.name == name)
    }
}

/// Makes a column that no row needs and that has no default.
pub const fn column<K>(name: &'static str, kind: K, example: &'static str, meaning: &'static str) -> Column<K> {
    Column { name, kind, need: Need::Never, default: "", example, meaning }
}

impl<K> Column<K> {
    pub(super) fn describe(&self, cells: Cells) -> ColumnDescription {
        let Self { name, need, default, example, meaning, .. } = *self;
        let cells = match need {
            Need::Always => Cells { empty: "costs the row", ..cells },
            Need::New | Need::NewIf(_) | Need::Never => cells,
        };
        ColumnDescription { name, need, default, example, meaning, cells }
    }
}

impl Description {
    /// Says whether files with a prefix speak of the entity.
    #[must_use]
    pub fn has_prefix(&self, prefix: &str) -> bool {
        self.about.prefix == prefix || self.other_prefixes.contains(&prefix)
    }
}

impl Cells {
    /// Cells that leave what is stored if they are empty, and remove it with the empty-value constant.
    #[must_use]
    pub fn holding(holds: impl Into<Cow<'static, str>>) -> Self {
        Self { holds: holds.into(), empty: "leaves what is stored", empty_value: "removes what is stored" }
    }

    /// Cells that say nothing without a value.
    #[must_use]
    pub fn saying_nothing(holds: impl Into<Cow<'static, str>>) -> Self {
        Self { holds: holds.into(), empty: "says nothing", empty_value: "says nothing" }
    }

    /// The same cells, if their value can be replaced but never removed.
    #[must_use]
    pub fn kept(self) -> Self {
        Self { empty_value: "leaves what is stored", ..self }
    }
}

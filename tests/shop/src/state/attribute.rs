//! Attributes with their options, and the sets and groups they are in.

mod system;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Where a value may differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scope {
    Global,
    Website,
    Store,
}

impl Scope {
    /// The word of the interface.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Website => "website",
            Self::Store => "store",
        }
    }

    /// The scope of a word; anything else is global.
    pub(crate) fn of(word: Option<&str>) -> Self {
        match word {
            Some("store") => Self::Store,
            Some("website") => Self::Website,
            _ => Self::Global,
        }
    }
}

/// The table that holds the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Backend {
    Varchar,
    Text,
    Int,
    Decimal,
    Datetime,
    Static,
}

impl Backend {
    /// The word of the interface.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Varchar => "varchar",
            Self::Text => "text",
            Self::Int => "int",
            Self::Decimal => "decimal",
            Self::Datetime => "datetime",
            Self::Static => "static",
        }
    }
}

/// One choice of an attribute.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub id: i64,
    pub label: String,
    pub sort_order: i64,
    pub store_labels: BTreeMap<u32, String>,
}

/// An attribute of products.
#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub id: i64,
    pub code: String,
    pub label: String,
    pub store_labels: BTreeMap<u32, String>,
    pub input: String,
    pub backend: Backend,
    pub scope: Scope,
    pub is_required: bool,
    pub is_unique: bool,
    pub is_user_defined: bool,
    pub choices: Vec<Choice>,
    /// Fields that were sent and are only given back.
    pub more: Map<String, Value>,
}

/// A set of attributes.
#[derive(Debug, Clone)]
pub(crate) struct AttributeSet {
    pub id: i64,
    pub name: String,
    pub sort_order: i64,
    /// Ids of attributes and the group each is in.
    pub members: BTreeMap<i64, i64>,
}

/// A group inside of a set.
#[derive(Debug, Clone)]
pub(crate) struct AttributeGroup {
    pub id: i64,
    pub name: String,
    pub set: i64,
}

/// All of them.
#[derive(Debug, Clone)]
pub(crate) struct Attributes {
    pub list: Vec<Attribute>,
    pub sets: Vec<AttributeSet>,
    pub groups: Vec<AttributeGroup>,
    /// Next ids of attributes, options, sets, groups and places in groups.
    pub next_attribute: i64,
    pub next_choice: i64,
    pub next_set: i64,
    pub next_group: i64,
    pub next_member: i64,
}

/// The set that is there from the start.
pub(crate) const DEFAULT_SET: i64 = 4;

/// The groups of the default set, in their order.
const GROUPS: [&str; 10] = [
    "Product Details",
    "Content",
    "Bundle Items",
    "Images",
    "Search Engine Optimization",
    "Advanced Pricing",
    "Design",
    "Schedule Design Update",
    "Autosettings",
    "Gift Options",
];

impl Attributes {
    pub(crate) fn installed() -> Self {
        let list: Vec<Attribute> = system::attributes();
        let groups: Vec<AttributeGroup> = GROUPS
            .iter()
            .zip(7..)
            .map(|(name, id)| AttributeGroup { id, name: (*name).to_owned(), set: DEFAULT_SET })
            .collect();
        let members = list
            .iter()
            .filter(|attribute| !attribute.is_user_defined || attribute.code == "cost")
            .map(|attribute| (attribute.id, 7))
            .collect();
        let set = AttributeSet { id: DEFAULT_SET, name: "Default".to_owned(), sort_order: 1, members };
        Self {
            list,
            sets: vec![set],
            groups,
            next_attribute: 137,
            next_choice: 4,
            next_set: 9,
            next_group: 21,
            next_member: 194,
        }
    }

    pub(crate) fn by_code(&self, code: &str) -> Option<&Attribute> {
        self.list.iter().find(|attribute| attribute.code == code)
    }

    pub(crate) fn by_code_mut(&mut self, code: &str) -> Option<&mut Attribute> {
        self.list.iter_mut().find(|attribute| attribute.code == code)
    }

    pub(crate) fn by_id(&self, id: i64) -> Option<&Attribute> {
        self.list.iter().find(|attribute| attribute.id == id)
    }

    pub(crate) fn set(&self, id: i64) -> Option<&AttributeSet> {
        self.sets.iter().find(|set| set.id == id)
    }

    /// The attribute of a code, if products of the set have it.
    pub(crate) fn in_set(&self, set: i64, code: &str) -> Option<&Attribute> {
        let attribute = self.by_code(code)?;
        self.set(set)?.members.contains_key(&attribute.id).then_some(attribute)
    }

    /// Codes of everything in a set.
    pub(crate) fn codes_of(&self, set: i64) -> BTreeSet<&str> {
        let members = self.set(set).map(|set| &set.members);
        self.list
            .iter()
            .filter(|attribute| members.is_some_and(|members| members.contains_key(&attribute.id)))
            .map(|one| one.code.as_str())
            .collect()
    }
}

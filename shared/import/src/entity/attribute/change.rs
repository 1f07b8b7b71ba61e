use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AttributeScope, SetPlace, Swatch};
use crate::entity::{EntityType, Stated};

/// What one row says about one attribute.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AttributeChange {
    /// As written in the file.
    pub code: String,
    /// What has it.
    pub entity_type: EntityType,
    /// The store view that the row speaks for; all of them if there is none.
    pub store_view: Option<String>,
    /// How it is entered.
    pub input: Option<String>,
    /// Its label, for everybody or for the store view.
    pub label: Option<Stated<String>>,
    /// Where it may differ.
    pub scope: Option<Stated<AttributeScope>>,
    /// Whether every product needs a value.
    pub is_required: Option<bool>,
    /// Whether no two products may have the same value.
    pub is_unique: Option<bool>,
    /// Whether the shop's people made it.
    pub is_user_defined: Option<bool>,
    /// The product types that have it.
    pub apply_to: Option<Stated<Vec<String>>>,
    /// What can be chosen. Of a row for a store view, what its view shows, in the order of the options.
    pub options: Option<Stated<Vec<OptionChange>>>,
    /// The sets that it shall belong to; those it belongs to already stay.
    pub sets: Vec<SetPlace>,
    /// What else the row says, by column.
    pub settings: BTreeMap<String, Stated<String>>,
}

/// What one row says about one option.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OptionChange {
    /// Its label; a row for a store view may leave it out.
    pub label: Option<String>,
    /// Its place among the options.
    pub sort_order: Option<u32>,
    /// What the shop shows instead of the label.
    pub swatch: Option<Swatch>,
}

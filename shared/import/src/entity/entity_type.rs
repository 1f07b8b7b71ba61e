use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name_key::name_key;
use crate::nearest::UnknownName;

/// What attributes and attribute sets are for. Each kind has its own, which may have the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityType {
    /// Products.
    #[default]
    #[serde(rename = "catalog_product")]
    Product,
    /// Categories.
    #[serde(rename = "catalog_category")]
    Category,
    /// Customers.
    Customer,
    /// Addresses of customers.
    CustomerAddress,
}

impl EntityType {
    const NAMES: [(&'static str, Self); 4] = [
        ("catalog_product", Self::Product),
        ("catalog_category", Self::Category),
        ("customer", Self::Customer),
        ("customer_address", Self::CustomerAddress),
    ];

    /// Returns the code that files use.
    #[must_use]
    pub fn code(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, entity_type)| *entity_type == self);
        named.expect("every entity type has a code").0
    }

    /// Returns the form in which names of this type compare. Names of products compare as anywhere; names of other types
    /// stand behind their type in capitals, which no [`name_key`] has.
    #[must_use]
    pub fn key(self, name: &str) -> String {
        match self {
            Self::Product => name_key(name),
            Self::Category | Self::Customer | Self::CustomerAddress => {
                format!("{}/{}", self.code().to_uppercase(), name_key(name))
            }
        }
    }

    /// Says whether it is the usual one.
    #[must_use]
    pub fn is_product(&self) -> bool {
        *self == Self::Product
    }
}

impl FromStr for EntityType {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let key = name_key(text);
        let named = Self::NAMES.iter().find(|(code, _)| *code == key);
        let codes = Self::NAMES.iter().map(|(code, _)| *code);
        named.map(|(_, entity_type)| *entity_type).ok_or_else(|| UnknownName::new("entity type", text, codes))
    }
}

impl fmt::Display for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

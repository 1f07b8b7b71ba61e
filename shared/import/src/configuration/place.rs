use std::fmt;

use serde::{Deserialize, Serialize};

/// Where in a configuration file something stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConfigurationPlace {
    /// Name of the file.
    pub file: String,
    /// JSON pointer of the value, such as `/entities/products/delimiter`.
    pub pointer: String,
    /// Line of the value, counted from 1.
    pub line: u64,
}

/// What a part of a configuration holds for: everything, or a pipeline, an entity and an operation.
///
/// Ordered by how narrow it is: what a narrower scope says wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Name of a pipeline definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// Name of an entity: `products`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Name of an operation: `replace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
}

/// What is wrong in a configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it is.
    pub place: ConfigurationPlace,
    /// What it holds for: the imports that it stops.
    pub scope: Scope,
    /// What was found and what was expected.
    pub text: String,
}

impl Scope {
    /// Says whether what this scope says holds for an import.
    #[must_use]
    pub fn covers(&self, import: &Self) -> bool {
        let holds = |said: &Option<String>, asked: &Option<String>| said.is_none() || said == asked;
        holds(&self.pipeline, &import.pipeline)
            && holds(&self.entity, &import.entity)
            && holds(&self.operation, &import.operation)
    }

    /// Returns the scope of the imports for which both hold, if there are any.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        let either = |one: &Option<String>, other: &Option<String>| one.clone().or_else(|| other.clone());
        Self {
            pipeline: either(&self.pipeline, &other.pipeline),
            entity: either(&self.entity, &other.entity),
            operation: either(&self.operation, &other.operation),
        }
    }

    /// Says whether there is an import for which both scopes hold.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let agree = |one: &Option<String>, other: &Option<String>| one.is_none() || other.is_none() || one == other;
        agree(&self.pipeline, &other.pipeline)
            && agree(&self.entity, &other.entity)
            && agree(&self.operation, &other.operation)
    }
}

impl fmt::Display for ConfigurationPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConfigurationPlace { file, pointer, line } = &self.place;
        let pointer = if pointer.is_empty() { "/" } else { pointer };
        write!(f, "{file}:{line}: {pointer}: {}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrower_scopes_come_behind_wider_ones() {
        let scope = |pipeline: bool, entity: bool, operation: bool| Scope {
            pipeline: pipeline.then(|| "p".to_owned()),
            entity: entity.then(|| "e".to_owned()),
            operation: operation.then(|| "o".to_owned()),
        };
        let mut scopes: Vec<Scope> = (0..8u8).rev().map(|n| scope(n & 4 > 0, n & 2 > 0, n & 1 > 0)).collect();
        scopes.sort();
        let expected: Vec<Scope> = (0..8u8).map(|n| scope(n & 4 > 0, n & 2 > 0, n & 1 > 0)).collect();
        assert_eq!(scopes, expected);
    }
}

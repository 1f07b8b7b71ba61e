//! Conditions and patches as DynamoDB expressions. Every name goes through a placeholder: `status`, `name` and some
//! five hundred more are words of the expression language.

use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use store::table::{Attributes, Condition, Relist};

use super::item::{
    LISTING_RANK, LISTING_SHARD, PARTITION, SdkAttributes, SdkItem, UnstorableItem, VERSION, stored_attributes,
    stored_listing,
};

/// An expression with what its placeholders stand for.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Expression {
    /// What must hold before.
    pub(crate) condition: Option<String>,
    /// What a patch does.
    pub(crate) update: Option<String>,
    names: HashMap<String, String>,
    values: SdkItem,
}

impl Expression {
    /// The condition alone, for a put, a delete or a check.
    pub(crate) fn of_condition(condition: Condition) -> Self {
        let mut expression = Expression::default();
        expression.set_condition(condition);
        expression
    }

    /// Sets some attributes, removes others, and counts the version up.
    ///
    /// # Errors
    /// Names the attribute that cannot be stored.
    pub(crate) fn of_patch(
        condition: Condition,
        attributes: &Attributes,
        listing: &Relist,
    ) -> Result<Self, UnstorableItem> {
        let mut expression = Expression::default();
        expression.set_condition(condition);
        let mut changes = stored_attributes(attributes)?;
        match listing {
            Relist::Keep => {}
            Relist::Unlist => changes.extend([(LISTING_SHARD.to_owned(), None), (LISTING_RANK.to_owned(), None)]),
            Relist::List(listing) => {
                for (name, value) in stored_listing(listing) {
                    changes.push((name, Some(value)));
                }
            }
        }
        expression.set_update(changes);
        Ok(expression)
    }

    /// The names, or `None` if there are none: DynamoDB refuses an empty map.
    pub(crate) fn take_names(&mut self) -> Option<HashMap<String, String>> {
        Some(std::mem::take(&mut self.names)).filter(|names| !names.is_empty())
    }

    /// The values, or `None` if there are none.
    pub(crate) fn take_values(&mut self) -> Option<SdkItem> {
        Some(std::mem::take(&mut self.values)).filter(|values| !values.is_empty())
    }

    /// What the placeholders of values stand for.
    pub(crate) fn values(&self) -> &SdkItem {
        &self.values
    }

    fn set_condition(&mut self, condition: Condition) {
        self.condition = match condition {
            Condition::Absent => Some(format!("attribute_not_exists({})", self.name(PARTITION))),
            Condition::Present => Some(format!("attribute_exists({})", self.name(PARTITION))),
            Condition::Version(version) => {
                let name = self.name(VERSION);
                Some(format!("{name} = {}", self.value(AttributeValue::N(version.to_string()))))
            }
            Condition::Any => None,
        };
    }

    fn set_update(&mut self, changes: SdkAttributes) {
        let version = self.name(VERSION);
        let (zero, one) = (self.value(AttributeValue::N("0".into())), self.value(AttributeValue::N("1".into())));
        let mut sets = vec![format!("{version} = if_not_exists({version}, {zero}) + {one}")];
        let mut removes = Vec::new();
        for (name, value) in changes {
            let name = self.name(&name);
            match value {
                Some(value) => sets.push(format!("{name} = {}", self.value(value))),
                None => removes.push(name),
            }
        }
        let remove = if removes.is_empty() { String::new() } else { format!(" REMOVE {}", removes.join(", ")) };
        self.update = Some(format!("SET {}{remove}", sets.join(", ")));
    }

    fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{}", self.names.len());
        if let Some((known, _)) = self.names.iter().find(|(_, named)| *named == name) {
            return known.clone();
        }
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::table::Listing;

    use super::*;

    /// The expression with its placeholders filled in.
    fn plain(expression: &Expression) -> String {
        let text = [&expression.condition, &expression.update].into_iter().flatten().cloned().collect::<Vec<_>>();
        let mut text = text.join(" | ");
        for (placeholder, value) in &expression.values {
            let value = value.as_n().cloned().unwrap_or_else(|other| format!("{:?}", other.as_s().unwrap()));
            text = text.replace(placeholder, &value);
        }
        expression.names.iter().fold(text, |text, (placeholder, name)| text.replace(placeholder, name))
    }

    fn patch(condition: Condition, attributes: &serde_json::Value, listing: Relist) -> String {
        let attributes = attributes.as_object().unwrap().clone().into_iter().collect();
        plain(&Expression::of_patch(condition, &attributes, &listing).unwrap())
    }

    #[test]
    fn conditions_ask_for_presence_or_version() {
        assert_eq!(plain(&Expression::of_condition(Condition::Absent)), "attribute_not_exists(pk)");
        assert_eq!(plain(&Expression::of_condition(Condition::Present)), "attribute_exists(pk)");
        assert_eq!(plain(&Expression::of_condition(Condition::Version(7))), "version = 7");
        assert_eq!(Expression::of_condition(Condition::Any), Expression::default());
    }

    #[test]
    fn a_patch_counts_the_version_and_touches_what_it_names() {
        let count = "SET version = if_not_exists(version, 0) + 1";
        let listing = || Listing { shard: "open".into(), rank: "r1".into() };
        assert_eq!(patch(Condition::Any, &json!({}), Relist::Keep), count);
        assert_eq!(
            patch(Condition::Version(3), &json!({"status": "running"}), Relist::Keep),
            format!("version = 3 | {count}, status = \"running\"")
        );
        assert_eq!(
            patch(Condition::Present, &json!({"lease": null, "name": "a"}), Relist::Unlist),
            format!("attribute_exists(pk) | {count}, name = \"a\" REMOVE lease, listing_shard, listing_rank")
        );
        assert_eq!(
            patch(Condition::Any, &json!({}), Relist::List(listing())),
            format!("{count}, listing_shard = \"open\", listing_rank = \"r1\"")
        );
    }

    #[test]
    fn no_name_is_ever_written_out() {
        let attributes = Attributes::from([("status".to_owned(), json!("x"))]);
        let expression = Expression::of_patch(Condition::Version(1), &attributes, &Relist::Unlist).unwrap();
        let text = format!("{:?}{:?}", expression.condition, expression.update);
        assert!(!text.contains("status") && !text.contains("version") && !text.contains("listing"), "{text}");
    }
}

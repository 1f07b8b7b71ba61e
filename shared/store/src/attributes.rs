//! What an item holds besides its key.

use std::any::Any;
use std::collections::{BTreeMap, btree_map};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// What an item holds besides its key: values by name. A copy costs nothing until it is changed.
///
/// Names are short words, other than those of the table itself (`pk`, `sk`, `version`, `listing_shard`, `listing_rank`,
/// `expires_at`); values are JSON without floating point numbers and without empty names in objects. A `null` is as good as
/// no attribute and is left out; within a value it stays.
#[derive(Clone, Default)]
pub struct Attributes(Arc<Content>);

type AttributeMap = BTreeMap<String, Value>;

#[derive(Default)]
struct Content {
    fields: AttributeMap,
    /// What the fields mean, once somebody has read them.
    meaning: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Attributes {
    /// No attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Removes what is null and as good as no attribute.
    pub fn remove_nulls(&mut self) {
        // Others may hold what would be copied for the change.
        if self.values().any(Value::is_null) {
            self.retain(|_, value| !value.is_null());
        }
    }

    /// What the attributes mean, which is read from them once for all copies. Each item has one meaning: asked for another
    /// type, they are read again.
    ///
    /// # Errors
    /// Those of `read`; they are not kept.
    pub(crate) fn meaning<T, E>(&self, read: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E>
    where
        T: Send + Sync + 'static,
    {
        if let Some(known) = self.0.meaning.get().and_then(|meaning| meaning.clone().downcast::<T>().ok()) {
            return Ok(known);
        }
        let meaning = Arc::new(read()?);
        // Somebody may have read the same meanwhile.
        let _ = self.0.meaning.set(meaning.clone());
        Ok(meaning)
    }
}

impl Clone for Content {
    /// A copy that is about to be changed, and then means something else.
    fn clone(&self) -> Self {
        Content { fields: self.fields.clone(), meaning: OnceLock::new() }
    }
}

impl Deref for Attributes {
    type Target = AttributeMap;

    fn deref(&self) -> &AttributeMap {
        &self.0.fields
    }
}

impl DerefMut for Attributes {
    fn deref_mut(&mut self) -> &mut AttributeMap {
        let content = Arc::make_mut(&mut self.0);
        content.meaning = OnceLock::new();
        &mut content.fields
    }
}

impl From<AttributeMap> for Attributes {
    fn from(fields: AttributeMap) -> Self {
        Attributes(Arc::new(Content { fields, meaning: OnceLock::new() }))
    }
}

impl<const N: usize> From<[(String, Value); N]> for Attributes {
    fn from(fields: [(String, Value); N]) -> Self {
        AttributeMap::from(fields).into()
    }
}

impl FromIterator<(String, Value)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        fields.into_iter().collect::<AttributeMap>().into()
    }
}

impl IntoIterator for Attributes {
    type Item = (String, Value);
    type IntoIter = btree_map::IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).fields.into_iter()
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = (&'a String, &'a Value);
    type IntoIter = btree_map::Iter<'a, String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.fields.iter()
    }
}

impl PartialEq for Attributes {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.fields == other.0.fields
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fields.fmt(f)
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        AttributeMap::deserialize(deserializer).map(Attributes::from)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn length(attributes: &Attributes) -> usize {
        *attributes.meaning(|| Ok::<_, ()>(attributes.len())).unwrap()
    }

    #[test]
    fn a_changed_copy_has_a_meaning_of_its_own() {
        let first = Attributes::from([("a".to_owned(), json!(1))]);
        let mut second = first.clone();
        assert_eq!((length(&first), length(&second)), (1, 1));
        second.insert("b".to_owned(), json!(2));
        assert_eq!((length(&first), length(&second)), (1, 2));
        second.remove("a");
        second.remove("b");
        assert_eq!((length(&first), length(&second)), (1, 0));
    }

    #[test]
    fn a_meaning_is_read_once_for_all_copies_and_an_error_never() {
        let first = Attributes::from([("a".to_owned(), json!(1))]);
        assert_eq!(first.meaning(|| Err::<u8, _>("broken")), Err("broken"));
        assert_eq!(first.meaning(|| Ok::<_, &str>(1_u8)).as_deref(), Ok(&1));
        let again = first.clone().meaning(|| Err::<u8, _>("read again"));
        assert_eq!(again.as_deref(), Ok(&1));
        assert_eq!(first.meaning(|| Ok::<_, &str>("other")).as_deref(), Ok(&"other"));
    }
}

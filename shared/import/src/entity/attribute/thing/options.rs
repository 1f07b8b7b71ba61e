//! The options of an attribute, found by their labels at once: an attribute may have tens of thousands.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::AttributeOption;
use crate::name_key::name_key;

/// Options in their order.
///
/// Private, because `places` must say where each one stands: whoever may change labels or order empties it.
#[derive(Debug, Default)]
pub struct AttributeOptions {
    list: Vec<AttributeOption>,
    /// The place of the first option of each label, by [`name_key`]; made when the first one is looked for.
    places: OnceLock<HashMap<String, usize>>,
}

impl AttributeOptions {
    /// Finds an option by its label for everybody, as the shop compares labels.
    #[must_use]
    pub fn find(&self, label: &str) -> Option<&AttributeOption> {
        let places = self.places.get_or_init(|| places(&self.list));
        places.get(&name_key(label)).map(|place| &self.list[*place])
    }

    /// Adds an option behind the others.
    pub fn push(&mut self, option: AttributeOption) {
        if let Some(places) = self.places.get_mut() {
            places.entry(name_key(&option.label)).or_insert(self.list.len());
        }
        self.list.push(option);
    }

    /// Returns the options, to be changed in any way.
    pub fn as_mut_vec(&mut self) -> &mut Vec<AttributeOption> {
        self.places.take();
        &mut self.list
    }
}

fn places(list: &[AttributeOption]) -> HashMap<String, usize> {
    let mut places = HashMap::with_capacity(list.len());
    for (place, option) in list.iter().enumerate() {
        places.entry(name_key(&option.label)).or_insert(place);
    }
    places
}

impl Deref for AttributeOptions {
    type Target = [AttributeOption];

    fn deref(&self) -> &[AttributeOption] {
        &self.list
    }
}

impl From<Vec<AttributeOption>> for AttributeOptions {
    fn from(list: Vec<AttributeOption>) -> Self {
        Self { list, places: OnceLock::new() }
    }
}

impl FromIterator<AttributeOption> for AttributeOptions {
    fn from_iter<I: IntoIterator<Item = AttributeOption>>(options: I) -> Self {
        options.into_iter().collect::<Vec<_>>().into()
    }
}

impl Clone for AttributeOptions {
    /// Leaves out the places: most copies are only compared.
    fn clone(&self) -> Self {
        self.list.clone().into()
    }
}

impl PartialEq for AttributeOptions {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Eq for AttributeOptions {}

impl Serialize for AttributeOptions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AttributeOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

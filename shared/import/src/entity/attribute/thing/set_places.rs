//! The places of an attribute as they are written: a list, in which every entry names its set.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serializer};

use super::SetPlace;
use crate::name_key::name_key;

type Places = BTreeMap<String, SetPlace>;

pub(in crate::entity::attribute) fn serialize<S: Serializer>(
    places: &Places,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(places.values())
}

pub(in crate::entity::attribute) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Places, D::Error> {
    deserializer.deserialize_any(EitherForm)
}

struct EitherForm;

impl<'de> Visitor<'de> for EitherForm {
    type Value = Places;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of sets, such as `- set: Default`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Places, A::Error> {
        let mut places = Places::new();
        while let Some(place) = list.next_element::<SetPlace>()? {
            if let Some(twice) = places.insert(name_key(&place.set), place) {
                return Err(A::Error::custom(format!("names set `{}` twice", twice.set)));
            }
        }
        Ok(places)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Places, A::Error> {
        let mut places = Places::new();
        while let Some((key, place)) = map.next_entry()? {
            places.insert(key, place);
        }
        Ok(places)
    }
}

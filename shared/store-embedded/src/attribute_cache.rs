//! Attributes by their text, so that a text that was written or read before is not parsed again.
//!
//! Every step of a pipeline that is looked at reads the items of all of them, most of which nobody has changed since. What
//! a text says never changes, so nothing here can be stale, whoever writes to the database meanwhile.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use store::table::Attributes;

/// Bytes of text after which the younger generation becomes the older one. With what they say, texts take about five times
/// as much memory.
const GENERATION_BYTES: usize = 512 * 1024;

/// A longer text is not kept: it would drive out too many others.
const TEXT_LIMIT_BYTES: usize = 16 * 1024;

/// The attributes that texts say, by text.
#[derive(Default)]
pub(crate) struct AttributeCache(Mutex<Generations>);

/// Who was asked for lately is in the younger generation; the older one goes when that is full.
#[derive(Default)]
struct Generations {
    young: HashMap<Box<str>, Attributes>,
    old: HashMap<Box<str>, Attributes>,
    young_bytes: usize,
}

impl AttributeCache {
    /// What a text says.
    pub(crate) fn parse(&self, text: &str) -> serde_json::Result<Attributes> {
        if let Some(known) = self.generations().get(text) {
            return Ok(known);
        }
        let attributes = serde_json::from_str(text)?;
        self.keep(text, &attributes);
        Ok(attributes)
    }

    /// Keeps what a text says that was made from it.
    pub(crate) fn keep(&self, text: &str, attributes: &Attributes) {
        if text.len() <= TEXT_LIMIT_BYTES {
            self.generations().insert(text.into(), attributes.clone());
        }
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn get(&mut self, text: &str) -> Option<Attributes> {
        if let Some(attributes) = self.young.get(text) {
            return Some(attributes.clone());
        }
        let (text, attributes) = self.old.remove_entry(text)?;
        self.insert(text, attributes.clone());
        Some(attributes)
    }

    fn insert(&mut self, text: Box<str>, attributes: Attributes) {
        if self.young_bytes >= GENERATION_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += text.len();
        self.young.insert(text, attributes);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attributes(number: usize) -> Attributes {
        Attributes::from([("number".to_owned(), json!(number)), ("padding".to_owned(), json!("x".repeat(1_000)))])
    }

    fn len(cache: &AttributeCache) -> usize {
        let generations = cache.generations();
        generations.young.len() + generations.old.len()
    }

    #[test]
    fn what_was_kept_is_what_parsing_would_give() {
        let cache = AttributeCache::default();
        let written = attributes(1);
        let text = serde_json::to_string(&written).unwrap();
        cache.keep(&text, &written);
        assert_eq!(cache.parse(&text).unwrap(), serde_json::from_str(&text).unwrap());
        assert_eq!(len(&cache), 1);
        assert!(cache.parse("[1]").is_err());
        assert_eq!(len(&cache), 1);
    }

    #[test]
    fn the_memory_is_bounded_and_what_is_asked_for_stays() {
        let cache = AttributeCache::default();
        let asked = serde_json::to_string(&attributes(0)).unwrap();
        for number in 0..5_000 {
            let text = serde_json::to_string(&attributes(number)).unwrap();
            assert_eq!(cache.parse(&text).unwrap(), attributes(number));
            cache.parse(&asked).unwrap();
        }
        assert!(len(&cache) <= 2 * (GENERATION_BYTES / 1_000 + 1));
        let generations = cache.generations();
        assert!(generations.young.contains_key(asked.as_str()) || generations.old.contains_key(asked.as_str()));
        drop(generations);
        let before = len(&cache);
        cache.parse(&format!("{{\"long\": \"{}\"}}", "x".repeat(TEXT_LIMIT_BYTES))).unwrap();
        assert_eq!(len(&cache), before);
    }
}

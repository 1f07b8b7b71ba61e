//! The numbers by which an ERP answers about lines: `000010`, `000020`.
//!
//! They are given when an order arrives and stay: an item that has one keeps it whatever comes later, and one that comes later
//! gets a number behind all others. Parts of bundles have numbers, too, so that the same items have the same ones whether a
//! document has the bundle or its parts; the variant of a configurable product is not a line and has none.

use std::collections::BTreeMap;

use crate::order::{Item, Order};

/// How numbers are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRules {
    /// The distance from one to the next, and the first one; the original calls it offset.
    pub step: u64,
    /// How they are filled up; without it they are as long as they are.
    pub padding: Option<Padding>,
}

/// How a number is filled up to a length, as PHP's `str_pad` does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Padding {
    /// Characters in all. A number that has as many or more stays as it is.
    pub length: usize,
    /// What it is filled up with, again and again and cut where it is enough.
    pub fill: Box<str>,
    /// On which side.
    pub side: PaddingSide,
}

/// On which side a number is filled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaddingSide {
    /// Before it.
    Left,
    /// Behind it.
    Right,
    /// On both sides, behind it one more if it does not come out even.
    Both,
}

/// The place of each item among those that were numbered, by its id; what is kept with an order.
pub type LineOrdinals = BTreeMap<u64, u64>;

impl Default for NumberRules {
    fn default() -> Self {
        Self { step: 1, padding: None }
    }
}

impl NumberRules {
    /// Writes the number of the item at a place; the first place is 1.
    #[must_use]
    pub fn written(&self, ordinal: u64) -> String {
        let number = ordinal.saturating_mul(self.step).to_string();
        match &self.padding {
            Some(padding) => padding.pad(&number),
            None => number,
        }
    }
}

impl Padding {
    fn pad(&self, number: &str) -> String {
        let missing = self.length.saturating_sub(number.chars().count());
        if missing == 0 || self.fill.is_empty() {
            return number.to_owned();
        }
        let fill = |count: usize| self.fill.chars().cycle().take(count).collect::<String>();
        match self.side {
            PaddingSide::Left => format!("{}{number}", fill(missing)),
            PaddingSide::Right => format!("{number}{}", fill(missing)),
            PaddingSide::Both => format!("{}{number}{}", fill(missing / 2), fill(missing - missing / 2)),
        }
    }
}

/// Gives each item that can be a line and has no place the next one, in the order of the items. Says whether any was given.
pub fn number(order: &Order, ordinals: &mut LineOrdinals) -> bool {
    let mut last = ordinals.values().copied().max().unwrap_or_default();
    let mut is_changed = false;
    for item in order.items.iter().filter(|item| can_be_line(order, item)) {
        ordinals.entry(item.id).or_insert_with(|| {
            is_changed = true;
            last += 1;
            last
        });
    }
    is_changed
}

fn can_be_line(order: &Order, item: &Item) -> bool {
    let parent = item.parent.and_then(|parent| order.items.iter().find(|other| other.id == parent));
    parent.is_none_or(|parent| &*parent.product_type == "bundle")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(step: u64, length: usize, fill: &str, side: PaddingSide) -> Vec<String> {
        let rules = NumberRules { step, padding: Some(Padding { length, fill: fill.into(), side }) };
        [1, 2, 12].map(|ordinal| rules.written(ordinal)).to_vec()
    }

    #[test]
    fn numbers_are_filled_up_as_php_does() {
        assert_eq!(NumberRules::default().written(3), "3");
        assert_eq!(NumberRules { step: 3, padding: None }.written(4), "12");
        assert_eq!(written(10, 6, "0", PaddingSide::Left), ["000010", "000020", "000120"]);
        assert_eq!(written(10, 4, "0", PaddingSide::Left), ["0010", "0020", "0120"]);
        assert_eq!(written(1000, 4, "0", PaddingSide::Left), ["1000", "2000", "12000"]);
        assert_eq!(written(1, 4, "ab", PaddingSide::Left), ["aba1", "aba2", "ab12"]);
        assert_eq!(written(1, 4, "ab", PaddingSide::Right), ["1aba", "2aba", "12ab"]);
        assert_eq!(written(1, 6, "ab", PaddingSide::Both), ["ab1aba", "ab2aba", "ab12ab"]);
        assert_eq!(written(1, 0, "0", PaddingSide::Left), ["1", "2", "12"]);
        assert_eq!(written(1, 4, "", PaddingSide::Left), ["1", "2", "12"]);
    }
}

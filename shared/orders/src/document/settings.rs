//! What the settings of a website say about documents.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use rust_decimal::Decimal;

/// What the settings of a website say about documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSettings {
    /// In which zone dates are written.
    pub zone: Tz,
    /// Who sells.
    pub seller: Seller,
    /// The name by which the other side is known to itself, for envelopes.
    pub receiver: Box<str>,
    /// What quantities are counted in.
    pub units: UnitCodes,
    /// The letters of categories (UNCL 5305) for what is taxed with 0 %, by country; `*` stands for every other one.
    pub zero_rate_categories: Lookup,
    /// Our SKUs and the numbers that the other side has for them.
    pub skus: Lookup,
    /// Payment methods and what the other side calls them.
    pub payment_methods: Lookup,
    /// Kinds of shipping and what the other side calls them.
    pub carriers: Lookup,
    /// Where the costs of shipping stand.
    pub shipping: ShippingPlace,
}

/// Who sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seller {
    /// The number by which the other side knows the shop.
    pub id: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// The number for value added tax.
    pub vat_id: Option<Box<str>>,
}

/// Codes of what quantities are counted in (UN/ECE Recommendation 20).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitCodes {
    /// Pieces.
    pub pieces: Box<str>,
    /// What is sold by fractions.
    pub fractions: Box<str>,
}

/// Where the costs of shipping stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShippingPlace {
    /// As a charge of the order.
    Charge,
    /// As a line of this SKU, for who has no place for charges.
    Line {
        /// The SKU.
        sku: Box<str>,
    },
}

/// A table of words and what stands for them; `*` stands for all that are not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lookup(pub BTreeMap<Box<str>, Box<str>>);

impl Default for DocumentSettings {
    fn default() -> Self {
        Self {
            zone: Tz::UTC,
            seller: Seller { id: "SHOP".into(), name: "Shop".into(), vat_id: None },
            receiver: "ERP".into(),
            units: UnitCodes { pieces: "C62".into(), fractions: "C62".into() },
            zero_rate_categories: Lookup::default(),
            skus: Lookup::default(),
            payment_methods: Lookup::default(),
            carriers: Lookup::default(),
            shipping: ShippingPlace::Charge,
        }
    }
}

impl UnitCodes {
    /// Returns the code for something that is sold by fractions or by pieces.
    #[must_use]
    pub fn of(&self, has_decimals: bool) -> &str {
        if has_decimals { &self.fractions } else { &self.pieces }
    }
}

impl Lookup {
    /// Returns what stands for a word.
    #[must_use]
    pub fn get(&self, word: &str) -> Option<&str> {
        self.0.get(word).or_else(|| self.0.get("*")).map(|found| &**found)
    }

    /// Returns what stands for a word, or the word itself.
    #[must_use]
    pub fn named<'a>(&'a self, word: &'a str) -> &'a str {
        self.get(word).unwrap_or(word)
    }
}

impl DocumentSettings {
    /// Returns the letter of a tax category. With a rate above 0 it is `S`; which one an order without tax has cannot be told
    /// by the order, so it comes from the settings or is not there.
    #[must_use]
    pub fn tax_category(&self, percent: Decimal, country: Option<&str>) -> Option<&str> {
        if percent.is_zero() { self.zero_rate_categories.get(country.unwrap_or_default()) } else { Some("S") }
    }
}

//! What the settings of a website look like as JSON, and what is read from them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use orders::document::{DocumentSettings, Lookup, Seller, ShippingPlace, UnitCodes};
use orders::export::{ExportRule, ExportSettings};
use orders::format::template::{TemplateSettings, Undefined};
use orders::format::{self, CsvSettings, DecimalMark, Formulas, LineFeeds};
use orders::line_number::{NumberRules, Padding, PaddingSide};
use orders::money::{BundleAmounts, FeeRule, MoneyRules, OrderCurrency};
use serde::Deserialize;

use super::{Problem, WebsiteSettings};
use crate::orders::transport;

/// How many pipelines there are for an order if the settings do not say.
const ATTEMPTS: u32 = 3;

/// What rules can ask about.
const FACTS: [&str; 2] = ["payment", "status"];

/// The settings as a person writes them. What is not there has its default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebsiteFile {
    stores: BTreeSet<u64>,
    #[serde(default)]
    export: ExportFile,
    #[serde(default = "template_format")]
    format: String,
    #[serde(default)]
    csv: CsvFile,
    #[serde(default)]
    template: TemplateFile,
    #[serde(default)]
    document: DocumentFile,
    #[serde(default)]
    money: MoneyFile,
    #[serde(default)]
    line_numbers: LineNumbersFile,
    #[serde(default)]
    transport: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ExportFile {
    enabled: bool,
    rules: Vec<BTreeMap<String, String>>,
    age_limit: Option<String>,
    go_live_at: Option<DateTime<Utc>>,
    attempts: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CsvFile {
    columns: Option<Vec<Box<str>>>,
    delimiter: Option<char>,
    decimal_comma: bool,
    charset: Option<Box<str>>,
    guard_formulas: bool,
    keep_line_feeds: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TemplateFile {
    strict: bool,
    lookups: BTreeMap<Box<str>, BTreeMap<Box<str>, Box<str>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DocumentFile {
    time_zone: Option<String>,
    seller: Option<SellerFile>,
    receiver: Option<Box<str>>,
    units: Option<UnitsFile>,
    zero_rate_categories: BTreeMap<Box<str>, Box<str>>,
    skus: BTreeMap<Box<str>, Box<str>>,
    payment_methods: BTreeMap<Box<str>, Box<str>>,
    carriers: BTreeMap<Box<str>, Box<str>>,
    shipping_sku: Option<Box<str>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SellerFile {
    id: Box<str>,
    name: Box<str>,
    vat_id: Option<Box<str>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitsFile {
    pieces: Box<str>,
    fractions: Box<str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MoneyFile {
    base_currency: bool,
    bundle_parts: bool,
    fees: Vec<FeeFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeeFile {
    name: Box<str>,
    amount: Box<str>,
    tax: Option<Box<str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LineNumbersFile {
    step: Option<u64>,
    length: Option<usize>,
    fill: Option<Box<str>>,
    side: Option<SideWord>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SideWord {
    Left,
    Right,
    Both,
}

/// The original's own: a document that a merchant writes.
fn template_format() -> String {
    "template".to_owned()
}

impl WebsiteFile {
    /// Checks everything before it gives up, so that all problems are told at once.
    pub(super) fn settings(self) -> Result<WebsiteSettings, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut note = |field: &str, problem: String| problems.push(Problem { field: field.to_owned(), problem });
        if self.stores.is_empty() {
            note("stores", "is empty; expected the ids of the website's store views".to_owned());
        }
        if format::format(&self.format).is_none() {
            let known: Vec<&str> = format::formats().iter().map(|format| format.code()).collect();
            note("format", format!("is `{}`; expected one of {}", self.format, known.join(", ")));
        }
        let csv = self.csv.settings().map_err(|problem| note("csv", problem)).ok();
        let export = self.export.settings().map_err(|(field, problem)| note(field, problem)).ok();
        let zone = match self.document.time_zone.as_deref() {
            None => Some(chrono_tz::Tz::UTC),
            Some(name) => name
                .parse()
                .map_err(|_| note("document.time_zone", format!("is `{name}`; expected one as `Europe/Berlin`")))
                .ok(),
        };
        let numbers = self.line_numbers.rules().map_err(|problem| note("line_numbers.step", problem)).ok();
        let transport = transport::read(&self.transport).map_err(|problem| note("transport", problem)).ok();
        let money = self.money.rules().map_err(|problem| note("money.fees", problem)).ok();
        if let (true, Some(export), Some(csv), Some(zone), Some(numbers), Some(transport), Some(money)) =
            (problems.is_empty(), export, csv, zone, numbers, transport, money)
        {
            let template = self.template.settings(zone);
            let document = self.document.settings(zone);
            let (stores, format) = (self.stores, self.format);
            return Ok(WebsiteSettings { stores, export, format, csv, template, document, money, numbers, transport });
        }
        Err(problems)
    }
}

impl ExportFile {
    fn settings(self) -> Result<ExportSettings, (&'static str, String)> {
        let age_limit = self.age_limit.as_deref().map(pipeline::duration::parse).transpose();
        let age_limit = age_limit.map_err(|error| ("export.age_limit", error.to_string()))?;
        let mut rules = Vec::new();
        for facts in self.rules {
            if let Some(unknown) = facts.keys().find(|fact| !FACTS.contains(&fact.as_str())) {
                return Err((
                    "export.rules",
                    format!("asks for `{unknown}`; expected any of `{}`", FACTS.join("`, `")),
                ));
            }
            // As the original's grid has it: `any` asks for nothing.
            let facts = facts.into_iter().filter(|(_, value)| value != "any");
            rules.push(ExportRule { facts: facts.map(|(fact, value)| (fact.into(), value.into())).collect() });
        }
        let attempts = self.attempts.unwrap_or(ATTEMPTS);
        if attempts == 0 {
            return Err(("export.attempts", "is 0; expected at least 1, since the first attempt counts".to_owned()));
        }
        Ok(ExportSettings { is_enabled: self.enabled, rules, age_limit, go_live_at: self.go_live_at, attempts })
    }
}

impl CsvFile {
    fn settings(self) -> Result<CsvSettings, String> {
        let usual = CsvSettings::default();
        let delimiter = match self.delimiter {
            None => usual.delimiter,
            Some(sign) => u8::try_from(sign)
                .ok()
                .filter(|sign| sign.is_ascii() && !b"\"\r\n".contains(sign))
                .ok_or_else(|| format!("has the delimiter `{}`; expected one as `;`", sign.escape_debug()))?,
        };
        let settings = CsvSettings {
            columns: self.columns.unwrap_or(usual.columns),
            delimiter,
            decimal: if self.decimal_comma { DecimalMark::Comma } else { DecimalMark::Point },
            charset: self.charset.unwrap_or(usual.charset),
            formulas: if self.guard_formulas { Formulas::Guarded } else { Formulas::Kept },
            line_feeds: if self.keep_line_feeds { LineFeeds::Kept } else { LineFeeds::Blanks },
        };
        // An empty document has no lines, but names of columns and of the character set count for it, too.
        settings.write(&orders::document::Group::new()).map_err(|error| error.to_string())?;
        Ok(settings)
    }
}

impl TemplateFile {
    fn settings(self, zone: chrono_tz::Tz) -> TemplateSettings {
        let undefined = if self.strict { Undefined::Strict } else { Undefined::Lenient };
        let lookups = self.lookups.into_iter().map(|(name, table)| (name, Lookup(table))).collect();
        TemplateSettings { undefined, zone, lookups }
    }
}

impl DocumentFile {
    fn settings(self, zone: chrono_tz::Tz) -> DocumentSettings {
        let usual = DocumentSettings::default();
        let seller = self.seller.map(|seller| Seller { id: seller.id, name: seller.name, vat_id: seller.vat_id });
        let units = self.units.map(|units| UnitCodes { pieces: units.pieces, fractions: units.fractions });
        DocumentSettings {
            zone,
            seller: seller.unwrap_or(usual.seller),
            receiver: self.receiver.unwrap_or(usual.receiver),
            units: units.unwrap_or(usual.units),
            zero_rate_categories: Lookup(self.zero_rate_categories),
            skus: Lookup(self.skus),
            payment_methods: Lookup(self.payment_methods),
            carriers: Lookup(self.carriers),
            shipping: self.shipping_sku.map_or(ShippingPlace::Charge, |sku| ShippingPlace::Line { sku }),
        }
    }
}

impl MoneyFile {
    fn rules(self) -> Result<MoneyRules, String> {
        let mut fees = Vec::new();
        for fee in self.fees {
            let pointers = [Some(&fee.amount), fee.tax.as_ref()];
            if let Some(wrong) = pointers.into_iter().flatten().find(|pointer| !pointer.starts_with('/')) {
                return Err(format!("has `{wrong}`; expected a JSON pointer as `/extension_attributes/cod_fee`"));
            }
            fees.push(FeeRule { name: fee.name, amount: fee.amount, tax: fee.tax });
        }
        Ok(MoneyRules {
            currency: if self.base_currency { OrderCurrency::Base } else { OrderCurrency::Order },
            bundles: if self.bundle_parts { BundleAmounts::Parts } else { BundleAmounts::Bundle },
            fees,
        })
    }
}

impl LineNumbersFile {
    fn rules(self) -> Result<NumberRules, String> {
        let step = self.step.unwrap_or(1);
        if step == 0 {
            return Err("is 0; expected at least 1, or all lines would have one number".to_owned());
        }
        let side = match self.side.unwrap_or(SideWord::Left) {
            SideWord::Left => PaddingSide::Left,
            SideWord::Right => PaddingSide::Right,
            SideWord::Both => PaddingSide::Both,
        };
        let fill = self.fill.unwrap_or_else(|| "0".into());
        Ok(NumberRules { step, padding: self.length.map(|length| Padding { length, fill, side }) })
    }
}

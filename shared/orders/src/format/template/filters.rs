//! What templates can do to texts and numbers, beside what Jinja has.
//!
//! | filter | does |
//! |---|---|
//! | `money` | writes an amount with the decimals of the order's currency, or of `digits` |
//! | `date("%d.%m.%Y", "Europe/Berlin")` | writes a time of the shop (UTC) in a zone, that of the website without any |
//! | `sum(attribute="row_total")` | adds exactly |
//! | `plus`, `minus`, `times` | compute exactly, where `+` would be off by a float |
//! | `pad(10, "0", "left")` | fills a text up |
//! | `truncate(35)` | cuts a text between two signs that people see |
//! | `xml`, `edi`, `csv` | escape a text for the format |
//! | `translit` | writes a text in ASCII |
//! | `lookup("units")` | what the table of the settings has for a word, or the word |

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, State, Value};
use rust_decimal::{Decimal, RoundingStrategy};

use super::super::fitting::cut;
use super::TemplateSettings;
use crate::currency::Currency;
use crate::document::Lookup;

/// Most characters that a text is filled up to.
const MAX_PADDING: usize = 10_000;

pub(super) fn add(environment: &mut Environment<'static>, settings: &TemplateSettings) {
    let zone = settings.zone;
    let lookups = settings.lookups.clone();
    environment.add_filter("money", money);
    environment
        .add_filter("date", move |time: &Value, format: &str, named: Option<&str>| date(time, format, named, zone));
    environment.add_filter("sum", sum);
    environment
        .add_filter("plus", |a: &Value, b: &Value| Ok::<_, Error>(number(a)? + number(b)?).map(|sum| sum.to_string()));
    environment.add_filter("minus", |a: &Value, b: &Value| {
        Ok::<_, Error>(number(a)? - number(b)?).map(|rest| rest.to_string())
    });
    environment.add_filter("times", times);
    environment.add_filter("pad", pad);
    environment.add_filter("truncate", |text: &str, length: usize| cut(text, length).to_owned());
    environment.add_filter("xml", xml);
    environment.add_filter("edi", edi);
    environment.add_filter("csv", csv);
    environment.add_filter("translit", |text: &str| deunicode::deunicode_with_tofu(text, "?"));
    environment.add_filter("lookup", move |word: &str, table: &str| lookup(&lookups, word, table));
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// An exact number; what is not there is 0.
fn number(value: &Value) -> Result<Decimal, Error> {
    if value.is_none() || value.is_undefined() {
        return Ok(Decimal::ZERO);
    }
    let written = value.to_string();
    let read = if written.contains('e') { Decimal::from_scientific(&written) } else { Decimal::from_str(&written) };
    read.map_err(|_| wrong(format!("`{written}` is not a number")))
}

fn money(state: &State<'_, '_>, value: &Value, digits: Option<u32>) -> Result<String, Error> {
    let amount = number(value)?;
    if let Some(digits) = digits.map(|digits| digits.min(12)) {
        let mut amount = amount.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
        amount.rescale(digits);
        return Ok(amount.to_string());
    }
    let order = state.lookup("order").unwrap_or_default();
    let code = order.get_attr("order_currency_code").unwrap_or_default();
    let currency = Currency::of(code.as_str().unwrap_or("EUR")).map_err(|unknown| wrong(unknown.to_string()))?;
    Ok(currency.written(currency.round(amount)))
}

fn date(time: &Value, format: &str, named: Option<&str>, zone: Tz) -> Result<String, Error> {
    let Some(text) = time.as_str() else { return Ok(String::new()) };
    let zone = match named {
        Some(name) => {
            name.parse().map_err(|_| wrong(format!("there is no time zone `{name}` (example: `Europe/Berlin`)")))?
        }
        None => zone,
    };
    let read = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S");
    let time = read.map_err(|_| wrong(format!("`{text}` is not a time of a shop (`2027-02-03 09:15:00`)")))?;
    let items: Vec<_> = chrono::format::StrftimeItems::new(format).collect();
    if items.contains(&chrono::format::Item::Error) {
        return Err(wrong(format!("`{format}` is no form of a date (example: `%d.%m.%Y`)")));
    }
    Ok(time.and_utc().with_timezone(&zone).format_with_items(items.iter()).to_string())
}

fn sum(values: &Value, options: Kwargs) -> Result<String, Error> {
    let attribute: Option<String> = options.get("attribute")?;
    options.assert_all_used()?;
    let mut sum = Decimal::ZERO;
    for value in values.try_iter()? {
        let value = match &attribute {
            Some(name) => value.get_attr(name)?,
            None => value,
        };
        let more = sum.checked_add(number(&value)?);
        sum = more.ok_or_else(|| wrong("the sum is too large".to_owned()))?;
    }
    Ok(sum.normalize().to_string())
}

fn times(a: &Value, b: &Value) -> Result<String, Error> {
    let product = number(a)?.checked_mul(number(b)?);
    product.map(|product| product.normalize().to_string()).ok_or_else(|| wrong("the product is too large".to_owned()))
}

fn pad(text: &Value, length: usize, fill: Option<&str>, side: Option<&str>) -> Result<String, Error> {
    let (text, fill) = (text.to_string(), fill.unwrap_or(" "));
    if length > MAX_PADDING {
        return Err(wrong(format!("a text is filled up to {MAX_PADDING} characters at most")));
    }
    let missing = length.saturating_sub(text.chars().count());
    let filled: String = fill.chars().cycle().take(missing).collect();
    match side.unwrap_or("left") {
        "left" => Ok(format!("{filled}{text}")),
        "right" => Ok(format!("{text}{filled}")),
        other => Err(wrong(format!("`{other}` is no side (expected `left` or `right`)"))),
    }
}

/// A text as it can stand in an element or an attribute; what XML has no form for is replaced.
fn xml(text: &Value) -> String {
    if text.is_none() {
        return String::new();
    }
    quick_xml::escape::escape(super::super::xml::legal_form(&text.to_string())).into_owned()
}

fn edi(text: &Value) -> String {
    if text.is_none() { String::new() } else { super::super::edifact::released(&text.to_string()) }
}

/// A field with quotes around it, if it needs any.
fn csv(text: &Value) -> String {
    let text = if text.is_none() { String::new() } else { text.to_string() };
    let needs_quotes = text.contains(['"', ',', ';', '\t', '\n', '\r']);
    if needs_quotes { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn lookup(lookups: &BTreeMap<Box<str>, Lookup>, word: &str, table: &str) -> Result<String, Error> {
    let names = || lookups.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let found = lookups
        .get(table)
        .ok_or_else(|| wrong(format!("there is no table `{table}` in the settings (there are: {})", names())))?;
    Ok(found.named(word).to_owned())
}

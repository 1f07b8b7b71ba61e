//! Lists of pairs: variations, selections of bundles, tier prices, sources, files to download, options, videos.

use super::RelationError;
use crate::cell::{self, Pairs};
use crate::dialect::Dialect;
use crate::entity::product::image_path::image_path;
use crate::entity::product::parts::{SourceItem, TierPrice, Variation, Video};
use crate::name_key::name_key;
use crate::number::NumberFormat;

/// What a customer may be asked for.
const OPTION_TYPES: [&str; 10] =
    ["field", "area", "file", "drop_down", "radio", "checkbox", "multiple", "date", "date_time", "time"];

pub(super) fn variations(text: &str, dialect: &Dialect) -> Result<Vec<Variation>, RelationError> {
    let mut variations: Vec<Variation> = Vec::new();
    for (number, mut options) in numbered_entries(text, dialect)? {
        options = options.into_iter().map(|(code, label)| (code.to_lowercase(), label)).collect();
        let sku = options.remove("sku").filter(|sku| !sku.is_empty());
        let sku = sku.ok_or(RelationError::MissingKey { key: "sku", number })?;
        if options.is_empty() {
            return Err(RelationError::NoAttribute { sku });
        }
        if let Some(first) = variations.first().filter(|first| !first.options.keys().eq(options.keys())) {
            return Err(RelationError::DifferentAttributes { first: first.sku.clone(), second: sku });
        }
        if variations.iter().any(|earlier| name_key(&earlier.sku) == name_key(&sku)) {
            return Err(RelationError::Twice { sku });
        }
        variations.push(Variation { sku, options });
    }
    Ok(variations)
}

pub(super) fn bundle_values(text: &str, dialect: &Dialect) -> Result<Vec<Pairs>, RelationError> {
    let mut selections = Vec::new();
    for (number, mut selection) in numbered_entries(text, dialect)? {
        require(&selection, number, &["name", "sku"])?;
        for key in ["price", "default_qty"] {
            if let Some(value) = selection.get_mut(key).filter(|value| !value.is_empty()) {
                *value = amount(value, dialect)?;
            }
        }
        selections.push(selection);
    }
    Ok(selections)
}

pub(super) fn tier_prices(text: &str, dialect: &Dialect) -> Result<Vec<TierPrice>, RelationError> {
    let mut prices = Vec::new();
    for (number, entry) in numbered_entries(text, dialect)? {
        require(&entry, number, &["qty", "price"])?;
        let text = |key: &str, default: &str| {
            entry.get(key).filter(|text| !text.is_empty()).map_or(default, |text| text).to_owned()
        };
        let value_type = match text("value_type", "Fixed").to_ascii_lowercase().as_str() {
            "fixed" => "Fixed",
            "discount" => "Discount",
            _ => return Err(RelationError::Neither { words: ["Fixed", "Discount"], key: "value_type", number }),
        };
        prices.push(TierPrice {
            quantity: amount(&text("qty", ""), dialect)?,
            price: amount(&text("price", ""), dialect)?,
            value_type: value_type.to_owned(),
            website: text("website", "All Websites"),
            customer_group: text("customer_group", "ALL GROUPS"),
        });
    }
    Ok(prices)
}

pub(super) fn source_items(text: &str, dialect: &Dialect) -> Result<Vec<SourceItem>, RelationError> {
    let mut items = Vec::new();
    for (number, entry) in numbered_entries(text, dialect)? {
        require(&entry, number, &["source_code", "quantity"])?;
        let status = entry.get("status").map_or("1", String::as_str);
        if !["0", "1"].contains(&status) {
            return Err(RelationError::Neither { words: ["1", "0"], key: "status", number });
        }
        items.push(SourceItem {
            source: entry["source_code"].clone(),
            quantity: amount(&entry["quantity"], dialect)?,
            status: status.to_owned(),
        });
    }
    Ok(items)
}

pub(super) fn downloadables(text: &str, dialect: &Dialect) -> Result<Vec<Pairs>, RelationError> {
    required_entries(text, dialect, &["title"])
}

pub(super) fn custom_options(text: &str, dialect: &Dialect) -> Result<Vec<Pairs>, RelationError> {
    let mut options = required_entries(text, dialect, &["name", "type"])?;
    for (number, option) in (1..).zip(&mut options) {
        check_custom_option(option, number, dialect.numbers)?;
        // A price is kept as it is written, unless it is written in another way than a shop reads it.
        let price = option.get_mut("price").filter(|_| dialect.numbers != NumberFormat::PLAIN);
        if let Some((price, plain)) = price.and_then(|price| Some((dialect.numbers.canonical(price)?, price))) {
            *plain = price;
        }
    }
    Ok(options)
}

/// Keys of a video that have a meaning.
const VIDEO_KEYS: [&str; 6] = ["url", "title", "description", "image", "position", "hidden"];

pub(super) fn videos(text: &str, dialect: &Dialect) -> Result<Vec<Video>, RelationError> {
    let mut videos = Vec::new();
    for (number, entry) in numbered_entries(text, dialect)? {
        require(&entry, number, &["url"])?;
        videos.push(video(&entry, number)?);
    }
    Ok(videos)
}

fn video(entry: &Pairs, number: usize) -> Result<Video, RelationError> {
    if let Some(key) = entry.keys().find(|key| !VIDEO_KEYS.contains(&key.as_str())) {
        let known = "`url`, `title`, `description`, `image`, `position` and `hidden`";
        return Err(RelationError::UnknownKey { key: key.clone(), number, known });
    }
    let text = |key: &str| entry.get(key).map_or("", |text| text.trim());
    let unusable = |key: &'static str, expected| {
        Err(RelationError::Unusable { text: text(key).to_owned(), key, number, expected })
    };
    if !["https://", "http://"].iter().any(|scheme| text("url").starts_with(scheme)) {
        return unusable("url", "an address that begins with `https://`");
    }
    let position = match text("position") {
        "" => None,
        digits => match digits.parse() {
            Ok(position) => Some(position),
            Err(_) => return unusable("position", "a whole number"),
        },
    };
    let is_hidden = match text("hidden") {
        "" | "0" => false,
        "1" => true,
        _ => return unusable("hidden", "`1` or `0`"),
    };
    let path = text("image");
    let image = image_path(path).map_err(|problem| RelationError::Image { path: path.to_owned(), problem })?;
    Ok(Video {
        url: text("url").to_owned(),
        title: text("title").to_owned(),
        description: text("description").to_owned(),
        image,
        position,
        is_hidden,
    })
}

fn check_custom_option(option: &Pairs, number: usize, numbers: NumberFormat) -> Result<(), RelationError> {
    let unusable = |key: &'static str, expected| {
        let text = option.get(key).cloned().unwrap_or_default();
        RelationError::Unusable { text, key, number, expected }
    };
    let stated = |key: &str| option.get(key).filter(|text| !text.is_empty());
    if stated("type").is_none_or(|found| !OPTION_TYPES.contains(&found.to_lowercase().as_str())) {
        return Err(unusable(
            "type",
            "`field`, `area`, `file`, `drop_down`, `radio`, `checkbox`, `multiple`, `date`, `date_time` or `time`",
        ));
    }
    if stated("price").is_some_and(|price| numbers.canonical(price).is_none()) {
        return Err(unusable("price", "a number with a decimal point"));
    }
    if stated("max_characters").is_some_and(|most| most.parse::<u32>().is_err()) {
        return Err(unusable("max_characters", "a whole number"));
    }
    Ok(())
}

fn required_entries(text: &str, dialect: &Dialect, keys: &[&'static str]) -> Result<Vec<Pairs>, RelationError> {
    let mut entries = Vec::new();
    for (number, entry) in numbered_entries(text, dialect)? {
        require(&entry, number, keys)?;
        entries.push(entry);
    }
    Ok(entries)
}

fn numbered_entries(text: &str, dialect: &Dialect) -> Result<impl Iterator<Item = (usize, Pairs)>, RelationError> {
    let entries = cell::entries(text, dialect)?;
    Ok((1..).zip(entries))
}

fn require(entry: &Pairs, number: usize, keys: &[&'static str]) -> Result<(), RelationError> {
    let is_there = |key: &str| entry.get(key).is_some_and(|value| !value.is_empty());
    match keys.iter().find(|key| !is_there(key)) {
        Some(key) => Err(RelationError::MissingKey { key, number }),
        None => Ok(()),
    }
}

pub(super) fn amount(text: &str, dialect: &Dialect) -> Result<String, RelationError> {
    dialect.numbers.canonical(text).ok_or_else(|| RelationError::NotANumber { text: text.to_owned() })
}

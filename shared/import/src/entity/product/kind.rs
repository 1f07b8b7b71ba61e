use super::LinkType;
use crate::{date, number, url_key};

/// What a column of a product file holds, and where in a change it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sku,
    StoreView,
    AttributeSet,
    ProductType,
    /// An attribute of its own.
    Value(Form),
    /// A stock setting.
    Stock(Form),
    AdditionalAttributes,
    ImagePath(&'static str),
    ImageLabel(&'static str),
    ImagePosition(&'static str),
    AdditionalImages,
    HiddenImages,
    CustomOptions,
    /// How the product relates to other things.
    Relation(Relation),
    /// Read together with the column it belongs to, such as the positions of links.
    Companion,
}

/// What the product has to do with other things: lists, pairs, lists of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Websites,
    Categories,
    Links(LinkType),
    AssociatedSkus,
    Variations,
    VariationLabels,
    VariationPositions,
    BundleValues,
    BundlePositions,
    TierPrices,
    SourceItems,
    DownloadableLinks,
    DownloadableSamples,
}

/// How a single value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Number,
    NotNegative,
    Date,
    Flag,
    /// A flag, or `Use config`.
    FlagOrConfig,
    /// 1 enabled, 2 (or 0) disabled.
    Status,
    Visibility,
    TaxClass,
    /// Made fit for an address.
    UrlKey,
    /// One of two words, with what is said about any other.
    OneOf([&'static str; 2], &'static str),
    /// 0, 1 or 2.
    Backorders,
}

impl Form {
    /// Returns the one text that stands for a value, or the end of a sentence that says what is wrong with it.
    pub(super) fn canonical(self, text: &str, numbers: number::Format) -> Result<String, &'static str> {
        match self {
            Self::Text => Ok(text.to_owned()),
            Self::Number => numbers.canonical(text).ok_or("is not a number"),
            Self::NotNegative => match numbers.canonical(text).ok_or("is not a number")? {
                number if number::is_negative(&number) => Err("is negative"),
                number => Ok(number),
            },
            Self::Date => {
                date::canonical(text).ok_or("is not a date (examples: `2026-08-01 12:00:00`, `8/1/26, 12:00 PM`)")
            }
            Self::Flag => flag(text).ok_or("is not a flag (expected `1` or `0`)"),
            Self::FlagOrConfig if text.trim().eq_ignore_ascii_case("use config") => Ok("use_config".to_owned()),
            Self::FlagOrConfig => flag(text).ok_or("is not a flag (expected `1`, `0` or `Use config`)"),
            Self::Status => match number::canonical(text).as_deref() {
                Some("1") => Ok("1".to_owned()),
                Some("0" | "2") => Ok("2".to_owned()),
                _ => Err("is not a status (expected `1` for enabled or `2` for disabled)"),
            },
            Self::Visibility => visibility(text).ok_or(
                "is not a visibility (expected `Not Visible Individually`, `Catalog`, `Search` or `Catalog, Search`)",
            ),
            Self::TaxClass if text.trim().eq_ignore_ascii_case("none") => Ok("None".to_owned()),
            Self::TaxClass => Ok(text.trim().to_owned()),
            Self::OneOf(words, problem) => {
                let known = words.into_iter().find(|word| word.eq_ignore_ascii_case(text.trim()));
                known.map(str::to_owned).ok_or(problem)
            }
            Self::UrlKey => match url_key::from_text(text) {
                key if key.is_empty() => Err("has no letter or digit that an address can hold"),
                key => Ok(key),
            },
            Self::Backorders => match number::canonical(text) {
                Some(number) if ["0", "1", "2"].contains(&number.as_str()) => Ok(number),
                _ => Err("is not a way to handle backorders (expected `0`, `1` or `2`)"),
            },
        }
    }
}

fn flag(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let text = number::canonical(&text).unwrap_or(text);
    match text.as_str() {
        "1" | "yes" | "true" => Some("1".to_owned()),
        "0" | "no" | "false" => Some("0".to_owned()),
        _ => None,
    }
}

fn visibility(text: &str) -> Option<String> {
    let names = ["Not Visible Individually", "Catalog", "Search", "Catalog, Search"];
    let text = text.trim();
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    // The ids under which Magento stores them, from 1 on.
    let numbered = ["1", "2", "3", "4"].iter().position(|id| *id == text);
    named.or(numbered).map(|index| names[index].to_owned())
}

/// Finds out what a column holds.
pub(super) fn kind_of(column: &str) -> Option<(&'static str, Kind)> {
    COLUMNS.iter().find(|(name, _)| *name == column).copied()
}

/// Names every column with a meaning.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().map(|(name, _)| *name)
}

const TEXT: Kind = Kind::Value(Form::Text);
const PRICE: Kind = Kind::Value(Form::NotNegative);
const DATE: Kind = Kind::Value(Form::Date);
const FLAG: Kind = Kind::Value(Form::Flag);
const CONFIG: Kind = Kind::Value(Form::FlagOrConfig);
const FIXED_OR_DYNAMIC: Kind = Kind::Value(Form::OneOf(["dynamic", "fixed"], "is neither `dynamic` nor `fixed`"));
const PRICE_VIEW: Kind =
    Kind::Value(Form::OneOf(["Price range", "As low as"], "is neither `Price range` nor `As low as`"));
const SHIPMENT: Kind = Kind::Value(Form::OneOf(["together", "separately"], "is neither `together` nor `separately`"));
const OPTIONS_PLACE: Kind = Kind::Value(Form::OneOf(
    ["Block after Info Column", "Product Info Column"],
    "is neither `Block after Info Column` nor `Product Info Column`",
));
const STOCK_NUMBER: Kind = Kind::Stock(Form::Number);
const STOCK_FLAG: Kind = Kind::Stock(Form::Flag);

/// Every column with a meaning, in the order of the reference.
const COLUMNS: &[(&str, Kind)] = &[
    ("sku", Kind::Sku),
    ("store_view_code", Kind::StoreView),
    ("attribute_set_code", Kind::AttributeSet),
    ("product_type", Kind::ProductType),
    ("categories", Kind::Relation(Relation::Categories)),
    ("categories_position", Kind::Companion),
    ("product_websites", Kind::Relation(Relation::Websites)),
    ("name", TEXT),
    ("description", TEXT),
    ("short_description", TEXT),
    ("weight", PRICE),
    ("product_online", Kind::Value(Form::Status)),
    ("tax_class_name", Kind::Value(Form::TaxClass)),
    ("visibility", Kind::Value(Form::Visibility)),
    ("price", PRICE),
    ("special_price", PRICE),
    ("special_price_from_date", DATE),
    ("special_price_to_date", DATE),
    ("map_price", PRICE),
    ("msrp_price", PRICE),
    ("cost", PRICE),
    ("url_key", Kind::Value(Form::UrlKey)),
    ("url_path", TEXT),
    ("save_rewrites_history", FLAG),
    ("meta_title", TEXT),
    ("meta_keywords", TEXT),
    ("meta_description", TEXT),
    ("base_image", Kind::ImagePath("base_image")),
    ("base_image_label", Kind::ImageLabel("base_image")),
    ("base_image_position", Kind::ImagePosition("base_image")),
    ("small_image", Kind::ImagePath("small_image")),
    ("small_image_label", Kind::ImageLabel("small_image")),
    ("small_image_position", Kind::ImagePosition("small_image")),
    ("thumbnail_image", Kind::ImagePath("thumbnail_image")),
    ("thumbnail_image_label", Kind::ImageLabel("thumbnail_image")),
    ("thumbnail_image_position", Kind::ImagePosition("thumbnail_image")),
    ("swatch_image", Kind::ImagePath("swatch_image")),
    ("swatch_image_label", Kind::ImageLabel("swatch_image")),
    ("swatch_image_position", Kind::ImagePosition("swatch_image")),
    ("additional_images", Kind::AdditionalImages),
    ("additional_image_labels", Kind::Companion),
    ("additional_image_positions", Kind::Companion),
    ("additional_image_disabled", Kind::Companion),
    ("disabled_images", Kind::Companion),
    ("hide_from_product_page", Kind::HiddenImages),
    ("created_at", DATE),
    ("updated_at", DATE),
    ("new_from_date", DATE),
    ("new_to_date", DATE),
    ("display_product_options_in", OPTIONS_PLACE),
    ("map_enabled", CONFIG),
    ("gift_message_available", CONFIG),
    ("gift_wrapping_available", CONFIG),
    ("gift_wrapping_price", PRICE),
    ("custom_design", TEXT),
    ("custom_design_from", DATE),
    ("custom_design_to", DATE),
    ("custom_layout_update", TEXT),
    ("page_layout", TEXT),
    ("product_options_container", TEXT),
    ("msrp_display_actual_price_type", TEXT),
    ("country_of_manufacture", TEXT),
    ("additional_attributes", Kind::AdditionalAttributes),
    ("qty", STOCK_NUMBER),
    ("qty_relative", Kind::Companion),
    ("out_of_stock_qty", STOCK_NUMBER),
    ("use_config_min_qty", STOCK_FLAG),
    ("is_qty_decimal", STOCK_FLAG),
    ("allow_backorders", Kind::Stock(Form::Backorders)),
    ("use_config_backorders", STOCK_FLAG),
    ("min_cart_qty", STOCK_NUMBER),
    ("use_config_min_sale_qty", STOCK_FLAG),
    ("max_cart_qty", STOCK_NUMBER),
    ("use_config_max_sale_qty", STOCK_FLAG),
    ("is_in_stock", STOCK_FLAG),
    ("notify_on_stock_below", STOCK_NUMBER),
    ("use_config_notify_stock_qty", STOCK_FLAG),
    ("manage_stock", Kind::Stock(Form::FlagOrConfig)),
    ("use_config_manage_stock", STOCK_FLAG),
    ("use_config_qty_increments", STOCK_FLAG),
    ("qty_increments", STOCK_NUMBER),
    ("use_config_enable_qty_inc", STOCK_FLAG),
    ("enable_qty_increments", STOCK_FLAG),
    ("is_decimal_divided", STOCK_FLAG),
    ("website_id", STOCK_NUMBER),
    ("deferred_stock_update", STOCK_FLAG),
    ("use_config_deferred_stock_update", STOCK_FLAG),
    ("related_skus", Kind::Relation(Relation::Links(LinkType::Related))),
    ("related_position", Kind::Companion),
    ("crosssell_skus", Kind::Relation(Relation::Links(LinkType::Crosssell))),
    ("crosssell_position", Kind::Companion),
    ("upsell_skus", Kind::Relation(Relation::Links(LinkType::Upsell))),
    ("upsell_position", Kind::Companion),
    ("associated_skus", Kind::Relation(Relation::AssociatedSkus)),
    ("associated_position", Kind::Companion),
    ("bundle_price_type", FIXED_OR_DYNAMIC),
    ("bundle_sku_type", FIXED_OR_DYNAMIC),
    ("bundle_weight_type", FIXED_OR_DYNAMIC),
    ("bundle_price_view", PRICE_VIEW),
    ("bundle_shipment_type", SHIPMENT),
    ("bundle_values", Kind::Relation(Relation::BundleValues)),
    ("bundle_values_position", Kind::Relation(Relation::BundlePositions)),
    ("configurable_variations", Kind::Relation(Relation::Variations)),
    ("configurable_variation_labels", Kind::Relation(Relation::VariationLabels)),
    ("configurable_variations_position", Kind::Relation(Relation::VariationPositions)),
    ("downloadable_links", Kind::Relation(Relation::DownloadableLinks)),
    ("downloadable_samples", Kind::Relation(Relation::DownloadableSamples)),
    ("custom_options", Kind::CustomOptions),
    ("tier_prices", Kind::Relation(Relation::TierPrices)),
    ("inventory_source_items", Kind::Relation(Relation::SourceItems)),
    ("giftcard_type", TEXT),
    ("giftcard_allow_open_amount", FLAG),
    ("giftcard_open_amount_min", PRICE),
    ("giftcard_open_amount_max", PRICE),
    ("giftcard_amount", TEXT),
    ("giftcard_is_redeemable", FLAG),
    ("giftcard_lifetime", Kind::Value(Form::Number)),
    ("giftcard_allow_message", FLAG),
    ("giftcard_email_template", TEXT),
    ("use_config_is_redeemable", FLAG),
    ("use_config_lifetime", FLAG),
    ("use_config_allow_message", FLAG),
    ("use_config_email_template", FLAG),
    ("original_data", Kind::Companion),
];

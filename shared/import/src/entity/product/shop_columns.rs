//! Columns as the shop knows them: other names of those that every shop has, and the attributes of this one.

use super::kind::ProductColumn;
use crate::shop::ShopFacts;

/// The input of attributes that hold an image.
const IMAGE_INPUT: &str = "media_image";

/// Names inside the shop, and the columns that stand for them in files.
pub(super) const OTHER_NAMES: &[(&str, &str)] = &[
    ("_store", "store_view_code"),
    ("_attribute_set", "attribute_set_code"),
    ("_type", "product_type"),
    ("_category", "categories"),
    ("_product_websites", "product_websites"),
    ("status", "product_online"),
    ("tax_class_id", "tax_class_name"),
    ("news_from_date", "new_from_date"),
    ("news_to_date", "new_to_date"),
    ("special_from_date", "special_price_from_date"),
    ("special_to_date", "special_price_to_date"),
    ("options_container", "display_product_options_in"),
    ("minimal_price", "map_price"),
    ("msrp", "msrp_price"),
    ("msrp_enabled", "map_enabled"),
    ("meta_keyword", "meta_keywords"),
    ("image", "base_image"),
    ("image_label", "base_image_label"),
    ("thumbnail", "thumbnail_image"),
    ("thumbnail_label", "thumbnail_image_label"),
    ("min_qty", "out_of_stock_qty"),
    ("backorders", "allow_backorders"),
    ("min_sale_qty", "min_cart_qty"),
    ("max_sale_qty", "max_cart_qty"),
    ("notify_stock_qty", "notify_on_stock_below"),
    ("price_type", "bundle_price_type"),
    ("sku_type", "bundle_sku_type"),
    ("weight_type", "bundle_weight_type"),
    ("price_view", "bundle_price_view"),
    ("shipment_type", "bundle_shipment_type"),
];

/// Says what a column means that only this shop has: an attribute, or an image with its label and position.
pub(super) fn column_of_shop(name: &str, shop: &ShopFacts) -> Option<ProductColumn> {
    let is_image = |code: &str| shop.attributes.get(code).is_some_and(|attribute| attribute.input == IMAGE_INPUT);
    if is_image(name) {
        return Some(ProductColumn::ImagePath);
    }
    if shop.attributes.contains_key(name) {
        return Some(ProductColumn::Attribute);
    }
    if name.strip_suffix("_label").is_some_and(is_image) {
        return Some(ProductColumn::ImageLabel);
    }
    name.strip_suffix("_position").is_some_and(is_image).then_some(ProductColumn::ImagePosition)
}

/// The code inside the shop of the attribute that a column stands for.
pub(super) fn attribute_code(column: &str) -> &str {
    OTHER_NAMES.iter().find(|(_, name)| *name == column).map_or(column, |(code, _)| code)
}

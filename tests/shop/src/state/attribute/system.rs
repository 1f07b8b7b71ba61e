//! The attributes of products that every installation has, with the ids of the recorded one.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Attribute, Backend, Scope};

use Backend::{Datetime, Decimal, Int, Static, Text, Varchar};
use Scope::{Global, Store, Website};

/// Id, code, label, input, table and scope.
type Row = (i64, &'static str, &'static str, &'static str, Backend, Scope);

const ROWS: &[Row] = &[
    (73, "name", "Product Name", "text", Varchar, Store),
    (74, "sku", "SKU", "text", Static, Global),
    (75, "description", "Description", "textarea", Text, Store),
    (76, "short_description", "Short Description", "textarea", Text, Store),
    (77, "price", "Price", "price", Decimal, Global),
    (78, "special_price", "Special Price", "price", Decimal, Global),
    (79, "special_from_date", "Special Price From Date", "date", Datetime, Website),
    (80, "special_to_date", "Special Price To Date", "date", Datetime, Website),
    (81, "cost", "Cost", "price", Decimal, Global),
    (82, "weight", "Weight", "weight", Decimal, Global),
    (83, "manufacturer", "Manufacturer", "select", Int, Global),
    (84, "meta_title", "Meta Title", "text", Varchar, Store),
    (85, "meta_keyword", "Meta Keywords", "textarea", Text, Store),
    (86, "meta_description", "Meta Description", "textarea", Varchar, Store),
    (87, "image", "Base", "media_image", Varchar, Store),
    (88, "small_image", "Small", "media_image", Varchar, Store),
    (89, "thumbnail", "Thumbnail", "media_image", Varchar, Store),
    (90, "media_gallery", "Media Gallery", "gallery", Static, Global),
    (91, "old_id", "", "text", Int, Global),
    (92, "tier_price", "Tier Price", "text", Decimal, Global),
    (93, "color", "Color", "select", Int, Global),
    (94, "news_from_date", "Set Product as New from Date", "date", Datetime, Website),
    (95, "news_to_date", "Set Product as New to Date", "date", Datetime, Website),
    (96, "gallery", "Image Gallery", "gallery", Varchar, Global),
    (97, "status", "Enable Product", "select", Int, Website),
    (98, "minimal_price", "Minimal Price", "price", Decimal, Store),
    (99, "visibility", "Visibility", "select", Int, Store),
    (100, "custom_design", "New Theme", "select", Varchar, Store),
    (101, "custom_design_from", "Active From", "date", Datetime, Store),
    (102, "custom_design_to", "Active To", "date", Datetime, Store),
    (103, "custom_layout_update", "Layout Update XML", "textarea", Text, Store),
    (104, "page_layout", "Layout", "select", Varchar, Store),
    (105, "category_ids", "Categories", "text", Static, Global),
    (106, "options_container", "Display Product Options In", "select", Varchar, Store),
    (107, "required_options", "", "text", Static, Global),
    (108, "has_options", "", "text", Static, Global),
    (109, "image_label", "Image Label", "text", Varchar, Store),
    (110, "small_image_label", "Small Image Label", "text", Varchar, Store),
    (111, "thumbnail_label", "Thumbnail Label", "text", Varchar, Store),
    (112, "created_at", "", "date", Static, Global),
    (113, "updated_at", "", "date", Static, Global),
    (114, "country_of_manufacture", "Country of Manufacture", "select", Varchar, Website),
    (115, "quantity_and_stock_status", "Quantity", "select", Int, Global),
    (116, "custom_layout", "New Layout", "select", Varchar, Store),
    (117, "custom_layout_update_file", "Custom Layout Update", "select", Varchar, Store),
    (121, "url_key", "URL Key", "text", Varchar, Store),
    (122, "url_path", "", "text", Varchar, Store),
    (123, "msrp", "Minimum Advertised Price", "price", Decimal, Global),
    (124, "msrp_display_actual_price_type", "Display Actual Price", "select", Varchar, Website),
    (125, "price_type", "Dynamic Price", "boolean", Int, Global),
    (126, "sku_type", "Dynamic SKU", "boolean", Int, Global),
    (127, "weight_type", "Dynamic Weight", "boolean", Int, Global),
    (128, "price_view", "Price View", "select", Int, Global),
    (129, "shipment_type", "Ship Bundle Items", "select", Int, Global),
    (130, "links_purchased_separately", "Links can be purchased separately", "text", Int, Global),
    (131, "samples_title", "Samples title", "text", Varchar, Store),
    (132, "links_title", "Links title", "text", Varchar, Store),
    (133, "links_exist", "", "text", Int, Global),
    (134, "tax_class_id", "Tax Class", "select", Int, Website),
    (135, "gift_message_available", "Allow Gift Message", "boolean", Varchar, Global),
    (136, "swatch_image", "Swatch", "media_image", Varchar, Store),
];

/// Attributes that a merchant may also delete.
const USER_DEFINED: [&str; 3] = ["manufacturer", "color", "cost"];

const REQUIRED: [&str; 4] = ["name", "sku", "price", "tax_class_id"];

/// All of them.
pub(super) fn attributes() -> Vec<Attribute> {
    ROWS.iter().map(attribute).collect()
}

fn attribute((id, code, label, input, backend, scope): &Row) -> Attribute {
    Attribute {
        id: *id,
        code: (*code).to_owned(),
        label: (*label).to_owned(),
        store_labels: BTreeMap::new(),
        input: (*input).to_owned(),
        backend: *backend,
        scope: *scope,
        is_required: REQUIRED.contains(code),
        is_unique: *code == "sku",
        is_user_defined: USER_DEFINED.contains(code),
        choices: Vec::new(),
        more: more(code),
    }
}

/// What the two filters of a fresh shop have beyond a plain attribute.
fn more(code: &str) -> Map<String, Value> {
    let fields = match code {
        "color" | "manufacturer" => json!({
            "is_filterable": true, "is_used_in_grid": true, "is_filterable_in_grid": true, "is_searchable": "1",
            "is_visible_in_advanced_search": "1", "is_comparable": "1", "apply_to": ["simple", "virtual", "configurable"],
        }),
        "price" | "special_price" | "special_from_date" | "special_to_date" | "cost" | "minimal_price" | "weight"
        | "tax_class_id" | "msrp" => {
            json!({ "apply_to": ["simple", "virtual", "downloadable", "bundle", "configurable"] })
        }
        _ => Value::Null,
    };
    fields.as_object().cloned().unwrap_or_default()
}

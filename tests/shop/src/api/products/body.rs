//! The fields that a product may have in a request.

use crate::shape::Kind::{Any, CustomAttributes, Flag, Float, Int, List, Object, Text};
use crate::shape::Shape;

/// A product.
pub(super) const PRODUCT: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\ProductInterface",
    fields: &[
        ("id", Int),
        ("sku", Text),
        ("name", Text),
        ("attribute_set_id", Int),
        ("price", Float),
        ("status", Int),
        ("visibility", Int),
        ("type_id", Text),
        ("created_at", Text),
        ("updated_at", Text),
        ("weight", Float),
        ("extension_attributes", Object(&EXTENSION)),
        ("product_links", List(&Object(&LINK))),
        ("options", List(&Object(&OPTION))),
        ("media_gallery_entries", List(&Object(&IMAGE))),
        ("tier_prices", List(&Object(&TIER))),
        ("custom_attributes", CustomAttributes),
    ],
};

const EXTENSION: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\ProductExtensionInterface",
    fields: &[
        ("website_ids", List(&Int)),
        ("category_links", List(&Object(&CATEGORY_LINK))),
        ("stock_item", Object(&STOCK_ITEM)),
        ("bundle_product_options", List(&Object(&super::bundles::OPTION))),
        ("downloadable_product_links", List(&Object(&DOWNLOAD_LINK))),
        ("downloadable_product_samples", List(&Object(&DOWNLOAD_SAMPLE))),
        ("configurable_product_options", List(&Object(&super::variants::OPTION))),
        ("configurable_product_links", List(&Int)),
        ("discounts", Any),
    ],
};

const CATEGORY_LINK: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\CategoryLinkInterface",
    fields: &[("position", Int), ("category_id", Text), ("extension_attributes", Any)],
};

/// A stock item of the times before sources.
pub(super) const STOCK_ITEM: Shape = Shape {
    name: "\\Magento\\CatalogInventory\\Api\\Data\\StockItemInterface",
    fields: &[
        ("item_id", Int),
        ("product_id", Int),
        ("stock_id", Int),
        ("qty", Float),
        ("is_in_stock", Flag),
        ("is_qty_decimal", Flag),
        ("show_default_notification_message", Flag),
        ("use_config_min_qty", Flag),
        ("min_qty", Float),
        ("use_config_min_sale_qty", Int),
        ("min_sale_qty", Float),
        ("use_config_max_sale_qty", Flag),
        ("max_sale_qty", Float),
        ("use_config_backorders", Flag),
        ("backorders", Int),
        ("use_config_notify_stock_qty", Flag),
        ("notify_stock_qty", Float),
        ("use_config_qty_increments", Flag),
        ("qty_increments", Float),
        ("use_config_enable_qty_inc", Flag),
        ("enable_qty_increments", Flag),
        ("use_config_manage_stock", Flag),
        ("manage_stock", Flag),
        ("low_stock_date", Text),
        ("is_decimal_divided", Flag),
        ("stock_status_changed_auto", Int),
        ("extension_attributes", Any),
    ],
};

/// A link to another product.
pub(super) const LINK: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\ProductLinkInterface",
    fields: &[
        ("sku", Text),
        ("link_type", Text),
        ("linked_product_sku", Text),
        ("linked_product_type", Text),
        ("position", Int),
        ("extension_attributes", Object(&LINK_EXTENSION)),
    ],
};

const LINK_EXTENSION: Shape =
    Shape { name: "\\Magento\\Catalog\\Api\\Data\\ProductLinkExtensionInterface", fields: &[("qty", Float)] };

/// A custom option.
pub(super) const OPTION: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\ProductCustomOptionInterface",
    fields: &[
        ("product_sku", Text),
        ("option_id", Int),
        ("title", Text),
        ("type", Text),
        ("sort_order", Int),
        ("is_require", Flag),
        ("price", Float),
        ("price_type", Text),
        ("sku", Text),
        ("file_extension", Text),
        ("max_characters", Int),
        ("image_size_x", Int),
        ("image_size_y", Int),
        ("values", List(&Object(&OPTION_VALUE))),
        ("extension_attributes", Any),
    ],
};

const OPTION_VALUE: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\ProductCustomOptionValuesInterface",
    fields: &[
        ("title", Text),
        ("sort_order", Int),
        ("price", Float),
        ("price_type", Text),
        ("sku", Text),
        ("option_type_id", Int),
    ],
};

/// An image of a product.
pub(super) const IMAGE: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\ProductAttributeMediaGalleryEntryInterface",
    fields: &[
        ("id", Int),
        ("media_type", Text),
        ("label", Text),
        ("position", Int),
        ("disabled", Flag),
        ("types", List(&Text)),
        ("file", Text),
        ("content", Object(&CONTENT)),
        ("extension_attributes", Any),
    ],
};

const CONTENT: Shape = Shape {
    name: "\\Magento\\Framework\\Api\\Data\\ImageContentInterface",
    fields: &[("base64_encoded_data", Text), ("type", Text), ("name", Text)],
};

const TIER: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\ProductTierPriceInterface",
    fields: &[
        ("customer_group_id", Int),
        ("qty", Float),
        ("value", Float),
        ("extension_attributes", Object(&TIER_EXTENSION)),
    ],
};

const TIER_EXTENSION: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\ProductTierPriceExtensionInterface",
    fields: &[("percentage_value", Float), ("website_id", Int)],
};

const DOWNLOAD_LINK: Shape = Shape {
    name: "\\Magento\\Downloadable\\Api\\Data\\LinkInterface",
    fields: &[
        ("id", Int),
        ("title", Text),
        ("sort_order", Int),
        ("is_shareable", Int),
        ("price", Float),
        ("number_of_downloads", Int),
        ("link_type", Text),
        ("link_file", Text),
        ("link_file_content", Object(&FILE)),
        ("link_url", Text),
        ("sample_type", Text),
        ("sample_file", Text),
        ("sample_file_content", Object(&FILE)),
        ("sample_url", Text),
        ("extension_attributes", Any),
    ],
};

const DOWNLOAD_SAMPLE: Shape = Shape {
    name: "\\Magento\\Downloadable\\Api\\Data\\SampleInterface",
    fields: &[
        ("id", Int),
        ("title", Text),
        ("sort_order", Int),
        ("sample_type", Text),
        ("sample_file", Text),
        ("sample_file_content", Object(&FILE)),
        ("sample_url", Text),
        ("extension_attributes", Any),
    ],
};

const FILE: Shape = Shape {
    name: "\\Magento\\Downloadable\\Api\\Data\\File\\ContentInterface",
    fields: &[("file_data", Text), ("name", Text), ("extension_attributes", Any)],
};

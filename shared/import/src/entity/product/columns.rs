use super::kind::{ProductColumn, Relation};
use super::parts::LinkType;
use crate::entity::description::{Cells, Column, Need, column};
use crate::entity::form::Form;

const TEXT: ProductColumn = ProductColumn::Value(Form::Text);
const NAME: ProductColumn = ProductColumn::Value(Form::Name);
const LINE: ProductColumn = ProductColumn::Value(Form::Line);
const PRICE: ProductColumn = ProductColumn::Value(Form::NotNegative);
const DATE: ProductColumn = ProductColumn::Value(Form::Date);
const FLAG: ProductColumn = ProductColumn::Value(Form::Flag);
const CONFIG: ProductColumn = ProductColumn::Value(Form::FlagOrConfig);
const FIXED_OR_DYNAMIC: ProductColumn = ProductColumn::Value(Form::OneOf(["dynamic", "fixed"]));
const PRICE_VIEW: ProductColumn = ProductColumn::Value(Form::OneOf(["Price range", "As low as"]));
const SHIPMENT: ProductColumn = ProductColumn::Value(Form::OneOf(["together", "separately"]));
const OPTIONS_PLACE: ProductColumn =
    ProductColumn::Value(Form::OneOf(["Block after Info Column", "Product Info Column"]));
const STOCK_NUMBER: ProductColumn = ProductColumn::Stock(Form::Number);
const STOCK_FLAG: ProductColumn = ProductColumn::Stock(Form::Flag);

/// What an empty list of positions stands for.
const RUNNING: &str = "running numbers from 1";

/// Every column with a meaning, in the order of the reference.
pub(in crate::entity) const COLUMNS: &[Column<ProductColumn>] = &[
    Column {
        need: Need::Always,
        ..column("sku", ProductColumn::Sku, "24-MB01", "the product; upper and lower case are the same")
    },
    column("store_view_code", ProductColumn::StoreView, "de_DE", "the store view for which the row speaks"),
    Column {
        need: Need::New,
        ..column("attribute_set_code", ProductColumn::AttributeSet, "Default", "name of the attribute set")
    },
    Column {
        need: Need::New,
        ..column("product_type", ProductColumn::ProductType, "simple", "what the product is; it never changes")
    },
    column(
        "categories",
        ProductColumn::Relation(Relation::Categories),
        "Default Category/Gear/Bags,Default Category/New",
        "the categories of the product; those that do not exist are created",
    ),
    column("categories_position", ProductColumn::Companion, "3,1", "places of the product in its `categories`"),
    column(
        "product_websites",
        ProductColumn::Relation(Relation::Websites),
        "base,second",
        "codes of the websites that offer the product",
    ),
    Column { need: Need::New, ..column("name", NAME, "Joust Duffle Bag", "name shown in the shop") },
    column("description", TEXT, "<p>Room for everything.</p>", "long text, HTML allowed"),
    column("short_description", TEXT, "Room for everything.", "short text, HTML allowed"),
    column("weight", PRICE, "1.25", "weight in the unit of the shop"),
    column("product_online", ProductColumn::Value(Form::Status), "1", "whether the product is enabled"),
    column("tax_class_name", ProductColumn::Value(Form::TaxClass), "Taxable Goods", "tax class"),
    column("visibility", ProductColumn::Value(Form::Visibility), "Catalog, Search", "where the shop shows the product"),
    Column {
        need: Need::NewIf("the product is simple, virtual or downloadable"),
        ..column("price", PRICE, "34.00", "price")
    },
    column("special_price", PRICE, "29.00", "price that holds for a time"),
    column("special_price_from_date", DATE, "2026-08-01", "start of the special price"),
    column("special_price_to_date", DATE, "2026-08-31", "end of the special price; not before its start"),
    column("map_price", PRICE, "32.00", "lowest price that may be advertised"),
    column("msrp_price", PRICE, "39.00", "price that the maker suggests"),
    column("cost", PRICE, "17.50", "what the product costs the merchant"),
    column(
        "url_key",
        ProductColumn::Value(Form::UrlKey),
        "joust-duffle-bag",
        "part of the address that names the product",
    ),
    column("url_path", LINE, "joust-duffle-bag.html", "address below that of the shop"),
    column("save_rewrites_history", FLAG, "1", "whether an old address leads on to the new one"),
    column("meta_title", LINE, "Joust Duffle Bag", "title for search engines"),
    column("meta_keywords", TEXT, "bag, sport", "keywords for search engines"),
    column("meta_description", LINE, "The bag for everything.", "description for search engines"),
    column("base_image", ProductColumn::ImagePath, "/m/b/mb01-blue-0.jpg", "image of the product page"),
    column("base_image_label", ProductColumn::ImageLabel, "Front", "text shown for the base image"),
    column("base_image_position", ProductColumn::ImagePosition, "1", "place of the base image in the gallery"),
    column("small_image", ProductColumn::ImagePath, "/m/b/mb01-blue-0.jpg", "image of listings"),
    column("small_image_label", ProductColumn::ImageLabel, "Front", "text shown for the small image"),
    column("small_image_position", ProductColumn::ImagePosition, "1", "place of the small image in the gallery"),
    column("thumbnail_image", ProductColumn::ImagePath, "/m/b/mb01-blue-0.jpg", "image of the cart"),
    column("thumbnail_image_label", ProductColumn::ImageLabel, "Front", "text shown for the thumbnail"),
    column("thumbnail_image_position", ProductColumn::ImagePosition, "1", "place of the thumbnail in the gallery"),
    column("swatch_image", ProductColumn::ImagePath, "/m/b/mb01-blue-swatch.jpg", "image of the swatch"),
    column("swatch_image_label", ProductColumn::ImageLabel, "Blue", "text shown for the swatch"),
    column("swatch_image_position", ProductColumn::ImagePosition, "4", "place of the swatch in the gallery"),
    column(
        "additional_images",
        ProductColumn::AdditionalImages,
        "/m/b/mb01-blue-1.jpg,/m/b/mb01-blue-2.jpg",
        "images without a role",
    ),
    column(
        "additional_image_labels",
        ProductColumn::Companion,
        "Back,Inside",
        "texts shown for the `additional_images`",
    ),
    column(
        "additional_image_positions",
        ProductColumn::Companion,
        "2,3",
        "places of the `additional_images` in the gallery",
    ),
    column(
        "additional_image_disabled",
        ProductColumn::Companion,
        "/m/b/mb01-blue-2.jpg",
        "those of the `additional_images` that the shop leaves out",
    ),
    column(
        "disabled_images",
        ProductColumn::Companion,
        "/m/b/mb01-blue-2.jpg",
        "the same as `additional_image_disabled`, which comes first",
    ),
    column(
        "hide_from_product_page",
        ProductColumn::HiddenImages,
        "/m/b/mb01-blue-2.jpg",
        "images that the product page does not show",
    ),
    column("created_at", DATE, "2026-08-01 12:00:00", "when the product was made"),
    column("updated_at", DATE, "2026-08-02 12:00:00", "when the product was changed"),
    column("new_from_date", DATE, "2026-08-01", "start of the time in which the product is new"),
    column("new_to_date", DATE, "2026-08-31", "end of the time in which the product is new; not before its start"),
    column(
        "display_product_options_in",
        OPTIONS_PLACE,
        "Block after Info Column",
        "where the product page shows the options",
    ),
    column("map_enabled", CONFIG, "Use config", "whether `map_price` holds"),
    column("gift_message_available", CONFIG, "1", "whether a gift message can be added"),
    column("gift_wrapping_available", CONFIG, "1", "whether the product can be wrapped as a gift"),
    column("gift_wrapping_price", PRICE, "2.50", "price of the gift wrapping"),
    column("custom_design", LINE, "Magento Blank", "design of the product page"),
    column("custom_design_from", DATE, "2026-12-01", "start of the custom design"),
    column("custom_design_to", DATE, "2026-12-24", "end of the custom design; not before its start"),
    column(
        "custom_layout_update",
        TEXT,
        "<referenceBlock name=\"sidebar\" remove=\"true\"/>",
        "layout of the product page, as XML",
    ),
    column("page_layout", LINE, "1 column", "layout of the product page, by name"),
    column("product_options_container", LINE, "Block after Info Column", "where older shops show the options"),
    column("msrp_display_actual_price_type", LINE, "Use config", "when the customer gets to see the price"),
    column("country_of_manufacture", LINE, "DE", "where the product was made"),
    column(
        "additional_attributes",
        ProductColumn::AdditionalAttributes,
        "color=Blue,activity=Gym|Hiking",
        "any other attributes, by code",
    ),
    column("qty", STOCK_NUMBER, "100", "what is there"),
    Column {
        default: "0",
        ..column(
            "qty_relative",
            ProductColumn::QuantityIsRelative,
            "1",
            "whether `qty` is added to what is there, instead of replacing it",
        )
    },
    column("out_of_stock_qty", STOCK_NUMBER, "0", "quantity at which the product is sold out"),
    column("use_config_min_qty", STOCK_FLAG, "1", "whether the shop decides on `out_of_stock_qty`"),
    column("is_qty_decimal", STOCK_FLAG, "0", "whether parts of a unit are sold"),
    column("allow_backorders", ProductColumn::Stock(Form::Backorders), "0", "whether more is sold than is there"),
    column("use_config_backorders", STOCK_FLAG, "1", "whether the shop decides on `allow_backorders`"),
    column("min_cart_qty", STOCK_NUMBER, "1", "smallest quantity in a cart"),
    column("use_config_min_sale_qty", STOCK_FLAG, "1", "whether the shop decides on `min_cart_qty`"),
    column("max_cart_qty", STOCK_NUMBER, "10000", "largest quantity in a cart"),
    column("use_config_max_sale_qty", STOCK_FLAG, "1", "whether the shop decides on `max_cart_qty`"),
    column("is_in_stock", STOCK_FLAG, "1", "whether the product can be bought"),
    column("notify_on_stock_below", STOCK_NUMBER, "5", "quantity below which the merchant is told"),
    column("use_config_notify_stock_qty", STOCK_FLAG, "1", "whether the shop decides on `notify_on_stock_below`"),
    column("manage_stock", ProductColumn::Stock(Form::FlagOrConfig), "1", "whether the shop counts the stock"),
    column("use_config_manage_stock", STOCK_FLAG, "1", "whether the shop decides on `manage_stock`"),
    column("use_config_qty_increments", STOCK_FLAG, "1", "whether the shop decides on `qty_increments`"),
    column("qty_increments", STOCK_NUMBER, "1", "the product is sold in multiples of this"),
    column("use_config_enable_qty_inc", STOCK_FLAG, "1", "whether the shop decides on `enable_qty_increments`"),
    column("enable_qty_increments", STOCK_FLAG, "0", "whether `qty_increments` holds"),
    column("is_decimal_divided", STOCK_FLAG, "0", "whether a parcel may hold parts of a unit"),
    column("website_id", STOCK_NUMBER, "0", "website of the stock"),
    column("deferred_stock_update", STOCK_FLAG, "0", "whether stock is counted later than an order is placed"),
    column("use_config_deferred_stock_update", STOCK_FLAG, "1", "whether the shop decides on `deferred_stock_update`"),
    column(
        "related_skus",
        ProductColumn::Relation(Relation::Links(LinkType::Related)),
        "24-WG080,24-UG05",
        "products shown beside it; they need not be in the file",
    ),
    Column {
        default: RUNNING,
        ..column("related_position", ProductColumn::Companion, "1,2", "places of the `related_skus`")
    },
    column(
        "crosssell_skus",
        ProductColumn::Relation(Relation::Links(LinkType::Crosssell)),
        "24-WG080",
        "products shown in the cart",
    ),
    Column {
        default: RUNNING,
        ..column("crosssell_position", ProductColumn::Companion, "1", "places of the `crosssell_skus`")
    },
    column(
        "upsell_skus",
        ProductColumn::Relation(Relation::Links(LinkType::Upsell)),
        "24-MB04",
        "products shown as the better choice",
    ),
    Column {
        default: RUNNING,
        ..column("upsell_position", ProductColumn::Companion, "1", "places of the `upsell_skus`")
    },
    column(
        "associated_skus",
        ProductColumn::Relation(Relation::AssociatedSkus),
        "24-WG085=1,24-WG086=2",
        "the products of a grouped product, with the quantity proposed",
    ),
    Column {
        default: RUNNING,
        ..column("associated_position", ProductColumn::Companion, "1,2", "places of the `associated_skus`")
    },
    column("bundle_price_type", FIXED_OR_DYNAMIC, "dynamic", "whether the price of a bundle is that of its parts"),
    column(
        "bundle_sku_type",
        FIXED_OR_DYNAMIC,
        "dynamic",
        "whether the sku of a bundle is made up of those of its parts",
    ),
    column("bundle_weight_type", FIXED_OR_DYNAMIC, "dynamic", "whether the weight of a bundle is that of its parts"),
    column("bundle_price_view", PRICE_VIEW, "As low as", "how the price of a bundle is shown"),
    column("bundle_shipment_type", SHIPMENT, "together", "how the parts of a bundle are shipped"),
    column(
        "bundle_values",
        ProductColumn::Relation(Relation::BundleValues),
        "name=Wheel,type=radio,required=1,sku=24-WG085,price=0,default=1",
        "the selections of a bundle; those of one `name` are one option",
    ),
    column(
        "bundle_values_position",
        ProductColumn::Relation(Relation::BundlePositions),
        "Wheel=1",
        "places of the options of a bundle",
    ),
    column(
        "configurable_variations",
        ProductColumn::Relation(Relation::Variations),
        "sku=MH01-S,size=S|sku=MH01-M,size=M",
        "the variations of a configurable product, and what tells them apart",
    ),
    column(
        "configurable_variation_labels",
        ProductColumn::Relation(Relation::VariationLabels),
        "size=Size",
        "names of what tells the variations apart",
    ),
    column(
        "configurable_variations_position",
        ProductColumn::Relation(Relation::VariationPositions),
        "size=1",
        "places of what tells the variations apart",
    ),
    Column {
        need: Need::NewIf("the product is downloadable and has no `downloadable_samples`"),
        ..column(
            "downloadable_links",
            ProductColumn::Relation(Relation::DownloadableLinks),
            "title=Map,price=5,downloads=unlimited,file=/m/map.gpx",
            "the files of a downloadable product",
        )
    },
    column(
        "downloadable_samples",
        ProductColumn::Relation(Relation::DownloadableSamples),
        "title=Part of the map,file=/m/part.gpx",
        "the samples of a downloadable product",
    ),
    column(
        "custom_options",
        ProductColumn::CustomOptions,
        "name=Engraving,type=field,price=5,max_characters=20",
        "what the customer may choose or enter",
    ),
    column(
        "tier_prices",
        ProductColumn::Relation(Relation::TierPrices),
        "qty=10,price=20,value_type=Fixed,website=All Websites,customer_group=ALL GROUPS",
        "prices from a quantity on",
    ),
    column(
        "inventory_source_items",
        ProductColumn::Relation(Relation::SourceItems),
        "source_code=default,quantity=5,status=1",
        "what is there, by source",
    ),
    column("giftcard_type", TEXT, "Virtual", "kind of gift card"),
    column("giftcard_allow_open_amount", FLAG, "1", "whether the customer names the amount of a gift card"),
    column("giftcard_open_amount_min", PRICE, "10", "smallest amount of a gift card"),
    column("giftcard_open_amount_max", PRICE, "500", "largest amount of a gift card"),
    column("giftcard_amount", TEXT, "25,50", "amounts of a gift card to choose from"),
    column("giftcard_is_redeemable", FLAG, "1", "whether a gift card becomes store credit"),
    column("giftcard_lifetime", ProductColumn::Value(Form::Number), "365", "days until a gift card expires"),
    column("giftcard_allow_message", FLAG, "1", "whether a gift card can have a message"),
    column("giftcard_email_template", LINE, "Gift Card(s) Purchase", "mail with which a gift card is sent"),
    column("use_config_is_redeemable", FLAG, "1", "whether the shop decides on `giftcard_is_redeemable`"),
    column("use_config_lifetime", FLAG, "1", "whether the shop decides on `giftcard_lifetime`"),
    column("use_config_allow_message", FLAG, "1", "whether the shop decides on `giftcard_allow_message`"),
    column("use_config_email_template", FLAG, "1", "whether the shop decides on `giftcard_email_template`"),
    column(
        "original_data",
        ProductColumn::Ignored,
        "original_filename=a.csv",
        "where an earlier tool took the row from; not read",
    ),
];

/// Says what the cells of a kind of column hold.
pub(super) fn cells(kind: ProductColumn) -> Cells {
    match kind {
        ProductColumn::Sku => Cells {
            empty_value: "is taken as text",
            ..Cells::holding("text of at most 64 characters without blanks around it")
        },
        ProductColumn::StoreView => Cells {
            holds: "code of a store view".into(),
            empty: "lets the row speak for the product as a whole",
            empty_value: "is taken as text",
        },
        ProductColumn::AttributeSet => Cells::holding("text").kept(),
        ProductColumn::ProductType => {
            Cells::holding("`simple`, `virtual`, `configurable`, `bundle`, `grouped`, `downloadable` or `giftcard`")
                .kept()
        }
        ProductColumn::Value(form) | ProductColumn::Stock(form) => form.cells(),
        ProductColumn::Attribute => Cells::holding("value of the attribute"),
        ProductColumn::AdditionalAttributes => Cells::holding("`code=value,code=value|value`").kept(),
        ProductColumn::ImagePath => Cells::holding("path below the media directory, or address"),
        ProductColumn::ImageLabel => Form::Line.cells(),
        ProductColumn::ImagePosition => Cells::holding("whole number, 0 or more").kept(),
        ProductColumn::AdditionalImages | ProductColumn::HiddenImages => {
            Cells::holding("paths below the media directory, or addresses, separated by `,`")
        }
        ProductColumn::CustomOptions => {
            Cells::holding("pairs with at least `name` and `type`, options separated by `|`")
        }
        ProductColumn::Relation(relation) => Cells::holding(relation.holds()),
        ProductColumn::Companion => Cells::saying_nothing("list, in the order of the column it belongs to"),
        ProductColumn::QuantityIsRelative => Cells::saying_nothing("`1` or `0`"),
        ProductColumn::Ignored => Cells::saying_nothing("anything"),
    }
}

impl Relation {
    fn holds(self) -> &'static str {
        match self {
            Self::Websites => "codes, separated by `,`",
            Self::Categories => "paths from the root on, separated by `,`; a name with a slash is quoted",
            Self::Links(_) => "skus, separated by `,`",
            Self::AssociatedSkus => "`sku=quantity`, separated by `,`",
            Self::Variations => "pairs with `sku` and the same attributes in each, variations separated by `|`",
            Self::VariationLabels => "`code=label`, separated by `,`",
            Self::VariationPositions => "`code=number`, separated by `,`",
            Self::BundleValues => "pairs with at least `name` and `sku`, selections separated by `|`",
            Self::BundlePositions => "`name=number`, separated by `,`",
            Self::TierPrices => "pairs with at least `qty` and `price`, prices separated by `|`",
            Self::SourceItems => "pairs with at least `source_code` and `quantity`, sources separated by `|`",
            Self::DownloadableLinks | Self::DownloadableSamples => {
                "pairs with at least `title`, files separated by `|`"
            }
        }
    }
}

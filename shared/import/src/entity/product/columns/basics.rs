//! What a product is, what it costs, and how the shop shows it.

use crate::entity::description::{Column, Need, column};
use crate::entity::form::Form;
use crate::entity::product::kind::{ProductColumn, Relation};

const TEXT: ProductColumn = ProductColumn::Value(Form::Text);
const NAME: ProductColumn = ProductColumn::Value(Form::Name);
const LINE: ProductColumn = ProductColumn::Value(Form::Line);
const PRICE: ProductColumn = ProductColumn::Value(Form::NotNegative);
const DATE: ProductColumn = ProductColumn::Value(Form::Date);
const FLAG: ProductColumn = ProductColumn::Value(Form::Flag);

pub(super) const BASICS: &[Column<ProductColumn>] = &[
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
    column("old_url_keys", ProductColumn::OldUrlKeys, "bag,duffle", "earlier addresses that still lead to the product"),
    column("save_rewrites_history", FLAG, "1", "whether an old address leads on to the new one"),
    column("meta_title", LINE, "Joust Duffle Bag", "title for search engines"),
    column("meta_keywords", TEXT, "bag, sport", "keywords for search engines"),
    column("meta_description", LINE, "The bag for everything.", "description for search engines"),
];

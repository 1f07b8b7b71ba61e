//! Times, designs, gifts, and attributes without a column of their own.

use crate::entity::description::{Column, column};
use crate::entity::form::Form;
use crate::entity::product::kind::ProductColumn;

const TEXT: ProductColumn = ProductColumn::Value(Form::Text);
const LINE: ProductColumn = ProductColumn::Value(Form::Line);
const PRICE: ProductColumn = ProductColumn::Value(Form::NotNegative);
const DATE: ProductColumn = ProductColumn::Value(Form::Date);
const CONFIG: ProductColumn = ProductColumn::Value(Form::FlagOrConfig);
const OPTIONS_PLACE: ProductColumn =
    ProductColumn::Value(Form::OneOf(["Block after Info Column", "Product Info Column"]));

pub(super) const PRESENTATION: &[Column<ProductColumn>] = &[
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
];

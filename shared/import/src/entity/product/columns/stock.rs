//! Quantities and stock settings.

use crate::entity::description::{Column, column};
use crate::entity::form::Form;
use crate::entity::product::kind::ProductColumn;

const STOCK_NUMBER: ProductColumn = ProductColumn::Stock(Form::Number);
const STOCK_FLAG: ProductColumn = ProductColumn::Stock(Form::Flag);

pub(super) const STOCK: &[Column<ProductColumn>] = &[
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
];

//! What an order has one or more of.

use rust_decimal::Decimal;

use crate::field::Fields;

/// What an item may cost at most. With it the sums of the largest order keep all their digits, of which there are 28.
const MAX_AMOUNT: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);

/// An item of an order. A bundle or a configurable product is an item, and what it is made of are items below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id, unique within a shop.
    pub id: u64,
    /// The item that it is a part of.
    pub parent: Option<u64>,
    /// SKU; that of a configurable product is the SKU of the variant.
    pub sku: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// `simple`, `configurable`, `bundle` and so on.
    pub product_type: Box<str>,
    /// How many were ordered; below a bundle those of all bundles together.
    pub quantity: Decimal,
    /// Whether the product is sold by fractions, as cheese by kilograms.
    pub has_decimals: bool,
    /// Whether there is nothing to send.
    pub is_virtual: bool,
    /// Tax in per cent; several rates are added by the shop.
    pub tax_percent: Decimal,
    /// What it costs in the currency that the customer saw.
    pub amounts: ItemAmounts,
    /// The same in the currency that the shop counts in.
    pub base_amounts: ItemAmounts,
}

/// What an item costs, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ItemAmounts {
    /// Of one, before discount and tax.
    pub price: Decimal,
    /// Of all; some answers of a shop have it after the discount, and never below 0.
    pub row_total: Decimal,
    /// Discount of all, 0 or more; with tax in it where prices include tax.
    pub discount: Decimal,
    /// The part of the discount that is tax.
    pub discount_tax_compensation: Decimal,
    /// Tax of all, after the discount.
    pub tax: Decimal,
}

impl Item {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        let (id, sku) = (fields.needed_whole("item_id"), fields.needed_text("sku"));
        let (name, quantity) = (fields.text("name"), fields.needed_decimal("qty_ordered"));
        let (parent, product_type) = (fields.whole("parent_item_id"), fields.text("product_type"));
        let (amounts, base_amounts) = (ItemAmounts::read(fields, ""), ItemAmounts::read(fields, "base_"));
        let quantity = quantity?;
        if [amounts.price, base_amounts.price].iter().any(|price| (price * quantity).abs() > MAX_AMOUNT) {
            fields.note("price", format!("times the quantity {quantity} is more than anything costs"));
            return None;
        }
        let item = Self {
            id: id?,
            parent: parent.filter(|parent| *parent > 0),
            name: name.or(sku)?.into(),
            sku: sku?.into(),
            product_type: product_type.unwrap_or("simple").into(),
            quantity,
            has_decimals: fields.flag("is_qty_decimal"),
            is_virtual: fields.flag("is_virtual"),
            tax_percent: fields.amount("tax_percent"),
            amounts,
            base_amounts,
        };
        Some(item)
    }
}

impl ItemAmounts {
    /// `prefix` is empty or `base_`.
    fn read(fields: &Fields<'_>, prefix: &str) -> Self {
        let amount = |name: &str| fields.amount(&format!("{prefix}{name}"));
        Self {
            price: amount("price"),
            row_total: amount("row_total"),
            discount: amount("discount_amount"),
            discount_tax_compensation: amount("discount_tax_compensation_amount"),
            tax: amount("tax_amount"),
        }
    }

    /// Returns the discount without the tax in it.
    #[must_use]
    pub fn net_discount(&self) -> Decimal {
        self.discount - self.discount_tax_compensation
    }
}

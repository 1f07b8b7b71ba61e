//! What the commercial edition of the shop adds, gift cards above all.

use crate::entity::description::{Column, column};
use crate::entity::form::Form;
use crate::entity::product::kind::ProductColumn;

const TEXT: ProductColumn = ProductColumn::Value(Form::Text);
const LINE: ProductColumn = ProductColumn::Value(Form::Line);
const PRICE: ProductColumn = ProductColumn::Value(Form::NotNegative);
const FLAG: ProductColumn = ProductColumn::Value(Form::Flag);

pub(super) const ENTERPRISE: &[Column<ProductColumn>] = &[
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
    column("is_returnable", LINE, "Use config", "whether the customer may send the product back"),
    column("rma_enabled", FLAG, "1", "the same, as older files call it"),
    column("related_tgtr_position_limit", LINE, "5", "how many of the related products rules find"),
    column("related_tgtr_position_behavior", LINE, "0", "whether rules find related products, or people name them"),
    column("upsell_tgtr_position_limit", LINE, "5", "how many of the up-sells rules find"),
    column("upsell_tgtr_position_behavior", LINE, "0", "whether rules find up-sells, or people name them"),
];

//! Tier prices in the body of a product, which have another form there than in calls of their own.

use import::entity::product::TierPrice;
use serde_json::{Value, json};

use super::values::number;
use crate::facts::ShopKnowledge;

/// The number of all customer groups.
const ALL_GROUPS: i64 = 32_000;

/// Returns a tier price as the shop takes it.
pub(super) fn entry(known: &ShopKnowledge, price: &TierPrice) -> Result<Value, String> {
    let group = match price.customer_group.as_str() {
        "ALL GROUPS" => ALL_GROUPS,
        name => {
            *known.ids.customer_groups.get(name).ok_or_else(|| format!("`{name}` is no customer group of the shop"))?
        }
    };
    let website = match price.website.as_str() {
        "All Websites" => 0,
        code => *known.ids.websites.get(code).ok_or_else(|| format!("`{code}` is no website of the shop"))?,
    };
    let (quantity, value) = (number(&price.quantity)?, number(&price.price)?);
    Ok(match price.value_type.as_str() {
        // Of a discount the shop works the price out itself.
        "Discount" => json!({ "customer_group_id": group, "qty": quantity,
            "extension_attributes": { "website_id": website, "percentage_value": value } }),
        _ => json!({ "customer_group_id": group, "qty": quantity, "value": value,
            "extension_attributes": { "website_id": website } }),
    })
}

/// What tells a tier price apart, and its value; the same for what is sent and for what the shop says.
pub(super) fn key(entry: &Value) -> String {
    let extension = &entry["extension_attributes"];
    let percentage = extension["percentage_value"].as_f64();
    let value = percentage.map_or_else(|| format!("{:?}", entry["value"].as_f64()), |percent| format!("{percent}%"));
    let website = extension["website_id"].as_i64().unwrap_or(0);
    format!("{website}/{}/{:?}/{value}", entry["customer_group_id"], entry["qty"].as_f64())
}

//! Tier prices: inside of products, by `products/tier-prices…` and by the old `group-prices` calls.

use serde_json::{Value, json};

use super::change::unable;
use super::{product, unknown_product};
use crate::call::{Call, decimal_of, text_of, whole_of};
use crate::php::number;
use crate::refusal::Refusal;
use crate::route::{Answer, Route, get, post, put};
use crate::shape::{Kind, Parameter, Shape, required};
use crate::state::State;
use crate::state::product::{Product, Tier, TierPrice};
use crate::state::store::ALL_GROUPS;

const RIGHT: &str = "Magento_Catalog::catalog";

const ROW: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\TierPriceInterface",
    fields: &[
        ("price", Kind::Float),
        ("price_type", Kind::Text),
        ("website_id", Kind::Int),
        ("sku", Kind::Text),
        ("customer_group", Kind::Text),
        ("quantity", Kind::Float),
        ("extension_attributes", Kind::Any),
    ],
};

const PRICES: &[Parameter] = &[required("prices", Kind::List(&Kind::Object(&ROW)))];
const SKUS: &[Parameter] = &[required("skus", Kind::List(&Kind::Text))];

pub(super) const ROUTES: &[Route] = &[
    post("/V1/products/tier-prices", RIGHT, PRICES, add).named(
        "Magento\\Catalog\\Model\\Product\\Price\\TierPriceStorage::update",
        "magento.catalog.api.tierpricestorageinterface.update",
    ),
    put("/V1/products/tier-prices", RIGHT, PRICES, replace).named(
        "Magento\\Catalog\\Model\\Product\\Price\\TierPriceStorage::replace",
        "magento.catalog.api.tierpricestorageinterface.replace",
    ),
    post("/V1/products/tier-prices-delete", RIGHT, PRICES, remove).named(
        "Magento\\Catalog\\Model\\Product\\Price\\TierPriceStorage::delete",
        "magento.catalog.api.tierpricestorageinterface.delete",
    ),
    post("/V1/products/tier-prices-information", RIGHT, SKUS, information)
        .on("magento.catalog.api.tierpricestorageinterface.get"),
    post("/V1/products/:sku/group-prices/:customerGroupId/tiers/:qty/price/:price", RIGHT, &[], add_old)
        .on("magento.catalog.api.producttierpricemanagementinterface.add"),
    get("/V1/products/:sku/group-prices/:customerGroupId/tiers", RIGHT, list_old),
];

/// Reads the tier prices of a product's body.
pub(super) fn of_product(state: &State, list: &[Value]) -> Result<Vec<TierPrice>, Refusal> {
    let mut tiers: Vec<TierPrice> = Vec::new();
    for sent in list {
        let extension = sent.get("extension_attributes").cloned().unwrap_or_default();
        let group = whole_of(sent, "customer_group_id").unwrap_or(ALL_GROUPS);
        if group != ALL_GROUPS
            && usize::try_from(group).ok().and_then(|group| state.stores.customer_groups.get(group)).is_none()
        {
            return Err(unable());
        }
        let fixed = || Tier::Fixed(decimal_of(sent, "value").unwrap_or(0.0));
        let value = decimal_of(&extension, "percentage_value").map_or_else(fixed, Tier::Percent);
        let website = whole_of(&extension, "website_id").unwrap_or(0);
        let tier = TierPrice { website, group, qty: decimal_of(sent, "qty").unwrap_or(0.0), value };
        if tiers.iter().any(|other| is_same_place(other, &tier)) {
            return Err(Refusal::bad("We found a duplicate website, tier price, customer group and quantity."));
        }
        tiers.push(tier);
    }
    Ok(tiers)
}

#[expect(clippy::float_cmp, reason = "quantities are compared as they were sent")]
fn is_same_place(one: &TierPrice, other: &TierPrice) -> bool {
    one.website == other.website && one.group == other.group && one.qty == other.qty
}

/// The tier prices inside of a product; a discount comes back with the amount it makes.
pub(super) fn view(product: &Product) -> Value {
    let price = product.decimal("price", 0).unwrap_or(0.0);
    let shown = |tier: &TierPrice| {
        let (value, extension) = match tier.value {
            Tier::Fixed(value) => (value, json!({"website_id": tier.website})),
            Tier::Percent(percent) => {
                (discounted(price, percent), json!({"percentage_value": number(percent), "website_id": tier.website}))
            }
        };
        json!({"customer_group_id": tier.group, "qty": number(tier.qty), "value": number(value), "extension_attributes": extension})
    };
    product.tiers.iter().map(shown).collect()
}

fn discounted(price: f64, percent: f64) -> f64 {
    (price * (100.0 - percent) * 100.0).round() / 10_000.0
}

/// The rows of a call that name a product: one unknown SKU refuses all of them.
fn rows(call: &Call<'_>) -> Result<Vec<Value>, Refusal> {
    let rows = call.list("prices");
    let is_unknown = |row: &Value| call.state.products.id_of(&text_of(row, "sku").unwrap_or_default()).is_none();
    if rows.iter().any(is_unknown) { Err(unknown_product()) } else { Ok(rows) }
}

/// Reads a row, or says what is wrong with it.
fn tier(state: &State, row: &Value) -> Result<TierPrice, Value> {
    let sku = text_of(row, "sku").unwrap_or_default();
    let told = |what: &str, value: String| {
        let [group, website, qty] =
            ["customer_group", "website_id", "quantity"].map(|name| text_of(row, name).unwrap_or_default());
        let message = format!(
            "Invalid attribute {what} = {value}. Row ID: SKU = {sku}, Website ID: {website}, Customer Group: {group}, Quantity: {qty}."
        );
        json!({"message": message, "parameters": [value, sku, website, group, qty]})
    };
    let name = text_of(row, "customer_group").unwrap_or_default();
    let names = state.stores.customer_groups.iter().position(|known| known.eq_ignore_ascii_case(&name));
    let group = if name.eq_ignore_ascii_case("all groups") {
        Some(ALL_GROUPS)
    } else {
        names.and_then(|at| i64::try_from(at).ok())
    };
    let group = group.ok_or_else(
        || json!({"message": "No such entity with %fieldName = %fieldValue.", "parameters": ["Customer Group", name]}),
    )?;
    let price = decimal_of(row, "price").unwrap_or(-1.0);
    let value = match text_of(row, "price_type").as_deref() {
        Some("fixed") => Tier::Fixed(price),
        Some("discount") => Tier::Percent(price),
        other => return Err(told("Price Type", other.unwrap_or_default().to_owned())),
    };
    if price < 0.0 {
        return Err(told("Price", price.to_string()));
    }
    let qty = decimal_of(row, "quantity").unwrap_or(0.0);
    if qty < 1.0 {
        return Err(told("Quantity", qty.to_string()));
    }
    let website = whole_of(row, "website_id").unwrap_or(-1);
    if !state.stores.websites.iter().any(|known| i64::from(known.id) == website) {
        return Err(told("Website ID", website.to_string()));
    }
    Ok(TierPrice { website, group, qty, value })
}

fn add(call: &mut Call<'_>) -> Answer {
    write(call, |_| {})
}

/// Rows of the named products that are not sent go.
fn replace(call: &mut Call<'_>) -> Answer {
    write(call, |product| product.tiers.clear())
}

fn write(call: &mut Call<'_>, before: fn(&mut Product)) -> Answer {
    let rows = rows(call)?;
    let read: Vec<_> =
        rows.iter().map(|row| (text_of(row, "sku").unwrap_or_default(), tier(call.state, row))).collect();
    for (sku, _) in &read {
        if let Some(product) = call.state.products.by_sku_mut(sku) {
            before(product);
        }
    }
    let mut errors = Vec::new();
    for (sku, tier) in read {
        match (tier, call.state.products.by_sku_mut(&sku)) {
            (Ok(tier), Some(product)) => put_tier(product, tier),
            (Ok(_), None) => {}
            (Err(error), _) => errors.push(error),
        }
    }
    Ok(Value::Array(errors))
}

fn put_tier(product: &mut Product, tier: TierPrice) {
    match product.tiers.iter_mut().find(|old| is_same_place(old, &tier)) {
        Some(old) => old.value = tier.value,
        None => product.tiers.push(tier),
    }
}

/// Removes rows; one that is not there is no mistake.
fn remove(call: &mut Call<'_>) -> Answer {
    let mut errors = Vec::new();
    for row in rows(call)? {
        let sku = text_of(&row, "sku").unwrap_or_default();
        match (tier(call.state, &row), call.state.products.by_sku_mut(&sku)) {
            (Ok(tier), Some(product)) => product.tiers.retain(|old| !is_same_place(old, &tier)),
            (Ok(_), None) => {}
            (Err(error), _) => errors.push(error),
        }
    }
    Ok(Value::Array(errors))
}

fn information(call: &mut Call<'_>) -> Answer {
    let skus = call.list("skus");
    let found = skus.iter().filter_map(Value::as_str).filter_map(|sku| call.state.products.by_sku(sku));
    let groups = &call.state.stores.customer_groups;
    let group = |id: i64| usize::try_from(id).ok().and_then(|at| groups.get(at)).copied().unwrap_or("all groups");
    let row = |product: &Product, tier: &TierPrice| {
        let (price, kind) = match tier.value {
            Tier::Fixed(price) => (price, "fixed"),
            Tier::Percent(price) => (price, "discount"),
        };
        json!({
            "price": number(price), "price_type": kind, "website_id": tier.website, "sku": product.sku,
            "customer_group": group(tier.group), "quantity": number(tier.qty),
        })
    };
    Ok(found.flat_map(|product| product.tiers.iter().map(move |tier| row(product, tier))).collect())
}

fn add_old(call: &mut Call<'_>) -> Answer {
    let group = if call.text("customerGroupId") == "all" { ALL_GROUPS } else { call.whole("customerGroupId") };
    let read = |name: &str| call.text(name).parse().unwrap_or(0.0);
    let tier = TierPrice { website: 0, group, qty: read("qty"), value: Tier::Fixed(read("price")) };
    let sku = call.text("sku");
    let stamp = call.stamp();
    let found = call.state.products.by_sku_mut(&sku).ok_or_else(unknown_product)?;
    found.updated_at = stamp;
    put_tier(found, tier);
    Ok(true.into())
}

fn list_old(call: &mut Call<'_>) -> Answer {
    let group = if call.text("customerGroupId") == "all" { ALL_GROUPS } else { call.whole("customerGroupId") };
    let found = product(call, &call.text("sku"))?;
    let tiers = found.tiers.iter().filter(|tier| tier.group == group);
    let shown = |tier: &TierPrice| match tier.value {
        Tier::Fixed(value) | Tier::Percent(value) => {
            json!({"customer_group_id": tier.group, "qty": number(tier.qty), "value": number(value)})
        }
    };
    Ok(tiers.map(shown).collect())
}

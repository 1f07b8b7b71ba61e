//! `products`: create, update, read, search and remove.

mod attribute_body;
pub(crate) mod attribute_sets;
pub(crate) mod attributes;
mod body;
pub(crate) mod bundles;
mod change;
pub(crate) mod image;
mod links;
mod media;
mod options;
mod prices;
mod save;
mod save_parts;
mod stock;
mod tier_prices;
pub(crate) mod variants;
pub(crate) mod view;
mod websites;

use serde_json::Value;

use crate::call::{Call, Origin};
use crate::refusal::Refusal;
use crate::route::{Answer, Route, delete, get, post, put};
use crate::search::Criteria;
use crate::shape::{Kind, optional, required};
use crate::state::product::Product;

use view::Wanted;

pub(crate) use save::save_product;

const RIGHT: &str = "Magento_Catalog::products";
const SERVICE: &str = "Magento\\Catalog\\Model\\ProductRepository\\Interceptor::save";
const TOPIC: &str = "magento.catalog.api.productrepositoryinterface.save";

/// The routes of products themselves.
pub(crate) const ROUTES: &[Route] = &[
    get("/V1/products", RIGHT, search),
    post("/V1/products", RIGHT, BODY, save).named(SERVICE, TOPIC),
    get("/V1/products/:sku", RIGHT, read),
    put("/V1/products/:sku", RIGHT, BODY, save).named(SERVICE, TOPIC).merging("sku"),
    delete("/V1/products/:sku", RIGHT, remove).named(
        "Magento\\Catalog\\Model\\ProductRepository\\Interceptor::deleteById",
        "magento.catalog.api.productrepositoryinterface.deletebyid",
    ),
];

/// The routes of everything around products.
pub(crate) const AREAS: &[&[Route]] = &[
    attribute_sets::ROUTES,
    attributes::ROUTES,
    links::ROUTES,
    media::ROUTES,
    options::ROUTES,
    prices::ROUTES,
    stock::ROUTES,
    tier_prices::ROUTES,
    websites::ROUTES,
];

const BODY: &[crate::shape::Parameter] =
    &[required("product", Kind::Object(&body::PRODUCT)), optional("saveOptions", Kind::Flag)];

/// What the shop says of a product it does not have.
pub(crate) fn unknown_product() -> Refusal {
    Refusal::missing("The product that was requested doesn't exist. Verify the product and try again.")
}

/// The product of a SKU.
pub(crate) fn product<'a>(call: &'a Call<'_>, sku: &str) -> Result<&'a Product, Refusal> {
    call.state.products.by_sku(sku).ok_or_else(unknown_product)
}

fn save(call: &mut Call<'_>) -> Answer {
    let sent = call.object("product")?;
    let id = save_product(call, &sent)?;
    let saved = call.state.products.list.get(&id).cloned().unwrap_or_default();
    // The repository keeps what it saved under the SKU of the request. If that is the SKU it got, the answer comes from
    // there, and lists that nobody asked for are not in it.
    let is_kept = call.origin == Origin::Request
        && call.names_itself
        && sent.get("sku").and_then(Value::as_str) == Some(&saved.sku);
    let mut answer = view::full(call.state, &saved, call.store)?;
    if let (true, Value::Object(fields)) = (is_kept, &mut answer) {
        for list in ["product_links", "tier_prices"].into_iter().filter(|list| !sent.contains_key(*list)) {
            fields.remove(list);
        }
    }
    stock::settle(call, id);
    Ok(answer)
}

fn read(call: &mut Call<'_>) -> Answer {
    let found = product(call, &call.text("sku"))?;
    view::full(call.state, found, call.store)
}

fn remove(call: &mut Call<'_>) -> Answer {
    let id = call.state.products.id_of(&call.text("sku")).ok_or_else(unknown_product)?;
    let removed = call.state.products.remove(id);
    for other in call.state.products.list.values_mut() {
        other.links.retain(|link| link.product != id);
        other.variants.retain(|variant| *variant != id);
    }
    if let Some(removed) = removed.filter(|removed| call.state.products.id_of(&removed.sku).is_none()) {
        let sku = crate::state::product::key(&removed.sku);
        call.state.inventory.items.retain(|(one, _), _| *one != sku);
    }
    Ok(true.into())
}

/// Fields of a product that are no attributes.
const OWN_FIELDS: [&str; 8] =
    ["entity_id", "sku", "type_id", "attribute_set_id", "created_at", "updated_at", "category_id", "website_id"];

fn search(call: &mut Call<'_>) -> Answer {
    let mut criteria = Criteria::read(&call.query)?;
    if let Some(limits) = call.state.limits {
        criteria.limit(limits.page_size, limits.default_page_size)?;
    }
    let is_known = |field: &str| OWN_FIELDS.contains(&field) || call.state.attributes.by_code(field).is_some();
    if let Some(unknown) = criteria.fields().find(|field| !is_known(field)) {
        let message = "The \"%1\" attribute name is invalid. Reset the name and try again.";
        return Err(Refusal::bad_with(message, serde_json::json!([unknown])));
    }
    // An unknown field to sort by has no values, and so changes no order.
    let products = &call.state.products;
    let candidates: Vec<&Product> = match criteria.values_of("sku") {
        // The database has an index of SKUs, too: a list of some hundred does not look at every product.
        Some(skus) => products.by_skus(&skus),
        None => products.list.values().collect(),
    };
    let found: Vec<&Product> = candidates.into_iter().filter(|one| holds(&criteria, one, call.store)).collect();
    let mut broken = None;
    let answer = criteria.answer(
        found,
        |one, field| field_of(one, field, call.store),
        |one| {
            view::view(call.state, one, Wanted { store: call.store, in_list: true }).unwrap_or_else(|refusal| {
                broken = Some(refusal);
                Value::Null
            })
        },
    );
    broken.map_or(Ok(answer), Err)
}

fn holds(criteria: &Criteria, product: &Product, store: u32) -> bool {
    criteria.groups.iter().all(|group| {
        group.iter().any(|filter| match filter.field.as_str() {
            "category_id" => product.categories.iter().any(|(id, _)| filter.holds(Some(&id.to_string()))),
            "website_id" => product.websites.iter().any(|id| filter.holds(Some(&id.to_string()))),
            field => filter.holds(field_of(product, field, store).as_deref()),
        })
    })
}

fn field_of(product: &Product, field: &str, store: u32) -> Option<String> {
    match field {
        "entity_id" => Some(product.id.to_string()),
        "sku" => Some(product.sku.clone()),
        "type_id" => Some(product.kind.clone()),
        "attribute_set_id" => Some(product.set.to_string()),
        "created_at" => Some(product.created_at.clone()),
        "updated_at" => Some(product.updated_at.clone()),
        code => product.value(code, store).map(str::to_owned),
    }
}

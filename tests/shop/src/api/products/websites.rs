//! `products/:sku/websites` and `categories/:categoryId/products`: where a product is sold.

use serde_json::{Value, json};

use super::{product, unknown_product};
use crate::call::{Call, text_of, whole_of};
use crate::refusal::Refusal;
use crate::route::{Answer, Route, delete, get, post, put};
use crate::shape::{Kind, Parameter, Shape, required};

const RIGHT: &str = "Magento_Catalog::products";
const CATEGORIES: &str = "Magento_Catalog::categories";

const WEBSITE_LINK: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\ProductWebsiteLinkInterface",
    fields: &[("sku", Kind::Text), ("website_id", Kind::Int)],
};

const CATEGORY_PRODUCT: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\CategoryProductLinkInterface",
    fields: &[
        ("sku", Kind::Text),
        ("position", Kind::Int),
        ("category_id", Kind::Text),
        ("extension_attributes", Kind::Any),
    ],
};

const WEBSITE_BODY: &[Parameter] = &[required("productWebsiteLink", Kind::Object(&WEBSITE_LINK))];
const CATEGORY_BODY: &[Parameter] = &[required("productLink", Kind::Object(&CATEGORY_PRODUCT))];

pub(super) const ROUTES: &[Route] = &[
    post("/V1/products/:sku/websites", RIGHT, WEBSITE_BODY, add_website)
        .on("magento.catalog.api.productwebsitelinkrepositoryinterface.save"),
    put("/V1/products/:sku/websites", RIGHT, WEBSITE_BODY, add_website)
        .on("magento.catalog.api.productwebsitelinkrepositoryinterface.save"),
    delete("/V1/products/:sku/websites/:websiteId", RIGHT, remove_website)
        .on("magento.catalog.api.productwebsitelinkrepositoryinterface.deletebyid"),
    post("/V1/categories/:categoryId/products", CATEGORIES, CATEGORY_BODY, add_category)
        .on("magento.catalog.api.categorylinkrepositoryinterface.save"),
    put("/V1/categories/:categoryId/products", CATEGORIES, CATEGORY_BODY, add_category)
        .on("magento.catalog.api.categorylinkrepositoryinterface.save"),
    get("/V1/categories/:categoryId/products", CATEGORIES, products_of_category),
    delete("/V1/categories/:categoryId/products/:sku", CATEGORIES, remove_category)
        .on("magento.catalog.api.categorylinkrepositoryinterface.deletebyids"),
];

fn add_website(call: &mut Call<'_>) -> Answer {
    let link = call.value("productWebsiteLink").clone();
    let website = whole_of(&link, "website_id").and_then(|id| u32::try_from(id).ok()).unwrap_or(0);
    if !call.state.stores.has_website(website) {
        let message = "Could not assign product \"%1\" to websites \"%2\"";
        let id = call.state.products.id_of(&text_of(&link, "sku").unwrap_or_default());
        return Err(Refusal::bad_with(message, json!([id, website])));
    }
    let sku = text_of(&link, "sku").unwrap_or_default();
    let found = call.state.products.by_sku_mut(&sku).ok_or_else(unknown_product)?;
    found.websites.insert(website);
    Ok(true.into())
}

fn remove_website(call: &mut Call<'_>) -> Answer {
    let website = u32::try_from(call.whole("websiteId")).unwrap_or(0);
    let sku = call.text("sku");
    let found = call.state.products.by_sku_mut(&sku).ok_or_else(unknown_product)?;
    found.websites.remove(&website);
    Ok(true.into())
}

fn category(call: &Call<'_>) -> Result<i64, Refusal> {
    let id = call.whole("categoryId");
    if call.state.categories.list.contains_key(&id) { Ok(id) } else { Err(Refusal::no_entity("id", id)) }
}

fn add_category(call: &mut Call<'_>) -> Answer {
    let id = category(call)?;
    let link = call.value("productLink").clone();
    let sku = text_of(&link, "sku").unwrap_or_default();
    let position = whole_of(&link, "position").unwrap_or(0);
    let found = call.state.products.by_sku_mut(&sku).ok_or_else(unknown_product)?;
    found.categories.retain(|(one, _)| *one != id);
    found.categories.push((id, position));
    Ok(true.into())
}

fn remove_category(call: &mut Call<'_>) -> Answer {
    let id = category(call)?;
    let sku = call.text("sku");
    product(call, &sku)?;
    let found = call.state.products.by_sku_mut(&sku).ok_or_else(unknown_product)?;
    let before = found.categories.len();
    found.categories.retain(|(one, _)| *one != id);
    if found.categories.len() == before {
        return Err(Refusal::bad("The category doesn't contain the specified product."));
    }
    Ok(true.into())
}

fn products_of_category(call: &mut Call<'_>) -> Answer {
    let id = category(call)?;
    let place = |product: &crate::state::product::Product| {
        product.categories.iter().find(|(one, _)| *one == id).map(|(_, position)| *position)
    };
    let found =
        call.state.products.list.values().filter_map(|product| place(product).map(|position| (product, position)));
    let found: Vec<Value> = found
        .map(|(one, position)| json!({"sku": one.sku, "position": position, "category_id": id.to_string()}))
        .collect();
    Ok(json!(found))
}

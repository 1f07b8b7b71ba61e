//! `products/:sku/media`: a call adds an image each time, and the list carries every image's content.

use serde_json::{Value, json};

use super::body::IMAGE;
use super::{image, product};
use crate::call::Call;
use crate::refusal::Refusal;
use crate::route::{Answer, Route, delete, get, post, put};
use crate::shape::{Kind, Parameter, required};
use crate::state::product::Product;

const RIGHT: &str = "Magento_Catalog::catalog";
const BODY: &[Parameter] = &[required("entry", Kind::Object(&IMAGE))];

pub(super) const ROUTES: &[Route] = &[
    get("/V1/products/:sku/media", RIGHT, list),
    post("/V1/products/:sku/media", RIGHT, BODY, create).named(
        "Magento\\Catalog\\Model\\Product\\Gallery\\GalleryManagement::create",
        "magento.catalog.api.productattributemediagallerymanagementinterface.create",
    ),
    get("/V1/products/:sku/media/:entryId", "Magento_Catalog::attributes_attributes", read),
    put("/V1/products/:sku/media/:entryId", RIGHT, BODY, update).named(
        "Magento\\Catalog\\Model\\Product\\Gallery\\GalleryManagement::update",
        "magento.catalog.api.productattributemediagallerymanagementinterface.update",
    ),
    delete("/V1/products/:sku/media/:entryId", RIGHT, remove).named(
        "Magento\\Catalog\\Model\\Product\\Gallery\\GalleryManagement::remove",
        "magento.catalog.api.productattributemediagallerymanagementinterface.remove",
    ),
];

fn no_image() -> Refusal {
    Refusal::missing("No image with the provided ID was found. Verify the ID and try again.")
}

fn keep(call: &mut Call<'_>, mut product: Product) {
    product.updated_at = call.stamp();
    call.state.products.put(product);
}

fn list(call: &mut Call<'_>) -> Answer {
    let found = product(call, &call.text("sku"))?;
    Ok(Value::Array(image::view_with_content(found, call.store)))
}

fn read(call: &mut Call<'_>) -> Answer {
    let found = product(call, &call.text("sku"))?;
    let id = json!(call.whole("entryId"));
    let images = image::view_with_content(found, call.store);
    images
        .into_iter()
        .find(|image| image["id"] == id)
        .ok_or_else(|| Refusal::missing("The image doesn't exist. Verify and try again."))
}

fn create(call: &mut Call<'_>) -> Answer {
    let mut found = product(call, &call.text("sku"))?.clone();
    let entry = call.value("entry").clone();
    let id = image::add(call, &mut found, &entry)?;
    image::put_no_selection(&mut found, 4);
    keep(call, found);
    Ok(json!(id.to_string()))
}

fn update(call: &mut Call<'_>) -> Answer {
    let mut found = product(call, &call.text("sku"))?.clone();
    let entry = call.value("entry").clone();
    if !image::change(&mut found, call.whole("entryId"), &entry, call.store) {
        return Err(no_image());
    }
    keep(call, found);
    Ok(true.into())
}

fn remove(call: &mut Call<'_>) -> Answer {
    let mut found = product(call, &call.text("sku"))?.clone();
    if !image::remove(&mut found, call.whole("entryId")) {
        return Err(no_image());
    }
    keep(call, found);
    Ok(true.into())
}

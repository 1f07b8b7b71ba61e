//! `configurable-products`: variant options and variants.

use serde_json::json;

use super::products::image::put_no_selection;
use super::products::variants::{OPTION, options_view, put_option};
use super::products::{product, unknown_product, view};
use crate::call::Call;
use crate::refusal::Refusal;
use crate::route::{Answer, Route, delete, get, post};
use crate::shape::{Kind, required};
use crate::state::product::Product;

const RIGHT: &str = "Magento_Catalog::products";

pub(super) const ROUTES: &[Route] = &[
    post("/V1/configurable-products/:sku/options", RIGHT, &[required("option", Kind::Object(&OPTION))], add_option)
        .named(
            "Magento\\ConfigurableProduct\\Model\\OptionRepository::save",
            "magento.configurableproduct.api.optionrepositoryinterface.save",
        ),
    get("/V1/configurable-products/:sku/options/all", RIGHT, options),
    delete("/V1/configurable-products/:sku/options/:id", RIGHT, remove_option)
        .on("magento.configurableproduct.api.optionrepositoryinterface.deletebyid"),
    post("/V1/configurable-products/:sku/child", RIGHT, &[required("childSku", Kind::Text)], add_child).named(
        "Magento\\ConfigurableProduct\\Model\\LinkManagement::addChild",
        "magento.configurableproduct.api.linkmanagementinterface.addchild",
    ),
    get("/V1/configurable-products/:sku/children", RIGHT, children),
    delete("/V1/configurable-products/:sku/children/:childSku", RIGHT, remove_child).named(
        "Magento\\ConfigurableProduct\\Model\\LinkManagement::removeChild",
        "magento.configurableproduct.api.linkmanagementinterface.removechild",
    ),
];

fn keep(call: &mut Call<'_>, mut product: Product) {
    put_no_selection(&mut product, 3);
    product.updated_at = call.stamp();
    call.state.products.put(product);
}

fn add_option(call: &mut Call<'_>) -> Answer {
    let mut found = product(call, &call.text("sku"))?.clone();
    "configurable".clone_into(&mut found.kind);
    let option = call.value("option").clone();
    // An attribute that does not exist is taken, and breaks every read of the product from then on.
    let id = put_option(call, &mut found, &option);
    keep(call, found);
    Ok(json!(id.to_string()))
}

fn options(call: &mut Call<'_>) -> Answer {
    let found = product(call, &call.text("sku"))?;
    options_view(call.state, found)
}

fn remove_option(call: &mut Call<'_>) -> Answer {
    let mut found = product(call, &call.text("sku"))?.clone();
    options_view(call.state, &found)?;
    let id = call.whole("id");
    let before = found.variant_options.len();
    found.variant_options.retain(|option| option.id != id);
    if found.variant_options.len() == before {
        return Err(Refusal::missing("The option that was requested doesn't exist. Verify the entity and try again."));
    }
    found.variants.clear();
    keep(call, found);
    Ok(true.into())
}

fn add_child(call: &mut Call<'_>) -> Answer {
    let mut parent = product(call, &call.text("sku"))?.clone();
    let child = product(call, &call.text("childSku"))?.clone();
    if parent.variants.contains(&child.id) {
        return Err(Refusal::bad("The product is already attached."));
    }
    if parent.variant_options.is_empty() {
        return Err(Refusal::bad("The parent product doesn't have configurable product options."));
    }
    let codes: Vec<String> = parent
        .variant_options
        .iter()
        .filter_map(|option| call.state.attributes.by_id(option.attribute))
        .map(|one| one.code.clone())
        .collect();
    if let Some(code) = codes.iter().find(|code| child.value(code, 0).is_none()) {
        let message = "The child product doesn't have the \"%1\" attribute value. Verify the value and try again.";
        return Err(Refusal::bad_with(message, json!([code])));
    }
    let values =
        |product: &Product| codes.iter().map(|code| product.value(code, 0).map(str::to_owned)).collect::<Vec<_>>();
    let others = parent.variants.iter().filter_map(|id| call.state.products.list.get(id));
    if let Some(same) = others.into_iter().find(|other| values(other) == values(&child)) {
        let message = "Products \"%1\" and \"%2\" have the same set of attribute values.";
        return Err(Refusal::bad_with(message, json!([child.id.to_string(), same.id.to_string()])));
    }
    parent.variants.push(child.id);
    keep(call, parent);
    Ok(true.into())
}

fn children(call: &mut Call<'_>) -> Answer {
    let parent = product(call, &call.text("sku"))?;
    options_view(call.state, parent)?;
    let children = parent.variants.iter().filter_map(|id| call.state.products.list.get(id));
    children.map(|child| view::full(call.state, child, call.store)).collect()
}

fn remove_child(call: &mut Call<'_>) -> Answer {
    let mut parent = product(call, &call.text("sku"))?.clone();
    let child = call.state.products.id_of(&call.text("childSku")).ok_or_else(unknown_product)?;
    if !parent.variants.contains(&child) {
        return Err(Refusal::missing("The option that was requested doesn't exist. Verify the entity and try again."));
    }
    parent.variants.retain(|id| *id != child);
    keep(call, parent);
    Ok(true.into())
}

//! `products/options`: custom options one by one. A call adds an option each time.

use serde_json::{Map, Value, json};

use super::body::OPTION;
use super::save_parts::custom_option;
use super::{product, unknown_product};
use crate::call::{Call, text_of, whole_of};
use crate::refusal::Refusal;
use crate::route::{Answer, Route, delete, get, post, put};
use crate::shape::{Kind, Parameter, required};
use crate::state::product::Product;

const RIGHT: &str = "Magento_Catalog::catalog";
const BODY: &[Parameter] = &[required("option", Kind::Object(&OPTION))];
const SAVE: &str = "magento.catalog.api.productcustomoptionrepositoryinterface.save";

pub(super) const ROUTES: &[Route] = &[
    get("/V1/products/:sku/options", RIGHT, list),
    post("/V1/products/options", RIGHT, BODY, save)
        .named("Magento\\Catalog\\Model\\Product\\Option\\Repository::save", SAVE),
    put("/V1/products/options/:optionId", RIGHT, BODY, save)
        .named("Magento\\Catalog\\Model\\Product\\Option\\Repository::save", SAVE),
    delete("/V1/products/:sku/options/:optionId", RIGHT, remove).named(
        "Magento\\Catalog\\Model\\Product\\Option\\Repository::deleteByIdentifier",
        "magento.catalog.api.productcustomoptionrepositoryinterface.deletebyidentifier",
    ),
];

fn list(call: &mut Call<'_>) -> Answer {
    Ok(json!(product(call, &call.text("sku"))?.options))
}

fn save(call: &mut Call<'_>) -> Answer {
    let mut sent = call.value("option").clone();
    let sku = text_of(&sent, "product_sku")
        .ok_or_else(|| Refusal::bad("The ProductSku is empty. Set the ProductSku and try again."))?;
    if let Some(id) = call.sent.get("optionId").map(|_| call.whole("optionId")) {
        sent["option_id"] = json!(id);
    }
    let mut found = product(call, &sku)?.clone();
    let option = custom_option(call, &found, &sent);
    let id = whole_of(&Value::Object(option.clone()), "option_id");
    match found.options.iter_mut().find(|one| id_of(one) == id) {
        Some(old) => old.clone_from(&option),
        None => found.options.push(option.clone()),
    }
    keep(call, found);
    Ok(Value::Object(option))
}

fn id_of(option: &Map<String, Value>) -> Option<i64> {
    option.get("option_id").and_then(Value::as_i64)
}

fn keep(call: &mut Call<'_>, mut product: Product) {
    product.had_options |= !product.options.is_empty();
    product.had_required_options |= product.options.iter().any(|option| option.get("is_require") == Some(&json!(true)));
    product.updated_at = call.stamp();
    call.state.products.put(product);
}

fn remove(call: &mut Call<'_>) -> Answer {
    let (sku, id) = (call.text("sku"), call.whole("optionId"));
    let mut found = call.state.products.by_sku(&sku).cloned().ok_or_else(unknown_product)?;
    let before = found.options.len();
    found.options.retain(|option| id_of(option) != Some(id));
    if found.options.len() == before {
        return Err(Refusal::missing("The option doesn't exist to delete."));
    }
    keep(call, found);
    Ok(true.into())
}

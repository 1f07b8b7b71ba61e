//! `store`, `taxClasses` and `customerGroups`: what an import has to know of the shop before it sends anything.

use serde_json::{Value, json};

use crate::call::{Call, text_of};
use crate::route::{Answer, Route, get};
use crate::search::Criteria;

const RIGHT: &str = "Magento_Backend::store";

pub(super) const ROUTES: &[Route] = &[
    get("/V1/store/websites", RIGHT, websites),
    get("/V1/store/storeGroups", RIGHT, groups),
    get("/V1/store/storeViews", RIGHT, views),
    get("/V1/store/storeConfigs", RIGHT, configs),
    get("/V1/taxClasses/search", "Magento_Tax::manage_tax", tax_classes),
    get("/V1/customerGroups/search", "Magento_Customer::group", customer_groups),
    get("/V1/modules", RIGHT, modules),
];

/// Names of modules by which a client can tell what it talks to.
fn modules(_call: &mut Call<'_>) -> Answer {
    Ok(json!([
        "Magento_Backend",
        "Magento_Catalog",
        "Magento_Inventory",
        "Magento_AsynchronousOperations",
        "Magento_WebapiAsync"
    ]))
}

fn websites(call: &mut Call<'_>) -> Answer {
    let shown = call.state.stores.websites.iter().map(|website| {
        json!({"id": website.id, "code": website.code, "name": website.name, "default_group_id": website.default_group})
    });
    Ok(shown.collect())
}

fn groups(call: &mut Call<'_>) -> Answer {
    let shown = call.state.stores.groups.iter().map(|group| {
        json!({
            "id": group.id, "website_id": group.website, "root_category_id": group.root_category,
            "default_store_id": group.default_store, "name": group.name, "code": group.code,
        })
    });
    Ok(shown.collect())
}

fn views(call: &mut Call<'_>) -> Answer {
    let shown = call.state.stores.views.iter().map(|view| {
        json!({
            "id": view.id, "code": view.code, "name": view.name, "website_id": view.website, "store_group_id": view.group,
            "is_active": 1,
        })
    });
    Ok(shown.collect())
}

fn configs(call: &mut Call<'_>) -> Answer {
    let shown = call.state.stores.views.iter().filter(|view| view.id != 0).map(|view| {
        json!({
            "id": view.id, "code": view.code, "website_id": view.website,
            "locale": if view.code == "de_DE" { "de_DE" } else { "en_US" }, "base_currency_code": "EUR",
            "default_display_currency_code": "EUR", "timezone": "UTC", "weight_unit": "kgs",
        })
    });
    Ok(shown.collect())
}

fn tax_classes(call: &mut Call<'_>) -> Answer {
    let all = call.state.stores.tax_classes.iter();
    let all: Vec<Value> =
        all.map(|class| json!({"class_id": class.id, "class_name": class.name, "class_type": class.kind})).collect();
    searched(call, all)
}

fn customer_groups(call: &mut Call<'_>) -> Answer {
    let all = call.state.stores.customer_groups.iter().enumerate();
    let all: Vec<Value> = all
        .map(|(id, code)| json!({"id": id, "code": code, "tax_class_id": 3, "tax_class_name": "Retail Customer"}))
        .collect();
    searched(call, all)
}

fn searched(call: &Call<'_>, all: Vec<Value>) -> Answer {
    let criteria = Criteria::read(&call.query)?;
    let found: Vec<Value> = all.into_iter().filter(|one| criteria.holds(|name| text_of(one, name))).collect();
    Ok(criteria.answer(found, text_of, Value::clone))
}

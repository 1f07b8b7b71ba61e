//! `inventory/source-items`: one wrong row refuses all of them, an unknown SKU is taken happily.

use serde_json::{Value, json};

use super::sources::invalid;
use crate::call::{Call, decimal_of, text_of, whole_of};
use crate::php::number;
use crate::refusal::Refusal;
use crate::route::{Answer, Route, get, post};
use crate::search::Criteria;
use crate::shape::{Kind, Parameter, Shape, required};
use crate::state::inventory::{DEFAULT_SOURCE, SourceItem};
use crate::state::product::key;

const ITEM: Shape = Shape {
    name: "\\Magento\\InventoryApi\\Api\\Data\\SourceItemInterface",
    fields: &[
        ("sku", Kind::Text),
        ("source_code", Kind::Text),
        ("quantity", Kind::Float),
        ("status", Kind::Int),
        ("extension_attributes", Kind::Any),
    ],
};

const RIGHT: &str = "Magento_InventoryApi::stock_source_item_assign";
const BODY: &[Parameter] = &[required("sourceItems", Kind::List(&Kind::Object(&ITEM)))];
const ASSIGNMENT: &[Parameter] =
    &[required("skus", Kind::List(&Kind::Text)), required("sourceCodes", Kind::List(&Kind::Text))];

pub(super) const LIST: Route = get("/V1/inventory/source-items", "Magento_InventoryApi::source", list);
pub(super) const SAVE: Route = post("/V1/inventory/source-items", RIGHT, BODY, save).named(
    "Magento\\Inventory\\Model\\SourceItem\\Command\\SourceItemsSave\\Interceptor::execute",
    "magento.inventoryapi.api.sourceitemssaveinterface.execute",
);
pub(super) const REMOVE: Route = post("/V1/inventory/source-items-delete", RIGHT, BODY, remove).named(
    "Magento\\Inventory\\Model\\SourceItem\\Command\\SourceItemsDelete\\Interceptor::execute",
    "magento.inventoryapi.api.sourceitemsdeleteinterface.execute",
);
pub(super) const ASSIGN: Route =
    post("/V1/inventory/bulk-product-source-assign", "Magento_Catalog::products", ASSIGNMENT, assign)
        .on("magento.inventorycatalogapi.api.bulksourceassigninterface.execute");
pub(super) const UNASSIGN: Route =
    post("/V1/inventory/bulk-product-source-unassign", "Magento_Catalog::products", ASSIGNMENT, unassign)
        .on("magento.inventorycatalogapi.api.bulksourceunassigninterface.execute");

fn view(item: &SourceItem) -> Value {
    json!({"sku": item.sku, "source_code": item.source, "quantity": number(item.quantity), "status": item.status})
}

fn list(call: &mut Call<'_>) -> Answer {
    let criteria = Criteria::read(&call.query)?;
    let field = |item: &&SourceItem, name: &str| text_of(&view(item), name);
    let found: Vec<&SourceItem> =
        call.state.inventory.items.values().filter(|item| criteria.holds(|name| field(item, name))).collect();
    Ok(criteria.answer(found, field, |item| view(item)))
}

fn read(call: &Call<'_>) -> Result<Vec<Value>, Refusal> {
    let rows = call.list("sourceItems");
    if rows.is_empty() { Err(Refusal::bad("Input data is empty")) } else { Ok(rows) }
}

fn save(call: &mut Call<'_>) -> Answer {
    let rows = read(call)?;
    let items = rows.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    if items.iter().any(|item| !call.state.inventory.sources.contains_key(&item.source)) {
        return Err(Refusal::bad("Could not save Source Item"));
    }
    for item in items {
        let sku = item.sku.clone();
        if item.source == DEFAULT_SOURCE {
            follow(call, &item);
        }
        call.state.inventory.put(item);
        // These calls run the index of what they write.
        call.state.inventory.index_sku(&sku);
    }
    Ok(Value::Null)
}

fn item(row: &Value) -> Result<SourceItem, Refusal> {
    let failed = |field: &'static str, message: &'static str| {
        let told = message.replace("%field", field);
        invalid(&format!("Validation Failed: {told}"), vec![(message, field)])
    };
    let sku = text_of(row, "sku")
        .filter(|sku| !sku.is_empty())
        .ok_or_else(|| failed("sku", "\"%field\" can not be empty."))?;
    let source = text_of(row, "source_code")
        .filter(|code| !code.is_empty())
        .ok_or_else(|| failed("source_code", "\"%field\" can not be empty."))?;
    let quantity = decimal_of(row, "quantity").ok_or_else(|| failed("quantity", "\"%field\" should be numeric."))?;
    let status = whole_of(row, "status").ok_or_else(|| failed("status", "\"%field\" should be numeric."))?;
    if !(0..=1).contains(&status) {
        return Err(failed("status", "\"%field\" should a known status."));
    }
    Ok(SourceItem { sku, source, quantity, status })
}

/// The stock item of the times before sources follows the default source.
fn follow(call: &mut Call<'_>, item: &SourceItem) {
    if let Some(product) = call.state.products.by_sku_mut(&item.sku) {
        product.stock.qty = Some(item.quantity);
        product.stock.is_in_stock = item.status == 1;
    }
}

fn remove(call: &mut Call<'_>) -> Answer {
    for row in read(call)? {
        let sku = text_of(&row, "sku").unwrap_or_default();
        let source = text_of(&row, "source_code").unwrap_or_default();
        call.state.inventory.items.remove(&(key(&sku), source));
        call.state.inventory.index_sku(&sku);
    }
    Ok(Value::Null)
}

fn pairs(call: &Call<'_>) -> Vec<(String, String)> {
    let texts = |name: &str| call.list(name).iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    let sources = texts("sourceCodes");
    texts("skus")
        .into_iter()
        .flat_map(|sku| sources.clone().into_iter().map(move |source| (sku.clone(), source)))
        .collect()
}

/// Assigns products to sources with nothing there, and tells how many it assigned.
fn assign(call: &mut Call<'_>) -> Answer {
    let pairs = pairs(call);
    if pairs.iter().any(|(_, source)| !call.state.inventory.sources.contains_key(source)) {
        return Err(invalid("Validation Failed", vec![("Source %field does not exist", "source")]));
    }
    let mut assigned = 0;
    for (sku, source) in pairs {
        if !call.state.inventory.items.contains_key(&(key(&sku), source.clone())) {
            assigned += 1;
            call.state.inventory.put(SourceItem { sku, source, quantity: 0.0, status: 0 });
        }
    }
    Ok(json!(assigned))
}

fn unassign(call: &mut Call<'_>) -> Answer {
    let removed = pairs(call)
        .into_iter()
        .filter(|(sku, source)| call.state.inventory.items.remove(&(key(sku), source.clone())).is_some());
    Ok(json!(removed.count()))
}

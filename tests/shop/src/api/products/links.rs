//! `products/:sku/links`: related products, up-sells, cross-sells and what a group holds.

use serde_json::{Value, json};

use super::body::LINK;
use super::product;
use crate::call::{Call, decimal_of, text_of, whole_of};
use crate::php::number;
use crate::refusal::Refusal;
use crate::route::{Answer, Route, delete, get, post, put};
use crate::shape::{Kind, required};
use crate::state::State;
use crate::state::product::{Link, Product};

const RIGHT: &str = "Magento_Catalog::catalog";

pub(super) const ROUTES: &[Route] = &[
    post("/V1/products/:sku/links", RIGHT, &[required("items", Kind::List(&Kind::Object(&LINK)))], set_all).named(
        "Magento\\Catalog\\Model\\ProductLink\\Management::setProductLinks",
        "magento.catalog.api.productlinkmanagementinterface.setproductlinks",
    ),
    put("/V1/products/:sku/links", RIGHT, &[required("entity", Kind::Object(&LINK))], put_one).named(
        "Magento\\Catalog\\Model\\ProductLink\\Repository::save",
        "magento.catalog.api.productlinkrepositoryinterface.save",
    ),
    get("/V1/products/:sku/links/:type", RIGHT, list),
    delete("/V1/products/:sku/links/:type/:linkedProductSku", RIGHT, remove).named(
        "Magento\\Catalog\\Model\\ProductLink\\Repository::deleteById",
        "magento.catalog.api.productlinkrepositoryinterface.deletebyid",
    ),
    get("/V1/products/links/types", RIGHT, types),
];

/// Types and their numbers.
const TYPES: [(&str, i64); 4] = [("related", 1), ("associated", 3), ("upsell", 4), ("crosssell", 5)];

/// Reads a link of a request.
pub(super) fn link(state: &State, sent: &Value) -> Result<Link, Refusal> {
    let kind = text_of(sent, "link_type").unwrap_or_default();
    if !TYPES.iter().any(|(known, _)| *known == kind) {
        let message = "The \"%1\" link type wasn't found. Verify the type and try again.";
        return Err(Refusal::missing_with(message, json!([kind])));
    }
    let sku = text_of(sent, "linked_product_sku").unwrap_or_default();
    let wrong = || Refusal::bad("The linked products data is invalid. Verify the data and try again.");
    let product = state.products.id_of(&sku).ok_or_else(wrong)?;
    let qty = sent.get("extension_attributes").and_then(|extension| decimal_of(extension, "qty"));
    Ok(Link { kind, product, position: whole_of(sent, "position").unwrap_or(0), qty })
}

/// The links of a product.
pub(super) fn view(state: &State, product: &Product) -> Value {
    let mut links: Vec<&Link> = product.links.iter().collect();
    let rank = |link: &Link| TYPES.iter().position(|(kind, _)| *kind == link.kind);
    links.sort_by_key(|link| (rank(link), link.position));
    links.into_iter().filter_map(|link| one(state, product, link)).collect()
}

fn one(state: &State, product: &Product, link: &Link) -> Option<Value> {
    let other = state.products.list.get(&link.product)?;
    let mut fields = json!({
        "sku": product.sku, "link_type": link.kind, "linked_product_sku": other.sku, "linked_product_type": other.kind,
        "position": link.position,
    });
    if link.kind == "associated" {
        fields["extension_attributes"] = json!({"qty": number(link.qty.unwrap_or(0.0))});
    }
    Some(fields)
}

/// Adds the links to those that are there.
fn set_all(call: &mut Call<'_>) -> Answer {
    let mut found = product(call, &call.text("sku"))?.clone();
    let links = call.list("items").iter().map(|item| link(call.state, item)).collect::<Result<Vec<_>, _>>()?;
    for link in links {
        add(&mut found, link);
    }
    keep(call, found)
}

fn put_one(call: &mut Call<'_>) -> Answer {
    let mut found = product(call, &call.text("sku"))?.clone();
    let link = link(call.state, call.value("entity"))?;
    // The repository reads the linked product, which fails for one with a broken option.
    if let Some(other) = call.state.products.list.get(&link.product) {
        super::variants::options_view(call.state, other)?;
    }
    add(&mut found, link);
    keep(call, found)
}

fn add(product: &mut Product, link: Link) {
    product.links.retain(|old| old.kind != link.kind || old.product != link.product);
    product.links.push(link);
}

fn keep(call: &mut Call<'_>, mut product: Product) -> Answer {
    product.updated_at = call.stamp();
    // A link saves the whole product, and with it a stock item that had no quantity.
    super::stock::apply(call, &mut product, None, super::change::Save::Update);
    let id = product.id;
    call.state.products.put(product);
    super::stock::settle(call, id);
    Ok(true.into())
}

fn list(call: &mut Call<'_>) -> Answer {
    let found = product(call, &call.text("sku"))?;
    let kind = call.text("type");
    let all = view(call.state, found);
    let wanted = all.as_array().into_iter().flatten().filter(|link| link["link_type"] == json!(kind));
    Ok(wanted.cloned().collect())
}

fn remove(call: &mut Call<'_>) -> Answer {
    let (sku, kind, linked) = (call.text("sku"), call.text("type"), call.text("linkedProductSku"));
    let mut found = product(call, &sku)?.clone();
    let other = call.state.products.id_of(&linked);
    let before = found.links.len();
    found.links.retain(|link| link.kind != kind || Some(link.product) != other);
    if found.links.len() == before {
        return Err(Refusal::missing_with("Product %1 doesn't have linked %2 as %3", json!([sku, linked, kind])));
    }
    keep(call, found)
}

fn types(_call: &mut Call<'_>) -> Answer {
    Ok(TYPES.iter().map(|(name, code)| json!({"code": code, "name": name})).collect())
}

//! The options of a bundle and what can be chosen.

use serde_json::{Map, Value, json};

use super::unknown_product;
use crate::call::{Call, decimal_of, text_of, whole_of};
use crate::php::number;
use crate::refusal::Refusal;
use crate::shape::{Kind, Shape};
use crate::state::State;
use crate::state::product::{Product, next};

/// An option of a request.
pub(crate) const OPTION: Shape = Shape {
    name: "\\Magento\\Bundle\\Api\\Data\\OptionInterface",
    fields: &[
        ("option_id", Kind::Int),
        ("title", Kind::Text),
        ("required", Kind::Flag),
        ("type", Kind::Text),
        ("position", Kind::Int),
        ("sku", Kind::Text),
        ("product_links", Kind::List(&Kind::Object(&LINK))),
        ("extension_attributes", Kind::Any),
    ],
};

const LINK: Shape = Shape {
    name: "\\Magento\\Bundle\\Api\\Data\\LinkInterface",
    fields: &[
        ("id", Kind::Text),
        ("sku", Kind::Text),
        ("option_id", Kind::Int),
        ("qty", Kind::Float),
        ("position", Kind::Int),
        ("is_default", Kind::Flag),
        ("price", Kind::Float),
        ("price_type", Kind::Int),
        ("can_change_quantity", Kind::Int),
        ("extension_attributes", Kind::Any),
    ],
};

/// Options with a known id stay, those without one are new, and those that are not named go.
pub(crate) fn replace(call: &mut Call<'_>, product: &mut Product, list: &[Value]) -> Result<(), Refusal> {
    product.bundle_options = list.iter().map(|sent| option(call, sent)).collect::<Result<_, _>>()?;
    Ok(())
}

fn option(call: &mut Call<'_>, sent: &Value) -> Result<Map<String, Value>, Refusal> {
    let links = sent.get("product_links").and_then(Value::as_array).cloned().unwrap_or_default();
    // An option that is refused has used up an id.
    let id = whole_of(sent, "option_id").unwrap_or_else(|| next(&mut call.state.products.next_bundle_option));
    if links.iter().any(|link| call.state.products.id_of(&text_of(link, "sku").unwrap_or_default()).is_none()) {
        return Err(unknown_product());
    }
    let mut option = sent.as_object().cloned().unwrap_or_default();
    let products = &mut call.state.products;
    option.insert("option_id".to_owned(), json!(id));
    let link = |link: &Value| {
        let own = text_of(link, "id").unwrap_or_else(|| next(&mut products.next_bundle_link).to_string());
        json!({
            "id": own, "sku": link["sku"], "option_id": id, "qty": number(decimal_of(link, "qty").unwrap_or(1.0)),
            "position": whole_of(link, "position").unwrap_or(0), "is_default": link["is_default"] == json!(true),
            "price": number(decimal_of(link, "price").unwrap_or(0.0)), "price_type": link["price_type"],
            "can_change_quantity": whole_of(link, "can_change_quantity").unwrap_or(0),
        })
    };
    option.insert("product_links".to_owned(), links.iter().map(link).collect());
    Ok(option)
}

/// The options as they are answered: in a bundle with its own sum, prices are those of the products.
pub(crate) fn view(state: &State, product: &Product) -> Value {
    let is_dynamic = product.value("price_type", 0) != Some("1");
    let shown = |option: &Map<String, Value>| {
        let mut option = Value::Object(option.clone());
        option["sku"] = json!(product.sku);
        for link in option["product_links"].as_array_mut().into_iter().flatten() {
            let chosen = state.products.by_sku(link["sku"].as_str().unwrap_or_default());
            if let (true, Some(chosen)) = (is_dynamic, chosen) {
                link["sku"] = json!(chosen.sku);
                link["price"] = number(chosen.decimal("price", 0).unwrap_or(0.0));
                link["price_type"] = Value::Null;
            }
        }
        option
    };
    product.bundle_options.iter().map(shown).collect()
}

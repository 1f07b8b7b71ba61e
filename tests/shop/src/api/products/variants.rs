//! Variant options and variants of a configurable product.

use serde_json::{Map, Value, json};

use crate::call::{Call, text_of, whole_of};
use crate::refusal::Refusal;
use crate::shape::{Kind, Shape, whole};
use crate::state::State;
use crate::state::product::{Product, VariantOption, next};

/// A variant option of a request.
pub(crate) const OPTION: Shape = Shape {
    name: "\\Magento\\ConfigurableProduct\\Api\\Data\\OptionInterface",
    fields: &[
        ("id", Kind::Int),
        ("attribute_id", Kind::Text),
        ("label", Kind::Text),
        ("position", Kind::Int),
        ("is_use_default", Kind::Flag),
        ("values", Kind::List(&Kind::Object(&VALUE))),
        ("product_id", Kind::Int),
        ("extension_attributes", Kind::Any),
    ],
};

const VALUE: Shape = Shape {
    name: "\\Magento\\ConfigurableProduct\\Api\\Data\\OptionValueInterface",
    fields: &[("value_index", Kind::Int), ("extension_attributes", Kind::Any)],
};

/// The options of a product as they are answered.
///
/// # Errors
/// If one of them names an attribute that does not exist.
pub(crate) fn options_view(state: &State, product: &Product) -> Result<Value, Refusal> {
    if product.variant_options.iter().any(|option| state.attributes.by_id(option.attribute).is_none()) {
        return Err(Refusal::Internal);
    }
    let value = |value: &i64| json!({"value_index": value});
    let option = |option: &VariantOption| {
        json!({
            "id": option.id, "attribute_id": option.attribute.to_string(), "label": option.label, "position": option.position,
            "values": option.values.iter().map(value).collect::<Vec<_>>(), "product_id": product.id,
        })
    };
    Ok(product.variant_options.iter().map(option).collect())
}

/// Reads what a product's body says of options and variants. Absent keeps; two variants alike are not noticed here.
pub(crate) fn in_product(call: &mut Call<'_>, sent: &Map<String, Value>, product: &mut Product) -> Result<(), Refusal> {
    let extension = sent.get("extension_attributes").cloned().unwrap_or_default();
    let options = extension.get("configurable_product_options").and_then(Value::as_array);
    if let Some(list) = options {
        let named: Vec<i64> = list.iter().filter_map(|option| whole_of(option, "attribute_id")).collect();
        product.variant_options.retain(|option| named.contains(&option.attribute));
        for option in list {
            put_option(call, product, option);
        }
    }
    let Some(list) = extension.get("configurable_product_links").and_then(Value::as_array) else { return Ok(()) };
    let ids: Vec<i64> = list.iter().filter_map(whole).collect();
    if ids.iter().any(|id| !call.state.products.list.contains_key(id)) {
        return Err(Refusal::bad("The product was unable to be saved. Please try again."));
    }
    if options.is_some() {
        check_variants(call.state, product, &ids)?;
    }
    let old = std::mem::take(&mut product.variants);
    let kept = old.iter().filter(|id| ids.contains(id)).copied();
    product.variants = kept.chain(ids.iter().filter(|id| !old.contains(id)).copied()).collect();
    if options.is_none() {
        shrink_values(call.state, product);
    }
    Ok(())
}

/// With options in the same request, every variant has to have their values, and no two of them the same.
fn check_variants(state: &State, product: &Product, ids: &[i64]) -> Result<(), Refusal> {
    let mut seen: Vec<(Vec<String>, i64)> = Vec::new();
    for id in ids {
        let Some(variant) = state.products.list.get(id) else { continue };
        let mut values = Vec::new();
        for option in &product.variant_options {
            let unknown = || Refusal::no_entity("attributeCode", option.attribute.to_string());
            let code = &state.attributes.by_id(option.attribute).ok_or_else(unknown)?.code;
            let message = "Product with id \"%1\" does not contain required attribute \"%2\".";
            let value =
                variant.value(code, 0).ok_or_else(|| Refusal::bad_with(message, json!([id.to_string(), code])))?;
            values.push(value.to_owned());
        }
        if let Some((_, other)) = seen.iter().find(|(known, _)| *known == values) {
            let message = "Products \"%1\" and \"%2\" have the same set of attribute values.";
            return Err(Refusal::bad_with(message, json!([id.to_string(), other.to_string()])));
        }
        seen.push((values, *id));
    }
    Ok(())
}

/// Links without options leave the options only the values that the variants have.
fn shrink_values(state: &State, product: &mut Product) {
    let variants: Vec<&Product> = product.variants.iter().filter_map(|id| state.products.list.get(id)).collect();
    for option in &mut product.variant_options {
        let Some(attribute) = state.attributes.by_id(option.attribute) else { continue };
        let has =
            |value: &i64| variants.iter().any(|variant| variant.value(&attribute.code, 0) == Some(&value.to_string()));
        option.values.retain(has);
    }
}

/// Adds an option, or changes the one of the same attribute, and gives its id.
pub(crate) fn put_option(call: &mut Call<'_>, product: &mut Product, sent: &Value) -> i64 {
    let attribute = whole_of(sent, "attribute_id").unwrap_or(0);
    let values = sent.get("values").and_then(Value::as_array).into_iter().flatten();
    let values: Vec<i64> = values.filter_map(|value| whole_of(value, "value_index")).collect();
    let label = text_of(sent, "label").unwrap_or_default();
    let position = whole_of(sent, "position").unwrap_or(0);
    if let Some(option) = product.variant_options.iter_mut().find(|option| option.attribute == attribute) {
        option.label = label;
        option.position = position;
        for value in values {
            if !option.values.contains(&value) {
                option.values.push(value);
            }
        }
        return option.id;
    }
    let id = next(&mut call.state.products.next_variant_option);
    product.variant_options.push(VariantOption { id, attribute, label, position, values });
    id
}

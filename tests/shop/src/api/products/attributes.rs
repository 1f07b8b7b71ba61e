//! `products/attributes`: attributes and their options.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::attribute_body::{ATTRIBUTE, OPTION};
use crate::call::{Call, text_of, whole_of};
use crate::refusal::Refusal;
use crate::route::{Answer, Route, delete, get, post, put};
use crate::search::Criteria;
use crate::shape::{Kind, Parameter, flag, required};
use crate::state::attribute::{Attribute, Backend, Choice, Scope};
use crate::state::product::next;

const RIGHT: &str = "Magento_Catalog::attributes_attributes";

const ATTRIBUTE_BODY: &[Parameter] = &[required("attribute", Kind::Object(&ATTRIBUTE))];
const OPTION_BODY: &[Parameter] = &[required("option", Kind::Object(&OPTION))];
const SAVE: &str = "magento.catalog.api.productattributerepositoryinterface.save";
const SAVE_OPTION: &str = "magento.catalog.api.productattributeoptionmanagementinterface.add";

pub(super) const ROUTES: &[Route] = &[
    get("/V1/products/attributes", RIGHT, list),
    post("/V1/products/attributes", RIGHT, ATTRIBUTE_BODY, save)
        .named("Magento\\Catalog\\Model\\Product\\Attribute\\Repository::save", SAVE),
    get("/V1/products/attributes/:attributeCode", RIGHT, read),
    put("/V1/products/attributes/:attributeCode", RIGHT, ATTRIBUTE_BODY, save)
        .named("Magento\\Catalog\\Model\\Product\\Attribute\\Repository::save", SAVE),
    delete("/V1/products/attributes/:attributeCode", RIGHT, remove)
        .on("magento.catalog.api.productattributerepositoryinterface.deletebyid"),
    get("/V1/products/attributes/:attributeCode/options", RIGHT, options),
    post("/V1/products/attributes/:attributeCode/options", RIGHT, OPTION_BODY, add_option)
        .named("Magento\\Catalog\\Model\\Product\\Attribute\\OptionManagement::add", SAVE_OPTION),
    put("/V1/products/attributes/:attributeCode/options/:optionId", RIGHT, OPTION_BODY, change_option)
        .on("magento.catalog.api.productattributeoptionupdateinterface.update"),
    delete("/V1/products/attributes/:attributeCode/options/:optionId", RIGHT, remove_option)
        .on("magento.catalog.api.productattributeoptionmanagementinterface.delete"),
];

/// What the shop says of an attribute it does not have.
pub(super) fn unknown_attribute(code: &str) -> Refusal {
    let message = "The attribute with a \"%1\" attributeCode doesn't exist. Verify the attribute and try again.";
    Refusal::missing_with(message, json!([code]))
}

/// Input, table and class of the values.
const INPUTS: [(&str, Backend); 13] = [
    ("text", Backend::Varchar),
    ("textarea", Backend::Text),
    ("texteditor", Backend::Text),
    ("pagebuilder", Backend::Text),
    ("date", Backend::Datetime),
    ("datetime", Backend::Datetime),
    ("boolean", Backend::Int),
    ("multiselect", Backend::Text),
    ("select", Backend::Int),
    ("price", Backend::Decimal),
    ("weight", Backend::Decimal),
    ("media_image", Backend::Varchar),
    ("weee", Backend::Static),
];

fn read(call: &mut Call<'_>) -> Answer {
    let code = call.text("attributeCode");
    let found = call.state.attributes.by_code(&code).ok_or_else(|| unknown_attribute(&code))?;
    Ok(view(found, call.store))
}

fn list(call: &mut Call<'_>) -> Answer {
    let criteria = Criteria::read(&call.query)?;
    let field = |one: &&Attribute, name: &str| text_of(&view(one, 0), name);
    let found: Vec<&Attribute> =
        call.state.attributes.list.iter().filter(|one| criteria.holds(|name| field(one, name))).collect();
    Ok(criteria.answer(found, field, |one| view(one, call.store)))
}

fn save(call: &mut Call<'_>) -> Answer {
    let sent = call.value("attribute").clone();
    let code = text_of(&sent, "attribute_code").unwrap_or_else(|| call.text("attributeCode"));
    let saved = match whole_of(&sent, "attribute_id") {
        Some(id) => change(call, id, &sent)?,
        None => create(call, &code, &sent)?,
    };
    let found = call.state.attributes.by_code(&saved).ok_or_else(|| unknown_attribute(&saved))?;
    Ok(view(found, call.store))
}

fn invalid(field: &str, value: &str) -> Refusal {
    let parameters = json!({"fieldName": field, "value": value});
    Refusal::bad_with("Invalid value of \"%value\" provided for the %fieldName field.", parameters)
}

fn create(call: &mut Call<'_>, code: &str, sent: &Value) -> Result<String, Refusal> {
    if call.state.attributes.by_code(code).is_some() {
        return Err(Refusal::bad_with("%1 already exists.", json!(["Attribute with the same code"])));
    }
    let label = text_of(sent, "default_frontend_label")
        .filter(|label| !label.is_empty())
        .ok_or_else(|| Refusal::required("frontend_label"))?;
    if !code.starts_with(|c: char| c.is_ascii_lowercase())
        || !code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    {
        return Err(invalid("attribute_code", code));
    }
    let input = text_of(sent, "frontend_input").unwrap_or_default();
    let (_, backend) =
        *INPUTS.iter().find(|(known, _)| *known == input).ok_or_else(|| invalid("frontend_input", &input))?;
    let mut attribute = Attribute {
        id: next(&mut call.state.attributes.next_attribute),
        code: code.to_owned(),
        label,
        store_labels: store_labels(sent, "frontend_labels"),
        input,
        backend,
        scope: Scope::of(text_of(sent, "scope").as_deref()),
        is_required: sent.get("is_required").and_then(flag).unwrap_or(false),
        is_unique: text_of(sent, "is_unique").as_deref() == Some("1"),
        is_user_defined: true,
        choices: Vec::new(),
        more: Map::new(),
    };
    keep_more(&mut attribute, sent);
    for option in sent.get("options").and_then(Value::as_array).into_iter().flatten() {
        let choice = choice(call, option);
        attribute.choices.push(choice);
    }
    call.state.attributes.list.push(attribute);
    Ok(code.to_owned())
}

/// Absent labels and options stay as they are; options that are sent are added or changed, never removed.
fn change(call: &mut Call<'_>, id: i64, sent: &Value) -> Result<String, Refusal> {
    let mut attribute =
        call.state.attributes.by_id(id).cloned().ok_or_else(|| Refusal::no_entity("attribute_id", id))?;
    if let Some(input) = text_of(sent, "frontend_input").filter(|input| *input != attribute.input) {
        return Err(invalid("frontend_input", &input));
    }
    if let Some(label) = text_of(sent, "default_frontend_label") {
        attribute.label = label;
    }
    if sent.get("frontend_labels").is_some_and(Value::is_array) {
        attribute.store_labels = store_labels(sent, "frontend_labels");
    }
    if let Some(is_required) = sent.get("is_required").and_then(flag) {
        attribute.is_required = is_required;
    }
    keep_more(&mut attribute, sent);
    for option in sent.get("options").and_then(Value::as_array).into_iter().flatten() {
        put_choice(call, &mut attribute, option);
    }
    let code = attribute.code.clone();
    if let Some(place) = call.state.attributes.by_code_mut(&code) {
        *place = attribute;
    }
    Ok(code)
}

fn put_choice(call: &mut Call<'_>, attribute: &mut Attribute, sent: &Value) {
    let id = whole_of(sent, "value");
    let made = choice(call, sent);
    match attribute.choices.iter_mut().find(|choice| Some(choice.id) == id) {
        Some(old) => *old = Choice { id: old.id, ..made },
        None if made.label.trim().is_empty() => {}
        None => attribute.choices.push(made),
    }
}

fn choice(call: &mut Call<'_>, sent: &Value) -> Choice {
    Choice {
        id: next(&mut call.state.attributes.next_choice),
        label: text_of(sent, "label").unwrap_or_default(),
        sort_order: whole_of(sent, "sort_order").unwrap_or(0),
        store_labels: store_labels(sent, "store_labels"),
    }
}

fn store_labels(sent: &Value, name: &str) -> BTreeMap<u32, String> {
    let list = sent.get(name).and_then(Value::as_array).into_iter().flatten();
    let label = |one: &Value| Some((u32::try_from(whole_of(one, "store_id")?).ok()?, text_of(one, "label")?));
    list.filter_map(label).collect()
}

fn keep_more(attribute: &mut Attribute, sent: &Value) {
    const ONLY_GIVEN_BACK: [&str; 16] = [
        "is_wysiwyg_enabled",
        "is_html_allowed_on_front",
        "used_for_sort_by",
        "is_filterable",
        "is_filterable_in_search",
        "is_used_in_grid",
        "is_visible_in_grid",
        "is_filterable_in_grid",
        "position",
        "apply_to",
        "is_searchable",
        "is_visible_in_advanced_search",
        "is_comparable",
        "is_visible_on_front",
        "used_in_product_listing",
        "frontend_class",
    ];
    for name in ONLY_GIVEN_BACK {
        if let Some(value) = sent.get(name).filter(|value| !value.is_null()) {
            attribute.more.insert(name.to_owned(), value.clone());
        }
    }
}

fn remove(call: &mut Call<'_>) -> Answer {
    let code = call.text("attributeCode");
    let found = call.state.attributes.by_code(&code).ok_or_else(|| unknown_attribute(&code))?;
    if !found.is_user_defined {
        return Err(Refusal::bad("The system attribute can't be deleted."));
    }
    let id = found.id;
    call.state.attributes.list.retain(|one| one.id != id);
    for set in &mut call.state.attributes.sets {
        set.members.remove(&id);
    }
    Ok(true.into())
}

fn has_options(attribute: &Attribute) -> bool {
    ["select", "multiselect"].contains(&attribute.input.as_str())
}

fn options(call: &mut Call<'_>) -> Answer {
    let code = call.text("attributeCode");
    let found = call.state.attributes.by_code(&code).ok_or_else(|| unknown_attribute(&code))?;
    Ok(choices_view(found, call.store))
}

/// The options of an attribute, after an empty one, in the words of the store view.
fn choices_view(attribute: &Attribute, store: u32) -> Value {
    if attribute.input == "boolean" {
        return json!([{"label": "Yes", "value": "1"}, {"label": "No", "value": "0"}]);
    }
    if !has_options(attribute) {
        return json!([]);
    }
    let mut choices: Vec<&Choice> = attribute.choices.iter().collect();
    choices.sort_by_key(|choice| (choice.sort_order, choice.id));
    let shown = choices.into_iter().map(|choice| {
        let label = choice.store_labels.get(&store).unwrap_or(&choice.label);
        json!({"label": label, "value": choice.id.to_string()})
    });
    std::iter::once(json!({"label": " ", "value": ""})).chain(shown).collect()
}

fn add_option(call: &mut Call<'_>) -> Answer {
    let code = call.text("attributeCode");
    let sent = call.value("option").clone();
    let found = call.state.attributes.by_code(&code).cloned().ok_or_else(|| unknown_attribute(&code))?;
    if !has_options(&found) {
        return Err(Refusal::bad_with("The \"%1\" attribute doesn't work with options.", json!([code])));
    }
    check_label(&found, &sent, None)?;
    let made = choice(call, &sent);
    let id = made.id;
    if let Some(attribute) = call.state.attributes.by_code_mut(&code) {
        attribute.choices.push(made);
    }
    Ok(json!(id.to_string()))
}

fn check_label(attribute: &Attribute, sent: &Value, own: Option<i64>) -> Result<(), Refusal> {
    let label = text_of(sent, "label").unwrap_or_default();
    if label.is_empty() {
        return Err(Refusal::bad("The attribute option label is empty. Enter the value and try again."));
    }
    let is_taken =
        attribute.choices.iter().any(|one| Some(one.id) != own && one.label.to_lowercase() == label.to_lowercase());
    if is_taken {
        return Err(Refusal::bad_with("Admin store attribute option label \"%1\" is already exists.", json!([label])));
    }
    Ok(())
}

fn unknown_option(code: &str, id: &str) -> Refusal {
    Refusal::missing_with("The \"%1\" attribute doesn't include an option with \"%2\" ID.", json!([code, id]))
}

fn change_option(call: &mut Call<'_>) -> Answer {
    let (code, id) = (call.text("attributeCode"), call.text("optionId"));
    let sent = call.value("option").clone();
    let found = call.state.attributes.by_code(&code).cloned().ok_or_else(|| unknown_attribute(&code))?;
    let number: i64 = id.parse().unwrap_or(-1);
    check_label(&found, &sent, Some(number))?;
    let made = choice(call, &sent);
    // A change does not use up an id.
    call.state.attributes.next_choice -= 1;
    let place = call
        .state
        .attributes
        .by_code_mut(&code)
        .and_then(|one| one.choices.iter_mut().find(|choice| choice.id == number));
    *place.ok_or_else(|| unknown_option(&code, &id))? = Choice { id: number, ..made };
    Ok(true.into())
}

fn remove_option(call: &mut Call<'_>) -> Answer {
    let (code, id) = (call.text("attributeCode"), call.text("optionId"));
    let found = call.state.attributes.by_code_mut(&code).ok_or_else(|| unknown_attribute(&code))?;
    let before = found.choices.len();
    found.choices.retain(|choice| choice.id.to_string() != id);
    if found.choices.len() == before { Err(unknown_option(&code, &id)) } else { Ok(true.into()) }
}

fn view(attribute: &Attribute, store: u32) -> Value {
    let labels: Vec<Value> =
        attribute.store_labels.iter().map(|(store, label)| json!({"store_id": store, "label": label})).collect();
    let mut fields = json!({
        "is_wysiwyg_enabled": false, "is_html_allowed_on_front": false, "used_for_sort_by": false, "is_filterable": false,
        "is_filterable_in_search": false, "is_used_in_grid": false, "is_visible_in_grid": false, "is_filterable_in_grid": false,
        "position": 0, "apply_to": [], "is_searchable": "0", "is_visible_in_advanced_search": "0", "is_comparable": "0",
        "is_used_for_promo_rules": "0", "is_visible_on_front": "0", "used_in_product_listing": "0", "is_visible": true,
        "scope": attribute.scope.word(), "attribute_id": attribute.id, "attribute_code": attribute.code,
        "frontend_input": attribute.input, "entity_type_id": "4", "is_required": attribute.is_required,
        "options": choices_view(attribute, store), "is_user_defined": attribute.is_user_defined,
        "default_frontend_label": attribute.label, "frontend_labels": labels, "backend_type": attribute.backend.word(),
        "is_unique": if attribute.is_unique { "1" } else { "0" }, "validation_rules": [],
    });
    for (name, value) in classes(attribute) {
        fields[name] = json!(value);
    }
    for (name, value) in &attribute.more {
        fields[name] = value.clone();
    }
    fields
}

/// The classes behind an attribute, and the default value that selects have once they got options at their creation.
fn classes(attribute: &Attribute) -> Vec<(&'static str, &'static str)> {
    let mut classes = match attribute.input.as_str() {
        "select" => vec![("source_model", "Magento\\Eav\\Model\\Entity\\Attribute\\Source\\Table")],
        "boolean" => vec![("source_model", "Magento\\Eav\\Model\\Entity\\Attribute\\Source\\Boolean")],
        "multiselect" => vec![("backend_model", "Magento\\Eav\\Model\\Entity\\Attribute\\Backend\\ArrayBackend")],
        "date" | "datetime" => vec![("backend_model", "Magento\\Eav\\Model\\Entity\\Attribute\\Backend\\Datetime")],
        "price" => vec![("backend_model", "Magento\\Catalog\\Model\\Product\\Attribute\\Backend\\Price")],
        _ => Vec::new(),
    };
    if has_options(attribute) && !attribute.choices.is_empty() {
        classes.push(("default_value", ""));
    }
    classes
}

//! Attribute sets with their groups, and the attributes of products with their options.

use std::collections::{BTreeMap, BTreeSet};

use import::entity::EntityType;
use import::entity::attribute::{Attribute, AttributeOption, AttributeScope, SetPlace};
use import::entity::attribute_set::{AttributeGroup, AttributeSet};
use import::name_key::name_key;
use serde::Deserialize;
use serde_json::Value;

use super::ShopKnowledge;
use super::rows::{listed, or_default, whole};
use crate::client::{Error, ShopCall, ShopClient, ShopScope};

#[derive(Deserialize)]
struct SetRow {
    attribute_set_id: i64,
    attribute_set_name: String,
    sort_order: Option<u32>,
}

#[derive(Deserialize)]
struct GroupRow {
    /// A number, as text.
    attribute_group_id: Value,
    attribute_group_name: String,
    attribute_set_id: i64,
}

#[derive(Deserialize)]
struct CodeRow {
    attribute_code: String,
}

#[derive(Deserialize)]
struct AttributeRow {
    attribute_id: i64,
    attribute_code: String,
    frontend_input: Option<String>,
    scope: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    is_required: bool,
    /// `"0"` or `"1"`.
    #[serde(default, deserialize_with = "or_default")]
    is_unique: Value,
    #[serde(default, deserialize_with = "or_default")]
    is_user_defined: bool,
    #[serde(default, deserialize_with = "or_default")]
    apply_to: Vec<String>,
    default_frontend_label: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    frontend_labels: Vec<LabelRow>,
    #[serde(default, deserialize_with = "or_default")]
    options: Vec<OptionRow>,
    backend_type: Option<String>,
}

#[derive(Deserialize)]
struct LabelRow {
    store_id: i64,
    label: String,
}

#[derive(Deserialize)]
struct OptionRow {
    #[serde(default, deserialize_with = "or_default")]
    label: Value,
    #[serde(default, deserialize_with = "or_default")]
    value: Value,
}

/// The options of an attribute as one store view shows them.
#[derive(Deserialize)]
struct ShownRow {
    attribute_code: String,
    #[serde(default, deserialize_with = "or_default")]
    options: Vec<OptionRow>,
}

const ATTRIBUTE_FIELDS: &str = "attribute_id,attribute_code,frontend_input,scope,is_required,is_unique,is_user_defined,\
                                apply_to,default_frontend_label,frontend_labels[store_id,label],options[label,value],\
                                backend_type";

/// Into this group a shop puts attributes that name none.
const DEFAULT_GROUP: &str = "Product Details";

pub(super) async fn read(client: &ShopClient, known: &mut ShopKnowledge) -> Result<(), Error> {
    known.facts.attribute_sets.retain(|_, set| !set.entity_type.is_product());
    known.facts.attributes.retain(|_, attribute| !attribute.entity_type.is_product());
    let attributes = ShopCall::get(&["products", "attributes"]);
    for row in listed::<AttributeRow>(client, attributes.clone(), ATTRIBUTE_FIELDS).await? {
        take_attribute(known, row);
    }
    read_sets(client, known).await?;
    for view in known.facts.basics.store_views.clone() {
        let call = attributes.clone().in_scope(ShopScope::View(view.code.clone()));
        let shown: Vec<ShownRow> = listed(client, call, "attribute_code,options[label,value]").await?;
        shown.into_iter().for_each(|row| take_labels(known, &view.code, row));
    }
    let is_of_website = known.facts.attribute("price").is_some_and(|price| price.scope == AttributeScope::Website);
    known.facts.basics.has_website_prices = is_of_website;
    Ok(())
}

async fn read_sets(client: &ShopClient, known: &mut ShopKnowledge) -> Result<(), Error> {
    let sets = ShopCall::get(&["products", "attribute-sets", "sets", "list"]);
    let sets: Vec<SetRow> = listed(client, sets, "attribute_set_id,attribute_set_name,sort_order").await?;
    let groups = ShopCall::get(&["products", "attribute-sets", "groups", "list"]);
    let groups: Vec<GroupRow> =
        listed(client, groups, "attribute_group_id,attribute_group_name,attribute_set_id").await?;
    for group in &groups {
        let number = number_of(&group.attribute_group_id);
        let of_set = known.ids.attribute_groups.entry(group.attribute_set_id).or_default();
        of_set.extend(number.map(|number| (group.attribute_group_name.clone(), number)));
    }
    for set in sets {
        let number = set.attribute_set_id.to_string();
        let call = ShopCall::get(&["products", "attribute-sets", &number, "attributes"])
            .asking([("fields".to_owned(), "attribute_code".to_owned())]);
        let codes: Vec<CodeRow> = whole(client, &call).await?;
        let codes: BTreeSet<String> = codes.into_iter().map(|row| row.attribute_code).collect();
        take_set(known, set, &codes);
    }
    Ok(())
}

fn take_set(known: &mut ShopKnowledge, row: SetRow, codes: &BTreeSet<String>) {
    let name = row.attribute_set_name;
    let key = name_key(&name);
    let groups = known.ids.attribute_groups.get(&row.attribute_set_id).cloned().unwrap_or_default();
    let group = |name: String| {
        let is_default = name == DEFAULT_GROUP;
        (name, AttributeGroup { is_default, ..AttributeGroup::default() })
    };
    let groups = groups.into_keys().map(group).collect();
    let set = AttributeSet { name: name.clone(), sort_order: row.sort_order, groups, ..AttributeSet::default() };
    known.facts.attribute_sets.insert(EntityType::Product.key(&name), set);
    for code in codes {
        if let Some(attribute) = known.facts.attributes.get_mut(&EntityType::Product.key(code)) {
            attribute.sets.insert(key.clone(), SetPlace { set: name.clone(), ..SetPlace::default() });
        }
    }
    known.ids.attribute_sets.insert(key, row.attribute_set_id);
}

fn take_attribute(known: &mut ShopKnowledge, row: AttributeRow) {
    let code = row.attribute_code;
    let mut options = Vec::new();
    let mut values = BTreeMap::new();
    for option in row.options {
        // The list begins with one that stands for no choice.
        let (Some(label), Some(value)) = (text_of(&option.label), text_of(&option.value)) else { continue };
        // Of two with the same label the first one counts, as for the shop itself.
        values.entry(name_key(&label)).or_insert(value);
        options.push(AttributeOption { label, ..AttributeOption::default() });
    }
    let views: BTreeMap<i64, &String> = known.ids.store_views.iter().map(|(code, id)| (*id, code)).collect();
    let labels = row.frontend_labels.into_iter();
    let store_labels = labels.filter_map(|label| Some(((*views.get(&label.store_id)?).clone(), label.label))).collect();
    let attribute = Attribute {
        code: code.clone(),
        input: row.frontend_input.unwrap_or_default(),
        scope: scope_of(row.scope.as_deref()),
        is_required: row.is_required,
        is_unique: text_of(&row.is_unique).is_some_and(|flag| flag == "1"),
        is_user_defined: row.is_user_defined,
        apply_to: row.apply_to,
        label: row.default_frontend_label.unwrap_or_default(),
        store_labels,
        options: options.into(),
        settings: row.backend_type.map(|kept_as| ("backend_type".to_owned(), kept_as)).into_iter().collect(),
        ..Attribute::default()
    };
    known.facts.attributes.insert(EntityType::Product.key(&code), attribute);
    known.ids.attributes.insert(code.clone(), row.attribute_id);
    known.ids.options.insert(code, values);
}

/// Takes over how a store view calls options, where it calls them in its own way.
fn take_labels(known: &mut ShopKnowledge, view: &str, row: ShownRow) {
    let Some(values) = known.ids.options.get(&row.attribute_code) else { return };
    let Some(attribute) = known.facts.attributes.get_mut(&EntityType::Product.key(&row.attribute_code)) else { return };
    let shown: BTreeMap<String, String> =
        row.options.iter().filter_map(|option| Some((text_of(&option.value)?, text_of(&option.label)?))).collect();
    for option in attribute.options.as_mut_vec() {
        let label = values.get(&name_key(&option.label)).and_then(|value| shown.get(value));
        if let Some(label) = label.filter(|label| **label != option.label) {
            option.store_labels.insert(view.to_owned(), label.clone());
        }
    }
}

fn scope_of(text: Option<&str>) -> AttributeScope {
    match text {
        Some("store") => AttributeScope::StoreView,
        Some("website") => AttributeScope::Website,
        _ => AttributeScope::Global,
    }
}

/// A text, or a number as text; nothing if it says nothing.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn number_of(value: &Value) -> Option<i64> {
    text_of(value)?.parse().ok()
}

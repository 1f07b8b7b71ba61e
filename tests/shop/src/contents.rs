//! What is in the shop, in words that do not depend on the way it came there: SKUs, names and labels instead of ids, and no
//! times. Two runs that ended alike have the same contents.

use serde_json::{Map, Value, json};

use crate::php::number;
use crate::state::State;
use crate::state::attribute::Attribute;
use crate::state::product::{Image, Product, Tier, TierPrice, key};

/// Everything an import can change.
pub(crate) fn contents(state: &State) -> Value {
    json!({
        "products": products(state), "source_items": source_items(state), "categories": categories(state),
        "attributes": attributes(state), "attribute_sets": sets(state), "customers": customers(state),
    })
}

/// Products by SKU; those that share one are a list, in which the mistake is to be seen.
fn products(state: &State) -> Value {
    let mut by_sku: Map<String, Value> = Map::new();
    for product in state.products.list.values() {
        let list = by_sku.entry(product.sku.clone()).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(self::product(state, product));
        }
    }
    Value::Object(by_sku)
}

fn product(state: &State, product: &Product) -> Value {
    let website = |id: &u32| state.stores.websites.iter().find(|website| website.id == *id).map(|website| website.code);
    let mut categories: Vec<(String, i64)> =
        product.categories.iter().map(|(id, position)| (path(state, *id), *position)).collect();
    categories.sort();
    let mut links: Vec<Value> = product
        .links
        .iter()
        .map(|link| json!([link.kind, sku(state, link.product), link.position, link.qty]))
        .collect();
    links.sort_by_key(Value::to_string);
    let mut variants: Vec<String> = product.variants.iter().map(|id| sku(state, *id)).collect();
    variants.sort();
    json!({
        "type": product.kind, "set": state.attributes.set(product.set).map(|set| &set.name), "values": values(state, product),
        "websites": product.websites.iter().filter_map(website).collect::<Vec<_>>(), "categories": categories, "links": links,
        "tier_prices": tiers(product), "images": images(product), "options": without_ids(&json!(product.options)),
        "variants": variants, "variant_options": variant_options(state, product),
        "bundle_options": without_ids(&json!(product.bundle_options)), "downloads": without_ids(&json!(product.download_links)),
        "samples": without_ids(&json!(product.download_samples)),
        "stock": {"qty": product.stock.qty.map(number), "is_in_stock": product.stock.is_in_stock, "settings": product.stock.settings},
    })
}

fn sku(state: &State, id: i64) -> String {
    state.products.list.get(&id).map_or_else(|| format!("unknown product {id}"), |product| product.sku.clone())
}

/// Values by attribute and store view, choices by their labels. A day that the shop itself put in is one.
fn values(state: &State, product: &Product) -> Value {
    let store = |id: &u32| state.stores.views.iter().find(|view| view.id == *id).map_or("unknown", |view| view.code);
    let shown = |code: &str, value: &str| match state.attributes.by_code(code) {
        Some(attribute) => label(attribute, value),
        None => json!(value),
    };
    let mut all = Map::new();
    for (code, stores) in &product.values {
        for (id, value) in stores {
            all.insert(format!("{code} {}", store(id)), shown(code, value));
        }
    }
    Value::Object(all)
}

fn label(attribute: &Attribute, value: &str) -> Value {
    if attribute.choices.is_empty() {
        return json!(value);
    }
    let choice = |id: &str| {
        let found = attribute.choices.iter().find(|choice| choice.id.to_string() == id);
        found.map_or_else(|| id.to_owned(), |choice| choice.label.clone())
    };
    json!(value.split(',').map(choice).collect::<Vec<_>>())
}

fn tiers(product: &Product) -> Vec<Value> {
    let shown = |tier: &TierPrice| match tier.value {
        Tier::Fixed(value) => json!([tier.website, tier.group, number(tier.qty), "fixed", number(value)]),
        Tier::Percent(value) => json!([tier.website, tier.group, number(tier.qty), "percent", number(value)]),
    };
    let mut tiers: Vec<Value> = product.tiers.iter().map(shown).collect();
    tiers.sort_by_key(Value::to_string);
    tiers
}

fn images(product: &Product) -> Vec<Value> {
    let roles = |image: &Image| {
        let has = |role: &&str| product.value(role, 0) == Some(&image.file);
        ["image", "small_image", "thumbnail", "swatch_image"].into_iter().filter(has).collect::<Vec<_>>()
    };
    let shown = |image: &Image| {
        let labels: Vec<_> = image.labels.iter().collect();
        json!({"content": image.content.0, "file": image.file, "labels": labels, "position": image.position, "roles": roles(image)})
    };
    let mut images: Vec<Value> = product.images.iter().map(shown).collect();
    images.sort_by_key(Value::to_string);
    images
}

fn variant_options(state: &State, product: &Product) -> Vec<Value> {
    let attribute = |id: i64| state.attributes.by_id(id);
    let shown = |option: &crate::state::product::VariantOption| {
        let code = attribute(option.attribute).map(|attribute| attribute.code.clone());
        let values =
            option.values.iter().map(|value| attribute(option.attribute).map(|one| label(one, &value.to_string())));
        json!({"attribute": code, "label": option.label, "position": option.position, "values": values.collect::<Vec<_>>()})
    };
    product.variant_options.iter().map(shown).collect()
}

/// A list of objects without the numbers that the shop gave them.
fn without_ids(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(without_ids).collect(),
        Value::Object(fields) => {
            let is_id = |name: &str| ["id", "option_id", "option_type_id"].contains(&name);
            let kept = fields.iter().filter(|(name, _)| !is_id(name));
            Value::Object(kept.map(|(name, value)| (name.clone(), without_ids(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn source_items(state: &State) -> Value {
    let item = |item: &crate::state::inventory::SourceItem| {
        (format!("{} {}", key(&item.sku), item.source), json!([number(item.quantity), item.status]))
    };
    Value::Object(state.inventory.items.values().map(item).collect())
}

/// The names from the root of a store down to a category.
fn path(state: &State, id: i64) -> String {
    let names = state.categories.path(id).into_iter().skip(1);
    let name = |id: i64| {
        state.categories.list.get(&id).and_then(|category| category.value("name", 0)).unwrap_or("?").to_owned()
    };
    names.map(name).collect::<Vec<_>>().join("/")
}

fn categories(state: &State) -> Value {
    let shown = |category: &crate::state::category::Category| {
        let values = category.values.iter().map(|((code, store), value)| (format!("{code} {store}"), json!(value)));
        (path(state, category.id), json!({"position": category.position, "values": Value::Object(values.collect())}))
    };
    Value::Object(state.categories.list.values().map(shown).collect())
}

fn attributes(state: &State) -> Value {
    let shown = |attribute: &Attribute| {
        let choices: Vec<Value> = attribute
            .choices
            .iter()
            .map(|choice| json!([choice.label, choice.sort_order, choice.store_labels]))
            .collect();
        let fields = json!({
            "label": attribute.label, "labels": attribute.store_labels, "input": attribute.input, "scope": attribute.scope.word(),
            "is_required": attribute.is_required, "is_unique": attribute.is_unique, "choices": choices, "more": attribute.more,
        });
        (attribute.code.clone(), fields)
    };
    Value::Object(state.attributes.list.iter().map(shown).collect())
}

fn sets(state: &State) -> Value {
    let shown =
        |set: &crate::state::attribute::AttributeSet| (set.name.clone(), json!(state.attributes.codes_of(set.id)));
    Value::Object(state.attributes.sets.iter().map(shown).collect())
}

fn customers(state: &State) -> Value {
    let shown = |customer: &crate::state::customer::Customer| {
        let without = |address: &Map<String, Value>| {
            let mut address = address.clone();
            address.retain(|name, _| !["id", "customer_id"].contains(&name.as_str()));
            address
        };
        let addresses: Vec<_> = customer.addresses.iter().map(without).collect();
        let name = format!("{} {}", customer.website, customer.email);
        (name, json!({"group": customer.group, "addresses": addresses, "more": customer.more}))
    };
    Value::Object(state.customers.list.values().map(shown).collect())
}

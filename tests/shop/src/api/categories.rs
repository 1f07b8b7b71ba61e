//! `categories`: the tree, its names by store view, moves and removals.

use serde_json::{Map, Value, json};

use crate::call::{Call, text_of, whole_of};
use crate::php::url_key;
use crate::refusal::Refusal;
use crate::route::{Answer, Route, delete, get, post, put};
use crate::search::Criteria;
use crate::shape::{Kind, Parameter, Shape, flag, optional, required, text};
use crate::state::State;
use crate::state::category::{Category, DEFAULT_ROOT, TREE_ROOT};
use crate::state::product::next;

const RIGHT: &str = "Magento_Catalog::categories";

const CATEGORY: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\CategoryInterface",
    fields: &[
        ("id", Kind::Int),
        ("parent_id", Kind::Int),
        ("name", Kind::Text),
        ("is_active", Kind::Flag),
        ("position", Kind::Int),
        ("level", Kind::Int),
        ("children", Kind::Text),
        ("created_at", Kind::Text),
        ("updated_at", Kind::Text),
        ("path", Kind::Text),
        ("available_sort_by", Kind::List(&Kind::Text)),
        ("include_in_menu", Kind::Flag),
        ("extension_attributes", Kind::Any),
        ("custom_attributes", Kind::CustomAttributes),
    ],
};

const BODY: &[Parameter] = &[required("category", Kind::Object(&CATEGORY))];
const MOVE: &[Parameter] = &[required("parentId", Kind::Int), optional("afterId", Kind::Int)];
const SERVICE: &str = "Magento\\Catalog\\Model\\CategoryRepository\\Interceptor::save";
const TOPIC: &str = "magento.catalog.api.categoryrepositoryinterface.save";

pub(super) const ROUTES: &[Route] = &[
    get("/V1/categories", RIGHT, tree),
    post("/V1/categories", RIGHT, BODY, save).named(SERVICE, TOPIC),
    get("/V1/categories/:categoryId", RIGHT, read),
    put("/V1/categories/:id", RIGHT, BODY, save).named(SERVICE, TOPIC).merging("id"),
    put("/V1/categories/:categoryId/move", RIGHT, MOVE, move_below)
        .on("magento.catalog.api.categorymanagementinterface.move"),
    delete("/V1/categories/:categoryId", RIGHT, remove).named(
        "Magento\\Catalog\\Model\\CategoryRepository\\Interceptor::deleteByIdentifier",
        "magento.catalog.api.categoryrepositoryinterface.deletebyidentifier",
    ),
    get("/V1/categories/list", RIGHT, list),
];

fn category(state: &State, id: i64) -> Result<&Category, Refusal> {
    state.categories.list.get(&id).ok_or_else(|| Refusal::no_entity("id", id))
}

fn read(call: &mut Call<'_>) -> Answer {
    let found = category(call.state, call.whole("categoryId"))?;
    Ok(view(call.state, found, call.store))
}

fn view(state: &State, category: &Category, store: u32) -> Value {
    let path = state.categories.path(category.id);
    let path: Vec<String> = path.iter().map(ToString::to_string).collect();
    let children: Vec<String> = state.categories.children(category.id).iter().map(ToString::to_string).collect();
    json!({
        "id": category.id, "parent_id": category.parent, "name": category.value("name", store),
        "is_active": category.value("is_active", store) == Some("1"), "position": category.position, "level": path.len() - 1,
        "children": children.join(","), "created_at": category.created_at, "updated_at": category.updated_at,
        "path": path.join("/"), "include_in_menu": category.value("include_in_menu", store) == Some("1"),
        "custom_attributes": custom_attributes(state, category, store, &path.join("/")),
    })
}

/// Values that stand beside the custom ones.
const ELSEWHERE: [&str; 3] = ["name", "is_active", "include_in_menu"];

fn custom_attributes(state: &State, category: &Category, store: u32, path: &str) -> Value {
    let mut codes: Vec<&str> =
        category.values.keys().map(|(code, _)| code.as_str()).filter(|code| !ELSEWHERE.contains(code)).collect();
    codes.dedup();
    let value = |code: &str| category.value(code, store).map(|value| json!({"attribute_code": code, "value": value}));
    let mut list: Vec<Value> = codes.into_iter().filter_map(value).collect();
    list.push(json!({"attribute_code": "path", "value": path}));
    let below = state.categories.below(category.id).len().to_string();
    list.push(json!({"attribute_code": "children_count", "value": below}));
    Value::Array(list)
}

fn not_saved(reason: &str) -> Refusal {
    Refusal::bad_with("Could not save category: %1", json!([reason]))
}

fn save(call: &mut Call<'_>) -> Answer {
    let sent = call.object("category")?;
    let id = whole_of(&Value::Object(sent.clone()), "id");
    let saved = match id {
        Some(id) => change(call, id, &sent)?,
        None => create(call, &sent)?,
    };
    let found = category(call.state, saved)?;
    Ok(view(call.state, found, call.store))
}

fn create(call: &mut Call<'_>, sent: &Map<String, Value>) -> Result<i64, Refusal> {
    let fields = Value::Object(sent.clone());
    let parent = whole_of(&fields, "parent_id").unwrap_or(DEFAULT_ROOT);
    category(call.state, parent)?;
    let empty =
        |label: &str| not_saved(&format!("The \"{label}\" attribute value is empty. Set the attribute and try again."));
    let name = text_of(&fields, "name").filter(|name| !name.is_empty()).ok_or_else(|| empty("Name"))?;
    if sent.get("is_active").and_then(flag).is_none() {
        return Err(empty("Is Active"));
    }
    let stamp = call.stamp();
    let position = call.state.categories.children(parent).len() + 1;
    let position = i64::try_from(position).unwrap_or(1);
    let mut made =
        Category { id: 0, parent, position, values: [].into(), created_at: stamp.clone(), updated_at: stamp };
    made.set("include_in_menu", 0, "1");
    made.set("is_anchor", 0, "1");
    write(&mut made, sent, 0);
    if made.value("url_key", 0).is_none() {
        made.set("url_key", 0, url_key(&name));
    }
    let key = made.value("url_key", 0).unwrap_or_default().to_owned();
    if is_taken(call.state, parent, &key, 0) {
        // The category that is rolled back has used up an id.
        call.state.categories.next += 1;
        return Err(not_saved("URL key for specified store already exists."));
    }
    let above =
        call.state.categories.list.get(&parent).and_then(|parent| parent.value("url_path", 0)).map(str::to_owned);
    made.set("url_path", 0, above.map_or_else(|| key.clone(), |above| format!("{above}/{key}")));
    made.id = next(&mut call.state.categories.next);
    let id = made.id;
    call.state.categories.list.insert(id, made);
    Ok(id)
}

fn change(call: &mut Call<'_>, id: i64, sent: &Map<String, Value>) -> Result<i64, Refusal> {
    category(call.state, id)?;
    let (store, stamp) = (call.store, call.stamp());
    if let Some(category) = call.state.categories.list.get_mut(&id) {
        // Path, level and parent are not taken: only a move changes them. Nor does a new name change the address.
        write(category, sent, store);
        if let Some(position) = whole_of(&Value::Object(sent.clone()), "position") {
            category.position = position;
        }
        category.updated_at = stamp;
    }
    Ok(id)
}

fn write(category: &mut Category, sent: &Map<String, Value>, store: u32) {
    let mut put = |code: &str, value: &Value| match value {
        Value::Null => {
            category.values.remove(&(code.to_owned(), store));
        }
        Value::Bool(is_so) => category.set(code, store, if *is_so { "1" } else { "0" }),
        Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            category.set(code, store, text(value))
        }
    };
    for code in ELSEWHERE {
        if let Some(value) = sent.get(code) {
            put(code, value);
        }
    }
    for item in sent.get("custom_attributes").and_then(Value::as_array).into_iter().flatten() {
        let code = text_of(item, "attribute_code").unwrap_or_default();
        const COMPUTED: [&str; 3] = ["path", "children_count", "url_path"];
        if !COMPUTED.contains(&code.as_str()) {
            put(&code, item.get("value").unwrap_or(&Value::Null));
        }
    }
}

/// Whether another category under a parent has an address key.
fn is_taken(state: &State, parent: i64, key: &str, own: i64) -> bool {
    let others = state.categories.children(parent).into_iter().filter(|id| *id != own);
    others.filter_map(|id| state.categories.list.get(&id)).any(|other| other.value("url_key", 0) == Some(key))
}

fn move_below(call: &mut Call<'_>) -> Answer {
    let (id, parent) = (call.whole("categoryId"), call.whole("parentId"));
    let found = category(call.state, id)?.clone();
    category(call.state, parent)?;
    let key = found.value("url_key", 0).unwrap_or_default();
    let is_below = id == parent || call.state.categories.below(id).contains(&parent);
    if is_below || is_taken(call.state, parent, key, id) {
        return Err(Refusal::bad("Could not move category"));
    }
    let position = i64::try_from(call.state.categories.children(parent).len() + 1).unwrap_or(1);
    let stamp = call.stamp();
    if let Some(category) = call.state.categories.list.get_mut(&id) {
        category.parent = parent;
        category.position = position;
        category.updated_at = stamp;
        // The address is made anew when it is asked for the first time.
        category.values.retain(|(code, _), _| code != "url_path");
    }
    Ok(true.into())
}

/// Removes a category with everything below it.
fn remove(call: &mut Call<'_>) -> Answer {
    let id = call.whole("categoryId");
    let found = category(call.state, id)?;
    if found.parent == TREE_ROOT || found.parent == 0 {
        return Err(Refusal::bad_with("Cannot delete category with id %1", json!([id.to_string()])));
    }
    let mut gone = call.state.categories.below(id);
    gone.push(id);
    call.state.categories.list.retain(|id, _| !gone.contains(id));
    for product in call.state.products.list.values_mut() {
        product.categories.retain(|(id, _)| !gone.contains(id));
    }
    Ok(true.into())
}

fn tree(call: &mut Call<'_>) -> Answer {
    let number = |name: &str| call.query.text(name).and_then(|text| text.parse::<i64>().ok());
    let root = number("root_category_id").unwrap_or(DEFAULT_ROOT);
    let depth = number("depth").unwrap_or(i64::MAX);
    category(call.state, root)?;
    Ok(branch(call.state, root, call.store, depth))
}

fn branch(state: &State, id: i64, store: u32, depth: i64) -> Value {
    let Some(category) = state.categories.list.get(&id) else { return Value::Null };
    let children = state.categories.children(id);
    let children: Vec<Value> =
        children.into_iter().filter(|_| depth > 0).map(|child| branch(state, child, store, depth - 1)).collect();
    let count =
        state.products.list.values().filter(|product| product.categories.iter().any(|(one, _)| *one == id)).count();
    json!({
        "id": id, "parent_id": category.parent, "name": category.value("name", store),
        "is_active": category.value("is_active", store) == Some("1"), "position": category.position,
        "level": state.categories.path(id).len() - 1, "product_count": count, "children_data": children,
    })
}

fn list(call: &mut Call<'_>) -> Answer {
    let criteria = Criteria::read(&call.query)?;
    let field = |category: &&Category, name: &str| {
        let fields = view(call.state, category, call.store);
        match name {
            "entity_id" => text_of(&fields, "id"),
            name => text_of(&fields, name).or_else(|| category.value(name, call.store).map(str::to_owned)),
        }
    };
    let found: Vec<&Category> =
        call.state.categories.list.values().filter(|one| criteria.holds(|name| field(one, name))).collect();
    Ok(criteria.answer(found, field, |one| view(call.state, one, call.store)))
}

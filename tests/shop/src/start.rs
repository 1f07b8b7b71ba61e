//! The state in which the recorded shop was before its first product: attributes, a set of them, and categories.

use serde_json::{Value, json};

/// A request for a start state.
pub(crate) struct Wish {
    pub method: &'static str,
    pub path: String,
    pub body: Value,
}

fn post(path: &str, body: Value) -> Wish {
    Wish { method: "POST", path: path.to_owned(), body }
}

/// What has to be asked of a fresh shop, in this order: the ids follow from it.
pub(crate) fn recorded() -> Vec<Wish> {
    let mut wishes = options();
    wishes.extend(attributes());
    wishes.extend(sets());
    wishes.extend(categories());
    wishes
}

/// Options 4 to 6 of the color, of which the last one goes again.
fn options() -> Vec<Wish> {
    let path = "/rest/V1/products/attributes/color/options";
    let german = |label: &str| json!([{"store_id": 2, "label": label}]);
    vec![
        post(path, json!({"option": {"label": "Red", "sort_order": 1, "store_labels": german("Rot")}})),
        post(path, json!({"option": {"label": "Blue", "sort_order": 2, "store_labels": german("Blau")}})),
        post(path, json!({"option": {"label": "42"}})),
        Wish { method: "DELETE", path: format!("{path}/6"), body: Value::Null },
    ]
}

/// Attributes 137 to 145, with the options 7 to 12.
fn attributes() -> Vec<Wish> {
    let labels = |labels: &[&str]| -> Vec<Value> {
        labels.iter().zip(1..).map(|(label, order)| json!({"label": label, "sort_order": order})).collect()
    };
    let german = json!([{"store_id": 2, "label": "Groesse"}]);
    let list = [
        json!({"attribute_code": "rig_size", "frontend_input": "select", "default_frontend_label": "Size",
            "frontend_labels": german, "options": labels(&["S", "M", "L"])}),
        json!({"attribute_code": "rig_features", "frontend_input": "multiselect", "default_frontend_label": "Features",
            "options": labels(&["Waterproof", "Light", "Warm"])}),
        json!({"attribute_code": "rig_note", "frontend_input": "text", "default_frontend_label": "Note", "scope": "store"}),
        json!({"attribute_code": "rig_count", "frontend_input": "text", "default_frontend_label": "Count",
            "frontend_class": "validate-digits"}),
        json!({"attribute_code": "rig_date", "frontend_input": "date", "default_frontend_label": "Date"}),
        json!({"attribute_code": "rig_flag", "frontend_input": "boolean", "default_frontend_label": "Flag"}),
        json!({"attribute_code": "rig_price", "frontend_input": "price", "default_frontend_label": "RigPrice"}),
        json!({"attribute_code": "rig_ean", "frontend_input": "text", "default_frontend_label": "EAN", "is_unique": "1"}),
        json!({"attribute_code": "product_type", "frontend_input": "text", "default_frontend_label": "Bad"}),
    ];
    list.into_iter().map(|attribute| post("/rest/V1/products/attributes", json!({"attribute": attribute}))).collect()
}

/// Set 9 with group 31, which has all of them but the last.
fn sets() -> Vec<Wish> {
    let members =
        ["rig_size", "rig_features", "rig_note", "rig_count", "rig_date", "rig_flag", "rig_price", "rig_ean", "color"];
    let member = |code: &&str| {
        let body = json!({"attributeSetId": 9, "attributeGroupId": 31, "attributeCode": code, "sortOrder": 10});
        post("/rest/V1/products/attribute-sets/attributes", body)
    };
    let set = json!({"attributeSet": {"attribute_set_name": "Rig Set", "sort_order": 10}, "skeletonId": 4});
    let group = json!({"group": {"attribute_group_name": "Rig Group", "attribute_set_id": 9}});
    let mut wishes =
        vec![post("/rest/V1/products/attribute-sets", set), post("/rest/V1/products/attribute-sets/groups", group)];
    wishes.extend(members.iter().map(member));
    wishes
}

/// Categories 3 to 6: Men, its Shirts, Women and their Shirts.
fn categories() -> Vec<Wish> {
    let list = [(2, "Men"), (3, "Shirts"), (2, "Women"), (5, "Shirts")];
    let wish = |(parent, name): (i64, &str)| {
        post("/rest/all/V1/categories", json!({"category": {"parent_id": parent, "name": name, "is_active": true}}))
    };
    list.into_iter().map(wish).collect()
}
